//! Memfds over sockets: whatever fails, the one that sends keeps what it has, and the one that receives has all of it or
//! nothing more than before. Relies on `sweep`; both ends are in one process, which already has the table.

use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::{Call, is_permitted};
use shmrecord::{Reader, Writer};

use crate::sweep::{End, Subject, check_same, every_failure, in_each};
use crate::tables::programs;

/// `send`, `lend`: a writer's and a reader's share; `receive`: what was sent.
struct Operation(&'static str);

impl Subject for Operation {
    type Place = Place;

    fn prepare(&self) -> Place {
        let place = Place::new(Backend::Memfd);
        let mut writer = Writer::<Pattern256>::create(place.address(), 1).unwrap();
        writer.write(0, &Pattern256::of(0, 1)).unwrap();
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
        let record = reader.read_versioned(0).map_err(|error| error.to_string())?;
        let is_right = record.version == 1 && record.value == Pattern256::of(0, 1);
        if is_right { Ok(()) } else { Err(format!("{record:?}")) }
    }
}

#[test]
fn every_call_of_a_hand_over_fails() {
    if !is_permitted() {
        return;
    }
    let reports = in_each(&programs(), |program, report| {
        for word in ["send", "lend", "receive"] {
            every_failure(program, word, &Operation(word), report);
        }
    });
    check_same(&reports);
}
