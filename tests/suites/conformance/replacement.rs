//! Tables that take the place of others, whoever writes to those.

use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{CELLS, every_backend, every_case, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Part};
use integration_tests::records::{Pattern, Pattern64, Pattern256, Quote, quote};
use integration_tests::waiting::until;
use shmrecord::{Arrangement, ErrorKind, Options, Reader, Status, Versioned, Writer, remove};

const CAPACITY: usize = 5;

/// Record `index` is published as often as its index says.
fn publish(writer: &mut Writer<Pattern64>) {
    for index in 0..CAPACITY {
        for version in 1..=index as u64 {
            writer.write(index, &Pattern64::of(index, version)).unwrap();
        }
    }
}

#[track_caller]
fn check(reader: &Reader<Pattern64>) {
    for index in 0..reader.capacity() {
        let version = if index < CAPACITY { index as u64 } else { 0 };
        let expected = Versioned { value: Pattern64::of(index, version), version };
        assert_eq!(reader.read_versioned(index).unwrap(), expected, "record {index}");
    }
}

#[test]
fn values_and_versions_are_carried_over_to_every_shape() {
    every_case(|case| {
        for (cells, arrangement) in
            [(1, Arrangement::Packed), (4, Arrangement::Line), (8, Arrangement::Split)]
        {
            for capacity in [CAPACITY, 2, CAPACITY + 3] {
                let place = case.place();
                let address = place.address();
                let mut old = case.options().create::<Pattern64>(address, CAPACITY).unwrap();
                publish(&mut old);
                let options = Options::new().cells(cells).arrangement(arrangement);
                let mut next = options.replace::<Pattern64>(address, capacity).unwrap();
                assert_eq!((old.status().unwrap(), next.status().unwrap()), (Status::Retired, Status::Alive));
                assert_eq!((next.epoch(), next.capacity()), (2, capacity));
                assert_eq!(place.names(), ["", ".guard"]);
                let reader = Reader::open(address).unwrap();
                check(&reader);
                next.write(1, &Pattern64::of(1, 2)).unwrap();
                assert_eq!(reader.read_versioned(1).unwrap().version, 2, "it goes on from there");
                drop(old);
                assert_eq!(reader.status().unwrap(), Status::Alive, "the end of the old one changes nothing");
                drop(next);
                assert_eq!(Writer::<Pattern64>::open(address).unwrap().epoch(), 3);
            }
        }
    });
}

#[test]
fn who_waits_for_changes_finds_a_replacement_to_be_one() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut old = options.create::<Pattern64>(place.address(), CAPACITY).unwrap();
        let mut reader = Reader::<Pattern64>::open(place.address()).unwrap();
        publish(&mut old);
        let mut seen = reader.changes().unwrap();
        for _ in 0..3 {
            let mut next = options.replace::<Pattern64>(place.address(), CAPACITY).unwrap();
            // What reaches nobody any more does not hide it.
            old.write(0, &Pattern64::of(0, 1)).unwrap_err();
            assert!(reader.refresh().unwrap());
            let found = reader.wait_table(seen, Duration::ZERO).unwrap().expect("the replacement");
            assert_eq!(reader.wait_table(found, Duration::ZERO).unwrap(), None);
            next.write(1, &Pattern64::of(1, 2)).unwrap();
            seen = reader.wait_table(found, Duration::ZERO).unwrap().expect("the write");
            old = next;
        }
    });
}

#[test]
fn a_writer_that_is_stopped_is_replaced() {
    every_public_backend(|place| {
        let address = place.address();
        for cells in CELLS {
            let mut actor = actor!("write", address, 4, cells, "split", 256);
            assert!(actor.line().starts_with("ready "));
            let old = Reader::<Pattern256>::open(address).unwrap();
            until("version 100 of the last record", || old.version(3).unwrap() >= 100);
            actor.stop();
            let before: Vec<_> = (0..4).map(|index| old.read_versioned(index).unwrap()).collect();
            assert_eq!(old.status().unwrap(), Status::Alive);
            let mut next = Writer::<Pattern256>::replace(address, 4).unwrap();
            let after: Vec<_> = (0..4).map(|index| next.read_versioned(index).unwrap()).collect();
            assert_eq!(before, after, "{cells} cells");
            assert_eq!(old.status().unwrap(), Status::Retired);
            // What it still has in hand goes to the old table.
            actor.go_on();
            let version = after[0].version + 1;
            next.write(0, &Pattern256::of(0, version)).unwrap();
            assert_eq!(next.read_versioned(0).unwrap().version, version);
            actor.kill();
            assert_eq!(next.status().unwrap(), Status::Alive);
            remove(address).unwrap();
        }
    });
}

#[test]
fn a_batch_that_ends_while_values_are_copied_is_in_it_or_not() {
    const RECORDS: usize = 100_000;
    every_public_backend(|place| {
        // Shorter than the copying of so many records takes.
        let options = Options::new().timeout(Duration::from_millis(5));
        let mut old = options.create::<Pattern64>(place.address(), RECORDS).unwrap();
        (0..RECORDS).for_each(|index| old.write(index, &Pattern64::of(index, 1)).unwrap());
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        let is_filled = std::sync::Barrier::new(2);
        let next = std::thread::scope(|scope| {
            let next = scope.spawn(|| {
                is_filled.wait();
                options.replace::<Pattern64>(place.address(), RECORDS).unwrap()
            });
            old.batch(|batch| {
                let set = [0, RECORDS - 1].map(|index| batch.set(index, &Pattern64::of(index, 2)));
                is_filled.wait();
                until("the table is retired", || reader.status().unwrap() == Status::Retired);
                // The first record is copied, the last one is not.
                std::thread::sleep(Duration::from_millis(2));
                set.into_iter().collect::<shmrecord::Result<()>>()
            })
            .unwrap_err();
            next.join().unwrap()
        });
        let [first, last] = [0, RECORDS - 1].map(|index| next.read_versioned(index).unwrap().version);
        assert_eq!(first, last);
    });
}

#[test]
fn whatever_a_writer_is_stopped_in_is_carried_over_whole() {
    every_backend(|place| {
        let address = place.address();
        for cells in [1, 4] {
            for is_batch in [false, true].into_iter().take(if cells == 1 { 2 } else { 1 }) {
                for stopped_after in 0.. {
                    let options = Options::new().cells(cells);
                    let mut old = options.create::<Pattern64>(address, CAPACITY).unwrap();
                    publish(&mut old);
                    let image = Image::of(place);
                    let [one, other] =
                        [1, 3].map(|index| Pattern64::of(index, index as u64 + 1).words.to_vec());
                    let stores = match is_batch {
                        false => image.stores_of_write(1, &one),
                        true => image.stores_of_batch(&[(1, one), (3, other)]),
                    };
                    if stopped_after > stores.len() {
                        remove(address).unwrap();
                        break;
                    }
                    image.make(&stores[..stopped_after]);
                    let reader = Reader::<Pattern64>::open(address).unwrap();
                    let before = reader.snapshot(0..CAPACITY).unwrap();
                    let next = Writer::<Pattern64>::replace(address, CAPACITY).unwrap();
                    for (index, before) in before.into_iter().enumerate() {
                        let after = next.read_versioned(index).unwrap();
                        assert_eq!(
                            after,
                            reader.read_versioned(index).unwrap(),
                            "stopped after {stopped_after}"
                        );
                        let is_whole = after.value == before && before == Pattern64::of(index, after.version);
                        assert!(is_whole, "stopped after {stopped_after}: record {index}");
                    }
                    let [one, three] = [1, 3].map(|index| next.read_versioned(index).unwrap().version);
                    assert!(!is_batch || three - one == 2, "stopped after {stopped_after}: part of a batch");
                    remove(address).unwrap();
                }
            }
        }
    });
}

#[test]
fn where_nothing_is_one_is_created() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::replace(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        assert_eq!((writer.epoch(), place.names()), (1, vec![String::new(), ".guard".into()]));
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
    });
}

#[test]
fn a_lost_guard_stops_nobody() {
    every_backend(|place| {
        let address = place.address();
        for is_replaced in [false, true] {
            let mut old = Writer::<Pattern64>::create(address, CAPACITY).unwrap();
            publish(&mut old);
            place.remove(Part::Guard);
            if is_replaced {
                place.make_guard();
            }
            let next = Writer::<Pattern64>::replace(address, CAPACITY).unwrap();
            assert_eq!((old.status().unwrap(), next.status().unwrap()), (Status::Retired, Status::Alive));
            check(&Reader::open(address).unwrap());
            remove(address).unwrap();
        }
    });
}

#[test]
fn another_record_damage_and_another_boot_begin_anew() {
    every_backend(|place| {
        let address = place.address();
        let spoil: [&dyn Fn(&Image); 3] =
            [&|image| image.flip(at::CHECKSUM), &|image| image.forge(at::BOOT_ID, &[7; 16]), &|_| {}];
        for (number, spoil) in spoil.into_iter().enumerate() {
            let mut old = Writer::<Pattern64>::create(address, CAPACITY).unwrap();
            publish(&mut old);
            spoil(&Image::of(place));
            if number == 2 {
                drop(Writer::<Quote>::replace(address, CAPACITY).unwrap());
                let reader = Reader::<Quote>::open(address).unwrap();
                assert!((0..CAPACITY).all(|index| reader.version(index).unwrap() == 0));
            } else {
                let next = Writer::<Pattern64>::replace(address, CAPACITY).unwrap();
                assert!((0..CAPACITY).all(|index| next.read_versioned(index).unwrap().version == 0));
            }
            assert_eq!(old.status().unwrap(), Status::Retired);
            remove(address).unwrap();
        }
    });
}

#[test]
fn a_record_that_cannot_be_read_begins_anew_and_the_others_do_not() {
    every_backend(|place| {
        let address = place.address();
        let mut old = Writer::<Pattern64>::create(address, CAPACITY).unwrap();
        publish(&mut old);
        let image = Image::of(place);
        image.set_word(image.version_at(2), 7);
        let options = Options::new().timeout(Duration::from_millis(50));
        let next = options.replace::<Pattern64>(address, CAPACITY).unwrap();
        let versions: Vec<_> = (0..CAPACITY).map(|at| next.read_versioned(at).unwrap().version).collect();
        assert_eq!(versions, [0, 1, 0, 3, 4]);
    });
}

#[test]
fn one_whose_remover_or_replacer_was_killed_is_replaced_with_its_values() {
    every_backend(|place| {
        let address = place.address();
        for has_guard in [true, false] {
            let mut old = Writer::<Pattern64>::create(address, CAPACITY).unwrap();
            publish(&mut old);
            Image::of(place).set_word(at::STATE, 2);
            if !has_guard {
                place.remove(Part::Guard);
            }
            drop(Writer::<Pattern64>::replace(address, CAPACITY).unwrap());
            check(&Reader::open(address).unwrap());
            remove(address).unwrap();
        }
    });
}

#[test]
fn what_is_not_ours_or_not_to_be_had_is_left_alone() {
    every_backend(|place| {
        let address = place.address();
        let mut old = Writer::<Pattern64>::create(address, CAPACITY).unwrap();
        publish(&mut old);
        let refused = [
            Writer::<Pattern64>::replace(address, 0),
            Writer::<Pattern64>::replace(address, usize::MAX),
            Writer::<Pattern64>::replace(address, 1 << 40),
        ];
        for refused in refused {
            let kind = error_of(refused, address);
            assert!(matches!(kind, ErrorKind::BadArgument { .. } | ErrorKind::NoSpace { .. }), "{kind:?}");
            assert_eq!(old.status().unwrap(), Status::Alive);
        }
        let held = lock::take(place, lock::CREATE).unwrap();
        let options = Options::new().timeout(Duration::from_millis(20));
        let kind = error_of(options.replace::<Pattern64>(address, CAPACITY), address);
        assert_eq!(kind, ErrorKind::LockTimeout { pid: None });
        assert_eq!(old.status().unwrap(), Status::Alive);
        drop(held);
        if place.backend() != Backend::Memfd {
            Image::of(place).set_word(at::MAGIC, 7);
            assert_eq!(error_of(Writer::<Quote>::replace(address, CAPACITY), address), ErrorKind::BadMagic);
            assert_eq!(place.names(), ["", ".guard"]);
        }
    });
}
