//! Taking turns: the lock of many writers with the kernel behind it. Relies on `guard::lock` for the word, `guard::role` for who
//! lives, `futex` for sleeping, and on a semaphore where the table was made for one; knows no records.

use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::futex;
use crate::guard::lock::{Kernel, Slept, Taken, Untaken};
use crate::guard::role::{Guard, Lock};
use crate::host;
use crate::semaphore::foreign::ForeignLock;
use crate::sync::{AtomicU32, Ordering};
use crate::table::Table;

/// When it is first asked whether the holder is dead.
const FIRST_QUESTION: Duration = Duration::from_millis(1);
/// How often from then on.
const EACH_QUESTION: Duration = Duration::from_millis(10);

/// What the lock asks of the kernel, for one attempt to take it.
struct Asked<'a> {
    at: &'a At<'a>,
    guard: &'a mut Guard,
    deadline: Deadline,
    /// When it is asked next whether the holder is dead: a moment, because signals may end every sleep, and a sandbox permit none.
    question: Deadline,
}

impl Kernel for Asked<'_> {
    type Error = Error;

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

    fn is_held(&mut self, slot: u32) -> Result<bool> {
        self.guard.is_held_by_others(self.at, Lock::Participant(slot))
    }

    fn begin_alone(&mut self) -> Result<()> {
        self.guard.lock(self.at, Lock::Create, &mut self.deadline)
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
    let mut asked =
        Asked { at, guard, deadline: Deadline::after(timeout), question: Deadline::after(FIRST_QUESTION) };
    match lock.take(&mut asked) {
        Ok(Taken::Free) => Ok(()),
        Ok(Taken::FromDead) => {
            table.recover_from_death();
            Ok(())
        }
        Err(Untaken::Failed(error)) => Err(error),
        Err(Untaken::Corrupt { word }) => Err(at.error(ErrorKind::LockCorrupt { word })),
        Err(Untaken::Timeout { slot }) => Err(timed_out(at, table, slot)),
    }
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
    semaphore.take(at.operation, timeout)?.keep();
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
