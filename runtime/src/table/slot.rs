//! One record's slot: its version word and its cells, at the places that the table's validated geometry gives. Relies on
//! `guard` for how they are read and written.

#![expect(unsafe_code, reason = "pointers into the mapping to places that the validated geometry gives")]

use super::{Places, Table, atomics, place};
use crate::guard::batch::Batch;
use crate::guard::doorbell::group_of;
use crate::guard::record;
use crate::region::map::Access;
use crate::sync::{AtomicU64, Ordering};
use crate::view::View;

/// Looks for the end of a write at most, however large the record is: some microseconds, for whose writer is dead waits for them in
/// vain, between two looks at the clock.
const MOST_LOOKS: usize = 1 << 14;

/// The place of one record, in bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'a> {
    pub(super) table: &'a Table,
    /// The table's.
    pub(super) places: Places,
    pub(super) index: usize,
}

impl<'a> Slot<'a> {
    /// How its record is read as one of another version.
    pub(crate) fn view(&self) -> Option<&'a View> {
        self.table.view()
    }

    /// Which record it is of.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    #[inline(always)]
    pub(super) fn version(&self) -> &'a AtomicU64 {
        let places = self.places;
        // SAFETY: `index < capacity`, for which the geometry was validated: version(index) is inside the mapping.
        let version = unsafe { places.first_version.add(self.index * places.versions_stride) };
        // SAFETY: as before, 8 bytes at a multiple of 8; the table owns the mapping and outlives 'a.
        let words = unsafe { atomics(version, 1) };
        &words[0]
    }

    #[inline(always)]
    pub(super) fn cell(&self, cell: u64) -> &'a [AtomicU64] {
        let places = self.places;
        debug_assert!(cell < u64::from(places.cells));
        let distance = self.index * places.record_stride + place(cell) * places.cell_stride;
        // SAFETY: `index < capacity`, and `cell < cells`, for it is 0 or what `guard::record` masks with `cells - 1`. The
        // geometry was validated for these: cell(index, cell) is inside the mapping.
        let cell = unsafe { places.first_cell.add(distance) };
        // SAFETY: as before, `words` words from a multiple of 8 on; the table owns the mapping and outlives 'a.
        unsafe { atomics(cell, places.words) }
    }

    /// The version that a read gives now.
    #[inline]
    pub(crate) fn published(&self) -> u64 {
        let word = self.version().load(Ordering::Relaxed);
        match self.places.cells {
            1 if word & 1 == 1 => self.published_under_way(),
            1 => word / 2,
            _ => word,
        }
    }

    /// As [`Slot::published`], of a slot that was being written: asks the log, whose answer holds unless it moves meanwhile.
    #[cold]
    fn published_under_way(&self) -> u64 {
        let mut word = 0;
        self.comes_to_rest();
        for _ in 0..64 {
            word = self.version().load(Ordering::Relaxed);
            let version = match word & 1 {
                0 => Some(word / 2),
                _ => record::version_under_way(self.version(), &self.table.log()),
            };
            if let Some(version) = version {
                return version;
            }
        }
        // A log that moves that fast has gone past this write.
        word.wrapping_add(1) / 2
    }

    /// One attempt to read a slot that nobody is writing: the version of the value that `load` has copied out of the cell that
    /// it got, or `None`: it was called in vain, or not at all.
    #[inline(always)]
    pub(crate) fn read_at_rest(&self, load: impl FnOnce(&[AtomicU64])) -> Option<u64> {
        match self.places.cells {
            1 => record::read_at_rest(self.version(), self.cell(0), load),
            cells => record::read_cells(self.version(), cells, |cell| self.cell(cell), load),
        }
    }

    /// One attempt to read, whatever state the writer left the slot in. As [`Slot::read_at_rest`].
    pub(crate) fn read(&self, mut load: impl FnMut(&[AtomicU64])) -> Option<u64> {
        self.read_at_rest(&mut load).or_else(|| match self.places.cells {
            1 => {
                if self.comes_to_rest()
                    && let Some(version) = self.read_at_rest(&mut load)
                {
                    return Some(version);
                }
                let log = self.table.log();
                record::read_under_way(self.version(), self.cell(0), &log, self.index as u64, load)
            }
            _ => None,
        })
    }

    /// Whether a write that is under way ends in a moment. To ask the log takes lines from its writer that this is about to need,
    /// so that is for writers who are dead or stopped.
    fn comes_to_rest(&self) -> bool {
        // The more lines its writer may have to fetch, the longer.
        let looks = 64 + (2 * self.places.words).min(MOST_LOOKS);
        (0..looks).any(|_| self.version().load(Ordering::Relaxed) & 1 == 0)
    }

    /// Adds `words`, the record's, to a batch that does not have it yet and has room.
    pub(crate) fn put(&self, batch: &mut Batch<'_>, words: &[u64]) {
        batch.put(self.index as u64, self.version(), words);
    }

    /// The bit of the group that it is waited for in.
    #[inline(always)]
    pub(crate) fn group(&self) -> u32 {
        group_of(self.index)
    }

    /// Publishes `words`, the record's; [`Table::mark`] is to follow. The caller holds the role.
    #[inline(always)]
    pub(crate) fn write(&self, words: &[u64]) {
        debug_assert_eq!(self.table.segment.map().access(), Access::Write);
        let count = words.len();
        match self.places.cells {
            1 => {
                let cell = &self.cell(0)[..count];
                record::write_logged(self.version(), cell, &self.table.log(), self.index as u64, words);
            }
            cells => record::write_cells(self.version(), cells, |cell| &self.cell(cell)[..count], words),
        }
    }
}
