//! The write-ahead log: what the writer is about to put into slots, complete before it touches them. Relies on `sync` and
//! `copy`; borrows its words, knows no mapping.
//!
//! Before the even sequence is stored the write has not happened; from the odd version on it has, though the cell may
//! never be finished. While the writer fills the log the slots stand still, and the other way round. When the log holds a
//! batch, the odd version alone does not say that it has happened: `committed` does, for all its slots at once. How
//! batches are written, and how both are recovered, is in `batch`.

use shmrecord_layout::abi;

use crate::guard::copy;
use crate::sync::{AtomicU64, Ordering, fence};

const SEQ: usize = abi::log::SEQ / 8;
const COUNT: usize = abi::log::COUNT / 8;
const BATCH_ID: usize = abi::log::BATCH_ID / 8;
/// Words in front of the entries.
pub(crate) const HEAD: usize = abi::log::ENTRIES / 8;

/// The log's words, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log<'a> {
    head: &'a [AtomicU64; HEAD],
    /// Where single writes go.
    first: Entry<'a>,
    entries: &'a [AtomicU64],
    /// Words from one entry to the next.
    stride: usize,
    /// The number of the last batch that is committed.
    pub(super) committed: &'a AtomicU64,
}

/// One entry: the record's words, the index, the version word that the slot will have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(super) words: &'a [AtomicU64],
    pub(super) index: &'a AtomicU64,
    pub(super) target: &'a AtomicU64,
}

impl<'a> Entry<'a> {
    /// The entry with these words, and these behind them.
    #[inline(always)]
    pub(crate) fn new(words: &'a [AtomicU64], [index, target]: &'a [AtomicU64; 2]) -> Self {
        Self { words, index, target }
    }

    /// The entry that begins here, with a cell of so many words.
    #[inline(always)]
    pub(crate) fn at(area: &'a [AtomicU64], words: usize) -> Self {
        let (words, behind) = area.split_at(words);
        Self::new(words, behind.first_chunk().expect("an entry has an index and a target"))
    }

    /// Stores what the slot is about to get.
    #[inline(always)]
    pub(super) fn fill(&self, index: u64, target: u64, words: &[u64]) {
        copy::store(words, &self.words[..words.len()]);
        self.index.store(index, Ordering::Relaxed);
        self.target.store(target, Ordering::Relaxed);
    }
}

impl<'a> Log<'a> {
    /// The log with this head and these entries, of `stride` words each; `first` is the first of them.
    #[inline(always)]
    pub(crate) fn new(
        head: &'a [AtomicU64; HEAD],
        first: Entry<'a>,
        entries: &'a [AtomicU64],
        stride: usize,
        committed: &'a AtomicU64,
    ) -> Self {
        Self { head, first, entries, stride, committed }
    }

    /// The entry at this place.
    #[inline(always)]
    pub(super) fn entry(&self, at: usize) -> Entry<'a> {
        Entry::at(&self.entries[at * self.stride..], self.first.words.len())
    }

    pub(super) fn capacity(&self) -> usize {
        self.entries.len() / self.stride
    }

    /// Makes one write known: after this the value is complete here, whatever happens to the writer.
    #[inline(always)]
    pub(crate) fn stage(&self, index: u64, target: u64, words: &[u64]) {
        let odd = self.sequence() | 1;
        self.begin(odd);
        self.first.fill(index, target, words);
        self.end(odd, 1, 0);
    }

    /// The sequence: odd while the log is being filled.
    #[inline(always)]
    pub(super) fn sequence(&self) -> u64 {
        self.head[SEQ].load(Ordering::Relaxed)
    }

    /// Begins to fill the log, which says nothing from this odd sequence on until [`Log::end`].
    #[inline(always)]
    pub(super) fn begin(&self, odd: u64) {
        self.head[SEQ].store(odd, Ordering::Relaxed);
        // Pairs with the acquire fence behind a reader's copy of the entry: a reader that saw a word of the new entry
        // sees the odd sequence too. It also keeps these stores behind those that finished the slot before.
        fence(Ordering::Release);
    }

    /// Ends what began with this odd sequence: so many entries, of this batch, or of 0 for a single write.
    #[inline(always)]
    pub(super) fn end(&self, odd: u64, count: u64, batch: u64) {
        // Nearly always so already, and a load is cheaper than a store: stores are what a write's time goes into.
        for (word, value) in [(COUNT, count), (BATCH_ID, batch)] {
            if self.head[word].load(Ordering::Relaxed) != value {
                self.head[word].store(value, Ordering::Relaxed);
            }
        }
        // Pairs with the acquire fence behind a reader's load of the sequence: who sees it even sees the whole entry.
        self.head[SEQ].store(odd.wrapping_add(1), Ordering::Release);
    }

    /// Empties the log if its filling never ended: what it was to hold never happens, and every slot was finished before.
    /// `false`: it is whole.
    pub(super) fn empty(&self) -> bool {
        let seq = self.sequence();
        let is_odd = seq & 1 == 1;
        if is_odd {
            self.end(seq, 0, 0);
        }
        is_odd
    }

    /// The entries in use. Their number comes from the segment and is bounded by what fits.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        let count = usize::try_from(self.head[COUNT].load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let log = *self;
        (0..count.min(self.capacity())).map(move |at| log.entry(at))
    }

    /// The batch that the entries are of; 0 for a single write.
    pub(super) fn batch(&self) -> u64 {
        self.head[BATCH_ID].load(Ordering::Relaxed)
    }

    /// Whether what the log holds of this batch has happened. A single write has.
    pub(super) fn is_committed(&self, batch: u64) -> bool {
        batch <= self.committed.load(Ordering::Relaxed)
    }

    /// Has `load` copy the value out that record `index` has while its version word is this odd one: the logged one, or that
    /// of its `cell` when it belongs to a batch that is not committed. Gives the even version word of that value. `None`: the log
    /// holds nothing of this, or moved meanwhile.
    pub(crate) fn read(
        &self,
        index: u64,
        odd: u64,
        cell: &[AtomicU64],
        load: impl FnOnce(&[AtomicU64]),
    ) -> Option<u64> {
        let target = odd.wrapping_add(1);
        self.look(|committed| {
            let entry = self.entries().find(|entry| {
                entry.index.load(Ordering::Relaxed) == index && entry.target.load(Ordering::Relaxed) == target
            })?;
            let (from, version) =
                if committed { (entry.words, target) } else { (cell, target.wrapping_sub(2)) };
            load(from);
            Some(version)
        })
    }

    /// The even version word of the value that a slot with this odd one has, as [`Log::read`] gives it. `None`: the log
    /// moved meanwhile.
    pub(crate) fn version(&self, odd: u64) -> Option<u64> {
        self.look(|committed| Some(if committed { odd.wrapping_add(1) } else { odd.wrapping_sub(1) }))
    }

    /// What `see` finds in a whole log that it is told to be committed or not, if neither changes meanwhile.
    fn look<R>(&self, see: impl FnOnce(bool) -> Option<R>) -> Option<R> {
        let seen = self.sequence();
        // Pairs with the release store of the even sequence in `end`.
        fence(Ordering::Acquire);
        if seen & 1 == 1 {
            return None;
        }
        let batch = self.batch();
        let committed = self.is_committed(batch);
        let found = see(committed)?;
        // Pairs with the release fence behind the odd sequence in `begin`: who saw a word of the next entries sees that
        // sequence. And with the one in front of the cell's words in `finish`: who saw one sees the batch committed.
        fence(Ordering::Acquire);
        let unchanged = self.sequence() == seen && self.is_committed(batch) == committed;
        unchanged.then_some(found)
    }
}
