//! The table that an operation meets: its first record is written, the second is what it becomes, the third is a neighbour,
//! and the last was never written. Relies on the runtime's public API.

use std::fmt::Debug;

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern64, Pattern256, Quote, quote};
use shmrecord::{Arrangement, Options, ShmRecord, Versioned};

/// Records in a table; the programs create as many.
pub(crate) const RECORDS: usize = 4;

/// What the records of a table are.
pub(crate) type Records<T> = [Versioned<T>; RECORDS];

/// A record that the program `step` writes.
pub(crate) trait Stepped: ShmRecord + Copy + Debug + PartialEq {
    /// What the program calls that.
    const WRITE: &'static str;
    /// A value for record `index` in this version.
    fn of(index: usize, version: u64) -> Self;
}

impl Stepped for Pattern64 {
    const WRITE: &'static str = "write-64";
    fn of(index: usize, version: u64) -> Self {
        Pattern::of(index, version)
    }
}

impl Stepped for Pattern256 {
    const WRITE: &'static str = "write";
    fn of(index: usize, version: u64) -> Self {
        Pattern::of(index, version)
    }
}

impl Stepped for Quote {
    const WRITE: &'static str = "write-padded";
    fn of(index: usize, version: u64) -> Self {
        let version = i32::try_from(version).expect("a few versions");
        quote(10 * version + i32::try_from(index).expect("a few records"))
    }
}

/// Cells and arrangement of a table, and the version of its first record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) cells: u32,
    pub(crate) arrangement: Arrangement,
    pub(crate) version: u64,
    /// Many writers take turns.
    pub(crate) many: bool,
    /// Every write stores the time and wakes who waits, and every record is waited for.
    pub(crate) announces: bool,
    /// The writer with this slot died in its turn, in the middle of another write to the first record.
    pub(crate) orphan: Option<u32>,
}

impl Shape {
    /// A table of one writer, who has done its work.
    pub(crate) const PLAIN: Self = Self {
        cells: 1,
        arrangement: Arrangement::Split,
        version: 2,
        many: false,
        announces: false,
        orphan: None,
    };

    /// Another one in each round, the first of which overwrites a cell.
    pub(crate) fn of_round(cells: u32, round: u64) -> Self {
        let (every, cells_too) = (Arrangement::ALL, u64::from(cells));
        let turn = usize::try_from(round + cells_too).expect("a few rounds");
        let version = (round + cells_too) % (2 * cells_too + 1);
        Self { cells, arrangement: every[turn % every.len()], version, ..Self::PLAIN }
    }

    /// A table of this shape, whose writer is gone.
    pub(crate) fn table<T: Stepped>(self) -> Place {
        let place = Place::new(Backend::Posix);
        let options = Options::new().cells(self.cells).arrangement(self.arrangement);
        // A short log, so that looking at the whole table takes little time.
        let options = if self.cells == 1 { options.log_entries(2) } else { options };
        let options = options.doorbell(self.announces).stamps(self.announces);
        let first = (1..=self.version).map(|version| (0, T::of(0, version)));
        let values = first.chain([(1, T::of(0, self.version + 1)), (2, T::of(2, 1)), (2, T::of(2, 2))]);
        if self.many {
            let mut writer = options.create_shared::<T>(place.address(), RECORDS).expect("a new table");
            values.for_each(|(index, value)| writer.write(index, &value).expect("an index in range"));
        } else {
            let mut writer = options.create::<T>(place.address(), RECORDS).expect("a new table");
            values.for_each(|(index, value)| writer.write(index, &value).expect("an index in range"));
        }
        let image = Image::of(&place);
        if self.announces {
            image.put(at::WAITING, &u32::MAX.to_le_bytes());
        }
        if let Some(slot) = self.orphan {
            // The value that record 1 has is complete in the log, and the cell half overwritten.
            let words = image.get(image.cell_at(1, 1 % u64::from(self.cells)), size_of::<T>());
            let words: Vec<u64> = words
                .chunks_exact(8)
                .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
                .collect();
            let stores = image.stores_of_write(0, &words);
            image.make(&stores[..stores.len() - 1 - words.len() / 2]);
            image.put(at::LOCK, &(slot + 1).to_le_bytes());
        }
        place
    }
}
