//! The reading handle of an adopted table. Relies on `memory` and `guard`; makes no system call for a read unless the guard
//! is a semaphore.

use std::fmt;
use std::time::Duration;

use super::guard::Guard;
use super::memory::{Memory, Record};
use crate::address::Address;
use crate::buffer::{self, Unread};
use crate::error::{At, Error, ErrorKind, Result};
use crate::read;
use crate::record::ShmRecord;
use crate::region::Facts;

/// Reads the records of another program, under its guard; from a mapping that cannot be written. Made by
/// [`Adopt::open`](crate::Adopt::open); any number of threads may share it.
pub struct Adopted<T> {
    pub(super) address: Address,
    pub(super) memory: Memory<T>,
    pub(super) guard: Guard,
    pub(super) timeout: Duration,
}

impl<T: ShmRecord> Adopted<T> {
    pub(super) fn new(address: Address, memory: Memory<T>, guard: Guard, timeout: Duration) -> Self {
        Self { address, memory, guard, timeout }
    }

    /// The record at `index`, as whole as the guard makes it.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](ErrorKind::IndexOutOfRange); [`LockTimeout`](ErrorKind::LockTimeout) when the semaphore is not
    /// free before the timeout, [`Removed`](ErrorKind::Removed) when its set is gone;
    /// [`Contended`](ErrorKind::Contended) when the counter stays odd or moves without a pause until the timeout;
    /// [`InvalidBits`](ErrorKind::InvalidBits) when the bytes are no `T`.
    #[inline(always)]
    pub fn read(&self, index: usize) -> Result<T> {
        Record::load_or(self.memory.unguarded(index), move || self.read_guarded(index))
    }

    /// As [`Adopted::read`], to where the caller wants the record: what costs no more than a plain copy. A record without
    /// `bool` and [`Reserved`](crate::Reserved) is copied there straight from the segment. `out` is as it was after an error.
    ///
    /// # Errors
    /// As [`Adopted::read`].
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<()> {
        match self.memory.unguarded(index) {
            Some(record) if record.load_into(out).is_ok() => Ok(()),
            _ => self.read_guarded_into(index, out),
        }
    }

    #[inline(never)]
    fn read_guarded(&self, index: usize) -> Result<T> {
        let Some(record) = self.memory.record(index) else {
            return Err(self.out_of_range("read", index));
        };
        let copied = if let Guard::Seqcount(place) = &self.guard {
            let counter = place.counter(self.memory.map(), index);
            let attempt = || {
                let seen = counter.begin()?;
                let copied = record.load();
                counter.is_still(seen).then_some(copied)
            };
            // The first without a look at the clock.
            attempt().map_or_else(|| buffer::attempts(self.timeout, attempt), Ok).and_then(|copied| copied)
        } else {
            let at = &At { operation: "read", subject: &self.address };
            let hold = self.guard.enter(at, self.memory.map(), index, self.timeout)?;
            let copied = record.load();
            hold.let_go()?;
            copied
        };
        copied.map_err(|unread| self.unread("read", unread, index))
    }

    /// Its result fits into a register, so that nothing around a call of [`Adopted::read_into`] needs a stack.
    #[cold]
    #[inline(never)]
    fn read_guarded_into(&self, index: usize, out: &mut T) -> Result<()> {
        *out = self.read_guarded(index)?;
        Ok(())
    }

    /// Every record in turn, each as [`Adopted::read`].
    pub fn iter(&self) -> impl Iterator<Item = Result<T>> {
        (0..self.count()).map(|index| self.read(index))
    }

    /// Number of records.
    #[must_use]
    pub fn count(&self) -> usize {
        self.memory.count()
    }

    /// `fstat(2)` or `shmctl(IPC_STAT)`: what the kernel says of the segment, be it removed.
    ///
    /// # Errors
    /// [`ErrorKind::Os`]; [`ErrorKind::NamespaceMismatch`] when this process has entered another IPC namespace.
    pub fn facts(&self) -> Result<Facts> {
        let at = &At { operation: "look up", subject: &self.address };
        self.memory.segment().facts(at)
    }

    #[cold]
    pub(super) fn unread(&self, operation: &'static str, unread: Unread, index: usize) -> Error {
        let at = &At { operation, subject: &self.address };
        read::failed(at, unread, T::LAYOUT.name, index)
    }

    #[cold]
    pub(super) fn out_of_range(&self, operation: &'static str, index: usize) -> Error {
        let kind = ErrorKind::IndexOutOfRange { index: index as u64, capacity: self.count() as u64 };
        At { operation, subject: &self.address }.error(kind)
    }
}

impl<T> fmt::Debug for Adopted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adopted")
            .field("address", &self.address)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
