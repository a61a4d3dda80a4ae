//! Waiting: asleep or looking again, until something is published, the timeout, or the table's end. Relies on the public API.

use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{every_backend, every_case, with_and_without_doorbell};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::records::{Pattern, Pattern64, Quote, quote};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Options, RawReader, Reader, SharedWriter, Writer, remove};

const CAPACITY: usize = 40;
/// Longer than any wait that goes well takes.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(30);

#[test]
fn who_waits_for_a_record_gets_its_next_version() {
    every_case(|case| {
        for doorbell in [false, true] {
            let place = case.place();
            let options = case.options().doorbell(doorbell);
            let mut writer = options.create::<Pattern64>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Pattern64>::open(place.address()).unwrap();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    let mut seen = 0;
                    while seen < 20 {
                        let next = reader.wait(35, seen, LONG).unwrap().expect("it comes soon");
                        assert!(next > seen);
                        let record = reader.read_versioned(35).unwrap();
                        assert!(record.version >= next);
                        assert_eq!(record.value, Pattern64::of(35, record.version));
                        seen = record.version;
                    }
                });
                for version in 1..=20 {
                    writer.write(35, &Pattern64::of(35, version)).unwrap();
                    writer.write(3, &Pattern64::of(3, version)).unwrap();
                    thread::sleep(Duration::from_micros(200));
                }
                waiter.join().unwrap();
            });
        }
    });
}

#[test]
fn a_wait_ends_at_its_timeout_and_not_before() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        writer.write(7, &quote(1)).unwrap();
        for timeout in [Duration::ZERO, SHORT] {
            let before = Instant::now();
            assert_eq!(reader.wait(7, 1, timeout).unwrap(), None);
            assert_eq!(reader.wait_any(&[(7, 1), (8, 0)], timeout).unwrap(), None);
            let took = before.elapsed();
            assert!(took >= timeout * 2, "{took:?}");
        }
        for timeout in [Duration::ZERO, SHORT, Duration::MAX] {
            assert_eq!(reader.wait(7, 0, timeout).unwrap(), Some(1), "it has happened already");
            assert_eq!(reader.wait(7, 9, timeout).unwrap(), Some(1), "another version, be it an older one");
            assert_eq!(reader.wait_any(&[(3, 0), (7, 1), (39, 1), (7, 0)], timeout).unwrap(), Some(2));
        }
    });
}

#[test]
fn who_waits_for_any_of_several_records_is_told_which() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let raw = RawReader::open(place.address()).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        thread::scope(|scope| {
            let any = scope.spawn(|| reader.wait_any(&[(0, 0), (33, 0), (5, 0)], LONG).unwrap());
            let one = scope.spawn(|| raw.wait(33, 0, LONG).unwrap());
            thread::sleep(SHORT);
            // In the group of one that is waited for, but another record.
            writer.write(1, &quote(1)).unwrap();
            thread::sleep(SHORT);
            assert!(!any.is_finished() && !one.is_finished());
            writer.batch(|batch| batch.set(33, &quote(1))).unwrap();
            assert_eq!((any.join().unwrap(), one.join().unwrap()), (Some(1), Some(1)));
        });
    });
}

#[test]
fn who_waits_for_the_whole_table_is_told_of_every_kind_of_change() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut writer = Some(options.create::<Quote>(place.address(), CAPACITY).unwrap());
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!(reader.changes().unwrap(), 0);
        assert_eq!(reader.wait_table(0, SHORT).unwrap(), None);
        type Change = fn(&mut Option<Writer<Quote>>, &str);
        let changes: [Change; 3] = [
            |writer, _| writer.as_mut().unwrap().write(39, &quote(1)).unwrap(),
            |writer, _| writer.as_mut().unwrap().batch(|batch| batch.set(0, &quote(1))).unwrap(),
            |writer, address| {
                *writer = None;
                *writer = Some(Writer::open(address).unwrap());
            },
        ];
        for (count, change) in (0..).zip(changes) {
            thread::scope(|scope| {
                let waiter = scope.spawn(|| reader.wait_table(count, LONG).unwrap());
                thread::sleep(SHORT);
                assert!(!waiter.is_finished());
                change(&mut writer, place.address());
                assert_eq!(waiter.join().unwrap(), Some(count + 1));
            });
        }
        writer.unwrap().batch(|_| Ok(())).unwrap();
        assert_eq!(reader.changes().unwrap(), 3, "nothing was published");
    });
}

#[test]
fn a_whole_table_without_a_doorbell_cannot_be_waited_for() {
    every_backend(|place| {
        let _writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let what = "waiting for a whole table without a doorbell";
        for kind in [
            error_of(reader.wait_table(0, SHORT), place.address()),
            error_of(reader.changes(), place.address()),
        ] {
            assert_eq!(kind, ErrorKind::Unsupported { what });
        }
        let out = error_of(reader.wait(CAPACITY, 0, SHORT), place.address());
        assert_eq!(out, ErrorKind::IndexOutOfRange { index: 40, capacity: 40 });
        let none = error_of(reader.wait_any(&[], LONG), place.address());
        assert_eq!(none, ErrorKind::BadArgument { argument: "count" });
        let out = error_of(reader.wait_any(&[(0, 9), (CAPACITY, 0)], SHORT), place.address());
        assert_eq!(out, ErrorKind::IndexOutOfRange { index: 40, capacity: 40 });
    });
}

#[test]
fn removal_ends_every_wait_and_is_told_to_the_writer() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| error_of(reader.wait(7, 0, LONG), place.address()));
            thread::sleep(SHORT);
            remove(place.address()).unwrap();
            assert_eq!(waiter.join().unwrap(), ErrorKind::Retired);
        });
        for index in [7, 7, 8] {
            let kind = error_of(writer.write(index, &quote(1)), place.address());
            assert_eq!(kind, ErrorKind::Retired, "nobody new finds it");
        }
        let kind = error_of(writer.batch(|batch| batch.set(1, &quote(1))), place.address());
        assert_eq!(kind, ErrorKind::Retired);
        assert_eq!(reader.read(1).unwrap(), quote(1), "who has it open still sees it");
        assert_eq!(reader.wait(7, 0, SHORT).unwrap(), Some(2), "what has happened is told all the same");
    });
}

#[test]
fn a_removal_that_the_next_creator_finishes_is_told_to_the_writer() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        // All that its remover came to.
        Image::of(place).set_word(at::STATE, 2);
        thread::scope(|scope| {
            let waiter = scope.spawn(|| error_of(reader.wait(7, 0, LONG), place.address()));
            drop(options.create::<Quote>(place.address(), CAPACITY).unwrap());
            assert_eq!(waiter.join().unwrap(), ErrorKind::Retired);
        });
        assert_eq!(error_of(writer.write(7, &quote(1)), place.address()), ErrorKind::Retired);
    });
}

#[test]
fn writers_of_one_table_wake_who_waits_for_any_of_them() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut one = options.create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let mut other = SharedWriter::<Quote>::open(place.address()).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let changes = reader.changes().unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut seen = 0;
                while seen < 6 {
                    seen = reader.wait(4, seen, LONG).unwrap().expect("it comes soon");
                }
            });
            for version in 1..=3 {
                for writer in [&mut one, &mut other] {
                    thread::sleep(Duration::from_millis(2));
                    writer.write(4, &quote(version)).unwrap();
                }
            }
            waiter.join().unwrap();
        });
        assert_eq!(reader.changes().unwrap(), changes + 6);
    });
}

#[test]
fn a_doorbell_that_starts_again_from_zero_wakes_all_the_same() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let image = Image::of(place);
        image.put(at::DOORBELL, &(u32::MAX - 2).to_le_bytes());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut seen = 0;
                while seen < 6 {
                    seen = reader.wait(4, seen, LONG).unwrap().expect("it comes soon");
                }
            });
            for version in 1..=6 {
                until("it waits", || image.half(at::WAITING) & 1 << 4 != 0 || waiter.is_finished());
                writer.write(4, &quote(version)).unwrap();
            }
            waiter.join().unwrap();
        });
        assert_eq!(image.half(at::DOORBELL), 3, "six rings");
    });
}
