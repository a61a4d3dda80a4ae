//! The role of writer between languages: who holds it is named, who is killed is followed, and no reader sees a torn record.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern256, account, balance};
use integration_tests::sysv;
use integration_tests::turns::{ACCOUNTS, COUNTER, PAIR, round};
use shmrecord::{Arrangement, ErrorKind, Options, Reader, SharedWriter, Writer};

use crate::every::Every;
use crate::tools::actors;

const CAPACITY: usize = 4;
/// Killed in each relay; half of them in C.
const KILLS: usize = 40;
/// Longer than a turn is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_writer_in_another_pid_namespace_is_named_by_no_number_of_this_one() {
    for program in actors() {
        every_backend(|place| {
            let [open, create] =
                [format!("open {}", place.address()), format!("create {} 4", place.address())];
            for own_proc in [true, false] {
                let Some(mut apart) = Actor::start_apart(program, &["hold"], own_proc) else { return };
                assert_eq!(apart.ask(&create), "holds 1");
                apart.take(place);
                let refused = Writer::<Every>::open(place.address()).unwrap_err();
                assert!(matches!(refused.kind(), ErrorKind::WriterAlive { pid: None, .. }), "{refused}");
                let mut here = Actor::start(program, &["hold"]);
                here.give(place);
                assert_eq!(here.ask(&open), format!("{} {refused}", refused.kind().code()));
                apart.kill();
                shmrecord::remove(place.address()).unwrap();

                let Some(mut apart) = Actor::start_apart(program, &["hold"], own_proc) else { return };
                if place.backend() == Backend::Memfd {
                    assert_eq!(here.ask(&format!("forget {}", place.address())), "forgotten");
                }
                assert_eq!(here.ask(&create), "holds 1");
                here.take(place);
                apart.give(place);
                let answer = apart.ask(&open);
                // Who sees the writer in the list of processes names it by its number there.
                let named = refusal("open for writing", place.address(), here.pid());
                let unnamed = answer.contains(": another process holds the role of writer; ");
                assert!(if own_proc { unnamed } else { answer == named }, "{answer}");
                shmrecord::remove(place.address()).unwrap();
            }
        });
    }
}

/// The C actor's answer when another process writes.
fn refusal(operation: &str, address: &str, pid: u32) -> String {
    let code = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 }.code();
    format!(
        "{code} {operation} {address}: process {pid} holds the role of writer; stop that process, or replace the table \
         if it hangs"
    )
}

#[test]
fn killed_writers_of_one_cell_are_followed() {
    relay(Backend::Posix, 1, Arrangement::Split);
}

#[test]
fn killed_writers_of_four_cells_are_followed() {
    relay(Backend::File, 4, Arrangement::Packed);
}

#[test]
fn killed_writers_of_a_memfd_are_followed() {
    relay(Backend::Memfd, 1, Arrangement::Packed);
}

#[test]
fn killed_batches_are_whole_or_nothing_in_both() {
    const ACCOUNTS: usize = 8;
    let programs = actors();
    let Some(program) = programs.last() else {
        return;
    };
    let place = Place::new(Backend::Posix);
    let address = place.address();
    let start = |kill: usize| match kill % 2 {
        0 => Actor::start(programs[kill / 2 % programs.len()], &["transfer", address, &ACCOUNTS.to_string()]),
        _ => actor!("transfer", address, ACCOUNTS),
    };
    let mut writer = start(0);
    assert_eq!(writer.line(), "ready 1");
    let mut auditors = [Actor::start(program, &["audit", address]), actor!("audit", address)];
    for auditor in &mut auditors {
        assert_eq!(auditor.line(), "ready");
    }
    let reader = Reader::<Pattern256>::open(address).unwrap();
    for kill in 1..=KILLS {
        // So that kills hit different places.
        thread::sleep(Duration::from_micros(kill as u64 * 377 % 2000));
        writer.kill();
        assert_eq!(balance(&reader.snapshot(0..ACCOUNTS).unwrap()), Some(0), "kill {kill}");
        writer = start(kill);
        assert_eq!(writer.line(), format!("ready {}", kill + 1));
        assert_eq!(balance(&reader.snapshot(0..ACCOUNTS).unwrap()), Some(0), "kill {kill}");
    }
    writer.kill();
    for auditor in auditors {
        let verdict = auditor.end();
        assert!(verdict.ends_with(" snapshots, 0 bad"), "{verdict}");
    }
}

#[test]
fn killed_writers_of_many_are_followed() {
    every_public_backend(|place| kill_writers(place, None));
}

#[test]
fn killed_writers_of_many_by_a_semaphore_are_followed() {
    let set = Place::new(Backend::Sysv);
    sysv::make_set(set.key(), 1);
    sysv::set_value(set.key(), 0, 1);
    kill_writers(&Place::new(Backend::Posix), Some(set.key().cast_unsigned()));
    assert_eq!(sysv::value(set.key(), 0), 1, "it is free at the end");
}

/// Of four writers, two in C and two in Rust, one after the other is killed, wherever it is: the others go on, and nothing is
/// lost, made twice or torn. They take turns by a semaphore if there is one.
fn kill_writers(place: &Place, key: Option<u32>) {
    let programs = actors();
    let address = place.address();
    let start = |number: usize| {
        let key = key.map(|key| key.to_string());
        let arguments: Vec<&str> = ["turns", address].into_iter().chain(key.as_deref()).collect();
        let program = match number % 2 {
            0 => programs[number / 2 % programs.len()],
            _ => env!("CARGO_BIN_EXE_actor"),
        };
        let mut actor = Actor::start(program, &arguments);
        assert_eq!(actor.line(), format!("ready {}", number + 1));
        actor
    };
    if programs.is_empty() {
        return;
    }
    let mut writers: VecDeque<_> = (0..4).map(start).collect();
    let reader = Reader::<Pattern256>::open(address).unwrap();
    let (image, mut in_a_turn, mut counted) = (Image::of(place), 0, 0);
    for kill in 1..=KILLS {
        // So that kills hit different places.
        thread::sleep(Duration::from_micros(kill as u64 * 377 % 2000));
        // In turn one of each language.
        writers.pop_front().unwrap().kill();
        in_a_turn += u32::from(image.half(at::LOCK) != 0);
        assert_eq!(balance(&reader.snapshot(0..ACCOUNTS).unwrap()), Some(0), "kill {kill}");
        // The others go on by themselves.
        let count = reader.wait(COUNTER, counted, PATIENCE).unwrap().expect("turns come");
        assert!(count > counted, "kill {kill}: {count} after {counted}");
        counted = reader.wait(COUNTER, count, PATIENCE).unwrap().expect("and again");
        writers.push_back(start(kill + 3));
    }
    writers.into_iter().for_each(Actor::kill);
    let mut last = SharedWriter::<Pattern256>::open(address).unwrap();
    round(&mut last, 1).unwrap();
    assert_eq!(balance(&reader.snapshot(0..ACCOUNTS).unwrap()), Some(0));
    let count = reader.read_versioned(COUNTER).unwrap();
    assert_eq!(count.value, account(count.version), "no update is lost or made twice");
    let [first, second] = PAIR.map(|index| reader.read(index).unwrap());
    assert_eq!(first, second);
    println!("{KILLS} kills, {in_a_turn} times the lock was held then, {} rounds", count.version);
}

/// Writers in C and in Rust take turns, each killed at full speed; readers in both languages see everything.
fn relay(backend: Backend, cells: u32, arrangement: Arrangement) {
    let programs = actors();
    let (Some(slow), Some(fast)) = (programs.first(), programs.last()) else {
        return;
    };
    let place = Place::new(backend);
    let address = place.address();
    let start = |kill: usize| match kill % 2 {
        0 => {
            let [capacity, cells] = [CAPACITY.to_string(), cells.to_string()];
            let program = programs[kill / 2 % programs.len()];
            Actor::heir(&place, program, &["write", address, &capacity, &cells, arrangement.name()])
        }
        _ => {
            actor!(for &place; "write", address, CAPACITY, cells, arrangement.name(), size_of::<Pattern256>())
        }
    };
    let mut first = 1;
    if backend == Backend::Memfd {
        // Who is killed must not have been the only one that held it.
        let options = Options::new().cells(cells).arrangement(arrangement);
        drop(options.create::<Pattern256>(address, CAPACITY).unwrap());
        first = 2;
    }
    let mut writer = start(0);
    assert_eq!(writer.line(), format!("ready {first}"));
    let mut verifiers = [
        Actor::heir(&place, slow, &["verify", address]),
        Actor::heir(&place, fast, &["verify", address]),
        actor!(for &place; "verify", address, size_of::<Pattern256>()),
    ];
    for verifier in &mut verifiers {
        assert_eq!(verifier.line(), "ready");
    }
    let reader = Reader::<Pattern256>::open(address).unwrap();
    let mut seen = [0; CAPACITY];
    for kill in 1..=KILLS {
        // So that kills hit different places.
        thread::sleep(Duration::from_micros(kill as u64 * 377 % 2000));
        writer.kill();
        let before = seen;
        for (index, seen) in seen.iter_mut().enumerate() {
            let record = reader.read_versioned(index).unwrap();
            assert_eq!(record.value, Pattern256::of(index, record.version), "kill {kill}, record {index}");
            assert!(record.version >= *seen, "kill {kill}: {} after {seen}", record.version);
            *seen = record.version;
        }
        println!("kill {kill}: versions {before:?} to {seen:?}");
        writer = start(kill);
        assert_eq!(writer.line(), format!("ready {}", kill + first));
    }
    writer.kill();
    assert!(seen.iter().all(|&version| version > 0), "{seen:?}");
    for verifier in verifiers {
        let verdict = verifier.end();
        assert!(verdict.ends_with(" reads, 0 bad"), "{verdict}");
    }
}
