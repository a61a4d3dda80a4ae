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

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::kind::Kind;
use crate::record::RecordLayout;

mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 64;
const FIELD_BYTES: usize = 96;
const NO_RECORD: u32 = u32::MAX;
const FLAG_TEXT: u16 = 1;
/// Records inside records inside records: more are refused, so that walking a foreign description is bounded.
pub const MAX_DEPTH: usize = 32;

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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Description, decode, encode};
    use crate::{FieldLayout, FieldType, Kind, RecordLayout};

    fn with_book<R>(use_it: impl FnOnce(&RecordLayout<'_>) -> R) -> R {
        let px = FieldType::scalar(Kind::I64).unwrap();
        let qty = FieldType::scalar(Kind::U32).unwrap();
        let level_fields = [
            FieldLayout { unit: Some("USD"), doc: "price", ..FieldLayout::new("px", px, 0) },
            FieldLayout::new("qty", qty, 8),
            FieldLayout::new("orders", qty, 12),
        ];
        let level = RecordLayout::new("Level", 16, 8, &level_fields, "one price");
        let symbol = FieldType::scalar(Kind::U8).unwrap().array_of(16).unwrap();
        let side = FieldType::record(&level).array_of(10).unwrap();
        let fields = [
            FieldLayout { text: true, ..FieldLayout::new("symbol", symbol, 0) },
            FieldLayout::new("bids", side, 16),
            FieldLayout::new("asks", side, 176),
            FieldLayout::new(
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
