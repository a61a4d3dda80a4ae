//! The reading handle. Relies on `table` and `lifecycle`; makes no system call on the way of success.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::address::Address;
use crate::buffer::Buffer;
use crate::error::{At, ErrorKind, Result};
use crate::field::Field;
use crate::life;
use crate::notify::Notifier;
use crate::options::Options;
use crate::read;
use crate::record::{ShmField, ShmRecord};
use crate::region::Facts;
use crate::region::memory::Memory;
use crate::status::{self, Status};
use crate::successor;
use crate::table::Table;
use crate::wait;

mod many;

/// A record together with how often it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record; all zeros when `version` is 0.
    pub value: T,
    /// How often it was published; 0: never.
    pub version: u64,
}

/// Reads the records of a table, from a mapping that cannot be written.
///
/// Readers never store to a segment (but that they wait, in a table with a doorbell), take no lock and do not slow one
/// another down. One handle serves any number of threads. It stays usable when the table is removed or its writer dies: it
/// then reads the last values.
pub struct Reader<T> {
    address: Address,
    table: Table,
    /// As it was opened, and will be opened again.
    options: Options,
    record: PhantomData<fn() -> T>,
}

impl<T: ShmRecord> Reader<T> {
    /// Opens the table at `address` (`posix:/name`, `file:/path`) for reading: `open(O_RDONLY)`, `mmap(PROT_READ)`, and
    /// every check of `docs/FORMAT.md` on a private copy of the header.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::LayoutMismatch`] naming the first differing field (see
    /// [`Options::compatible`]), and every other kind that says why something is not a table of `T` that may be trusted.
    pub fn open(address: &str) -> Result<Self> {
        Options::new().open(address)
    }

    pub(crate) fn new(address: Address, table: Table, options: Options) -> Self {
        Self { address, table, options, record: PhantomData }
    }

    /// The record at `index`, whole: one that was published, or all zeros when none was.
    ///
    /// Everything its writer did before publishing it is visible afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::IndexOutOfRange`]; [`ErrorKind::Contended`] when the writer overwrites it without a pause until the
    /// timeout; [`ErrorKind::InvalidBits`] when the bytes are no `T`; [`ErrorKind::Truncated`] under
    /// [`Options::survive_truncation`].
    #[inline(always)]
    pub fn read(&self, index: usize) -> Result<T> {
        Buffer::read_or(self.table.quick_slot(index), move || self.read_patiently(index))
    }

    /// As [`Reader::read`], to where the caller wants the record: what large records want. One without `bool` and
    /// [`Reserved`](crate::Reserved) is copied there straight from the segment, so that after an error `out` may be a mixture.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[inline(always)]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<()> {
        match self.table.quick_slot(index) {
            Some(slot) if Buffer::read_at_rest_into(&slot, out) => Ok(()),
            _ => self.read_patiently_into(index, out),
        }
    }

    fn read_patiently(&self, index: usize) -> Result<T> {
        let record = read::read_patiently(&self.table, &self.address, self.options.timeout, index)?;
        Ok(record.value)
    }

    #[cold]
    #[inline(never)]
    fn read_patiently_into(&self, index: usize, out: &mut T) -> Result<()> {
        *out = self.read_patiently(index)?;
        Ok(())
    }

    /// The field of the record at `index` that `field` names ([`field!`](crate::field!)): for records of more than a few cache
    /// lines, of which only the words that it lies in are copied. It is whole, and ordered as in [`Reader::read`]; two fields that
    /// belong together are read as one, of a record inside the record, or with all of it.
    ///
    /// A small record needs this not: what is not used of `reader.read(7)?.price` is not loaded.
    ///
    /// # Errors
    /// As [`Reader::read`]; [`ErrorKind::InvalidBits`] for the bytes of this field only.
    #[inline(always)]
    pub fn read_field<F: ShmField>(&self, index: usize, field: Field<T, F>) -> Result<F> {
        match self.table.quick_slot(index).and_then(|slot| field.read_at_rest(&slot)) {
            Some(value) => Ok(value),
            None => {
                read::read_field_patiently(&self.table, &self.address, self.options.timeout, index, field)
            }
        }
    }

    /// As [`Reader::read`], with the record's version.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[inline]
    pub fn read_versioned(&self, index: usize) -> Result<Versioned<T>> {
        read::read(&self.table, &self.address, self.options.timeout, index)
    }

    /// As [`Reader::read`], if a writer has given a sign of life within `max_age`: the record is then at least as new as
    /// everything that this writer had published by then; of what other writers of the table publish it says nothing.
    ///
    /// # Errors
    /// As [`Reader::read`]; [`ErrorKind::Stale`] when the last sign of life is older, or nobody can tell.
    pub fn read_fresh(&self, index: usize, max_age: Duration) -> Result<T> {
        life::check_fresh(&self.table, &self.address, max_age)?;
        self.read(index)
    }

    /// The record at `index` if it was published since version `seen`, else `None`: for who looks again and again. As long as nothing
    /// is new it need not be read at all, so that its bytes are not looked at.
    ///
    /// # Errors
    /// As [`Reader::read`], and [`ErrorKind::VersionRegressed`] when the version is older than `seen`, which no writer
    /// that keeps to the protocol brings about.
    #[inline]
    pub fn read_since(&self, index: usize, seen: u64) -> Result<Option<Versioned<T>>> {
        if !self.table.is_eager() && self.version(index)? == seen {
            return Ok(None);
        }
        let record = self.read_versioned(index)?;
        match self.table.version_distance(seen, record.version) {
            0 => Ok(None),
            1.. => Ok(Some(record)),
            _ => {
                let kind = ErrorKind::VersionRegressed { seen, found: record.version };
                Err(At { operation: "read", subject: &self.address }.error(kind))
            }
        }
    }

    /// The version of record `index`: one load, to see whether reading it is worthwhile. It orders nothing.
    ///
    /// # Errors
    /// [`ErrorKind::IndexOutOfRange`].
    #[inline]
    pub fn version(&self, index: usize) -> Result<u64> {
        read::version(&self.table, &self.address, index)
    }

    /// Waits until record `index` has another version than `seen`, and gives it; `None` when it had none until the timeout. What
    /// was published before is visible afterwards.
    ///
    /// `futex(FUTEX_WAIT_BITSET)` on the doorbell of a table that was created with one ([`Options::doorbell`]), if this process
    /// may write the segment (it maps one page of it for saying that it waits) and `membarrier(2)` works; otherwise it looks
    /// again in pauses of up to 1 ms.
    ///
    /// # Errors
    /// [`ErrorKind::IndexOutOfRange`]; [`ErrorKind::Retired`] as soon as the table is removed; [`ErrorKind::Truncated`].
    pub fn wait(&self, index: usize, seen: u64, timeout: Duration) -> Result<Option<u64>> {
        wait::record(&self.table, &self.address, index, seen, timeout)
    }

    /// As [`Reader::wait`], for any of several records, each with the version that was seen of it: gives the place in `seen` of
    /// the first that has another one. It may end one look at all of them behind the timeout, some 7 ms for a million.
    ///
    /// # Errors
    /// As [`Reader::wait`]; [`ErrorKind::BadArgument`] without a record.
    pub fn wait_any(&self, seen: &[(usize, u64)], timeout: Duration) -> Result<Option<usize>> {
        wait::any(&self.table, &self.address, seen, timeout)
    }

    /// As [`Reader::wait`], for the whole table: until anything was published since [`Reader::changes`] was `seen`, which is given
    /// anew.
    ///
    /// # Errors
    /// As [`Reader::wait`]; [`ErrorKind::Unsupported`] for a table without a doorbell.
    pub fn wait_table(&self, seen: u64, timeout: Duration) -> Result<Option<u64>> {
        wait::table(&self.table, &self.address, seen, timeout)
    }

    /// How often anything was published, counted in tables with a doorbell: a batch counts once, and a take-over counts; a table
    /// that replaces another one begins 2^32 above it. What was published before is visible afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a table without a doorbell.
    pub fn changes(&self) -> Result<u64> {
        wait::changes(&self.table, &self.address)
    }

    /// A descriptor for event loops, readable when anything has been published from now on: see [`Notifier`]. It stays with the table
    /// that this handle reads now.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a table without a doorbell; [`ErrorKind::Os`] when there is no descriptor, memory or thread
    /// to be had; [`ErrorKind::NamespaceMismatch`] as in [`Reader::facts`].
    pub fn notifier(&self) -> Result<Notifier> {
        Notifier::of_table(&self.table, &self.address)
    }

    /// As [`Reader::notifier`], for these records. Where nobody rings for them ([`Reader::wait`]), its thread looks at each every
    /// millisecond.
    ///
    /// # Errors
    /// As [`Reader::notifier`], but for `Unsupported`; [`ErrorKind::IndexOutOfRange`]; [`ErrorKind::BadArgument`] without a
    /// record.
    pub fn notifier_of(&self, indices: &[usize]) -> Result<Notifier> {
        Notifier::of_records(&self.table, &self.address, indices)
    }

    /// Number of records.
    #[must_use]
    pub fn capacity(&self) -> usize {
        read::capacity(&self.table)
    }

    /// Whether the record of the table that this reads now has the field of `T` with this name. `false`: it reads as its
    /// `null`, or as zeros without one, because the table is of an earlier version of `T` ([`Options::compatible`]); or `T`
    /// has no such field. It may change when the reader goes on with another table.
    ///
    /// It is for telling what was written from what was not written at all. A field that a later version brings with a `null`
    /// tells that by itself.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        let at = T::LAYOUT.fields.iter().position(|it| it.name == field);
        at.is_some_and(|at| self.table.view().is_none_or(|view| view.has(at)))
    }

    /// How often the role of writer was taken: 1 for the creator, one more for each take-over. It orders nothing.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.table.epoch()
    }

    /// What this mapping got of the huge pages and the locking that the options asked for.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.table.segment().memory()
    }

    /// `lstat(2)` and `fcntl(F_OFD_GETLK)`, or `shmget(2)` and `semctl(GETVAL)`: whether the table's writer lives, and whether
    /// the address still leads to the table. Nothing is locked or written.
    ///
    /// # Errors
    /// [`ErrorKind::Os`] and [`ErrorKind::PermissionDenied`] when the kernel does not tell; [`ErrorKind::Truncated`] as in
    /// [`Reader::read`].
    pub fn status(&self) -> Result<Status> {
        status::of_read(&self.table, &self.address)
    }

    /// How long ago a writer last gave a sign of life: it created the table or took it over, said so ([`Writer::beat`]), or
    /// wrote, where [`Options::stamps`] were asked for. In steps of the coarse clock, 1 to 10 ms. [`Duration::MAX`] for a table
    /// from before the last boot, whose clock was another one.
    ///
    /// A clock of another time namespace makes it wrong, or zero; nothing but this and [`Reader::read_fresh`] depends on it.
    /// A writer that is silent may be well: [`Reader::status`] tells whether it is there.
    ///
    /// [`Writer::beat`]: crate::Writer::beat
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] as in [`Reader::read`].
    pub fn age(&self) -> Result<Duration> {
        life::age(&self.table, &self.address)
    }

    /// `lstat(2)` or `shmget(2)`: opens the address again when its table is no longer this one ([`Status::Retired`],
    /// [`Status::Orphaned`]), by [`Reader::open`] as this one was opened, without waiting. `true`: it now
    /// reads another table, which may have another capacity. `false`: it reads the one that it did, because that is current,
    /// or because nothing is there yet; a `memfd:` must have been handed over.
    ///
    /// # Errors
    /// [`ErrorKind::Os`] when the kernel does not tell, [`ErrorKind::Truncated`], and as [`Reader::open`]; this handle then
    /// goes on with the table that it has.
    pub fn refresh(&mut self) -> Result<bool> {
        let next = successor::of(&self.table, &self.options, &self.address, Some(T::LAYOUT))?;
        Ok(self.go_on(next))
    }

    /// As [`Reader::refresh`], when the table is known to be gone.
    pub(crate) fn reopen(&mut self) -> Result<bool> {
        let next = successor::of_gone(&self.table, &self.options, &self.address, Some(T::LAYOUT))?;
        Ok(self.go_on(next))
    }

    /// Goes on with another table, if there is one.
    fn go_on(&mut self, next: Option<Table>) -> bool {
        next.map(|next| self.table = next).is_some()
    }

    /// Whether the table was removed: one load.
    #[inline]
    pub(crate) fn is_retired(&self) -> bool {
        self.table.is_retired()
    }

    /// `fstat(2)` or `shmctl(IPC_STAT)`: what the kernel says of the segment, be it removed.
    ///
    /// # Errors
    /// [`ErrorKind::Os`]; [`ErrorKind::NamespaceMismatch`] when this process has entered another IPC namespace.
    pub fn facts(&self) -> Result<Facts> {
        status::facts(&self.table, &self.address)
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("address", &self.address)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
