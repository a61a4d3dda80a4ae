//! One page of a segment, mapped for storing: what a reader has beside its mapping of the whole, which it can only load from.
//! Relies on the kernel; does not know what the page holds.

#![expect(unsafe_code, reason = "mmap, shmat and munmap, and a reference into the mapping")]

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::ptr::NonNull;

use crate::sync::AtomicU32;

/// Bytes of it. Where the kernel's pages are larger there is none.
const BYTES: usize = 4096;

/// A page of a segment that this process may store to, unmapped on drop.
#[derive(Debug)]
pub(crate) struct Page(NonNull<u8>);

// SAFETY: a Page is plain memory that every thread may reach; it is only touched through an atomic, and unmapped once, by
// the drop of its one owner.
unsafe impl Send for Page {}
// SAFETY: as for Send; `&Page` gives nothing but a reference to an atomic.
unsafe impl Sync for Page {}

impl Page {
    /// `open(O_RDWR)` of the file again, through `/proc/self/fd`, and `mmap(2)` of the page at `offset`. `None`: this process may not
    /// write it, or a seal forbids it.
    pub(crate) fn of_file(file: &File, offset: usize) -> Option<Self> {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        // O_NONBLOCK: whatever it is by now, opening it does not wait.
        let writable =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
        let place = libc::off_t::try_from(offset).ok()?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody; the descriptor is open.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), BYTES, protection, libc::MAP_SHARED, writable.as_raw_fd(), place)
        };
        if base == libc::MAP_FAILED { None } else { NonNull::new(base.cast()).map(Self) }
    }

    /// `shmat(2)` of the System V segment with this id, which is `length` bytes long, and `munmap(2)` of all but the page at `offset`.
    /// `None`: this process may not write it.
    pub(crate) fn of_shm(id: libc::c_int, length: usize, offset: usize) -> Option<Self> {
        // SAFETY: without `SHM_REMAP` the kernel chooses where nothing is.
        let base = unsafe { libc::shmat(id, std::ptr::null(), 0) };
        if base.addr() == usize::MAX {
            return None;
        }
        let end = length.next_multiple_of(BYTES);
        let keep = offset.checked_add(BYTES).is_some_and(|behind| behind <= end) && size() == Some(BYTES);
        let (start, behind) = if keep { (offset, offset + BYTES) } else { (end, end) };
        for (from, to) in [(0, start), (behind, end)] {
            if from < to {
                // SAFETY: inside what was attached above, `end` bytes with the last page's rest, to which nothing refers. The
                // kernel counts the pieces of an attachment like attachments.
                unsafe { libc::munmap(base.wrapping_byte_add(from), to - from) };
            }
        }
        if keep { NonNull::new(base.wrapping_byte_add(start).cast()).map(Self) } else { None }
    }

    /// Its first four bytes as one atomic.
    pub(crate) fn first(&self) -> &AtomicU32 {
        // SAFETY: the page is mapped as long as `self` is borrowed, aligned to more than 4 bytes, and other processes touch
        // these only as an atomic of 4 bytes (docs/FORMAT.md), or break the protocol.
        unsafe { self.0.cast::<AtomicU32>().as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A kernel without memory of its own may refuse; then the page stays until the process ends.
        // SAFETY: the page is this value's own, and no reference to it outlives the value.
        unsafe { libc::munmap(self.0.as_ptr().cast(), BYTES) };
    }
}

/// `sysconf(_SC_PAGESIZE)`: bytes of each of the kernel's pages.
pub(super) fn size() -> Option<usize> {
    // SAFETY: no memory is involved.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).ok()
}
