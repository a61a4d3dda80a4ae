//! A new table as asked for, before anything of it exists: its shape and geometry, its header, what an existing table must
//! have to pass for it. Relies on `geometry` and `header`; touches no memory but what it is given.

use shmrecord_layout::{RecordLayout, abi, describe};

use crate::error::{At, ErrorKind, Result};
use crate::geometry::{Arrangement, Geometry, Shape, Writers};
use crate::header::{Header, Semaphore};
use crate::host;
use crate::options::Options;
use crate::region::map::Map;
use crate::region::{Identity, NewSegment};
use crate::table::Table;

/// A table that was asked for, and can be.
pub(crate) struct Plan<'a> {
    layout: &'a RecordLayout<'a>,
    shape: Shape,
    geometry: Geometry,
    description: Vec<u8>,
    segment: NewSegment,
    stamps: bool,
    semaphore: Semaphore,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        at: &At<'_>,
        options: &Options,
        layout: &'a RecordLayout<'a>,
        capacity: usize,
        writers: Writers,
    ) -> Result<Self> {
        let rights = options.rights(at)?;
        let description = describe::encode(layout);
        let cells = options.cells.unwrap_or(1);
        let shape = Shape {
            record_bytes: layout.size,
            record_align: layout.align,
            capacity: capacity as u64,
            cells,
            arrangement: options.arrangement.unwrap_or_else(|| Arrangement::fitting(layout.size, cells)),
            log_entries: options.log_entries_for(cells, layout.size),
            description_bytes: description.len() as u64,
            writers,
            has_doorbell: options.doorbell,
        };
        let geometry = Geometry::of(&shape).map_err(|argument| {
            let words = match argument {
                "capacity" => format!("{capacity} records of {} bytes", layout.size),
                "cells" => format!("{cells}, expected 1, 2, 4 or 8"),
                "log entries" if cells > 1 => {
                    format!("{} for a table of {cells} cells, which has no log", shape.log_entries)
                }
                "log entries" => format!("{}, expected 1 to {}", shape.log_entries, abi::MAX_LOG_ENTRIES),
                _ => format!("{} bytes, aligned to {}", layout.size, layout.align),
            };
            at.error(ErrorKind::BadArgument { argument }).detail(words)
        })?;
        // Behind the description there are only records, all zeros.
        let stored_bytes = geometry.description_offset + geometry.description_bytes;
        let bytes = geometry.segment_bytes;
        let segment = NewSegment {
            bytes,
            present_bytes: if options.sparse { stored_bytes } else { bytes },
            rights,
            wishes: options.wishes(),
            exclusive: options.exclusive,
        };
        let semaphore = options.semaphore.unwrap_or_default();
        if options.semaphore.is_some()
            && (!writers.are_many() || semaphore.key == 0 || semaphore.index > 0x7fff)
        {
            let words = if writers.are_many() { "not one of a set" } else { "for a table of one writer" };
            return Err(at.error(ErrorKind::BadArgument { argument: "semaphore" }).detail(words));
        }
        Ok(Self { layout, shape, geometry, description, segment, stamps: options.stamps, semaphore })
    }

    /// An existing table must have what was asked for; what was not asked for may be anything.
    pub(crate) fn check(&self, at: &At<'_>, options: &Options, table: &Table) -> Result<()> {
        let shape = &table.header().shape;
        let differs = |what, found: &dyn std::fmt::Display, asked: &dyn std::fmt::Display| {
            Err(at
                .error(ErrorKind::ShapeMismatch { what })
                .detail(format!("{found} found, {asked} asked for")))
        };
        if shape.capacity != self.shape.capacity {
            return differs("capacity", &shape.capacity, &self.shape.capacity);
        }
        if options.cells.is_some() && shape.cells != self.shape.cells {
            return differs("number of cells", &shape.cells, &self.shape.cells);
        }
        if options.arrangement.is_some() && shape.arrangement != self.shape.arrangement {
            return differs("arrangement", &shape.arrangement.name(), &self.shape.arrangement.name());
        }
        if options.doorbell && !shape.has_doorbell {
            return differs("way of waking", &"none", &"a doorbell");
        }
        if options.stamps && !table.header().stamps {
            return differs("way of keeping time", &"none", &"stamps");
        }
        let (found, asked) = (table.header().semaphore, self.semaphore);
        if options.semaphore.is_some() && shape.writers.are_many() && found != asked {
            return differs("semaphore", &found, &asked);
        }
        // An exclusive one cannot have been opened for writing.
        if options.exclusive {
            return differs("sealing", &"shared", &"exclusive");
        }
        Ok(())
    }

    /// By which many take turns; all zeros: none.
    pub(crate) fn semaphore(&self) -> Semaphore {
        self.semaphore
    }

    /// Who may write it.
    pub(crate) fn writers(&self) -> Writers {
        self.shape.writers
    }

    /// The record's layout.
    pub(crate) fn layout(&self) -> &'a RecordLayout<'a> {
        self.layout
    }

    /// Where everything lies.
    pub(crate) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The segment that the table needs.
    pub(crate) fn segment(&self) -> &NewSegment {
        &self.segment
    }

    /// The header of a new segment behind this guard.
    pub(crate) fn header(&self, at: &At<'_>, guard: Identity) -> Result<Header> {
        let mut header = Header::new(self.layout, self.shape, self.geometry, &self.description);
        header.generation = host::random_bytes().map_err(|error| at.os("getrandom", &error))?;
        header.boot_id = host::boot_id();
        header.guard = guard;
        header.created_unix_ns = host::now_unix_ns();
        header.stamps = self.stamps;
        header.semaphore = self.semaphore;
        Ok(header)
    }

    /// Stores all of the table in a new mapping, with this process as its writer.
    pub(crate) fn fill(&self, map: &Map, header: &Header) {
        Table::format(map, header, &self.description);
    }
}
