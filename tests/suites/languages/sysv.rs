//! What is wrong with a System V segment, and said of it in the same words: segments of other programs, of another size, of
//! another namespace, and sets that are no guards.

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::sysv::{self, Attached};
use shmrecord::Result;

use crate::errors::{ATTACH, CREATE, OPEN, Operation, REMOVE, REPLACE, ask, make_table, request, words};
use crate::tools::actors;

const ALL: &[Operation] = &[ATTACH, OPEN, CREATE, REPLACE, REMOVE];

/// As in `errors`.
type Fault = (&'static str, fn(&Place), &'static [Operation]);

const FAULTS: &[Fault] = &[
    ("nothing there", |_| (), &[ATTACH, OPEN, REMOVE]),
    ("a whole table", make_table, ALL),
    ("another program's", |place| foreign(place, 4096, b"SQLite format 3"), ALL),
    ("the other byte order", |place| foreign(place, 4096, b"DRCERMHS"), ALL),
    ("a short one", |place| foreign(place, 639, b"text"), ALL),
    ("a very short one", |place| foreign(place, 5, b"text"), ALL),
    // Who opens it waits.
    ("zeros", |place| foreign(place, 4096, b""), &[REMOVE]),
    ("zeros beside a set like ours", zeros_and_a_guard, &[REMOVE]),
    ("another size", |place| change(place, |image| image.set_length(image.length() + 64)), ALL),
    ("another namespace", |place| change(place, |image| image.forge(at::GUARD_DEVICE, &[1; 8])), ALL),
    ("a creator without /proc", |place| change(place, |image| image.forge(at::GUARD_DEVICE, &[0; 8])), ALL),
    (
        "a creator that died",
        |place| change(place, |image| image.set_word(at::MAGIC, 0)),
        &[CREATE, REPLACE, REMOVE],
    ),
    ("a removed table", |place| change(place, |image| image.set_word(at::STATE, 2)), ALL),
    ("no guard", |place| guard(place, None), ALL),
    ("another guard", |place| guard(place, Some(sysv::GUARD_SEMAPHORES)), ALL),
    ("another program's set", |place| guard(place, Some(3)), ALL),
];

fn foreign(place: &Place, size: usize, contents: &[u8]) {
    sysv::make_segment(place.key(), size);
    Attached::new(place.key()).put(0, contents);
}

fn zeros_and_a_guard(place: &Place) {
    foreign(place, 4096, b"");
    place.make_guard();
}

fn change(place: &Place, change: impl Fn(&Image)) {
    make_table(place);
    change(&Image::of(place));
}

fn guard(place: &Place, semaphores: Option<i32>) {
    make_table(place);
    place.remove(Part::Guard);
    if let Some(semaphores) = semaphores {
        sysv::make_set(place.key(), semaphores);
    }
}

#[test]
fn every_fault_of_system_v_has_the_same_words() {
    let Some(program) = actors().pop() else { return };
    let mut actor = Actor::start(program, &["hold"]);
    for (name, fault, operations) in FAULTS {
        for operation in *operations {
            let [(c, c_left), (rust, rust_left)] = [true, false].map(|in_c| {
                let place = Place::new(Backend::Sysv);
                fault(&place);
                let address = place.address();
                let said = match in_c {
                    true => ask(&mut actor, &request(operation, address)),
                    false => words(&operation.1(address) as &Result<()>),
                };
                (said.replace(address, "ADDRESS"), place.names())
            });
            assert_eq!(c, rust, "{} on {name}, in C and in Rust", operation.0);
            assert_eq!(c_left, rust_left, "{} on {name}: {c}", operation.0);
            println!("{} on {name}: {c}", operation.0);
        }
    }
}
