//! How a writer joins others: a share of the role and a slot of its own, both kernel-held. Relies on `guard::role` and `table`;
//! everything here happens under the guard's lock for creating, so that slots are given out one at a time.

use shmrecord_layout::abi;

use crate::error::{At, ErrorKind, Result};
use crate::guard::role::{Guard, Lock};
use crate::table::Table;
use crate::turn;

/// Makes this process one of the writers of a table, and gives its slot.
pub(crate) fn join(at: &At<'_>, table: &Table, guard: &mut Guard) -> Result<u32> {
    if !guard.try_share(at)? {
        let unknown = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 };
        return Err(at.error(unknown).detail("it does not share the role"));
    }
    let slot = first_free_slot(at, guard)?;
    if table.live().lock(slot).is_held_here() {
        // Who had this slot before died with the lock, which therefore is this writer's now.
        table.recover_from_death();
        turn::give(table, slot);
    }
    table.live().name_participant(slot);
    Ok(slot)
}

/// Takes slot 0 of a table that nobody else can know yet. The caller has the whole role.
pub(crate) fn take_first_slot(at: &At<'_>, guard: &mut Guard) -> Result<()> {
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

fn no_slot(at: &At<'_>) -> crate::Error {
    at.error(ErrorKind::NoSlot { max: abi::PARTICIPANTS })
}
