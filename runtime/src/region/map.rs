//! One shared mapping of a whole segment, seen as atomic words. Relies on `sync`, `gap` and `fork`; does not know what the words
//! mean.

#![expect(unsafe_code, reason = "mmap, shmat and calls about their memory, and references into the mapping")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use crate::fork::home::Home;
use crate::region::bus::Watch;
use crate::region::gap::{self, HUGE_PAGE};
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Faults pages in for writing and reports failure, which `MAP_POPULATE` hides (Linux 5.14, `madvise(2)`).
const MADV_POPULATE_WRITE: libc::c_int = 23;

/// Faults pages in for reading (Linux 5.14).
const MADV_POPULATE_READ: libc::c_int = 22;
/// Gathers small pages into huge ones now, whatever the system prefers (Linux 6.1).
const MADV_COLLAPSE: libc::c_int = 25;

/// Who may store to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A shared mapping of a file or a System V segment, given back on drop.
#[derive(Debug)]
pub(crate) struct Map {
    base: NonNull<u8>,
    length: usize,
    access: Access,
    origin: Origin,
    /// The process that mapped it. A child does not have a writable mapping, and may have other memory in its place; one
    /// that is only read it has.
    home: Home,
    /// Survives its file being cut.
    watch: Option<Watch>,
}

/// A mapping that could not be made: the call that failed, and how.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) call: &'static str,
    pub(crate) error: io::Error,
}

impl Refused {
    fn of((call, error): (&'static str, io::Error)) -> Self {
        Self { call, error }
    }

    fn now(call: &'static str) -> Self {
        Self { call, error: io::Error::last_os_error() }
    }
}

/// Which call gives the memory back.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Mmap,
    Shmat,
}

// SAFETY: a Map is plain memory that every thread may reach; it is only ever touched through atomics, and unmapped once,
// by the drop of its one owner.
unsafe impl Send for Map {}
// SAFETY: as for Send; `&Map` gives nothing but references to atomics.
unsafe impl Sync for Map {}

impl Map {
    /// `mmap(2)` of the first `length` bytes of `file`, which must be that long; for huge pages, where there can be any, at
    /// an address that allows them. Child processes do not inherit a writable mapping (`MADV_DONTFORK`).
    pub(crate) fn of_file(file: &File, length: usize, access: Access, huge: bool) -> Result<Self, Refused> {
        Self::of_pages(Some(file), length, access, huge)
    }

    /// `mmap(MAP_SHARED|MAP_ANONYMOUS)`: `length` bytes of zeros that are in no segment. As [`Map::of_file`], for writing.
    pub(crate) fn anonymous(length: usize, huge: bool) -> Result<Self, Refused> {
        Self::of_pages(None, length, Access::Write, huge)
    }

    /// Of this file, or of none.
    fn of_pages(file: Option<&File>, length: usize, access: Access, huge: bool) -> Result<Self, Refused> {
        let protection = match access {
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
        };
        let (flags, descriptor) = match file {
            Some(file) => (libc::MAP_SHARED, file.as_raw_fd()),
            None => (libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1),
        };
        let home = home(access)?;
        let address = if huge { gap::find(length) } else { std::ptr::null_mut() };
        // SAFETY: takes no memory from anybody: without `MAP_FIXED` the kernel chooses another address where something is;
        // the descriptor is open for as long as `file` is borrowed, or there is none.
        let base = unsafe { libc::mmap(address, length, protection, flags, descriptor, 0) };
        if base == libc::MAP_FAILED {
            return Err(Refused::now("mmap"));
        }
        Self::at(base, length, access, Origin::Mmap, huge, home)
    }

    /// `shmat(2)` of the System V segment with this id, which is `length` bytes long. As [`Map::of_file`].
    pub(crate) fn of_shm(
        id: libc::c_int,
        length: usize,
        access: Access,
        huge: bool,
    ) -> Result<Self, Refused> {
        let home = home(access)?;
        let address = if huge { gap::find(length) } else { std::ptr::null_mut() };
        let base = attach(id, address, access)?;
        Self::at(base, length, access, Origin::Shmat, huge, home)
    }

    fn at(
        base: *mut libc::c_void,
        length: usize,
        access: Access,
        origin: Origin,
        huge: bool,
        home: Home,
    ) -> Result<Self, Refused> {
        let base = NonNull::new(base.cast()).expect("the kernel never chooses address 0");
        let map = Self { base, length, access, origin, home, watch: None };
        if access == Access::Write {
            map.advise(length, libc::MADV_DONTFORK)
                .map_err(|error| Refused { call: "madvise(MADV_DONTFORK)", error })?;
        }
        if huge {
            // A wish that a kernel without huge pages refuses; what came of it is looked at when the pages are there.
            let _ = map.advise(length, libc::MADV_HUGEPAGE);
        }
        Ok(map)
    }

    /// `madvise(MADV_POPULATE_WRITE)`: every page of the first `bytes` bytes present now, or an error now instead of a
    /// SIGBUS later. A kernel without it answers `EINVAL`, which counts as done: the file's space is reserved already.
    pub(crate) fn populate(&self, bytes: usize) -> io::Result<()> {
        match self.advise(bytes, MADV_POPULATE_WRITE) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
            result => result,
        }
    }

    /// `madvise(MADV_POPULATE_READ)`: every page present now.
    pub(crate) fn populate_read(&self) -> io::Result<()> {
        self.advise(self.length, MADV_POPULATE_READ)
    }

    /// `madvise(MADV_POPULATE_READ)`, of a mapping for writing `MADV_POPULATE_WRITE`: no page fault comes later.
    pub(crate) fn populate_all(&self) -> Result<(), Refused> {
        let (call, advice) = match self.access {
            Access::Read => ("madvise(MADV_POPULATE_READ)", MADV_POPULATE_READ),
            Access::Write => ("madvise(MADV_POPULATE_WRITE)", MADV_POPULATE_WRITE),
        };
        self.advise(self.length, advice).map_err(|error| Refused { call, error })
    }

    /// `madvise(MADV_COLLAPSE)`: as many whole huge pages as fit, of what is present.
    pub(crate) fn collapse(&self) -> io::Result<()> {
        self.advise(self.length / HUGE_PAGE * HUGE_PAGE, MADV_COLLAPSE)
    }

    /// `mlock2(MLOCK_ONFAULT)`: pages that are present stay so, others from when they are touched. `munmap` undoes it.
    pub(crate) fn lock(&self) -> io::Result<()> {
        // SAFETY: the range is this mapping; what is locked does not change.
        let result = unsafe { libc::mlock2(self.base.as_ptr().cast(), self.length, libc::MLOCK_ONFAULT) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// `getrlimit(RLIMIT_MEMLOCK)`: bytes that this process may lock.
    pub(crate) fn lock_limit() -> u64 {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the kernel writes one struct rlimit, which lives across the call; on failure it stays zero.
        unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
        limit.rlim_cur
    }

    /// `msync(MS_SYNC)`: what was stored is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        // SAFETY: the range is this mapping, whose contents do not change.
        let result = unsafe { libc::msync(self.base.as_ptr().cast(), self.length, libc::MS_SYNC) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// `sigaction(SIGBUS)`: from now on a page that its file loses is read as zeros, and [`Map::is_cut`] tells. For mappings
    /// that are only read.
    pub(crate) fn watch(&mut self) -> io::Result<()> {
        debug_assert_eq!(self.access, Access::Read);
        self.watch = Some(Watch::new(self.base, self.length)?);
        Ok(())
    }

    /// Whether its file may be cut under it, which [`Map::is_cut`] tells.
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Whether it is watched and its file was cut under it: all of it is zeros since.
    pub(crate) fn is_cut(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::is_cut)
    }

    /// `madvise(2)` of the pages of the first `bytes` bytes.
    fn advise(&self, bytes: usize, advice: libc::c_int) -> io::Result<()> {
        debug_assert!(bytes <= self.length);
        loop {
            // SAFETY: the range lies inside this mapping; no advice used here drops its contents.
            let result = unsafe { libc::madvise(self.base.as_ptr().cast(), bytes, advice) };
            if result == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Whether this is a child of the process that mapped it for writing: then it is not there.
    #[inline(always)]
    pub(crate) fn is_left(&self) -> bool {
        self.home.is_left()
    }

    /// Bytes mapped.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The first byte; aligned to a page.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Whether stores are allowed.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// `count` words from `offset` on.
    ///
    /// # Panics
    /// When `offset` is no multiple of 8 or the words pass the end: callers have validated their geometry.
    #[inline]
    pub(crate) fn words(&self, offset: usize, count: usize) -> &[AtomicU64] {
        assert!(offset.is_multiple_of(8), "words start on multiples of 8");
        let end = count.checked_mul(8).and_then(|bytes| bytes.checked_add(offset));
        assert!(end.is_some_and(|end| end <= self.length), "words lie inside the mapping");
        // SAFETY: in bounds of the one mapping, by the assertion before.
        let first = unsafe { self.base.add(offset) };
        // SAFETY:
        // - the range lies inside the mapping, which lives as long as `self` is borrowed, and starts on a multiple of 8,
        //   because the mapping starts on a page and `offset` is a multiple of 8;
        // - AtomicU64 has the size, alignment and validity of u64, and interior mutability allows stores by others;
        // - other processes touch these words only as 8-byte atomics (docs/FORMAT.md), or break the protocol;
        // - on a read-only mapping callers only make relaxed loads, which std promises to work there.
        unsafe { std::slice::from_raw_parts(first.cast::<AtomicU64>().as_ptr(), count) }
    }

    /// The word at `offset`. Panics as [`Map::words`].
    #[inline]
    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        &self.words(offset, 1)[0]
    }

    /// The 4 bytes at `offset` as one atomic.
    ///
    /// # Panics
    /// When `offset` is no multiple of 4 or they pass the end.
    #[inline]
    pub(crate) fn half_word(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4), "half words lie on multiples of 4");
        assert!(self.length.checked_sub(4).is_some_and(|last| offset <= last), "inside the mapping");
        // SAFETY: in bounds of the one mapping, by the assertion before.
        let place = unsafe { self.base.add(offset) };
        // SAFETY: as in `words`, for 4 bytes on a multiple of 4.
        unsafe { place.cast::<AtomicU32>().as_ref() }
    }

    /// A private copy of `bytes` bytes from `offset` on, both multiples of 8. Panics as [`Map::words`].
    pub(crate) fn copy_out(&self, offset: usize, bytes: usize) -> Vec<u8> {
        let words = self.words(offset, bytes / 8);
        words.iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect()
    }

    /// Stores these bytes, a multiple of 8, from `offset` on. Panics as [`Map::words`].
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) {
        debug_assert_eq!(self.access, Access::Write);
        for (word, bytes) in self.words(offset, bytes.len() / 8).iter().zip(bytes.as_chunks::<8>().0) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
    }
}

/// Where a mapping with this access is at home.
fn home(access: Access) -> Result<Home, Refused> {
    match access {
        Access::Read => Ok(Home::everywhere()),
        Access::Write => Home::here().map_err(Refused::of),
    }
}

/// `shmat(2)`, at this address if nothing is there, else at one of the kernel's choice.
fn attach(id: libc::c_int, address: *mut libc::c_void, access: Access) -> Result<*mut libc::c_void, Refused> {
    let flags = if access == Access::Read { libc::SHM_RDONLY } else { 0 };
    // SAFETY: takes no memory from anybody: without `SHM_REMAP` the kernel refuses an address where something is.
    let mut base = unsafe { libc::shmat(id, address, flags) };
    if base.addr() == usize::MAX && !address.is_null() {
        // SAFETY: as before; the address is the kernel's choice.
        base = unsafe { libc::shmat(id, std::ptr::null(), flags) };
    }
    if base.addr() == usize::MAX { Err(Refused::now("shmat")) } else { Ok(base) }
}

impl Drop for Map {
    fn drop(&mut self) {
        // Before the addresses are anybody else's.
        self.watch = None;
        if self.access == Access::Write && !self.home.is_here() {
            return;
        }
        // A kernel without memory of its own may refuse; then the mapping stays until the process ends.
        match self.origin {
            // SAFETY: the mapping is this value's own, and no reference into it outlives the value.
            Origin::Mmap => unsafe { libc::munmap(self.base.as_ptr().cast(), self.length) },
            // SAFETY: as before.
            Origin::Shmat => unsafe { libc::shmdt(self.base.as_ptr().cast()) },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Map, attach};
    use crate::region::gap::HUGE_PAGE;

    #[test]
    fn a_segment_takes_no_memory_from_others() {
        // SAFETY: no memory is involved.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 2 * HUGE_PAGE, libc::IPC_CREAT | 0o600) };
        assert!(id >= 0, "{}", std::io::Error::last_os_error());
        let occupied = Map::of_shm(id, 2 * HUGE_PAGE, Access::Read, true).expect("address space");
        let second = attach(id, occupied.base().as_ptr().cast(), Access::Read);
        // SAFETY: IPC_RMID takes no buffer.
        assert_eq!(unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) }, 0);
        let (first, second) = (occupied.base().addr().get(), second.expect("room elsewhere"));
        assert!(first.is_multiple_of(HUGE_PAGE), "{first:x}");
        assert!(first.abs_diff(second.addr()) >= 2 * HUGE_PAGE, "{first:x}, {second:?}");
        // SAFETY: attached above, and nothing refers to it.
        assert_eq!(unsafe { libc::shmdt(second) }, 0);
    }
}
