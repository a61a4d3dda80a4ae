//! The turn of one of many writers, for as long as a value lives. Relies on the handle that has the turn.

use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::error::{At, Error, ErrorKind, Result};
use crate::guard::doorbell::group_of;
use crate::read;
use crate::reader::Versioned;
use crate::record::ShmRecord;
use crate::shared::SharedWriter;
use crate::status;
use crate::sync::Ordering;

/// What [`SharedWriter::lock`] gives: the turn, and whether somebody died in one.
#[derive(Debug)]
pub enum Turn<'a, T: ShmRecord> {
    /// All who had the turn before gave it away.
    Whole(Locked<'a, T>),
    /// A writer died while it held the lock, or panicked in it, and nobody has said since that all is well
    /// ([`Locked::clear_death`]): several writes that it was to make together may be made in part. It may also have died in
    /// the turn of one write, update or batch, which is whole: look before you repair.
    AfterDeath(Locked<'a, T>),
}

impl<'a, T: ShmRecord> Turn<'a, T> {
    /// The turn, if nobody died in one.
    ///
    /// # Errors
    /// [`AfterDeath`](crate::ErrorKind::AfterDeath); the turn is given away then.
    #[inline]
    pub fn whole(self) -> Result<Locked<'a, T>> {
        match self {
            Self::Whole(turn) => Ok(turn),
            Self::AfterDeath(turn) => Err(turn.after_death()),
        }
    }

    /// The turn, whoever died in one.
    #[inline]
    #[must_use]
    pub fn any(self) -> Locked<'a, T> {
        match self {
            Self::Whole(turn) | Self::AfterDeath(turn) => turn,
        }
    }
}

/// The turn of a [`SharedWriter`]: nobody else writes to the table until it is dropped.
///
/// When it is dropped by a panic, or its process dies, the next [`SharedWriter::lock`] of anybody gives
/// [`Turn::AfterDeath`].
///
/// That the table is removed or replaced meanwhile, no write in it says, so that none ends it half-way: who replaces the table
/// waits for its end, for half of its timeout, and carries all of it over. [`Locked::unlock`] says it, and the next turn.
#[derive(Debug)]
pub struct Locked<'a, T: ShmRecord> {
    /// The only member, so that it travels in a register.
    writer: &'a mut SharedWriter<T>,
}

impl<'a, T: ShmRecord> Locked<'a, T> {
    /// Of a writer that has the turn.
    #[inline]
    pub(super) fn new(writer: &'a mut SharedWriter<T>) -> Self {
        writer.was_panicking = std::thread::panicking();
        Self { writer }
    }

    /// As [`SharedWriter::write`], in this turn.
    ///
    /// # Errors
    /// As there, but for those of waiting and `Retired`.
    pub fn write(&mut self, index: usize, value: &T) -> Result<()> {
        self.put("write", index, value)?;
        self.announce(group_of(index));
        Ok(())
    }

    /// As [`SharedWriter::update`], in this turn.
    ///
    /// # Errors
    /// As there, but for those of waiting and `Retired`.
    pub fn update(&mut self, index: usize, change: impl FnOnce(T) -> T) -> Result<T> {
        let new = self.change(index, change)?;
        self.announce(group_of(index));
        Ok(new)
    }

    /// As [`SharedWriter::batch`], in this turn.
    ///
    /// # Errors
    /// As there, but for those of waiting and `Retired`.
    pub fn batch<R>(&mut self, fill: impl FnOnce(&mut Batch<'_, T>) -> Result<R>) -> Result<R> {
        let (result, groups) = self.commit(fill)?;
        self.announce(groups);
        Ok(result)
    }

    /// Publishes a record; who waits for it is still to be woken.
    fn put(&mut self, operation: &'static str, index: usize, value: &T) -> Result<()> {
        let SharedWriter { table, address, .. } = &*self.writer;
        let Some(slot) = table.slot(index) else {
            return Err(read::out_of_range(operation, table, address, index));
        };
        status::check_home(operation, table, address)?;
        slot.write(Buffer::empty().words_from(value));
        table.mark();
        Ok(())
    }

    /// As [`Locked::put`], what is made of the record.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(T) -> T) -> Result<T> {
        let SharedWriter { table, address, .. } = &*self.writer;
        if table.slot(index).is_none() {
            return Err(read::out_of_range("update", table, address, index));
        }
        let new = change(self.read_versioned(index)?.value);
        self.put("update", index, &new)?;
        Ok(new)
    }

    /// As [`Locked::put`], several records, and gives the groups that they are waited for in.
    pub(super) fn commit<R>(
        &mut self,
        fill: impl FnOnce(&mut Batch<'_, T>) -> Result<R>,
    ) -> Result<(R, u32)> {
        let SharedWriter { table, address, .. } = &*self.writer;
        let mut batch = Batch::begin(table, address)?;
        let result = fill(&mut batch)?;
        Ok((result, batch.commit()?))
    }

    /// Wakes who waits for these groups. That the table is gone is told in the next turn.
    fn announce(&self, groups: u32) {
        let _ = self.writer.table.call(groups);
    }

    /// The record at `index` and its version: nobody changes it in this turn, so nobody is waited for.
    ///
    /// # Errors
    /// As [`Reader::read`](crate::Reader::read), [`Contended`](crate::ErrorKind::Contended) at once.
    pub fn read_versioned(&self, index: usize) -> Result<Versioned<T>> {
        let SharedWriter { table, address, .. } = &*self.writer;
        status::check_home("read", table, address)?;
        read::read_alone(table, address, index)
    }

    /// Whether a writer died while it held the lock, or panicked in it, and nobody has said since that all is well.
    #[inline]
    #[must_use]
    pub fn is_after_death(&self) -> bool {
        self.poison() != 0
    }

    /// Says that the records belong together again, or always did.
    pub fn clear_death(&mut self) {
        if let Some(poison) = self.writer.poison() {
            poison.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the table was removed or replaced before this turn.
    #[inline]
    pub(super) fn is_retired(&self) -> bool {
        self.writer.table.is_retired()
    }

    #[cold]
    pub(super) fn retired(&self, operation: &'static str) -> Error {
        At { operation, subject: &self.writer.address }.error(ErrorKind::Retired)
    }

    #[cold]
    fn after_death(&self) -> Error {
        let at = At { operation: "lock", subject: &self.writer.address };
        at.error(ErrorKind::AfterDeath).detail(format!("in epoch {}", self.poison()))
    }

    /// The epoch when that writer died, or 0.
    #[inline]
    fn poison(&self) -> u64 {
        self.writer.poison().map_or(0, |poison| poison.load(Ordering::Relaxed))
    }

    /// Remembers that the turn ends in a panic.
    #[cold]
    fn poison_it(&self) {
        if let Some(poison) = self.writer.poison() {
            poison.store(self.writer.epoch(), Ordering::Relaxed);
        }
    }

    /// Gives the turn away, as dropping it does, and says whether what was written in it reaches anybody.
    ///
    /// # Errors
    /// [`Retired`](crate::ErrorKind::Retired) when the table was removed or replaced before: what this turn wrote is in the table that
    /// took its place if that waited for the end, and lost otherwise; [`Removed`](crate::ErrorKind::Removed) for a semaphore that is
    /// gone: what was written is published.
    pub fn unlock(self) -> Result<()> {
        // In the turn: who replaces the table after this waits for its end.
        let is_retired = !self.writer.table.is_forked() && self.is_retired();
        let retired = is_retired.then(|| self.retired("unlock"));
        self.end()?;
        retired.map_or(Ok(()), Err)
    }

    /// Gives the turn away, and says when the kernel refuses that.
    #[inline]
    pub(super) fn end(self) -> Result<()> {
        // Not twice.
        std::mem::ManuallyDrop::new(self).give()
    }

    /// Gives the turn away. A child that was forked in it has none.
    #[inline]
    fn give(&mut self) -> Result<()> {
        if self.writer.table.is_forked() { Ok(()) } else { self.writer.give_turn() }
    }
}

impl<T: ShmRecord> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() && !self.writer.was_panicking {
            self.poison_it();
        }
        // An error here is one of a semaphore that was removed: nobody else can have the turn any more.
        let _ = self.give();
    }
}
