//! What the next writer makes of a table whose writer died: tried on a copy. Relies on `image` for the copy, and on the
//! runtime to take over, or to join and take a turn, and to write and read there.

use std::cell::Cell;
use std::marker::PhantomData;

use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use shmrecord::{Reader, SharedWriter, Turn, Writer};

use crate::fixture::{Records, Shape, Stepped};
use crate::watch::all_are;

/// Where copies go: a table of the same shape, with a header and a guard of its own.
pub(crate) struct Successor<T> {
    place: Place,
    image: Image,
    shape: Shape,
    /// How often it was tried.
    tries: Cell<u32>,
    record: PhantomData<T>,
}

impl<T: Stepped> Successor<T> {
    /// For copies of tables of this shape.
    pub(crate) fn new(shape: Shape) -> Self {
        let place = shape.table::<T>();
        let image = Image::of(&place);
        Self { place, image, shape, tries: Cell::new(0), record: PhantomData }
    }

    /// Takes over a copy of these bytes, whose readers see these records, and goes on there.
    pub(crate) fn check(&self, bytes: &[u8], mut records: Records<T>) -> Result<(), String> {
        let header = usize::try_from(at::HEADER_END).expect("a small number");
        self.image.put(at::HEADER_END, &bytes[header..]);
        self.tries.set(self.tries.get() + 1);
        if self.shape.many {
            return self.check_turns(records);
        }
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

    /// The same of one of many writers: it joins, and takes its turn, be it from the dead one, whose slot it gets or another.
    fn check_turns(&self, mut records: Records<T>) -> Result<(), String> {
        let (word, epoch) = (self.image.half(at::LOCK), self.image.word(at::EPOCH));
        let holder = word & !at::LOCK_WAITERS;
        let is_death = self.shape.orphan.is_some() || holder != 0;
        if holder != 0 && self.tries.get().is_multiple_of(2) {
            // Whoever it was, another slot.
            self.image.put(at::LOCK, &(word & at::LOCK_WAITERS | 40).to_le_bytes());
        }
        let address = self.place.address();
        let reader = Reader::<T>::open(address).map_err(in_words)?;
        all_are(&reader, &records)?;
        let mut writer = SharedWriter::<T>::open(address).map_err(in_words)?;
        if (writer.slot(), writer.epoch()) != (0, epoch + 1) {
            return Err(format!("slot {}, epoch {} behind {epoch}", writer.slot(), writer.epoch()));
        }
        let turn = writer.lock().map_err(in_words)?;
        if matches!(turn, Turn::AfterDeath(_)) != is_death {
            return Err(format!("with lock word {word:#x} it is told: {turn:?}"));
        }
        let mut turn = turn.any();
        all_are(&reader, &records)?;
        for index in [2, 0] {
            let record = &mut records[index];
            record.version += 1;
            record.value = T::of(index, record.version);
            turn.write(index, &record.value).map_err(in_words)?;
            all_are(&reader, &records)?;
        }
        turn.clear_death();
        drop(turn);
        drop(writer.lock().and_then(Turn::whole).map_err(in_words)?);
        match self.image.half(at::LOCK) {
            0 => Ok(()),
            word => Err(format!("the lock word is {word:#x} behind all turns")),
        }
    }
}

fn in_words(error: shmrecord::Error) -> String {
    error.to_string()
}
