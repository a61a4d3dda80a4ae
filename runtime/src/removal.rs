//! How tables go: removed, or cleared away when their creator or remover was killed on the way. Relies on `region`,
//! `guard::role` and `table`; knows nothing of records. `docs/FORMAT.md` lists the same steps.

use shmrecord_layout::abi;

use crate::address::Address;
use crate::deadline::{Deadline, Rounds};
use crate::error::{At, ErrorKind, Result};
use crate::guard::role::{Guard, Lock};
use crate::lifecycle::LEAST_BYTES;
use crate::live::Live;
use crate::options::Options;
use crate::region::map::Access;
use crate::region::memory::Wishes;
use crate::region::{Found, Place, Rights, Segment};
use crate::sync::Ordering;
use crate::table::Table;

/// Marks the table as removed and unlinks segment and guard.
pub(crate) fn remove(options: &Options, address: &str) -> Result<()> {
    let address = &Address::parse(address)?;
    let at = &At { operation: "remove", subject: address };
    let mut deadline = Deadline::after(options.timeout);
    let (place, trust) = (address.place(), options.trust());
    let mut rounds = Rounds::default();
    loop {
        let found = match place.find(at, Access::Write, &trust) {
            Ok(found) => found,
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                remove_lone_guard(at, options, address, &mut deadline)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let segment = match map_ours(at, place, found) {
            Err(error) if place.may_pass(&error) => {
                if clear_unfinished(at, options, address, None, &mut deadline)? {
                    return remove_lone_guard(at, options, address, &mut deadline);
                }
                if !deadline.pause() {
                    return Err(error);
                }
                continue;
            }
            result => result?,
        };
        let mut guard = address.guard().open_or_create(at, Rights::PRIVATE, &trust, &mut deadline)?;
        guard.lock(at, Lock::Create, &mut deadline)?;
        if guard.is_current(at)? && place.leads_to(at, segment.identity())? {
            return take_away(at, place, &segment, &mut guard);
        }
        if !rounds.again(&mut deadline) {
            return Err(at.error(ErrorKind::Retired));
        }
    }
}

/// Marks a segment as removed, and unlinks it and its guard. The caller holds the guard's [`Lock::Create`].
pub(crate) fn take_away(at: &At<'_>, place: &Place, segment: &Segment, guard: &mut Guard) -> Result<()> {
    retire(segment);
    place.unlink(at, segment.identity())?;
    guard.unlink(at)
}

/// Marks a segment as removed, for those who have it open. The caller holds the guard's [`Lock::Create`].
pub(crate) fn retire(segment: &Segment) {
    // One that was cut too short for a state has no handle that could ask for it.
    if segment.map().length() as u64 >= LEAST_BYTES {
        Live::of(segment.map()).retire();
    }
}

/// Unlinks a guard without a segment: what a creator that was killed may leave.
fn remove_lone_guard(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    deadline: &mut Deadline,
) -> Result<()> {
    let mut guard = match address.guard().open(at, &options.trust(), deadline) {
        Ok(guard) => guard,
        // A set that is no guard of ours belongs to somebody else.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::GuardMismatch) => return Ok(()),
        Err(error) => return Err(error),
    };
    guard.lock(at, Lock::Create, deadline)?;
    unlink_lone(at, address.place(), &mut guard)
}

/// Unlinks a guard unless it has a segment. The caller holds its [`Lock::Create`].
pub(crate) fn unlink_lone(at: &At<'_>, place: &Place, guard: &mut Guard) -> Result<()> {
    if place.is_taken(at)? { Ok(()) } else { guard.unlink(at) }
}

/// Maps what must be a segment of ours, however damaged: nothing else is ever removed.
pub(crate) fn map_ours(at: &At<'_>, place: &Place, found: Found) -> Result<Segment> {
    let facts = found.facts(at)?;
    let refuse = |kind| Err(at.error(kind).detail(format!("{}: it is not removed", facts.words())));
    if found.size < 8 {
        return refuse(ErrorKind::BadMagic);
    }
    let segment = found.map(at, Access::Write, Wishes::default())?;
    match (segment.map().word(abi::header::MAGIC).load(Ordering::Relaxed), place) {
        (abi::MAGIC, _) => Ok(segment),
        // As long as a System V segment has no magic, nobody knows whose it is.
        (0, Place::Sysv(_)) => refuse(ErrorKind::NotReady),
        _ => refuse(ErrorKind::BadMagic),
    }
}

/// Removes a System V segment whose creator died before it stored the magic, under the lock of a guard like ours: one whose
/// creator the guard knows, or of the size that is wanted. Any other is left alone. Whether it was removed; if not, look
/// again what is there.
pub(crate) fn clear_unfinished(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    wanted: Option<u64>,
    deadline: &mut Deadline,
) -> Result<bool> {
    let place = address.place();
    let mut guard = match address.guard().open(at, &options.trust(), deadline) {
        Ok(guard) => guard,
        Err(error) if *error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    guard.lock(at, Lock::Create, deadline)?;
    if !guard.is_current(at)? {
        return Ok(false);
    }
    let found = place.find(at, Access::Write, &options.trust());
    match found.and_then(|found| clear_found(at, address, found, &guard, wanted)) {
        Err(error) if *error.kind() == ErrorKind::NotFound => Ok(false),
        result => result,
    }
}

/// Under the lock for creating: removes this segment if it is ours and still incomplete, now that nobody completes it.
fn clear_found(
    at: &At<'_>,
    address: &Address,
    found: Found,
    guard: &Guard,
    wanted: Option<u64>,
) -> Result<bool> {
    if !is_a_dead_creators(at, address, &found, guard, wanted)? {
        return Ok(false);
    }
    let segment = found.map(at, Access::Read, Wishes::default())?;
    let is_unfinished = segment.map().word(abi::header::MAGIC).load(Ordering::Relaxed) == 0;
    if is_unfinished {
        address.place().unlink(at, segment.identity())?;
    }
    Ok(is_unfinished)
}

/// Whether this segment was left by a creator that died: nobody has it mapped, nobody has the role, and the process that made it is the one that
/// last took the role of writer, or died with it; or it has the size that is wanted, which must do where PID namespaces hide
/// the numbers. The caller holds [`Lock::Create`], so no creator is on its way.
///
/// A creator takes the role before it makes the segment, and nobody takes it after that until the segment is complete: those
/// who look, as this function's callers, take the other lock. So the guard remembers a dead creator for as long as its segment
/// is unfinished. Another program's segment passes only if that program got the number of a dead creator, under the same key,
/// and has let go of its segment.
fn is_a_dead_creators(
    at: &At<'_>,
    address: &Address,
    found: &Found,
    guard: &Guard,
    wanted: Option<u64>,
) -> Result<bool> {
    let facts = found.facts(at)?;
    // A creator's is never too small for a header.
    if facts.attachments != Some(0) || found.size < LEAST_BYTES {
        return Ok(false);
    }
    // Nobody who lives has the role: it is one who lost another segment.
    if address.guard().is_held(at, guard.identity(), Lock::Writer)? != Some(false) {
        return Ok(false);
    }
    let maker = facts.creator_pid;
    Ok(Some(found.size) == wanted || maker.is_some() && maker == guard.last_pid(at, Lock::Writer)?)
}

/// Finishes the removal of a retired table whose remover was killed between marking and unlinking, under whatever guard has
/// the name: its own may be gone.
pub(crate) fn finish_removal(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    table: &Table,
    deadline: &mut Deadline,
) -> Result<()> {
    let mut guard = address.guard().open_or_create(at, Rights::PRIVATE, &options.trust(), deadline)?;
    guard.lock(at, Lock::Create, deadline)?;
    if guard.is_current(at)? && address.place().leads_to(at, table.segment().identity())? {
        // Marked again: its remover may not have come to tell everybody.
        take_away(at, address.place(), table.segment(), &mut guard)?;
    }
    Ok(())
}
