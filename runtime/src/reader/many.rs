//! Reads of many records in a row. Relies on `scan`; makes no system call on the way of success.

use std::ops::Range;

use super::Reader;
use crate::error::Result;
use crate::record::ShmRecord;
use crate::scan;

impl<T: ShmRecord> Reader<T> {
    /// The records of this range, as they were at one instant with respect to batches: of each batch all or nothing. A
    /// single write beside it is in it or not.
    ///
    /// The timeout is for batches that come between. A first attempt without one goes on for as long as copying takes.
    ///
    /// # Errors
    /// As [`Reader::read`]; [`Contended`](crate::ErrorKind::Contended) also when batches were committed during every attempt
    /// until the timeout; [`BadArgument`](crate::ErrorKind::BadArgument) for a range that ends before it starts.
    pub fn snapshot(&self, range: Range<usize>) -> Result<Vec<T>> {
        scan::snapshot(&self.table, &self.address, self.options.timeout, range)
    }

    /// As [`Reader::snapshot`], of `out.len()` records from `first` on, to memory of the caller: each is copied to its place once, and
    /// no memory is taken. After an error `out` is a mixture: of what was there and of records of several moments, which may be torn
    /// where [`Reader::read_into`] says so of one.
    ///
    /// ```
    /// # use shmrecord::{Reader, ShmRecord, Writer};
    /// # #[derive(ShmRecord, Clone, Copy, Default)] #[repr(C)] struct Quote { price: f64 }
    /// # let address = format!("posix:/doc-snapshot-{}", std::process::id());
    /// # let mut writer = Writer::<Quote>::create(&address, 100)?;
    /// writer.write(41, &Quote { price: 2.5 })?;
    /// let reader = Reader::<Quote>::open(&address)?;
    /// let mut quotes = vec![Quote::default(); 20]; // once, for many snapshots
    /// reader.snapshot_into(40, &mut quotes)?;
    /// assert_eq!(quotes[1].price, 2.5);
    /// # shmrecord::remove(&address)?;
    /// # Ok::<(), shmrecord::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reader::snapshot`].
    pub fn snapshot_into(&self, first: usize, out: &mut [T]) -> Result<()> {
        scan::snapshot_into(&self.table, &self.address, self.options.timeout, first, out)
    }

    /// What `add` makes of the records of this range, one after the other, with their indices: a sum, the best of them. Each is
    /// whole, but they are not of one instant, as those of a [`Reader::snapshot`] are. Nothing is stored: of a record
    /// of up to 256 bytes little more is loaded than what `add` uses. Of a larger one [`Reader::read_field`] copies less.
    ///
    /// ```
    /// # use shmrecord::{Reader, ShmRecord, Writer};
    /// # #[derive(ShmRecord, Clone, Copy)] #[repr(C)] struct Quote { price: f64, volume: i64 }
    /// # let address = format!("posix:/doc-fold-{}", std::process::id());
    /// # let mut writer = Writer::<Quote>::create(&address, 100)?;
    /// writer.write(7, &Quote { price: 2.5, volume: 100 })?;
    /// writer.write(8, &Quote { price: 3.5, volume: 200 })?;
    /// let reader = Reader::<Quote>::open(&address)?;
    /// let volume = reader.fold(0..100, 0, |sum, _, quote| sum + quote.volume)?;
    /// assert_eq!(volume, 300);
    /// # shmrecord::remove(&address)?;
    /// # Ok::<(), shmrecord::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reader::read`], of the first record that cannot be read, behind which `add` is not called; the timeout is for each
    /// record. [`BadArgument`](crate::ErrorKind::BadArgument) for a range that ends before it starts.
    #[inline]
    pub fn fold<A>(&self, range: Range<usize>, init: A, add: impl FnMut(A, usize, T) -> A) -> Result<A> {
        scan::fold(&self.table, &self.address, self.options.timeout, range, init, add)
    }
}
