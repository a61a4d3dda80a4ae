//! The description: the field table that a segment carries, so that any tool can print it. Relies on `record`,
//! `fingerprint` and `alloc`; knows no mapping: it encodes to bytes and decodes from a private copy of them.
//!
//! Five areas follow one another: a header of 64 bytes, record entries, field entries, enum and enumerator entries
//! (none yet), a pool of UTF-8 strings, zeros up to a multiple of 8. Records stand behind those they contain, the
//! table's own record last, so that a reference can only point backwards. Integers are little-endian.
//!
//! ```text
//! header      0 bytes u32 · 4 records u32 · 8 fields u32 · 12 enums u32 · 16 enumerators u32 · 20 string bytes u32
//!             24 bytes of a record entry u32 · 28 of a field entry u32 · 32 of an enum entry u32
//!             36 of an enumerator entry u32 · 40 zeros
//! record      0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 size u32 · 20 align u32
//!             24 first field u32 · 28 fields u32 · 32 layout_id u64 · 40 schema_id u64 · 48 zeros
//! field       0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 unit at u32 · 20 length u32
//!             24 kind u8 · 25 rank u8 · 26 flags u16 (bit 0: text) · 28 offset u32 · 32 elem_size u32
//!             36 record index u32 (all ones: none) · 40 lengths 4 x u32 · 56 layout chain u64 · 64 schema chain u64
//!             72 zeros
//! ```

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use crate::fingerprint::Chain;
use crate::kind::Kind;
use crate::record::{FieldLayout, MAX_RANK, RecordLayout};

const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 64;
const FIELD_BYTES: usize = 96;
const NO_RECORD: u32 = u32::MAX;
const FLAG_TEXT: u16 = 1;
/// Records inside records inside records: more are refused, so that walking a foreign description is bounded.
pub const MAX_DEPTH: usize = 64;
/// Bytes of text that decoding will copy: strings may share bytes of the pool, so the pool does not bound their sum.
const MAX_TEXT_BYTES: usize = 1 << 24;

/// What a segment says of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The records, each behind those it contains; the last one is the table's.
    pub records: Vec<DescribedRecord>,
}

/// One record of a [`Description`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedRecord {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Its `layout_id`.
    pub layout_id: u64,
    /// Its `schema_id`.
    pub schema_id: u64,
    /// Its fields in declaration order.
    pub fields: Vec<DescribedField>,
}

/// One field of a [`DescribedRecord`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedField {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// The unit of its values, if one was given.
    pub unit: Option<String>,
    /// The kind of its elements.
    pub kind: Kind,
    /// Whether its bytes are to be shown as NUL-padded text.
    pub text: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Bytes of one element.
    pub elem_size: u32,
    /// Lengths of its dimensions, outermost first; empty for a single element.
    pub dims: Vec<u32>,
    /// Index in [`Description::records`] of the elements' record, for [`Kind::Record`].
    pub record: Option<usize>,
    /// The layout chain after this field.
    pub layout_chain: u64,
    /// The schema chain after this field.
    pub schema_chain: u64,
}

/// Why bytes are no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The part that is wrong, in words: "a string passes the end of the pool".
    pub what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl core::error::Error for Malformed {}

/// The description of this record and all it contains, as a segment carries it: a multiple of 8 bytes.
///
/// Equal layouts give equal bytes in every language.
#[must_use]
pub fn encode(root: &RecordLayout<'_>) -> Vec<u8> {
    let mut records = Vec::new();
    collect(root, &mut records);
    let mut tables = Tables::default();
    for record in &records {
        tables.record(record, &records);
    }
    let Tables { record_entries, field_entries, strings, .. } = tables;
    let length = HEADER_BYTES + record_entries.len() + field_entries.len() + strings.len();
    let total = length.next_multiple_of(8);
    let mut out = Vec::with_capacity(total);
    for value in [
        narrow(total),
        narrow(records.len()),
        narrow(field_entries.len() / FIELD_BYTES),
        0,
        0,
        narrow(strings.len()),
        narrow(RECORD_BYTES),
        narrow(FIELD_BYTES),
    ] {
        put_u32(&mut out, value);
    }
    out.resize(HEADER_BYTES, 0);
    out.extend_from_slice(&record_entries);
    out.extend_from_slice(&field_entries);
    out.extend_from_slice(strings.as_bytes());
    out.resize(total, 0);
    out
}

/// Appends the records under `record` in post-order, each once. Two records with one `schema_id` are the same record.
fn collect<'a>(record: &'a RecordLayout<'a>, into: &mut Vec<&'a RecordLayout<'a>>) {
    if into.iter().any(|known| known.schema_id == record.schema_id) {
        return;
    }
    for field in record.fields {
        if let Some(nested) = field.ty.nested {
            collect(nested, into);
        }
    }
    into.push(record);
}

#[derive(Default)]
struct Tables<'a> {
    record_entries: Vec<u8>,
    field_entries: Vec<u8>,
    strings: String,
    /// Where each text of the pool begins.
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Tables<'a> {
    fn record(&mut self, record: &'a RecordLayout<'a>, all: &[&RecordLayout<'_>]) {
        let first_field = self.field_entries.len() / FIELD_BYTES;
        let mut chain = Chain::START;
        for field in record.fields {
            chain = chain.field(field);
            self.field(field, chain, all);
        }
        let name = self.string(record.name);
        let doc = self.string(record.doc);
        let out = &mut self.record_entries;
        let end = out.len() + RECORD_BYTES;
        for value in [name.0, name.1, doc.0, doc.1, record.size, record.align] {
            put_u32(out, value);
        }
        put_u32(out, narrow(first_field));
        put_u32(out, narrow(record.fields.len()));
        put_u64(out, record.layout_id);
        put_u64(out, record.schema_id);
        out.resize(end, 0);
    }

    fn field(&mut self, field: &'a FieldLayout<'a>, chain: Chain, all: &[&RecordLayout<'_>]) {
        let name = self.string(field.name);
        let doc = self.string(field.doc);
        let unit = self.string(field.unit.unwrap_or(""));
        let record = field
            .ty
            .nested
            .and_then(|nested| all.iter().position(|known| known.schema_id == nested.schema_id));
        let out = &mut self.field_entries;
        let end = out.len() + FIELD_BYTES;
        for value in [name.0, name.1, doc.0, doc.1, unit.0, unit.1] {
            put_u32(out, value);
        }
        out.extend_from_slice(&[field.ty.kind.tag(), field.ty.rank]);
        out.extend_from_slice(&(if field.text { FLAG_TEXT } else { 0 }).to_le_bytes());
        put_u32(out, field.offset);
        put_u32(out, field.ty.elem_size);
        put_u32(out, record.map_or(NO_RECORD, narrow));
        for length in field.ty.dims {
            put_u32(out, length);
        }
        put_u64(out, chain.layout());
        put_u64(out, chain.schema());
        out.resize(end, 0);
    }

    /// Where the text lies in the pool, and its length; an equal text is stored once.
    fn string(&mut self, text: &'a str) -> (u32, u32) {
        let at = *self.places.entry(text).or_insert_with(|| {
            let at = self.strings.len();
            self.strings.push_str(text);
            at
        });
        (narrow(at), narrow(text.len()))
    }
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// A count or an offset as u32: descriptions hold far fewer than 2^32 of anything.
fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

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
            return Err(Malformed { what: "records are nested more than 64 deep" });
        }
        depths.push(depth);
        records.push(record);
    }
    if records.is_empty() {
        return Err(Malformed { what: "no record" });
    }
    Ok(Description { records })
}

impl Description {
    /// The description of this record and all it contains.
    #[must_use]
    pub fn of(layout: &RecordLayout<'_>) -> Self {
        decode(&encode(layout))
            .unwrap_or_else(|error| unreachable!("what encode writes decode reads: {error}"))
    }

    /// The table's own record.
    ///
    /// # Panics
    /// When `records` was emptied by hand; [`decode`] never gives such a description.
    #[must_use]
    pub fn root(&self) -> &DescribedRecord {
        self.records.last().expect("a description has at least one record")
    }

    /// The type of a field as schemas write it: `f64`, `[char; 10]`, `[[u16; 4]; 2]`, `[Level; 10]`.
    #[must_use]
    pub fn type_name(&self, field: &DescribedField) -> String {
        let mut name = String::new();
        for _ in &field.dims {
            name.push('[');
        }
        match field.record.and_then(|index| self.records.get(index)) {
            Some(record) => name.push_str(&record.name),
            None if field.text => name.push_str("char"),
            None => name.push_str(field.kind.name()),
        }
        for length in field.dims.iter().rev() {
            name.push_str(&alloc::format!("; {length}]"));
        }
        name
    }
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
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(String::from(text)),
            Err(_) => Err(Malformed { what: "a string is not UTF-8" }),
        }
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Description, decode, encode};
    use crate::{FieldLayout, FieldType, Kind, RecordLayout};

    fn field<'a>(name: &'a str, ty: FieldType<'a>, offset: u32) -> FieldLayout<'a> {
        FieldLayout { name, ty, offset, text: false, unit: None, doc: "" }
    }

    fn with_book<R>(use_it: impl FnOnce(&RecordLayout<'_>) -> R) -> R {
        let px = FieldType::scalar(Kind::I64).unwrap();
        let qty = FieldType::scalar(Kind::U32).unwrap();
        let level_fields = [
            FieldLayout { unit: Some("USD"), doc: "price", ..field("px", px, 0) },
            field("qty", qty, 8),
            field("orders", qty, 12),
        ];
        let level = RecordLayout::new("Level", 16, 8, &level_fields, "one price");
        let symbol = FieldType::scalar(Kind::U8).unwrap().array_of(16).unwrap();
        let side = FieldType::record(&level).array_of(10).unwrap();
        let fields = [
            FieldLayout { text: true, ..field("symbol", symbol, 0) },
            field("bids", side, 16),
            field("asks", side, 176),
            field(
                "grid",
                FieldType::scalar(Kind::U16).unwrap().array_of(4).unwrap().array_of(2).unwrap(),
                336,
            ),
        ];
        use_it(&RecordLayout::new("Book", 352, 8, &fields, ""))
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        with_book(|book| {
            let bytes = encode(book);
            assert_eq!(bytes.len() % 8, 0);
            let description = decode(&bytes).unwrap();
            assert_eq!(description.records.len(), 2, "a nested record is described once");
            let root = description.root();
            assert_eq!((root.name.as_str(), root.size, root.schema_id), ("Book", 352, book.schema_id));
            let types: Vec<_> = root.fields.iter().map(|field| description.type_name(field)).collect();
            assert_eq!(types, ["[char; 16]", "[Level; 10]", "[Level; 10]", "[[u16; 4]; 2]"]);
            let level = &description.records[0];
            assert_eq!((level.name.as_str(), level.doc.as_str()), ("Level", "one price"));
            assert_eq!(level.fields[0].unit.as_deref(), Some("USD"));
            assert_eq!(Description::of(book), description);
        });
    }

    #[test]
    fn no_bytes_make_decode_panic_or_accept_a_field_outside_its_record() {
        let bytes = with_book(encode);
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                if let Ok(description) = decode(&changed) {
                    for record in &description.records {
                        for field in &record.fields {
                            let size = field.dims.iter().product::<u32>().max(1) * field.elem_size;
                            assert!(field.offset + size <= record.size);
                        }
                    }
                }
            }
        }
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn a_record_cannot_contain_itself_or_a_later_one() {
        let mut bytes = with_book(encode);
        let second_field_of_book = super::HEADER_BYTES + 2 * super::RECORD_BYTES + 4 * super::FIELD_BYTES;
        assert_eq!(bytes[second_field_of_book + 24], Kind::Record.tag());
        bytes[second_field_of_book + 36] = 1;
        assert_eq!(decode(&bytes).unwrap_err().what, "a field's element size is not that of its type");
    }
}
