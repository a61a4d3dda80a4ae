//! How a writer claims a table: alone, by the role, or with others, by a share of the role and a slot of its own, all of them
//! kernel-held. Relies on `guard::role` and `table`; everything here happens under the guard's lock for creating, so that one
//! comes at a time.

use shmrecord_layout::abi;

use crate::error::{At, Error, ErrorKind, Result};
use crate::geometry::Writers;
use crate::guard::role::{Guard, Lock};
use crate::host;
use crate::table::Table;
use crate::turn;

/// Takes the role for this writer alone. The caller holds [`Lock::Create`].
pub(crate) fn alone(at: &At<'_>, table: &Table, guard: &mut Guard) -> Result<u32> {
    if !guard.try_lock(at, Lock::Writer)? {
        return Err(writer_alive(at, table));
    }
    table.recover();
    Ok(0)
}

/// The role is taken: by whom, as far as the segment tells and the process list confirms.
fn writer_alive(at: &At<'_>, table: &Table) -> Error {
    let (pid, start, since_unix_ns) = table.live().owner();
    match host::process_of(pid, start) {
        Some(pid) if pid == std::process::id() && host::own_start() == Some(start) => {
            at.error(ErrorKind::AlreadyHeldHere)
        }
        pid => at.error(ErrorKind::WriterAlive { pid, since_unix_ns }),
    }
}

/// Makes this process one of the writers of a table, and gives its slot.
pub(crate) fn join(at: &At<'_>, table: &Table, guard: &mut Guard) -> Result<u32> {
    if !guard.try_share(at)? {
        let unknown = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 };
        return Err(at.error(unknown).detail("it does not share the role"));
    }
    let slot = first_free_slot(at, guard)?;
    // With a semaphore the word is only a mark, for who has that next.
    let by_word = table.header().shape.writers == Writers::Lock;
    if by_word && table.live().lock(slot).is_held_here() {
        // Who had this slot before died with the lock, which therefore is this writer's now.
        table.recover_from_death();
        turn::give(table, slot);
    }
    table.live().name_participant(slot);
    Ok(slot)
}

/// Takes slot 0 of a table that nobody else can know yet. The caller has the whole role.
pub(crate) fn first_slot(at: &At<'_>, guard: &mut Guard) -> Result<()> {
    if guard.try_lock(at, Lock::Participant(0))? { Ok(()) } else { Err(no_slot(at)) }
}

fn first_free_slot(at: &At<'_>, guard: &mut Guard) -> Result<u32> {
    for slot in 0..abi::PARTICIPANTS {
        if guard.try_lock(at, Lock::Participant(slot))? {
            return Ok(slot);
        }
    }
    Err(no_slot(at))
}

fn no_slot(at: &At<'_>) -> Error {
    at.error(ErrorKind::NoSlot { max: abi::PARTICIPANTS })
}
