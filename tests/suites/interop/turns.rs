//! A program that takes turns by a semaphore, `c/counter.c`, beside many writers who take turns by the same one: neither loses
//! anything, and who dies in its turn keeps the other waiting no longer.

use std::thread;
use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use integration_tests::sysv::{self, Attached};
use shmrecord::{ErrorKind, Options, SharedWriter, Turn};

use crate::tools::{bare, c_programs};

const INDEX: u16 = 1;
/// What each of two adds.
const TIMES: u64 = 400;
const TIMEOUT: Duration = Duration::from_millis(100);

#[test]
fn a_program_that_takes_turns_by_a_semaphore_takes_them_with_many_writers() {
    for program in c_programs("counter") {
        every_backend(|place| {
            let [set, segment] = [(); 2].map(|()| Place::new(Backend::Sysv));
            sysv::make_set(set.key(), 2);
            sysv::set_value(set.key(), INDEX, 1);
            sysv::make_segment(segment.key(), 8);
            let start = || {
                let keys = [set.address(), segment.address()].map(bare);
                let mut theirs = Actor::start(&program, &[keys[0], &INDEX.to_string(), keys[1]]);
                assert_eq!(theirs.line(), "ready");
                theirs
            };
            let options = Options::new().semaphore(set.key().cast_unsigned(), INDEX);
            let mut writer = options.create_shared::<Quote>(place.address(), 3).unwrap();

            // Both add to the same number, which is only right if they take turns.
            let mut theirs = start();
            theirs.say(&format!("add {TIMES}"));
            let memory = Attached::new(segment.key());
            let count = || u64::from_le_bytes(memory.get(0, 8).try_into().unwrap());
            for number in 0..TIMES {
                let mut turn = writer.lock().unwrap().whole().unwrap();
                memory.put(0, &(count() + 1).to_le_bytes());
                turn.write(0, &quote(i32::try_from(number).unwrap())).unwrap();
                drop(turn);
                // A semaphore goes to whoever asks first when it is free.
                thread::sleep(Duration::from_micros(20));
            }
            assert_eq!((theirs.line().as_str(), count()), ("added", 2 * TIMES));
            assert_eq!(writer.read_versioned(0).unwrap().version, TIMES);

            // It has its turn, and is named; it dies, and nobody's turn was broken off.
            assert_eq!(theirs.ask("take"), "taken");
            let mut hasty = Options::new().timeout(TIMEOUT).open_shared::<Quote>(place.address()).unwrap();
            let refused = error_of(hasty.write(1, &quote(1)), bare(set.address()));
            assert_eq!(refused, ErrorKind::LockTimeout { pid: Some(theirs.pid()) });
            theirs.kill();
            hasty.write(1, &quote(1)).unwrap();
            drop(writer.lock().unwrap().whole().unwrap());

            // One of ours dies in its turn: the program goes on, and our next one is told.
            let mut ours = Actor::heir(place, env!("CARGO_BIN_EXE_many"), &["share"]);
            assert_eq!(ours.ask(&format!("open {} 5000", place.address())), "slot 2");
            assert_eq!(ours.ask("lock"), "whole");
            assert_eq!(ours.ask("write 2 7"), "written");
            let mut theirs = start();
            theirs.say("add 1");
            while sysv::waiting(set.key(), INDEX) == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            ours.kill();
            assert_eq!((theirs.line().as_str(), count()), ("added", 2 * TIMES + 1));
            let told = error_of(writer.lock().and_then(Turn::whole), place.address());
            assert_eq!(told, ErrorKind::AfterDeath);
            let mut next = SharedWriter::<Quote>::open(place.address()).unwrap();
            assert_eq!(next.read_versioned(2).unwrap().value, quote(7));
            next.lock().unwrap().any().clear_death();
            drop(writer.lock().unwrap().whole().unwrap());
        });
    }
}
