//! `mmap-sync`: one value in two files that are written by turns, and a third one that says which is the newer and how many
//! read it; in `/dev/shm`, as its authors recommend. Records go as the bytes that they are, which is its fastest write and
//! read, through `rkyv`, of which no check or copy is left then.
//!
//! A writer that finds a reader in the older copy sleeps, for a second unless told otherwise; here it looks again at once.
//! What a reader counts itself into may have become the older copy since it looked: values are torn now and then.

use std::convert::Infallible;
use std::time::Duration;

use ::mmap_sync::locks::LockDisabled;
use ::mmap_sync::synchronizer::Synchronizer;
use bytecheck::CheckBytes;
use rkyv::{Archive, Fallible, Serialize};
use wyhash::WyHash;

use super::{Peer, Place, Read, Write, remove_shared};
use crate::miss::{Miss, Outcome};
use crate::sample::{Sample, bytes};

/// After this a reader counts as dead. None is in a copy for so long.
const GRACE: Duration = Duration::from_secs(5);

/// Three files a value.
const MOST: usize = 100;

pub(crate) struct Files;

/// Where the values will be.
pub(crate) struct Table {
    prefix: String,
    records: usize,
}

/// Either end, of every value: with its own hash, no lock beside other writers, no scratch, no sleep.
pub(crate) struct Ends(Vec<Synchronizer<WyHash, LockDisabled, 0, 0>>);

impl Table {
    fn ends(&self) -> Ends {
        let prefix = |index| format!("/dev/shm/{}{index}", self.prefix);
        Ends((0..self.records).map(|index| Synchronizer::with_params(prefix(index).as_ref())).collect())
    }
}

/// In front of the number of a value.
fn prefix(place: &Place) -> String {
    format!("{}_", place.name())
}

impl<T: Sample> Peer<T> for Files {
    type Common = Table;
    type Writer = Ends;
    type Reader = Ends;

    fn prepare(place: &Place, records: usize) -> Outcome<Table> {
        if records > MOST {
            return Miss::limit(format!("{records} values take three files each"));
        }
        Ok(Table { prefix: prefix(place), records })
    }

    fn writer(table: &'static Table) -> Outcome<Ends> {
        let mut ends = table.ends();
        (0..table.records).for_each(|index| ends.write(index, &T::filled(0)));
        Ok(ends)
    }

    fn reader(table: &'static Table) -> Outcome<Ends> {
        Ok(table.ends())
    }

    fn remove(place: &Place) {
        remove_shared(&prefix(place));
    }
}

impl<T: Sample> Write<T> for Ends {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self.0[index].write_raw::<Archived<T>>(bytes(value), GRACE).expect("there is room");
    }
}

impl<T: Sample> Read<T> for Ends {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        // SAFETY: what lies there was written by this program: a sample, or a mixture of two, which is one, too. It is
        // copied at once, so long before the end of the grace.
        let value = unsafe { self.0[index].read::<Archived<T>>(false) };
        value.map(|value| *out = value.0).is_ok()
    }
}

/// A record that is its own archive.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Archived<T>(T);

impl<T: Sample> Archive for Archived<T> {
    type Archived = Self;
    type Resolver = ();

    unsafe fn resolve(&self, _: usize, (): (), out: *mut Self) {
        // SAFETY: as `rkyv` promises, there is room for one.
        unsafe { out.write(*self) };
    }
}

impl<T: Sample, S: Fallible + ?Sized> Serialize<S> for Archived<T> {
    fn serialize(&self, _: &mut S) -> Result<(), S::Error> {
        Ok(())
    }
}

/// Any bytes are a record.
impl<T: Sample, C: ?Sized> CheckBytes<C> for Archived<T> {
    type Error = Infallible;

    unsafe fn check_bytes<'a>(value: *const Self, _: &mut C) -> Result<&'a Self, Infallible> {
        // SAFETY: as `bytecheck` promises, it is aligned and within the archive.
        Ok(unsafe { &*value })
    }
}

#[cfg(test)]
mod tests {
    use super::super::crossing::{crosses, leaves_nothing};
    use super::Files;

    #[test]
    fn values_get_to_another_process_and_nothing_stays() {
        crosses::<Files>("mmap-sync", 3);
        leaves_nothing::<Files>("mmap-sync-killed");
    }
}
