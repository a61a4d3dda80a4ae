//! What a lock file says of a version: all its facts, in TOML, one declaration behind the other, so that a review sees what
//! is added. Relies on the model and on the layout crate's descriptions; knows no other version.

use std::fmt::Write;

use shmrecord_layout::describe;

use super::version::{Used, qualified};
use crate::model::{Element, Enum, Field, Form, Kind, Model, Number, Origin, Record, array_type};

/// What a lock file begins with.
pub(super) fn head(schema: &str) -> String {
    format!(
        "# What the versions of the schema `{schema}` are that programs were built with. Written by `ipcgen lock`, read by\n\
         # `ipcgen check`; keep it beside the schema, under version control, and do not edit it.\n\n\
         [lock]\nformat = 1\nschema = \"{schema}\"\n"
    )
}

/// The facts of a version. Two versions whose facts are the same have the same text, in whatever order they declare them.
pub(super) fn section(model: &Model) -> String {
    let (version, used) = (model.version, Used::of(model));
    let mut text = format!("\n[version.{version}]\n");
    let enums = used.enums(model).map(|(_, named)| (qualified(&named.origin, &named.name), named));
    for (name, named) in sorted(enums) {
        enumeration(version, &name, named, &mut text);
    }
    let records = used.records(model).map(|(_, record)| (qualified(&record.origin, &record.name), record));
    for (name, record) in sorted(records) {
        let Record { size, align, layout_id, schema_id, .. } = record;
        let _ = write!(
            text,
            "\n[version.{version}.record.{name}]\nsize = {size}\nalign = {align}\n\
             layout_id = \"{layout_id:016x}\"\nschema_id = \"{schema_id:016x}\"\nfields = [\n"
        );
        let described = describe::decode(&record.description).ok();
        let chains = described.iter().flat_map(|described| &described.root().fields);
        for (field, chain) in record.fields().zip(chains) {
            let (layout, schema) = (chain.layout_chain, chain.schema_chain);
            let facts = facts(model, record, field);
            let _ = writeln!(
                text,
                "  {{ {facts}, layout_chain = \"{layout:016x}\", schema_chain = \"{schema:016x}\" }},"
            );
        }
        text.push_str("]\n");
    }
    text
}

fn sorted<T>(named: impl Iterator<Item = (String, T)>) -> Vec<(String, T)> {
    let mut named: Vec<_> = named.collect();
    named.sort_by(|one, other| one.0.cmp(&other.0));
    named
}

fn enumeration(version: u32, name: &str, named: &Enum, text: &mut String) {
    let (kind, values) = if named.form == Form::Flags { ("flags", "bits") } else { ("enum", "values") };
    let _ = write!(text, "\n[version.{version}.{kind}.{name}]\nrepr = \"{}\"\n", named.repr.name());
    if named.form == Form::Closed {
        text.push_str("closed = true\n");
    }
    let _ = writeln!(text, "\n[version.{version}.{kind}.{name}.{values}]");
    let mut values: Vec<_> = named.values.iter().collect();
    values.sort_by_key(|value| value.value);
    for value in values {
        let number =
            if named.form == Form::Flags { i128::from(value.value.trailing_zeros()) } else { value.value };
        let _ = match value.is_alias {
            true => writeln!(text, "{} = {{ value = {number}, alias = true }}", value.name),
            false => writeln!(text, "{} = {number}", value.name),
        };
    }
}

/// The entries of a field's table, but for its chains.
fn facts(model: &Model, record: &Record, field: &Field) -> String {
    let element = match field.ty.element {
        Element::Scalar(kind) => kind.name().to_owned(),
        Element::Char => "char".to_owned(),
        Element::Enum(at) => qualified(&model.enums[at].origin, &model.enums[at].name),
        Element::Record(at) => qualified(&model.records[at].origin, &model.records[at].name),
    };
    let (name, ty) = (&field.name, array_type(&element, &field.ty.dims));
    let (offset, size) = (field.offset, field.size);
    let mut facts = format!("name = \"{name}\", type = \"{ty}\", offset = {offset}, size = {size}");
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(facts, ", {key} = {value}");
        }
    };
    let kind = model.kind(field.ty.element);
    add("unit", field.unit.as_deref().map(quoted));
    add("exp", (field.exp != 0).then(|| field.exp.to_string()));
    add("time", field.time.map(|time| quoted(time.name())));
    add("null", field.null.map(|null| number(kind, null)));
    add("min", field.min.map(|min| number(kind, min)));
    add("max", field.max.map(|max| number(kind, max)));
    if record.origin != Origin::Here {
        // The versions of another schema mean nothing in this one.
        return facts;
    }
    add("since", field.since.map(|since| since.to_string()));
    add("deprecated", field.deprecated.as_ref().map(|deprecated| deprecated.since.to_string()));
    facts
}

/// A number as schemas write it; floats so that they are read back as they are.
pub(super) fn number(kind: Kind, number: Number) -> String {
    match kind {
        Kind::F32 | Kind::F64 if number.as_f64().is_nan() => "\"nan\"".to_owned(),
        Kind::F32 | Kind::F64 => format!("{:?}", number.as_f64()),
        _ => number.display(kind).to_string(),
    }
}

/// A basic string. No text of a schema holds control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
