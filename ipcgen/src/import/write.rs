//! The text of a schema. Relies on `legacy` for what is in it and on `naming` for the names; writes as little as pins every
//! offset: one where there is padding in front of a field, `size` where there is some at the end.

use std::fmt::Write;

use super::legacy::{Element, Enum, Field, Legacy, Struct};
use super::naming::{Name, Names};
use crate::model::array_type;

/// Values of an enum that are told.
const MAX_VALUES: usize = 16;

/// What a line gives a name to.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Schema,
    Record(usize),
    Field(usize, usize),
}

/// A schema.
pub(super) struct Written {
    pub(super) text: String,
    /// By line.
    pub(super) slots: Vec<Option<Slot>>,
}

impl Written {
    fn line(&mut self, slot: Option<Slot>, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
        self.slots.push(slot);
    }
}

/// Writes a schema.
pub(super) fn schema(legacy: &Legacy, names: &Names) -> Written {
    let mut out = Written { text: String::new(), slots: Vec::new() };
    if let Some(root) = legacy.structs.last() {
        out.line(
            None,
            &format!("# What `{}` of {} is, as its compiler placed it.", root.name, declared(root)),
        );
    }
    out.line(None, "[schema]");
    out.line(Some(Slot::Schema), &format!("name = \"{}\"", names.schema.current()));
    for (index, structure) in legacy.structs.iter().enumerate() {
        // An empty one is in no field.
        if structure.fields.is_empty() {
            continue;
        }
        out.line(None, "");
        let name = &names.records[index];
        out.line(Some(Slot::Record(index)), &format!("[record.{}]{}", name.current(), renamed(name)));
        record(legacy, structure, &mut out);
        let mut end = 0;
        out.line(None, "fields = [");
        for (at, field) in structure.fields.iter().enumerate() {
            let name = &names.fields[index][at];
            let line = entry(legacy, names, field, name, (field.offset != end).then_some(field.offset));
            out.line(Some(Slot::Field(index, at)), &line);
            end = field.offset + field.size;
        }
        out.line(None, "]");
    }
    out
}

/// The keys of a record in front of its fields.
fn record(legacy: &Legacy, structure: &Struct, out: &mut Written) {
    let mut doc = format!("`{}` of {}.", structure.name, declared(structure));
    for refused in &structure.refused {
        let _ = write!(doc, " Without `{}`, {}.", refused.name, refused.what);
    }
    out.line(None, &format!("doc = {}", quoted(&doc)));
    let natural =
        structure.fields.iter().map(|field| legacy.element_facts(field.element).1).max().unwrap_or(1);
    if structure.align > natural {
        out.line(None, &format!("align = {}", structure.align));
    }
    let end = structure.fields.last().map_or(0, |field| field.offset + field.size);
    if structure.size != end {
        out.line(None, &format!("size = {}", structure.size));
    }
}

fn entry(legacy: &Legacy, names: &Names, field: &Field, name: &Name, offset: Option<u64>) -> String {
    let mut doc = field.doc.clone();
    let element = match field.element {
        Element::Scalar(kind) => kind.name().to_owned(),
        Element::Char => "char".to_owned(),
        Element::Struct(index) => names.records[index].current(),
        // Schemas have integers in place of enums.
        Element::Enum(index) => {
            doc.push_str(&values(&legacy.enums[index]));
            legacy.enums[index].kind.name().to_owned()
        }
    };
    let mut line =
        format!("  {{ name = \"{}\", type = \"{}\"", name.current(), array_type(&element, &field.dims));
    if let Some(offset) = offset {
        let _ = write!(line, ", offset = {offset}");
    }
    if !doc.is_empty() {
        let _ = write!(line, ", doc = {}", quoted(&doc));
    }
    line + " }," + &renamed(name)
}

/// An enum in words.
fn values(of: &Enum) -> String {
    let told = of.values.iter().take(MAX_VALUES).map(|(name, value)| format!("{name} = {value}"));
    let told = told.collect::<Vec<_>>().join(", ");
    let more = of.values.len().saturating_sub(MAX_VALUES);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let name = if of.name.is_empty() { "An enum".to_owned() } else { format!("`enum {}`", of.name) };
    format!("{name}: {told}{more}.")
}

fn declared(structure: &Struct) -> String {
    match structure.place.file_name() {
        "" => "a program".to_owned(),
        file => format!("{file}:{}", structure.place.line),
    }
}

/// A comment that tells the name in C, when it had to be changed.
fn renamed(name: &Name) -> String {
    if name.current() == name.original || name.original.is_empty() {
        String::new()
    } else {
        format!(" # C: `{}`", name.original)
    }
}

/// A TOML string. The text has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
