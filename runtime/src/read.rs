//! Reading, for every handle that does: attempts, and the errors that say why there is no value. Relies on `table` and
//! `buffer`; makes no system call on the way of success.

use std::time::Duration;

use crate::address::Address;
use crate::buffer::{Buffer, Unread};
use crate::error::{At, Error, ErrorKind, Result};
use crate::field::Field;
use crate::reader::Versioned;
use crate::record::{ShmField, ShmRecord};
use crate::status;
use crate::table::{Slot, Table};

/// The capacity, which was created from a usize or validated against a mapping's length.
pub(crate) fn capacity(table: &Table) -> usize {
    usize::try_from(table.capacity()).unwrap_or(usize::MAX)
}

/// The record at `index`, for who alone may write now. Whoever wrote before has finished, or died and was recovered from: what a
/// slot is not at rest for, and the log does not tell, was stored by somebody who breaks the protocol, and waiting for that would
/// keep everybody else waiting.
#[inline]
pub(crate) fn read_alone<T: ShmRecord>(
    table: &Table,
    address: &Address,
    index: usize,
) -> Result<Versioned<T>> {
    read(table, address, Duration::ZERO, index)
}

/// The record at `index` as a `T`.
#[inline]
pub(crate) fn read<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    index: usize,
) -> Result<Versioned<T>> {
    match read_at_rest(table, index) {
        Some((value, version)) => Ok(Versioned { value, version }),
        None => read_patiently(table, address, timeout, index),
    }
}

/// The record at `index`, in the one attempt that nearly always does. It hands its buffer to no call, so that the record
/// stays in registers.
#[inline(always)]
pub(crate) fn read_at_rest<T: ShmRecord>(table: &Table, index: usize) -> Option<(T, u64)> {
    Buffer::<T>::read_at_rest(&table.quick_slot(index)?)
}

/// The record at `index` beside a busy writer or behind a dead one, or the error that says why there is none.
#[cold]
#[inline(never)]
pub(crate) fn read_patiently<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    index: usize,
) -> Result<Versioned<T>> {
    let read = |slot: &Slot<'_>| Buffer::<T>::read(slot, timeout);
    patiently(table, address, T::LAYOUT.name, index, read)
        .map(|(value, version)| Versioned { value, version })
}

/// As [`read_patiently`], a field of it.
#[cold]
#[inline(never)]
pub(crate) fn read_field_patiently<T: ShmRecord, F: ShmField>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    index: usize,
    field: Field<T, F>,
) -> Result<F> {
    patiently(table, address, T::LAYOUT.name, index, |slot| field.read(slot, timeout))
}

/// What `read` makes of the slot at `index`, of a record with this name.
fn patiently<R>(
    table: &Table,
    address: &Address,
    record: &'static str,
    index: usize,
    read: impl FnOnce(&Slot<'_>) -> std::result::Result<R, Unread>,
) -> Result<R> {
    let Some(slot) = table.slot(index) else {
        return Err(out_of_range("read", table, address, index));
    };
    let result = read(&slot);
    status::check_whole("read", table, address)?;
    result.map_err(|unread| failed(&At { operation: "read", subject: address }, unread, record, index))
}

#[inline]
pub(crate) fn version(table: &Table, address: &Address, index: usize) -> Result<u64> {
    match table.slot(index).map(|slot| slot.published()) {
        Some(0) => status::check_whole("read", table, address).map(|()| 0),
        Some(version) => Ok(version),
        None => Err(out_of_range("read", table, address, index)),
    }
}

/// The error of a read that found no value.
#[cold]
pub(crate) fn failed(at: &At<'_>, unread: Unread, record: &'static str, index: usize) -> Error {
    let (kind, is_written) = match unread {
        Unread::Contended { attempts } => (ErrorKind::Contended { attempts }, true),
        Unread::Invalid { field, is_written } => (ErrorKind::InvalidBits { record, field }, is_written),
    };
    let never = if is_written { "" } else { ", never written" };
    at.error(kind).detail(format!("record {index}{never}"))
}

#[cold]
pub(crate) fn out_of_range(operation: &'static str, table: &Table, address: &Address, index: usize) -> Error {
    let kind = ErrorKind::IndexOutOfRange { index: index as u64, capacity: table.capacity() };
    At { operation, subject: address }.error(kind)
}
