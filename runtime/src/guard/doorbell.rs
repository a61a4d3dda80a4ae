//! The doorbell: who publishes wakes who waits, and pays one load while nobody does. Relies on `sync`; borrows its words, knows
//! no kernel: sleeping, waking and the barriers between the two sides are the callers'.
//!
//! Who waits sets bits in `waiting` and then looks whether what it waits for has happened; who publishes does that and then
//! looks at `waiting`. With a barrier between store and load on both sides, one of the two sees the other. The waiter makes
//! both barriers (`membarrier(2)`), so that a publisher pays none.
//!
//! The publisher clears the bits before it counts the doorbell up. So a waiter whose bits were cleared without it being
//! woken has loaded the doorbell before that, and does not fall asleep on it.

use shmrecord_layout::abi;

use crate::sync::{AtomicU32, AtomicU64, Ordering, light_barrier};

/// Every group of records.
pub(crate) const ALL_GROUPS: u32 = u32::MAX;

/// The bit of the group that a record is in.
#[inline(always)]
pub(crate) const fn group_of(index: usize) -> u32 {
    1 << (index % abi::WAKE_GROUPS as usize)
}

/// What a publisher finds that looked for who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Somebody may sleep on the doorbell.
    Ring,
    /// The table was removed.
    Retired,
}

/// The words of a table's doorbell, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doorbell<'a> {
    /// What is slept on.
    pub(crate) rings: &'a AtomicU32,
    /// A bit for each group that somebody waits for.
    pub(crate) waiting: &'a AtomicU32,
    /// The table's state.
    pub(crate) state: &'a AtomicU64,
}

impl Doorbell<'_> {
    /// Whether somebody may wait for these groups. Comes behind what was published.
    #[inline(always)]
    pub(crate) fn is_wanted(waiting: &AtomicU32, groups: u32) -> bool {
        // Pairs with the barrier of who waits, behind its store of the bits.
        light_barrier();
        waiting.load(Ordering::Relaxed) & groups != 0
    }

    /// Answers who waits for these groups: counts the doorbell up, on which they are to be woken.
    pub(crate) fn answer(&self, groups: u32) -> Call {
        // Pairs with the release in `call_all`: who clears bits that a remover set sees the state that it had stored before.
        self.waiting.fetch_and(!groups, Ordering::Acquire);
        if self.state.load(Ordering::Relaxed) == abi::live::STATE_RETIRED {
            self.call_all();
            return Call::Retired;
        }
        // Orders nothing: the barriers do, and the kernel's lock between who wakes and who falls asleep.
        self.rings.fetch_add(1, Ordering::Relaxed);
        Call::Ring
    }

    /// Calls for the attention of every publisher, behind what was stored for it to see.
    pub(crate) fn call_all(&self) {
        // Release: who clears bits of it, or loads them and has an acquire fence, sees that.
        self.waiting.fetch_or(ALL_GROUPS, Ordering::Release);
    }

    /// Says that somebody waits for these groups, and gives the doorbell to sleep on. The caller has a barrier follow, of its own
    /// and of every publisher, and then looks whether it need sleep at all.
    pub(crate) fn wait_for(&self, groups: u32) -> u32 {
        // In front of the bits: a ring that clears them is not in it yet, or what it rings for is seen behind the barrier.
        let seen = self.rings.load(Ordering::Relaxed);
        self.waiting.fetch_or(groups, Ordering::Relaxed);
        seen
    }
}
