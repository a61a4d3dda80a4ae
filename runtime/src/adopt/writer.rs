//! The writing handle of an adopted table. Relies on `reader`, `memory` and `guard`; makes no system call for an access
//! unless the guard is a semaphore.

use super::memory::Record;
use super::reader::Adopted;
use crate::buffer::Unread;
use crate::error::{At, Error, Result};
use crate::record::ShmRecord;
use crate::region::Facts;
use crate::status;

/// Reads and writes the records of another program, under its guard. Made by
/// [`Adopt::open_writer`](crate::Adopt::open_writer).
///
/// It is not the only writer: this program or any other may write at the same time, and only the guard keeps them apart.
/// A child of `fork` does not have the memory: its calls are [`ForkedHandle`](crate::ErrorKind::ForkedHandle), and it may open
/// the table anew.
#[derive(Debug)]
pub struct AdoptedWriter<T> {
    reader: Adopted<T>,
}

impl<T: ShmRecord> AdoptedWriter<T> {
    pub(super) fn new(reader: Adopted<T>) -> Self {
        Self { reader }
    }

    /// As [`Adopted::read`].
    ///
    /// # Errors
    /// As [`Adopted::read`]; [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process.
    #[inline]
    pub fn read(&self, index: usize) -> Result<T> {
        self.check_home("read")?;
        self.reader.read(index)
    }

    /// As [`Adopted::read_into`].
    ///
    /// # Errors
    /// As [`AdoptedWriter::read`].
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<()> {
        self.check_home("read")?;
        self.reader.read_into(index, out)
    }

    /// As [`Adopted::iter`].
    pub fn iter(&self) -> impl Iterator<Item = Result<T>> {
        (0..self.count()).map(|index| self.read(index))
    }

    /// Number of records.
    #[must_use]
    pub fn count(&self) -> usize {
        self.reader.count()
    }

    /// As [`Adopted::facts`].
    ///
    /// # Errors
    /// As there.
    pub fn facts(&self) -> Result<Facts> {
        self.reader.facts()
    }

    /// Stores `value` as record `index`, under the guard; padding as zeros.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](crate::ErrorKind::IndexOutOfRange); [`LockTimeout`](crate::ErrorKind::LockTimeout) when the
    /// semaphore is not free, or the counter not even, before the timeout; [`Removed`](crate::ErrorKind::Removed) and
    /// [`Overflow`](crate::ErrorKind::Overflow) when the semaphore is gone or somebody else let go of it meanwhile: the
    /// value may then have been stored; [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process.
    #[inline]
    pub fn write(&mut self, index: usize, value: &T) -> Result<()> {
        self.check_home("write")?;
        if let Some(record) = self.reader.memory.unguarded(index) {
            record.store(value);
            return Ok(());
        }
        self.change("write", index, |record| {
            record.store(value);
            Ok(Some(()))
        })
    }

    /// Reads record `index`, makes a new value of it and stores that, all under one hold of the guard; the new value.
    ///
    /// Under [`ForeignGuard::None`](crate::ForeignGuard::None) others may write in between. A panic in `change` lets go of
    /// the guard and stores nothing. `change` must not access this table again: its guard is taken.
    ///
    /// # Errors
    /// As [`AdoptedWriter::write`], and [`InvalidBits`](crate::ErrorKind::InvalidBits) when the bytes are no `T`.
    pub fn update(&mut self, index: usize, change: impl FnOnce(T) -> T) -> Result<T> {
        self.change("update", index, |record| {
            let value = change(record.load()?);
            // It may have forked.
            Ok((!self.reader.memory.is_forked()).then(|| {
                record.store(&value);
                value
            }))
        })
    }

    /// Changes a record under the guard. `None` of `change`: this is a child process by now, which stored nothing.
    #[inline(never)]
    fn change<R>(
        &self,
        operation: &'static str,
        index: usize,
        change: impl FnOnce(&Record<'_, T>) -> std::result::Result<Option<R>, Unread>,
    ) -> Result<R> {
        self.check_home(operation)?;
        let Adopted { address, memory, guard, timeout } = &self.reader;
        let Some(record) = memory.record(index) else {
            return Err(self.reader.out_of_range(operation, index));
        };
        let at = &At { operation, subject: address };
        let hold = guard.enter(at, memory.map(), index, *timeout)?;
        let result = change(&record).map_err(|unread| self.reader.unread(operation, unread, index))?;
        let Some(result) = result else { return Err(self.forked(operation)) };
        hold.let_go()?;
        Ok(result)
    }

    #[inline(always)]
    fn check_home(&self, operation: &'static str) -> Result<()> {
        if self.reader.memory.is_forked() { Err(self.forked(operation)) } else { Ok(()) }
    }

    #[cold]
    fn forked(&self, operation: &'static str) -> Error {
        status::forked(operation, &self.reader.address)
    }

    /// Lets go of the guard for a holder that died without doing so: the explicit recovery behind
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout). Whether there was anything to let go. What it was writing stays
    /// half-written.
    ///
    /// - [`Sysv`](crate::ForeignGuard::Sysv), `semop(2)`: `dead` is the process that the error named, and it is checked:
    ///   the semaphore must be 0, last changed by that process (`GETPID`), which must not exist any more.
    /// - [`Posix`](crate::ForeignGuard::Posix), `sem_post(3)` if the value is 0, and
    ///   [`Seqcount`](crate::ForeignGuard::Seqcount), whose counters are made even: nobody knows the holder, `dead` is
    ///   `None`, and it is the caller who knows that it is gone.
    /// - [`None`](crate::ForeignGuard::None): there is nothing to let go.
    ///
    /// Only one process should do this: between check and release, another that does the same may have released it already,
    /// and a third may have taken it.
    ///
    /// # Errors
    /// [`BadArgument`](crate::ErrorKind::BadArgument) saying what was found, when `dead` is not that process or exists;
    /// [`Removed`](crate::ErrorKind::Removed) when the set is gone; [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a
    /// child process.
    pub fn free_guard(&mut self, dead: Option<u32>) -> Result<bool> {
        self.check_home("free the guard of")?;
        let Adopted { address, memory, guard, .. } = &self.reader;
        let at = &At { operation: "free the guard of", subject: address };
        guard.free(at, memory.map(), memory.count(), dead)
    }
}
