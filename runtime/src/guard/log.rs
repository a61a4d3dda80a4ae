//! The write-ahead log: what the writer is about to put into slots, and recovery from it after its death. Relies on
//! `sync` and `copy`; borrows its words, knows no mapping.
//!
//! Before the even sequence is stored the write has not happened; from the odd version on it has, though the cell may
//! never be finished. While the writer fills the log the slots stand still, and the other way round.

use std::mem::MaybeUninit;

use shmrecord_layout::abi;

use crate::guard::copy;
use crate::sync::{AtomicU64, Ordering, fence};

const SEQ: usize = abi::log::SEQ / 8;
const COUNT: usize = abi::log::COUNT / 8;
const BATCH_ID: usize = abi::log::BATCH_ID / 8;
const ENTRIES: usize = abi::log::ENTRIES / 8;

/// The log's words, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log<'a> {
    area: &'a [AtomicU64],
    /// Words from one entry to the next.
    stride: usize,
    /// Words of a cell, and so of the value in an entry.
    words: usize,
}

/// One entry: the record's words, the index, the version word that the slot will have.
struct Entry<'a> {
    words: &'a [AtomicU64],
    index: &'a AtomicU64,
    target: &'a AtomicU64,
}

impl<'a> Log<'a> {
    /// The log in these words: its head, then entries of `stride` words each, which begin with a cell of `words` words.
    #[inline(always)]
    pub(crate) fn new(area: &'a [AtomicU64], stride: usize, words: usize) -> Self {
        Self { area, stride, words }
    }

    /// The entry at this place.
    #[inline(always)]
    fn entry(&self, at: usize) -> Entry<'a> {
        let (start, words) = (ENTRIES + at * self.stride, self.words);
        let entry = &self.area[start..start + words + 2];
        Entry { words: &entry[..words], index: &entry[words], target: &entry[words + 1] }
    }

    fn capacity(&self) -> usize {
        (self.area.len() - ENTRIES) / self.stride
    }

    /// Makes one write known: after this the value is complete here, whatever happens to the writer.
    #[inline(always)]
    pub(crate) fn stage(&self, index: u64, target: u64, words: &[u64]) {
        let entry = self.entry(0);
        let odd = self.area[SEQ].load(Ordering::Relaxed) | 1;
        self.area[SEQ].store(odd, Ordering::Relaxed);
        // Pairs with the acquire fence behind a reader's copy of the entry: a reader that saw a word of the new entry
        // sees the odd sequence too. It also keeps these stores behind those that finished the slot before.
        fence(Ordering::Release);
        copy::store(words, &entry.words[..words.len()]);
        entry.index.store(index, Ordering::Relaxed);
        entry.target.store(target, Ordering::Relaxed);
        // Nearly always so already, and a load is cheaper than a store: stores are what a write's time goes into.
        for (word, value) in [(COUNT, 1), (BATCH_ID, 0)] {
            if self.area[word].load(Ordering::Relaxed) != value {
                self.area[word].store(value, Ordering::Relaxed);
            }
        }
        // Pairs with the acquire fence behind a reader's load of the sequence: who sees it even sees the whole entry.
        self.area[SEQ].store(odd.wrapping_add(1), Ordering::Release);
    }

    /// Copies the beginning of the logged value for this index and target out. `false`: it is not here, or the log moved
    /// meanwhile.
    pub(crate) fn read(&self, index: u64, target: u64, out: &mut [MaybeUninit<u64>]) -> bool {
        let seen = self.area[SEQ].load(Ordering::Relaxed);
        // Pairs with the release store of the even sequence in `stage`.
        fence(Ordering::Acquire);
        if seen & 1 == 1 {
            return false;
        }
        let found = self.entries().find(|entry| {
            entry.index.load(Ordering::Relaxed) == index && entry.target.load(Ordering::Relaxed) == target
        });
        let Some(entry) = found else {
            return false;
        };
        copy::load(&entry.words[..out.len()], out);
        // Pairs with the release fence behind the odd sequence in `stage`.
        fence(Ordering::Acquire);
        self.area[SEQ].load(Ordering::Relaxed) == seen
    }

    /// The entries in use. Their number comes from the segment and is bounded by what fits.
    fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        let count = usize::try_from(self.area[COUNT].load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let log = *self;
        (0..count.min(self.capacity())).map(move |at| log.entry(at))
    }

    /// Finishes what a dead writer left. `slot` gives version word and cell of an index, or `None` for one out of range.
    /// Only the new holder of the role may call this; it may itself die anywhere and be repeated.
    pub(crate) fn recover<'s>(&self, slot: impl Fn(u64) -> Option<(&'s AtomicU64, &'s [AtomicU64])>) {
        let seq = self.area[SEQ].load(Ordering::Relaxed);
        if seq & 1 == 1 {
            // It died while it filled the log: that write never happened, and every slot was finished before.
            self.area[COUNT].store(0, Ordering::Relaxed);
            // Pairs with the acquire fence behind a reader's load of the sequence.
            self.area[SEQ].store(seq.wrapping_add(1), Ordering::Release);
            return;
        }
        for entry in self.entries() {
            let target = entry.target.load(Ordering::Relaxed);
            let Some((version, cell)) = slot(entry.index.load(Ordering::Relaxed)) else {
                continue;
            };
            // Readers take the value from the log until the version is even again, so the cell may be overwritten.
            if target & 1 == 0 && version.load(Ordering::Relaxed) == target.wrapping_sub(1) {
                // Pairs with the acquire fence behind a reader's copy of the cell: who saw a word of these stores sees the
                // odd version that was just loaded, too.
                fence(Ordering::Release);
                for (from, to) in entry.words.iter().zip(cell) {
                    to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
                }
                // Pairs with the acquire fence behind a reader's first load.
                version.store(target, Ordering::Release);
            }
        }
    }
}
