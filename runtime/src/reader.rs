//! The reading handle. Relies on `table` and `lifecycle`; makes no system call on the way of success.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

use crate::address::Address;
use crate::buffer::{BURST, Buffer, Unread};
use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::life;
use crate::lifecycle;
use crate::options::Options;
use crate::record::ShmRecord;
use crate::region::Facts;
use crate::region::memory::Memory;
use crate::status::{self, Status};
use crate::table::Table;

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
/// Readers never store to a segment, take no lock and do not slow one another down. One handle serves any number of
/// threads. It stays usable when the table is removed or its writer dies: it then reads the last values.
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
    /// [`ErrorKind::NotFound`], [`ErrorKind::LayoutMismatch`] naming the first differing field, and every other kind
    /// that says why something is not a table of `T` that may be trusted.
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
    #[inline]
    pub fn read(&self, index: usize) -> Result<T> {
        match read_at_rest(&self.table, index) {
            Some((value, _)) => Ok(value),
            None => read_patiently(&self.table, &self.address, self.options.timeout, index)
                .map(|record| record.value),
        }
    }

    /// As [`Reader::read`], to where the caller wants the record: what large records want. One without `bool` and
    /// [`Reserved`](crate::Reserved) is copied there straight from the segment, so that after an error `out` may be a mixture.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<()> {
        match self.table.quick_slot(index) {
            Some(slot) if Buffer::read_at_rest_into(&slot, out) => Ok(()),
            _ => self.read_patiently_into(index, out),
        }
    }

    #[cold]
    #[inline(never)]
    fn read_patiently_into(&self, index: usize, out: &mut T) -> Result<()> {
        *out = read_patiently(&self.table, &self.address, self.options.timeout, index)?.value;
        Ok(())
    }

    /// As [`Reader::read`], with the record's version.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[inline]
    pub fn read_versioned(&self, index: usize) -> Result<Versioned<T>> {
        read(&self.table, &self.address, self.options.timeout, index)
    }

    /// As [`Reader::read`], if a writer has given a sign of life within `max_age`: the record is then at least as new as
    /// everything that was published up to that sign.
    ///
    /// # Errors
    /// As [`Reader::read`]; [`ErrorKind::Stale`] when the last sign of life is older, or nobody can tell.
    pub fn read_fresh(&self, index: usize, max_age: Duration) -> Result<T> {
        life::check_fresh(&self.table, &self.address, max_age)?;
        self.read(index)
    }

    /// The record at `index` if it was published since version `seen`, else `None`.
    ///
    /// # Errors
    /// As [`Reader::read`], and [`ErrorKind::VersionRegressed`] when the version is older than `seen`, which no writer
    /// that keeps to the protocol brings about.
    pub fn read_since(&self, index: usize, seen: u64) -> Result<Option<Versioned<T>>> {
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

    /// The records of this range, as they were at one instant with respect to batches: of each batch all or nothing. A
    /// single write beside it is in it or not.
    ///
    /// # Errors
    /// As [`Reader::read`]; [`ErrorKind::Contended`] also when batches were committed during every attempt until the
    /// timeout; [`ErrorKind::BadArgument`] for a range that ends before it starts.
    pub fn snapshot(&self, range: Range<usize>) -> Result<Vec<T>> {
        snapshot(
            &self.table,
            &self.address,
            self.options.timeout,
            range,
            |index, deadline| match read_at_rest(&self.table, index) {
                Some((value, _)) => Ok(value),
                None => read_patiently(&self.table, &self.address, deadline.left(), index)
                    .map(|record| record.value),
            },
        )
    }

    /// The version of record `index`: one load, to see whether reading it is worthwhile. It orders nothing.
    ///
    /// # Errors
    /// [`ErrorKind::IndexOutOfRange`].
    #[inline]
    pub fn version(&self, index: usize) -> Result<u64> {
        version(&self.table, &self.address, index)
    }

    /// Number of records.
    #[must_use]
    pub fn capacity(&self) -> usize {
        capacity(&self.table)
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

    /// Opens the address again when its table is no longer this one: [`Reader::status`], and then, if that is
    /// [`Status::Retired`] or [`Status::Orphaned`], [`Reader::open`] as this one was opened, without waiting. `true`: it now
    /// reads another table, which may have another capacity. `false`: it reads the one that it did, because that is current,
    /// or because nothing is there yet; a `memfd:` must have been handed over.
    ///
    /// # Errors
    /// As [`Reader::status`], and as [`Reader::open`]; this handle then goes on with the table that it has.
    pub fn refresh(&mut self) -> Result<bool> {
        if self.status()?.is_current() {
            return Ok(false);
        }
        self.reopen()
    }

    /// Opens what is at the address now, if anything is and it is another table.
    pub(crate) fn reopen(&mut self) -> Result<bool> {
        let at_once = self.options.clone().timeout(Duration::ZERO);
        match lifecycle::attach_reader(&at_once, &self.address, Some(T::LAYOUT)) {
            Ok(table) => {
                let is_other = table.segment().identity() != self.table.segment().identity();
                if is_other {
                    self.table = table;
                }
                Ok(is_other)
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotReady | ErrorKind::Retired => Ok(false),
                _ => Err(error),
            },
        }
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

/// The capacity, which was created from a usize or validated against a mapping's length.
pub(crate) fn capacity(table: &Table) -> usize {
    usize::try_from(table.capacity()).unwrap_or(usize::MAX)
}

/// The record at `index` as a `T`.
#[inline]
pub(crate) fn read<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    index: usize,
) -> Result<Versioned<T>> {
    match read_at_rest(table, index) {
        Some((value, version)) => Ok(Versioned { value, version }),
        None => read_patiently(table, address, timeout, index),
    }
}

/// The record at `index`, in the one attempt that nearly always does. It hands its buffer to no call, so that the record
/// stays in registers.
#[inline(always)]
fn read_at_rest<T: ShmRecord>(table: &Table, index: usize) -> Option<(T, u64)> {
    Buffer::<T>::read_at_rest(&table.quick_slot(index)?)
}

/// The record at `index` beside a busy writer or behind a dead one, or the error that says why there is none.
#[cold]
#[inline(never)]
fn read_patiently<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    index: usize,
) -> Result<Versioned<T>> {
    let Some(slot) = table.slot(index) else {
        return Err(out_of_range("read", table, address, index));
    };
    let result = Buffer::<T>::read(&slot, timeout);
    status::check_whole("read", table, address)?;
    match result {
        Ok((value, version)) => Ok(Versioned { value, version }),
        Err(unread) => {
            Err(failed(&At { operation: "read", subject: address }, unread, T::LAYOUT.name, index))
        }
    }
}

/// What `read` gives for each index of the range, all in one state with respect to batches, before the timeout.
pub(crate) fn snapshot<R>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    read: impl Fn(usize, &Deadline) -> Result<R>,
) -> Result<Vec<R>> {
    if range.start > range.end {
        let at = At { operation: "read", subject: address };
        let words = format!("it ends at {} and starts at {}", range.end, range.start);
        return Err(at.error(ErrorKind::BadArgument { argument: "range" }).detail(words));
    }
    if range.end as u64 > table.capacity() {
        return Err(out_of_range("read", table, address, range.end - 1));
    }
    let mut deadline = Deadline::after(timeout);
    let mut attempts = 0;
    let mut records = Vec::with_capacity(range.len());
    loop {
        attempts += 1;
        records.clear();
        let read_all =
            || range.clone().try_for_each(|index| read(index, &deadline).map(|it| records.push(it)));
        if let Some(result) = table.in_one_state(read_all) {
            return result.map(|()| records);
        }
        if deadline.is_over() {
            let at = At { operation: "read", subject: address };
            let words = format!("records {range:?}");
            return Err(at.error(ErrorKind::Contended { attempts }).detail(words));
        }
        if attempts % u64::from(BURST) == 0 {
            deadline.pause();
        }
    }
}

#[inline]
pub(crate) fn version(table: &Table, address: &Address, index: usize) -> Result<u64> {
    match table.slot(index).map(|slot| slot.published()) {
        Some(0) => status::check_whole("read", table, address).map(|()| 0),
        Some(version) => Ok(version),
        None => Err(out_of_range("read", table, address, index)),
    }
}

/// The error of a read that found no value.
#[cold]
pub(crate) fn failed(at: &At<'_>, unread: Unread, record: &'static str, index: usize) -> Error {
    let kind = match unread {
        Unread::Contended { attempts } => ErrorKind::Contended { attempts },
        Unread::Invalid { field } => ErrorKind::InvalidBits { record, field },
    };
    at.error(kind).detail(format!("record {index}"))
}

#[cold]
pub(crate) fn out_of_range(operation: &'static str, table: &Table, address: &Address, index: usize) -> Error {
    let kind = ErrorKind::IndexOutOfRange { index: index as u64, capacity: table.capacity() };
    At { operation, subject: address }.error(kind)
}
