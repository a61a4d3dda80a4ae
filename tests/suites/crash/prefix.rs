//! Every state that a killed writer can leave: a write's stores, made one after another behind the library's back, with
//! a death after each. Relies on `docs/FORMAT.md` for the stores and their order.

use integration_tests::case::every_case;
use integration_tests::image::Image;
use integration_tests::records::{Pattern, Pattern64};
use shmrecord::{RawReader, Reader, Versioned, Writer, field};

const CAPACITY: usize = 3;
const INDEX: usize = 1;
const WORDS: usize = 8;

#[test]
fn after_each_store_of_a_write_readers_and_successors_see_a_whole_value() {
    every_case(|case| {
        // The first write of a record, one in the middle, and one that comes round to the first cell.
        for version in [0, 3, u64::from(case.cells) * 2 - 1] {
            let place = case.place();
            let mut writer = case.options().create::<Pattern64>(place.address(), CAPACITY).unwrap();
            for index in [0, INDEX, 2] {
                for version in 1..=version {
                    writer.write(index, &Pattern64::of(index, version)).unwrap();
                }
            }
            drop(writer);
            let image = Image::of(&place);
            let before = image.bytes();
            let new = Pattern64::of(INDEX, version + 1);
            let stores = image.stores_of_write(INDEX as u64, &new.words);
            let reader = Reader::<Pattern64>::open(place.address()).unwrap();
            let raw = RawReader::open(place.address()).unwrap();
            for dead_after in 0..=stores.len() {
                image.put(0, &before);
                for &(offset, value) in &stores[..dead_after] {
                    image.set_word(offset, value);
                }
                let visible = match case.cells {
                    // The log's eight words and five more, its even sequence, the slot's odd version.
                    1 => dead_after >= WORDS + 7,
                    _ => dead_after == stores.len(),
                };
                let version = version + u64::from(visible);
                let expected = Versioned { value: Pattern64::of(INDEX, version), version };
                assert_eq!(reader.read_versioned(INDEX).unwrap(), expected, "dead after {dead_after}");
                assert_eq!(reader.version(INDEX).unwrap(), version, "dead after {dead_after}");
                check_all(&reader, expected, dead_after);
                let mut beginning = [0; 12];
                assert_eq!(
                    raw.read_bytes(INDEX, &mut beginning).unwrap(),
                    version,
                    "dead after {dead_after}"
                );
                let mut bytes = [0; 64];
                assert_eq!(raw.read_bytes(INDEX, &mut bytes).unwrap(), version, "dead after {dead_after}");
                let words: Vec<u8> =
                    expected.value.words.iter().flat_map(|word| word.to_le_bytes()).collect();
                assert_eq!(bytes[..], words, "dead after {dead_after}");
                assert_eq!(beginning, bytes[..12], "dead after {dead_after}");
                succeed(place.address(), &reader, expected, dead_after);
            }
            assert_eq!(stores.len(), if case.cells == 1 { 2 * WORDS + 8 } else { WORDS + 1 });
        }
    });
}

/// Reads of many records and of one field find that value, too.
fn check_all(reader: &Reader<Pattern64>, expected: Versioned<Pattern64>, dead_after: usize) {
    let mut all = [expected.value; CAPACITY];
    all[INDEX] = Pattern64::of(0, 0);
    reader.snapshot_into(0, &mut all).unwrap();
    assert_eq!(all[INDEX], expected.value, "dead after {dead_after}");
    let whole = reader.fold(0..CAPACITY, 0, |whole, index, record| whole + usize::from(record == all[index]));
    assert_eq!(whole.unwrap(), CAPACITY, "dead after {dead_after}");
    let words = reader.read_field(INDEX, field!(Pattern64, words)).unwrap();
    assert_eq!(words, expected.value.words, "dead after {dead_after}");
}

/// The next writer finds the same value, whole, and goes on from there.
fn succeed(address: &str, reader: &Reader<Pattern64>, expected: Versioned<Pattern64>, dead_after: usize) {
    let mut writer = Writer::<Pattern64>::open(address).unwrap();
    assert_eq!((writer.epoch(), reader.epoch()), (2, 2));
    assert_eq!(writer.read_versioned(INDEX).unwrap(), expected, "dead after {dead_after}");
    assert_eq!(reader.read_versioned(INDEX).unwrap(), expected, "dead after {dead_after}");
    // A write to another record makes the log forget this one: the slot itself must be whole.
    let other = writer.read_versioned(0).unwrap().version + 1;
    writer.write(0, &Pattern64::of(0, other)).unwrap();
    assert_eq!(reader.read_versioned(INDEX).unwrap(), expected, "dead after {dead_after}");
    let version = expected.version + 1;
    writer.write(INDEX, &Pattern64::of(INDEX, version)).unwrap();
    let next = Versioned { value: Pattern64::of(INDEX, version), version };
    assert_eq!(reader.read_versioned(INDEX).unwrap(), next, "dead after {dead_after}");
    for index in [0, 2] {
        let neighbour = reader.read_versioned(index).unwrap();
        assert_eq!(neighbour.value, Pattern64::of(index, neighbour.version), "dead after {dead_after}");
    }
}

#[test]
fn the_stores_are_those_of_the_library() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Pattern64>(place.address(), CAPACITY).unwrap();
        for version in 1..=10 {
            let image = Image::of(&place);
            let before = image.bytes();
            let new = Pattern64::of(INDEX, version);
            for (offset, value) in image.stores_of_write(INDEX as u64, &new.words) {
                image.set_word(offset, value);
            }
            let by_hand = image.bytes();
            image.put(0, &before);
            writer.write(INDEX, &new).unwrap();
            assert!(image.bytes() == by_hand, "version {version}: the segments differ");
        }
    });
}
