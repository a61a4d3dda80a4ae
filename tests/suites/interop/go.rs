//! A reader in Go, written from `docs/FORMAT.md` alone: it prints what it reads, and here that is compared. Tables under
//! System V keys and POSIX names, at rest, beside a writer at full speed, after every store that a writer can die of.

use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{CELLS, Case};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern64, Pattern256, Pattern4096, Quote, quote};
use shmrecord::{Arrangement, Reader, ShmRecord, Writer};

use crate::tools::go_reader;

/// What this program can attach to.
const BACKENDS: [Backend; 2] = [Backend::Sysv, Backend::Posix];
const CAPACITY: usize = 3;

/// The Go program, attached to a table.
struct Go(Actor);

/// A record as the Go program prints it.
#[derive(Debug, PartialEq)]
struct Printed {
    index: usize,
    version: u64,
    words: Vec<u64>,
}

impl Go {
    /// Starts it, and gives its first line.
    fn start<T: ShmRecord>(reader: &str, address: &str) -> (Self, String) {
        let mut actor = Actor::start(reader, &[address, &format!("{:x}", T::LAYOUT.layout_id)]);
        let first = actor.line();
        (Self(actor), first)
    }

    /// What it reads in so many reads, one record after the other.
    fn read(&mut self, reads: usize) -> Vec<Printed> {
        self.0.say(&reads.to_string());
        (0..reads).map(|_| Printed::parse(&self.0.line())).collect()
    }
}

impl Printed {
    fn parse(line: &str) -> Self {
        let mut parts = line.split(' ');
        let mut number = || parts.next().and_then(|text| text.parse().ok());
        let (Some(index), Some(version)) = (number(), number()) else { panic!("from Go: {line}") };
        let index = usize::try_from(index).expect("an index");
        let words = parts.map(|word| u64::from_str_radix(word, 16).expect("a word in hexadecimal")).collect();
        Self { index, version, words }
    }

    /// Whether it is the only right value of its record in its version.
    fn is_whole<P: Pattern>(&self) -> bool {
        P::of(self.index, self.version).words() == self.words
    }
}

/// Every combination that this program can read.
fn every_case(test: impl Fn(&Case)) {
    for backend in BACKENDS {
        for cells in CELLS {
            for arrangement in Arrangement::ALL {
                test(&Case { backend, cells, arrangement });
            }
        }
    }
}

#[test]
fn go_reads_the_values_that_were_written() {
    let Some(reader) = go_reader() else { return };
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        for number in 1..=9 {
            writer.write(1, &quote(number)).unwrap();
        }
        let (mut go, first) = Go::start::<Quote>(reader, place.address());
        assert_eq!(first, format!("table {CAPACITY} 1"), "{case}");
        // Symbol and padding, price, volume.
        let words = vec![u64::from_le_bytes(*b"S9\0\0\0\0\0\0"), 0, 4.5_f64.to_bits(), 9];
        let never = |index| Printed { index, version: 0, words: vec![0; 4] };
        let written = Printed { index: 1, version: 9, words };
        assert_eq!(go.read(CAPACITY), [never(0), written, never(2)], "{case}");
    });
}

#[test]
fn after_each_store_of_a_killed_write_go_reads_what_rust_reads() {
    let Some(go_reader) = go_reader() else { return };
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Pattern64>(place.address(), CAPACITY).unwrap();
        for version in 1..=5 {
            writer.write(1, &Pattern64::of(1, version)).unwrap();
        }
        drop(writer);
        let image = Image::of(&place);
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        let (mut go, _) = Go::start::<Pattern64>(go_reader, place.address());
        let mut seen = Vec::new();
        for (offset, value) in image.stores_of_write(1, &Pattern64::of(1, 6).words) {
            image.set_word(offset, value);
            let records = go.read(CAPACITY);
            assert!(records.iter().all(Printed::is_whole::<Pattern64>), "{case}: {records:x?}");
            assert_eq!(records[1].version, reader.read_versioned(1).unwrap().version, "{case}");
            seen.push(records[1].version);
        }
        assert_eq!((seen.first(), seen.last()), (Some(&5), Some(&6)), "{case}");
    });
}

#[test]
fn beside_a_writer_and_behind_killed_ones_go_reads_whole_records_of_one_cell() {
    beside_killed_writers::<Pattern4096>(Backend::Sysv, 1, Arrangement::Split);
}

#[test]
fn beside_a_writer_and_behind_killed_ones_go_reads_whole_records_of_four_cells() {
    beside_killed_writers::<Pattern256>(Backend::Posix, 4, Arrangement::Line);
}

fn beside_killed_writers<P: Pattern>(backend: Backend, cells: u32, arrangement: Arrangement) {
    const KILLS: u64 = 20;
    let Some(reader) = go_reader() else { return };
    let place = Place::new(backend);
    let address = place.address();
    let start = || actor!("write", address, CAPACITY, cells, arrangement.name(), size_of::<P>());
    let mut writer = start();
    assert_eq!(writer.line(), "ready 1");
    let (mut go, _) = Go::start::<P>(reader, address);
    let ours = Reader::<P>::open(address).unwrap();
    let mut seen = [0; CAPACITY];
    let (mut changes, mut half_written) = (0, 0);
    for kill in 1..=KILLS {
        for record in go.read(100 * CAPACITY) {
            let seen = &mut seen[record.index];
            assert!(record.is_whole::<P>(), "kill {kill}, after version {seen}: {record:x?}");
            assert!(record.version >= *seen, "kill {kill}: {} after {seen}", record.version);
            changes += u32::from(record.version > *seen);
            *seen = record.version;
        }
        thread::sleep(Duration::from_micros(kill * 377 % 2000));
        writer.kill();
        half_written += u32::from(Image::of(&place).is_half_written());
        for record in go.read(CAPACITY) {
            let expected = ours.read_versioned(record.index).unwrap();
            assert_eq!((record.version, &record.words[..]), (expected.version, expected.value.words()));
        }
        writer = start();
        assert_eq!(writer.line(), format!("ready {}", kill + 1));
    }
    println!("{changes} changes seen; {half_written} of {KILLS} kills fell into a write");
    assert!(changes > 0, "{seen:?}");
}

#[test]
fn go_refuses_what_is_not_the_table_it_expects() {
    let Some(reader) = go_reader() else { return };
    for backend in BACKENDS {
        let place = Place::new(backend);
        let address = place.address();
        assert!(Go::start::<Quote>(reader, address).1.ends_with("no such file or directory"));
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let image = Image::of(&place);
        let before = image.bytes();
        for (offset, forge, said) in [
            (at::MAGIC, false, "refused: bad magic"),
            (at::CAPACITY, false, "refused: bad checksum of the header"),
            (at::ABI_VERSION, true, "refused: format version 165 "),
            (at::SEGMENT_BYTES, true, &format!("refused: {} bytes, the header says ", before.len())),
            (at::CAPACITY, true, "refused: bad geometry: "),
            (at::CELLS_OFFSET, true, "refused: bad geometry: "),
            (at::LOG_OFFSET, true, "refused: bad geometry: "),
            (at::STATE, false, "refused: the table was removed"),
        ] {
            image.put(offset, &[0xa5]);
            if forge {
                image.forge(offset, &[0xa5]);
            }
            let (_, found) = Go::start::<Quote>(reader, address);
            image.put(0, &before);
            assert!(found.starts_with(said), "{address}: byte {offset}: {found}");
        }
        let (_, said) = Go::start::<Pattern64>(reader, address);
        assert!(said.starts_with("refused: layout_id "), "{said}");
        assert_eq!(Go::start::<Quote>(reader, address).1, format!("table {CAPACITY} 1"));
    }
}
