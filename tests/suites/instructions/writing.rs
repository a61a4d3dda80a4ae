//! Writes, and take-overs of tables whose writer died in one. Relies on `steps` and `watch`.

use std::path::Path;

use integration_tests::case::CELLS;
use integration_tests::records::{Pattern64, Pattern256, Quote};
use integration_tests::tracer::is_permitted;
use integration_tests::vectors::widths;

use crate::fixture::{Shape, Stepped};
use crate::steps::{Steps, programs, report, rounds};
use crate::watch::Watch;

/// The table of take-overs.
const WRITTEN: Shape = Shape::PLAIN;

#[test]
fn a_write_may_end_at_every_instruction() {
    if !is_permitted() {
        return;
    }
    let widths = widths();
    for program in programs() {
        for round in 0..rounds() {
            for &bytes in &widths {
                write::<Pattern256>(program, bytes, Shape::of_round(1, round));
            }
            // By other vectors each time.
            for (cells, &bytes) in CELLS.into_iter().skip(1).zip(widths.iter().cycle()) {
                write::<Pattern256>(program, bytes, Shape::of_round(cells, round));
            }
            // Records that are too short for what is wide.
            for cells in [1, 2] {
                write::<Pattern64>(program, widths[0], Shape::of_round(cells, round));
                write::<Quote>(program, widths[0], Shape::of_round(cells, round));
            }
        }
    }
}

fn write<T: Stepped>(program: &Path, bytes: u32, shape: Shape) {
    let place = shape.table::<T>();
    let mut steps = Steps::start_within(program, bytes, &[T::WRITE, place.address()]);
    let mut watch = Watch::<T>::new(&place, shape);
    watch.expect_write();
    let found = watch.follow(&mut steps, None).and_then(|()| match watch.is_written() {
        true => Ok(()),
        false => Err("the value is not there at the end".to_owned()),
    });
    let what = format!("{} by {bytes} bytes to {shape:?}", T::WRITE);
    report(program, &what, steps.boundaries, watch.changes, found);
    steps.finish().expect("it ends well");
}

#[test]
fn a_take_over_may_end_at_every_instruction() {
    if !is_permitted() {
        return;
    }
    let (programs, widths) = (programs(), widths());
    for (at, program) in programs.iter().enumerate() {
        // The dead are of another compiler, and of another language for Rust.
        let dead = programs[(at + 1) % programs.len()];
        for (round, &bytes) in (0..rounds()).zip(widths.iter().cycle().skip(at)) {
            // First while the slot is filled, then spread over the write by the golden section.
            let instructions = length_of_a_write(dead, bytes) * ((768 + 633 * round) % 1024) / 1024;
            take_over(program, dead, bytes, instructions);
        }
    }
}

/// Instructions of the write that [`take_over`] finds unfinished.
fn length_of_a_write(program: &Path, bytes: u32) -> u64 {
    let place = WRITTEN.table::<Pattern256>();
    let mut steps = Steps::start_within(program, bytes, &[Pattern256::WRITE, place.address()]);
    while steps.step() {}
    steps.boundaries
}

/// Takes over from a writer that died behind so many instructions of its write, by vectors of at most so many bytes.
fn take_over(program: &Path, dead: &Path, bytes: u32, instructions: u64) {
    let place = WRITTEN.table::<Pattern256>();
    let mut watch = Watch::<Pattern256>::new(&place, WRITTEN);
    watch.expect_write();
    let mut write = Steps::start_within(dead, bytes, &[Pattern256::WRITE, place.address()]);
    let found = watch.follow(&mut write, Some(instructions));
    report(dead, "a write that is cut short", write.boundaries, watch.changes, found);
    drop(write);
    let what = if watch.is_written() { "to take over a write" } else { "to take over before a write" };
    let before = watch.changes;
    let mut steps = Steps::start(program, &["open", place.address()]);
    let found = watch.follow(&mut steps, None).and_then(|()| match watch.epoch() {
        3 => Ok(()), // its creator, the dead, and this one
        other => Err(format!("the epoch is {other}")),
    });
    report(program, what, steps.boundaries, watch.changes - before, found);
    steps.finish().expect("it ends well");
}
