//! The protocol of a seqcount: a counter that is odd while its writer writes, as Linux has it. Relies on `sync`; borrows its
//! counter, knows no mapping.
//!
//! The counter wraps; a reader that sleeps while it goes once around, 2^31 writes of 32 bits, may take a mixture for a
//! record, as with every seqcount.

use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// A counter in a segment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counter<'a> {
    Narrow(&'a AtomicU32),
    Wide(&'a AtomicU64),
}

/// The counter while it is odd by this writer's doing; even again when this is let go or dropped.
#[derive(Debug)]
pub(super) struct Odd<'a> {
    counter: Counter<'a>,
}

impl<'a> Counter<'a> {
    /// The counter's value, if it is even: a copy may begin.
    #[inline]
    pub(super) fn begin(self) -> Option<u64> {
        let seen = self.load();
        if seen & 1 == 1 {
            return None;
        }
        // Pairs with the release store of this value when its writer let go: all that it wrote before is seen by the loads
        // behind this fence.
        fence(Ordering::Acquire);
        Some(seen)
    }

    /// Whether the counter still has the value that the copy began with, so that the copy counts.
    #[inline]
    pub(super) fn is_still(self, seen: u64) -> bool {
        // Pairs with the writer's release fence behind its odd value: had a load before this fence seen a word of that
        // write, the load below would see the odd value or a later one.
        fence(Ordering::Acquire);
        self.load() == seen
    }

    /// Makes an even counter odd. `None`: another writer has it.
    pub(super) fn enter(self) -> Option<Odd<'a>> {
        let even = self.load();
        // Acquire pairs with the release store of the writer before: what this one reads under its hold is what that one
        // wrote.
        if even & 1 == 1 || !self.exchange(even, even.wrapping_add(1), Ordering::Acquire) {
            return None;
        }
        // Pairs with the acquire fence behind a reader's copy: who sees a word stored behind this fence sees the odd value.
        fence(Ordering::Release);
        Some(Odd { counter: self })
    }

    /// Makes an odd counter even, for a writer that died. Whether it was odd.
    pub(super) fn free(self) -> bool {
        let odd = self.load();
        // Release as in `Odd::drop`; by compare-exchange, because the writer may live after all and have gone on.
        odd & 1 == 1 && self.exchange(odd, odd.wrapping_add(1), Ordering::Release)
    }

    #[inline]
    fn load(self) -> u64 {
        match self {
            Self::Narrow(counter) => counter.load(Ordering::Relaxed).into(),
            Self::Wide(counter) => counter.load(Ordering::Relaxed),
        }
    }

    fn exchange(self, from: u64, to: u64, success: Ordering) -> bool {
        match self {
            Self::Narrow(counter) => {
                counter.compare_exchange(low(from), low(to), success, Ordering::Relaxed).is_ok()
            }
            Self::Wide(counter) => counter.compare_exchange(from, to, success, Ordering::Relaxed).is_ok(),
        }
    }
}

impl Drop for Odd<'_> {
    fn drop(&mut self) {
        // From what is there, which `free` may have moved: a value that was there before would count for a reader of then.
        let even = (self.counter.load() | 1).wrapping_add(1);
        // Pairs with the acquire fence behind a reader's first load and with the next writer's compare-exchange: who sees
        // this value sees all that was written under it.
        match self.counter {
            Counter::Narrow(counter) => counter.store(low(even), Ordering::Release),
            Counter::Wide(counter) => counter.store(even, Ordering::Release),
        }
    }
}

/// What a counter of 32 bits holds of this value: it wraps.
#[expect(clippy::cast_possible_truncation, reason = "meant: modulo 2^32")]
fn low(value: u64) -> u32 {
    value as u32
}

#[cfg(test)]
mod tests {
    use super::{AtomicU32, AtomicU64, Counter, Ordering};

    #[test]
    fn counters_of_both_widths_turn_odd_and_even_and_wrap() {
        let (narrow, wide) = (AtomicU32::new(u32::MAX - 1), AtomicU64::new(u64::MAX - 1));
        for (counter, last) in
            [(Counter::Narrow(&narrow), u64::from(u32::MAX) - 1), (Counter::Wide(&wide), u64::MAX - 1)]
        {
            let seen = counter.begin().unwrap();
            assert_eq!(seen, last);
            assert!(counter.is_still(seen));
            let odd = counter.enter().unwrap();
            assert!(counter.begin().is_none() && counter.enter().is_none() && !counter.is_still(seen));
            drop(odd);
            assert!(!counter.is_still(seen));
            assert_eq!(counter.begin(), Some(0), "it wraps");
        }
        assert_eq!((narrow.load(Ordering::Relaxed), wide.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn a_counter_never_goes_back_when_its_writer_was_taken_for_dead() {
        let word = AtomicU32::new(4);
        let counter = Counter::Narrow(&word);
        let slow = counter.enter().unwrap();
        assert!(counter.free());
        let seen = counter.begin().unwrap();
        drop(slow);
        assert!(!counter.is_still(seen) && counter.begin().is_some(), "the slow one still wrote");

        let slow = counter.enter().unwrap();
        assert!(counter.free());
        let next = counter.enter().unwrap();
        drop(slow);
        let seen = counter.begin().unwrap();
        drop(next);
        assert!(!counter.is_still(seen), "the next one still wrote");
        assert_eq!(counter.begin(), Some(14));
    }

    #[test]
    fn only_an_odd_counter_is_freed() {
        let word = AtomicU32::new(u32::MAX);
        let counter = Counter::Narrow(&word);
        assert!(counter.free());
        assert_eq!(counter.begin(), Some(0));
        assert!(!counter.free());
    }
}
