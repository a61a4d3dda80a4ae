//! Tables in segments that another program made and laid out, without our header: [`Adopt`] says where the records are and
//! how that program guards them, [`Adopted`] and [`AdoptedWriter`] read and write them. Relies on `region`, on `semaphore`
//! and on the record types; knows no header and no version.
//!
//! ```
//! use shmrecord::{Adopt, ForeignGuard, ShmRecord};
//!
//! #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
//! #[repr(C)]
//! struct Quote {
//!     price: f64,
//!     volume: i64,
//! }
//!
//! /// Where the other program keeps its 100 quotes, behind 64 bytes of its own.
//! const QUOTES: Adopt<Quote> =
//!     Adopt::new("file:/var/lib/quotes", ForeignGuard::Seqcount { offset: 8, bits: 32, per_record: false })
//!         .offset(64)
//!         .count(100);
//!
//! # let path = std::env::temp_dir().join(format!("shmrecord-doc-adopt-{}", std::process::id()));
//! # let address = format!("file:{}", path.display());
//! # std::fs::write(&path, vec![0; 4096]).unwrap(); // as the other program would
//! let mut quotes = QUOTES.at(&address).open_writer()?;
//! quotes.write(7, &Quote { price: 127.5, volume: 100 })?;
//! let quote = quotes.update(7, |quote| Quote { volume: quote.volume + 1, ..quote })?;
//! assert_eq!(quote, Quote { price: 127.5, volume: 101 });
//!
//! let reader = QUOTES.at(&address).open()?; // another process
//! assert_eq!(reader.count(), 100);
//! assert_eq!(reader.read(7)?, quote);
//! # std::fs::remove_file(&path).unwrap();
//! # Ok::<(), shmrecord::Error>(())
//! ```
//!
//! # What is promised
//!
//! Nothing is created, resized or removed. Places are checked against the size that the kernel tells. Memory is touched by
//! relaxed atomics of the widest aligned pieces that a record consists of: what the other program stores as one aligned
//! word of up to 8 bytes is read whole, and a store touches no byte outside of the record. Its padding is stored as zeros.
//!
//! For everything else an adopted table has the guarantees of the program that made it, and no more: **values are whole
//! only as far as every program keeps to the guard.** There is no log. A writer of ours that is killed in the middle leaves
//! the record half-written; a System V semaphore is then free (`SEM_UNDO`), a POSIX semaphore taken, a counter odd. A
//! segment that its program removed stays readable here, as it does for others who have it mapped; one that it cuts takes
//! its readers with it (`SIGBUS`), as with every mapping; so a memfd must be sealed against that unless the caller accepts it.
//!
//! | guard | read | write |
//! |---|---|---|
//! | [`None`](ForeignGuard::None) | as it is at this moment, perhaps half-written | in the midst of other accesses |
//! | [`Sysv`](ForeignGuard::Sysv), [`Posix`](ForeignGuard::Posix) | takes the semaphore | takes the semaphore |
//! | [`Seqcount`](ForeignGuard::Seqcount) | again, if the counter was odd or moved | makes it odd, then even |

mod bounds;
mod guard;
mod memory;
mod reader;
mod seqcount;
mod writer;

use std::marker::PhantomData;
use std::time::Duration;

use shmrecord_layout::abi;

use self::bounds::Wanted;
use self::guard::GuardPlace;
use self::memory::Memory;
pub use self::reader::Adopted;
pub use self::writer::AdoptedWriter;
use crate::address::Address;
use crate::error::{At, ErrorKind, Result};
use crate::options::Options;
use crate::record::ShmRecord;
use crate::region::map::{Access, Map};
use crate::region::memory::Wishes;
use crate::sync::Ordering;

/// How another program keeps others out while it writes its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignGuard<'a> {
    /// Not at all. A record that is read while it is written is a mixture of old and new; each aligned word of up to 8
    /// bytes in it is whole.
    None,
    /// A System V semaphore: 1 when free, -1 takes it, +1 lets go of it. Ours do both with `SEM_UNDO`.
    Sysv {
        /// The key of its set, as behind `sysv:`: `"0x1234"`, `"ftok(/path,7)"`.
        key: &'a str,
        /// Which semaphore of the set; 0 is the first.
        index: u16,
    },
    /// A POSIX semaphore: 1 when free.
    Posix {
        /// The name as given to `sem_open(3)`: `"/name"`.
        name: &'a str,
    },
    /// A counter in the segment, odd while its writer writes: the seqcount of Linux.
    Seqcount {
        /// Bytes from the start of the segment to the counter, or to that of record 0.
        offset: u64,
        /// Its width: 32 or 64.
        bits: u32,
        /// Whether each record has one of its own, in front of it or behind it, one stride from the next.
        per_record: bool,
    },
}

/// Where the records of another program are, and how it guards them. A plain value, which can be a `const`.
///
/// See the [module](crate::adopt) for an example and for what is promised.
#[derive(Clone, Copy, Debug)]
pub struct Adopt<'a, T> {
    address: &'a str,
    guard: ForeignGuard<'a>,
    offset: u64,
    count: Option<u64>,
    stride: Option<u64>,
    owner: Option<u32>,
    mode: u32,
    accept_unsealed: bool,
    timeout: Duration,
    record: PhantomData<fn() -> T>,
}

impl<'a, T: ShmRecord> Adopt<'a, T> {
    /// Records at the start of the segment at `address` (`posix:/name`, `file:/path`, `sysv:0x1234`, `memfd:name`), one behind
    /// the other, as many as fit; mode 0600, owner this user or root, 1 second. The guard is always said, `None` too.
    #[must_use]
    pub const fn new(address: &'a str, guard: ForeignGuard<'a>) -> Self {
        Self {
            address,
            guard,
            offset: 0,
            count: None,
            stride: None,
            owner: None,
            mode: 0o600,
            accept_unsealed: false,
            timeout: Duration::from_secs(1),
            record: PhantomData,
        }
    }

    /// The same table at another address: several instances of a program, tests.
    #[must_use]
    pub const fn at(mut self, address: &'a str) -> Self {
        self.address = address;
        self
    }

    /// The same table under another guard.
    #[must_use]
    pub const fn guard(mut self, guard: ForeignGuard<'a>) -> Self {
        self.guard = guard;
        self
    }

    /// Bytes from the start of the segment to record 0; 0 unless said.
    #[must_use]
    pub const fn offset(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// Number of records; as many as fit unless said.
    #[must_use]
    pub const fn count(mut self, records: u64) -> Self {
        self.count = Some(records);
        self
    }

    /// Bytes from the start of a record to the start of the next; the record's size unless said.
    #[must_use]
    pub const fn stride(mut self, bytes: u64) -> Self {
        self.stride = Some(bytes);
        self
    }

    /// A user id whose segments and semaphores are trusted, beside this process's own and root.
    #[must_use]
    pub const fn owner(mut self, uid: u32) -> Self {
        self.owner = Some(uid);
        self
    }

    /// With the others' write bit, segments and semaphores are accepted that everybody may write: `0o666`. Nothing's mode is
    /// changed. The mode of a memfd is not asked about: it is 0777 unless its program changes that, and only who is given it
    /// gets at it.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Accepts a memfd that lacks the seals which keep its size (`F_SEAL_SHRINK`, `F_SEAL_GROW`, `F_SEAL_SEAL`): whoever holds it
    /// can cut it, which ends who accesses it with SIGBUS.
    #[must_use]
    pub const fn accept_unsealed(mut self, accept: bool) -> Self {
        self.accept_unsealed = accept;
        self
    }

    /// How long each access may wait for the guard; 1 second unless said. Zero: not at all.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the table for reading: `open(O_RDONLY)` and `mmap(PROT_READ)`, or `shmget(2)` and `shmat(SHM_RDONLY)`. A
    /// semaphore is opened for changing, because reads take it.
    ///
    /// # Errors
    /// [`BadArgument`](crate::ErrorKind::BadArgument) for places that cannot be: what is misaligned, overlaps, or counts
    /// nothing; and for a table of ours, which is opened as one;
    /// [`SizeMismatch`](crate::ErrorKind::SizeMismatch) if the segment is too small;
    /// [`NotFound`](crate::ErrorKind::NotFound) for the segment or, with the guard as the subject, the semaphore;
    /// [`GuardMismatch`](crate::ErrorKind::GuardMismatch) if the set has fewer semaphores;
    /// [`BadOwner`](crate::ErrorKind::BadOwner), [`TooPermissive`](crate::ErrorKind::TooPermissive) and
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) if either is not to be trusted or used;
    /// [`Unsealed`](crate::ErrorKind::Unsealed) for a memfd that could be cut;
    /// [`BadAddress`](crate::ErrorKind::BadAddress), [`BadName`](crate::ErrorKind::BadName) and
    /// [`BadKey`](crate::ErrorKind::BadKey) for addresses, names and keys that are none.
    pub fn open(&self) -> Result<Adopted<T>> {
        self.enter("open for reading", Access::Read)
    }

    /// Opens the table for writing: `open(O_RDWR)` and `mmap(2)`, or `shmget(2)` and `shmat(2)`. Others may write it at the
    /// same time, this program too: it is the guard that keeps them apart. Child processes do not inherit the mapping.
    ///
    /// # Errors
    /// As [`Adopt::open`].
    pub fn open_writer(&self) -> Result<AdoptedWriter<T>> {
        self.enter("open for writing", Access::Write).map(AdoptedWriter::new)
    }

    fn enter(&self, operation: &'static str, access: Access) -> Result<Adopted<T>> {
        let address = Address::parse(self.address)?;
        let at = &At { operation, subject: &address };
        let mut options = Options::new().mode(self.mode).accept_unsealed(self.accept_unsealed);
        options.owner = self.owner;
        options.rights(at)?;
        let trust = &options.trust();

        let wanted = Wanted::new(T::LAYOUT, self.offset, self.stride, self.count, self.guard);
        wanted.check(at)?;
        let guard = GuardPlace::parse(self.guard)?;
        let found = address.place().find(at, access, &address.place().trust_in_foreign(trust))?;
        let bounds = wanted.within(at, found.size)?;
        let segment = found.map(at, access, Wishes::default())?;
        refuse_ours(at, segment.map())?;
        let guard = guard.open(operation, trust, &bounds)?;
        let memory = Memory::new(segment, bounds, guard.is_some());
        Ok(Adopted::new(address, memory, guard, self.timeout))
    }
}

/// Refuses a segment that begins as ours do: it has its own guard, and versions that nothing here would count.
fn refuse_ours(at: &At<'_>, map: &Map) -> Result<()> {
    if map.length() >= size_of::<u64>() {
        let first = map.word(abi::header::MAGIC).load(Ordering::Relaxed);
        if first == abi::MAGIC || first == abi::MAGIC.swap_bytes() {
            let kind = ErrorKind::BadArgument { argument: "address" };
            return Err(at.error(kind).detail("a table of shmrecord: open it as one"));
        }
    }
    Ok(())
}
