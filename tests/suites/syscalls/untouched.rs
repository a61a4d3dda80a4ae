//! Operations that leave a record alone: whatever fails, it is as it was written. Relies on `sweep`.

use integration_tests::place::Place;
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::Call;
use shmrecord::Reader;

use crate::sweep::{End, Subject};

/// One of them.
pub(crate) struct Untouched<M> {
    /// What the program calls it.
    pub(crate) word: &'static str,
    /// Makes a table that has the record in its first version.
    pub(crate) make: M,
    pub(crate) index: usize,
}

impl<M: Fn() -> Place> Subject for Untouched<M> {
    type Place = Place;

    fn prepare(&self) -> Place {
        (self.make)()
    }

    fn address<'a>(&self, place: &'a Place) -> &'a str {
        place.address()
    }

    fn word<'a>(&'a self, _: &'a Place) -> &'a str {
        self.word
    }

    fn check(&self, place: &Place, _: End, _: Option<&Call>, _: usize) -> Result<(), String> {
        let reader = Reader::<Pattern256>::open(place.address()).map_err(|error| error.to_string())?;
        let record = reader.read_versioned(self.index).map_err(|error| error.to_string())?;
        let is_right = record.version == 1 && record.value == Pattern256::of(self.index, 1);
        if is_right { Ok(()) } else { Err(format!("{record:?}")) }
    }
}
