//! Reading any table by its own description, without a record type. Relies on `table`, `lifecycle` and `value`.

use std::ops::Range;
use std::time::Duration;

use shmrecord_layout::describe::Description;

use crate::address::Address;
use crate::buffer;
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::geometry::Arrangement;
use crate::life;
use crate::options::Options;
use crate::read;
use crate::region::Facts;
use crate::scan;
use crate::status::{self, Status};
use crate::successor;
use crate::table::Table;
use crate::value::{self, Value};
use crate::wait;

/// Reads the records of any table as named values: what tools need that have no schema at hand.
///
/// Slower than a [`Reader`](crate::Reader), with the same guarantees.
#[derive(Debug)]
pub struct RawReader {
    address: Address,
    table: Table,
    /// As it was opened, and will be opened again.
    options: Options,
    description: Description,
}

/// The fields of one record by name, in declaration order, and how often it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRecord<'a> {
    /// Field names and values.
    pub fields: Vec<(&'a str, Value<'a>)>,
    /// How often it was published; 0: never, and every value is zero.
    pub version: u64,
}

impl RawReader {
    /// Opens whatever table is at `address` for reading: `open(O_RDONLY)`, `mmap(PROT_READ)`, and every check of
    /// `docs/FORMAT.md` on private copies of header and description.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::DescriptionCorrupt`], and every other kind that says why something is not a
    /// table that may be trusted.
    pub fn open(address: &str) -> Result<Self> {
        Options::new().open_raw(address)
    }

    pub(crate) fn new(address: Address, table: Table, options: Options) -> Result<Self> {
        let corrupt = |what: &str| {
            let at = At { operation: "open for reading", subject: &address };
            at.error(ErrorKind::DescriptionCorrupt).detail(what)
        };
        let description = table.description().map_err(corrupt)?;
        table.header().check_described(description.root()).map_err(corrupt)?;
        Ok(Self { address, table, options, description })
    }

    /// What the table says of its records.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The record at `index`, whole, as named values.
    ///
    /// # Errors
    /// As [`Reader::read`](crate::Reader::read), but for bytes that are no value: those are [`Value::Invalid`].
    pub fn read(&self, index: usize) -> Result<RawRecord<'_>> {
        self.read_within(index, self.options.timeout)
    }

    /// The records of this range, as [`Reader::snapshot`](crate::Reader::snapshot).
    ///
    /// # Errors
    /// As there, but for bytes that are no value: those are [`Value::Invalid`].
    pub fn snapshot(&self, range: Range<usize>) -> Result<Vec<RawRecord<'_>>> {
        let read = |index, deadline: &Deadline| self.read_within(index, deadline.left());
        scan::gather(&self.table, &self.address, self.options.timeout, range, read)
    }

    fn read_within(&self, index: usize, timeout: Duration) -> Result<RawRecord<'_>> {
        let mut bytes = vec![0; self.description.root().size as usize];
        let version = self.read_bytes_within(index, &mut bytes, timeout)?;
        Ok(RawRecord { fields: value::fields(&self.description, self.description.root(), &bytes), version })
    }

    /// The bytes of the record at `index`, whole, and its version. `out` is as long as the record's size in
    /// [`RawReader::description`], or shorter for its beginning.
    ///
    /// # Errors
    /// As [`Reader::read`](crate::Reader::read); [`ErrorKind::BadArgument`] when `out` is longer than a record.
    pub fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<u64> {
        self.read_bytes_within(index, out, self.options.timeout)
    }

    fn read_bytes_within(&self, index: usize, out: &mut [u8], timeout: Duration) -> Result<u64> {
        let Some(slot) = self.table.slot(index) else {
            return Err(read::out_of_range("read", &self.table, &self.address, index));
        };
        let at = &At { operation: "read", subject: &self.address };
        if out.len() > self.description.root().size as usize {
            let words = format!("{} bytes for a record of {}", out.len(), self.description.root().size);
            return Err(at.error(ErrorKind::BadArgument { argument: "buffer" }).detail(words));
        }
        let result = buffer::read_bytes(&slot, timeout, out);
        status::check_whole("read", &self.table, &self.address)?;
        result.map_err(|unread| read::failed(at, unread, "record", index))
    }

    /// As [`Reader::version`](crate::Reader::version).
    ///
    /// # Errors
    /// As there.
    pub fn version(&self, index: usize) -> Result<u64> {
        read::version(&self.table, &self.address, index)
    }

    /// As [`Reader::wait`](crate::Reader::wait).
    ///
    /// # Errors
    /// As there.
    pub fn wait(&self, index: usize, seen: u64, timeout: Duration) -> Result<Option<u64>> {
        wait::record(&self.table, &self.address, index, seen, timeout)
    }

    /// As [`Reader::wait_table`](crate::Reader::wait_table).
    ///
    /// # Errors
    /// As there.
    pub fn wait_table(&self, seen: u64, timeout: Duration) -> Result<Option<u64>> {
        wait::table(&self.table, &self.address, seen, timeout)
    }

    /// As [`Reader::changes`](crate::Reader::changes).
    ///
    /// # Errors
    /// As there.
    pub fn changes(&self) -> Result<u64> {
        wait::changes(&self.table, &self.address)
    }

    /// Number of records.
    #[must_use]
    pub fn capacity(&self) -> usize {
        read::capacity(&self.table)
    }

    /// Cells in a slot.
    #[must_use]
    pub fn cells(&self) -> u32 {
        self.table.header().shape.cells
    }

    /// Where versions and records lie.
    #[must_use]
    pub fn arrangement(&self) -> Arrangement {
        self.table.header().shape.arrangement
    }

    /// How often the role of writer was taken.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.table.epoch()
    }

    /// As [`Reader::status`](crate::Reader::status).
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<Status> {
        status::of_read(&self.table, &self.address)
    }

    /// As [`Reader::age`](crate::Reader::age).
    ///
    /// # Errors
    /// As there.
    pub fn age(&self) -> Result<Duration> {
        life::age(&self.table, &self.address)
    }

    /// As [`Reader::refresh`](crate::Reader::refresh). The table that this goes on with may have other records:
    /// [`RawReader::description`] is of those.
    ///
    /// # Errors
    /// As there, and as [`RawReader::open`]; this handle then goes on with the table that it has.
    pub fn refresh(&mut self) -> Result<bool> {
        let Some(next) = successor::of(&self.table, &self.options, &self.address, None)? else {
            return Ok(false);
        };
        *self = Self::new(self.address.clone(), next, self.options.clone())?;
        Ok(true)
    }

    /// As [`Reader::facts`](crate::Reader::facts).
    ///
    /// # Errors
    /// As there.
    pub fn facts(&self) -> Result<Facts> {
        status::facts(&self.table, &self.address)
    }
}
