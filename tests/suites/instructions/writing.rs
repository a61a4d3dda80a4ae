//! Writes, and take-overs of tables whose writer died in one. Relies on `steps` and `watch`.

use std::path::Path;

use integration_tests::case::CELLS;
use integration_tests::records::{Pattern64, Pattern256, Quote};
use integration_tests::tracer::is_permitted;

use crate::fixture::{Shape, Stepped};
use crate::steps::{Steps, programs, report, rounds};
use crate::watch::Watch;

#[test]
fn a_write_may_end_at_every_instruction() {
    if !is_permitted() {
        return;
    }
    for program in programs() {
        for round in 0..rounds() {
            for cells in CELLS {
                write::<Pattern256>(program, Shape::of_round(cells, round));
            }
            for cells in [1, 2] {
                write::<Pattern64>(program, Shape::of_round(cells, round));
                write::<Quote>(program, Shape::of_round(cells, round));
            }
        }
    }
}

fn write<T: Stepped>(program: &Path, shape: Shape) {
    let place = shape.table::<T>();
    let mut steps = Steps::start(program, &[T::WRITE, place.address()]);
    let mut watch = Watch::<T>::new(&place, shape);
    watch.expect_write();
    let found = watch.follow(&mut steps, None).and_then(|()| match watch.is_written() {
        true => Ok(()),
        false => Err("the value is not there at the end".to_owned()),
    });
    report(program, &format!("{} to {shape:?}", T::WRITE), steps.boundaries, watch.changes, found);
    steps.finish().expect("it ends well");
}
