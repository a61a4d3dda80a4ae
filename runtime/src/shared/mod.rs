//! The handle of one of many writers, who take turns. Relies on `turn` for that, and for the rest on what a lone writer relies
//! on; by the lock word it makes no system call while nobody else writes or waits.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::address::Address;
use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::error::{At, Result};
use crate::guard::doorbell::group_of;
use crate::guard::role::Guard;
use crate::held::Held;
use crate::options::Options;
use crate::read;
use crate::reader::Versioned;
use crate::record::ShmRecord;
use crate::region::Facts;
use crate::region::memory::Memory;
use crate::semaphore::foreign::ForeignLock;
use crate::status::{self, Status};
use crate::sync::AtomicU64;
use crate::table::Table;
use crate::turn;
use crate::writer::announced;

mod locked;

pub use locked::{Locked, Turn};

/// One of up to 62 writers of a table, in any processes, who take turns: each write, update and batch has the table for itself.
///
/// Taking a turn is two instructions as long as nobody else has it; who waits sleeps. Readers take none and wait for nobody. A
/// writer that is killed loses its turn: who comes next finds out from the kernel within some 10 ms, finishes or takes back
/// what it left half-done, and goes on. So single writes, updates and batches are whole, whoever dies. What several of them mean
/// together only [`SharedWriter::lock`] guards, which says when somebody died with it.
///
/// A handle is for one thread at a time; each thread that writes opens its own.
///
/// ```
/// # use shmrecord::{Reader, SharedWriter, ShmRecord};
/// # #[derive(ShmRecord, Clone, Copy)] #[repr(C)] struct Counter { hits: u64 }
/// # let address = format!("posix:/doc-shared-{}", std::process::id());
/// let mut one = SharedWriter::<Counter>::create(&address, 100)?;
/// let mut other = SharedWriter::<Counter>::open(&address)?; // another process
/// one.update(7, |counter| Counter { hits: counter.hits + 1 })?;
/// other.update(7, |counter| Counter { hits: counter.hits + 1 })?;
/// assert_eq!(Reader::<Counter>::open(&address)?.read(7)?.hits, 2);
/// # shmrecord::remove(&address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
pub struct SharedWriter<T> {
    address: Address,
    timeout: Duration,
    table: Table,
    /// Holds a share of the role, and the slot.
    guard: Guard,
    slot: u32,
    /// By which writers take turns, where the table was made for that.
    semaphore: Option<ForeignLock>,
    /// The semaphore is taken.
    has_semaphore: bool,
    /// A panic was on its way already when the last turn began, so that one at its end says nothing of what happened in it.
    was_panicking: bool,
    record: PhantomData<fn(T) -> T>,
}

impl<T: ShmRecord> SharedWriter<T> {
    /// Creates a table of `capacity` records for many writers at `address`, complete or not at all; or joins the writers of the
    /// one that is there, with its values, when it is for many and has this capacity. As [`Writer::create`](crate::Writer::create),
    /// with a slot of its own in the guard (`fcntl(F_OFD_SETLK)`, `semop(2)`).
    ///
    /// # Errors
    /// [`NoSlot`](crate::ErrorKind::NoSlot) when 62 writers are there; [`ShapeMismatch`](crate::ErrorKind::ShapeMismatch) when the table that
    /// is there has one writer, or another semaphore than was asked for; [`WriterAlive`](crate::ErrorKind::WriterAlive) while somebody writes to a table that lost this address;
    /// [`NotFound`](crate::ErrorKind::NotFound) when the semaphore of [`Options::semaphore`] does not exist; and as
    /// [`Writer::create`](crate::Writer::create).
    pub fn create(address: &str, capacity: usize) -> Result<Self> {
        Options::new().create_shared(address, capacity)
    }

    /// Joins the writers of the table at `address`, whatever its capacity.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), and as [`SharedWriter::create`].
    pub fn open(address: &str) -> Result<Self> {
        Options::new().open_shared(address)
    }

    pub(crate) fn new(held: Held, timeout: Duration) -> Self {
        let Held { address, table, guard, slot, semaphore } = held;
        Self {
            address,
            timeout,
            table,
            guard,
            slot,
            semaphore,
            has_semaphore: false,
            was_panicking: false,
            record: PhantomData,
        }
    }

    /// Publishes `value` as the next version of record `index`, in a turn of its own.
    ///
    /// Readers see the old value or the new one, whole, whenever this process is killed. A reader that sees the new one
    /// sees everything that happened before this call.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](crate::ErrorKind::IndexOutOfRange); [`LockTimeout`](crate::ErrorKind::LockTimeout) when another writer, which it names,
    /// had the turn until the timeout; [`LockCorrupt`](crate::ErrorKind::LockCorrupt);
    /// [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process; [`Retired`](crate::ErrorKind::Retired) when the table was
    /// removed or replaced: the value was stored where nobody new finds it, or, by who waited for a turn meanwhile, not at all.
    #[inline]
    pub fn write(&mut self, index: usize, value: &T) -> Result<()> {
        if index as u64 >= self.table.capacity() {
            return Err(read::out_of_range("write", &self.table, &self.address, index));
        }
        status::check_home("write", &self.table, &self.address)?;
        // The words first: nothing that may panic happens in the turn.
        let mut buffer = Buffer::empty();
        let words = buffer.words_from(value);
        self.take_turn("write")?;
        self.put(index, words);
        let given = self.give_turn();
        // What is published is announced, whatever became of the semaphore.
        given.and(announced("write", &self.table, &self.address, group_of(index)))
    }

    /// Publishes what `change` makes of the record at `index`, and gives it: nobody else writes between the reading and the
    /// writing. When `change` panics nothing is published, and the next [`SharedWriter::lock`] says `AfterDeath`.
    ///
    /// # Errors
    /// As [`SharedWriter::write`] and [`Reader::read`](crate::Reader::read); the timeout is for the turn alone, so that
    /// [`Contended`](crate::ErrorKind::Contended) comes at once in it.
    #[inline]
    pub fn update(&mut self, index: usize, change: impl FnOnce(T) -> T) -> Result<T> {
        let mut turn = self.turn("update")?;
        let new = turn.change(index, change);
        // Behind the turn: who waits for one does not wait for those who are woken.
        let given = turn.end();
        let new = new?;
        given.and(announced("update", &self.table, &self.address, group_of(index)))?;
        Ok(new)
    }

    /// Publishes what `fill` sets, all at one instant, in one turn: as [`Writer::batch`](crate::Writer::batch).
    ///
    /// # Errors
    /// As there and as [`SharedWriter::write`].
    pub fn batch<R>(&mut self, fill: impl FnOnce(&mut Batch<'_, T>) -> Result<R>) -> Result<R> {
        let mut turn = self.turn("batch")?;
        let result = turn.commit(fill);
        let given = turn.end();
        let (result, groups) = result?;
        given.and(announced("batch", &self.table, &self.address, groups))?;
        Ok(result)
    }

    /// Takes the turn and keeps it until the [`Locked`] in what is given is dropped: for several writes that belong together.
    /// Readers see each of them as it comes, and wait for nobody; what they are to see at one instant goes into a batch. A
    /// [`Locked`] that is forgotten (`std::mem::forget`) ends with this writer or its next turn, as by a death.
    ///
    /// ```
    /// # use shmrecord::{SharedWriter, ShmRecord, Turn};
    /// # #[derive(ShmRecord, Clone, Copy)] #[repr(C)] struct Counter { hits: u64 }
    /// # let address = format!("posix:/doc-lock-{}", std::process::id());
    /// # let mut writer = SharedWriter::<Counter>::create(&address, 100)?;
    /// let mut turn = match writer.lock()? {
    ///     Turn::Whole(turn) => turn,
    ///     Turn::AfterDeath(mut turn) => {
    ///         // Somebody was killed between the two writes below: make record 1 what it must be.
    ///         let first = turn.read_versioned(0)?.value;
    ///         turn.write(1, &first)?;
    ///         turn.clear_death();
    ///         turn
    ///     }
    /// };
    /// turn.write(0, &Counter { hits: 5 })?;
    /// turn.write(1, &Counter { hits: 5 })?;
    /// # drop(turn);
    /// # shmrecord::remove(&address)?;
    /// # Ok::<(), shmrecord::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout), [`LockCorrupt`](crate::ErrorKind::LockCorrupt); [`Retired`](crate::ErrorKind::Retired)
    /// when the table was removed or replaced; [`ForkedHandle`](crate::ErrorKind::ForkedHandle) in a child process.
    #[inline]
    pub fn lock(&mut self) -> Result<Turn<'_, T>> {
        let turn = self.turn("lock")?;
        if turn.is_retired() {
            return Err(turn.retired("lock"));
        }
        Ok(if turn.is_after_death() { Turn::AfterDeath(turn) } else { Turn::Whole(turn) })
    }

    /// The record at `index` and its version, as [`Reader::read_versioned`](crate::Reader::read_versioned), without a turn.
    ///
    /// # Errors
    /// As [`Writer::read_versioned`](crate::Writer::read_versioned).
    pub fn read_versioned(&self, index: usize) -> Result<Versioned<T>> {
        status::check_home("read", &self.table, &self.address)?;
        read::read(&self.table, &self.address, self.timeout, index)
    }

    /// Takes the turn. Between this and [`SharedWriter::give_turn`] nothing panics.
    #[inline(always)]
    fn take_turn(&mut self, operation: &'static str) -> Result<()> {
        if self.semaphore.is_none() && self.table.live().lock(self.slot).try_take() {
            return Ok(());
        }
        self.let_go_of_forgotten();
        let Self { address, table, guard, slot, semaphore, has_semaphore, timeout, .. } = self;
        let at = &At { operation, subject: address };
        match semaphore {
            None => turn::take(at, table, guard, *slot, *timeout),
            Some(semaphore) => {
                turn::take_semaphore(at, table, semaphore, *slot, *timeout)?;
                *has_semaphore = true;
                Ok(())
            }
        }
    }

    /// Gives the turn away, in the process that took it.
    #[inline(always)]
    fn give_turn(&mut self) -> Result<()> {
        turn::give(&self.table, self.slot);
        match &self.semaphore {
            None => Ok(()),
            Some(semaphore) => {
                self.has_semaphore = false;
                semaphore.give("unlock")
            }
        }
    }

    /// Stores the words of a record, in this writer's turn, at an index in range.
    #[inline(always)]
    fn put(&self, index: usize, words: &[u64]) {
        if let Some(slot) = self.table.slot(index) {
            slot.write(words);
            self.table.mark();
        }
    }

    /// Takes the turn until the value that is given is dropped.
    #[inline]
    fn turn(&mut self, operation: &'static str) -> Result<Locked<'_, T>> {
        status::check_home(operation, &self.table, &self.address)?;
        self.take_turn(operation)?;
        Ok(Locked::new(self))
    }

    /// The epoch of a death in a turn, guarded by the lock; `None` in a child process.
    #[inline]
    fn poison(&self) -> Option<&AtomicU64> {
        (!self.table.is_forked()).then(|| self.table.live().poison())
    }

    /// Which of the table's writers this is, from 0 on: what `LockTimeout` names.
    #[must_use]
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Number of records.
    #[must_use]
    pub fn capacity(&self) -> usize {
        read::capacity(&self.table)
    }

    /// How many writers the table has had: 1 when this one created it and nobody joined.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.table.epoch()
    }

    /// What this mapping got of the huge pages and the locking that the options asked for.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.table.segment().memory()
    }

    /// As [`Writer::beat`](crate::Writer::beat).
    pub fn beat(&mut self) {
        self.table.beat();
    }

    /// As [`Writer::status`](crate::Writer::status).
    ///
    /// # Errors
    /// As there.
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

impl<T> SharedWriter<T> {
    /// Gives the semaphore of a turn that was forgotten away. Its mark stays, by which the next one who has it recovers.
    fn let_go_of_forgotten(&mut self) {
        if std::mem::take(&mut self.has_semaphore)
            && !self.table.is_forked()
            && let Some(semaphore) = &self.semaphore
        {
            // It fails when it was removed, which the next turn says.
            let _ = semaphore.give("unlock");
        }
    }
}

impl<T> Drop for SharedWriter<T> {
    fn drop(&mut self) {
        self.let_go_of_forgotten();
    }
}

impl<T> fmt::Debug for SharedWriter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedWriter")
            .field("address", &self.address)
            .field("slot", &self.slot)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
