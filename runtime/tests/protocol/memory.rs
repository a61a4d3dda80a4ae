//! A table on loom's atomics: what a writer can do to it, what a reader can see of it. Relies on the protocol's sources;
//! knows no model.

#![expect(unsafe_code, reason = "words that the protocol takes as perhaps uninitialised")]

use std::mem::MaybeUninit;

use crate::guard::batch::{self, Batch};
use crate::guard::copy;
use crate::guard::log::{Entry, Log};
use crate::guard::record;
use crate::sync::{AtomicU64, Ordering};

/// Records.
pub(crate) const RECORDS: usize = 2;
/// Words in front of the log's first entry, then its entries, as many as there are records.
const HEAD: usize = shmrecord_layout::abi::log::ENTRIES / 8;

/// Its words.
#[derive(Debug)]
pub(crate) struct Memory {
    words: usize,
    cells: u32,
    log: Vec<AtomicU64>,
    committed: AtomicU64,
    versions: Vec<AtomicU64>,
    content: Vec<Vec<AtomicU64>>,
}

/// A record: its version and words.
pub(crate) type Found = (u64, Vec<u64>);

/// All records.
pub(crate) type State = Vec<Found>;

/// What a writer does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Writes this record.
    Write(usize),
    /// Writes these records at one instant.
    Batch(&'static [usize]),
    /// Begins such a batch and gives it up.
    GiveUp(&'static [usize]),
    /// Takes over from a dead writer.
    Recover,
}

/// What a reader does, in one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Look {
    /// Reads this record.
    Read(usize),
    /// Asks for the version of this record.
    Version(usize),
    /// Reads all records in one state.
    Snapshot,
}

impl Memory {
    /// Records of so many words in so many cells, never written.
    pub(crate) fn new(words: usize, cells: u32) -> Self {
        let zeros = |count| (0..count).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        Self {
            words,
            cells,
            log: zeros(HEAD + RECORDS * (words + 2)),
            committed: AtomicU64::new(0),
            versions: zeros(RECORDS),
            content: (0..RECORDS * cells as usize).map(|_| zeros(words)).collect(),
        }
    }

    fn log(&self) -> Log<'_> {
        let (head, entries) = self.log.split_first_chunk().unwrap();
        Log::new(head, Entry::at(entries, self.words), entries, self.words + 2, &self.committed)
    }

    fn cell(&self, index: usize, cell: u64) -> &[AtomicU64] {
        &self.content[index * self.cells as usize + usize::try_from(cell).unwrap()]
    }

    fn slot(&self, index: u64) -> Option<batch::Slot<'_>> {
        let index = usize::try_from(index).ok().filter(|&index| index < RECORDS)?;
        Some((&self.versions[index], self.cell(index, 0)))
    }

    /// The words of a record that this step writes: no two steps write the same.
    fn value(&self, index: usize, step: u64) -> Vec<u64> {
        (0..self.words as u64).map(|word| step * 100 + index as u64 * 10 + word + 1).collect()
    }

    /// Makes a step, the one of this number.
    pub(crate) fn make(&self, step: Step, number: u64) {
        match step {
            Step::Write(index) => {
                let (version, words) = (&self.versions[index], self.value(index, number));
                if self.cells == 1 {
                    record::write_logged(version, self.cell(index, 0), &self.log(), index as u64, &words);
                } else {
                    record::write_cells(version, self.cells, |cell| self.cell(index, cell), &words);
                }
            }
            Step::Batch(indices) => self.fill(indices, number).commit(|index| self.slot(index)),
            Step::GiveUp(indices) => drop(self.fill(indices, number)),
            Step::Recover if self.cells == 1 => self.log().recover(|index| self.slot(index)),
            Step::Recover => {}
        }
    }

    /// What the step of this number makes of a state when nobody dies.
    pub(crate) fn after(&self, state: &State, step: Step, number: u64) -> State {
        let mut after = state.clone();
        let written = match &step {
            Step::Write(index) => std::slice::from_ref(index),
            Step::Batch(indices) => indices,
            Step::GiveUp(_) | Step::Recover => &[],
        };
        for &index in written {
            after[index] = (state[index].0 + 1, self.value(index, number));
        }
        after
    }

    fn fill(&self, indices: &[usize], number: u64) -> Batch<'_> {
        let mut batch = Batch::begin(self.log());
        for &index in indices {
            batch.put(index as u64, &self.versions[index], &self.value(index, number));
        }
        batch
    }

    /// One attempt to read a record, as `table` makes it.
    pub(crate) fn read(&self, index: usize) -> Option<Found> {
        let mut out = vec![MaybeUninit::new(0); self.words];
        let version = &self.versions[index];
        let found = if self.cells == 1 {
            let cell = self.cell(index, 0);
            record::read_at_rest(version, cell, |cell| copy::load(cell, &mut out)).or_else(|| {
                record::read_under_way(version, cell, &self.log(), index as u64, |cell| {
                    copy::load(cell, &mut out)
                })
            })
        } else {
            record::read_cells(
                version,
                self.cells,
                |cell| self.cell(index, cell),
                |cell| copy::load(cell, &mut out),
            )
        };
        // SAFETY: every word had a value from the beginning.
        let words = out.into_iter().map(|word| unsafe { word.assume_init() }).collect();
        found.map(|version| (version, words))
    }

    /// One attempt to tell a version, as `table` makes it.
    pub(crate) fn version(&self, index: usize) -> Option<u64> {
        let word = self.versions[index].load(Ordering::Relaxed);
        match (self.cells, word & 1) {
            (1, 0) => Some(word / 2),
            (1, _) => record::version_under_way(&self.versions[index], &self.log()),
            _ => Some(word),
        }
    }

    /// One attempt to read all records in one state.
    pub(crate) fn snapshot(&self) -> Option<Vec<Found>> {
        batch::in_one_state(&self.committed, || (0..RECORDS).map(|index| self.read(index)).collect())?
    }
}
