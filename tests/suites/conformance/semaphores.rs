//! Many writers who take turns by a semaphore that another program made. Relies on the public API, and on `sysv` for that
//! program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{every_backend, every_case};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern64, Quote, quote};
use integration_tests::sysv;
use shmrecord::{ErrorKind, Options, Reader, SharedWriter, Status, Turn, Writer};

const CAPACITY: usize = 5;
/// Which semaphore of the set it is, and how many there are.
const INDEX: u16 = 2;
const SEMAPHORES: i32 = 3;

/// The set of the other program, removed on drop.
struct Set(Place);

impl Set {
    fn new() -> Self {
        let place = Place::new(Backend::Sysv);
        sysv::make_set(place.key(), SEMAPHORES);
        sysv::set_value(place.key(), INDEX, 1);
        Self(place)
    }

    fn key(&self) -> u32 {
        self.0.key().cast_unsigned()
    }

    fn options(&self) -> Options {
        Options::new().semaphore(self.key(), INDEX)
    }

    fn value(&self) -> i32 {
        sysv::value(self.0.key(), INDEX)
    }

    /// What errors about it are about.
    fn address(&self) -> String {
        format!("sysv:{:#x}[{INDEX}]", self.key())
    }
}

#[test]
fn writers_write_update_and_batch_under_it() {
    every_case(|case| {
        let (place, set) = (case.place(), Set::new());
        let options = case.options().semaphore(set.key(), INDEX);
        let mut one = options.create_shared::<Pattern64>(place.address(), CAPACITY).unwrap();
        let mut other = options.create_shared::<Pattern64>(place.address(), CAPACITY).unwrap();
        // Who joins need not know it.
        let mut third = SharedWriter::<Pattern64>::open(place.address()).unwrap();
        let mut fourth = case.options().create_shared::<Pattern64>(place.address(), CAPACITY).unwrap();
        assert_eq!([one.slot(), other.slot(), third.slot(), fourth.slot()], [0, 1, 2, 3]);
        one.write(3, &Pattern64::of(3, 1)).unwrap();
        other
            .update(3, |_| {
                assert_eq!(set.value(), 0, "it is taken");
                Pattern64::of(3, 2)
            })
            .unwrap();
        let mut turn = third.lock().unwrap().whole().unwrap();
        assert_eq!(set.value(), 0);
        turn.write(3, &Pattern64::of(3, 3)).unwrap();
        drop(turn);
        assert_eq!(set.value(), 1, "it is given back");
        let batch = fourth.batch(|batch| batch.set(0, &Pattern64::of(0, 1)));
        assert_eq!((batch.is_ok(), set.value()), (case.cells == 1, 1), "{batch:?}");
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        assert_eq!(reader.read_versioned(3).unwrap().value, Pattern64::of(3, 3));
        assert_eq!(reader.status().unwrap(), Status::Alive);
    });
}

#[test]
fn a_turn_that_is_forgotten_ends_with_its_writer_or_the_next_turn() {
    every_backend(|place| {
        let set = Set::new();
        let mut one = set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let mut other = SharedWriter::<Quote>::open(place.address()).unwrap();
        std::mem::forget(one.lock().unwrap());
        let Turn::AfterDeath(mut turn) = one.lock().unwrap() else { panic!("it was forgotten") };
        turn.clear_death();
        drop(turn);
        assert_eq!(set.value(), 1);
        std::mem::forget(one.lock().unwrap());
        drop(one);
        assert_eq!(set.value(), 1);
        let Turn::AfterDeath(turn) = other.lock().unwrap() else { panic!("it was forgotten") };
        drop(turn);
        assert_eq!(set.value(), 1);
    });
}

#[test]
fn threads_that_write_at_once_lose_nothing() {
    const TIMES: i64 = 300;
    every_backend(|place| {
        let set = Set::new();
        drop(set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap());
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut writer = SharedWriter::<Quote>::open(place.address()).unwrap();
                    for _ in 0..TIMES {
                        writer.update(2, |now| Quote { volume: now.volume + 1, ..now }).unwrap();
                    }
                });
            }
        });
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!((reader.read(2).unwrap().volume, reader.version(2).unwrap()), (3 * TIMES, 900));
        assert_eq!(set.value(), 1);
    });
}

#[test]
fn one_that_is_missing_makes_no_table() {
    every_backend(|place| {
        let set = Set::new();
        sysv::remove_set(set.0.key());
        let refused = set.options().create_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, &set.address()), ErrorKind::NotFound);
        let refused = set.options().replace_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, &set.address()), ErrorKind::NotFound);
        assert!(place.names().is_empty(), "{:?}", place.names());
        // Too few in the set.
        sysv::make_set(set.0.key(), i32::from(INDEX));
        let refused = set.options().create_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, &set.address()), ErrorKind::GuardMismatch);
        assert!(place.names().is_empty(), "{:?}", place.names());

        // What is there stays as it is.
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let refused = set.options().replace_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, &set.address()), ErrorKind::GuardMismatch);
        writer.write(0, &quote(2)).unwrap();
    });
}

#[test]
fn one_that_is_none_is_refused() {
    every_backend(|place| {
        for (options, many) in [
            (Options::new().semaphore(0, 0), true),
            (Options::new().semaphore(7, 0x8000), true),
            (Options::new().semaphore(7, 0), false),
        ] {
            let refused = if many {
                options.create_shared::<Quote>(place.address(), CAPACITY).map(drop)
            } else {
                options.create::<Quote>(place.address(), CAPACITY).map(drop)
            };
            let expected = ErrorKind::BadArgument { argument: "semaphore" };
            assert_eq!(error_of(refused, place.address()), expected);
        }
        assert!(place.names().is_empty());
    });
}

#[test]
fn a_table_with_another_one_or_none_is_another_table() {
    every_backend(|place| {
        let (set, other) = (Set::new(), Set::new());
        let differs = ErrorKind::ShapeMismatch { what: "semaphore" };
        drop(set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap());
        let refused = other.options().create_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, place.address()), differs);
        drop(set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap());
        shmrecord::remove(place.address()).unwrap();
        drop(SharedWriter::<Quote>::create(place.address(), CAPACITY).unwrap());
        let refused = set.options().create_shared::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(refused, place.address()), differs, "its writers would not be kept apart");
    });
}

#[test]
fn whoever_has_it_is_named_at_the_timeout() {
    every_backend(|place| {
        let set = Set::new();
        let mut one = set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let options = Options::new().timeout(Duration::from_millis(50));
        let mut other = options.open_shared::<Quote>(place.address()).unwrap();
        let turn = one.lock().unwrap().whole().unwrap();
        let before = Instant::now();
        let timeout = ErrorKind::LockTimeout { pid: Some(std::process::id()) };
        for refused in
            [error_of(other.write(0, &quote(1)), &set.address()), error_of(other.lock(), &set.address())]
        {
            assert_eq!(refused, timeout);
        }
        assert!(before.elapsed() >= Duration::from_millis(100));
        drop(turn);
        other.write(0, &quote(1)).unwrap();
        // Another program.
        sysv::operate(set.0.key(), INDEX, &[-1]).unwrap();
        assert_eq!(error_of(other.write(0, &quote(2)), &set.address()), timeout);
        sysv::operate(set.0.key(), INDEX, &[1]).unwrap();
        other.write(0, &quote(2)).unwrap();
        assert_eq!(one.read_versioned(0).unwrap().version, 2);
    });
}

#[test]
fn a_panic_under_it_gives_it_back_and_is_told() {
    every_backend(|place| {
        let set = Set::new();
        let mut one = set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let mut other = SharedWriter::<Quote>::open(place.address()).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| one.update(0, |_| panic!("on purpose")))).is_err());
        assert_eq!(set.value(), 1);
        assert_eq!(error_of(other.lock().and_then(Turn::whole), place.address()), ErrorKind::AfterDeath);
        assert_eq!(set.value(), 1, "who does not want the turn gives it back");
        other.lock().unwrap().any().clear_death();
        drop(one.lock().unwrap().whole().unwrap());
    });
}

#[test]
fn a_mark_that_is_left_is_a_death() {
    every_backend(|place| {
        let set = Set::new();
        let mut writer = set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let image = Image::of(place);
        for word in [1, 5, 62, u32::MAX] {
            image.put(at::LOCK, &word.to_le_bytes());
            writer.write(0, &quote(2)).unwrap();
            assert_eq!(image.half(at::LOCK), 0);
            assert_eq!(error_of(writer.lock().and_then(Turn::whole), place.address()), ErrorKind::AfterDeath);
            writer.lock().unwrap().any().clear_death();
            drop(writer.lock().unwrap().whole().unwrap());
        }
    });
}

#[test]
fn one_that_is_removed_meanwhile_is_said_to_be() {
    every_backend(|place| {
        let set = Set::new();
        let mut writer = set.options().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let turn = writer.lock().unwrap();
        sysv::remove_set(set.0.key());
        drop(turn);
        for refused in [
            error_of(writer.write(0, &quote(2)), &set.address()),
            error_of(writer.update(0, |quote| quote), &set.address()),
            error_of(writer.lock(), &set.address()),
        ] {
            assert_eq!(refused, ErrorKind::Removed);
        }
        assert_eq!(
            error_of(SharedWriter::<Quote>::open(place.address()), &set.address()),
            ErrorKind::NotFound
        );
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(1), "readers need none");
        // A new one under this key is for those who open the table then.
        sysv::make_set(set.0.key(), SEMAPHORES);
        sysv::set_value(set.0.key(), INDEX, 1);
        let mut next = SharedWriter::<Quote>::open(place.address()).unwrap();
        next.write(0, &quote(3)).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(3));
        assert_eq!(error_of(writer.write(0, &quote(4)), &set.address()), ErrorKind::Removed);
    });
}
