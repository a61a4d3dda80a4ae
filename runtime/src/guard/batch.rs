//! Batches: records of one log that become new at one instant, and recovery of what a dead writer left. Relies on `log`;
//! borrows its words, knows no mapping.
//!
//! A batch completes its values in the log, marks its slots (odd version, cell untouched), and commits by one store of the
//! number of the last committed batch: a reader of a marked slot takes the cell's value before that, the log's after it.
//! Then the slots are finished one by one. What is left to do after a death at any point is what the writer would have done
//! next, or, before the commit, to take the marks away; so recovery may itself die anywhere and be repeated.

use std::mem::MaybeUninit;

use crate::guard::copy;
use crate::guard::log::{Entry, Log};
use crate::sync::{AtomicU64, Ordering, fence};

/// Version word and cell of a record.
pub(crate) type Slot<'a> = (&'a AtomicU64, &'a [AtomicU64]);

/// A batch that is being filled, in the log. Dropped, it leaves nothing. Only the holder of the role may have one.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    log: Log<'a>,
    odd: u64,
    count: usize,
    /// The least index above all that are in it: who comes in this order is searched for nowhere.
    above: u64,
}

impl<'a> Batch<'a> {
    /// An empty one.
    pub(crate) fn begin(log: Log<'a>) -> Self {
        // Always another one: in C a batch that is being filled and was forgotten finds out.
        let odd = log.sequence().wrapping_add(1) | 1;
        log.begin(odd);
        Self { log, odd, count: 0, above: 0 }
    }

    /// Records in it.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Records that fit.
    pub(crate) fn capacity(&self) -> usize {
        self.log.capacity()
    }

    /// Whether this record is in it.
    pub(crate) fn contains(&self, index: u64) -> bool {
        self.find(index).is_some()
    }

    /// Copies the value out that this batch has for a record. `false`: it has none.
    pub(crate) fn get(&self, index: u64, out: &mut [MaybeUninit<u64>]) -> bool {
        let found = self.find(index);
        if let Some(entry) = &found {
            copy::load(&entry.words[..out.len()], out);
        }
        found.is_some()
    }

    fn find(&self, index: u64) -> Option<Entry<'a>> {
        let log = self.log;
        let mut entries = (0..if index < self.above { self.count } else { 0 }).map(|at| log.entry(at));
        entries.find(|entry| entry.index.load(Ordering::Relaxed) == index)
    }

    /// Adds a record: one that is not in it yet, and for which there is room.
    pub(crate) fn put(&mut self, index: u64, version: &AtomicU64, words: &[u64]) {
        // Even while a log is being filled; the mask keeps a word that somebody else made odd usable.
        let now = version.load(Ordering::Relaxed) & !1;
        self.log.entry(self.count).fill(index, now.wrapping_add(2), words);
        self.count += 1;
        self.above = self.above.max(index.wrapping_add(1));
    }

    /// Publishes all of it at once. `slot` gives the slot of an index that was put.
    pub(crate) fn commit<'s>(self, slot: impl Fn(u64) -> Option<Slot<'s>>) {
        if self.count == 0 {
            return;
        }
        let log = self.log;
        let batch = log.committed.load(Ordering::Relaxed).wrapping_add(1);
        log.end(self.odd, self.count as u64, batch);
        // The release fence in `begin` stands in front of these: who sees a mark finds this log.
        for entry in log.entries() {
            if let Some((version, _)) = slot(entry.index.load(Ordering::Relaxed)) {
                version.store(entry.target.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
            }
        }
        // Pairs with the acquire fence behind a reader's load of it: who sees the batch committed sees all its marks.
        log.committed.store(batch, Ordering::Release);
        log.finish(slot);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // Does nothing once it is committed.
        self.log.empty();
    }
}

/// Runs reads of several records. `None`: a batch was committed meanwhile, so that they may be of two states.
pub(crate) fn in_one_state<R>(committed: &AtomicU64, reads: impl FnOnce() -> R) -> Option<R> {
    // The fences of each read stand behind this load and pair with the release store in `commit`: its check fails for a slot
    // that it found as it was before this batch. They stand in front of the load below, too: who read a value of a later
    // batch sees its number there.
    let before = committed.load(Ordering::Relaxed);
    let result = reads();
    (committed.load(Ordering::Relaxed) == before).then_some(result)
}

impl Log<'_> {
    /// Finishes or takes back what a dead writer left. `slot` gives the slot of an index, or `None` for one out of range.
    /// Only the new holder of the role may call this; it may itself die anywhere and be repeated.
    pub(crate) fn recover<'s>(&self, slot: impl Fn(u64) -> Option<Slot<'s>>) {
        if self.empty() {
            return;
        }
        if self.is_committed(self.batch()) {
            self.finish(slot);
        } else {
            self.take_back(slot);
        }
    }

    /// Puts the logged values into the slots that are still odd.
    fn finish<'s>(&self, slot: impl Fn(u64) -> Option<Slot<'s>>) {
        for (entry, target, (version, cell)) in self.odd_slots(slot) {
            // Pairs with the acquire fence behind a reader's copy of the cell: who saw a word of these stores sees the odd
            // version, and of a batch that it is committed. So readers take the value from the log, and the cell may be
            // overwritten.
            fence(Ordering::Release);
            for (from, to) in entry.words.iter().zip(cell) {
                to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            // Pairs with the acquire fence behind a reader's first load.
            version.store(target, Ordering::Release);
        }
    }

    /// Takes the marks of a batch away that was not committed: no cell was touched.
    fn take_back<'s>(&self, slot: impl Fn(u64) -> Option<Slot<'s>>) {
        for (_, target, (version, _)) in self.odd_slots(slot) {
            // Pairs with the acquire fence behind a reader's first load: who sees this version sees the cell of old.
            version.store(target.wrapping_sub(2), Ordering::Release);
        }
    }

    /// The entries whose slots are odd because of them, with target and slot.
    fn odd_slots<'s>(
        &self,
        slot: impl Fn(u64) -> Option<Slot<'s>>,
    ) -> impl Iterator<Item = (Entry<'_>, u64, Slot<'s>)> {
        self.entries().filter_map(move |entry| {
            let target = entry.target.load(Ordering::Relaxed);
            let (version, cell) = slot(entry.index.load(Ordering::Relaxed))?;
            let odd = target.wrapping_sub(1);
            (odd & 1 == 1 && version.load(Ordering::Relaxed) == odd).then_some((
                entry,
                target,
                (version, cell),
            ))
        })
    }
}
