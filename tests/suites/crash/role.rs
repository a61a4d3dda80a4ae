//! Who gets the role: races for it, and writers that are stopped or have died.

use integration_tests::actor;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern256, Quote};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Reader, Writer, remove};

const CAPACITY: usize = 4;
const ROUNDS: u64 = 30;

#[test]
fn of_two_creators_one_wins_and_the_other_is_told_whom() {
    every_public_backend(|place| {
        let mut actors = [actor!("hold"), actor!("hold")];
        for round in 1..=ROUNDS {
            let winner = race(&mut actors, &format!("create {} {CAPACITY}", place.address()), 1);
            assert_eq!(place.names(), ["", ".guard"], "round {round}, won by {winner}");
            remove(place.address()).unwrap();
        }
    });
}

#[test]
fn of_two_successors_one_wins_and_the_other_is_told_whom() {
    every_backend(|place| {
        let mut actors = [actor!("hold"), actor!("hold")];
        drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
        actors.iter_mut().for_each(|actor| actor.give(place));
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        for epoch in 2..=ROUNDS {
            let how = if epoch % 2 == 0 { "open" } else { "create" };
            let command = match how {
                "open" => format!("open {}", place.address()),
                _ => format!("create {} {CAPACITY}", place.address()),
            };
            race(&mut actors, &command, epoch);
            assert_eq!(reader.epoch(), epoch);
        }
    });
}

/// Sends both the command at once; exactly one gets the role, with this epoch. Both have dropped it in the end.
fn race(actors: &mut [Actor; 2], command: &str, epoch: u64) -> u32 {
    for actor in actors.iter_mut() {
        actor.say(command);
    }
    let answers: Vec<String> = actors.iter_mut().map(Actor::line).collect();
    let holds = format!("holds {epoch}");
    let winner = answers.iter().position(|answer| *answer == holds);
    let winner = winner.unwrap_or_else(|| panic!("nobody won: {answers:?}"));
    let pid = actors[winner].pid();
    assert_eq!(answers[1 - winner], format!("alive {pid}"), "the winner is process {pid}");
    for actor in actors {
        assert_eq!(actor.ask("drop"), "dropped");
    }
    pid
}

#[test]
fn a_stopped_writer_keeps_its_role_and_stops_no_reader() {
    every_public_backend(|place| {
        let address = place.address();
        let mut actor = actor!("write", address, CAPACITY, 1, "split", 256);
        assert_eq!(actor.line(), "ready 1");
        let reader = Reader::<Pattern256>::open(address).unwrap();
        until("the last record is written", || reader.version(CAPACITY - 1).unwrap() != 0);
        let mut before = [0; CAPACITY];
        for _ in 0..10 {
            actor.stop();
            for (index, before) in before.iter_mut().enumerate() {
                let record = reader.read_versioned(index).unwrap();
                assert_eq!(record.value, Pattern256::of(index, record.version));
                assert!(record.version >= *before);
                *before = record.version;
                assert_eq!(reader.read_versioned(index).unwrap(), record, "nothing moves");
            }
            for refused in [Writer::<Pattern256>::open(address), Writer::create(address, CAPACITY)] {
                let kind = error_of(refused, address);
                let ErrorKind::WriterAlive { pid, .. } = kind else { panic!("{kind:?}") };
                assert_eq!(pid, Some(actor.pid()));
            }
            actor.go_on();
            until("the writer goes on", || reader.version(0).unwrap() != before[0]);
        }
        actor.kill();
        assert_eq!(Writer::<Pattern256>::open(address).unwrap().epoch(), 2);
    });
}

#[test]
fn a_table_can_be_removed_under_a_writer_that_is_stopped() {
    every_public_backend(|place| {
        let address = place.address();
        let mut actor = actor!("write", address, CAPACITY, 1, "split", 256);
        assert_eq!(actor.line(), "ready 1");
        actor.stop();
        remove(address).unwrap();
        let mut next = Writer::<Pattern256>::create(address, CAPACITY).unwrap();
        assert_eq!(next.epoch(), 1);
        actor.go_on();
        next.write(0, &Pattern256::of(0, 1)).unwrap();
        let record = Reader::<Pattern256>::open(address).unwrap().read_versioned(0).unwrap();
        assert_eq!(record.value, Pattern256::of(0, 1), "the old writer reaches nothing of the new table");
        actor.kill();
        assert!(next.status().unwrap().is_current());
    });
}
