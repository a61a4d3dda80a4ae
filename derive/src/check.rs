//! What cannot be a record, as far as tokens show it, and the way out of each. Relies on `input` for what was read and on
//! `types` for the fields' types; knows no sizes: what only the compiler can tell is asserted in the output of `expand`.

use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, LitInt, LitStr};

use crate::errors::Errors;
use crate::input::{Field, Record};
use crate::types;

/// The limit of every front end, which the layout crate relies on when it hashes lengths.
const MAX_TEXT_BYTES: usize = 255;

/// Adds every problem of the struct to `errors`.
pub(crate) fn record(node: &DeriveInput, record: &Record<'_>, errors: &mut Errors) {
    shape(node, record, errors);
    generics(node, errors);
    if matches!(node.data, Data::Struct(_)) {
        repr(record, errors);
    }
    name(&record.name, "a record", errors);
    for read in &record.fields {
        field(read, errors);
        versions(read, record.version.as_ref(), errors);
    }
}

fn shape(node: &DeriveInput, record: &Record<'_>, errors: &mut Errors) {
    let data = match &node.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            return errors.at(
                data.enum_token,
                "an enum is no record but a field of one: derive `ShmEnum`, or write a struct",
            );
        }
        Data::Union(data) => {
            return errors.at(
                data.union_token,
                "a union is no record, because nothing says which field is valid: write a struct",
            );
        }
    };
    match &data.fields {
        Fields::Unnamed(fields) => errors.at(
            fields,
            "a record needs named fields, because programs find them by name: write `{ name: type, ... }`",
        ),
        Fields::Named(_) if record.fields.iter().any(|field| !field.padding) => {}
        Fields::Named(_) | Fields::Unit => errors.at(&node.ident, "a record needs at least one field"),
    }
}

fn generics(node: &DeriveInput, errors: &mut Errors) {
    for parameter in &node.generics.params {
        let message = match parameter {
            GenericParam::Lifetime(_) => {
                "a record borrows nothing: what it points to is not there in other processes; keep the values in the record"
            }
            GenericParam::Type(_) => {
                "a record has one layout and so no type parameters: write the type out, one struct for each"
            }
            GenericParam::Const(_) => {
                "a record has one layout and so no const parameters: write the number out, or use a `const` item"
            }
        };
        errors.at(parameter, message);
    }
}

fn repr(record: &Record<'_>, errors: &mut Errors) {
    let repr = &record.repr;
    for other in &repr.others {
        let message = if other.is_ident("packed") {
            "a packed record cannot be read as aligned words: write `#[repr(C)]`; the layout fills holes with zeros"
        } else {
            "a record has the layout of a C struct: write `#[repr(C)]` or `#[repr(C, align(N))]`"
        };
        errors.at(other, message);
    }
    if !repr.c && repr.others.is_empty() {
        let message = "add `#[repr(C)]`: without it the compiler may lay the fields out in any order";
        errors.at(record.ident, message);
    }
}

fn field(field: &Field<'_>, errors: &mut Errors) {
    if field.ident.unraw() == field.name.value() {
        too_long(&field.name, "the name of a field", errors);
    } else {
        name(&field.name, "a field", errors);
    }
    if let Some(unit) = &field.unit {
        too_long(unit, "a unit", errors);
        if unit.value().is_empty() {
            errors.at(unit, "an empty unit says nothing: name one, or leave `unit` out");
        }
    }
    if field.padding {
        if field.text || field.unit.is_some() || !field.facts.is_empty() {
            errors.at(field.ident, "padding has no values to say something of: remove that, or `padding`");
        }
        if !types::may_be_padding(field.ty) {
            errors.at(field.ty, "`#[shm(padding)]` is for `Reserved<N>`: N bytes that no field uses");
        }
        return;
    }
    types::check(field.ty, errors);
    if let (Some((exp, _)), Some(_)) = (&field.facts.exp, &field.facts.time) {
        errors.at(exp, "`time` says what is counted: remove `exp`");
    }
    if let (Some(min), Some(max)) = (&field.facts.min, &field.facts.max)
        && min.is_above(max)
    {
        errors.add(Error::new(min.span, "`min` is above `max`: no value is allowed"));
    }
    if field.text && !types::may_be_text(field.ty) {
        errors.at(field.ty, "`#[shm(text)]` is for `[u8; N]`: text is N bytes, padded with NUL");
    }
}

/// Versions of fields count those of the record, which must say which it is.
fn versions(field: &Field<'_>, record: Option<&LitInt>, errors: &mut Errors) {
    let number = |version: &LitInt| version.base10_parse::<u32>().unwrap_or(0);
    let facts = &field.facts;
    for (key, version) in [("since", &facts.since), ("deprecated", &facts.deprecated)] {
        match (version, record) {
            (Some(version), None) => errors.at(
                version,
                format_args!(
                    "`{key}` counts versions of the record: add `#[shm(version = N)]` to the struct"
                ),
            ),
            (Some(version), Some(record)) if number(version) > number(record) => errors.at(
                version,
                format_args!("`{key}` is above the record's version {record}: raise that, or correct this"),
            ),
            _ => {}
        }
    }
    if let (Some(since), Some(deprecated)) = (&facts.since, &facts.deprecated)
        && number(deprecated) < number(since)
    {
        errors.at(deprecated, "a field cannot be deprecated before it is there: see its `since`");
    }
}

/// A name that was given as a string obeys the rule of identifiers, because other languages use it as one.
pub(crate) fn name(name: &LitStr, whose: &str, errors: &mut Errors) {
    too_long(name, &format!("the name of {whose}"), errors);
    let text = name.value();
    let head = |c: char| c.is_alphabetic() || c == '_';
    if !text.starts_with(head) || !text.chars().all(|c| head(c) || c.is_numeric()) {
        errors.at(
            name,
            format_args!("the name of {whose} is made of letters, digits and `_`, and starts with no digit"),
        );
    }
}

fn too_long(text: &LitStr, what: &str, errors: &mut Errors) {
    let bytes = text.value().len();
    if bytes > MAX_TEXT_BYTES {
        errors.at(
            text,
            format_args!("{what} has at most {MAX_TEXT_BYTES} bytes, this has {bytes}: shorten it"),
        );
    }
}
