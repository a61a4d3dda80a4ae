//! Who creates, who finishes, who finds what.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use shmrecord::{ErrorKind, Semaphore, SemaphoreOptions};

use crate::place::Place;
use crate::{error_of, program, raw};

const CREATORS: usize = 16;
const ROUNDS: usize = 200;

#[test]
fn create_makes_and_open_finds() {
    for place in Place::both() {
        let address = place.address();
        assert_eq!(error_of(Semaphore::open(address), address), ErrorKind::NotFound);
        assert_eq!(error_of(Semaphore::unlink(address), address), ErrorKind::NotFound);
        for initial in [0, 3] {
            Semaphore::create(address, initial).unwrap();
            assert_eq!(Semaphore::open(address).unwrap().value().unwrap(), initial);
            assert_eq!(error_of(Semaphore::create(address, 9), address), ErrorKind::AlreadyExists);
            let found = Semaphore::open_or_create(address, 9).unwrap();
            assert_eq!(found.value().unwrap(), initial, "an existing one keeps its value");
            Semaphore::unlink(address).unwrap();
            assert_eq!(error_of(Semaphore::open(address), address), ErrorKind::NotFound);
        }
    }
}

#[test]
fn all_who_come_at_once_share_one_initial_value() {
    for place in Place::both() {
        let address = place.address();
        for round in 0..ROUNDS {
            let initial = u32::try_from(round % 3).unwrap();
            let start = Barrier::new(CREATORS);
            thread::scope(|scope| {
                for _ in 0..CREATORS {
                    scope.spawn(|| {
                        start.wait();
                        Semaphore::open_or_create(address, initial).unwrap().post().unwrap();
                    });
                }
            });
            let expected = initial + u32::try_from(CREATORS).unwrap();
            assert_eq!(Semaphore::open(address).unwrap().value().unwrap(), expected, "round {round}");
            Semaphore::unlink(address).unwrap();
        }
    }
}

#[test]
fn of_all_who_create_at_once_one_succeeds() {
    for place in Place::both() {
        let address = place.address();
        for _ in 0..ROUNDS {
            let start = Barrier::new(CREATORS);
            let create = || {
                start.wait();
                Semaphore::create(address, 1)
            };
            let results = thread::scope(|scope| {
                let creators: Vec<_> = (0..CREATORS).map(|_| scope.spawn(create)).collect();
                creators.into_iter().map(|creator| creator.join().unwrap()).collect::<Vec<_>>()
            });
            let (created, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
            assert_eq!(created.len(), 1);
            for error in refused {
                assert_eq!(error_of(error, address), ErrorKind::AlreadyExists);
            }
            Semaphore::unlink(address).unwrap();
        }
    }
}

#[test]
fn processes_that_come_at_once_share_one_initial_value() {
    for place in Place::both() {
        let script = r#"for i in 1 2 3 4 5 6 7 8; do ("$0" ensure "$1" 5 && "$0" post "$1") & done; wait"#;
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).arg(program().get_program()).arg(place.address());
        assert!(shell.status().unwrap().success());
        assert_eq!(Semaphore::open(place.address()).unwrap().value().unwrap(), 13);
    }
}

#[test]
fn a_set_whose_creator_was_killed_is_finished_by_the_next() {
    let create = |address: &str| Semaphore::create(address, 4);
    let open_or_create = |address: &str| Semaphore::open_or_create(address, 4);
    for finish in [create, open_or_create] {
        let place = Place::sysv();
        let address = place.address();
        raw::make(place.key(), 2, 0o600);
        let hasty = SemaphoreOptions::new().timeout(Duration::from_millis(5));
        assert_eq!(error_of(hasty.open(address), address), ErrorKind::NotReady);

        let patient = thread::scope(|scope| {
            let patient = scope.spawn(|| SemaphoreOptions::new().timeout(crate::LONG).open(address));
            thread::sleep(Duration::from_millis(5));
            assert_eq!(finish(address).unwrap().value().unwrap(), 4);
            patient.join().unwrap().unwrap()
        });
        assert_eq!(patient.value().unwrap(), 4);
        assert_eq!(error_of(create(address), address), ErrorKind::AlreadyExists);
    }
}

#[test]
fn a_set_that_was_never_finished_can_be_removed() {
    let place = Place::sysv();
    raw::make(place.key(), 2, 0o600);
    Semaphore::unlink(place.address()).unwrap();
    assert_eq!(error_of(Semaphore::open(place.address()), place.address()), ErrorKind::NotFound);
}

/// Makes a set as another program would, with semaphore 0 at 3.
type Maker = fn(libc::key_t);

#[test]
fn a_set_of_another_program_is_used_as_it_is() {
    let makers: [(&str, Maker); 4] = [
        ("one semaphore", |key| raw::set(raw::make(key, 1, 0o600), 0, 3)),
        ("five semaphores", |key| raw::set(raw::make(key, 5, 0o600), 0, 3)),
        ("two semaphores, one with a value", |key| raw::set(raw::make(key, 2, 0o600), 0, 3)),
        ("two semaphores in use", |key| {
            let id = raw::make(key, 2, 0o600);
            (0..3).for_each(|_| raw::change(id, 0, 1));
        }),
    ];
    for (what, make) in makers {
        let place = Place::sysv();
        let address = place.address();
        make(place.key());
        assert_eq!(error_of(Semaphore::create(address, 9), address), ErrorKind::AlreadyExists, "{what}");
        let semaphore = Semaphore::open_or_create(address, 9).unwrap();
        assert_eq!(semaphore.value().unwrap(), 3, "{what}");
        semaphore.wait().unwrap();
        assert_eq!(Semaphore::open(address).unwrap().value().unwrap(), 2, "{what}");
    }
}

#[test]
fn two_semaphores_at_zero_that_were_used_are_ready() {
    let place = Place::sysv();
    let id = raw::make(place.key(), 2, 0o600);
    raw::change(id, 0, 1);
    raw::change(id, 0, -1);
    assert_eq!(Semaphore::open_or_create(place.address(), 9).unwrap().value().unwrap(), 0);
}
