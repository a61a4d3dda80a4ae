//! What a writer holds of a table: its role, and the semaphore that many take turns by where the table was made for that.
//! Relies on `table`, `guard::role` and `semaphore::foreign`; decides nothing.

use crate::address::Address;
use crate::error::Result;
use crate::guard::role::Guard;
use crate::header::Semaphore;
use crate::options::Options;
use crate::semaphore::foreign::{ForeignLock, ForeignPlace};
use crate::table::Table;

/// What a writer holds.
pub(crate) struct Held {
    pub(crate) address: Address,
    pub(crate) table: Table,
    /// Holds the role, or a share of it and a slot: the kernel takes it back when this is closed.
    pub(crate) guard: Guard,
    /// Which of many writers this is; 0 where there is one.
    pub(crate) slot: u32,
    /// By which many take turns.
    pub(crate) semaphore: Option<ForeignLock>,
}

/// A table with its guard, and the slot of this writer.
pub(crate) type Taken = (Table, Guard, u32);

impl Held {
    /// With the semaphore that the table names, which may be open already.
    pub(crate) fn of(
        options: &Options,
        address: Address,
        (table, guard, slot): Taken,
        semaphore: Option<ForeignLock>,
    ) -> Result<Self> {
        let semaphore = match semaphore {
            None => find_semaphore(options, table.header().semaphore)?,
            open => open,
        };
        Ok(Self { address, table, guard, slot, semaphore })
    }
}

/// Opens the semaphore that writers take turns by, which must exist. `None`: there is none.
pub(crate) fn find_semaphore(
    options: &Options,
    Semaphore { key, index }: Semaphore,
) -> Result<Option<ForeignLock>> {
    if key == 0 {
        return Ok(None);
    }
    let place = ForeignPlace::sysv(&format!("{key:#x}"), index)?;
    place.open("open for writing", &options.trust()).map(Some)
}
