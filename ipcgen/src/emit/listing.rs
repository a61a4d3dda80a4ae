//! What `ipcgen layout` prints: a table for people, JSON for programs. Relies on the model.

use std::fmt::Write;

use crate::model::{Enum, Form, Guard, Member, Model, Segment};

/// What processors move between one another at once, on nearly all of them.
const CACHE_LINE: u32 = 64;

/// The records as tables of offset, size, cache line, type and name, in the manner of pahole; then where segments hold them.
#[must_use]
pub fn listing(model: &Model) -> String {
    let mut out = String::new();
    for record in model.own_records() {
        let rows: Vec<_> = rows(model, record).collect();
        let width = rows.iter().map(|row| row.ty.len()).max().unwrap_or(0);
        let (name, size, align) = (&record.name, record.size, record.align);
        let _ = writeln!(out, "{name}: size {size}, align {align}");
        let _ = writeln!(out, "  layout_id {:016x}, schema_id {:016x}", record.layout_id, record.schema_id);
        let _ = writeln!(out, "{:>10} {:>10} {:>7}  {:width$}  name", "offset", "size", "line", "type");
        for row in &rows {
            let words = if row.pad { "  (padding)" } else { "" };
            let Row { name, ty, offset, size, .. } = row;
            let lines = lines(*offset, *size);
            let _ = writeln!(out, "{offset:>10} {size:>10} {lines:>7}  {ty:width$}  {name}{words}");
        }
        let padding: u32 = record.pads().map(|pad| pad.size).sum();
        let fields = record.fields().count();
        let plural = if fields == 1 { "" } else { "s" };
        let lines = record.size.div_ceil(CACHE_LINE);
        let line_plural = if lines == 1 { "" } else { "s" };
        let _ = writeln!(
            out,
            "  {fields} field{plural}, {padding} of {size} bytes padding, {lines} cache line{line_plural} of 64 bytes\n"
        );
    }
    for segment in &model.segments {
        let Segment { name, address, offset, stride, .. } = segment;
        let record = &model.records[segment.record].name;
        let count = match segment.count {
            None => "as many records as fit".to_owned(),
            Some(1) => "1 record".to_owned(),
            Some(count) => format!("{count} records"),
        };
        let _ = writeln!(
            out,
            "{name}: {record} at {address}\n  record 0 at {offset}, {count}, stride {stride}\n  guard: {}\n",
            guard(&segment.guard)
        );
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The cache lines that bytes are in, counted from the start of the record: `0`, `3-5`.
fn lines(offset: u32, size: u32) -> String {
    let (first, last) = (offset / CACHE_LINE, (offset + size - 1) / CACHE_LINE);
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn guard(guard: &Guard) -> String {
    match guard {
        Guard::None => "none".to_owned(),
        Guard::Sysv { key, index } => format!("semaphore sysv:{key}[{index}]"),
        Guard::Posix { name } => format!("semaphore posix:{name}"),
        Guard::Seqcount { offset, bits, per_record: false } => format!("seqcount of {bits} bits at {offset}"),
        Guard::Seqcount { offset, bits, per_record: true } => {
            format!("a seqcount of {bits} bits for each record, the first at {offset}")
        }
    }
}

/// The records, enums, flags and segments of all models as one JSON document, with the words of the schema language; padding
/// is a field with `"pad": true`, and a segment whose records are as many as fit has no `count`.
#[must_use]
pub fn json<'m>(models: impl IntoIterator<Item = &'m Model> + Clone) -> String {
    let mut out = "{\"records\": [".to_owned();
    let mut separator = "\n";
    for (model, record) in
        models.clone().into_iter().flat_map(|model| model.own_records().map(move |record| (model, record)))
    {
        let _ = write!(
            out,
            "{separator}  {{\"name\": \"{}\", \"size\": {}, \"align\": {}, \"layout_id\": \"{:016x}\", \
             \"schema_id\": \"{:016x}\", \"fields\": [",
            record.name, record.size, record.align, record.layout_id, record.schema_id
        );
        let rows = rows(model, record).map(|Row { name, ty, offset, size, pad }| {
            let pad = if pad { ", \"pad\": true" } else { "" };
            format!("\n    {{\"name\": \"{name}\", \"type\": \"{ty}\", \"offset\": {offset}, \"size\": {size}{pad}}}")
        });
        out.push_str(&rows.collect::<Vec<_>>().join(","));
        out.push_str("\n  ]}");
        separator = ",\n";
    }
    for (key, is_flags) in [("enums", false), ("flags", true)] {
        let named = models.clone().into_iter().flat_map(Model::own_enums);
        let named = named.filter(|named| (named.form == Form::Flags) == is_flags).map(json_enum);
        let _ = write!(out, "\n], \"{key}\": [{}", named.collect::<Vec<_>>().join(","));
    }
    out.push_str("\n], \"segments\": [");
    let segments: Vec<String> = models
        .into_iter()
        .flat_map(|model| model.segments.iter().map(|segment| json_segment(model, segment)))
        .collect();
    out.push_str(&segments.join(","));
    out.push_str("\n]}\n");
    out
}

/// An enum with its values, or flags with their bits.
fn json_enum(named: &Enum) -> String {
    let (list, number) = if named.form == Form::Flags { ("bits", "bit") } else { ("values", "value") };
    let values = named.values.iter().map(|given| {
        let of = if named.form == Form::Flags { given.value.trailing_zeros().into() } else { given.value };
        let alias = if given.is_alias { ", \"alias\": true" } else { "" };
        format!("\n    {{\"name\": \"{}\", \"{number}\": {of}{alias}}}", given.name)
    });
    let (name, repr) = (&named.name, named.repr.name());
    let closed = if named.form == Form::Closed { ", \"closed\": true" } else { "" };
    let values: Vec<_> = values.collect();
    format!(
        "\n  {{\"name\": \"{name}\", \"repr\": \"{repr}\"{closed}, \"{list}\": [{}\n  ]}}",
        values.join(",")
    )
}

fn json_segment(model: &Model, segment: &Segment) -> String {
    let Segment { name, address, offset, stride, .. } = segment;
    let record = &model.records[segment.record].name;
    let count = segment.count.map_or(String::new(), |count| format!("\"count\": {count}, "));
    let guard = match &segment.guard {
        Guard::None => "\"none\"".to_owned(),
        Guard::Sysv { key, index } => format!("{{\"sysv\": {}, \"index\": {index}}}", quoted(key)),
        Guard::Posix { name } => format!("{{\"posix\": {}}}", quoted(name)),
        Guard::Seqcount { offset, bits, per_record } => {
            format!("{{\"seqcount\": {offset}, \"width\": {bits}, \"per_record\": {per_record}}}")
        }
    };
    format!(
        "\n  {{\"name\": \"{name}\", \"address\": {}, \"record\": \"{record}\", \"offset\": {offset}, \
         {count}\"stride\": {stride}, \"guard\": {guard}}}",
        quoted(address)
    )
}

/// A JSON string of text that holds no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A member, in words.
struct Row<'m> {
    name: &'m str,
    ty: String,
    offset: u32,
    size: u32,
    pad: bool,
}

fn rows<'m>(model: &'m Model, record: &'m crate::model::Record) -> impl Iterator<Item = Row<'m>> {
    record.members.iter().map(|member| match member {
        Member::Field(field) => Row {
            name: &field.name,
            ty: model.type_name(&field.ty),
            offset: field.offset,
            size: field.size,
            pad: false,
        },
        Member::Pad(pad) => Row {
            name: &pad.name,
            ty: format!("[u8; {}]", pad.size),
            offset: pad.offset,
            size: pad.size,
            pad: true,
        },
    })
}
