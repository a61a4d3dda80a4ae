//! Notifiers: whatever fails as one is made or taken, no descriptor, mapping or thread is left, and the table is as it was. Relies
//! on `sweep`; C has none, so only the program in Rust is run.

use std::path::Path;

use integration_tests::case::every_backend;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::{Call, is_permitted};
use shmrecord::{Options, Reader};

use crate::run::run;
use crate::sweep::{End, Subject, every_failure, in_each};
use crate::tables::RUST;

/// `notify`: of a whole table; `notify-of`: of a record; `take`: of one that has something to tell.
struct Operation(&'static str, Backend);

impl Subject for Operation {
    type Place = Place;

    fn prepare(&self) -> Place {
        let place = Place::new(self.1);
        make(&place);
        place
    }

    fn address<'a>(&self, place: &'a Place) -> &'a str {
        place.address()
    }

    fn word<'a>(&'a self, _: &'a Place) -> &'a str {
        self.0
    }

    fn check(&self, place: &Place, _: End, _: Option<&Call>, _: usize) -> Result<(), String> {
        let reader = Reader::<Pattern256>::open(place.address()).map_err(|error| error.to_string())?;
        let record = reader.read_versioned(1).map_err(|error| error.to_string())?;
        let is_right = record.value == Pattern256::of(1, 1);
        if is_right { Ok(()) } else { Err(format!("{record:?}")) }
    }
}

fn make(place: &Place) {
    let options = Options::new().doorbell(true);
    let mut writer = options.create::<Pattern256>(place.address(), 4).unwrap();
    writer.write(1, &Pattern256::of(1, 1)).unwrap();
}

#[test]
fn every_call_of_a_notifier_fails() {
    if !is_permitted() {
        return;
    }
    in_each(&[Path::new(RUST)], |program, report| {
        for backend in Backend::ALL {
            for word in ["notify", "notify-of", "take"] {
                every_failure(program, &format!("{word}, {backend:?}"), &Operation(word, backend), report);
            }
        }
    });
}

#[test]
fn making_one_takes_a_descriptor_and_a_thread_and_taking_it_a_read() {
    if !is_permitted() {
        return;
    }
    every_backend(|place| {
        make(place);
        let calls = |word| run(Path::new(RUST), word, place.address(), None).unwrap().calls;
        let made = calls("notify");
        for numbers in [&[libc::SYS_eventfd2][..], &[libc::SYS_clone, libc::SYS_clone3]] {
            let count = made.iter().filter(|call| numbers.contains(&call.number)).count();
            assert_eq!(count, 1, "{made:?}");
        }
        let taken = calls("take");
        let count = taken.iter().filter(|call| call.number == libc::SYS_read).count();
        assert_eq!(count, 1, "{taken:?}");
    });
}
