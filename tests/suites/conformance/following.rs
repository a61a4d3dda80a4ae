//! Readers that go on with the table that took the place of theirs.

use std::time::Duration;

use integration_tests::case::{every_backend, every_case};
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Part};
use integration_tests::records::{Pattern as _, Pattern64, Quote, quote};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Follower, Options, RawReader, Reader, Status, Value, Writer, remove};

const CAPACITY: usize = 4;
/// Longer than a follower looks away.
const LONG: Duration = Duration::from_secs(60);

/// Reads until it is this, which takes a moment after a look in vain.
#[track_caller]
fn comes(follower: &mut Follower<Quote>, expected: Quote) {
    until("the successor's value", || follower.read(0).unwrap() == expected);
}

#[test]
fn a_follower_reads_on_in_the_table_that_replaces_its_own() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut old = case.options().create::<Quote>(address, CAPACITY).unwrap();
        old.write(0, &quote(1)).unwrap();
        let mut follower = Follower::<Quote>::open(address).unwrap();
        assert_eq!(follower.read(0).unwrap(), quote(1));
        assert!(!follower.refresh().unwrap(), "it is current");
        for round in 2..5 {
            let mut next = case.options().replace::<Quote>(address, CAPACITY).unwrap();
            let record = follower.read_versioned(0).unwrap();
            assert_eq!((record.value, record.version), (quote(round - 1), (round - 1).unsigned_abs().into()));
            assert_eq!(follower.reader().status().unwrap(), Status::Alive);
            next.write(0, &quote(round)).unwrap();
            assert_eq!(follower.read_fresh(0, LONG).unwrap(), quote(round));
            assert_eq!(follower.snapshot(0..1).unwrap(), [quote(round)]);
        }
    });
}

#[test]
fn the_last_values_are_read_as_long_as_nothing_is_there() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let mut follower = Follower::from(Reader::<Quote>::open(address).unwrap());
        let mut reader = Reader::<Quote>::open(address).unwrap();
        remove(address).unwrap();
        for _ in 0..3 {
            assert_eq!(follower.read(0).unwrap(), quote(1));
            assert!(!reader.refresh().unwrap() && !follower.refresh().unwrap());
        }
        assert_eq!(reader.status().unwrap(), Status::Retired);
        let mut next = Writer::<Quote>::create(address, CAPACITY + 1).unwrap();
        next.write(0, &quote(2)).unwrap();
        assert!(reader.refresh().unwrap());
        assert_eq!((reader.read(0).unwrap(), reader.capacity()), (quote(2), CAPACITY + 1));
        assert!(!reader.refresh().unwrap(), "it is there now");
        comes(&mut follower, quote(2));
    });
}

#[test]
fn an_orphan_is_noticed_when_it_is_asked_for() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let mut follower = Follower::<Quote>::open(address).unwrap();
        place.remove(Part::Segment);
        assert!(!follower.refresh().unwrap(), "nothing is there");
        drop(writer);
        let mut next = Writer::<Quote>::create(address, CAPACITY).unwrap();
        next.write(0, &quote(2)).unwrap();
        assert_eq!(follower.read(0).unwrap(), quote(1), "no load tells");
        assert!(follower.refresh().unwrap());
        assert_eq!(follower.read(0).unwrap(), quote(2));
    });
}

#[test]
fn a_successor_of_another_record_is_an_error_and_the_last_values_stay() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let mut follower = Follower::<Quote>::open(address).unwrap();
        drop(Writer::<Pattern64>::replace(address, CAPACITY).unwrap());
        for _ in 0..2 {
            assert!(matches!(error_of(follower.refresh(), address), ErrorKind::LayoutMismatch { .. }));
            assert!(matches!(error_of(follower.read(0), address), ErrorKind::LayoutMismatch { .. }));
            assert_eq!(follower.reader().read(0).unwrap(), quote(1));
        }
        drop(Writer::<Quote>::replace(address, CAPACITY).unwrap());
        comes(&mut follower, integration_tests::records::NO_QUOTE);
    });
}

#[test]
fn a_raw_reader_goes_on_with_whatever_record_its_successor_has() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let mut raw = RawReader::open(address).unwrap();
        assert!(!raw.refresh().unwrap(), "it is current");
        remove(address).unwrap();
        assert!(!raw.refresh().unwrap(), "nothing is there");
        assert_eq!((raw.read(0).unwrap().version, raw.status().unwrap()), (1, Status::Retired));
        let mut next = Writer::<Pattern64>::create(address, CAPACITY + 1).unwrap();
        let record = Pattern64::of(CAPACITY, 1);
        next.write(CAPACITY, &record).unwrap();
        assert!(raw.refresh().unwrap());
        assert_eq!((raw.capacity(), raw.description().root().size), (CAPACITY + 1, 64));
        let words = Value::Array(record.words.map(Value::Unsigned).to_vec());
        assert_eq!(raw.read(CAPACITY).unwrap().fields, [("words", words)]);
        assert!(!raw.refresh().unwrap(), "it is there now");
    });
}

#[test]
fn it_is_opened_again_as_it_was_opened() {
    every_backend(|place| {
        if place.backend() == Backend::Memfd {
            return; // who was not given it has nothing to be refused
        }
        let address = place.address();
        let options = Options::new().mode(0o666);
        let make = || drop(options.create::<Quote>(address, CAPACITY).unwrap());
        make();
        let mut strict = Reader::<Quote>::open(address);
        assert!(matches!(error_of(strict, address), ErrorKind::TooPermissive { .. }));
        let mut lenient = options.open::<Quote>(address).unwrap();
        options.remove(address).unwrap();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        strict = Reader::open(address);
        let mut strict = strict.unwrap();
        remove(address).unwrap();
        make();
        assert!(matches!(error_of(strict.refresh(), address), ErrorKind::TooPermissive { .. }));
        assert!(lenient.refresh().unwrap());
    });
}
