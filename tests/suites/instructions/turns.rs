//! Turns of one of many writers, writes that wake, and a wait: taken from nobody, from who marked the lock, and from the
//! dead; joining, be it in the slot of a dead holder, and leaving. Relies on `steps` and `watch`.

use std::path::Path;

use integration_tests::image::{Image, at};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::is_permitted;
use shmrecord::Writer;

use crate::fixture::Shape;
use crate::steps::{Steps, programs, report, rounds};
use crate::watch::Watch;

/// An operation of the program `step`, and which records get their next values: those of one list at one instant.
type Operation = (&'static str, &'static [&'static [usize]]);

const TURN: Operation = ("turn", &[&[0]]);
const UPDATE: Operation = ("turn-update", &[&[0]]);
const BATCH: Operation = ("turn-batch", &[&[0, 2]]);
const LOCKED: Operation = ("turn-locked", &[&[0], &[2]]);
const JOIN: Operation = ("join", &[]);
const LEAVE: Operation = ("leave", &[]);

const MANY: Shape = Shape { many: true, ..Shape::PLAIN };
const ANNOUNCED: Shape = Shape { announces: true, ..MANY };

#[test]
fn a_turn_may_end_at_every_instruction() {
    each(&[TURN, UPDATE, BATCH, LOCKED], MANY);
    each(&[LOCKED], Shape { cells: 2, ..MANY });
}

#[test]
fn a_turn_that_wakes_may_end_at_every_instruction() {
    each(&[BATCH, LOCKED], ANNOUNCED);
    each(&[TURN], Shape { cells: 4, ..ANNOUNCED });
}

#[test]
fn a_turn_that_is_taken_from_the_dead_may_end_at_every_instruction() {
    each(&[LOCKED], Shape { orphan: Some(9), ..MANY });
    each(&[BATCH], Shape { orphan: Some(61), ..ANNOUNCED });
    each(&[TURN], Shape { orphan: Some(9), cells: 2, ..MANY });
}

#[test]
fn joining_and_leaving_may_end_at_every_instruction() {
    each(&[LEAVE], MANY);
    each(&[JOIN], Shape { orphan: Some(0), ..ANNOUNCED });
    if rounds() > 1 {
        each(&[JOIN], MANY);
    }
}

#[test]
fn a_write_that_wakes_may_end_at_every_instruction() {
    let announced = Shape { many: false, ..ANNOUNCED };
    each(&[("write-next", &[&[0]]), ("batch", &[&[0, 2]])], announced);
    each(&[("write-next", &[&[0]])], Shape { cells: 2, ..announced });
}

#[test]
fn a_wait_may_end_at_every_instruction() {
    if !is_permitted() {
        return;
    }
    let shape = Shape { many: false, version: 0, ..ANNOUNCED };
    for program in programs() {
        let place = shape.table::<Pattern256>();
        let mut writer = Writer::<Pattern256>::open(place.address()).unwrap();
        // Nobody waits but this one.
        Image::of(&place).put(at::WAITING, &0_u32.to_le_bytes());
        let mut steps = Steps::start(program, &["wait-for", place.address()]);
        let mut watch = Watch::<Pattern256>::new(&place, shape);
        let mut found = watch.look();
        while found.is_ok() && watch.changes == 0 && steps.step() {
            found = watch.look();
        }
        // It has said that it waits, and will find this before it sleeps.
        watch.expect_write();
        writer.write(0, &Pattern256::of(0, 1)).unwrap();
        found = found.and_then(|()| watch.follow(&mut steps, None)).and_then(|()| match watch.is_written() {
            true => Ok(()),
            false => Err("it did not say that it waits".to_owned()),
        });
        report(program, "wait-for", steps.boundaries, watch.changes, found);
        steps.finish().expect("it ends well");
    }
}

/// Steps each of these operations with tables of this shape.
fn each(operations: &[Operation], shape: Shape) {
    if !is_permitted() {
        return;
    }
    for program in programs() {
        for round in 0..rounds() {
            for operation in operations {
                step(program, operation, Shape { version: shape.version + round, ..shape });
            }
        }
    }
}

fn step(program: &Path, &(operation, changes): &Operation, shape: Shape) {
    let place = shape.table::<Pattern256>();
    let mut steps = Steps::start(program, &[operation, place.address()]);
    let mut watch = Watch::<Pattern256>::new(&place, shape);
    watch.expect(changes);
    let found = watch.follow(&mut steps, None).and_then(|()| match watch.is_written() {
        true => Ok(()),
        false => Err("the values are not there at the end".to_owned()),
    });
    report(program, &format!("{operation} to {shape:?}"), steps.boundaries, watch.changes, found);
    steps.finish().expect("it ends well");
}
