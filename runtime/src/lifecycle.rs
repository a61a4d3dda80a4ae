//! Create, attach, take over, remove: how tables come and go. Relies on `region`, `header`, `guard::role` and `table`;
//! knows nothing of record types beyond their layout. `docs/FORMAT.md` lists the same steps.
//!
//! Every step leaves something that the next one to come can use, wherever its process is killed: a segment has its name
//! only when it is complete, locks die with their holder, and a take-over can be repeated.

use std::fs::File;
use std::os::unix::fs::FileExt;

use shmrecord_layout::describe::{self, Description};
use shmrecord_layout::{RecordLayout, abi, compat};

use crate::address::Address;
use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::geometry::{Arrangement, Geometry, Shape};
use crate::guard::role::{Guard, Lock};
use crate::header::{self, Header};
use crate::host;
use crate::options::Options;
use crate::region::map::{Access, Map};
use crate::region::named;
use crate::sync::{Ordering, fence};
use crate::table::Table;

/// Creates the table, or takes over the one that exists.
pub(crate) fn create(
    options: &Options,
    address: &str,
    layout: &RecordLayout<'_>,
    capacity: usize,
) -> Result<(Address, Table, Guard)> {
    let address = Address::parse(address)?;
    let at = &At { operation: "create", subject: &address };
    let plan = Plan::new(at, options, layout, capacity)?;
    let mut deadline = Deadline::after(options.timeout);
    let mut built = None;
    loop {
        match attach(at, options, &address, Some(layout), Access::Write) {
            Ok(table) => {
                if !table.is_retired() {
                    plan.check(at, options, &table)?;
                }
                if let Some((table, guard)) = take_over(at, options, &address, table, &mut deadline)? {
                    return Ok((address, table, guard));
                }
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                // Built before the guard exists, so that a failure for want of space leaves nothing at all.
                let ready = match built.take() {
                    Some(ready) => ready,
                    None => plan.build(at, &address)?,
                };
                match publish(at, options, &address, ready, &mut deadline)? {
                    Ok((table, guard)) => return Ok((address, table, guard)),
                    Err(ready) => built = Some(ready),
                }
            }
            Err(error) => return Err(error),
        }
        if !deadline.pause() {
            return Err(at.error(ErrorKind::Retired));
        }
    }
}

/// Takes over the table that exists.
pub(crate) fn open_writer(
    options: &Options,
    address: &str,
    layout: &RecordLayout<'_>,
) -> Result<(Address, Table, Guard)> {
    let address = Address::parse(address)?;
    let at = &At { operation: "open for writing", subject: &address };
    let mut deadline = Deadline::after(options.timeout);
    loop {
        let table = attach(at, options, &address, Some(layout), Access::Write)?;
        if let Some((table, guard)) = take_over(at, options, &address, table, &mut deadline)? {
            return Ok((address, table, guard));
        }
        if !deadline.pause() {
            return Err(at.error(ErrorKind::Retired));
        }
    }
}

/// Attaches for reading; with a layout, to a table of that record only.
pub(crate) fn open_reader(
    options: &Options,
    address: &str,
    layout: Option<&RecordLayout<'_>>,
) -> Result<(Address, Table)> {
    let address = Address::parse(address)?;
    let at = &At { operation: "open for reading", subject: &address };
    let table = attach(at, options, &address, layout, Access::Read)?;
    if table.is_retired() {
        return Err(at.error(ErrorKind::Retired));
    }
    Ok((address, table))
}

/// Marks the table as removed and unlinks segment and guard.
pub(crate) fn remove(options: &Options, address: &str) -> Result<()> {
    let address = &Address::parse(address)?;
    let at = &At { operation: "remove", subject: address };
    let mut deadline = Deadline::after(options.timeout);
    let trust = options.trust();
    loop {
        let (file, identity, size) = match named::open(at, address.path(), Access::Write, &trust) {
            Ok(found) => found,
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                remove_lone_guard(at, options, address, &mut deadline)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        check_ours(at, &file)?;
        let guard = Guard::open_or_create(at, &address.guard_path(), address.directory(), 0o600, &trust)?;
        guard.lock(at, Lock::Create, &mut deadline)?;
        if guard.is_current(at)? && named::leads_to(at, address.path(), identity)? {
            retire(at, &file, size)?;
            named::unlink(at, address.path(), identity)?;
            return guard.unlink(at);
        }
        if !deadline.pause() {
            return Err(at.error(ErrorKind::LockTimeout));
        }
    }
}

/// Unlinks a guard without a segment: what a creator that was killed may leave.
fn remove_lone_guard(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    deadline: &mut Deadline,
) -> Result<()> {
    let guard = match Guard::open(at, &address.guard_path(), &options.trust()) {
        Ok(guard) => guard,
        Err(error) if *error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    guard.lock(at, Lock::Create, deadline)?;
    if address.path().symlink_metadata().is_err() { guard.unlink(at) } else { Ok(()) }
}

/// The file must be a segment of ours, however damaged: nothing else is ever removed.
fn check_ours(at: &At<'_>, file: &File) -> Result<()> {
    let mut magic = [0; 8];
    match file.read_exact_at(&mut magic, 0) {
        Ok(()) if u64::from_le_bytes(magic) == abi::MAGIC => Ok(()),
        _ => Err(at.error(ErrorKind::BadMagic).detail("it is not removed")),
    }
}

/// Marks the segment in this file as retired. One that was cut too short for a state has no handle that could ask for it.
fn retire(at: &At<'_>, file: &File, size: u64) -> Result<()> {
    if let Ok(length) = mappable(at, size) {
        let map = Map::new(file, length, Access::Write).map_err(|error| at.os("mmap", &error))?;
        map.word(abi::live::STATE).store(abi::live::STATE_RETIRED, Ordering::Release);
    }
    Ok(())
}

/// The size as a mapping's length, if a header and the live words fit in it.
fn mappable(at: &At<'_>, size: u64) -> Result<usize> {
    let least = abi::live::END as u64;
    usize::try_from(size)
        .ok()
        .filter(|_| size >= least)
        .ok_or_else(|| at.error(ErrorKind::SizeMismatch { header: least, actual: size }))
}

/// Opens, maps and validates; nothing in the segment is changed.
fn attach(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    layout: Option<&RecordLayout<'_>>,
    access: Access,
) -> Result<Table> {
    let (file, identity, size) = named::open(at, address.path(), access, &options.trust())?;
    let length = mappable(at, size)?;
    let map = Map::new(&file, length, access).map_err(|error| named::no_space(at, "mmap", size, &error))?;
    let copy = map.copy_out(0, header::BYTES);
    // Pairs with the release store of the magic, which its creator makes last.
    fence(Ordering::Acquire);
    let copy = <[u8; header::BYTES]>::try_from(copy.as_slice()).expect("as many bytes as were asked for");
    let header = Header::decode(&copy, size).map_err(|kind| at.error(kind))?;
    let boot_id = host::boot_id();
    if header.boot_id != [0; 16] && boot_id != [0; 16] && header.boot_id != boot_id {
        return Err(at.error(ErrorKind::StaleBoot));
    }
    let table = Table::new(map, header, identity);
    // A removed table may hold anything: it is about to give way.
    if let Some(layout) = layout.filter(|_| !table.is_retired()) {
        check_layout(at, layout, &table)?;
    }
    Ok(table)
}

/// The segment's record must be this program's, in layout and in meaning.
fn check_layout(at: &At<'_>, layout: &RecordLayout<'_>, table: &Table) -> Result<()> {
    let Header { layout_id, schema_id, shape, .. } = table.header();
    let same = *schema_id == layout.schema_id
        && *layout_id == layout.layout_id
        && shape.record_bytes == layout.size
        && shape.record_align == layout.align;
    if same {
        return Ok(());
    }
    let segment = table.description().map_err(|what| at.error(ErrorKind::DescriptionCorrupt).detail(what))?;
    let words = compat::first_difference(&segment, &Description::of(layout))
        .unwrap_or_else(|| format!("schema {schema_id:016x} in the segment, {:016x} here", layout.schema_id));
    let kind = ErrorKind::LayoutMismatch { expected: layout.schema_id, found: *schema_id };
    Err(at.error(kind).detail(words))
}

/// Takes the role of writer in an attached table. `None`: the table was replaced meanwhile, attach again.
fn take_over(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    table: Table,
    deadline: &mut Deadline,
) -> Result<Option<(Table, Guard)>> {
    let is_current = || named::leads_to(at, address.path(), table.identity());
    let guard = match Guard::open(at, &address.guard_path(), &options.trust()) {
        Ok(guard) if guard.identity() == table.header().guard => guard,
        Ok(_) if !is_current()? => return Ok(None),
        Ok(_) => return Err(at.error(ErrorKind::GuardLost).detail("another file has its name")),
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
    if table.is_retired() {
        // Its remover was killed between marking and unlinking: finish that.
        named::unlink(at, address.path(), table.identity())?;
        guard.unlink(at)?;
        return Ok(None);
    }
    if !guard.try_lock(at, Lock::Writer)? {
        return Err(writer_alive(at, &table));
    }
    table.recover();
    let pid = std::process::id();
    table.begin_epoch(pid, host::process_start(pid).unwrap_or(0), host::now_unix_ns());
    guard.unlock(at, Lock::Create)?;
    Ok(Some((table, guard)))
}

/// The role is taken: by whom, as far as the segment tells and the process list confirms.
fn writer_alive(at: &At<'_>, table: &Table) -> Error {
    let (pid, start, since_unix_ns) = table.owner();
    let pid = u32::try_from(pid).ok().filter(|&pid| host::process_start(pid) == Some(start));
    match pid {
        Some(pid) if pid == std::process::id() => at.error(ErrorKind::AlreadyHeldHere),
        pid => at.error(ErrorKind::WriterAlive { pid, since_unix_ns }),
    }
}

/// A new table as asked for, before anything exists.
struct Plan<'a> {
    layout: &'a RecordLayout<'a>,
    shape: Shape,
    geometry: Geometry,
    description: Vec<u8>,
    mode: u32,
}

/// A complete segment without a name; only the guard's identity is missing in its header.
struct Built {
    file: File,
    map: Map,
    header: Header,
    description: Vec<u8>,
}

impl<'a> Plan<'a> {
    fn new(at: &At<'_>, options: &Options, layout: &'a RecordLayout<'a>, capacity: usize) -> Result<Self> {
        let mode = options.checked_mode(at)?;
        let description = describe::encode(layout);
        let cells = options.cells.unwrap_or(1);
        let shape = Shape {
            record_bytes: layout.size,
            record_align: layout.align,
            capacity: capacity as u64,
            cells,
            arrangement: options.arrangement.unwrap_or(Arrangement::Split),
            log_entries: options.log_entries_for(cells),
            description_bytes: description.len() as u64,
        };
        let geometry = Geometry::of(&shape).map_err(|argument| {
            let words = match argument {
                "capacity" => format!("{capacity} records of {} bytes", layout.size),
                "cells" => format!("{cells}, expected 1, 2, 4 or 8"),
                "log entries" => format!("{}, expected 1 to {}", shape.log_entries, abi::MAX_LOG_ENTRIES),
                _ => format!("{} bytes, aligned to {}", layout.size, layout.align),
            };
            at.error(ErrorKind::BadArgument { argument }).detail(words)
        })?;
        Ok(Self { layout, shape, geometry, description, mode })
    }

    /// An existing table must have what was asked for; what was not asked for may be anything.
    fn check(&self, at: &At<'_>, options: &Options, table: &Table) -> Result<()> {
        let found = &table.header().shape;
        let differs = |what, found: &dyn std::fmt::Display, asked: &dyn std::fmt::Display| {
            Err(at
                .error(ErrorKind::ShapeMismatch { what })
                .detail(format!("{found} found, {asked} asked for")))
        };
        if found.capacity != self.shape.capacity {
            return differs("capacity", &found.capacity, &self.shape.capacity);
        }
        if options.cells.is_some() && found.cells != self.shape.cells {
            return differs("number of cells", &found.cells, &self.shape.cells);
        }
        if options.arrangement.is_some() && found.arrangement != self.shape.arrangement {
            return differs("arrangement", &found.arrangement.name(), &self.shape.arrangement.name());
        }
        Ok(())
    }

    /// Makes the segment without a name, its space reserved and every page present.
    fn build(&self, at: &At<'_>, address: &Address) -> Result<Built> {
        let bytes = self.geometry.segment_bytes;
        let length = mappable(at, bytes)?;
        let file = named::unnamed(at, address.directory(), self.mode)?;
        named::reserve(at, &file, bytes)?;
        let map = Map::new(&file, length, Access::Write)
            .map_err(|error| named::no_space(at, "mmap", bytes, &error))?;
        map.populate().map_err(|error| named::no_space(at, "madvise(MADV_POPULATE_WRITE)", bytes, &error))?;
        let mut header = Header::new(self.layout, self.shape, self.geometry, &self.description);
        header.generation = host::random_bytes().map_err(|error| at.os("getrandom", &error))?;
        header.boot_id = host::boot_id();
        header.created_unix_ns = host::now_unix_ns();
        Ok(Built { file, map, header, description: self.description.clone() })
    }
}

/// Gives a built segment its guard, its writer and its name. The inner `Err` gives it back: something else was there first.
fn publish(
    at: &At<'_>,
    options: &Options,
    address: &Address,
    mut built: Built,
    deadline: &mut Deadline,
) -> Result<std::result::Result<(Table, Guard), Built>> {
    let guard_path = address.guard_path();
    let guard = Guard::open_or_create(at, &guard_path, address.directory(), options.mode, &options.trust())?;
    guard.lock(at, Lock::Create, deadline)?;
    if !guard.is_current(at)? || address.path().symlink_metadata().is_ok() {
        return Ok(Err(built));
    }
    if !guard.try_lock(at, Lock::Writer)? {
        let unknown = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 };
        return Err(at.error(unknown).detail("it writes to a segment that lost this name"));
    }
    built.header.guard = guard.identity();
    let identity = named::identity(at, &built.file)?;
    let Built { file, map, header, description } = built;
    let table = Table::new(map, header, identity);
    let pid = std::process::id();
    table.format(&description, pid, host::process_start(pid).unwrap_or(0));
    match named::publish(at, &file, address.path()) {
        Ok(true) => {}
        Ok(false) => {
            let (map, header) = table.into_parts();
            return Ok(Err(Built { file, map, header, description }));
        }
        Err(error) => return Err(error),
    }
    guard.unlock(at, Lock::Create)?;
    Ok(Ok((table, guard)))
}
