//! The description: the field table that a segment carries, so that any tool can print it. Relies on `record`,
//! `fingerprint` and `alloc`; knows no mapping: it encodes to bytes and decodes from a private copy of them.
//!
//! Six areas follow one another: a header of 64 bytes, record entries, field entries, enum entries, value entries, a pool
//! of UTF-8 strings, and zeros up to a multiple of 8. Records stand behind those they contain, the table's own record
//! last, so that a reference can only point backwards; enums in the order in which the fields first refer to them; the
//! values of an enum by number, then by name. Integers are little-endian. A number in a u64 is of the kind of its field or
//! enum, as [`Number`](crate::Number) has it. Every entry has its size in the header and may grow at its end.
//!
//! ```text
//! header      0 bytes u32 · 4 records u32 · 8 fields u32 · 12 enums u32 · 16 values u32 · 20 string bytes u32
//!             24 bytes of a record entry u32 · 28 of a field entry u32 · 32 of an enum entry u32
//!             36 of a value entry u32 · 40 zeros
//! record      0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 size u32 · 20 align u32
//!             24 first field u32 · 28 fields u32 · 32 layout_id u64 · 40 schema_id u64 · 48 version u32 · 52 zeros
//! field       0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 unit at u32 · 20 length u32
//!             24 kind u8 · 25 rank u8 · 26 flags u16 (bit 0: text, 1: null, 2: min, 3: max) · 28 offset u32
//!             32 elem_size u32 · 36 index u32 of its record, or of its enum or flags (all ones: none)
//!             40 lengths 4 x u32 · 56 layout chain u64 · 64 schema chain u64 · 72 exp i8 · 73 time u8 (0: none)
//!             74 zeros · 76 since u32 (0: always) · 80 deprecated u32 (0: not) · 84 zeros · 88 null u64
//!             96 min u64 · 104 max u64; those three 0 without their flag
//! enum        0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 form u8 · 17 kind u8 · 18 zeros
//!             20 first value u32 · 24 values u32 · 28 zeros · 32 id u64
//! value       0 name at u32 · 4 length u32 · 8 doc at u32 · 12 length u32 · 16 value u64
//! ```

use core::fmt;

mod areas;
mod decode;
mod described;
mod encode;
mod enums;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use described::{DescribedEnum, DescribedField, DescribedRecord, DescribedValue, Description};
pub use encode::encode;

const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 64;
const FIELD_BYTES: usize = 112;
const ENUM_BYTES: usize = 40;
const VALUE_BYTES: usize = 24;
/// No record, and no enum.
const NONE: u32 = u32::MAX;
const FLAG_TEXT: u16 = 1;
const FLAG_NULL: u16 = 2;
const FLAG_MIN: u16 = 4;
const FLAG_MAX: u16 = 8;
/// Records inside records inside records: more are refused, so that walking a foreign description is bounded.
pub const MAX_DEPTH: usize = 32;

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
