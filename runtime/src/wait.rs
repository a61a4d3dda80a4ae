//! Waiting until something is published: asleep on the doorbell where the table has one and this process may say that it waits,
//! else by looking again and again. Relies on `table` for the doorbell and on `futex`; knows no record types.
//!
//! No wait depends on a wake that must come: a sleep lasts 100 ms at most, because a writer may die between publishing and
//! waking, and then it is looked again. Each look is a whole one, whatever the time: a wait ends one look behind its timeout at
//! most, and a look at a million records takes some 7 ms.

use std::time::Duration;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::futex;
use crate::guard::doorbell::ALL_GROUPS;
use crate::read;
use crate::status;
use crate::sync::{Ordering, fence};
use crate::table::Table;

/// The longest sleep before it is looked again.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// Waits until record `index` has another version than `seen`, and gives it. `None`: not before the timeout.
pub(crate) fn record(
    table: &Table,
    address: &Address,
    index: usize,
    seen: u64,
    timeout: Duration,
) -> Result<Option<u64>> {
    let Some(slot) = table.slot(index) else {
        return Err(read::out_of_range("wait", table, address, index));
    };
    let deadline = Deadline::after(timeout);
    until(table, address, slot.group(), deadline, || {
        Some(slot.published()).filter(|&version| version != seen)
    })
}

/// Waits until one of these records has another version than was seen of it, and gives the first such one's place in the list.
/// `None`: not before the timeout.
pub(crate) fn any(
    table: &Table,
    address: &Address,
    seen: &[(usize, u64)],
    timeout: Duration,
) -> Result<Option<usize>> {
    let deadline = Deadline::after(timeout);
    let groups = groups_of("wait", table, address, seen.iter().map(|&(index, _)| index))?;
    let is_new =
        |&(index, seen): &(usize, u64)| table.slot(index).is_some_and(|slot| slot.published() != seen);
    until(table, address, groups, deadline, || seen.iter().position(is_new))
}

/// The groups that these records are waited for in. There must be one at least, and none out of range.
pub(crate) fn groups_of(
    operation: &'static str,
    table: &Table,
    address: &Address,
    indices: impl ExactSizeIterator<Item = usize>,
) -> Result<u32> {
    if indices.len() == 0 {
        let kind = ErrorKind::BadArgument { argument: "count" };
        return Err(At { operation, subject: address }.error(kind).detail("no record to wait for"));
    }
    let mut groups = 0;
    for index in indices {
        let slot = table.slot(index).ok_or_else(|| read::out_of_range(operation, table, address, index))?;
        groups |= slot.group();
    }
    Ok(groups)
}

/// Waits until anything was published since the count of changes was `seen`, and gives the count. `None`: not before the timeout.
pub(crate) fn table(table: &Table, address: &Address, seen: u64, timeout: Duration) -> Result<Option<u64>> {
    changes(table, address)?;
    let deadline = Deadline::after(timeout);
    until(table, address, ALL_GROUPS, deadline, || table.changes().filter(|&changes| changes != seen))
}

/// How often anything was published.
pub(crate) fn changes(table: &Table, address: &Address) -> Result<u64> {
    table.changes().ok_or_else(|| {
        let what = "waiting for a whole table without a doorbell";
        At { operation: "wait", subject: address }.error(ErrorKind::Unsupported { what })
    })
}

/// Waits until `look` finds something, which publications in these groups bring about.
pub(crate) fn until<R>(
    table: &Table,
    address: &Address,
    groups: u32,
    mut deadline: Deadline,
    look: impl Fn() -> Option<R>,
) -> Result<Option<R>> {
    let look = || match look() {
        Some(found) => {
            status::check_whole("wait", table, address)?;
            // Pairs with the writer's release of what was found: the reads that follow see what was published before.
            fence(Ordering::Acquire);
            Ok(Some(found))
        }
        None if table.is_retired() => {
            Err(At { operation: "wait", subject: address }.error(ErrorKind::Retired))
        }
        None => status::check_whole("wait", table, address).map(|()| None),
    };
    // Before it is said that somebody waits, so that no writer rings for who has found what it looks for, or has no time.
    if let Some(found) = look()? {
        return Ok(Some(found));
    }
    let mut doorbell = if deadline.is_over() { None } else { table.doorbell() };
    while !deadline.is_over() {
        match doorbell.map(|doorbell| (doorbell.rings, doorbell.wait_for(groups))) {
            Some((rings, seen)) if futex::barrier() => {
                if let Some(found) = look()? {
                    return Ok(Some(found));
                }
                let left = deadline.left();
                if left.is_zero() {
                    break; // what comes now comes too late: no second look
                }
                futex::wait(rings, seen, groups, left.min(LONGEST_SLEEP));
            }
            _ => {
                // Without the barrier who publishes may have looked before the bits were to be seen: nobody rings for sure.
                doorbell = None;
                deadline.pause();
            }
        }
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
