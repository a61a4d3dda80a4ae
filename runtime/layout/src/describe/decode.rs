//! Descriptions from bytes, every part checked before it is used. Relies on the numbers of [`super`].

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

use super::{
    DescribedField, DescribedRecord, Description, FIELD_BYTES, FLAG_TEXT, HEADER_BYTES, MAX_DEPTH, Malformed,
    RECORD_BYTES,
};
use crate::field::MAX_RANK;
use crate::kind::Kind;

/// Bytes of text that decoding will copy: strings may share bytes of the pool, so the pool does not bound their sum.
const MAX_TEXT_BYTES: usize = 1 << 24;

/// Reads a description from a private copy of its bytes. They come from another process: every count, offset, kind and
/// string is checked before it is used.
///
/// # Errors
/// [`Malformed`] names the first part that does not hold.
pub fn decode(bytes: &[u8]) -> Result<Description, Malformed> {
    let areas = Areas::find(bytes)?;
    let mut records: Vec<DescribedRecord> = Vec::new();
    let mut depths: Vec<usize> = Vec::new();
    let mut fields_left = areas.fields.len() / areas.field_bytes;
    for entry in areas.records.chunks_exact(areas.record_bytes) {
        let record = areas.record(entry, &records, &mut fields_left)?;
        let below = record.fields.iter().filter_map(|field| field.record).map(|nested| depths[nested]).max();
        let depth = below.map_or(1, |below| below + 1);
        if depth > MAX_DEPTH {
            return Err(Malformed { what: "records are nested more than 32 deep" });
        }
        depths.push(depth);
        records.push(record);
    }
    if records.is_empty() {
        return Err(Malformed { what: "no record" });
    }
    Ok(Description { records })
}

/// The areas of a description, cut out of its bytes with every bound checked.
struct Areas<'a> {
    records: &'a [u8],
    fields: &'a [u8],
    strings: &'a [u8],
    record_bytes: usize,
    field_bytes: usize,
    text_left: Cell<usize>,
}

impl<'a> Areas<'a> {
    fn find(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = bytes.get(..HEADER_BYTES).ok_or(Malformed { what: "shorter than its header" })?;
        let word = |at: usize| u32_at(header, at) as usize;
        if word(0) != bytes.len() {
            return Err(Malformed { what: "its length is not the one in its header" });
        }
        let (record_bytes, field_bytes) = (word(24), word(28));
        if record_bytes < RECORD_BYTES || field_bytes < FIELD_BYTES {
            return Err(Malformed { what: "entries are smaller than those of this version" });
        }
        let mut rest = &bytes[HEADER_BYTES..];
        let mut area = |count: usize, entry: usize| {
            let length = count.checked_mul(entry).filter(|&length| length <= rest.len());
            let (area, behind) = rest.split_at(length.ok_or(Malformed { what: "a table passes the end" })?);
            rest = behind;
            Ok(area)
        };
        let records = area(word(4), record_bytes)?;
        let fields = area(word(8), field_bytes)?;
        area(word(12), word(32))?;
        area(word(16), word(36))?;
        let strings = area(word(20), 1)?;
        let text_left = Cell::new(MAX_TEXT_BYTES);
        Ok(Self { records, fields, strings, record_bytes, field_bytes, text_left })
    }

    /// `fields_left` counts the table's fields down: records that share some could mean any number of them.
    fn record(
        &self,
        entry: &[u8],
        before: &[DescribedRecord],
        fields_left: &mut usize,
    ) -> Result<DescribedRecord, Malformed> {
        let (size, align) = (u32_at(entry, 16), u32_at(entry, 20));
        if size == 0 || !align.is_power_of_two() || !size.is_multiple_of(align) {
            return Err(Malformed { what: "a record's size or alignment is impossible" });
        }
        let (first, count) = (u32_at(entry, 24) as usize, u32_at(entry, 28) as usize);
        *fields_left =
            fields_left.checked_sub(count).ok_or(Malformed { what: "its records share fields" })?;
        let entries = first
            .checked_mul(self.field_bytes)
            .zip(first.checked_add(count).and_then(|end| end.checked_mul(self.field_bytes)))
            .and_then(|(start, end)| self.fields.get(start..end))
            .ok_or(Malformed { what: "a record's fields pass the end of the field table" })?;
        let mut fields = Vec::new();
        for entry in entries.chunks_exact(self.field_bytes) {
            fields.push(self.field(entry, size, before)?);
        }
        if overlap(&fields) {
            return Err(Malformed { what: "two fields overlap" });
        }
        Ok(DescribedRecord {
            name: self.string(entry, 0)?,
            doc: self.string(entry, 8)?,
            size,
            align,
            layout_id: u64_at(entry, 32),
            schema_id: u64_at(entry, 40),
            fields,
        })
    }

    fn field(
        &self,
        entry: &[u8],
        record_size: u32,
        before: &[DescribedRecord],
    ) -> Result<DescribedField, Malformed> {
        let kind = Kind::from_tag(entry[24]).ok_or(Malformed { what: "a field's kind is unknown" })?;
        let rank = usize::from(entry[25]);
        if rank > MAX_RANK {
            return Err(Malformed { what: "a field has more than four dimensions" });
        }
        let record = match kind.size() {
            Some(_) => None,
            None => Some(u32_at(entry, 36) as usize),
        };
        let elem_size = match record {
            None => kind.size(),
            Some(index) => before.get(index).map(|nested| nested.size),
        };
        if elem_size != Some(u32_at(entry, 32)) {
            return Err(Malformed { what: "a field's element size is not that of its type" });
        }
        let elem_size = u32_at(entry, 32);
        let dims: Vec<u32> = (0..rank).map(|i| u32_at(entry, 40 + 4 * i)).collect();
        let offset = u32_at(entry, 28);
        let end = dims
            .iter()
            .try_fold(u64::from(elem_size), |size, &length| size.checked_mul(u64::from(length)))
            .filter(|&size| size > 0)
            .and_then(|size| size.checked_add(u64::from(offset)));
        if end.is_none_or(|end| end > u64::from(record_size)) {
            return Err(Malformed { what: "a field passes the end of its record" });
        }
        let text = u32_at(entry, 24) >> 16 & u32::from(FLAG_TEXT) != 0;
        let unit = self.string(entry, 16)?;
        Ok(DescribedField {
            name: self.string(entry, 0)?,
            doc: self.string(entry, 8)?,
            unit: if unit.is_empty() { None } else { Some(unit) },
            kind,
            text: text && kind == Kind::U8 && rank == 1,
            offset,
            elem_size,
            dims,
            record,
            layout_chain: u64_at(entry, 56),
            schema_chain: u64_at(entry, 64),
        })
    }

    /// The text whose place in the pool stands at `at` of an entry.
    fn string(&self, entry: &[u8], at: usize) -> Result<String, Malformed> {
        let (start, length) = (u32_at(entry, at) as usize, u32_at(entry, at + 4) as usize);
        let bytes = start
            .checked_add(length)
            .and_then(|end| self.strings.get(start..end))
            .ok_or(Malformed { what: "a string passes the end of the pool" })?;
        let left = self.text_left.get().checked_sub(length);
        self.text_left.set(left.ok_or(Malformed { what: "its strings add up to more than 16 MiB" })?);
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed { what: "a string is not UTF-8" })?;
        // What a segment says of itself is printed: it must not steer a terminal.
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Malformed { what: "a string holds control characters" });
        }
        Ok(String::from(text))
    }
}

/// Whether two of these fields share a byte. Each lies inside its record, so that no sum overflows.
fn overlap(fields: &[DescribedField]) -> bool {
    let mut spans: Vec<(u64, u64)> = fields
        .iter()
        .map(|field| {
            let start = u64::from(field.offset);
            (
                start,
                start + field.dims.iter().fold(u64::from(field.elem_size), |size, &n| size * u64::from(n)),
            )
        })
        .collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

/// The integer at a place inside an entry, whose length the caller has checked.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// As [`u32_at`], of eight bytes.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
