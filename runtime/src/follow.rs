//! Reading on when a table is replaced. Relies on `reader` and on the coarse clock; knows no table.

use std::ops::Range;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::{ErrorKind, Result};
use crate::field::Field;
use crate::host;
use crate::options::Options;
use crate::reader::{Reader, Versioned};
use crate::record::{ShmField, ShmRecord};

/// How long it does not look again when nothing has taken the table's place, in nanoseconds.
const PAUSE_NS: u64 = 5_000_000;
/// How long it waits before it asks whether its table is still there.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A [`Reader`] that goes on with the table that replaces its own: each read looks first, by one load, whether the table was
/// removed. If so it opens the address again, and reads the old table's last values until something is there.
///
/// ```
/// # use shmrecord::{Follower, ShmRecord, Writer};
/// # #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)] #[repr(C)] struct Quote { price: f64 }
/// # let address = format!("posix:/doc-follow-{}", std::process::id());
/// # let address = address.as_str();
/// let mut stuck = Writer::<Quote>::create(address, 100)?;
/// stuck.write(7, &Quote { price: 2.5 })?;
/// let mut follower = Follower::<Quote>::open(address)?;
///
/// let mut next = Writer::<Quote>::replace(address, 100)?;
/// assert_eq!(follower.read(7)?.price, 2.5);
/// next.write(7, &Quote { price: 3.5 })?;
/// assert_eq!(follower.read(7)?.price, 3.5);
/// # shmrecord::remove(address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
///
/// What takes a table away without saying so (`rm`, `ipcrm`) shows in no load: [`Follower::refresh`] asks the kernel. A
/// successor may have another capacity and, where [`Options::compatible`] accepts it, another version of the record.
#[derive(Debug)]
pub struct Follower<T> {
    reader: Reader<T>,
    /// Before this moment of the coarse clock it does not look again.
    next_look_ns: u64,
}

impl<T: ShmRecord> Follower<T> {
    /// As [`Reader::open`].
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(address: &str) -> Result<Self> {
        Options::new().follow(address)
    }

    /// The reader of the table that was last found.
    #[must_use]
    pub fn reader(&self) -> &Reader<T> {
        &self.reader
    }

    /// As [`Reader::refresh`].
    ///
    /// # Errors
    /// As [`Reader::refresh`].
    pub fn refresh(&mut self) -> Result<bool> {
        self.reader.refresh()
    }

    /// As [`Reader::read`].
    ///
    /// # Errors
    /// As [`Reader::read`]; as [`Reader::open`] when something has taken the table's place that is not to be opened.
    #[inline]
    pub fn read(&mut self, index: usize) -> Result<T> {
        self.follow()?.read(index)
    }

    /// As [`Reader::read_field`].
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::read_field`].
    #[inline]
    pub fn read_field<F: ShmField>(&mut self, index: usize, field: Field<T, F>) -> Result<F> {
        self.follow()?.read_field(index, field)
    }

    /// As [`Reader::read_versioned`]. In the place of a table that was replaced a version does not go back, unless the
    /// old writer went on writing; one that was removed and created anew begins with version 0.
    ///
    /// # Errors
    /// As [`Follower::read`].
    #[inline]
    pub fn read_versioned(&mut self, index: usize) -> Result<Versioned<T>> {
        self.follow()?.read_versioned(index)
    }

    /// As [`Reader::read_fresh`].
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::read_fresh`].
    pub fn read_fresh(&mut self, index: usize, max_age: Duration) -> Result<T> {
        self.follow()?.read_fresh(index, max_age)
    }

    /// As [`Reader::snapshot`].
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::snapshot`].
    pub fn snapshot(&mut self, range: Range<usize>) -> Result<Vec<T>> {
        self.follow()?.snapshot(range)
    }

    /// As [`Reader::snapshot_into`].
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::snapshot_into`].
    pub fn snapshot_into(&mut self, first: usize, out: &mut [T]) -> Result<()> {
        self.follow()?.snapshot_into(first, out)
    }

    /// As [`Reader::fold`], of one table: whether it was removed is looked at before the first record.
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::fold`].
    #[inline]
    pub fn fold<A>(&mut self, range: Range<usize>, init: A, add: impl FnMut(A, usize, T) -> A) -> Result<A> {
        self.follow()?.fold(range, init, add)
    }

    /// As [`Reader::wait`], in whatever table is at the address meanwhile: also in one that takes the place of this one, and of one
    /// that `rm` or `ipcrm` took away, which is looked for every 100 ms.
    ///
    /// # Errors
    /// As [`Follower::read`] and [`Reader::wait`], but for `Retired`.
    pub fn wait(&mut self, index: usize, seen: u64, timeout: Duration) -> Result<Option<u64>> {
        let mut deadline = Deadline::after(timeout);
        loop {
            match self.follow()?.wait(index, seen, deadline.left().min(LOOK_AGAIN)) {
                Err(error) if *error.kind() == ErrorKind::Retired => {
                    if !deadline.pause() {
                        return Ok(None);
                    }
                }
                Ok(None) if !deadline.is_over() => {
                    self.refresh()?;
                }
                result => return result,
            }
        }
    }

    #[inline]
    fn follow(&mut self) -> Result<&Reader<T>> {
        if self.reader.is_retired() {
            self.look()?;
        }
        Ok(&self.reader)
    }

    /// Looks for a successor, unless it has just been looked in vain.
    #[cold]
    fn look(&mut self) -> Result<()> {
        let now = host::coarse_monotonic_ns();
        if now >= self.next_look_ns && !self.reader.reopen()? {
            self.next_look_ns = now.saturating_add(PAUSE_NS);
        }
        Ok(())
    }
}

impl<T> From<Reader<T>> for Follower<T> {
    /// The reader's table, and whatever replaces it.
    fn from(reader: Reader<T>) -> Self {
        Self { reader, next_look_ns: 0 }
    }
}
