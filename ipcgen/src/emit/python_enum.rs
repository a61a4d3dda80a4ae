//! Enums and flags in Python, and what is known of the numbers in fields, for `shmrecord.value`. Relies on the model; checks
//! nothing.

use std::fmt::Write;

use super::python::{comment, docstring};
use crate::model::{Element, Enum, EnumValue, Field, Form, Kind, Model, Number};
use crate::names;

/// Keeps an integer without a name, which another version of the schema may name.
const UNKNOWN: &str = "
    @classmethod
    def _missing_(cls, value):
        member = int.__new__(cls, value)
        member._name_, member._value_ = f\"{value}\", int(value)
        return member
";

pub(super) fn name(named: &Enum) -> String {
    named.renamed.python.clone().unwrap_or_else(|| names::rust_record(&named.name))
}

pub(super) fn enumeration(named: &Enum, out: &mut String) {
    let base = if named.form == Form::Flags { "IntFlag" } else { "IntEnum" };
    let _ = writeln!(out, "\n\nclass {}(_enum.{base}):", name(named));
    if !named.doc.is_empty() {
        out.push_str(&docstring(&named.doc, "    "));
        out.push('\n');
    }
    for EnumValue { name, renamed, doc, value, .. } in &named.values {
        let name = renamed.python.clone().unwrap_or_else(|| names::rust_constant(name));
        let value = if named.form == Form::Flags { format!("{value:#x}") } else { value.to_string() };
        comment(doc, "    ", out);
        let _ = writeln!(out, "    {name} = {value}");
    }
    if named.form == Form::Open {
        out.push_str(UNKNOWN);
    }
}

/// What `_facts_` has of a field; empty when there is nothing.
pub(super) fn facts(field: &Field, model: &Model) -> String {
    let mut facts = Vec::new();
    if let Element::Enum(at) = field.ty.element {
        facts.push(format!("\"enum\": {}", name(&model.enums[at])));
    }
    if field.exp != 0 {
        facts.push(format!("\"exp\": {}", field.exp));
    }
    facts.extend(field.null.map(|null| format!("\"null\": {}", number(model.kind(field.ty.element), null))));
    facts.join(", ")
}

fn number(kind: Kind, number: Number) -> String {
    let float = number.as_f64();
    match kind {
        Kind::F32 | Kind::F64 if float.is_finite() => format!("{float:?}"),
        Kind::F32 | Kind::F64 => format!("float(\"{float}\")"),
        _ => number.display(kind).to_string(),
    }
}
