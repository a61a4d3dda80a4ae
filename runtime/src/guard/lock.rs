//! The lock of many writers: a word that says who holds it and whether somebody sleeps until it is free. Relies on `sync`;
//! borrows the word, knows neither kernel nor guard: who is dead, and how one sleeps, comes from a [`Kernel`].
//!
//! A holder that dies leaves its slot in the word, and the kernel has let go of the lock that stood for this slot. So who
//! finds the word unchanged after a while asks the kernel, and takes the lock from the dead one, under the guard's lock under
//! which slots are given out too: between question and answer nobody gets a slot. No pid and no time decides anything.
//!
//! Who replaces the table takes the lock and never gives it away: there is no turn under way then, and none to come. Who replaces
//! it once more finds that, and nobody dead: what there was to say of the dead was said before.

use shmrecord_layout::abi;

use crate::sync::{AtomicU32, Ordering};

/// Nobody holds the lock.
const FREE: u32 = 0;
/// Somebody sleeps until it is free.
const WAITERS: u32 = abi::live::LOCK_WAITERS;
/// Who replaces the table has it for good.
const CLOSED: u32 = abi::live::LOCK_CLOSED;

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slept {
    /// Somebody let the lock go, or the word is another one.
    Woken,
    /// Nobody did for a while.
    Quiet,
    /// The deadline has come.
    Over,
    /// The table was removed or replaced: the lock is good for nothing.
    Retired,
}

/// What the lock asks of the kernel.
pub(crate) trait Kernel {
    /// A question that the kernel refused to answer.
    type Error;

    /// Sleeps while the word is `seen`, but not for long, and not past the deadline.
    fn sleep(&mut self, word: &AtomicU32, seen: u32) -> Slept;

    /// Whether somebody who lives has this slot.
    fn is_held(&mut self, slot: u32) -> Result<bool, Self::Error>;

    /// Takes the guard's lock under which slots are given out.
    fn begin_alone(&mut self) -> Result<(), Self::Error>;

    /// Lets it go.
    fn end_alone(&mut self) -> Result<(), Self::Error>;
}

/// From whom the lock came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// From somebody who let it go: what it guards is at rest.
    Free,
    /// From somebody who died with it: what it guards is to be recovered.
    FromDead,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum Untaken<E> {
    /// Who has this slot held it until the deadline.
    Timeout { slot: u32 },
    /// The table was removed or replaced.
    Retired,
    /// The word names no slot that there is. That of a table that was replaced does not either.
    Corrupt { word: u32 },
    /// The kernel refused an answer.
    Failed(E),
}

impl<E> From<E> for Untaken<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// The lock word, as the writer with one slot uses it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lock<'a> {
    word: &'a AtomicU32,
    /// The word while this writer holds the lock.
    me: u32,
}

impl<'a> Lock<'a> {
    /// The lock in this word, for the writer with this slot.
    #[inline(always)]
    pub(crate) fn new(word: &'a AtomicU32, slot: u32) -> Self {
        Self { word, me: slot + 1 }
    }

    /// The lock in this word, for who replaces the table.
    pub(crate) fn closing(word: &'a AtomicU32) -> Self {
        Self { word, me: CLOSED }
    }

    /// Takes the lock if it is free and nobody sleeps.
    #[inline(always)]
    pub(crate) fn try_take(&self) -> bool {
        // Pairs with the release in `give`: who has the lock sees what was done under it before.
        self.word.compare_exchange(FREE, self.me, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock, whoever has it, as soon as that one lets it go or is known to be dead.
    #[cold]
    pub(crate) fn take<K: Kernel>(&self, kernel: &mut K) -> Result<Taken, Untaken<K::Error>> {
        loop {
            let seen = self.word.load(Ordering::Relaxed);
            let holder = seen & !WAITERS;
            if holder == FREE {
                // Marked, because others may sleep of whom this one knows nothing.
                if self.exchange(seen, self.me | WAITERS) {
                    return Ok(Taken::Free);
                }
                continue;
            }
            if holder == self.me {
                return Ok(if holder == CLOSED { Taken::Free } else { Taken::FromDead });
            }
            if holder > abi::PARTICIPANTS {
                return Err(Untaken::Corrupt { word: seen });
            }
            let marked = seen | WAITERS;
            if seen != marked && !self.exchange(seen, marked) {
                continue;
            }
            let slept = kernel.sleep(self.word, marked);
            match slept {
                Slept::Woken => continue,
                Slept::Retired => return Err(Untaken::Retired),
                Slept::Quiet | Slept::Over => {}
            }
            let slot = holder - 1;
            if self.is_left_by(kernel, marked, slot)? && self.steal(kernel, marked, slot)? {
                return Ok(Taken::FromDead);
            }
            if slept == Slept::Over {
                return Err(Untaken::Timeout { slot });
            }
        }
    }

    /// Whether the word says that this writer holds the lock: it does, or who had its slot before died with it.
    pub(crate) fn is_held_here(&self) -> bool {
        self.word.load(Ordering::Relaxed) & !WAITERS == self.me
    }

    /// Marks the lock as this writer's, who has it by other means. `false`: it was marked already, by somebody who died with it.
    pub(crate) fn mark(&self) -> bool {
        // Acquire: what follows stays behind it, so that whoever dies in there leaves the mark.
        self.word.swap(self.me, Ordering::Acquire) == FREE
    }

    /// Lets the lock go. `true`: somebody sleeps and is to be woken.
    #[inline(always)]
    pub(crate) fn give(&self) -> bool {
        // Pairs with the acquire of who takes it next.
        self.word.swap(FREE, Ordering::Release) & WAITERS != 0
    }

    /// Takes the lock from who died with it, if that is still so when nobody can get its slot.
    fn steal<K: Kernel>(&self, kernel: &mut K, seen: u32, slot: u32) -> Result<bool, K::Error> {
        kernel.begin_alone()?;
        let stolen = self
            .is_left_by(kernel, seen, slot)
            .map(|is_left| is_left && self.exchange(seen, self.me | WAITERS));
        match (stolen, kernel.end_alone()) {
            // Whoever has the lock must recover, come what may; and the first error is the one to report.
            (stolen @ (Ok(true) | Err(_)), _) => stolen,
            (Ok(false), ended) => ended.map(|()| false),
        }
    }

    /// Whether the word is as it was seen and nobody who lives has its slot.
    fn is_left_by<K: Kernel>(&self, kernel: &mut K, seen: u32, slot: u32) -> Result<bool, K::Error> {
        Ok(self.word.load(Ordering::Relaxed) == seen && !kernel.is_held(slot)?)
    }

    /// Stores `new` if the word is `seen`.
    fn exchange(&self, seen: u32, new: u32) -> bool {
        // Acquire as in `try_take`. From a dead holder there is no release to pair with: the kernel answered that it is gone
        // after its last store, and the answer orders what it had stored before what is loaded now. Release for who finds the
        // lock closed: it then finds the table marked.
        self.word.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}
