//! Processes killed while they replace a table under its readers, or one of many writers in their turns, and two that replace one
//! at once.

use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::lock;
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern64, Pattern256, Quote, quote};
use integration_tests::waiting::until;
use integration_tests::{sysv, turns};
use shmrecord::{ErrorKind, Options, Reader, Status, Versioned, Writer, remove};

use crate::random::{Random, kills};

const CAPACITY: usize = 8;

/// What is there, as far as its values tell.
#[derive(PartialEq)]
enum Found {
    Nothing,
    /// Live, or marked as removed.
    Table,
}

#[test]
fn a_killed_replacer_takes_no_value_with_it_but_between_two_names() {
    every_public_backend(|place| {
        let address = place.address();
        let mut random = Random::new();
        let patient = Options::new().timeout(Duration::from_millis(1));
        // It is never heard of again.
        let mut stopped = actor!("write", address, CAPACITY, 1, "split", 64);
        assert_eq!(stopped.line(), "ready 1");
        let reader = Reader::<Pattern64>::open(address).unwrap();
        until("version 10 of the last record", || reader.version(CAPACITY - 1).unwrap() >= 10);
        stopped.stop();
        let start = || {
            let mut follower = actor!("follow", address);
            assert_eq!(follower.line(), "ready");
            follower
        };
        let mut follower = Some(start());
        let (mut live, mut retired, mut lost, mut last) = (0, 0, 0, 0);
        for kill in 1..=kills(30) {
            let mut replacer = actor!("replace", address, CAPACITY);
            assert_eq!(replacer.line(), "ready");
            random.pause(4000);
            replacer.kill();
            let found = match patient.open::<Pattern64>(address) {
                Ok(_) => {
                    live += 1;
                    Found::Table
                }
                Err(error) => match error.kind() {
                    ErrorKind::Retired => {
                        retired += 1;
                        Found::Table
                    }
                    ErrorKind::NotFound => Found::Nothing,
                    ErrorKind::NotReady if place.backend() == Backend::Sysv => Found::Nothing,
                    _ => panic!("kill {kill}: {error}"),
                },
            };
            if found == Found::Nothing {
                // What comes now begins anew, and so must who follows.
                lost += 1;
                follower.take().map(end);
            }
            // Whatever is there, the next one can work with it, and has what was there.
            let mut writer = Writer::<Pattern64>::replace(address, CAPACITY).unwrap();
            if found == Found::Nothing {
                for index in 0..CAPACITY {
                    assert_eq!(writer.read_versioned(index).unwrap().version, 0);
                    (1..=10).for_each(|version| writer.write(index, &Pattern64::of(index, version)).unwrap());
                }
                follower = Some(start());
            }
            let records: Vec<Versioned<Pattern64>> =
                (0..CAPACITY).map(|index| writer.read_versioned(index).unwrap()).collect();
            for (index, record) in records.iter().enumerate() {
                assert!(record.version >= 10, "kill {kill}: record {index} began anew");
                assert_eq!(record.value, Pattern64::of(index, record.version), "kill {kill}");
            }
            last = records.iter().map(|record| record.version).min().unwrap();
        }
        println!("found {live} live, {retired} retired, {lost} lost");
        assert_eq!(follower.map(end), Some(last), "it was not left behind");
        stopped.kill();
        remove(address).unwrap();
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

/// The follower saw whole values and versions that never went back. Gives the version that it saw last of every record.
fn end(follower: Actor) -> u64 {
    let said = follower.end();
    let version = said.split_once(" reads, 0 bad, up to version ").map(|(_, version)| version.parse());
    version.and_then(Result::ok).unwrap_or_else(|| panic!("{said}"))
}

#[test]
fn of_two_that_replace_at_once_one_writes_and_no_value_is_lost() {
    every_public_backend(|place| {
        let address = place.address();
        let mut actors = [actor!("hold"), actor!("hold")];
        let mut told = 0;
        for round in 1..=10 {
            let mut old = Writer::<Quote>::create(address, CAPACITY).unwrap();
            old.write(1, &quote(round)).unwrap();
            // Until both have found the same table, or nearly always.
            let held = lock::take(place, lock::CREATE).unwrap();
            for actor in &mut actors {
                actor.say(&format!("replace {address} {CAPACITY}"));
            }
            thread::sleep(Duration::from_millis(50));
            drop(held);
            let answers: Vec<String> = actors.iter_mut().map(Actor::line).collect();
            let holds = |answer: &String| answer.starts_with("holds ");
            let winners = answers.iter().filter(|answer| holds(answer)).count();
            match winners {
                1 => {
                    let winner = answers.iter().position(holds).unwrap();
                    assert_eq!(answers[1 - winner], format!("alive {}", actors[winner].pid()));
                    told += 1;
                }
                // One came when the other was done.
                2 => {}
                _ => panic!("{answers:?}"),
            }
            assert_eq!(old.status().unwrap(), Status::Retired);
            let reader = Reader::<Quote>::open(address).unwrap();
            assert_eq!((reader.read(1).unwrap(), reader.status().unwrap()), (quote(round), Status::Alive));
            assert_eq!(place.names(), ["", ".guard"], "no successor was unlinked");
            for actor in &mut actors {
                assert_eq!(actor.ask("drop"), "dropped");
            }
            assert_eq!(reader.status().unwrap(), Status::Dead);
            remove(address).unwrap();
        }
        assert!(told > 0, "both found the same table in none of the rounds");
    });
}

#[test]
fn of_tables_of_many_that_replace_one_another_no_half_turn_counts_as_whole() {
    kill_in_turns_and_replacements(None);
    let set = Place::new(Backend::Sysv);
    sysv::make_set(set.key(), 1);
    sysv::set_value(set.key(), 0, 1);
    kill_in_turns_and_replacements(Some(set.key().cast_unsigned()));
    assert_eq!(sysv::value(set.key(), 0), 1, "it is free at the end");
}

/// Kills those who replace a table and take turns in it, by a semaphore if there is one.
fn kill_in_turns_and_replacements(key: Option<u32>) {
    every_public_backend(|place| {
        let address = place.address();
        let mut random = Random::new();
        let start = || -> Actor {
            let mut writer = match key {
                None => actor!("displace", address),
                Some(key) => actor!("displace", address, key),
            };
            assert_eq!(writer.line(), "ready");
            writer
        };
        let mut writers: Vec<_> = (0..4).map(|_| start()).collect();
        for _ in 0..kills(40) {
            random.pause(8000);
            let victim = usize::try_from(random.below(writers.len() as u64)).unwrap();
            writers.swap_remove(victim).kill_at_work();
            writers.push(start());
        }
        writers.into_iter().for_each(Actor::kill_at_work);
        let mut own = turns::join(address, key);
        println!("{} tables and writers came after one another", own.epoch());
        turns::round(&mut own, 1).unwrap();
        drop(own);
        remove(address).unwrap();
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

#[test]
fn many_that_replace_and_create_and_remove_at_once_confuse_nobody() {
    every_backend(|place| {
        let address = place.address();
        thread::scope(|scope| {
            for turn in 0..4 {
                scope.spawn(move || {
                    for _ in 0..30 {
                        let made = match turn % 2 {
                            0 => Writer::<Pattern256>::replace(address, CAPACITY),
                            _ => Writer::<Pattern256>::create(address, CAPACITY),
                        };
                        if let Err(error) = made {
                            let kind = error.kind();
                            let is_held =
                                matches!(kind, ErrorKind::WriterAlive { .. } | ErrorKind::AlreadyHeldHere);
                            assert!(is_held, "{error}");
                        }
                        if turn == 3
                            && let Err(error) = remove(address)
                        {
                            assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
                        }
                    }
                });
            }
        });
        if let Err(error) = remove(address) {
            assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
        }
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}
