//! What cannot be an enum of integers with names, as far as tokens show it, and the way out of each. Relies on `input`.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Attribute, Fields, ItemEnum};

use super::input::{Enum, Form};
use crate::check;
use crate::errors::Errors;

const UNSIGNED: [&str; 4] = ["u8", "u16", "u32", "u64"];
const SIGNED: [&str; 4] = ["i8", "i16", "i32", "i64"];
/// What a newtype has of its own.
const GIVEN: [&str; 8] = ["Clone", "Copy", "Debug", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];

/// Adds every problem of the enum to `errors`.
pub(super) fn item(item: &ItemEnum, read: &Enum, errors: &mut Errors) {
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "an enum in shared memory has integers for values, and so no parameters");
    }
    if item.variants.is_empty() {
        errors.at(&item.ident, "an enum needs at least one value");
    }
    repr(read, errors);
    check::name(&read.name, "an enum", errors);
    let mut seen = BTreeMap::new();
    for (variant, value) in item.variants.iter().zip(&read.values) {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(&variant.fields, "a value is an integer and has no fields: write a struct for those");
        }
        check::name(&value.name, "a value", errors);
        let Some(number) = &value.number else {
            let what = match read.form {
                Form::Closed | Form::Open => "= NUMBER`: programs of other languages and versions rely on it",
                Form::Flags => "= BIT`: which one it is, 0 for the lowest",
            };
            errors.at(&variant.ident, format_args!("write `{} {what}", variant.ident));
            continue;
        };
        // Of a closed enum rustc refuses this.
        let known = seen.insert(number.to_token_stream().to_string(), &value.ident);
        if let Some(known) = known.filter(|_| read.form != Form::Closed) {
            errors.at(number, format_args!("`{known}` is this already: write another one, or remove a name"));
        }
    }
    if read.form != Form::Closed {
        derives(&item.attrs, read.form, errors);
    }
}

fn repr(read: &Enum, errors: &mut Errors) {
    let is = |kinds: [&str; 4]| read.repr.as_ref().is_some_and(|repr| kinds.iter().any(|kind| repr == kind));
    let (known, words) = match read.form {
        Form::Closed | Form::Open => {
            (is(UNSIGNED) || is(SIGNED), "write `#[repr(u8)]`, or another of u8 to u64 and i8 to i64")
        }
        Form::Flags => (is(UNSIGNED), "write `#[repr(u8)]`, or another of u8 to u64: flags have no sign"),
    };
    match &read.repr {
        _ if known => {}
        Some(repr) => errors.at(repr, words),
        None => errors.at(&read.ident, format_args!("nothing says which integer holds a value: {words}")),
    }
}

/// The traits that a newtype has anyway.
fn derives(attrs: &[Attribute], form: Form, errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        // What is no list of paths rustc refuses.
        let _ = attr.parse_nested_meta(|meta| {
            let name = meta.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            if GIVEN.contains(&name.as_str()) {
                errors.at(&meta.path, format_args!("`{form}` gives it `{name}` already: remove this one"));
            }
            Ok(())
        });
    }
}
