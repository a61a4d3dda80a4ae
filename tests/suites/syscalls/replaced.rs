//! A replacement that begins at any system call of somebody who takes the table over: that one looks again, and never
//! misses the guard that the replacer took away. Relies on `tracer`, and on `docs/FORMAT.md` for what a replacer does
//! first.

use std::path::Path;
use std::process::Command;

use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::Pattern256;
use integration_tests::tracer::{Stop, Traced, Until, is_permitted};
use shmrecord::{ErrorKind, Writer};

use crate::tables::{CAPACITY, programs};

/// What the program says of its operation when a replacer comes before its system call of this number. `None`: it has fewer.
fn replaced_before(number: usize, program: &Path, place: &Place) -> Option<String> {
    drop(Writer::<Pattern256>::create(place.address(), CAPACITY).unwrap());
    let mut step = Traced::start(Command::new(program).args(["open", place.address()])).unwrap();
    assert_eq!(step.go_on(Until::Mark), Stop::Mark);
    let mut calls = 0;
    while calls < number {
        match step.go_on(Until::Call) {
            Stop::Begin(_) => calls += 1,
            Stop::End => {}
            stop => {
                assert_eq!(stop, Stop::Mark);
                end(step);
                return None;
            }
        }
    }
    // While the lock of byte 0 is taken no replacer comes.
    if lock::take(place, lock::CREATE).is_ok() {
        Image::of(place).set_word(at::STATE, 2);
        place.remove(Part::Guard);
    }
    assert_eq!(step.go_on(Until::Mark), Stop::Mark);
    Some(end(step))
}

/// Lets the program end, which is at its second mark, and gives what it says of its operation.
fn end(mut step: Traced) -> String {
    step.release();
    let said = step.line();
    step.line();
    assert!(step.finish().success());
    said
}

#[test]
fn who_takes_over_a_table_that_is_about_to_be_replaced_looks_again() {
    if !is_permitted() {
        return;
    }
    let gone = format!("{} ", ErrorKind::NotFound.code());
    for program in programs() {
        for backend in Backend::PUBLIC {
            let mut went = 0;
            for number in 1.. {
                let place = Place::new(backend);
                let Some(said) = replaced_before(number, program, &place) else { break };
                assert!(said == "ok" || said.starts_with(&gone), "{}, {number}: {said}", program.display());
                went += usize::from(said != "ok");
            }
            assert!(went >= 3, "it came in time at {went} calls");
        }
    }
}
