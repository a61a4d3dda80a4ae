//! The blackboard of `ringfire`: a table of slots in a file, which its authors put in `/dev/shm`, with a version in front
//! of every value; both have cache lines of their own, so that 64 bytes take 128. A slot that was never written holds
//! nothing, so all are written once when the table is made.

use std::fs;

use ::ringfire::{BlackboardConsumer, BlackboardProducer};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::Sample;

pub(crate) struct Slots;

/// Where a table will be, and how large.
pub(crate) struct Table {
    path: String,
    records: usize,
}

fn path(place: &Place) -> String {
    format!("/dev/shm/{}", place.name())
}

impl<T: Sample> Peer<T> for Slots {
    type Common = Table;
    type Writer = BlackboardProducer<T>;
    type Reader = BlackboardConsumer<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Table> {
        Ok(Table { path: path(place), records })
    }

    fn writer(table: &'static Table) -> Outcome<BlackboardProducer<T>> {
        let mut producer = BlackboardProducer::create(&table.path, table.records)?;
        let nothing = T::filled(0);
        (0..table.records).try_for_each(|index| producer.write(index, &nothing))?;
        Ok(producer)
    }

    fn reader(table: &'static Table) -> Outcome<BlackboardConsumer<T>> {
        Ok(BlackboardConsumer::attach(&table.path)?)
    }

    fn remove(place: &Place) {
        // It may never have come to be, and a producer that ends in peace takes it away.
        let _ = fs::remove_file(path(place));
    }
}

impl<T: Sample> Write<T> for BlackboardProducer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        Self::write(self, index, value).expect("it is in range");
    }
}

impl<T: Sample> Read<T> for BlackboardConsumer<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.read_copy(index, out).is_ok_and(|is_written| is_written)
    }
}

#[cfg(test)]
mod tests {
    use super::super::crossing::{crosses, leaves_nothing};
    use super::Slots;

    #[test]
    fn values_get_to_another_process_and_nothing_stays() {
        crosses::<Slots>("ringfire", 3);
        leaves_nothing::<Slots>("ringfire-killed");
    }
}
