//! The table that took the place of one that is read. Relies on `lifecycle` and `status`; knows no record types.

use std::time::Duration;

use shmrecord_layout::RecordLayout;

use crate::address::Address;
use crate::error::{ErrorKind, Result};
use crate::lifecycle;
use crate::options::Options;
use crate::status;
use crate::table::Table;

/// What is at the address now, if it no longer leads to this table, and if something is there.
pub(crate) fn of(
    table: &Table,
    options: &Options,
    address: &Address,
    layout: Option<&RecordLayout<'_>>,
) -> Result<Option<Table>> {
    if status::is_current(table, address)? {
        return Ok(None);
    }
    of_gone(table, options, address, layout)
}

/// As [`of`], for a table that is known to be gone.
pub(crate) fn of_gone(
    table: &Table,
    options: &Options,
    address: &Address,
    layout: Option<&RecordLayout<'_>>,
) -> Result<Option<Table>> {
    let at_once = options.clone().timeout(Duration::ZERO);
    match lifecycle::attach_reader(&at_once, address, layout) {
        Ok(next) => Ok(Some(next).filter(|next| next.segment().identity() != table.segment().identity())),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotReady | ErrorKind::Retired => Ok(None),
            _ => Err(error),
        },
    }
}
