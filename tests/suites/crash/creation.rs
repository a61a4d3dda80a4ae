//! Processes killed while they create and remove tables.

use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::place::Backend;
use integration_tests::records::{Pattern, Pattern64};
use shmrecord::{ErrorKind, Options, Writer, remove};

use crate::random::{Random, kills};

/// Large enough for creation to take a while.
const CAPACITY: usize = 2000;

#[test]
fn one_cell() {
    killed_while_creating_and_removing(1, kills(30));
}

#[test]
fn four_cells() {
    killed_while_creating_and_removing(4, kills(20));
}

fn killed_while_creating_and_removing(cells: u32, kills: u32) {
    every_public_backend(|place| {
        let address = place.address();
        let mut random = Random::new();
        // Nobody is completing what is not complete.
        let patient = Options::new().timeout(Duration::from_millis(1));
        let (mut absent, mut complete, mut retired, mut unfinished) = (0, 0, 0, 0);
        for kill in 1..=kills {
            let mut actor = actor!("churn", address, CAPACITY, cells);
            assert_eq!(actor.line(), "ready");
            random.pause(4000);
            actor.kill();
            let names = place.names();
            let is_known = matches!(
                names.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
                [] | [".guard"] | ["", ".guard"]
            );
            assert!(is_known, "kill {kill} left {names:?}");
            match patient.open::<Pattern64>(address) {
                Ok(reader) => {
                    complete += 1;
                    assert_eq!((reader.capacity(), reader.epoch()), (CAPACITY, 1), "kill {kill}");
                    for index in [0, 1, CAPACITY - 1] {
                        let record = reader.read_versioned(index).unwrap();
                        assert_eq!(record.value, Pattern64::of(index, record.version), "kill {kill}");
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::NotFound => absent += 1,
                    ErrorKind::Retired => retired += 1,
                    ErrorKind::NotReady if place.backend() == Backend::Sysv => unfinished += 1,
                    _ => panic!("kill {kill}: {error}"),
                },
            }
            // Whatever is there, the next one can work with it: one time by creating, one time by removing.
            if kill % 2 == 0 {
                let options = Options::new().cells(cells);
                let mut writer = options.create::<Pattern64>(address, CAPACITY).unwrap();
                let version = writer.read_versioned(1).unwrap().version;
                writer.write(1, &Pattern64::of(1, version + 1)).unwrap();
                assert!(writer.status().unwrap().is_current());
                drop(writer);
                drop(Writer::<Pattern64>::open(address).unwrap());
                remove(address).unwrap();
            } else {
                match remove(address) {
                    Err(error) => assert_eq!(*error.kind(), ErrorKind::NotFound, "kill {kill}: {error}"),
                    Ok(()) => assert!(names.contains(&String::new()), "kill {kill}"),
                }
            }
            assert!(place.names().is_empty(), "kill {kill} left {:?}", place.names());
        }
        println!("found {absent} absent, {complete} complete, {retired} retired, {unfinished} unfinished");
    });
}

#[test]
fn many_that_create_and_remove_at_once_confuse_nobody() {
    every_backend(|place| {
        let address = place.address();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..60 {
                        if let Err(error) = Writer::<Pattern64>::create(address, CAPACITY) {
                            let kind = error.kind();
                            let is_held =
                                matches!(kind, ErrorKind::WriterAlive { .. } | ErrorKind::AlreadyHeldHere);
                            assert!(is_held, "{error}");
                        }
                        if let Err(error) = remove(address) {
                            assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
                        }
                    }
                });
            }
        });
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}
