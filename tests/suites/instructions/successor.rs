//! What the next writer makes of a table whose writer died: tried on a copy. Relies on `image` for the copy, and on the
//! runtime to take over, write and read there.

use std::marker::PhantomData;

use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use shmrecord::{Reader, Writer};

use crate::fixture::{Records, Shape, Stepped};
use crate::watch::all_are;

/// Where copies go: a table of the same shape, with a header and a guard of its own.
pub(crate) struct Successor<T> {
    place: Place,
    image: Image,
    record: PhantomData<T>,
}

impl<T: Stepped> Successor<T> {
    /// For copies of tables of this shape.
    pub(crate) fn new(shape: Shape) -> Self {
        let place = shape.table::<T>();
        let image = Image::of(&place);
        Self { place, image, record: PhantomData }
    }

    /// Takes over a copy of these bytes, whose readers see these records, and goes on there.
    pub(crate) fn check(&self, bytes: &[u8], mut records: Records<T>) -> Result<(), String> {
        let header = usize::try_from(at::HEADER_END).expect("a small number");
        self.image.put(at::HEADER_END, &bytes[header..]);
        let epoch = self.image.word(at::EPOCH);
        let address = self.place.address();
        let mut writer = Writer::<T>::open(address).map_err(in_words)?;
        if writer.epoch() != epoch + 1 {
            return Err(format!("epoch {} behind {epoch}", writer.epoch()));
        }
        let reader = Reader::<T>::open(address).map_err(in_words)?;
        all_are(&reader, &records)?;
        // The write of another record makes the log forget what it held: the record itself must be whole.
        for index in [2, 0] {
            let record = &mut records[index];
            record.version += 1;
            record.value = T::of(index, record.version);
            writer.write(index, &record.value).map_err(in_words)?;
            all_are(&reader, &records)?;
        }
        Ok(())
    }
}

fn in_words(error: shmrecord::Error) -> String {
    error.to_string()
}
