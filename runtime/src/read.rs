//! Reading, for every handle that does: attempts, and the errors that say why there is no value. Relies on `table` and
//! `buffer`; makes no system call on the way of success.

use std::ops::Range;
use std::time::Duration;

use crate::address::Address;
use crate::buffer::{BURST, Buffer, Unread};
use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::reader::Versioned;
use crate::record::ShmRecord;
use crate::status;
use crate::table::Table;

/// What is copied of a snapshot between two looks at whether it is in vain: some ten microseconds.
const LOOK_BYTES: usize = 64 << 10;
/// As many records at most, for those who make more of each than a copy.
const LOOK_RECORDS: usize = 1024;

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
    let Some(slot) = table.slot(index) else {
        return Err(out_of_range("read", table, address, index));
    };
    let result = Buffer::<T>::read(&slot, timeout);
    status::check_whole("read", table, address)?;
    match result {
        Ok((value, version)) => Ok(Versioned { value, version }),
        Err(unread) => {
            Err(failed(&At { operation: "read", subject: address }, unread, T::LAYOUT.name, index))
        }
    }
}

/// What `read` gives for each index of the range, all in one state with respect to batches, before the timeout.
///
/// The first pass ends early only where a batch came between: as long as none does nobody is waited for, and copying takes as long
/// as it takes. Every other one ends at the deadline, too.
pub(crate) fn snapshot<R>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    read: impl Fn(usize, &Deadline) -> Result<R>,
) -> Result<Vec<R>> {
    if range.start > range.end {
        let at = At { operation: "read", subject: address };
        let words = format!("it ends at {} and starts at {}", range.end, range.start);
        return Err(at.error(ErrorKind::BadArgument { argument: "range" }).detail(words));
    }
    if range.end as u64 > table.capacity() {
        return Err(out_of_range("read", table, address, range.end - 1));
    }
    let step = (LOOK_BYTES / (table.words() * 8)).clamp(1, LOOK_RECORDS);
    let mut deadline = Deadline::after(timeout);
    let mut attempts = 0;
    let mut records = Vec::with_capacity(range.len());
    loop {
        attempts += 1;
        records.clear();
        let before = table.last_batch();
        // Whether it came to the end.
        let pass = || {
            let mut next = range.start;
            while next < range.end {
                if next > range.start && (table.last_batch() != before || attempts > 1 && deadline.is_over())
                {
                    return Ok(false);
                }
                let part = next..range.end.min(next.saturating_add(step));
                next = part.end;
                part.into_iter().try_for_each(|index| read(index, &deadline).map(|it| records.push(it)))?;
            }
            Ok(true)
        };
        match table.in_one_state(pass) {
            Some(Ok(true)) => return Ok(records),
            Some(Err(error)) => return Err(error),
            Some(Ok(false)) | None => {}
        }
        if deadline.is_over() {
            let at = At { operation: "read", subject: address };
            let words = format!("records {range:?}");
            return Err(at.error(ErrorKind::Contended { attempts }).detail(words));
        }
        if attempts % u64::from(BURST) == 0 {
            deadline.pause();
        }
    }
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
