//! Reading many records in a row: one state of them, or each by itself. Relies on `read`, `buffer` and `table`; makes no system
//! call on the way of success.
//!
//! A record that is at rest is copied in a loop with nothing else in it; for every other one that loop is left.

#![expect(unsafe_code, reason = "memory that is filled with records before it is theirs")]

use std::mem::MaybeUninit;
use std::ops::Range;
use std::time::Duration;

use crate::address::Address;
use crate::buffer::{BURST, Buffer};
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::read;
use crate::record::ShmRecord;
use crate::table::Table;

/// What is copied of a snapshot between two looks at whether it is in vain: some ten microseconds.
const LOOK_BYTES: usize = 64 << 10;
/// As many records at most, for those who make more of each than a copy.
const LOOK_RECORDS: usize = 1024;

/// The records of the range, in one state.
pub(crate) fn snapshot<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
) -> Result<Vec<T>> {
    check(table, address, &range)?;
    let mut records = Vec::with_capacity(range.len());
    let length = range.len();
    fill(table, address, timeout, range, &mut records.spare_capacity_mut()[..length])?;
    // SAFETY: that many have been filled.
    unsafe { records.set_len(length) };
    Ok(records)
}

/// As many records from `first` on as there is room in `out`, in one state.
pub(crate) fn snapshot_into<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    first: usize,
    out: &mut [T],
) -> Result<()> {
    let range = first..first.saturating_add(out.len());
    check(table, address, &range)?;
    // SAFETY: `fill` stores values, or words that are one.
    fill(table, address, timeout, range, unsafe { Buffer::places_of(out) })
}

/// Puts the records of a range that was checked into as many places, in one state. They are filled when this succeeds; after an
/// error what is in each is what was, a value, or words where any words are one.
fn fill<T: ShmRecord>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    out: &mut [MaybeUninit<T>],
) -> Result<()> {
    let first = range.start;
    in_one_state(table, address, timeout, range, |part, deadline| {
        let out = &mut out[part.start - first..part.end - first];
        let patiently = |index, place: &mut MaybeUninit<T>| {
            read::read_patiently(table, address, deadline.left(), index).map(|it| _ = place.write(it.value))
        };
        match table.quick_slots(part.clone()) {
            None => part.zip(out).try_for_each(|(index, place)| patiently(index, place)),
            Some(slots) => {
                for (slot, place) in slots.zip(out) {
                    if !Buffer::fill(&slot, place) {
                        patiently(slot.index(), place)?;
                    }
                }
                Ok(())
            }
        }
    })
}

/// Goes over the records of a range, each whole by itself.
#[inline(always)]
pub(crate) fn fold<T: ShmRecord, A>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    init: A,
    mut add: impl FnMut(A, usize, T) -> A,
) -> Result<A> {
    check(table, address, &range)?;
    let mut result = init;
    match table.quick_slots(range.clone()) {
        None => {
            for index in range {
                result = add(result, index, read::read_patiently(table, address, timeout, index)?.value);
            }
        }
        Some(slots) => {
            for slot in slots {
                // By itself: a slot that somebody else is given lies in memory.
                let (index, add) = (slot.index(), &mut add);
                result = match Buffer::read_at_rest(&slot) {
                    Some((record, _)) => add(result, index, record),
                    None => aside(move || {
                        let record = read::read_patiently(table, address, timeout, index)?;
                        Ok(add(result, index, record.value))
                    })?,
                };
            }
        }
    }
    Ok(result)
}

/// What is done of a loop out of the way of the compiler, which then keeps in registers what the rest of it uses.
#[cold]
#[inline(never)]
fn aside<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// That a range lies in the table and ends behind its beginning.
fn check(table: &Table, address: &Address, range: &Range<usize>) -> Result<()> {
    if range.start > range.end {
        let at = At { operation: "read", subject: address };
        let words = format!("it ends at {} and starts at {}", range.end, range.start);
        return Err(at.error(ErrorKind::BadArgument { argument: "range" }).detail(words));
    }
    if range.end as u64 > table.capacity() {
        return Err(read::out_of_range("read", table, address, range.end - 1));
    }
    Ok(())
}

/// Has `copy` read all of a range that was checked, part by part, in one state with respect to batches, before the timeout. What
/// it read is in vain when it is asked for the range's beginning again.
///
/// The first pass ends early only where a batch came between: as long as none does nobody is waited for, and copying takes as long
/// as it takes. Every other one ends at the deadline, too.
fn in_one_state(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    mut copy: impl FnMut(Range<usize>, &Deadline) -> Result<()>,
) -> Result<()> {
    let step = (LOOK_BYTES / (table.words() * 8)).clamp(1, LOOK_RECORDS);
    let mut deadline = Deadline::after(timeout);
    let mut attempts = 0;
    loop {
        attempts += 1;
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
                copy(part, &deadline)?;
            }
            Ok(true)
        };
        match table.in_one_state(pass) {
            Some(Ok(true)) => return Ok(()),
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

/// What `read` gives for each index of the range, all in one state.
pub(crate) fn gather<R>(
    table: &Table,
    address: &Address,
    timeout: Duration,
    range: Range<usize>,
    read: impl Fn(usize, &Deadline) -> Result<R>,
) -> Result<Vec<R>> {
    check(table, address, &range)?;
    let first = range.start;
    let mut records = Vec::with_capacity(range.len());
    in_one_state(table, address, timeout, range, |mut part, deadline| {
        records.truncate(part.start - first);
        part.try_for_each(|index| read(index, deadline).map(|it| records.push(it)))
    })?;
    Ok(records)
}
