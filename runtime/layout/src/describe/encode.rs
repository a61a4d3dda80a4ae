//! Descriptions to bytes. Relies on the numbers of [`super`] and on `fingerprint` for the chains.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{
    ENUM_BYTES, FIELD_BYTES, FLAG_MAX, FLAG_MIN, FLAG_NULL, FLAG_TEXT, HEADER_BYTES, NONE, RECORD_BYTES,
    VALUE_BYTES,
};
use crate::field::FieldLayout;
use crate::fingerprint::Chain;
use crate::named::{EnumLayout, rank};
use crate::record::RecordLayout;

/// The description of this record and all it contains, as a segment carries it: a multiple of 8 bytes.
///
/// Equal layouts give equal bytes in every language.
#[must_use]
pub fn encode(root: &RecordLayout<'_>) -> Vec<u8> {
    let mut records = Vec::new();
    collect(root, &mut records);
    let mut enums = Vec::new();
    for record in &records {
        collect_enums(record, &mut enums);
    }
    let mut tables = Tables::default();
    for record in &records {
        tables.record(record, &records, &enums);
    }
    for named in &enums {
        tables.named(named);
    }
    let Tables { record_entries, field_entries, enum_entries, value_entries, strings, .. } = tables;
    let (fields, values) = (field_entries.len() / FIELD_BYTES, value_entries.len() / VALUE_BYTES);
    let entries = [record_entries, field_entries, enum_entries, value_entries].concat();
    let length = HEADER_BYTES + entries.len() + strings.len();
    let total = length.next_multiple_of(8);
    let mut out = Vec::with_capacity(total);
    for value in [
        narrow(total),
        narrow(records.len()),
        narrow(fields),
        narrow(enums.len()),
        narrow(values),
        narrow(strings.len()),
        narrow(RECORD_BYTES),
        narrow(FIELD_BYTES),
        narrow(ENUM_BYTES),
        narrow(VALUE_BYTES),
    ] {
        put_u32(&mut out, value);
    }
    out.resize(HEADER_BYTES, 0);
    out.extend_from_slice(&entries);
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

/// Appends the enums of the record's own fields, each once. Two with one id are the same.
fn collect_enums<'a>(record: &RecordLayout<'a>, into: &mut Vec<&'a EnumLayout<'a>>) {
    for named in record.fields.iter().filter_map(|field| field.ty.named) {
        if into.iter().all(|known| known.id != named.id) {
            into.push(named);
        }
    }
}

#[derive(Default)]
struct Tables<'a> {
    record_entries: Vec<u8>,
    field_entries: Vec<u8>,
    enum_entries: Vec<u8>,
    value_entries: Vec<u8>,
    strings: String,
    /// Where each text of the pool begins.
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Tables<'a> {
    fn record(&mut self, record: &'a RecordLayout<'a>, all: &[&RecordLayout<'_>], enums: &[&EnumLayout<'_>]) {
        let first_field = self.field_entries.len() / FIELD_BYTES;
        let mut chain = Chain::START;
        for field in record.fields {
            chain = chain.field(field);
            let nested = field.ty.nested.map(|nested| nested.schema_id);
            let record = nested.and_then(|id| all.iter().position(|known| known.schema_id == id));
            let named = field.ty.named.and_then(|named| enums.iter().position(|known| known.id == named.id));
            self.field(field, chain, record.or(named));
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
        put_u32(out, record.version);
        out.resize(end, 0);
    }

    /// `index` is that of its record or enum.
    fn field(&mut self, field: &'a FieldLayout<'a>, chain: Chain, index: Option<usize>) {
        let name = self.string(field.name);
        let doc = self.string(field.doc);
        let unit = self.string(field.unit.unwrap_or(""));
        let numbers = [field.null, field.min, field.max];
        let mut flags = if field.text { FLAG_TEXT } else { 0 };
        for (number, flag) in numbers.iter().zip([FLAG_NULL, FLAG_MIN, FLAG_MAX]) {
            flags |= if number.is_some() { flag } else { 0 };
        }
        let out = &mut self.field_entries;
        for value in [name.0, name.1, doc.0, doc.1, unit.0, unit.1] {
            put_u32(out, value);
        }
        out.extend_from_slice(&[field.ty.kind.tag(), field.ty.rank]);
        out.extend_from_slice(&flags.to_le_bytes());
        put_u32(out, field.offset);
        put_u32(out, field.ty.elem_size);
        put_u32(out, index.map_or(NONE, narrow));
        for length in field.ty.dims {
            put_u32(out, length);
        }
        put_u64(out, chain.layout());
        put_u64(out, chain.schema());
        out.extend_from_slice(&field.exp.to_le_bytes());
        out.extend_from_slice(&[field.time.map_or(0, |time| time.tag()), 0, 0]);
        put_u32(out, field.since.unwrap_or(0));
        put_u32(out, field.deprecated.unwrap_or(0));
        put_u32(out, 0);
        for number in numbers {
            put_u64(out, number.map_or(0, |number| number.bits()));
        }
    }

    fn named(&mut self, named: &'a EnumLayout<'a>) {
        let first_value = self.value_entries.len() / VALUE_BYTES;
        let mut values: Vec<_> = named.values.iter().collect();
        values.sort_by_key(|value| (rank(named.repr, value.value), value.name));
        for value in values {
            let name = self.string(value.name);
            let doc = self.string(value.doc);
            let out = &mut self.value_entries;
            for part in [name.0, name.1, doc.0, doc.1] {
                put_u32(out, part);
            }
            put_u64(out, value.value.bits());
        }
        let name = self.string(named.name);
        let doc = self.string(named.doc);
        let out = &mut self.enum_entries;
        for part in [name.0, name.1, doc.0, doc.1] {
            put_u32(out, part);
        }
        out.extend_from_slice(&[named.form.tag(), named.repr.tag(), 0, 0]);
        put_u32(out, narrow(first_value));
        put_u32(out, narrow(named.values.len()));
        put_u32(out, 0);
        put_u64(out, named.id);
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
