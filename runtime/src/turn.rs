//! Taking turns: the lock of many writers with the kernel behind it, and how turns end for good. Relies on `guard::lock` for the
//! word, `guard::role` for who lives, `futex` for sleeping, and on a semaphore where the table was made for one; knows no
//! records.

use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::futex;
use crate::geometry::Writers;
use crate::guard::lock::{self, Kernel, Slept, Taken, Untaken};
use crate::guard::role::{Guard, Lock};
use crate::host;
use crate::semaphore::foreign::ForeignLock;
use crate::sync::{AtomicU32, Ordering, fence};
use crate::table::Table;

/// When it is first asked whether the holder is dead.
const FIRST_QUESTION: Duration = Duration::from_millis(1);
/// How often from then on.
const EACH_QUESTION: Duration = Duration::from_millis(10);

/// Sleeps for the lock.
struct Naps {
    deadline: Deadline,
    /// When it is asked next whether the holder is dead: a moment, because signals may end every sleep, and a sandbox permit none.
    question: Deadline,
}

impl Naps {
    fn until(deadline: Deadline) -> Self {
        Self { deadline, question: Deadline::after(FIRST_QUESTION) }
    }

    fn sleep(&mut self, word: &AtomicU32, seen: u32) -> Slept {
        let left = self.deadline.left();
        if left.is_zero() {
            return Slept::Over;
        }
        futex::wait(word, seen, futex::ANY, self.question.left().min(left));
        if !self.question.is_over() {
            // Woken, or at the deadline, where the lock is tried a last time.
            return Slept::Woken;
        }
        self.question = Deadline::after(EACH_QUESTION);
        Slept::Quiet
    }
}

/// What the lock asks of the kernel, for one attempt to take it.
struct Asked<'a> {
    at: &'a At<'a>,
    table: &'a Table,
    guard: &'a mut Guard,
    naps: Naps,
}

impl Kernel for Asked<'_> {
    type Error = Error;

    fn sleep(&mut self, word: &AtomicU32, seen: u32) -> Slept {
        if self.table.is_retired() { Slept::Retired } else { self.naps.sleep(word, seen) }
    }

    fn is_held(&mut self, slot: u32) -> Result<bool> {
        self.guard.is_held_by_others(self.at, Lock::Participant(slot))
    }

    fn begin_alone(&mut self) -> Result<()> {
        self.guard.lock(self.at, Lock::Create, &mut self.naps.deadline)
    }

    fn end_alone(&mut self) -> Result<()> {
        self.guard.unlock(self.at, Lock::Create)
    }
}

/// Takes the lock, waiting no longer than this, and recovers what a dead holder left.
#[cold]
#[inline(never)]
pub(crate) fn take(
    at: &At<'_>,
    table: &Table,
    guard: &mut Guard,
    slot: u32,
    timeout: Duration,
) -> Result<()> {
    let lock = table.live().lock(slot);
    let mut asked = Asked { at, table, guard, naps: Naps::until(Deadline::after(timeout)) };
    match lock.take(&mut asked) {
        Ok(Taken::Free) => Ok(()),
        Ok(Taken::FromDead) => {
            table.recover_from_death();
            Ok(())
        }
        Err(Untaken::Retired) => Err(at.error(ErrorKind::Retired)),
        Err(Untaken::Failed(error)) => Err(or_retired(at, table, error)),
        Err(Untaken::Corrupt { word }) => {
            Err(or_retired(at, table, at.error(ErrorKind::LockCorrupt { word })))
        }
        Err(Untaken::Timeout { slot }) => Err(or_retired(at, table, timed_out(at, table, slot))),
    }
}

/// Why there was no turn: of a table that is gone that matters more, and what the kernel says of its guard does not.
fn or_retired(at: &At<'_>, table: &Table, error: Error) -> Error {
    // Pairs with the release of who closed the lock: the mark came before.
    fence(Ordering::Acquire);
    if table.is_retired() { at.error(ErrorKind::Retired) } else { error }
}

/// Lets the lock go and wakes who sleeps until it is free.
#[inline(always)]
pub(crate) fn give(table: &Table, slot: u32) {
    if table.live().lock(slot).give() {
        futex::wake(table.live().lock_word(), 1, futex::ANY);
    }
}

/// Takes the semaphore, waiting no longer than this, and then marks the lock as held, which its last holder left marked only if
/// it died with it.
#[cold]
#[inline(never)]
pub(crate) fn take_semaphore(
    at: &At<'_>,
    table: &Table,
    semaphore: &ForeignLock,
    slot: u32,
    timeout: Duration,
) -> Result<()> {
    semaphore.take(at.operation, timeout).map_err(|error| or_retired(at, table, error))?.keep();
    if !table.live().lock(slot).mark() {
        table.recover_from_death();
    }
    Ok(())
}

/// Who held the lock until the deadline, as far as the table tells and the process list confirms.
#[cold]
fn timed_out(at: &At<'_>, table: &Table, slot: u32) -> Error {
    let [pid, start] = table.live().participant(slot).map(|word| word.load(Ordering::Relaxed));
    let pid = host::process_of(pid, start);
    at.error(ErrorKind::LockTimeout { pid }).detail(format!("by the writer with slot {slot}"))
}

/// What the lock asks of the kernel for who replaces the table, and holds the guard's lock for creating.
struct Closing<'a> {
    at: &'a At<'a>,
    table: &'a Table,
    /// The table's; `None`: it is lost, and with it who lives.
    guard: Option<&'a mut Guard>,
    naps: Naps,
}

impl Kernel for Closing<'_> {
    type Error = Error;

    fn sleep(&mut self, word: &AtomicU32, seen: u32) -> Slept {
        self.naps.sleep(word, seen)
    }

    fn is_held(&mut self, slot: u32) -> Result<bool> {
        let at = self.at;
        self.guard.as_mut().map_or(Ok(true), |guard| guard.is_held_by_others(at, Lock::Participant(slot)))
    }

    /// The holder is dead, and nobody takes the lock from it meanwhile. That is said before the word says nothing of it any more:
    /// whoever replaces the table in place of this process finds it.
    fn begin_alone(&mut self) -> Result<()> {
        self.table.live().poison().store(poison_of(self.table), Ordering::Relaxed);
        Ok(())
    }

    fn end_alone(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The poison of a table of which a turn was not whole: not 0, whatever its words say.
fn poison_of(table: &Table) -> u64 {
    table.live().poison().load(Ordering::Relaxed).max(table.epoch()).max(1)
}

/// Ends the turns of a table that is marked as removed: waits for the one that is under way, no longer than this, and lets nobody
/// begin another. Gives the epoch of a death in a turn that nobody has cleared, or of a turn that was not waited for; 0: all turns
/// were whole. The caller holds [`Lock::Create`] of the guard at the table's address.
///
/// Who does not end its turn until then, because it died in it, is stopped or hangs, may leave half of it, and so its turn counts
/// as a death. So does whatever the kernel does not tell. Who has a semaphore from now on finds the mark, and begins no turn of
/// several writes.
pub(crate) fn close(
    at: &At<'_>,
    table: &Table,
    guard: &mut Guard,
    semaphore: Option<&ForeignLock>,
    timeout: Duration,
) -> u64 {
    let word = table.live().lock_word();
    let are_whole = match table.header().shape.writers {
        Writers::One => true,
        Writers::Semaphore => semaphore
            .and_then(|semaphore| semaphore.take(at.operation, timeout).ok())
            .is_some_and(|_held| word.load(Ordering::Relaxed) == 0),
        Writers::Lock => {
            let guard = Some(guard).filter(|guard| guard.identity().is_same(table.header().guard));
            let mut closing = Closing { at, table, guard, naps: Naps::until(Deadline::after(timeout)) };
            matches!(lock::Lock::closing(word).take(&mut closing), Ok(Taken::Free))
        }
    };
    // Behind the lock, under which it is stored.
    if are_whole { table.live().poison().load(Ordering::Relaxed) } else { poison_of(table) }
}
