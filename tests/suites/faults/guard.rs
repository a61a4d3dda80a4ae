//! Guards that are lost, tables that are half removed, locks that somebody holds.

use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{every_backend, every_named_backend, every_public_backend};
use integration_tests::check::{error_of, every_opening};
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Part};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use integration_tests::timing::ends_at;
use shmrecord::{ErrorKind, Options, RawReader, Reader, Writer, remove};

const CAPACITY: usize = 4;
const RETIRED: u64 = 2;

/// Both ways to become the writer fail with this kind.
#[track_caller]
fn no_role(address: &str, kind: &ErrorKind) {
    assert_eq!(&error_of(Writer::<Quote>::open(address), address), kind);
    assert_eq!(&error_of(Writer::<Quote>::create(address, CAPACITY), address), kind);
}

#[test]
fn without_its_guard_a_table_has_no_second_writer() {
    every_backend(|place| {
        let address = place.address();
        for is_replaced in [false, true] {
            let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
            place.remove(Part::Guard);
            if is_replaced {
                place.make_guard();
            }
            no_role(address, &ErrorKind::GuardLost);
            writer.write(0, &quote(1)).unwrap();
            assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
            drop(writer);
            no_role(address, &ErrorKind::GuardLost);
            assert_eq!(Reader::<Quote>::open(address).unwrap().epoch(), 1, "nobody took over");

            remove(address).unwrap();
            assert!(place.names().is_empty(), "{:?}", place.names());
            assert_eq!(Writer::<Quote>::create(address, CAPACITY).unwrap().epoch(), 1);
            remove(address).unwrap();
        }
    });
}

#[test]
fn a_lone_guard_is_used_by_the_next_creator() {
    every_public_backend(|place| {
        let address = place.address();
        place.make_guard();
        assert_eq!(error_of(Reader::<Quote>::open(address), address), ErrorKind::NotFound);
        assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::NotFound);
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        assert_eq!(place.names(), ["", ".guard"]);
        no_role(address, &ErrorKind::AlreadyHeldHere);
        remove(address).unwrap();

        place.make_guard();
        assert_eq!(error_of(remove(address), address), ErrorKind::NotFound);
        assert!(place.names().is_empty(), "removing tidies up: {:?}", place.names());
    });
}

#[test]
fn a_table_whose_remover_was_killed_is_replaced() {
    every_backend(|place| {
        let address = place.address();
        let retire = || {
            let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            Image::of(place).set_word(at::STATE, RETIRED);
        };
        retire();
        assert_eq!(error_of(Reader::<Quote>::open(address), address), ErrorKind::Retired);
        // Who finds a memfd retired lets go of it.
        let again = match place.backend() {
            Backend::Memfd => ErrorKind::NotFound,
            _ => ErrorKind::Retired,
        };
        assert_eq!(error_of(RawReader::open(address), address), again);
        // Another shape does not matter: it is gone. And clearing it away takes no time from who does it.
        let at_once = Options::new().timeout(Duration::ZERO);
        let next = at_once.clone().cells(4).create::<Quote>(address, CAPACITY + 1).unwrap();
        assert_eq!((next.epoch(), next.read_versioned(0).unwrap().version), (1, 0));
        assert_eq!(place.names(), ["", ".guard"]);
        drop(next);
        remove(address).unwrap();

        retire();
        assert_eq!(error_of(at_once.open_writer::<Quote>(address), address), ErrorKind::NotFound);
        assert!(place.names().is_empty(), "the removal is finished: {:?}", place.names());

        retire();
        remove(address).unwrap();
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

#[test]
fn two_processes_that_replace_one_table_make_one() {
    every_public_backend(|place| {
        let address = place.address();
        let mut actors = [actor!("hold"), actor!("hold")];
        for _ in 0..20 {
            drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
            Image::of(place).set_word(at::STATE, RETIRED);
            for actor in &mut actors {
                actor.say(&format!("create {address} {CAPACITY}"));
            }
            let answers: Vec<String> = actors.iter_mut().map(Actor::line).collect();
            let winners = answers.iter().filter(|answer| *answer == "holds 1").count();
            assert_eq!(winners, 1, "{answers:?}");
            assert!(answers.iter().any(|answer| answer.starts_with("alive ")), "{answers:?}");
            for actor in &mut actors {
                actor.ask("drop");
            }
            assert_eq!(Reader::<Quote>::open(address).unwrap().epoch(), 1);
            assert_eq!(place.names(), ["", ".guard"]);
        }
    });
}

#[test]
fn an_unfinished_segment_is_not_ready() {
    every_named_backend(|place| {
        drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
        let image = Image::of(place);
        image.set_word(at::MAGIC, 0);
        for (opening, result) in every_opening::<Quote>(place.address(), CAPACITY) {
            assert_eq!(error_of(result, place.address()), ErrorKind::NotReady, "{opening}");
        }
        image.put(at::MAGIC, b"SHMRECRD");
        assert_eq!(Writer::<Quote>::open(place.address()).unwrap().epoch(), 2);
    });
}

#[test]
fn who_waits_for_the_lock_of_creators_gives_up_at_the_deadline() {
    every_public_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        let held = lock::take(place, lock::CREATE).unwrap();
        let given = Duration::from_millis(5);
        let options = Options::new().timeout(given);
        let timeout = ErrorKind::LockTimeout { pid: None };
        for refused in [
            ends_at(given, || options.create::<Quote>(address, CAPACITY).map(drop)),
            ends_at(given, || options.open_writer::<Quote>(address).map(drop)),
            ends_at(given, || options.remove(address)),
            ends_at(given, || options.replace::<Quote>(address, CAPACITY).map(drop)),
        ] {
            let said = refused.as_ref().unwrap_err().to_string();
            let tool = if place.backend() == Backend::Sysv { "`ipcs -s -i " } else { "`fuser` names those" };
            assert!(said.contains(&format!("creates, replaces or removes it: {tool}")), "{said}");
            assert_eq!(error_of(refused, address), timeout);
        }
        writer.write(0, &quote(1)).unwrap();
        let reader = options.open::<Quote>(address).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(1), "readers need no lock");
        assert_eq!(place.names(), ["", ".guard"]);
        drop(held);
        options.remove(address).unwrap();

        // The same where nothing is there yet.
        place.make_guard();
        let held = lock::take(place, lock::CREATE).unwrap();
        assert_eq!(error_of(options.create::<Quote>(address, CAPACITY), address), timeout);
        assert_eq!(place.names(), [".guard"]);
        drop(held);
        drop(options.create::<Quote>(address, CAPACITY).unwrap());
    });
}

#[test]
fn a_role_that_a_stranger_holds_is_refused_without_a_name() {
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let held = lock::take(place, lock::WRITER).unwrap();
        // The owner's words name this process, which lives: it is said to hold the role.
        no_role(address, &ErrorKind::AlreadyHeldHere);
        Image::of(place).set_word(at::OWNER_PID, u64::MAX);
        let result = Writer::<Quote>::open(address);
        let ErrorKind::WriterAlive { pid: None, .. } = error_of(result, address) else {
            panic!("nobody knows who it is");
        };
        drop(held);
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
    });
}
