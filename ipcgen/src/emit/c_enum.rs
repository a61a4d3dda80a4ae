//! Enums and flags in C: an integer type, a macro for each name, and functions that tell what a value is. Relies on the
//! model; checks nothing.

use std::fmt::Write;

use super::c::{comment, doc, integer, scalar};
use crate::model::{Enum, EnumValue, Form, Kind};

pub(super) fn enumeration(named: &Enum, out: &mut String) {
    let Enum { c_name, repr, form, .. } = named;
    out.push('\n');
    if !named.doc.is_empty() {
        out.push_str(&doc(&named.doc, ""));
    }
    let _ = writeln!(out, "typedef {} {c_name};\n", scalar(*repr));
    for value in &named.values {
        let multiline = value.doc.contains('\n');
        if multiline {
            out.push_str(&doc(&value.doc, ""));
        }
        let _ = write!(out, "#define {} {}", value.c_name, constant(named, value));
        if multiline || value.doc.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, " /* {} */", comment(&value.doc));
        }
    }
    match form {
        Form::Flags => flags(named, out),
        Form::Open => names(named, out),
        Form::Closed => {
            names(named, out);
            validity(named, out);
        }
    }
}

/// A constant expression of the enum's type: integers narrower than `int` have no literals.
fn constant(named: &Enum, value: &EnumValue) -> String {
    let Enum { c_name, repr, form, .. } = named;
    let letter = u8::try_from(value.value).ok().filter(|_| value.is_letter).map(char::from);
    let literal = match (letter, form, repr) {
        (Some(letter @ ('\'' | '\\')), ..) => format!("'\\{letter}'"),
        (Some(letter), ..) => format!("'{letter}'"),
        (None, Form::Flags, Kind::U64) => format!("UINT64_C({:#x})", value.value),
        (None, Form::Flags, _) => format!("{:#x}u", value.value),
        (None, ..) => integer(*repr, value.value),
    };
    let is_narrow = repr.size().is_some_and(|bytes| bytes < 4);
    if is_narrow { format!("SHMREC_CAST({c_name}, {literal})") } else { literal }
}

/// The function that names a value.
fn names(named: &Enum, out: &mut String) {
    let c_name = &named.c_name;
    let _ = write!(
        out,
        "\n/* The name of a value in the schema; NULL when it has none. */\n\
         static inline const char *{c_name}_name({c_name} value) {{\n    switch (value) {{\n"
    );
    for value in named.values.iter().filter(|value| !value.is_alias) {
        let _ = writeln!(out, "    case {}: return \"{}\";", value.c_name, value.name);
    }
    out.push_str("    default: return NULL;\n    }\n}\n");
}

/// The function that knows which integers are values.
fn validity(named: &Enum, out: &mut String) {
    let c_name = &named.c_name;
    let _ = write!(
        out,
        "\n/* Whether an integer is a value. */\nstatic inline bool {c_name}_is_valid({c_name} value) {{\n    \
         return {c_name}_name(value) != NULL;\n}}\n"
    );
}

/// The functions that test and name flags.
fn flags(named: &Enum, out: &mut String) {
    let c_name = &named.c_name;
    let _ = write!(
        out,
        "\n/* Whether all of these flags are set. */\n\
         static inline bool {c_name}_has({c_name} value, {c_name} flags) {{\n    return (value & flags) == flags;\n}}\n"
    );
}
