//! Batches and snapshots: all of a batch or nothing, what is refused, what a snapshot is. Relies on the public API only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use integration_tests::case::{CELLS, every_backend, every_case};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{NO_QUOTE, Pattern, Pattern64, Quote, quote};
use integration_tests::timing::{EXCESS, is_kept, timed};
use shmrecord::{Batch, ErrorKind, Options, RawReader, Reader, Result, Versioned, Writer};

const CAPACITY: usize = 5;

/// A table whose records 0 to 4 are quotes 0 to 4, with a log of three entries.
fn table(place: &Place) -> (Writer<Quote>, Reader<Quote>) {
    let mut writer = Options::new().log_entries(3).create::<Quote>(place.address(), CAPACITY).unwrap();
    for (index, number) in (0..).zip(0..5) {
        writer.write(index, &quote(number)).unwrap();
    }
    let reader = Reader::open(place.address()).unwrap();
    (writer, reader)
}

fn unchanged(reader: &Reader<Quote>) -> bool {
    reader.snapshot(0..CAPACITY).unwrap() == [0, 1, 2, 3, 4].map(quote)
        && (0..CAPACITY).all(|index| reader.read_versioned(index).unwrap().version == 1)
}

#[test]
fn a_batch_is_published_as_a_whole_when_its_closure_ends() {
    every_backend(|place| {
        let (mut writer, reader) = table(place);
        let given = writer
            .batch(|batch| {
                assert_eq!(batch.get(4)?, quote(4));
                batch.set(4, &quote(14))?;
                batch.set(0, &quote(10))?;
                assert_eq!((batch.get(4)?, batch.get(0)?, batch.get(1)?), (quote(14), quote(10), quote(1)));
                assert!(unchanged(&reader), "nobody sees it yet");
                batch.set(2, &quote(12))?;
                Ok("given back")
            })
            .unwrap();
        assert_eq!(given, "given back");
        assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), [10, 1, 12, 3, 14].map(quote));
        assert_eq!(reader.read_versioned(4).unwrap(), Versioned { value: quote(14), version: 2 });
        writer.write(4, &quote(24)).unwrap();
        writer.batch(|batch| batch.set(4, &quote(34))).unwrap();
        assert_eq!(reader.read_versioned(4).unwrap(), Versioned { value: quote(34), version: 4 });
        assert_eq!(reader.read(1).unwrap(), quote(1));
    });
}

#[test]
fn a_batch_that_ends_otherwise_leaves_nothing() {
    every_backend(|place| {
        let (mut writer, reader) = table(place);
        let image = Image::of(place);
        let expect_nothing = |writer: &mut Writer<Quote>, what: &str| {
            assert!(unchanged(&reader), "{what}");
            assert_eq!(image.word(image.word(at::LOG_OFFSET)) % 2, 0, "{what}");
            assert_eq!(writer.read_versioned(0).unwrap().version, 1, "{what}");
        };
        writer.batch(|_| Ok(())).unwrap();
        expect_nothing(&mut writer, "nothing was set");
        type Fill = fn(&mut Batch<'_, Quote>) -> Result<()>;
        let refused: [(Fill, ErrorKind); 4] = [
            (
                |batch| batch.set(0, &quote(9)).and_then(|()| batch.set(CAPACITY, &quote(9))),
                ErrorKind::IndexOutOfRange { index: CAPACITY as u64, capacity: CAPACITY as u64 },
            ),
            (
                |batch| batch.set(3, &quote(9)).and_then(|()| batch.set(3, &quote(9))),
                ErrorKind::BadArgument { argument: "index" },
            ),
            (
                |batch| (0..4).try_for_each(|index| batch.set(index, &quote(9))),
                ErrorKind::BadArgument { argument: "batch" },
            ),
            (
                |batch| {
                    batch.set(0, &quote(9))?;
                    batch.set(0, &quote(9)).unwrap_err();
                    Ok(())
                },
                ErrorKind::BadArgument { argument: "batch" },
            ),
        ];
        for (fill, kind) in refused {
            assert_eq!(error_of(writer.batch(fill), place.address()), kind);
            expect_nothing(&mut writer, &format!("{kind:?}"));
        }
        let panicking = |batch: &mut Batch<'_, Quote>| -> Result<()> {
            batch.set(0, &quote(9))?;
            panic!("in the middle");
        };
        catch_unwind(AssertUnwindSafe(|| writer.batch(panicking))).unwrap_err();
        expect_nothing(&mut writer, "a panic");
        writer.batch(|batch| (0..3).try_for_each(|index| batch.set(index, &quote(9)))).unwrap();
        assert_eq!(reader.snapshot(0..4).unwrap(), [9, 9, 9, 3].map(quote));
    });
}

#[test]
fn tables_of_several_cells_refuse_batches_and_give_snapshots() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let result = writer.batch(|batch| batch.set(0, &quote(1)));
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let published = if case.cells == 1 { quote(1) } else { NO_QUOTE };
        if case.cells == 1 {
            result.unwrap();
        } else {
            let kind = error_of(result, place.address());
            assert_eq!(kind, ErrorKind::BadArgument { argument: "cells" });
        }
        writer.write(3, &quote(3)).unwrap();
        assert_eq!(
            reader.snapshot(0..CAPACITY).unwrap(),
            [published, NO_QUOTE, NO_QUOTE, quote(3), NO_QUOTE]
        );
        let raw = RawReader::open(place.address()).unwrap();
        let versions: Vec<u64> = raw.snapshot(1..4).unwrap().iter().map(|record| record.version).collect();
        assert_eq!(versions, [0, 0, 1]);
    });
    assert!(CELLS.contains(&1));
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
fn snapshots_of_impossible_ranges_are_refused() {
    let place = Place::new(Backend::Posix);
    let (_writer, reader) = table(&place);
    assert_eq!(reader.snapshot(5..5).unwrap(), []);
    assert_eq!(reader.snapshot(2..4).unwrap(), [2, 3].map(quote));
    for (range, index) in [(0..6, 5), (6..6, 5), (5..usize::MAX, u64::MAX - 1)] {
        let kind = ErrorKind::IndexOutOfRange { index, capacity: CAPACITY as u64 };
        assert_eq!(error_of(reader.snapshot(range), place.address()), kind);
    }
    let kind = error_of(reader.snapshot(3..2), place.address());
    assert_eq!(kind, ErrorKind::BadArgument { argument: "range" });
}

#[test]
fn a_batch_of_as_many_records_as_a_log_can_have() {
    const MANY: usize = 1 << 16;
    let place = Place::new(Backend::Posix);
    let mut writer = Options::new().log_entries(1 << 16).create::<Pattern64>(place.address(), MANY).unwrap();
    writer.batch(|batch| (0..MANY).try_for_each(|index| batch.set(index, &Pattern64::of(index, 1)))).unwrap();
    let reader = Reader::<Pattern64>::open(place.address()).unwrap();
    let all = reader.snapshot(0..MANY).unwrap();
    assert!(all.iter().enumerate().all(|(index, value)| *value == Pattern64::of(index, 1)));
}

#[test]
fn a_snapshot_beside_batches_without_a_pause_keeps_its_deadline() {
    // One pass takes longer than a deadline may be missed by.
    const MANY: usize = 1 << 20;
    let place = Place::new(Backend::Posix);
    let mut writer = Writer::<Quote>::create(place.address(), MANY).unwrap();
    // Longer than it takes until the writer has its turn to run.
    for timeout in [50, 100].map(Duration::from_millis) {
        let options = Options::new().timeout(timeout);
        let reader = options.open::<Quote>(place.address()).unwrap();
        let raw = options.open_raw(place.address()).unwrap();
        for is_raw in [false, true] {
            let read = || {
                if is_raw { raw.snapshot(0..MANY).map(drop) } else { reader.snapshot(0..MANY).map(drop) }
            };
            is_kept(timeout + EXCESS, || {
                let (result, took) = thread::scope(|scope| {
                    let reading = scope.spawn(|| timed(read));
                    while !reading.is_finished() {
                        writer.batch(|batch| batch.set(0, &quote(1))).unwrap();
                    }
                    reading.join().unwrap()
                });
                // It may have been quicker than the next batch.
                if let Err(error) = result {
                    assert!(matches!(error.kind(), ErrorKind::Contended { attempts: 1.. }), "{error}");
                    assert!(error.to_string().contains("records 0..1048576"), "{error}");
                    assert!(took >= timeout);
                }
                ((), took)
            });
        }
    }
    // What nobody disturbs takes its time, whatever there is of it.
    let reader = Options::new().timeout(Duration::ZERO).open::<Quote>(place.address()).unwrap();
    assert_eq!(reader.snapshot(0..MANY).unwrap()[0], quote(1));
}
