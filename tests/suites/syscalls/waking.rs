//! Sleeping and waking where the kernel refuses the calls for it, and behind writers and waiters that died on the way: nobody
//! waits much longer than without, in Rust and in C. Relies on `tracer` and on the programs of `tables`.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::every_backend;
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::timing::{EXCESS, GRACE, LONGEST_SLEEP, is_kept, timed};
use integration_tests::tracer::{Call, Stop, Traced, Until, is_permitted};
use integration_tests::waiting::until;
use shmrecord::handover::{self, Share};
use shmrecord::{Options, Reader, SharedWriter, Turn};

use crate::run::run;
use crate::tables::{CAPACITY, programs};

/// Which calls are refused.
type Refused = fn(&Call) -> bool;

const REFUSED: [(&str, Refused); 7] = [
    ("nothing", |_| false),
    ("opening the page", |call| [libc::SYS_openat, libc::SYS_open].contains(&call.number)),
    ("mapping the page", |call| [libc::SYS_mmap, libc::SYS_shmat].contains(&call.number)),
    ("the barrier", |call| call.number == libc::SYS_membarrier),
    ("sleeping", |call| call.number == libc::SYS_futex && call.arguments[1] == WAIT),
    ("sleeping and the barrier", |call| [libc::SYS_futex, libc::SYS_membarrier].contains(&call.number)),
    ("letting go", |call| [libc::SYS_munmap, libc::SYS_close].contains(&call.number)),
];
const WAIT: u64 = libc::FUTEX_WAIT_BITSET as u64;

fn table(place: &Place) -> SharedWriter<Pattern256> {
    Options::new().doorbell(true).create_shared(place.address(), CAPACITY).unwrap()
}

/// What is tried, with either program at a place of each kind.
fn in_both(attempt: impl Fn(&Path, &Place)) {
    if is_permitted() {
        every_backend(|place| {
            for program in programs() {
                // Seen where it fails.
                println!("{}", program.display());
                attempt(program, &Place::new(place.backend()));
            }
        });
    }
}

/// The program, before it opens the table.
fn launch(program: &Path, operation: &str, place: &Place) -> Traced {
    let mut command = Command::new(program);
    if place.backend() == Backend::Memfd {
        handover::inherit(&mut command, place.address(), Share::Writer).unwrap();
    }
    Traced::start(command.args([operation, place.address()])).unwrap()
}

/// The program, at the mark in front of its operation.
fn start(program: &Path, operation: &str, place: &Place) -> Traced {
    let mut step = launch(program, operation, place);
    assert_eq!(step.go_on(Until::Mark), Stop::Mark);
    step
}

/// Lets the program come to its end, which must be a good one.
fn finish(mut step: Traced) {
    step.release();
    assert_eq!(step.line(), "ok");
    step.line();
    assert!(step.finish().success());
}

/// Refuses calls of the operation until its process has slept so often, then lets `free` happen, and goes on refusing.
fn refuse(step: &mut Traced, refused: Refused, errno: i32, last: u32, free: impl FnOnce()) {
    let (mut sleeps, mut free) = (0, Some(free));
    loop {
        match step.go_on(Until::Call) {
            Stop::Mark => break,
            Stop::Begin(call) => {
                let is_sleep = call.number == libc::SYS_clock_nanosleep
                    || call.number == libc::SYS_futex && call.arguments[1] == WAIT;
                sleeps += u32::from(is_sleep);
                if sleeps == last
                    && let Some(free) = free.take()
                {
                    free();
                }
                if refused(&call) {
                    step.fail(errno);
                }
            }
            Stop::End => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(free.is_none(), "it did not wait");
}

#[test]
fn who_is_refused_to_sleep_looks_again_and_again() {
    in_both(|program, place| {
        for ((what, refused), errno) in
            REFUSED.into_iter().zip([libc::ENOSYS, libc::EPERM].into_iter().cycle())
        {
            let place = &Place::new(place.backend());
            let mut writer = table(place);
            let mut step = start(program, "wait-for", place);
            let begin = Instant::now();
            refuse(&mut step, refused, errno, 2, || writer.write(0, &Pattern256::of(0, 1)).unwrap());
            assert!(begin.elapsed() < 2 * GRACE, "{what}: {:?}", begin.elapsed());
            finish(step);
        }
    });
}

#[test]
fn who_is_refused_to_sleep_gets_its_turn_all_the_same() {
    in_both(|program, place| {
        for (what, refused) in REFUSED {
            let place = &Place::new(place.backend());
            let mut writer = table(place);
            let mut step = start(program, "turn", place);
            let begin = Instant::now();
            let turn = writer.lock().unwrap().whole().unwrap();
            refuse(&mut step, refused, libc::ENOSYS, 2, || drop(turn));
            assert!(begin.elapsed() < 2 * GRACE, "{what}: {:?}", begin.elapsed());
            finish(step);
            assert_eq!(writer.read_versioned(0).unwrap().version, 1);
            drop(writer.lock().unwrap().whole().unwrap());
        }
    });
}

#[test]
fn who_is_refused_to_sleep_finds_out_that_a_holder_died() {
    in_both(|program, place| {
        let mut writer = table(place);
        // The writer with slot 9 has the turn.
        let holder = lock::take(place, 2 + 9).unwrap();
        Image::of(place).put(at::LOCK, &10_u32.to_le_bytes());
        let mut step = start(program, "turn", place);
        let begin = Instant::now();
        let is_sleep = |call: &Call| call.number == libc::SYS_futex && call.arguments[1] == WAIT;
        refuse(&mut step, is_sleep, libc::ENOSYS, 8, || drop(holder));
        // Long before it would give up.
        assert!(begin.elapsed() < 2 * GRACE, "{:?}", begin.elapsed());
        finish(step);
        assert!(matches!(writer.lock().unwrap(), Turn::AfterDeath(_)));
    });
}

#[test]
fn a_writer_that_cannot_register_wakes_with_a_barrier_of_its_own() {
    in_both(|program, place| {
        drop(table(place));
        let mut step = launch(program, "turns", place);
        let mut refused = 0;
        // What comes in front of the operation, where the table is opened.
        loop {
            match step.go_on(Until::Call) {
                Stop::Mark => break,
                Stop::Begin(call) if call.number == libc::SYS_membarrier => {
                    refused += 1;
                    step.fail(libc::EPERM);
                }
                Stop::Begin(_) | Stop::End => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(refused, 1);
        let reader = Reader::<Pattern256>::open(place.address()).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| reader.wait(2, 0, 4 * GRACE).unwrap());
            until("somebody waits", || Image::of(place).half(at::WAITING) != 0);
            assert_eq!(step.go_on(Until::Mark), Stop::Mark);
            assert_eq!(waiter.join().unwrap(), Some(1));
        });
        finish(step);
    });
}

#[test]
fn who_waits_for_a_writer_that_dies_before_it_wakes_sees_what_it_published() {
    in_both(|program, place| {
        is_kept(LONGEST_SLEEP + EXCESS, || {
            let place = &Place::new(place.backend());
            drop(table(place));
            let reader = Reader::<Pattern256>::open(place.address()).unwrap();
            let image = Image::of(place);
            let mut step = start(program, "turn", place);
            // It publishes while the waiter sleeps for the first time. So the whole wait is of one sleep.
            let took = thread::scope(|scope| {
                let waiter = scope.spawn(|| timed(|| reader.wait(0, 0, 4 * GRACE).unwrap()));
                until("somebody waits for record 0", || image.half(at::WAITING) & 1 != 0);
                thread::sleep(EXCESS);
                loop {
                    match step.go_on(Until::Call) {
                        Stop::Begin(call) if call.number == libc::SYS_futex => break,
                        Stop::Begin(_) | Stop::End => {}
                        other => panic!("{other:?}"),
                    }
                }
                step.kill();
                let (found, took) = waiter.join().unwrap();
                assert_eq!(found, Some(1));
                took
            });
            println!("a wait for a writer that died before it woke: {took:?}");
            assert_eq!(reader.read(0).unwrap(), Pattern256::of(0, 1));
            ((), took)
        });
    });
}

#[test]
fn a_waiter_that_is_killed_asleep_costs_the_writer_one_call() {
    in_both(|program, place| {
        drop(table(place));
        let mut step = start(program, "wait-for", place);
        loop {
            match step.go_on(Until::Call) {
                Stop::Begin(call) if call.number == libc::SYS_futex => break,
                Stop::Begin(_) | Stop::End => {}
                other => panic!("{other:?}"),
            }
        }
        step.release();
        thread::sleep(Duration::from_millis(20));
        step.kill();
        assert_eq!(Image::of(place).half(at::WAITING), 1, "its bit is left");
        for expected in [1, 0] {
            // Writes records 0 and 2.
            let run = run(program, "turns", place.address(), None).unwrap();
            let calls: Vec<_> = run.calls.iter().map(|call| call.number).collect();
            assert_eq!(calls, vec![libc::SYS_futex; expected]);
            run.answer.unwrap().finish().unwrap();
        }
    });
}
