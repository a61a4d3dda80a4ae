//! A table in an array of words: what a writer can do to it, what a reader can see of it. Relies on the protocol's sources.

#![expect(unsafe_code, reason = "words that the protocol takes as perhaps uninitialised")]

use std::mem::MaybeUninit;

use shmrecord_layout::abi;

use crate::guard::batch::{self, Batch};
use crate::guard::copy;
use crate::guard::log::{Entry, Log};
use crate::guard::record;
use crate::sync::{AtomicU64, Ordering, Store};

/// Records.
pub(crate) const RECORDS: usize = 3;
/// Words of a record.
const WORDS: usize = 2;

/// Words of an entry of the log, which has one for each record.
const ENTRY: usize = WORDS + 2;
/// What is behind the log.
const COMMITTED: usize = abi::log::ENTRIES / 8 + RECORDS * ENTRY;
const VERSIONS: usize = COMMITTED + 1;
const CELLS: usize = VERSIONS + RECORDS;
/// Records of up to four cells.
const END: usize = CELLS + RECORDS * 4 * WORDS;

/// A record: its version and words.
pub(crate) type Record = (u64, [u64; WORDS]);

/// All records.
pub(crate) type State = [Record; RECORDS];

/// What a writer does: the records, each with its words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Write(usize, [u64; WORDS]),
    /// The first so many records at one instant.
    Batch(usize, [u64; WORDS]),
    /// Begins such a batch and gives it up.
    GiveUp(usize, [u64; WORDS]),
}

/// Its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    cells: u32,
    words: [AtomicU64; END],
}

impl Table {
    /// Records of so many cells with these versions, whose words are all 0; a log that is at this sequence.
    pub(crate) fn new(cells: u32, versions: [u64; RECORDS], sequence: u64) -> Self {
        let table = Self { cells, words: [const { AtomicU64::new(0) }; END] };
        let is_logged = u64::from(cells == 1);
        table.words[abi::log::SEQ / 8].store(sequence & !1, Ordering::Relaxed);
        for (index, version) in versions.iter().enumerate() {
            table.words[VERSIONS + index].store(version << is_logged, Ordering::Relaxed);
        }
        table
    }

    /// Makes a store, at this many bytes from the beginning of a table.
    #[inline]
    pub(crate) fn repeat(&self, (offset, value): Store) {
        let word = (offset - std::mem::offset_of!(Self, words)) / 8;
        self.words[word].store(value, Ordering::Relaxed);
    }

    pub(crate) fn cells(&self) -> u32 {
        self.cells
    }

    fn log(&self) -> Log<'_> {
        let (head, entries) = self.words[..COMMITTED].split_first_chunk().unwrap();
        Log::new(head, Entry::at(entries, WORDS), entries, ENTRY, &self.words[COMMITTED])
    }

    fn cell(&self, index: usize, cell: u64) -> &[AtomicU64] {
        let number = index * self.cells as usize + usize::try_from(cell).expect("a number of a cell");
        &self.words[CELLS + number * WORDS..][..WORDS]
    }

    fn slot(&self, index: u64) -> Option<batch::Slot<'_>> {
        let index = usize::try_from(index).ok().filter(|&index| index < RECORDS)?;
        Some((&self.words[VERSIONS + index], self.cell(index, 0)))
    }

    pub(crate) fn make(&self, operation: Operation) {
        match operation {
            Operation::Write(index, words) => {
                let version = &self.words[VERSIONS + index];
                if self.cells == 1 {
                    record::write_logged(version, self.cell(index, 0), &self.log(), index as u64, &words);
                } else {
                    record::write_cells(version, self.cells, |cell| self.cell(index, cell), &words);
                }
            }
            Operation::Batch(count, words) => self.fill(count, words).commit(|index| self.slot(index)),
            Operation::GiveUp(count, words) => drop(self.fill(count, words)),
        }
    }

    /// In descending order, which no search is spared.
    fn fill(&self, count: usize, words: [u64; WORDS]) -> Batch<'_> {
        let mut batch = Batch::begin(self.log());
        for index in (0..count).rev() {
            batch.put(index as u64, &self.words[VERSIONS + index], &words.map(|word| word + index as u64));
        }
        batch
    }

    /// Takes over from a dead writer.
    #[inline]
    pub(crate) fn recover(&self) {
        if self.cells == 1 {
            self.log().recover(|index| self.slot(index));
        }
    }

    /// What the operation makes of a state when nobody dies.
    pub(crate) fn after(&self, state: &State, operation: Operation) -> State {
        let mut after = *state;
        let mut put = |index: usize, words| {
            let word = state[index].0.wrapping_add(1) << u32::from(self.cells == 1);
            after[index] = (word >> u32::from(self.cells == 1), words);
        };
        match operation {
            Operation::Write(index, words) => put(index, words),
            Operation::Batch(count, words) => {
                (0..count).for_each(|index| put(index, words.map(|word| word + index as u64)));
            }
            Operation::GiveUp(..) => {}
        }
        after
    }

    /// One attempt to read all records in one state, as `table` makes it, and to tell their versions.
    #[inline]
    pub(crate) fn state(&self) -> Option<State> {
        let mut state = State::default();
        batch::in_one_state(&self.words[COMMITTED], || {
            for (index, record) in state.iter_mut().enumerate() {
                *record = self.read(index)?;
                (self.version(index)? == record.0).then_some(())?;
            }
            Some(state)
        })?
    }

    #[inline]
    fn read(&self, index: usize) -> Option<Record> {
        let mut out = [MaybeUninit::new(0); WORDS];
        let version = &self.words[VERSIONS + index];
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
        let words = out.map(|word| unsafe { word.assume_init() });
        found.map(|version| (version, words))
    }

    #[inline]
    fn version(&self, index: usize) -> Option<u64> {
        let version = &self.words[VERSIONS + index];
        let word = version.load(Ordering::Relaxed);
        match (self.cells, word & 1) {
            (1, 0) => Some(word / 2),
            (1, _) => record::version_under_way(version, &self.log()),
            _ => Some(word),
        }
    }

    /// Whether nothing is half-done: no log, no slot.
    pub(crate) fn is_at_rest(&self) -> bool {
        let is_even = |word: &AtomicU64| word.load(Ordering::Relaxed) & 1 == 0;
        self.cells > 1
            || is_even(&self.words[abi::log::SEQ / 8]) && self.words[VERSIONS..CELLS].iter().all(is_even)
    }
}
