//! The areas of a description, cut out of its bytes with every bound checked, and what their entries are made of. Relies on
//! the numbers of [`super`]; knows of entries only how long they are.

use alloc::string::String;
use core::cell::Cell;

use super::{ENUM_BYTES, FIELD_BYTES, HEADER_BYTES, Malformed, RECORD_BYTES, VALUE_BYTES};

/// Bytes of text that decoding will copy: strings may share bytes of the pool, so the pool does not bound their sum.
const MAX_TEXT_BYTES: usize = 1 << 24;

/// Entries of one size.
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    entry_bytes: usize,
}

impl<'a> Table<'a> {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.entry_bytes
    }

    /// All of them.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.chunks_exact(self.entry_bytes)
    }

    /// So many from `first` on; `None` when they pass the end.
    pub(super) fn range(&self, first: u32, count: u32) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        let start = usize::try_from(first).ok()?.checked_mul(self.entry_bytes)?;
        let length = usize::try_from(count).ok()?.checked_mul(self.entry_bytes)?;
        let bytes = self.bytes.get(start..start.checked_add(length)?)?;
        Some(bytes.chunks_exact(self.entry_bytes))
    }
}

/// The areas of a description, cut out of its bytes with every bound checked.
pub(super) struct Areas<'a> {
    pub(super) records: Table<'a>,
    pub(super) fields: Table<'a>,
    pub(super) enums: Table<'a>,
    pub(super) values: Table<'a>,
    strings: &'a [u8],
    /// What is left of [`MAX_TEXT_BYTES`].
    text_left: Cell<usize>,
}

impl<'a> Areas<'a> {
    pub(super) fn find(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = bytes.get(..HEADER_BYTES).ok_or(Malformed { what: "shorter than its header" })?;
        let word = |at: usize| u32_at(header, at) as usize;
        if word(0) != bytes.len() {
            return Err(Malformed { what: "its length is not the one in its header" });
        }
        let sizes = [(24, RECORD_BYTES), (28, FIELD_BYTES), (32, ENUM_BYTES), (36, VALUE_BYTES)];
        if sizes.iter().any(|&(at, least)| word(at) < least) {
            return Err(Malformed { what: "entries are smaller than those of this version" });
        }
        let mut rest = &bytes[HEADER_BYTES..];
        let mut area = |count: usize, entry: usize| {
            let length = count.checked_mul(entry).filter(|&length| length <= rest.len());
            let (area, behind) = rest.split_at(length.ok_or(Malformed { what: "a table passes the end" })?);
            rest = behind;
            Ok(area)
        };
        let mut table = |count: usize, entry_bytes: usize| {
            let bytes = area(word(count), word(entry_bytes))?;
            Ok(Table { bytes, entry_bytes: word(entry_bytes) })
        };
        let (records, fields) = (table(4, 24)?, table(8, 28)?);
        let (enums, values) = (table(12, 32)?, table(16, 36)?);
        let strings = area(word(20), 1)?;
        Ok(Self { records, fields, enums, values, strings, text_left: Cell::new(MAX_TEXT_BYTES) })
    }

    /// The text whose place in the pool stands at `at` of an entry.
    pub(super) fn string(&self, entry: &[u8], at: usize) -> Result<String, Malformed> {
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

/// The integer at a place inside an entry, whose length the caller has checked.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// As [`u32_at`], of eight bytes.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
