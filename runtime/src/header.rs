//! The header of a segment: written once, and validated on a private copy before anything else is believed. Relies on
//! `geometry` and the header numbers of the layout crate; knows no mapping and no record type.

use std::fmt;

use shmrecord_layout::RecordLayout;
use shmrecord_layout::abi::{self, header as at};
use shmrecord_layout::describe::DescribedRecord;
use shmrecord_layout::fingerprint::Fnv1a;

use crate::error::ErrorKind;
use crate::geometry::{Arrangement, Geometry, Shape, Writers};
use crate::region::Identity;

/// Bytes of the header.
pub(crate) const BYTES: usize = abi::HEADER_BYTES as usize;

/// A header, in fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) layout_id: u64,
    pub(crate) schema_id: u64,
    pub(crate) shape: Shape,
    pub(crate) geometry: Geometry,
    pub(crate) description_checksum: u64,
    pub(crate) generation: [u8; 16],
    pub(crate) boot_id: [u8; 16],
    pub(crate) guard: Identity,
    pub(crate) created_unix_ns: u64,
    /// Whether every write stores the time.
    pub(crate) stamps: bool,
    /// The semaphore that many writers take turns by.
    pub(crate) semaphore: Semaphore,
}

/// A System V semaphore, by the key of its set and its number there; all zeros: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Semaphore {
    pub(crate) key: u32,
    pub(crate) index: u16,
}

impl fmt::Display for Semaphore {
    /// `0x1234[0]`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            0 => f.write_str("none"),
            key => write!(f, "{key:#x}[{}]", self.index),
        }
    }
}

impl Header {
    /// The header of a new table, whose guard is not known yet.
    pub(crate) fn new(
        layout: &RecordLayout<'_>,
        shape: Shape,
        geometry: Geometry,
        description: &[u8],
    ) -> Self {
        Self {
            layout_id: layout.layout_id,
            schema_id: layout.schema_id,
            shape,
            geometry,
            description_checksum: checksum(description),
            generation: [0; 16],
            boot_id: [0; 16],
            guard: Identity { device: 0, inode: 0 },
            created_unix_ns: 0,
            stamps: false,
            semaphore: Semaphore::default(),
        }
    }

    /// The bytes, magic and checksum included.
    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        for (place, value, _) in self.words() {
            put(place, &value.to_le_bytes());
        }
        for (place, value, _) in self.halves() {
            put(place, &value.to_le_bytes());
        }
        put(at::MAGIC, &abi::MAGIC.to_le_bytes());
        put(at::ABI_VERSION, &abi::ABI_VERSION.to_le_bytes());
        put(at::HEADER_BYTES, &abi::HEADER_BYTES.to_le_bytes());
        put(at::LAYOUT_ID, &self.layout_id.to_le_bytes());
        put(at::SCHEMA_ID, &self.schema_id.to_le_bytes());
        put(at::DESCRIPTION_CHECKSUM, &self.description_checksum.to_le_bytes());
        put(at::GENERATION, &self.generation);
        put(at::BOOT_ID, &self.boot_id);
        put(at::GUARD_DEVICE, &self.guard.device.to_le_bytes());
        put(at::GUARD_INODE, &self.guard.inode.to_le_bytes());
        put(at::CREATED_UNIX_NS, &self.created_unix_ns.to_le_bytes());
        let sum = checksum(&bytes[..at::CHECKSUM]);
        bytes[at::CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The header in this private copy of a segment's first bytes, if every part of it can be believed.
    pub(crate) fn decode(bytes: &[u8; BYTES], actual_bytes: u64) -> Result<Self, ErrorKind> {
        match u64_at(bytes, at::MAGIC) {
            abi::MAGIC => {}
            0 => return Err(ErrorKind::NotReady),
            magic if magic == abi::MAGIC.swap_bytes() => return Err(ErrorKind::WrongEndian),
            _ => return Err(ErrorKind::BadMagic),
        }
        let found = u32_at(bytes, at::ABI_VERSION);
        if found != abi::ABI_VERSION || u32_at(bytes, at::HEADER_BYTES) != abi::HEADER_BYTES {
            return Err(ErrorKind::AbiMismatch { found, supported: abi::ABI_VERSION });
        }
        if checksum(&bytes[..at::CHECKSUM]) != u64_at(bytes, at::CHECKSUM) {
            return Err(ErrorKind::HeaderCorrupt);
        }
        let header = u64_at(bytes, at::SEGMENT_BYTES);
        if header != actual_bytes {
            return Err(ErrorKind::SizeMismatch { header, actual: actual_bytes });
        }
        let impossible = |field| ErrorKind::BadGeometry { field };
        let arrangement = Arrangement::from_tag(u32_at(bytes, at::ARRANGEMENT));
        let writers = Writers::from_tag(u32_at(bytes, at::GUARD_KIND));
        // A number that does not fit is refused below, as every above 0x7fff.
        let index = u16::try_from(u32_at(bytes, at::SEMAPHORE_INDEX)).unwrap_or(u16::MAX);
        let semaphore = Semaphore { key: u32_at(bytes, at::SEMAPHORE_KEY), index };
        let flag = |place, name| match u32_at(bytes, place) {
            flag @ (0 | 1) => Ok(flag == 1),
            _ => Err(impossible(name)),
        };
        let shape = Shape {
            record_bytes: u32_at(bytes, at::RECORD_BYTES),
            record_align: u32_at(bytes, at::RECORD_ALIGN),
            capacity: u64_at(bytes, at::CAPACITY),
            cells: u32_at(bytes, at::CELLS),
            arrangement: arrangement.ok_or(impossible("arrangement"))?,
            log_entries: u32_at(bytes, at::LOG_ENTRIES),
            description_bytes: u64_at(bytes, at::DESCRIPTION_BYTES),
            writers: writers.ok_or(impossible("guard kind"))?,
            has_doorbell: flag(at::WAKE_POLICY, "wake policy")?,
        };
        let geometry = Geometry::of(&shape).map_err(impossible)?;
        let by_semaphore = shape.writers == Writers::Semaphore;
        if by_semaphore != (semaphore.key != 0) || semaphore.index > if by_semaphore { 0x7fff } else { 0 } {
            return Err(impossible("semaphore"));
        }
        let header = Self {
            layout_id: u64_at(bytes, at::LAYOUT_ID),
            schema_id: u64_at(bytes, at::SCHEMA_ID),
            shape,
            geometry,
            description_checksum: u64_at(bytes, at::DESCRIPTION_CHECKSUM),
            generation: array_at(bytes, at::GENERATION),
            boot_id: array_at(bytes, at::BOOT_ID),
            guard: Identity {
                device: u64_at(bytes, at::GUARD_DEVICE),
                inode: u64_at(bytes, at::GUARD_INODE),
            },
            created_unix_ns: u64_at(bytes, at::CREATED_UNIX_NS),
            stamps: flag(at::STAMPS, "stamps")?,
            semaphore,
        };
        // What the shape decides is not read but compared: no offset in the segment is ever used.
        for (place, expected, name) in header.words() {
            if u64_at(bytes, place) != expected {
                return Err(impossible(name));
            }
        }
        for (place, expected, name) in header.halves() {
            if u32_at(bytes, place) != expected {
                return Err(impossible(name));
            }
        }
        Ok(header)
    }

    /// Whether the machine has booted since the segment was made: its present boot is `now`, as far as both are known.
    pub(crate) fn is_of_another_boot(&self, now: [u8; 16]) -> bool {
        let unknown = [0; 16];
        self.boot_id != unknown && now != unknown && self.boot_id != now
    }

    /// Whether it is of a record with this layout and meaning.
    pub(crate) fn is_of(&self, layout: &RecordLayout<'_>) -> bool {
        self.schema_id == layout.schema_id
            && self.layout_id == layout.layout_id
            && self.shape.record_bytes == layout.size
            && self.shape.record_align == layout.align
    }

    /// The table's own record, as the description in the segment has it, must be the one that this is of.
    pub(crate) fn check_described(&self, record: &DescribedRecord) -> Result<(), &'static str> {
        let same = (record.size, record.align) == (self.shape.record_bytes, self.shape.record_align)
            && (record.layout_id, record.schema_id) == (self.layout_id, self.schema_id);
        if same { Ok(()) } else { Err("its record is not the header's") }
    }

    /// The u64 fields that the shape decides, with their names.
    fn words(&self) -> [(usize, u64, &'static str); 10] {
        let g = &self.geometry;
        [
            (at::SEGMENT_BYTES, g.segment_bytes, "segment size"),
            (at::CAPACITY, g.capacity, "capacity"),
            (at::VERSIONS_OFFSET, g.versions_offset, "versions offset"),
            (at::VERSIONS_STRIDE, g.versions_stride, "versions stride"),
            (at::CELLS_OFFSET, g.cells_offset, "cells offset"),
            (at::RECORD_STRIDE, g.record_stride, "record stride"),
            (at::CELL_STRIDE, g.cell_stride, "cell stride"),
            (at::LOG_OFFSET, g.log_offset, "log offset"),
            (at::DESCRIPTION_OFFSET, g.description_offset, "description offset"),
            (at::DESCRIPTION_BYTES, g.description_bytes, "description size"),
        ]
    }

    /// The u32 fields that the shape and this version decide, with their names.
    fn halves(&self) -> [(usize, u32, &'static str); 11] {
        let log_entry_bytes = u32::try_from(self.geometry.log_entry_bytes).unwrap_or(u32::MAX);
        [
            (at::RECORD_BYTES, self.shape.record_bytes, "record size"),
            (at::RECORD_ALIGN, self.shape.record_align, "record alignment"),
            (at::CELLS, self.shape.cells, "cells"),
            (at::ARRANGEMENT, self.shape.arrangement as u32, "arrangement"),
            (at::LOG_ENTRIES, self.shape.log_entries, "log entries"),
            (at::LOG_ENTRY_BYTES, log_entry_bytes, "log entry bytes"),
            (at::GUARD_KIND, self.shape.writers as u32, "guard kind"),
            (at::WAKE_POLICY, u32::from(self.shape.has_doorbell), "wake policy"),
            (at::STAMPS, u32::from(self.stamps), "stamps"),
            (at::SEMAPHORE_KEY, self.semaphore.key, "semaphore"),
            (at::SEMAPHORE_INDEX, self.semaphore.index.into(), "semaphore"),
        ]
    }
}

/// FNV-1a 64, the checksum of header and description.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    Fnv1a::EMPTY.bytes(bytes).value()
}

fn array_at<const N: usize>(bytes: &[u8; BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

fn u32_at(bytes: &[u8; BYTES], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8; BYTES], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use shmrecord_layout::abi::{self, header as at};
    use shmrecord_layout::{FieldLayout, FieldType, Kind, RecordLayout};

    use super::{BYTES, Header, checksum};
    use crate::error::ErrorKind;
    use crate::geometry::{Arrangement, Geometry, Shape, Writers};

    fn header() -> Header {
        let ty = FieldType::scalar(Kind::F64).unwrap();
        let fields = [FieldLayout::new("price", ty, 0)];
        let shape = Shape {
            record_bytes: 8,
            record_align: 8,
            capacity: 10,
            cells: 1,
            arrangement: Arrangement::Split,
            log_entries: 64,
            description_bytes: 240,
            writers: Writers::One,
            has_doorbell: false,
        };
        let layout = RecordLayout::new("Quote", 8, 8, &fields, "");
        Header::new(&layout, shape, Geometry::of(&shape).unwrap(), &[0; 240])
    }

    /// Puts a value in place and makes the checksum right again, as a hostile or newer creator would.
    fn forged(at: usize, value: &[u8]) -> [u8; BYTES] {
        let mut bytes = header().encode();
        bytes[at..at + value.len()].copy_from_slice(value);
        let sum = checksum(&bytes[..at::CHECKSUM]);
        bytes[at::CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let header = header();
        let size = header.geometry.segment_bytes;
        assert_eq!(Header::decode(&header.encode(), size).unwrap(), header);
        let mismatch = ErrorKind::SizeMismatch { header: size, actual: size + 64 };
        assert_eq!(Header::decode(&header.encode(), size + 64), Err(mismatch));
    }

    #[test]
    fn every_flipped_bit_is_an_error() {
        let size = header().geometry.segment_bytes;
        for bit in 0..BYTES * 8 {
            let mut bytes = header().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&bytes, size).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn each_fault_has_its_kind() {
        let size = header().geometry.segment_bytes;
        let impossible = |field| ErrorKind::BadGeometry { field };
        let huge = u64::MAX.to_le_bytes();
        for (at, value, kind) in [
            (at::MAGIC, &[0; 8][..], ErrorKind::NotReady),
            (at::MAGIC, &abi::MAGIC.to_be_bytes(), ErrorKind::WrongEndian),
            (at::MAGIC, b"SQLite f", ErrorKind::BadMagic),
            (at::ABI_VERSION, &[2], ErrorKind::AbiMismatch { found: 2, supported: 1 }),
            (at::ABI_VERSION, &[0], ErrorKind::AbiMismatch { found: 0, supported: 1 }),
            (at::HEADER_BYTES, &[128], ErrorKind::AbiMismatch { found: 1, supported: 1 }),
            (at::RECORD_BYTES, &[0], impossible("record size")),
            (at::RECORD_BYTES, &[255; 4], impossible("record size")),
            (at::RECORD_ALIGN, &[3], impossible("record alignment")),
            (at::CAPACITY, &[0; 8], impossible("capacity")),
            (at::CAPACITY, &(1_u64 << 63).to_le_bytes(), impossible("capacity")),
            (at::CAPACITY, &[200], impossible("segment size")),
            (at::CELLS, &[3], impossible("cells")),
            (at::CELLS, &[2], impossible("log entries")),
            (at::ARRANGEMENT, &[9], impossible("arrangement")),
            (at::VERSIONS_OFFSET, &huge, impossible("versions offset")),
            (at::VERSIONS_STRIDE, &[0], impossible("versions stride")),
            (at::CELLS_OFFSET, &[0; 8], impossible("cells offset")),
            (at::RECORD_STRIDE, &[1], impossible("record stride")),
            (at::CELL_STRIDE, &huge, impossible("cell stride")),
            (at::LOG_OFFSET, &[0; 8], impossible("log offset")),
            (at::LOG_ENTRIES, &[0; 4], impossible("log entries")),
            (at::LOG_ENTRY_BYTES, &[8], impossible("log entry bytes")),
            (at::DESCRIPTION_OFFSET, &huge, impossible("description offset")),
            (at::DESCRIPTION_BYTES, &huge, impossible("description bytes")),
            (at::GUARD_KIND, &[7], impossible("guard kind")),
            (at::GUARD_KIND, &[1], impossible("segment size")),
            (at::GUARD_KIND, &[2], impossible("semaphore")),
            (at::WAKE_POLICY, &[7], impossible("wake policy")),
            (at::WAKE_POLICY, &[1], impossible("segment size")),
            (at::STAMPS, &[2], impossible("stamps")),
            (at::SEMAPHORE_KEY, &[1], impossible("semaphore")),
            (at::SEMAPHORE_INDEX, &[1], impossible("semaphore")),
        ] {
            assert_eq!(Header::decode(&forged(at, value), size), Err(kind), "{at} {value:?}");
        }
    }
}
