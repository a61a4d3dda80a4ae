//! How a table gives way to another one at its address, whoever writes to it: a writer that is stopped, hangs, dumps core or
//! has lost its guard cannot be proven dead, so nobody else ever writes to its segment. Relies on `lifecycle` and `removal`,
//! of whose steps it consists, and on `table` for the values; `docs/FORMAT.md` lists the same steps.
//!
//! The new table begins with the last values and versions of the old one, read after the old one was marked as removed. Until
//! a file gives its name away it holds them still, though marked, and is replaced with them by who comes next.

use std::time::Duration;

use shmrecord_layout::RecordLayout;

use crate::address::Address;
use crate::buffer;
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::geometry::{Geometry, Writers};
use crate::guard::role::{Guard, Lock};
use crate::header::Header;
use crate::held::{Held, Taken, find_semaphore};
use crate::host;
use crate::lifecycle::{self, LEAST_BYTES};
use crate::live::Live;
use crate::options::Options;
use crate::plan::Plan;
use crate::region::map::{Access, Map};
use crate::region::{Identity, Place, Prepared, Rights, Segment};
use crate::removal;
use crate::sync::{AtomicU64, Ordering};
use crate::table::{Table, place};
use crate::turn;

/// Replaces the table that is there; creates one where none is, or where somebody was faster takes over theirs.
pub(crate) fn replace(
    options: &Options,
    address: &str,
    layout: &RecordLayout<'_>,
    capacity: usize,
    writers: Writers,
) -> Result<Held> {
    let address = Address::parse(address)?;
    let at = &At { operation: "replace", subject: &address };
    let plan = lifecycle::plan(at, options, &address, layout, capacity, writers)?;
    let semaphore = find_semaphore(options, plan.semaphore())?;
    let mut deadline = Deadline::after(options.timeout);
    let mut prepared = None;
    let replaced = match Old::find(at, options, &address, layout)? {
        Some(mut old) => {
            // Before anything is touched, so that a failure for want of space changes nothing.
            prepared = Some(address.place().prepare(at, plan.segment())?);
            address.place().rehearse(at, plan.segment())?;
            replace_old(at, options, &address, &plan, &mut old, &mut prepared, &mut deadline)?
        }
        None => None,
    };
    let taken = match replaced {
        Some(replaced) => replaced,
        None => lifecycle::create_or_take_over(at, options, &address, &plan, prepared, &mut deadline)?,
    };
    Held::of(options, address, taken, semaphore)
}

/// Rounds until the old table has given way. `None`: somebody else has taken it away, or has the name it gave away.
fn replace_old(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    plan: &Plan<'_>,
    old: &mut Old,
    prepared: &mut Option<Prepared>,
    deadline: &mut Deadline,
) -> Result<Option<Taken>> {
    let mut has_begun = false;
    loop {
        let mut guard = address.guard().open_or_create(at, Rights::PRIVATE, &options.trust(), deadline)?;
        guard.lock(at, Lock::Create, deadline)?;
        let is_there = address.place().leads_to(at, old.identity())?;
        if !is_there && (!has_begun || address.place().is_taken(at)?) {
            return Ok(None);
        }
        if guard.is_current(at)? {
            has_begun = true;
            removal::retire(old.segment());
            old.close(at, options, &mut guard, deadline);
            // Its lock for writing may be taken for ever. From here on the segment is one whose remover was killed.
            guard.unlink(at)?;
            let published = lifecycle::publish(at, options, address, plan, Some(old), prepared, deadline)?;
            if published.is_some() {
                return Ok(published);
            }
        }
        if !deadline.pause() {
            return Err(at.error(ErrorKind::Retired));
        }
    }
}

/// A segment of ours that is to give way.
#[derive(Debug)]
pub(crate) struct Old {
    contents: Contents,
    /// How long to wait for a record that is written all the time.
    timeout: Duration,
    /// What became of the turns of a table whose values are carried over, once it is marked: see [`turn::close`].
    poison: Option<u64>,
}

#[derive(Debug)]
enum Contents {
    /// A table of the same record, whose values are carried over.
    Same(Table),
    /// Another record, another boot, or damage: nothing is carried over.
    Other(Segment),
}

impl Old {
    /// What is there now, to be written to. `None`: nothing, or nothing finished.
    fn find(
        at: &At<'_>,
        options: &Options,
        address: &Address,
        layout: &RecordLayout<'_>,
    ) -> Result<Option<Self>> {
        let place = address.place();
        let found = place.find(at, Access::Write, &options.trust());
        let segment = match found.and_then(|found| removal::map_ours(at, place, found)) {
            Ok(segment) => segment,
            Err(error) if *error.kind() == ErrorKind::NotFound || place.may_pass(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_same = |header: &Header| {
            header.is_of(layout)
                && !header.is_of_another_boot(host::boot_id())
                && place.is_of_this_namespace(header.guard)
        };
        let contents = match header_of(&segment).filter(is_same) {
            Some(header) => Contents::Same(Table::new(segment, header)),
            None => Contents::Other(segment),
        };
        Ok(Some(Self { contents, timeout: options.timeout, poison: None }))
    }

    fn segment(&self) -> &Segment {
        match &self.contents {
            Contents::Same(table) => table.segment(),
            Contents::Other(segment) => segment,
        }
    }

    /// Which segment it is.
    pub(crate) fn identity(&self) -> Identity {
        self.segment().identity()
    }

    /// Ends the turns of its writers, so that what one of them does in several writes is carried over whole, or counts as a
    /// death's. It takes at most half of the time that is left: names are to be changed in the rest.
    fn close(&mut self, at: &At<'_>, options: &Options, guard: &mut Guard, deadline: &Deadline) {
        if let (Contents::Same(table), None) = (&self.contents, self.poison) {
            // Where it cannot be opened nobody is known to be out of a turn.
            let semaphore = find_semaphore(options, table.header().semaphore).ok().flatten();
            let poison = turn::close(at, table, guard, semaphore.as_ref(), deadline.left() / 2);
            self.poison = Some(poison);
        }
    }

    /// Completes the new segment and gives it the name of this one, if it still has that. `None`: something else has it. The
    /// caller holds the lock under which names change.
    pub(crate) fn give_way(
        &self,
        at: &At<'_>,
        place: &Place,
        plan: &Plan<'_>,
        ready: Prepared,
        header: &Header,
    ) -> Result<Option<Segment>> {
        let fill = |map: &Map| {
            self.carry_over(map, plan.geometry());
            plan.fill(map, header);
        };
        // A file is complete before this one loses its name, so that there is no more than a moment without one.
        let is_filled = ready.map().map(fill).is_some();
        place.unlink(at, self.identity())?;
        place.publish(at, ready, plan.segment(), |map| {
            if !is_filled {
                fill(map);
            }
        })
    }

    /// Stores values and versions of this table into a new mapping of this geometry, in one state with respect to batches.
    fn carry_over(&self, map: &Map, to: &Geometry) {
        let Contents::Same(table) = &self.contents else { return };
        Live::of(map).succeed(table.live(), self.poison.unwrap_or(0));
        let is_carried = || table.in_one_state(|| self.carry_all(table, map, to)).is_some();
        // A writer may end the batch in which the mark met it. So there is a second attempt, however long the first one took.
        if is_carried() {
            return;
        }
        let mut deadline = Deadline::after(self.timeout);
        // Only one that goes on without a pause, though its table is marked, can be in the way until the deadline.
        while !is_carried() && deadline.pause() {}
    }

    /// First what is at rest, however long that takes; then, until the timeout, what a writer left half-written or still
    /// writes. A record that cannot be read begins anew.
    fn carry_all(&self, table: &Table, map: &Map, to: &Geometry) {
        let indices = 0..place(table.capacity().min(to.capacity));
        let mut bytes = vec![0; place(to.cell_bytes)];
        let mut are_all_there = true;
        for slot in indices.clone().filter_map(|index| table.slot(index)) {
            // So that a sparse table stays one.
            if slot.published() != 0 {
                let version = buffer::read_bytes_at_rest(&slot, &mut bytes);
                are_all_there &= version.is_some();
                put(map, to, slot.index(), version.unwrap_or(0), &bytes);
            }
        }
        // One attempt for each in turn, so that none keeps the others from theirs.
        let mut patience = Deadline::after(self.timeout);
        while !are_all_there {
            are_all_there = true;
            for slot in indices.clone().filter_map(|index| table.slot(index)) {
                let is_there = version_word(map, to, slot.index()).load(Ordering::Relaxed) != 0;
                if is_there || slot.published() == 0 {
                    continue;
                }
                match buffer::read_bytes(&slot, Duration::ZERO, &mut bytes) {
                    Ok(version) => put(map, to, slot.index(), version, &bytes),
                    Err(_) => are_all_there = false,
                }
                if patience.is_over() {
                    return;
                }
            }
            if !are_all_there && !patience.pause() {
                return;
            }
        }
    }
}

/// Makes these bytes of a cell the value of a record in this version, in a mapping that nobody sees before its magic, which is
/// stored last, with release.
fn put(map: &Map, to: &Geometry, index: usize, version: u64, bytes: &[u8]) {
    let (cell, word) = match to.cells {
        1 => (0, version.wrapping_mul(2)),
        cells => (version % u64::from(cells), version),
    };
    if version != 0 {
        let at = to.cells_offset + index as u64 * to.record_stride + cell * to.cell_stride;
        map.copy_in(place(at), bytes);
    }
    version_word(map, to, index).store(word, Ordering::Relaxed);
}

fn version_word<'a>(map: &'a Map, to: &Geometry, index: usize) -> &'a AtomicU64 {
    map.word(place(to.versions_offset + index as u64 * to.versions_stride))
}

/// The header of a segment whose magic was seen, if it can be believed.
fn header_of(segment: &Segment) -> Option<Header> {
    let map = segment.map();
    if (map.length() as u64) < LEAST_BYTES {
        return None;
    }
    lifecycle::header_behind_magic(map).ok()
}
