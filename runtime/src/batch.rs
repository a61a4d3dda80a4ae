//! Several records at one instant: the batch that a writer fills. Relies on `table`, whose log takes the values as they come;
//! makes no system call.

use std::fmt;
use std::marker::PhantomData;

use crate::address::Address;
use crate::buffer::Buffer;
use crate::error::{At, ErrorKind, Result};
use crate::guard;
use crate::read;
use crate::record::ShmRecord;
use crate::status;
use crate::table::Table;

/// New values for several records, which [`Writer::batch`](crate::Writer::batch) publishes at one instant.
pub struct Batch<'a, T> {
    table: &'a Table,
    address: &'a Address,
    /// In the log; `None` once it is published.
    filling: Option<guard::batch::Batch<'a>>,
    /// A record was refused, so that the rest is not all.
    is_short: bool,
    /// The groups that its records are waited for in.
    groups: u32,
    record: PhantomData<fn(T)>,
}

impl<'a, T: ShmRecord> Batch<'a, T> {
    /// An empty one. The caller holds the role.
    pub(crate) fn begin(table: &'a Table, address: &'a Address) -> Result<Self> {
        status::check_home("batch", table, address)?;
        let Some(filling) = table.begin_batch() else {
            let cells = table.header().shape.cells;
            let words = format!("a table of {cells} cells has no log for batches");
            return Err(refused(address, "cells", words));
        };
        let filling = Some(filling);
        Ok(Self { table, address, filling, is_short: false, groups: 0, record: PhantomData })
    }

    /// Makes `value` the next version of record `index` when the batch is published; until then nobody sees it. Every
    /// record may be set once. A batch with a value that was refused publishes nothing, whatever becomes of this error.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](crate::ErrorKind::IndexOutOfRange); [`BadArgument`](crate::ErrorKind::BadArgument) when the
    /// batch has this record already, or as many as the log has entries
    /// ([`Options::log_entries`](crate::Options::log_entries)).
    pub fn set(&mut self, index: usize, value: &T) -> Result<()> {
        let result = self.try_set(index, value);
        self.is_short |= result.is_err();
        result
    }

    fn try_set(&mut self, index: usize, value: &T) -> Result<()> {
        let Some(slot) = self.table.slot(index) else {
            return Err(read::out_of_range("batch", self.table, self.address, index));
        };
        status::check_home("batch", self.table, self.address)?;
        let Some(filling) = &mut self.filling else {
            return Err(refused(self.address, "batch", "it has ended".to_owned()));
        };
        if filling.contains(index as u64) {
            return Err(refused(self.address, "index", format!("record {index} is in this batch already")));
        }
        let room = filling.capacity();
        if filling.len() == room {
            return Err(refused(self.address, "batch", format!("the log has room for {room} records")));
        }
        slot.put(filling, Buffer::empty().words_from(value));
        self.groups |= slot.group();
        Ok(())
    }

    /// The record at `index`: as this batch has set it, else as it is published. Waits for nobody, for nobody else writes.
    ///
    /// # Errors
    /// As [`Reader::read`](crate::Reader::read), [`Contended`](crate::ErrorKind::Contended) at once.
    pub fn get(&self, index: usize) -> Result<T> {
        status::check_home("read", self.table, self.address)?;
        match self.filling.as_ref().and_then(|filling| Buffer::<T>::read_batch(filling, index as u64)) {
            Some(value) => {
                let at = &At { operation: "read", subject: self.address };
                value.map_err(|unread| read::failed(at, unread, T::LAYOUT.name, index))
            }
            None => read::read_alone(self.table, self.address, index).map(|record| record.value),
        }
    }

    /// Publishes all of it, and gives the groups that its records are waited for in.
    pub(crate) fn commit(mut self) -> Result<u32> {
        status::check_home("batch", self.table, self.address)?;
        if self.is_short {
            let words = "one of its records was refused".to_owned();
            return Err(refused(self.address, "batch", words));
        }
        if let Some(filling) = self.filling.take() {
            self.table.commit(filling);
        }
        if self.groups != 0 {
            self.table.mark();
        }
        Ok(self.groups)
    }
}

impl<T> Drop for Batch<'_, T> {
    fn drop(&mut self) {
        // A child that was forked on the way has no log to leave empty.
        if self.table.is_forked() {
            std::mem::forget(self.filling.take());
        }
    }
}

impl<T> fmt::Debug for Batch<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.filling.as_ref().map(guard::batch::Batch::len);
        f.debug_struct("Batch")
            .field("address", &self.address)
            .field("records", &records)
            .finish_non_exhaustive()
    }
}

#[cold]
fn refused(address: &Address, argument: &'static str, words: String) -> crate::Error {
    At { operation: "batch", subject: address }.error(ErrorKind::BadArgument { argument }).detail(words)
}
