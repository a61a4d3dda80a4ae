//! Memfds over sockets: whatever fails, the one that sends keeps what it has, and the one that receives has all of it or
//! nothing more than before. Relies on `sweep` and `untouched`; both ends are in one process, which already has the table.

use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::is_permitted;
use shmrecord::Writer;

use crate::sweep::{check_same, every_failure, in_each};
use crate::tables::programs;
use crate::untouched::Untouched;

/// A table whose one record was written once.
fn make() -> Place {
    let place = Place::new(Backend::Memfd);
    let mut writer = Writer::<Pattern256>::create(place.address(), 1).unwrap();
    writer.write(0, &Pattern256::of(0, 1)).unwrap();
    place
}

#[test]
fn every_call_of_a_hand_over_fails() {
    if !is_permitted() {
        return;
    }
    let reports = in_each(&programs(), |program, report| {
        // A writer's share; a reader's; what was sent.
        for word in ["send", "lend", "receive"] {
            every_failure(program, word, &Untouched { word, make, index: 0 }, report);
        }
    });
    check_same(&reports);
}
