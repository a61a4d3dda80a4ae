//! Many writers: who may join, turns, what a death or a panic in a turn leaves. Relies on the public API only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{every_backend, every_case, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Part, Place};
use integration_tests::records::{NO_QUOTE, Pattern, Pattern64, Quote, quote};
use shmrecord::{ErrorKind, Options, Reader, SharedWriter, Status, Turn, Versioned, Writer, remove};

const CAPACITY: usize = 5;

fn create(place: &Place) -> SharedWriter<Quote> {
    SharedWriter::create(place.address(), CAPACITY).unwrap()
}

#[test]
fn writers_write_update_and_batch_beside_one_another() {
    every_case(|case| {
        let place = case.place();
        let mut one = case.options().create_shared::<Pattern64>(place.address(), CAPACITY).unwrap();
        let mut other = case.options().create_shared::<Pattern64>(place.address(), CAPACITY).unwrap();
        let mut third = SharedWriter::<Pattern64>::open(place.address()).unwrap();
        assert_eq!((one.slot(), other.slot(), third.slot(), third.epoch()), (0, 1, 2, 3));
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        for version in (1..10).step_by(3) {
            one.write(3, &Pattern64::of(3, version)).unwrap();
            let next = other.update(3, |now| {
                assert_eq!(now, Pattern64::of(3, version));
                Pattern64::of(3, version + 1)
            });
            assert_eq!(next.unwrap(), Pattern64::of(3, version + 1));
            let mut turn = third.lock().unwrap().whole().unwrap();
            assert!(!turn.is_after_death());
            turn.write(3, &Pattern64::of(3, version + 2)).unwrap();
            let expected = Versioned { value: Pattern64::of(3, version + 2), version: version + 2 };
            assert_eq!(turn.read_versioned(3).unwrap(), expected);
            assert_eq!(reader.read_versioned(3).unwrap(), expected, "readers wait for nobody");
        }
        let batch = other.batch(|batch| {
            batch.set(0, &Pattern64::of(0, 1)).and_then(|()| batch.set(4, &Pattern64::of(4, 1)))
        });
        assert_eq!(batch.is_ok(), case.cells == 1, "{batch:?}");
        one.write(1, &Pattern64::of(1, 1)).unwrap();
        assert_eq!(reader.version(1).unwrap(), 1, "a batch that fails keeps no turn");
    });
}

#[test]
fn threads_that_write_at_once_lose_nothing() {
    const TIMES: i64 = 2000;
    every_backend(|place| {
        drop(create(place));
        // Every thread the whole time beside all others.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut writer = SharedWriter::<Quote>::open(place.address()).unwrap();
                    for _ in 0..TIMES {
                        writer.update(2, |now| Quote { volume: now.volume + 1, ..now }).unwrap();
                        writer
                            .batch(|batch| {
                                let [from, to] = [batch.get(0)?, batch.get(1)?];
                                batch.set(0, &Quote { volume: from.volume - 1, ..from })?;
                                batch.set(1, &Quote { volume: to.volume + 1, ..to })
                            })
                            .unwrap();
                    }
                });
            }
        });
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let volumes: Vec<_> = reader.snapshot(0..3).unwrap().iter().map(|quote| quote.volume).collect();
        assert_eq!(volumes, [-4 * TIMES, 4 * TIMES, 4 * TIMES]);
        assert_eq!(reader.version(2).unwrap(), 4 * TIMES.cast_unsigned());
    });
}

#[test]
fn a_table_is_for_one_writer_or_for_many() {
    every_backend(|place| {
        let address = place.address();
        let differs = |kind| assert_eq!(kind, ErrorKind::ShapeMismatch { what: "number of writers" });
        let many = create(place);
        differs(error_of(Writer::<Quote>::create(address, CAPACITY), address));
        differs(error_of(Writer::<Quote>::open(address), address));
        drop(many);
        differs(error_of(Writer::<Quote>::open(address), address));
        remove(address).unwrap();
        let one = Writer::<Quote>::create(address, CAPACITY).unwrap();
        differs(error_of(SharedWriter::<Quote>::open(address), address));
        drop(one);
        differs(error_of(SharedWriter::<Quote>::create(address, CAPACITY), address));
    });
}

#[test]
fn the_last_slot_is_the_last() {
    every_backend(|place| {
        let mut writers: Vec<_> = (0..62).map(|_| create(place)).collect();
        let slots: Vec<_> = writers.iter().map(SharedWriter::slot).collect();
        assert_eq!(slots, (0..62).collect::<Vec<_>>());
        let refused = error_of(SharedWriter::<Quote>::open(place.address()), place.address());
        assert_eq!(refused, ErrorKind::NoSlot { max: 62 });
        drop(writers.remove(17));
        writers.push(create(place));
        assert_eq!(writers[61].slot(), 17);
        writers[61].write(0, &quote(7)).unwrap();
        writers[0].write(1, &quote(8)).unwrap();
        assert_eq!(writers[30].read_versioned(0).unwrap().value, quote(7));
    });
}

#[test]
fn a_turn_that_is_not_given_away_is_waited_for_until_the_timeout() {
    every_backend(|place| {
        let mut one = create(place);
        let options = Options::new().timeout(Duration::from_millis(50));
        let mut other = options.open_shared::<Quote>(place.address()).unwrap();
        let turn = one.lock().unwrap().whole().unwrap();
        let before = Instant::now();
        // Every way to wait.
        let refused = [
            error_of(other.write(0, &quote(1)), place.address()),
            error_of(other.update(0, |quote| quote), place.address()),
            error_of(other.batch(|_| Ok(())), place.address()),
            error_of(other.lock(), place.address()),
        ];
        let pid = Some(std::process::id());
        assert!(refused.iter().all(|kind| *kind == ErrorKind::LockTimeout { pid }), "{refused:?}");
        assert!(before.elapsed() >= Duration::from_millis(200));
        assert_eq!(other.read_versioned(0).unwrap().version, 0);
        drop(turn);
        other.write(0, &quote(1)).unwrap();
        assert_eq!(other.read_versioned(0).unwrap().value, quote(1));
        for timeout in [Duration::ZERO, Duration::MAX] {
            let mut third = Options::new().timeout(timeout).open_shared::<Quote>(place.address()).unwrap();
            third.write(0, &quote(1)).unwrap();
            if timeout.is_zero() {
                let _turn = one.lock().unwrap();
                let refused = error_of(third.write(0, &quote(2)), place.address());
                assert_eq!(refused, ErrorKind::LockTimeout { pid });
            }
        }
    });
}

#[test]
fn a_panic_in_a_turn_gives_it_away_and_is_told_until_somebody_says_that_all_is_well() {
    every_backend(|place| {
        let (mut one, mut other) = (create(place), create(place));
        other.write(0, &quote(1)).unwrap();
        let panics: [fn(&mut SharedWriter<Quote>); 3] = [
            |writer| drop(writer.update(0, |_| panic!("on purpose"))),
            |writer| {
                drop(writer.batch(|batch| -> shmrecord::Result<()> {
                    batch.set(0, &quote(2))?;
                    panic!("on purpose")
                }));
            },
            |writer| {
                let _turn = writer.lock().unwrap();
                panic!("on purpose");
            },
        ];
        for panics in panics {
            assert!(catch_unwind(AssertUnwindSafe(|| panics(&mut one))).is_err());
            assert_eq!(error_of(other.lock().and_then(Turn::whole), place.address()), ErrorKind::AfterDeath);
            assert_eq!(
                error_of(one.lock().and_then(Turn::whole), place.address()),
                ErrorKind::AfterDeath,
                "told to all"
            );
            other.write(1, &quote(1)).unwrap();
            one.update(1, |quote| quote).unwrap();
            other.batch(|batch| batch.set(1, &quote(1))).unwrap();
            assert_eq!(
                error_of(other.lock().and_then(Turn::whole), place.address()),
                ErrorKind::AfterDeath,
                "still"
            );
            let mut turn = other.lock().unwrap().any();
            assert!(turn.is_after_death());
            turn.clear_death();
            drop(turn);
            assert!(matches!(one.lock().unwrap(), Turn::Whole(_)));
            assert_eq!(one.read_versioned(0).unwrap(), Versioned { value: quote(1), version: 1 });
        }
        // One that was on its way before says nothing of the turn.
        struct Last<'a>(&'a mut SharedWriter<Quote>);
        impl Drop for Last<'_> {
            fn drop(&mut self) {
                self.0.update(2, |_| quote(2)).unwrap();
            }
        }
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _last = Last(&mut one);
            panic!("on purpose");
        }));
        assert!(unwound.is_err());
        assert_eq!(other.lock().unwrap().whole().unwrap().read_versioned(2).unwrap().value, quote(2));
    });
}

#[test]
fn a_turn_that_was_forgotten_is_the_next_ones_behind_a_death() {
    every_backend(|place| {
        let (mut one, mut other) = (create(place), create(place));
        std::mem::forget(one.lock().unwrap());
        one.write(0, &quote(1)).unwrap();
        assert_eq!(error_of(other.lock().and_then(Turn::whole), place.address()), ErrorKind::AfterDeath);
        other.lock().unwrap().any().clear_death();
        std::mem::forget(one.lock().unwrap());
        drop(one);
        other.write(0, &quote(2)).unwrap();
        assert_eq!(error_of(other.lock().and_then(Turn::whole), place.address()), ErrorKind::AfterDeath);
    });
}

#[test]
fn many_writers_are_alive_as_long_as_one_is() {
    every_backend(|place| {
        let (one, other) = (create(place), create(place));
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!([one.status().unwrap(), reader.status().unwrap()], [Status::Alive; 2]);
        drop(one);
        assert_eq!([other.status().unwrap(), reader.status().unwrap()], [Status::Alive; 2]);
        drop(other);
        assert_eq!(reader.status().unwrap(), Status::Dead);
        assert_eq!(create(place).epoch(), 3);
    });
}

#[test]
fn a_table_of_many_is_not_replaced_while_one_of_an_older_one_lives() {
    every_public_backend(|place| {
        let (one, mut other) = (create(place), create(place));
        place.remove(Part::Segment);
        for refused in [
            error_of(SharedWriter::<Quote>::create(place.address(), CAPACITY), place.address()),
            error_of(Writer::<Quote>::create(place.address(), CAPACITY), place.address()),
        ] {
            assert_eq!(refused, ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 });
        }
        drop(one);
        other.write(0, &quote(3)).unwrap();
        drop(other);
        let mut next = create(place);
        assert_eq!((next.epoch(), next.slot(), next.read_versioned(0).unwrap().value), (1, 0, NO_QUOTE));
        next.write(0, &quote(4)).unwrap();
    });
}

#[test]
fn a_turn_in_which_the_table_goes_is_made_whole_and_told_at_its_end() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = create(place);
        let reader = Reader::<Quote>::open(address).unwrap();
        let mut turn = writer.lock().unwrap().whole().unwrap();
        turn.write(0, &quote(1)).unwrap();
        remove(address).unwrap();
        turn.write(1, &quote(2)).unwrap();
        turn.update(1, |_| quote(3)).unwrap();
        assert_eq!(error_of(turn.unlock(), address), ErrorKind::Retired);
        assert_eq!([0, 1].map(|index| reader.read(index).unwrap()), [quote(1), quote(3)]);
        assert_eq!(error_of(writer.lock(), address), ErrorKind::Retired);
        assert_eq!(error_of(writer.write(0, &quote(2)), address), ErrorKind::Retired);
        let mut writer = create(place);
        writer.lock().unwrap().whole().unwrap().unlock().unwrap();
    });
}

#[test]
fn a_lock_word_that_names_nobody_is_an_error() {
    every_backend(|place| {
        let mut writer = create(place);
        let image = Image::of(place);
        for word in [63, 64, 0x7fff_ffff, 0xffff_ffff, 0x8000_0040_u32] {
            image.put(at::LOCK, &word.to_le_bytes());
            let kind = error_of(writer.write(0, &quote(1)), place.address());
            assert_eq!(kind, ErrorKind::LockCorrupt { word });
        }
        // One whose slot nobody has, and one that is only marked: as after a death, and free.
        for word in [62, 0x8000_0000_u32] {
            image.put(at::LOCK, &word.to_le_bytes());
            writer.write(0, &quote(1)).unwrap();
        }
    });
}
