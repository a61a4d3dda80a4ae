//! Create, attach, take over: how tables come. Relies on `region`, `header`, `guard::role`, `table` and `agreement`;
//! knows nothing of record types beyond their layout. `docs/FORMAT.md` lists the same steps.
//!
//! Every step leaves something that the next one to come can use, wherever its process is killed: a segment has its name
//! only when it is complete, locks die with their holder, and a take-over can be repeated.

use shmrecord_layout::RecordLayout;
use shmrecord_layout::abi;

use crate::address::Address;
use crate::agreement;
use crate::claim;
use crate::deadline::{Deadline, Rounds};
use crate::error::{At, Error, ErrorKind, Result};
use crate::geometry::Writers;
use crate::guard::role::{Guard, Lock};
use crate::header::{self, Header};
use crate::held::{Held, Taken, find_semaphore};
use crate::host;
use crate::options::Options;
use crate::plan::Plan;
use crate::region::map::{Access, Map};
use crate::region::{Identity, Place, Prepared};
use crate::removal;
use crate::replacement::Old;
use crate::sync::{Ordering, fence};
use crate::table::Table;

/// What a segment of ours has at least: header and live words.
pub(crate) const LEAST_BYTES: u64 = abi::live::END as u64;

/// Creates the table, or takes over or joins the one that exists.
pub(crate) fn create(
    options: &Options,
    address: &str,
    layout: &RecordLayout<'_>,
    capacity: usize,
    writers: Writers,
) -> Result<Held> {
    let address = Address::parse(address)?;
    let at = &At { operation: "create", subject: &address };
    let plan = plan(at, options, &address, layout, capacity, writers)?;
    // Before there is a table, so that nothing fails behind its creation.
    let semaphore = find_semaphore(options, plan.semaphore())?;
    let mut deadline = Deadline::after(options.timeout);
    let taken = create_or_take_over(at, options, &address, &plan, None, &mut deadline)?;
    Held::of(options, address, taken, semaphore)
}

/// The table that is asked for, if it can be.
pub(crate) fn plan<'a>(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    layout: &'a RecordLayout<'a>,
    capacity: usize,
    writers: Writers,
) -> Result<Plan<'a>> {
    if options.exclusive && !matches!(address.place(), Place::Memfd(_)) {
        let argument = at.error(ErrorKind::BadArgument { argument: "option" });
        return Err(argument.detail("only a memfd can be exclusive"));
    }
    if options.exclusive && writers.are_many() {
        let argument = at.error(ErrorKind::BadArgument { argument: "option" });
        return Err(argument.detail("only a memfd of one writer can be exclusive"));
    }
    Plan::new(at, options, layout, capacity, writers)
}

/// Creates the planned table, of which so much is prepared, or takes over or joins the one that exists.
pub(crate) fn create_or_take_over(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    plan: &Plan<'_>,
    mut prepared: Option<Prepared>,
    deadline: &mut Deadline,
) -> Result<Taken> {
    let mut rounds = Rounds::default();
    loop {
        let mut unfinished = None;
        match attach(at, options, address, Some(plan.layout()), Access::Write) {
            Ok(Attached::Retired(table)) => {
                removal::finish_removal(at, options, address, &table, deadline)?;
            }
            Ok(Attached::Live(table)) => {
                plan.check(at, options, &table)?;
                let many = plan.writers().are_many();
                if let Some(taken) = take_over(at, options, address, table, many, deadline)? {
                    return Ok(taken);
                }
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                // Before the guard exists, so that a failure for want of space leaves nothing at all.
                if prepared.is_none() {
                    prepared = Some(address.place().prepare(at, plan.segment())?);
                }
                let published = publish(at, options, address, plan, None, &mut prepared, deadline)?;
                if let Some(published) = published {
                    return Ok(published);
                }
            }
            Err(error) if address.place().may_pass(&error) => {
                removal::clear_unfinished(at, options, address, Some(plan.segment().bytes), deadline)?;
                unfinished = Some(error);
            }
            Err(error) => return Err(error),
        }
        if !rounds.again(deadline) {
            return Err(unfinished.unwrap_or_else(|| at.error(ErrorKind::Retired)));
        }
    }
}

/// Takes over the table that exists, or, of many writers, joins them.
pub(crate) fn open_writer(
    options: &Options,
    address: &str,
    layout: &RecordLayout<'_>,
    many: bool,
) -> Result<Held> {
    let address = Address::parse(address)?;
    let at = &At { operation: "open for writing", subject: &address };
    let mut deadline = Deadline::after(options.timeout);
    let mut rounds = Rounds::default();
    loop {
        match attach(at, options, &address, Some(layout), Access::Write) {
            Err(error) if address.place().may_pass(&error) && deadline.pause() => continue,
            Err(error) => return Err(error),
            Ok(Attached::Retired(table)) => {
                removal::finish_removal(at, options, &address, &table, &mut deadline)?;
            }
            Ok(Attached::Live(table)) => {
                if let Some(taken) = take_over(at, options, &address, table, many, &mut deadline)? {
                    return Held::of(options, address, taken, None);
                }
            }
        }
        if !rounds.again(&mut deadline) {
            return Err(at.error(ErrorKind::Retired));
        }
    }
}

/// Attaches for reading; with a layout, to a table of that record only, or of one that it can be read from if the options
/// accept that.
pub(crate) fn open_reader(
    options: &Options,
    address: &str,
    layout: Option<&RecordLayout<'_>>,
) -> Result<(Address, Table)> {
    let address = Address::parse(address)?;
    let table = attach_reader(options, &address, layout)?;
    Ok((address, table))
}

/// As [`open_reader`], at an address that is parsed.
pub(crate) fn attach_reader(
    options: &Options,
    address: &Address,
    layout: Option<&RecordLayout<'_>>,
) -> Result<Table> {
    let at = &At { operation: "open for reading", subject: address };
    let mut deadline = Deadline::after(options.timeout);
    loop {
        match attach(at, options, address, layout, Access::Read) {
            Err(error) if address.place().may_pass(&error) && deadline.pause() => {}
            Err(error) => return Err(error),
            Ok(Attached::Live(table)) => return Ok(table),
            Ok(Attached::Retired(table)) => {
                address.place().let_go(at, table.segment().identity())?;
                return Err(at.error(ErrorKind::Retired));
            }
        }
    }
}

/// What is attached. Which of them it is comes of one load of the state: a segment may say something else a moment later.
enum Attached {
    /// A table of the record that was asked for.
    Live(Table),
    /// One that was removed and may hold anything: it is about to give way.
    Retired(Table),
}

/// Opens, maps and validates; nothing in the segment is changed.
fn attach(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    layout: Option<&RecordLayout<'_>>,
    access: Access,
) -> Result<Attached> {
    let found = address.place().find(at, access, &options.trust())?;
    let size = found.size;
    if size < LEAST_BYTES {
        return Err(at.error(ErrorKind::SizeMismatch { header: LEAST_BYTES, actual: size }));
    }
    let mut segment = found.map(at, access, options.wishes())?;
    if options.survive_truncation && access == Access::Read {
        segment.watch(at)?;
    }
    let map = segment.map();
    let whole = || if map.is_cut() { Err(at.error(ErrorKind::Truncated)) } else { Ok(()) };
    let magic = map.word(abi::header::MAGIC).load(Ordering::Relaxed);
    whole()?;
    if magic == 0 {
        return Err(at.error(ErrorKind::NotReady));
    }
    let header = header_behind_magic(map);
    whole()?;
    let header = match header {
        Ok(header) => header,
        Err(ErrorKind::BadMagic) => {
            return Err(at.error(ErrorKind::BadMagic).detail(segment.facts(at)?.words()));
        }
        Err(kind) => return Err(at.error(kind)),
    };
    if header.is_of_another_boot(host::boot_id()) && !(options.any_boot && access == Access::Read) {
        return Err(at.error(ErrorKind::StaleBoot));
    }
    if !address.place().is_of_this_namespace(header.guard) {
        return Err(at.error(ErrorKind::NamespaceMismatch));
    }
    let mut table = Table::new(segment, header);
    if table.is_retired() {
        return Ok(Attached::Retired(table));
    }
    if let Some(layout) = layout {
        let grown = options.compatible && access == Access::Read;
        table.read_through(agreement::check(at, layout, &table, grown)?);
    }
    table.segment_mut().settle(at, options.wishes())?;
    Ok(Attached::Live(table))
}

/// The header of a segment of at least [`LEAST_BYTES`] whose magic was seen.
pub(crate) fn header_behind_magic(map: &Map) -> std::result::Result<Header, ErrorKind> {
    // Pairs with the release store of the magic, which its creator makes last: the header below is complete.
    fence(Ordering::Acquire);
    let copy = map.copy_out(0, header::BYTES);
    let copy = <[u8; header::BYTES]>::try_from(copy.as_slice()).expect("as many bytes as were asked for");
    Header::decode(&copy, map.length() as u64)
}

/// Takes the role of writer in an attached table, or a share of it and a slot. `None`: the table was removed or replaced
/// meanwhile, attach again.
fn take_over(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    table: Table,
    many: bool,
    deadline: &mut Deadline,
) -> Result<Option<Taken>> {
    // Who replaces it marks it, takes its guard away, and then its name.
    let is_current = || {
        let leads_here = address.place().leads_to(at, table.segment().identity())?;
        Ok::<_, Error>(leads_here && !table.is_retired())
    };
    if table.header().shape.writers.are_many() != many {
        let words = if many { "one found, many asked for" } else { "many found, one asked for" };
        return Err(at.error(ErrorKind::ShapeMismatch { what: "number of writers" }).detail(words));
    }
    let mut guard = match address.guard().open(at, &options.trust(), deadline) {
        Ok(guard) if guard.identity().is_same(table.header().guard) => guard,
        Ok(_) if !is_current()? => return Ok(None),
        Ok(_) => {
            return Err(at
                .error(ErrorKind::GuardLost)
                .detail("it is not the one that the segment was made with"));
        }
        Err(error) if *error.kind() == ErrorKind::NotFound && !is_current()? => return Ok(None),
        Err(error) if *error.kind() == ErrorKind::NotFound => {
            return Err(at.error(ErrorKind::GuardLost).detail("it was removed"));
        }
        Err(error) => return Err(error),
    };
    guard.lock(at, Lock::Create, deadline)?;
    if !is_current()? {
        return Ok(None);
    }
    let slot =
        if many { claim::join(at, &table, &mut guard)? } else { claim::alone(at, &table, &mut guard)? };
    if !many {
        table.announce_recovery();
    }
    table.live().begin_epoch(host::now_unix_ns());
    guard.unlock(at, Lock::Create)?;
    Ok(Some((table, guard, slot)))
}

/// Gives a prepared segment its guard, its writer and its name, which until then may be the old table's. `None`: something
/// else was there first.
pub(crate) fn publish(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    plan: &Plan<'_>,
    old: Option<&Old>,
    prepared: &mut Option<Prepared>,
    deadline: &mut Deadline,
) -> Result<Option<Taken>> {
    let rights = plan.segment().rights;
    let mut guard = address.guard().open_or_create(at, rights, &options.trust(), deadline)?;
    guard.lock(at, Lock::Create, deadline)?;
    match publish_under(&mut guard, at, address.place(), plan, old, prepared) {
        Ok(table) => Ok(table.map(|table| (table, guard, 0))),
        Err(error) => {
            // Nothing is left behind but the guard of another writer, or one beside the old table.
            if !matches!(error.kind(), ErrorKind::WriterAlive { .. }) {
                let _ = removal::unlink_lone(at, address.place(), &mut guard);
            }
            Err(error)
        }
    }
}

/// As [`publish`], under a guard whose lock for creating is held, and let go on success.
fn publish_under(
    guard: &mut Guard,
    at: &At<'_>,
    place: &Place,
    plan: &Plan<'_>,
    old: Option<&Old>,
    prepared: &mut Option<Prepared>,
) -> Result<Option<Table>> {
    if !guard.is_current(at)? {
        return Ok(None);
    }
    let gives_way = match old {
        Some(old) => place.leads_to(at, old.identity())?,
        None => false,
    };
    if !gives_way && place.is_taken(at)? {
        return Ok(None);
    }
    if !guard.try_lock(at, Lock::Writer)? {
        let unknown = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 };
        return Err(at.error(unknown).detail("it writes to a segment that lost this name"));
    }
    if plan.writers().are_many() {
        claim::first_slot(at, guard)?;
    }
    guard.set_rights(at, plan.segment().rights)?;
    let Some(table) = complete(at, place, plan, old, prepared, guard.identity())? else {
        return Ok(None);
    };
    let admitted = if plan.writers().are_many() { guard.admit_others(at) } else { Ok(()) };
    if let Err(error) = admitted.and_then(|()| guard.unlock(at, Lock::Create)) {
        let _ = removal::take_away(at, place, table.segment(), guard);
        return Err(error);
    }
    Ok(Some(table))
}

/// Makes the segment complete and gives it its name, under the guard's locks. `None`: something else has the name.
fn complete(
    at: &At<'_>,
    place: &Place,
    plan: &Plan<'_>,
    old: Option<&Old>,
    prepared: &mut Option<Prepared>,
    guard: Identity,
) -> Result<Option<Table>> {
    let header = plan.header(at, guard)?;
    let ready = match prepared.take() {
        Some(ready) => ready,
        None => place.prepare(at, plan.segment())?,
    };
    let segment = match old {
        Some(old) => old.give_way(at, place, plan, ready, &header)?,
        None => place.publish(at, ready, plan.segment(), |map| plan.fill(map, &header))?,
    };
    Ok(segment.map(|segment| Table::new(segment, header)))
}
