//! The text of a schema. Relies on `legacy` for what is in it and on `naming` for the names; writes as little as pins every
//! offset: one where there is padding in front of a field, `size` where there is some at the end.

use std::collections::HashSet;
use std::fmt::Write;

use shmrecord_layout::Kind;

use super::dwarf::Place;
use super::legacy::{Element, Enum, Field, Legacy, Struct};
use super::naming::{Name, Names};
use crate::model::array_type;

/// Values of an enum that is written; one with more is an integer.
const MAX_VALUES: usize = 4096;

/// What a line gives a name to.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Schema,
    Record(usize),
    Field(usize, usize),
    Enum(usize),
    Value(usize, usize),
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
            &format!("# What `{}` of {} is, as its compiler placed it.", root.name, declared(&root.place)),
        );
    }
    out.line(None, "[schema]");
    out.line(Some(Slot::Schema), &format!("name = \"{}\"", names.schema.current()));
    for (index, of) in legacy.enums.iter().enumerate() {
        let is_used = legacy
            .structs
            .iter()
            .flat_map(|of| &of.fields)
            .any(|field| field.element == Element::Enum(index));
        if is_used && is_sayable(of) {
            enumeration(of, index, names, &mut out);
        }
    }
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
    let mut doc = format!("`{}` of {}.", structure.name, declared(&structure.place));
    for refused in &structure.refused {
        let _ = write!(doc, " Without `{}`, {}.", refused.name, refused.what);
    }
    if structure.compiled_align != structure.align {
        let _ = write!(doc, " Its compiler aligns it to {}.", structure.compiled_align);
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
        Element::Enum(index) if is_sayable(&legacy.enums[index]) => names.enums[index].current(),
        Element::Enum(index) => {
            let Enum { name, kind, values, .. } = &legacy.enums[index];
            let _ = write!(doc, "`enum {name}`, of {} values.", values.len());
            kind.name().to_owned()
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

/// Whether the language has a form for an enum: one without names is an integer.
fn is_sayable(of: &Enum) -> bool {
    let bits = of.kind.size().map_or(0, |size| 8 * size);
    let (least, most) = match of.kind {
        Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 => (-(1_i128 << (bits - 1)), (1 << (bits - 1)) - 1),
        _ => (0, (1_i128 << bits) - 1),
    };
    (1..=MAX_VALUES).contains(&of.values.len())
        && of.values.iter().all(|(_, value)| (least..=most).contains(value))
}

/// An enum, a value in a line. Of a value's names all but the first are aliases.
fn enumeration(of: &Enum, index: usize, names: &Names, out: &mut Written) {
    out.line(None, "");
    let name = &names.enums[index];
    out.line(Some(Slot::Enum(index)), &format!("[enum.{}]{}", name.current(), renamed(name)));
    out.line(None, &format!("doc = {}", quoted(&format!("`{}` of {}.", of.name, declared(&of.place)))));
    out.line(None, &format!("repr = \"{}\"", of.kind.name()));
    out.line(None, &format!("[enum.{}.values]", name.current()));
    let mut known = HashSet::new();
    for (at, (_, value)) in of.values.iter().enumerate() {
        let name = &names.values[index][at];
        let number = if known.insert(value) {
            value.to_string()
        } else {
            format!("{{ value = {value}, alias = true }}")
        };
        out.line(Some(Slot::Value(index, at)), &format!("{} = {number}{}", name.current(), renamed(name)));
    }
}

fn declared(place: &Place) -> String {
    match place.file_name() {
        "" => "a program".to_owned(),
        file => format!("{file}:{}", place.line),
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
