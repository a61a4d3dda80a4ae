//! Signs of life: how long ago a writer last gave one, and whether that is recent enough. Relies on `table` and on the coarse
//! clock, which all processes of a machine share.
//!
//! Nothing else is decided by a time: a clock of another time namespace makes an age wrong, and no role, lock or take-over.

use std::time::Duration;

use crate::address::Address;
use crate::error::{At, ErrorKind, Result};
use crate::host;
use crate::status;
use crate::table::Table;

/// What stands for an age that nobody can tell.
const UNKNOWN: u64 = u64::MAX;

/// Time since the last sign of life of any writer; the longest there is for a table of another boot.
pub(crate) fn age(table: &Table, address: &Address) -> Result<Duration> {
    let age_ns = age_ns(table, address)?;
    Ok(if age_ns == UNKNOWN { Duration::MAX } else { Duration::from_nanos(age_ns) })
}

/// What is read after this is at least as new as all that the writer who gave the last sign of life had published by then,
/// or it was too long ago. A sign behind a write was given under the lock, if there is one: then as all that anybody had.
pub(crate) fn check_fresh(table: &Table, address: &Address, max_age: Duration) -> Result<()> {
    let age_ns = age_ns(table, address)?;
    if u128::from(age_ns) <= max_age.as_nanos() {
        return Ok(());
    }
    Err(At { operation: "read", subject: address }.error(ErrorKind::Stale { age_ns }))
}

fn age_ns(table: &Table, address: &Address) -> Result<u64> {
    // The clock begins anew with each boot.
    if table.header().is_of_another_boot(host::boot_id()) {
        return Ok(UNKNOWN);
    }
    let stamp = table.live().stamp();
    status::check_whole("look up", table, address)?;
    Ok(host::coarse_monotonic_ns().saturating_sub(stamp))
}
