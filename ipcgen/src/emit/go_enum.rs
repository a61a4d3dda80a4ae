//! Enums and flags in Go: an integer type, a constant for each name, and methods that tell what a value is. Relies on the
//! model; checks nothing.

use std::fmt::Write;

use super::go::{comment, integer};
use crate::model::{Enum, EnumValue, Form};
use crate::names;

pub(super) fn name(named: &Enum) -> String {
    named.renamed.go.clone().unwrap_or_else(|| names::rust_record(&named.name))
}

/// The constant of a value, with its type's name in front.
fn constant(named: &Enum, value: &EnumValue) -> String {
    value.renamed.go.clone().unwrap_or_else(|| name(named) + &names::camel_field(&value.name))
}

pub(super) fn enumeration(named: &Enum, out: &mut String) {
    let ty = name(named);
    let what = match named.form {
        Form::Closed | Form::Open => "an enum.",
        Form::Flags => "flags.",
    };
    let about = if named.doc.is_empty() { what } else { &named.doc };
    out.push('\n');
    comment(&format!("{ty}: {about}"), "", out);
    let _ = writeln!(out, "type {ty} {}", integer(named.repr));
    for value in &named.values {
        let number = match named.form {
            Form::Flags => format!("{:#x}", value.value),
            Form::Closed | Form::Open => value.value.to_string(),
        };
        out.push('\n');
        comment(&value.doc, "", out);
        let _ = writeln!(out, "const {} {ty} = {number}", constant(named, value));
    }
    match named.form {
        Form::Flags => flags(named, &ty, out),
        Form::Closed | Form::Open => values(named, &ty, out),
    }
    if named.form == Form::Closed {
        let _ = write!(
            out,
            "\n// Valid tells whether an integer is a value. What a reader gives is one.\nfunc (v {ty}) Valid() bool {{\n\
             \tswitch v {{\n\tcase {}:\n\t\treturn true\n\t}}\n\treturn false\n}}\n",
            distinct(named).map(|value| constant(named, value)).collect::<Vec<_>>().join(", ")
        );
    }
}

fn distinct(named: &Enum) -> impl Iterator<Item = &EnumValue> {
    named.values.iter().filter(|value| !value.is_alias)
}

/// An integer as text, in this base.
fn number(named: &Enum, base: u32) -> String {
    let (function, ty) =
        if named.repr.is_signed() { ("FormatInt", "int64") } else { ("FormatUint", "uint64") };
    format!("strconv.{function}({ty}(v), {base})")
}

fn values(named: &Enum, ty: &str, out: &mut String) {
    let _ = write!(
        out,
        "\n// String is the name in the schema, or the number where it has none.\nfunc (v {ty}) String() string {{\n\
         \tswitch v {{\n"
    );
    for value in distinct(named) {
        let _ = writeln!(out, "\tcase {}:\n\t\treturn \"{}\"", constant(named, value), value.name);
    }
    let _ = write!(out, "\t}}\n\treturn {}\n}}\n", number(named, 10));
}

fn flags(named: &Enum, ty: &str, out: &mut String) {
    let _ = write!(
        out,
        "\n// Has tells whether all of these flags are set.\nfunc (v {ty}) Has(flags {ty}) bool {{\n\
         \treturn v&flags == flags\n}}\n\n\
         // String is the names of the flags that are set, and the bits without a name as a number.\n\
         func (v {ty}) String() string {{\n\ttext := \"\"\n"
    );
    for value in distinct(named) {
        let constant = constant(named, value);
        let _ = write!(
            out,
            "\tif v.Has({constant}) {{\n\t\ttext += \"|{}\"\n\t\tv &^= {constant}\n\t}}\n",
            value.name
        );
    }
    let _ = write!(
        out,
        "\tif v != 0 || text == \"\" {{\n\t\ttext += \"|0x\" + {}\n\t}}\n\treturn text[1:]\n}}\n",
        number(named, 16)
    );
}
