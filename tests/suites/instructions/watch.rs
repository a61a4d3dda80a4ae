//! A table whose writer is stepped, at a boundary between two instructions: what readers see there, and, where a byte has
//! changed, what a successor would find. Relies on the runtime's readers and on `image`.

use std::array;
use std::collections::VecDeque;
use std::time::Duration;

use integration_tests::image::Image;
use integration_tests::place::Place;
use shmrecord::{Options, Reader, Versioned};

use crate::fixture::{Records, Shape, Stepped};
use crate::steps::Steps;
use crate::successor::Successor;

/// A table under watch.
pub(crate) struct Watch<T> {
    reader: Reader<T>,
    image: Image,
    successor: Successor<T>,
    /// As they were at the last boundary.
    bytes: Vec<u8>,
    records: Records<T>,
    /// What they may become, one after the other.
    coming: VecDeque<Records<T>>,
    /// Changes of the bytes so far.
    pub(crate) changes: u64,
}

impl<T: Stepped> Watch<T> {
    /// A table of this shape, as it is now.
    pub(crate) fn new(place: &Place, shape: Shape) -> Self {
        // Nobody is there to finish anything, so a read succeeds at once or not at all.
        let options = Options::new().timeout(Duration::from_millis(1));
        let reader = options.open::<T>(place.address()).expect("a table");
        let image = Image::of(place);
        let bytes = image.bytes();
        let records = array::from_fn(|index| reader.read_versioned(index).expect("an index in range"));
        Self {
            reader,
            image,
            successor: Successor::new(shape),
            bytes,
            records,
            coming: VecDeque::new(),
            changes: 0,
        }
    }

    /// Record 0 may now get its next value.
    pub(crate) fn expect_write(&mut self) {
        self.expect(&[&[0]]);
    }

    /// These records may now get their next values: those of one list at one instant.
    pub(crate) fn expect(&mut self, steps: &[&[usize]]) {
        let mut records = self.records;
        for step in steps {
            for &index in *step {
                let version = records[index].version + 1;
                records[index] = Versioned { value: T::of(index, version), version };
            }
            self.coming.push_back(records);
        }
    }

    /// Whether everything that was expected is there. Nothing is expected any more.
    pub(crate) fn is_written(&mut self) -> bool {
        std::mem::take(&mut self.coming).is_empty()
    }

    /// How often the role was taken, as readers see it.
    pub(crate) fn epoch(&self) -> u64 {
        self.reader.epoch()
    }

    /// Looks at the table, which nobody is changing now.
    pub(crate) fn look(&mut self) -> Result<(), String> {
        if let Some(next) = self.coming.front()
            && all_are(&self.reader, next).is_ok()
        {
            self.records = *next;
            self.coming.pop_front();
        }
        all_are(&self.reader, &self.records)?;
        let bytes = self.image.bytes();
        if bytes != self.bytes {
            self.changes += 1;
            self.bytes = bytes;
            self.successor.check(&self.bytes, self.records).map_err(|it| format!("its successor: {it}"))?;
        }
        Ok(())
    }

    /// Looks at the table behind every instruction of an operation, or of its first so many.
    pub(crate) fn follow(&mut self, steps: &mut Steps, instructions: Option<u64>) -> Result<(), String> {
        self.look()?;
        while instructions.is_none_or(|end| steps.boundaries < end) && steps.step() {
            self.look()?;
        }
        Ok(())
    }
}

/// Whether a reader sees just these records.
pub(crate) fn all_are<T: Stepped>(reader: &Reader<T>, records: &Records<T>) -> Result<(), String> {
    for (index, expected) in records.iter().enumerate() {
        match reader.read_versioned(index) {
            Ok(record) if record == *expected => {}
            Ok(record) => return Err(format!("record {index} is {record:?} instead of {expected:?}")),
            Err(error) => return Err(format!("record {index}: {error}")),
        }
    }
    Ok(())
}
