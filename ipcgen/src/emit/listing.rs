//! What `ipcgen layout` prints: a table for people, JSON for programs. Relies on the model.

use std::fmt::Write;

use crate::model::{Member, Model};

/// The records as tables of offset, size, type and name, in the manner of pahole.
#[must_use]
pub fn listing(model: &Model) -> String {
    let mut out = String::new();
    for record in &model.records {
        let rows: Vec<_> = rows(model, record).collect();
        let width = rows.iter().map(|row| row.ty.len()).max().unwrap_or(0);
        let (name, size, align) = (&record.name, record.size, record.align);
        let _ = writeln!(out, "{name}: size {size}, align {align}");
        let _ = writeln!(out, "  layout_id {:016x}, schema_id {:016x}", record.layout_id, record.schema_id);
        let _ = writeln!(out, "{:>10} {:>10}  {:width$}  name", "offset", "size", "type");
        for row in &rows {
            let words = if row.pad { "  (padding)" } else { "" };
            let Row { name, ty, offset, size, .. } = row;
            let _ = writeln!(out, "{offset:>10} {size:>10}  {ty:width$}  {name}{words}");
        }
        let padding: u32 = record.pads().map(|pad| pad.size).sum();
        let fields = record.fields().count();
        let plural = if fields == 1 { "" } else { "s" };
        let lines = record.size.div_ceil(64);
        let line_plural = if lines == 1 { "" } else { "s" };
        let _ = writeln!(
            out,
            "  {fields} field{plural}, {padding} of {size} bytes padding, {lines} cache line{line_plural} of 64 bytes\n"
        );
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The records of all models as one JSON document; padding is a field with `"pad": true`.
#[must_use]
pub fn json(models: &[Model]) -> String {
    let mut out = "{\"records\": [".to_owned();
    let mut separator = "\n";
    for (model, record) in
        models.iter().flat_map(|model| model.records.iter().map(move |record| (model, record)))
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
    out.push_str("\n]}\n");
    out
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
