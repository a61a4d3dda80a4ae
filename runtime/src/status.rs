//! What a handle can tell of its table: whether its writer lives, whether anybody new finds it, what the kernel says of it.
//! Relies on `table`, `address` and the guard's locks; takes no lock and stores nothing.

use crate::address::Address;
use crate::error::{At, Error, ErrorKind, Result};
use crate::guard::role::{Guard, Lock};
use crate::region::Facts;
use crate::table::Table;

/// How a table is at this moment.
///
/// | situation | [`Reader::status`](crate::Reader::status) |
/// |---|---|
/// | its writer lives, be it stopped or dumping core | `Alive` |
/// | its writer was killed, has ended or let go | `Dead`; the last values stay readable |
/// | its guard may not be read, was not handed over, is gone or another one | `Unknown` |
/// | `remove` | `Retired` |
/// | `rm`, `ipcrm`, or another table at its address | `Orphaned` |
///
/// The numbers are those of C's `enum shmrec_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Somebody holds the role of writer.
    Alive = 1,
    /// Nobody holds it: the next one may take over.
    Dead = 2,
    /// Whether somebody holds it cannot be told from here.
    Unknown = 3,
    /// It was removed: nobody new finds it. Open again.
    Retired = 4,
    /// Its address does not lead to it any more, and nobody said so: nobody new finds it. Open again.
    Orphaned = 5,
}

impl Status {
    /// Whether who opens the address now gets this very table, as far as can be told. If not, open again.
    #[must_use]
    pub const fn is_current(self) -> bool {
        !matches!(self, Self::Retired | Self::Orphaned)
    }
}

/// The status as who does not write finds it.
pub(crate) fn of_read(table: &Table, address: &Address) -> Result<Status> {
    let at = &look_up(address);
    let found = gone(at, table, address)?;
    check_whole(at.operation, table, address)?;
    if let Some(gone) = found {
        return Ok(gone);
    }
    match address.guard().is_held(at, table.header().guard, Lock::Writer)? {
        Some(true) => Ok(Status::Alive),
        Some(false) => Ok(Status::Dead),
        // A remover takes the guard last: it may have begun since the first look.
        None => Ok(gone(at, table, address)?.unwrap_or(Status::Unknown)),
    }
}

/// Whether who opens the address now gets this very table.
pub(crate) fn is_current(table: &Table, address: &Address) -> Result<bool> {
    let at = &look_up(address);
    let found = gone(at, table, address)?;
    check_whole(at.operation, table, address)?;
    Ok(found.is_none())
}

/// The status as the writer finds it, whose own guard this is.
pub(crate) fn of_written(table: &Table, address: &Address, guard: &Guard) -> Result<Status> {
    let at = &look_up(address);
    check_home(at.operation, table, address)?;
    if let Some(gone) = gone(at, table, address)? {
        return Ok(gone);
    }
    if guard.is_current(at)? {
        return Ok(Status::Alive);
    }
    match gone(at, table, address)? {
        Some(gone) => Ok(gone),
        None => Err(at.error(ErrorKind::RoleLost).detail("its guard was removed or replaced")),
    }
}

/// What the kernel says of the segment.
pub(crate) fn facts(table: &Table, address: &Address) -> Result<Facts> {
    table.segment().facts(&look_up(address))
}

/// What was read, or that it is version 0, counts only if the table was not cut meanwhile, where that is watched.
pub(crate) fn check_whole(operation: &'static str, table: &Table, address: &Address) -> Result<()> {
    if table.segment().map().is_cut() {
        return Err(At { operation, subject: address }.error(ErrorKind::Truncated));
    }
    Ok(())
}

/// A writer's table may be used by the process that opened it, and no child of it.
#[inline(always)]
pub(crate) fn check_home(operation: &'static str, table: &Table, address: &Address) -> Result<()> {
    if table.is_forked() { Err(forked(operation, address)) } else { Ok(()) }
}

/// The error of a handle that was inherited over `fork`.
#[cold]
pub(crate) fn forked(operation: &'static str, address: &Address) -> Error {
    At { operation, subject: address }.error(ErrorKind::ForkedHandle)
}

fn look_up(address: &Address) -> At<'_> {
    At { operation: "look up", subject: address }
}

/// How the table went, if it did.
fn gone(at: &At<'_>, table: &Table, address: &Address) -> Result<Option<Status>> {
    let (place, identity) = (address.place(), table.segment().identity());
    if table.is_retired() {
        Ok(Some(Status::Retired))
    } else if place.is_of_this_namespace(identity) && !place.leads_to(at, identity)? {
        // A remover marks the table before it takes the name.
        Ok(Some(if table.is_retired() { Status::Retired } else { Status::Orphaned }))
    } else {
        Ok(None)
    }
}
