//! Waiting until something is published: asleep on the doorbell where the table has one and this process may say that it waits,
//! else by looking again and again. Relies on `table` for the doorbell and on `futex`; knows no record types.
//!
//! No wait depends on a wake that must come: a sleep lasts 100 ms at most, because a writer may die between publishing and
//! waking, and then it is looked again.

use std::time::Duration;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::futex;
use crate::guard::doorbell::{ALL_GROUPS, group_of};
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
    until(table, address, slot.group(), timeout, || Some(slot.published()).filter(|&version| version != seen))
}

/// Waits until one of these records has another version than was seen of it, and gives the first such one's place in the list.
/// `None`: not before the timeout.
pub(crate) fn any(
    table: &Table,
    address: &Address,
    seen: &[(usize, u64)],
    timeout: Duration,
) -> Result<Option<usize>> {
    check_any("wait", address, seen.len())?;
    if let Some(&(index, _)) = seen.iter().find(|(index, _)| table.slot(*index).is_none()) {
        return Err(read::out_of_range("wait", table, address, index));
    }
    let groups = seen.iter().fold(0, |groups, &(index, _)| groups | group_of(index));
    let is_new =
        |&(index, seen): &(usize, u64)| table.slot(index).is_some_and(|slot| slot.published() != seen);
    until(table, address, groups, timeout, || seen.iter().position(is_new))
}

/// That there is something to wait for.
pub(crate) fn check_any(operation: &'static str, address: &Address, records: usize) -> Result<()> {
    if records > 0 {
        return Ok(());
    }
    let kind = ErrorKind::BadArgument { argument: "count" };
    Err(At { operation, subject: address }.error(kind).detail("no record to wait for"))
}

/// Waits until anything was published since the count of changes was `seen`, and gives the count. `None`: not before the timeout.
pub(crate) fn table(table: &Table, address: &Address, seen: u64, timeout: Duration) -> Result<Option<u64>> {
    changes(table, address)?;
    until(table, address, ALL_GROUPS, timeout, || table.changes().filter(|&changes| changes != seen))
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
    timeout: Duration,
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
    let mut deadline = Deadline::after(timeout);
    let mut doorbell = None;
    let mut is_first = true;
    loop {
        // Before it is said that somebody waits, so that no writer rings for who has found what it looked for.
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if std::mem::take(&mut is_first) {
            doorbell = table.doorbell();
        }
        let mut asleep = doorbell.map(|doorbell| (doorbell.rings, doorbell.wait_for(groups)));
        if asleep.is_some() && !futex::barrier() {
            // Who publishes may have looked before the bits were to be seen: nobody rings for sure.
            (doorbell, asleep) = (None, None);
        }
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        let goes_on = match asleep {
            Some((rings, seen)) => {
                let left = deadline.left();
                !left.is_zero() && {
                    futex::wait(rings, seen, groups, left.min(LONGEST_SLEEP));
                    true
                }
            }
            None => deadline.pause(),
        };
        if !goes_on {
            return Ok(None);
        }
    }
}
