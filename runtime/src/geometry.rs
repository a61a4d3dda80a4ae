//! Where everything lies in a segment: pure arithmetic from a [`Shape`] to a [`Geometry`], every step checked. Relies on
//! the header numbers of the layout crate; knows no memory. `docs/FORMAT.md` has the same tables in prose.

use shmrecord_layout::abi;

/// Cache lines of every machine this runs on; slots of the `line` arrangement start on one.
pub(crate) const LINE: u64 = 64;
/// Segments stay below this, so that no offset or sum of offsets overflows a signed 64-bit integer.
const MAX_SEGMENT_BYTES: u64 = 1 << 62;
/// The largest capacity.
pub(crate) const MAX_CAPACITY: u64 = 1 << 48;

/// How version words and cells are laid out in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Arrangement {
    /// Each record on cache lines of its own, its version right behind it: least traffic between cores.
    Line = 0,
    /// Version right behind the record, no padding: least memory, fastest scans.
    Packed = 1,
    /// All versions, then all records: good at random access and scans.
    Split = 2,
}

impl Arrangement {
    /// Every arrangement, in the order of the tags.
    pub const ALL: [Arrangement; 3] = [Arrangement::Line, Arrangement::Packed, Arrangement::Split];

    /// The name: `line`, `packed`, `split`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Arrangement::Line => "line",
            Arrangement::Packed => "packed",
            Arrangement::Split => "split",
        }
    }

    /// That of a new table unless asked otherwise: `split`, but for records of one cell that fill their lines with their version
    /// to the last 8 bytes. Those miss one line less in `line`, for 8 bytes more at most.
    pub(crate) fn fitting(record_bytes: u32, cells: u32) -> Self {
        let bytes = u64::from(record_bytes).next_multiple_of(8) + 8;
        if cells == 1 && bytes.next_multiple_of(LINE) - bytes <= 8 { Self::Line } else { Self::Split }
    }

    pub(crate) fn from_tag(tag: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(tag).ok()?).copied()
    }
}

/// Who may write a table: the guard kinds of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Writers {
    /// One at a time, for as long as it lives.
    One = abi::GUARD_ONE,
    /// Many, who take turns by the lock word.
    Lock = abi::GUARD_LOCK,
    /// Many, who take turns by a System V semaphore.
    Semaphore = abi::GUARD_SEMAPHORE,
}

impl Writers {
    pub(crate) fn from_tag(tag: u32) -> Option<Self> {
        [Self::One, Self::Lock, Self::Semaphore].into_iter().find(|known| *known as u32 == tag)
    }

    /// Whether there may be several.
    pub(crate) fn are_many(self) -> bool {
        self != Self::One
    }
}

/// What decides a geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) record_bytes: u32,
    pub(crate) record_align: u32,
    pub(crate) capacity: u64,
    pub(crate) cells: u32,
    pub(crate) arrangement: Arrangement,
    /// 0 exactly when `cells > 1`.
    pub(crate) log_entries: u32,
    pub(crate) description_bytes: u64,
    pub(crate) writers: Writers,
    /// Whether who waits for records is woken: there is a page for that.
    pub(crate) has_doorbell: bool,
}

impl Shape {
    /// Where the live words and what belongs to them end.
    fn live_end(&self) -> u64 {
        let end = match (self.has_doorbell, self.writers.are_many()) {
            (true, _) => abi::live::WAITING_END,
            (false, true) => abi::live::PARTICIPANTS_END,
            (false, false) => abi::live::END,
        };
        end as u64
    }
}

/// Every offset and stride of a segment, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) capacity: u64,
    pub(crate) cells: u32,
    /// Bytes copied per record: its size rounded up to 8.
    pub(crate) cell_bytes: u64,
    pub(crate) versions_offset: u64,
    pub(crate) versions_stride: u64,
    pub(crate) cells_offset: u64,
    pub(crate) record_stride: u64,
    pub(crate) cell_stride: u64,
    pub(crate) log_offset: u64,
    pub(crate) log_entries: u32,
    pub(crate) log_entry_bytes: u64,
    pub(crate) description_offset: u64,
    pub(crate) description_bytes: u64,
    pub(crate) segment_bytes: u64,
}

impl Geometry {
    /// The geometry of this shape, or the name of the field that makes it impossible.
    pub(crate) fn of(shape: &Shape) -> Result<Self, &'static str> {
        let Shape { record_align, capacity, cells, log_entries, description_bytes, .. } = *shape;
        if shape.record_bytes == 0
            || u64::from(shape.record_bytes) > shmrecord_layout::place::MAX_RECORD_BYTES
        {
            return Err("record size");
        }
        if !record_align.is_power_of_two() || record_align > shmrecord_layout::place::MAX_ALIGN {
            return Err("record alignment");
        }
        if capacity == 0 || capacity > MAX_CAPACITY {
            return Err("capacity");
        }
        if !abi::CELL_COUNTS.contains(&cells) {
            return Err("cells");
        }
        if (log_entries == 0) != (cells > 1) || log_entries > abi::MAX_LOG_ENTRIES {
            return Err("log entries");
        }
        if description_bytes > abi::MAX_DESCRIPTION_BYTES || !description_bytes.is_multiple_of(8) {
            return Err("description bytes");
        }
        Self::sum(shape).filter(|geometry| geometry.segment_bytes <= MAX_SEGMENT_BYTES).ok_or("capacity")
    }

    /// The arithmetic alone; `None` on overflow.
    fn sum(shape: &Shape) -> Option<Self> {
        let Shape { capacity, cells, log_entries, description_bytes, .. } = *shape;
        let unit = u64::from(shape.record_align).max(8);
        let line = unit.max(LINE);
        let cell_bytes = u64::from(shape.record_bytes).next_multiple_of(8);

        let log_entry_bytes = if cells == 1 { (cell_bytes + 16).next_multiple_of(LINE) } else { 0 };
        let log_offset = if cells == 1 { shape.live_end() } else { 0 };
        let description_offset = match cells {
            1 => log_offset + abi::log::ENTRIES as u64 + u64::from(log_entries) * log_entry_bytes,
            _ => shape.live_end(),
        };
        let base = description_offset.checked_add(description_bytes)?.checked_next_multiple_of(line)?;

        let apart = if cells > 1 && shape.arrangement == Arrangement::Line { line } else { unit };
        let cell_stride = cell_bytes.checked_next_multiple_of(apart)?;
        let cells_end = u64::from(cells - 1).checked_mul(cell_stride)?.checked_add(cell_bytes)?;
        let with_version = cells_end.checked_add(8)?;
        let beside = |stride| (base, stride, base + cells_end, stride);
        let (cells_offset, record_stride, versions_offset, versions_stride) = match shape.arrangement {
            Arrangement::Line => beside(with_version.checked_next_multiple_of(line)?),
            Arrangement::Packed => beside(with_version.checked_next_multiple_of(unit)?),
            Arrangement::Split => {
                let cells_offset =
                    capacity.checked_mul(8)?.checked_add(base)?.checked_next_multiple_of(line)?;
                (cells_offset, u64::from(cells).checked_mul(cell_stride)?, base, 8)
            }
        };
        let end = capacity.checked_mul(record_stride)?.checked_add(cells_offset)?;
        Some(Self {
            capacity,
            cells,
            cell_bytes,
            versions_offset,
            versions_stride,
            cells_offset,
            record_stride,
            cell_stride,
            log_offset,
            log_entries,
            log_entry_bytes,
            description_offset,
            description_bytes,
            segment_bytes: end.checked_next_multiple_of(LINE)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrangement, Geometry, Shape, Writers};

    fn shape(record_bytes: u32, record_align: u32, cells: u32, arrangement: Arrangement) -> Shape {
        let log_entries = if cells == 1 { 64 } else { 0 };
        Shape {
            record_bytes,
            record_align,
            capacity: 100,
            cells,
            arrangement,
            log_entries,
            description_bytes: 472,
            writers: Writers::One,
            has_doorbell: false,
        }
    }

    /// Every byte range that somebody writes, as (start, end).
    fn ranges(g: &Geometry) -> Vec<(u64, u64)> {
        let mut ranges = vec![(0, 640), (g.description_offset, g.description_offset + g.description_bytes)];
        if g.cells == 1 {
            ranges.push((g.log_offset, g.log_offset + 64 + u64::from(g.log_entries) * g.log_entry_bytes));
        }
        for i in 0..g.capacity {
            let version = g.versions_offset + i * g.versions_stride;
            ranges.push((version, version + 8));
            for k in 0..u64::from(g.cells) {
                let cell = g.cells_offset + i * g.record_stride + k * g.cell_stride;
                ranges.push((cell, cell + g.cell_bytes));
            }
        }
        ranges
    }

    #[test]
    fn areas_are_aligned_inside_the_segment_and_do_not_overlap() {
        for (bytes, align) in [(1, 1), (12, 4), (32, 8), (48, 16), (64, 64), (4096, 8), (4096, 4096)] {
            for cells in [1, 2, 4, 8] {
                for arrangement in Arrangement::ALL {
                    areas_are_aligned(&shape(bytes, align, cells, arrangement));
                }
            }
        }
        for (writers, has_doorbell) in
            [(Writers::One, true), (Writers::Lock, false), (Writers::Semaphore, true)]
        {
            areas_are_aligned(&Shape { writers, has_doorbell, ..shape(32, 8, 1, Arrangement::Split) });
        }
    }

    #[track_caller]
    fn areas_are_aligned(shape: &Shape) {
        let g = Geometry::of(shape).unwrap();
        let mut ranges = ranges(&g);
        ranges.extend(shape.writers.are_many().then_some((640, 1664)));
        ranges.extend(shape.has_doorbell.then_some((4096, 8192)));
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{shape:?}");
        assert!(ranges.iter().all(|range| range.0 % 8 == 0), "{shape:?}");
        assert!(ranges.last().unwrap().1 <= g.segment_bytes, "{shape:?}");
        for stride in [g.cells_offset, g.record_stride, g.cell_stride] {
            assert_eq!(stride % u64::from(shape.record_align), 0, "{shape:?}");
        }
    }

    #[test]
    fn what_fills_its_lines_with_its_version_has_them_for_itself() {
        let sizes = (1..=192).filter(|&bytes| Arrangement::fitting(bytes, 1) == Arrangement::Line);
        let wanted = [41..=56, 105..=120, 169..=184].into_iter().flatten();
        assert!(sizes.eq(wanted));
        assert_eq!(Arrangement::fitting(56, 2), Arrangement::Split);
    }

    #[test]
    fn market_data_costs_eight_bytes_a_record_beside_itself() {
        for (arrangement, stride) in
            [(Arrangement::Line, 64), (Arrangement::Packed, 40), (Arrangement::Split, 32)]
        {
            assert_eq!(Geometry::of(&shape(32, 8, 1, arrangement)).unwrap().record_stride, stride);
        }
    }

    #[test]
    fn what_is_impossible_is_named() {
        let base = shape(32, 8, 1, Arrangement::Split);
        for (shape, field) in [
            (Shape { record_bytes: 0, ..base }, "record size"),
            (Shape { record_bytes: u32::MAX, ..base }, "record size"),
            (Shape { record_align: 0, ..base }, "record alignment"),
            (Shape { record_align: 24, ..base }, "record alignment"),
            (Shape { record_align: 8192, ..base }, "record alignment"),
            (Shape { capacity: 0, ..base }, "capacity"),
            (Shape { capacity: u64::MAX, ..base }, "capacity"),
            (Shape { capacity: 1 << 48, record_bytes: 1 << 31, ..base }, "capacity"),
            (Shape { cells: 0, ..base }, "cells"),
            (Shape { cells: 3, ..base }, "cells"),
            (Shape { cells: 2, ..base }, "log entries"),
            (Shape { log_entries: 0, ..base }, "log entries"),
            (Shape { log_entries: u32::MAX, ..base }, "log entries"),
            (Shape { description_bytes: u64::MAX, ..base }, "description bytes"),
            (Shape { description_bytes: 9, ..base }, "description bytes"),
        ] {
            assert_eq!(Geometry::of(&shape), Err(field), "{shape:?}");
        }
    }
}
