//! Every state that a writer killed in a batch can leave, and a successor killed in its recovery: the stores made one after
//! another behind the library's back, with a death after each. Relies on `docs/FORMAT.md` for the stores and their order.

use integration_tests::case::{Case, every_case};
use integration_tests::image::{Image, Store, at};
use integration_tests::place::Place;
use integration_tests::records::{Pattern, Pattern64};
use shmrecord::{RawReader, Reader, Value, Versioned, Writer};

const CAPACITY: usize = 4;
/// In an order of their own.
const BATCH: [usize; 3] = [2, 0, 3];
/// Versions before, those of the batch's records and of the one beside them.
const BEFORE: u64 = 3;

/// Tables of one cell: the others have no batches.
fn every_case_with_a_log(test: impl Fn(&Case)) {
    every_case(|case| {
        if case.cells == 1 {
            test(case);
        }
    });
}

fn create(case: &Case, place: &Place) -> Writer<Pattern64> {
    let mut writer = case.options().create::<Pattern64>(place.address(), CAPACITY).unwrap();
    for version in 1..=BEFORE {
        for index in 0..CAPACITY {
            writer.write(index, &Pattern64::of(index, version)).unwrap();
        }
    }
    writer
}

fn records() -> Vec<(u64, Vec<u64>)> {
    let record = |&index| (index as u64, Pattern64::of(index, BEFORE + 1).words.to_vec());
    BATCH.iter().map(record).collect()
}

/// The place of the one store that makes the batch visible.
fn instant(stores: &[Store]) -> usize {
    stores.iter().position(|(offset, _)| *offset == at::COMMIT_SEQ).unwrap()
}

#[test]
fn after_each_store_of_a_batch_and_of_its_recovery_all_of_it_is_seen_or_nothing() {
    every_case_with_a_log(|case| {
        let place = case.place();
        drop(create(case, &place));
        let image = Image::of(&place);
        let before = image.bytes();
        let stores = image.stores_of_batch(&records());
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        let raw = RawReader::open(place.address()).unwrap();
        let mut deaths = 0;
        for dead_after in 0..=stores.len() {
            image.put(0, &before);
            image.make(&stores[..dead_after]);
            let dead = image.bytes();
            let published = dead_after > instant(&stores);
            expect(&reader, &raw, published);
            let recovery = image.stores_of_recovery();
            for again in 0..=recovery.len() {
                image.put(0, &dead);
                image.make(&recovery[..again]);
                expect(&reader, &raw, published);
                succeed(place.address(), &reader, &raw, published);
                deaths += 1;
            }
        }
        println!("{case}: {deaths} deaths");
        assert!(deaths > 2 * stores.len());
    });
}

/// Every way to read gives every record as it should be.
fn expect(reader: &Reader<Pattern64>, raw: &RawReader, published: bool) {
    let mut all = Vec::new();
    for index in 0..CAPACITY {
        let version = BEFORE + u64::from(published && BATCH.contains(&index));
        let expected = Versioned { value: Pattern64::of(index, version), version };
        assert_eq!(reader.read_versioned(index).unwrap(), expected);
        assert_eq!(reader.version(index).unwrap(), version);
        all.push(expected);
    }
    let values: Vec<_> = all.iter().map(|record| record.value).collect();
    assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), values);
    for (record, expected) in raw.snapshot(0..CAPACITY).unwrap().iter().zip(&all) {
        assert_eq!(record.version, expected.version);
        let words = expected.value.words.map(Value::Unsigned).to_vec();
        assert_eq!(record.fields, [("words", Value::Array(words))]);
    }
}

/// The next writer finds the same, whole, and goes on from there, with a write and with a batch.
fn succeed(address: &str, reader: &Reader<Pattern64>, raw: &RawReader, published: bool) {
    let mut writer = Writer::<Pattern64>::open(address).unwrap();
    assert_eq!(writer.epoch(), 2);
    expect(reader, raw, published);
    let mut versions = [0, 1, 2, 3].map(|index| reader.version(index).unwrap());
    // The log forgets the batch: the slots themselves must be whole.
    versions[1] += 1;
    writer.write(1, &Pattern64::of(1, versions[1])).unwrap();
    let values = |versions: &[u64]| -> Vec<_> {
        versions.iter().enumerate().map(|(index, version)| Pattern64::of(index, *version)).collect()
    };
    assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), values(&versions));
    let next = versions.map(|version| version + 1);
    writer
        .batch(|batch| {
            (0..CAPACITY).try_for_each(|index| batch.set(index, &Pattern64::of(index, next[index])))
        })
        .unwrap();
    assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), values(&next));
}

#[test]
fn the_stores_are_those_of_the_library() {
    every_case_with_a_log(|case| {
        let place = case.place();
        let mut writer = create(case, &place);
        let image = Image::of(&place);
        let before = image.bytes();
        let stores = image.stores_of_batch(&records());
        image.make(&stores);
        let by_hand = image.bytes();
        image.put(0, &before);
        writer
            .batch(|batch| {
                BATCH.iter().try_for_each(|&index| batch.set(index, &Pattern64::of(index, BEFORE + 1)))
            })
            .unwrap();
        assert!(image.bytes() == by_hand, "the segments differ");
        drop(writer);
        for dead_after in 0..=stores.len() {
            image.put(0, &before);
            image.make(&stores[..dead_after]);
            let dead = image.bytes();
            image.make(&image.stores_of_recovery());
            let by_hand = image.bytes();
            image.put(0, &dead);
            drop(Writer::<Pattern64>::open(place.address()).unwrap());
            // From epoch to commit_seq, and in the stamp, the take-over stores what it knows.
            let [start, stamp] = [at::COMMIT_SEQ, at::STAMP].map(|offset| usize::try_from(offset).unwrap());
            for range in [start..stamp, stamp + 8..by_hand.len()] {
                let [ours, theirs] = [&image.bytes(), &by_hand].map(|bytes| bytes[range.clone()].to_vec());
                assert!(ours == theirs, "dead after {dead_after}: the segments differ");
            }
        }
    });
}
