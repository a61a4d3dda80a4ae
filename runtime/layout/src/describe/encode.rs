//! Descriptions to bytes. Relies on the numbers of [`super`] and on `fingerprint` for the chains.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{FIELD_BYTES, FLAG_TEXT, HEADER_BYTES, NO_RECORD, RECORD_BYTES};
use crate::field::FieldLayout;
use crate::fingerprint::Chain;
use crate::record::RecordLayout;

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
