//! A program that knows nothing of the library: its segment, its records' places, its guard. Relies on `libc`, `memfd`, `place` and
//! `sysv`; of the library it names only what a table is adopted by.

#![expect(unsafe_code, reason = "mmap, sem_open and their like, and atomics in the mapping")]

use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use shmrecord::{Adopt, ForeignGuard, ShmRecord};

use crate::memfd;
use crate::place::{Backend, Place};
use crate::records::Quote;
use crate::said::Said;
use crate::sysv::{self, Attached};

/// Bytes in front of its records.
pub const OFFSET: u64 = 64;
/// From one of its records to the next: each is a [`Quote`] with room for a counter behind it.
pub const STRIDE: u64 = 48;
/// Number of its records.
pub const COUNT: usize = 8;
/// Bytes of its segment.
pub const BYTES: usize = 4096;
/// The semaphore that is its guard, and how many there are in its set.
pub const INDEX: u16 = 2;
/// See [`INDEX`].
pub const SEMAPHORES: i32 = 3;

/// How it guards its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not at all.
    None,
    /// By a System V semaphore.
    Sysv,
    /// By a POSIX semaphore.
    Posix,
    /// By a counter.
    Seqcount {
        /// Its width.
        bits: u32,
        /// Whether each record has its own.
        per_record: bool,
    },
}

impl Kind {
    /// The counters.
    pub const SEQCOUNTS: [Self; 4] = [
        Self::Seqcount { bits: 32, per_record: false },
        Self::Seqcount { bits: 64, per_record: false },
        Self::Seqcount { bits: 32, per_record: true },
        Self::Seqcount { bits: 64, per_record: true },
    ];

    /// Every way.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [[Self::None, Self::Sysv, Self::Posix].as_slice(), &Self::SEQCOUNTS].concat()
    }
}

/// The program, which has made its segment and its guard. Both are removed on drop.
#[derive(Debug)]
pub struct Program {
    place: Place,
    kind: Kind,
    /// The key of its semaphores, as text.
    key: String,
    lock: Place,
    memory: Memory,
}

/// The segment as that program has it mapped.
#[derive(Debug)]
enum Memory {
    File { base: *mut u8 },
    Shm(Attached),
}

// SAFETY: what is done to the memory is done by atomics.
unsafe impl Sync for Program {}

impl Program {
    /// A segment of zeros of this kind, guarded this way, and free. A memfd is sealed, has the mode that memfds have, and has
    /// been handed over to this process.
    ///
    /// # Panics
    /// When the system refuses.
    #[must_use]
    pub fn new(backend: Backend, kind: Kind) -> Self {
        let place = Place::new(backend);
        let memory = match backend {
            Backend::Sysv => {
                sysv::make_segment(place.key(), BYTES);
                Memory::Shm(Attached::new(place.key()))
            }
            Backend::Memfd => {
                let file = memfd::make(&[0; BYTES], memfd::SEALS);
                file.set_permissions(Permissions::from_mode(0o777)).expect("an own memfd");
                memfd::enter(place.address(), &[&file]);
                Memory::File { base: map(&file) }
            }
            Backend::Posix | Backend::File => {
                fs::write(place.path(), [0; BYTES]).expect("room for a segment");
                let file = File::options().read(true).write(true).open(place.path());
                Memory::File { base: map(&file.expect("an own file")) }
            }
        };
        let lock = Place::new(if kind == Kind::Posix { Backend::Posix } else { Backend::Sysv });
        let key = if kind == Kind::Posix { String::new() } else { format!("{:#x}", lock.key()) };
        match kind {
            Kind::Sysv => {
                sysv::make_set(lock.key(), SEMAPHORES);
                sysv::set_value(lock.key(), INDEX, 1);
            }
            Kind::Posix => make_semaphore(&posix_name(&lock), 1),
            Kind::None | Kind::Seqcount { .. } => {}
        }
        Self { place, kind, key, lock, memory }
    }

    /// Where its segment is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where its System V set is.
    #[must_use]
    pub fn set(&self) -> i32 {
        self.lock.key()
    }

    /// The guard, as the library is told of it.
    #[must_use]
    pub fn guard(&self) -> ForeignGuard<'_> {
        match self.kind {
            Kind::None => ForeignGuard::None,
            Kind::Sysv => ForeignGuard::Sysv { key: &self.key, index: INDEX },
            Kind::Posix => ForeignGuard::Posix { name: &self.lock.address()["posix:".len()..] },
            Kind::Seqcount { bits, per_record } => {
                ForeignGuard::Seqcount { offset: counter(per_record), bits, per_record }
            }
        }
    }

    /// What errors about the guard are about.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.kind {
            Kind::Sysv => format!("sysv:{}[{INDEX}]", self.key),
            Kind::Posix => self.lock.address().to_owned(),
            Kind::None | Kind::Seqcount { .. } => self.place.address().to_owned(),
        }
    }

    /// All that is said of its table, to other processes too.
    #[must_use]
    pub fn said(&self) -> Said<'_> {
        let said = Said::new::<Quote>(self.place.address(), self.guard());
        Said { offset: OFFSET, count: COUNT as u64, stride: STRIDE, timeout: Duration::from_secs(1), ..said }
    }

    /// Its table.
    #[must_use]
    pub fn table<T: ShmRecord>(&self) -> Adopt<'_, T> {
        self.said().adopt()
    }

    /// Sets the guard, that of each record where it has one: a semaphore to 0 is taken, a counter to 1 is being written.
    ///
    /// # Panics
    /// When there is none.
    pub fn set_guard(&self, value: u32) {
        match self.kind {
            Kind::None => panic!("there is no guard"),
            Kind::Sysv => sysv::set_value(self.set(), INDEX, i32::try_from(value).expect("a small value")),
            Kind::Posix => {
                remove_semaphore(&posix_name(&self.lock));
                make_semaphore(&posix_name(&self.lock), value);
            }
            Kind::Seqcount { .. } => (0..COUNT).for_each(|index| self.set_counter(index, value.into())),
        }
    }

    /// The counter of this record.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn counter(&self, index: usize) -> u64 {
        match self.kind {
            Kind::Seqcount { bits: 64, per_record } => {
                self.word(counter_of(index, per_record)).load(Ordering::Relaxed)
            }
            Kind::Seqcount { per_record, .. } => {
                self.half(counter_of(index, per_record)).load(Ordering::Relaxed).into()
            }
            _ => panic!("there is no counter"),
        }
    }

    /// Sets the counter of this record; what was stored before is seen by who sees this. Panics as [`Program::counter`].
    pub fn set_counter(&self, index: usize, value: u64) {
        match self.kind {
            Kind::Seqcount { bits: 64, per_record } => {
                self.word(counter_of(index, per_record)).store(value, Ordering::SeqCst);
            }
            Kind::Seqcount { per_record, .. } => {
                let value = u32::try_from(value).expect("32 bits");
                self.half(counter_of(index, per_record)).store(value, Ordering::SeqCst);
            }
            _ => panic!("there is no counter"),
        }
    }

    /// A word of its segment.
    ///
    /// # Panics
    /// When it is misaligned or outside.
    #[must_use]
    pub fn word(&self, offset: u64) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8));
        // SAFETY: inside the mapping and on a multiple of 8, as `at` and the assertion see to.
        unsafe { &*self.at(offset).cast::<AtomicU64>() }
    }

    fn half(&self, offset: u64) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4));
        // SAFETY: as in `word`.
        unsafe { &*self.at(offset).cast::<AtomicU32>() }
    }

    fn at(&self, offset: u64) -> *mut u8 {
        let offset = usize::try_from(offset).expect("an offset in the segment");
        assert!(offset + 8 <= BYTES);
        match &self.memory {
            Memory::File { base } => base.wrapping_add(offset),
            Memory::Shm(attached) => attached.base().wrapping_add(offset),
        }
    }

    /// All bytes of its segment.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let words = (0..BYTES as u64 / 8).map(|word| self.word(word * 8).load(Ordering::Relaxed));
        words.flat_map(u64::to_le_bytes).collect()
    }

    /// Changes words from this offset on.
    pub fn put(&self, offset: u64, words: &[u64]) {
        for (place, word) in (offset..).step_by(8).zip(words) {
            self.word(place).store(*word, Ordering::SeqCst);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.kind == Kind::Posix {
            remove_semaphore(&posix_name(&self.lock));
        }
        if let Memory::File { base } = self.memory {
            // SAFETY: the mapping is this value's own.
            unsafe { libc::munmap(base.cast(), BYTES) };
        }
    }
}

/// Where the counter is, or that of record 0.
fn counter(per_record: bool) -> u64 {
    if per_record { OFFSET + 32 } else { 8 }
}

fn counter_of(index: usize, per_record: bool) -> u64 {
    counter(per_record) + if per_record { index as u64 * STRIDE } else { 0 }
}

/// `mmap(2)` of this file.
fn map(file: &File) -> *mut u8 {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
    let base =
        unsafe { libc::mmap(ptr::null_mut(), BYTES, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
    assert_ne!(base, libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    base.cast()
}

fn posix_name(lock: &Place) -> CString {
    CString::new(&lock.address()["posix:".len()..]).expect("no NUL")
}

fn make_semaphore(name: &CString, value: u32) {
    // SAFETY: the name ends in NUL and lives across the call; mode and value have the types that they have in C.
    let semaphore =
        unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL, 0o600 as libc::c_uint, value) };
    assert_ne!(semaphore, libc::SEM_FAILED, "sem_open: {}", io::Error::last_os_error());
    // SAFETY: it was opened above and is not used again.
    unsafe { libc::sem_close(semaphore) };
}

fn remove_semaphore(name: &CString) {
    // SAFETY: the name ends in NUL and lives across the call.
    unsafe { libc::sem_unlink(name.as_ptr()) };
}
