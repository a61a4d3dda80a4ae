//! The writing handle. Relies on `table` and `lifecycle`; a write makes no system call while nobody waits.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::address::Address;
use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::error::{At, Error, ErrorKind, Result};
use crate::guard::role::Guard;
use crate::held::Held;
use crate::options::Options;
use crate::read;
use crate::reader::Versioned;
use crate::record::ShmRecord;
use crate::region::Facts;
use crate::region::memory::Memory;
use crate::status::{self, Status};
use crate::table::Table;

/// Writes the records of a table: the one process that may, for as long as this value lives.
///
/// The role ends with the value or its process, however it dies; the table and its records stay. The next
/// [`Writer::create`] or [`Writer::open`] takes over where this one stopped.
///
/// A child of `fork` has neither the role nor the memory: its calls are [`ForkedHandle`](crate::ErrorKind::ForkedHandle),
/// [`Writer::epoch`] is 0, and to drop it there takes nothing from the parent. Once the parent is dead, the child may take the
/// role as every other process may.
pub struct Writer<T> {
    address: Address,
    timeout: Duration,
    table: Table,
    /// Holds the role: the kernel takes it back when this is closed.
    guard: Guard,
    record: PhantomData<fn(T)>,
}

impl<T: ShmRecord> Writer<T> {
    /// Creates a table of `capacity` records at `address` (`posix:/name`, `file:/path`, `memfd:name`), complete or not at all; or takes
    /// over the one that is there, with its values, when it has this capacity and its writer is gone. [`Options`] has
    /// more to choose.
    ///
    /// `open(O_TMPFILE)`, `fallocate`, `mmap`, `madvise(MADV_POPULATE_WRITE)`, `linkat`; a lock of the guard file beside
    /// the segment stands for the role.
    ///
    /// # Errors
    /// [`WriterAlive`](crate::ErrorKind::WriterAlive) while another process writes,
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) and [`ShapeMismatch`](crate::ErrorKind::ShapeMismatch) when
    /// the table that is there is another, [`NoSpace`](crate::ErrorKind::NoSpace), and every kind that says why
    /// something is not a table of `T` that may be trusted. Nothing is created by a call that fails.
    pub fn create(address: &str, capacity: usize) -> Result<Self> {
        Options::new().create(address, capacity)
    }

    /// Takes over the table at `address`, whatever its capacity, when its writer is gone: `open(O_RDWR)`, `mmap`, a lock
    /// of the guard file. What the last writer left half-written is finished; the epoch is counted up.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), and as [`Writer::create`].
    pub fn open(address: &str) -> Result<Self> {
        Options::new().open_writer(address)
    }

    /// Makes a table at `address` that takes the place of the one that is there, whoever writes to that: for a writer that is
    /// stopped, hangs, dumps core, or whose guard was lost, and who cannot be proven dead. Who has the role gives it up without
    /// being asked: its [`Writer::status`] is [`Status::Retired`]. Where nothing is there, as [`Writer::create`]; so it is where
    /// another process replaces the same table at the same time, and the faster one is the writer.
    ///
    /// The new table begins with the last values and versions of the old one, when that is of the same record, of this boot
    /// and not damaged: up to its capacity, whatever cells and arrangement either has. A batch is in it or not, unless the
    /// old writer goes on to publish batches without a pause until the timeout. Only a record that cannot be read until the
    /// timeout begins anew. Otherwise all do. What the old writer still publishes, should it go on, stays in the old table,
    /// and who read it there may see another value of the same version. Of many writers this waits for the one whose turn it is,
    /// for half of the timeout, and for nobody else: of a turn that does not end until then, and of a death in one that nobody
    /// has cleared, the next [`SharedWriter::lock`](crate::SharedWriter::lock) tells as [`Turn::AfterDeath`](crate::Turn::AfterDeath).
    ///
    /// There is memory for both tables, until the last process closes the old one. Killed, or failing, this leaves either
    /// the old table, or the old one marked as removed, with its values, which the next call to this replaces with them and
    /// the next [`Writer::create`] without; or, between two system calls in which the new file takes the name of the old
    /// one, nothing. A System V segment has its key before its contents, so there this moment begins before the new one is
    /// made and lasts until the values are copied. Whether there is memory for it, and may be locked, is tried before on
    /// memory that has no key: only if somebody else takes that meanwhile are the values lost. Who creates a table at the
    /// address while this is under way, the old writer that starts anew for one, may be the faster one, without the values:
    /// then this says [`WriterAlive`](crate::ErrorKind::WriterAlive).
    ///
    /// The timeout is for locks, and again for what a writer keeps from being copied, which may be for each attempt to copy a
    /// state that no batch changes. Copying what is at rest takes as long as it takes, as does memory until it is there: that is
    /// work, for which nobody is waited for.
    ///
    /// # Errors
    /// As [`Writer::create`]; [`BadMagic`](crate::ErrorKind::BadMagic) when something is there that is not ours.
    pub fn replace(address: &str, capacity: usize) -> Result<Self> {
        Options::new().replace(address, capacity)
    }

    pub(crate) fn new(held: Held, timeout: Duration) -> Self {
        let Held { address, table, guard, .. } = held;
        Self { address, timeout, table, guard, record: PhantomData }
    }

    /// Publishes `value` as the next version of record `index`.
    ///
    /// Readers see the old value or the new one, whole, whenever this process is killed. A reader that sees the new one
    /// sees everything that happened before this call.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](crate::ErrorKind::IndexOutOfRange); [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child
    /// process; [`Retired`](crate::ErrorKind::Retired) when the table was removed or replaced: the value was stored, where nobody
    /// new finds it.
    #[inline(always)]
    pub fn write(&mut self, index: usize, value: &T) -> Result<()> {
        let Some(slot) = self.table.slot(index).filter(|_| !self.table.is_forked()) else {
            return Err(self.refused(index));
        };
        slot.write(Buffer::empty().words_from(value));
        self.table.mark();
        if self.table.call(slot.group()) { Ok(()) } else { Err(retired("write", &self.address)) }
    }

    #[cold]
    #[inline(never)]
    fn refused(&self, index: usize) -> Error {
        if index as u64 >= self.table.capacity() {
            return read::out_of_range("write", &self.table, &self.address, index);
        }
        status::forked("write", &self.address)
    }

    /// Publishes what `fill` sets, all at one instant: no reader ever sees a part of it, whenever this process is killed.
    /// Gives what `fill` gives; when that is an error, or a panic, or nothing was set, nothing is published.
    ///
    /// ```
    /// # use shmrecord::{Reader, ShmRecord, Writer};
    /// # #[derive(ShmRecord, Clone, Copy)] #[repr(C)] struct Account { cents: i64 }
    /// # let address = format!("posix:/doc-batch-{}", std::process::id());
    /// # let mut writer = Writer::<Account>::create(&address, 100)?;
    /// writer.batch(|batch| {
    ///     let (from, to) = (batch.get(3)?, batch.get(7)?);
    ///     batch.set(3, &Account { cents: from.cents - 500 })?;
    ///     batch.set(7, &Account { cents: to.cents + 500 })
    /// })?;
    /// let accounts = Reader::<Account>::open(&address)?.snapshot(0..100)?;
    /// assert_eq!(accounts.iter().map(|account| account.cents).sum::<i64>(), 0);
    /// # shmrecord::remove(&address)?;
    /// # Ok::<(), shmrecord::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `fill`; [`BadArgument`](crate::ErrorKind::BadArgument) for a table with several cells, which has no log
    /// for batches, and when a record was refused though `fill` gives `Ok`;
    /// [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process; [`Retired`](crate::ErrorKind::Retired) as in
    /// [`Writer::write`].
    pub fn batch<R>(&mut self, fill: impl FnOnce(&mut Batch<'_, T>) -> Result<R>) -> Result<R> {
        let mut batch = Batch::begin(&self.table, &self.address)?;
        let result = fill(&mut batch)?;
        let groups = batch.commit()?;
        announced("batch", &self.table, &self.address, groups)?;
        Ok(result)
    }

    /// Says that this writer is alive and that what it has published is up to date: stores the time for
    /// [`Reader::age`](crate::Reader::age), with release. No system call; nothing in a child process, whose table it is not.
    pub fn beat(&mut self) {
        self.table.beat();
    }

    /// The record at `index` and its version, as [`Reader::read_versioned`](crate::Reader::read_versioned): what this
    /// writer, or the one before it, published last.
    ///
    /// # Errors
    /// As [`Reader::read`](crate::Reader::read); [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process.
    pub fn read_versioned(&self, index: usize) -> Result<Versioned<T>> {
        status::check_home("read", &self.table, &self.address)?;
        read::read(&self.table, &self.address, self.timeout, index)
    }

    /// Number of records.
    #[must_use]
    pub fn capacity(&self) -> usize {
        read::capacity(&self.table)
    }

    /// How often the role of writer was taken: 1 when this writer created the table; 0 in a child process.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.table.epoch()
    }

    /// What this mapping got of the huge pages and the locking that the options asked for.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.table.segment().memory()
    }

    /// `msync(MS_SYNC)`: what was written until now is on the disk when this returns. Only `file:` tables are on one. It is
    /// the kernel's copy that is whole at every moment; after a crash of the machine the disk's need not be.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for the other kinds, [`ErrorKind::Os`] when the disk fails or is full;
    /// [`ErrorKind::ForkedHandle`] in a child process.
    pub fn sync(&self) -> Result<()> {
        let at = At { operation: "sync", subject: &self.address };
        status::check_home(at.operation, &self.table, &self.address)?;
        if !self.address.is_on_disk() {
            return Err(at.error(ErrorKind::Unsupported { what: "syncing a table without a file on disk" }));
        }
        self.table.segment().map().sync().map_err(|error| at.os("msync", &error))
    }

    /// `lstat(2)`, or `shmget(2)` and `semget(2)`: [`Status::Alive`] as long as this writer is the table's and the address
    /// leads to it; [`Status::Retired`] or [`Status::Orphaned`] when nobody new will see what is written.
    ///
    /// # Errors
    /// [`RoleLost`](crate::ErrorKind::RoleLost) when its guard was removed or replaced, or, for System V, when this process
    /// has entered another IPC namespace: the role may be another's. [`Os`](crate::ErrorKind::Os) and
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) when the kernel does not tell;
    /// [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process.
    pub fn status(&self) -> Result<Status> {
        status::of_written(&self.table, &self.address, &self.guard)
    }

    /// As [`Reader::facts`](crate::Reader::facts).
    ///
    /// # Errors
    /// As there.
    pub fn facts(&self) -> Result<Facts> {
        status::facts(&self.table, &self.address)
    }
}

/// Wakes who waits for records of these groups, which were published and marked.
#[inline(always)]
pub(crate) fn announced(
    operation: &'static str,
    table: &Table,
    address: &Address,
    groups: u32,
) -> Result<()> {
    if table.call(groups) { Ok(()) } else { Err(retired(operation, address)) }
}

#[cold]
fn retired(operation: &'static str, address: &Address) -> Error {
    At { operation, subject: address }.error(ErrorKind::Retired)
}

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("address", &self.address)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
