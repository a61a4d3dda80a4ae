//! Enums and flags in Rust, as the runtime's macros take them: `ShmEnum` for closed ones, `open_enum`, `flags`. Relies on the
//! model; checks nothing.

use std::fmt::Write;

use super::rust::{attribute, lines};
use crate::model::{Enum, EnumValue, Form, Kind};

pub(super) fn enumeration(named: &Enum, out: &mut String) {
    let Enum { rust_name, repr, form, .. } = named;
    out.push('\n');
    lines(&named.doc, "///", "", out);
    out.push_str(match form {
        Form::Closed => "#[derive(::shmrecord::ShmEnum, Clone, Copy, Debug, PartialEq, Eq, Hash)]\n",
        Form::Open => "#[::shmrecord::open_enum]\n",
        Form::Flags => "#[::shmrecord::flags]\n",
    });
    let _ = writeln!(out, "#[repr({})]", repr.name());
    if *rust_name != named.name {
        attribute("shm", &[format!("name = \"{}\"", named.name)], "", out);
    }
    let _ = writeln!(out, "pub enum {rust_name} {{");
    for value in named.values.iter().filter(|value| !value.is_alias) {
        lines(&value.doc, "///", "    ", out);
        if value.rust_name != value.name {
            attribute("shm", &[format!("name = \"{}\"", value.name)], "    ", out);
        }
        let _ = writeln!(out, "    {} = {},", value.rust_name, number(named, value));
    }
    out.push_str("}\n");
    aliases(named, out);
}

/// What stands behind `=`: the value or, of a flag, the position of its bit.
fn number(named: &Enum, value: &EnumValue) -> String {
    if named.form == Form::Flags {
        return value.value.trailing_zeros().to_string();
    }
    // Characters of Rust are unsigned.
    let letter = u8::try_from(value.value).ok().filter(|_| value.is_letter && named.repr == Kind::U8);
    letter.map_or(value.value.to_string(), |letter| format!("b{:?}", char::from(letter)))
}

/// Further names of values: constants, for an enum of Rust has one name for each.
fn aliases(named: &Enum, out: &mut String) {
    let mut aliases = named.values.iter().filter(|value| value.is_alias).peekable();
    if aliases.peek().is_none() {
        return;
    }
    let name = &named.rust_name;
    let _ = write!(
        out,
        "\n#[allow(dead_code, reason = \"not every program uses every name\")]\nimpl {name} {{\n"
    );
    for value in aliases {
        let first = named.values.iter().find(|first| first.value == value.value).unwrap_or(value);
        lines(&value.doc, "///", "    ", out);
        let _ = writeln!(out, "    pub const {}: Self = Self::{};", value.rust_name, first.rust_name);
    }
    out.push_str("}\n");
}
