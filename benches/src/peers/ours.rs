//! shmrecord itself, in the shapes that are to be told apart: cells, arrangement, how a record is read, whether a reader sleeps.

use std::time::Duration;

use shmrecord::{Arrangement, Options, Reader, Writer};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::Sample;

/// A read that takes longer, beside a writer without a pause, counts as failed.
const PATIENCE: Duration = Duration::from_millis(20);
/// No wake takes longer.
const LONG: Duration = Duration::from_secs(10);

/// A table of so many cells, in the arrangement with this number, or in the one that a table gets that asks for none.
pub(crate) struct Ours<const CELLS: u32, const ARRANGEMENT: usize>;

pub(crate) const LINE: usize = Arrangement::Line as usize;
pub(crate) const PACKED: usize = Arrangement::Packed as usize;
pub(crate) const SPLIT: usize = Arrangement::Split as usize;
pub(crate) const FITTING: usize = usize::MAX;

/// Where a table will be, and how large.
pub(crate) struct Table {
    address: String,
    records: usize,
    options: Options,
}

impl Table {
    fn new(place: &Place, records: usize, options: Options) -> Self {
        Self { address: address(place), records, options: options.timeout(PATIENCE) }
    }
}

fn address(place: &Place) -> String {
    format!("posix:/{}", place.name())
}

fn remove(place: &Place) {
    // It may never have come to be.
    let _ = shmrecord::remove(&address(place));
}

impl<T: Sample, const CELLS: u32, const ARRANGEMENT: usize> Peer<T> for Ours<CELLS, ARRANGEMENT> {
    type Common = Table;
    type Writer = Writer<T>;
    type Reader = Poller<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Table> {
        let options = Options::new().cells(CELLS);
        let asked = Arrangement::ALL.get(ARRANGEMENT);
        let options = asked.map_or(options.clone(), |arrangement| options.arrangement(*arrangement));
        Ok(Table::new(place, records, options))
    }

    fn writer(table: &'static Table) -> Outcome<Writer<T>> {
        Ok(table.options.create(&table.address, table.records)?)
    }

    fn reader(table: &'static Table) -> Outcome<Poller<T>> {
        Poller::open(table, ARRANGEMENT)
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Write<T> for Writer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        Self::write(self, index, value).expect("it is in range");
    }
}

/// A reader that looks for what is new: of a record of one line that does not share it with its version by reading it each time,
/// otherwise by asking for the version alone.
pub(crate) struct Poller<T> {
    reader: Reader<T>,
    seen: u64,
    is_eager: bool,
}

impl<T: Sample> Poller<T> {
    fn open(table: &Table, arrangement: usize) -> Outcome<Self> {
        let bytes = size_of::<T>();
        let is_beside = [LINE, PACKED].contains(&arrangement) && bytes + 8 <= 64;
        let is_eager = bytes <= 64 && !is_beside;
        Ok(Self { reader: table.options.open(&table.address)?, seen: 0, is_eager })
    }
}

impl<T: Sample> Read<T> for Poller<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.reader.read_into(index, out).is_ok()
    }

    fn await_tag(&mut self, tag: u64, out: &mut T) {
        loop {
            if self.is_eager {
                if let Some(record) = self.reader.read_since(0, self.seen).expect("it is whole") {
                    (self.seen, *out) = (record.version, record.value);
                }
            } else {
                let mut version = self.seen;
                while version == self.seen {
                    version = self.reader.version(0).expect("it is in range");
                }
                self.seen = version;
                assert!(self.read(0, out), "it is whole");
            }
            if out.tag() == tag {
                return;
            }
        }
    }

    /// All at one instant, which reading one by one does not promise.
    fn scan(&mut self, out: &mut [T]) {
        self.reader.snapshot_into(0, out).expect("no batch comes between");
    }
}

/// The default table, read by value: `read` instead of `read_into`.
pub(crate) struct ByValue;

pub(crate) struct ValueReader<T>(Reader<T>);

impl<T: Sample> Peer<T> for ByValue {
    type Common = Table;
    type Writer = Writer<T>;
    type Reader = ValueReader<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Table> {
        Ok(Table::new(place, records, Options::new()))
    }

    fn writer(table: &'static Table) -> Outcome<Writer<T>> {
        Ok(table.options.create(&table.address, table.records)?)
    }

    fn reader(table: &'static Table) -> Outcome<ValueReader<T>> {
        Ok(ValueReader(table.options.open(&table.address)?))
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Read<T> for ValueReader<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.0.read(index).map(|value| *out = value).is_ok()
    }

    fn scan(&mut self, out: &mut [T]) {
        self.0.fold(0..out.len(), (), |(), index, record| out[index] = record).expect("all can be read");
    }
}

/// The default table with a doorbell, and a reader that sleeps until it rings.
pub(crate) struct Waiting;

pub(crate) struct Sleeper<T> {
    reader: Reader<T>,
    seen: u64,
}

impl<T: Sample> Peer<T> for Waiting {
    type Common = Table;
    type Writer = Writer<T>;
    type Reader = Sleeper<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Table> {
        Ok(Table::new(place, records, Options::new().doorbell(true)))
    }

    fn writer(table: &'static Table) -> Outcome<Writer<T>> {
        Ok(table.options.create(&table.address, table.records)?)
    }

    fn reader(table: &'static Table) -> Outcome<Sleeper<T>> {
        Ok(Sleeper { reader: table.options.open(&table.address)?, seen: 0 })
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Read<T> for Sleeper<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.reader.read_into(index, out).is_ok()
    }

    fn await_tag(&mut self, tag: u64, out: &mut T) {
        while !(self.read(0, out) && out.tag() == tag) {
            self.seen = self.reader.wait(0, self.seen, LONG).expect("it lives").expect("it comes");
        }
    }
}
