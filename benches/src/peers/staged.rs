//! The stores of a write that goes ahead into a log, bare: as many as ours makes of one cell, in their order, with nothing asked or
//! checked between them. What a write that survives a kill costs at least on this processor: a limit, no contestant.

use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use super::bare::{Bare, End, Slot};
use super::{Peer, Place, Write};
use crate::miss::Outcome;
use crate::sample::Sample;
use crate::shared::Shared;

pub(crate) struct Staged;

pub(crate) struct Common<T: 'static> {
    /// The records, and the log's entry behind them.
    slots: Shared<Slot<T>>,
    /// The log's sequence, and the entry's target.
    words: Shared<AtomicU64>,
}

pub(crate) struct Writer<T: 'static> {
    slots: End<T>,
    entry: usize,
    words: &'static [AtomicU64],
}

impl<T: Sample> Peer<T> for Staged {
    type Common = Common<T>;
    type Writer = Writer<T>;
    type Reader = End<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Common<T>> {
        let words = Shared::new(2, |_| AtomicU64::new(0))?;
        Ok(Common { slots: Bare::prepare(place, records + 1)?, words })
    }

    fn writer(common: &'static Common<T>) -> Outcome<Writer<T>> {
        let entry = common.slots.len() - 1;
        Ok(Writer { slots: Bare::writer(&common.slots)?, entry, words: &common.words })
    }

    fn reader(common: &'static Common<T>) -> Outcome<End<T>> {
        Bare::reader(&common.slots)
    }
}

impl<T: Sample> Write<T> for Writer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        let [sequence, target] = self.words else { unreachable!("two words") };
        let (version, entry) = (self.slots.flag(index), self.slots.flag(self.entry));
        let (now, odd) = (version.load(Ordering::Relaxed), sequence.load(Ordering::Relaxed) + 1);
        sequence.store(odd, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        self.slots.put(self.entry, value);
        entry.store(index as u64, Ordering::Relaxed);
        target.store(now + 2, Ordering::Relaxed);
        sequence.store(odd + 1, Ordering::Release);
        version.store(now + 1, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        self.slots.put(index, value);
        version.store(now + 2, Ordering::Release);
    }
}
