//! Notifiers: whatever fails as one is made or taken, no descriptor, mapping or thread is left, and the table is as it was. Relies
//! on `sweep` and `untouched`; C has none, so only the program in Rust is run.

use std::path::Path;

use integration_tests::case::every_backend;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::is_permitted;
use shmrecord::Options;

use crate::run::run;
use crate::sweep::{every_failure, in_each};
use crate::tables::RUST;
use crate::untouched::Untouched;

/// Makes a table whose record 1 was written once.
fn fill(place: &Place) {
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
            let make = || {
                let place = Place::new(backend);
                fill(&place);
                place
            };
            // Of a whole table; of a record; from one that has something to tell.
            for word in ["notify", "notify-of", "take"] {
                let subject = Untouched { word, make, index: 1 };
                every_failure(program, &format!("{word}, {backend:?}"), &subject, report);
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
        fill(place);
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
