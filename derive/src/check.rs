//! What cannot be a record, as far as tokens show it, and the way out of each. Relies on `input` for what was read and on
//! `types` for the fields' types; knows no sizes: what only the compiler can tell is asserted in the output of `expand`.

use syn::{Data, DeriveInput, Fields, GenericParam, LitStr};

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
    name(&record.name, errors);
    for read in &record.fields {
        field(read, errors);
    }
}

fn shape(node: &DeriveInput, record: &Record<'_>, errors: &mut Errors) {
    let data = match &node.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            return errors.at(
                data.enum_token,
                "an enum is no record: write an integer field for its value, or a struct",
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
    too_long(&field.name, "the name of a field", errors);
    if let Some(unit) = &field.unit {
        too_long(unit, "a unit", errors);
        if unit.value().is_empty() {
            errors.at(unit, "an empty unit says nothing: name one, or leave `unit` out");
        }
    }
    if field.padding {
        if field.text || field.unit.is_some() {
            errors.at(field.ident, "padding has neither text nor a unit: remove them, or `padding`");
        }
        if !types::may_be_padding(field.ty) {
            errors.at(field.ty, "`#[shm(padding)]` is for `Reserved<N>`: N bytes that no field uses");
        }
        return;
    }
    types::check(field.ty, errors);
    if field.text && !types::may_be_text(field.ty) {
        errors.at(field.ty, "`#[shm(text)]` is for `[u8; N]`: text is N bytes, padded with NUL");
    }
}

/// A name that was given as a string obeys the rule of identifiers, because other languages use it as one.
fn name(name: &LitStr, errors: &mut Errors) {
    too_long(name, "the name of a record", errors);
    let text = name.value();
    let head = |c: char| c.is_alphabetic() || c == '_';
    if !text.starts_with(head) || !text.chars().all(|c| head(c) || c.is_numeric()) {
        let message = "the name of a record is made of letters, digits and `_`, and starts with no digit";
        errors.at(name, message);
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
