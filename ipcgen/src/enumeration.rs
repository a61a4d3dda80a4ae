//! A table `[enum.NAME]` or `[flags.NAME]`, key by key: named numbers that a field can hold. Relies on `table` and
//! `words`; whether the numbers fit and differ is checked in `values`.

use shmrecord_layout::{Form, Kind};
use toml::de::DeValue;

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::source::{Span, Spanned};
use crate::table::{self, Table, Value};
use crate::text::Text;
use crate::words::{self, Rename};

/// An enum or flags as it was written.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Spanned<String>,
    pub(crate) rename: Rename,
    pub(crate) aliases: Vec<Spanned<String>>,
    pub(crate) doc: String,
    pub(crate) form: Form,
    /// `None` where what is written is no integer type.
    pub(crate) repr: Option<Kind>,
    pub(crate) values: Vec<Enumerator>,
}

/// An enumerator, or a flag.
#[derive(Debug)]
pub(crate) struct Enumerator {
    pub(crate) name: Spanned<String>,
    pub(crate) rename: Rename,
    pub(crate) aliases: Vec<Spanned<String>>,
    pub(crate) doc: String,
    /// An enumerator's value, a flag's bit.
    pub(crate) number: Option<Spanned<i128>>,
    /// Whether it was written as a character.
    pub(crate) is_letter: bool,
    /// Whether it may have the value of another one.
    pub(crate) is_alias: bool,
}

/// The integer types, those of flags last: bits have no sign.
const REPRS: [Kind; 8] =
    [Kind::I8, Kind::I16, Kind::I32, Kind::I64, Kind::U8, Kind::U16, Kind::U32, Kind::U64];

impl Enum {
    /// What it is called in messages.
    pub(crate) fn what(&self) -> &'static str {
        if self.form == Form::Flags { "flags" } else { "enum" }
    }
}

/// Reads an `[enum.NAME]`.
pub(crate) fn enumeration(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> Enum {
    let form = if table.boolean("closed", found) { Form::Closed } else { Form::Open };
    read(name, table, form, "values", found)
}

/// Reads a `[flags.NAME]`.
pub(crate) fn flags(name: Spanned<String>, table: Table<'_>, found: &mut Diagnostics) -> Enum {
    read(name, table, Form::Flags, "bits", found)
}

fn read(
    name: Spanned<String>,
    mut table: Table<'_>,
    form: Form,
    key: &'static str,
    found: &mut Diagnostics,
) -> Enum {
    let doc = words::doc(&mut table, found);
    let reprs = if form == Form::Flags { &REPRS[4..] } else { &REPRS[..] };
    let repr = table.required_string("repr", found).and_then(|text| repr(&text, reprs, found));
    let mut values = Vec::new();
    if !table.lacks(key, &[&format!("add `{key} = {{ NAME = 0 }}`")], found)
        && let Some(entries) = table.table(key, found)
    {
        values = entries
            .entries()
            .into_iter()
            .map(|(name, value)| enumerator(&entries, name, value, form, found))
            .collect();
        if values.is_empty() {
            let title = format!("`{}` names no value", name.value);
            found.push(Diagnostic::new(Rule::NoValues, name.span, title).label("at least one"));
        }
    }
    let rename = words::rename(&mut table, found);
    let aliases = words::aliases(&mut table, found);
    table.finish(found);
    Enum { name, rename, aliases, doc, form, repr, values }
}

fn repr(text: &Text, reprs: &[Kind], found: &mut Diagnostics) -> Option<Kind> {
    let kind = reprs.iter().find(|kind| kind.name() == text.value).copied();
    if kind.is_none() {
        let names: Vec<_> = reprs.iter().map(|kind| kind.name()).collect();
        let title = format!("`{}` cannot be the type of named values", text.value);
        let report = Diagnostic::new(Rule::BadRepr, text.span, title);
        found.push(report.label(format!("one of {}", names.join(" "))));
    }
    kind
}

fn enumerator(
    table: &Table<'_>,
    name: Spanned<String>,
    value: &Value<'_>,
    form: Form,
    found: &mut Diagnostics,
) -> Enumerator {
    let mut read = Enumerator {
        name,
        rename: Rename::default(),
        aliases: Vec::new(),
        doc: String::new(),
        number: None,
        is_letter: matches!(value.get_ref(), DeValue::String(_)),
        is_alias: false,
    };
    if !value.get_ref().is_table() {
        read.number = number(table, value, form, found);
        return read;
    }
    let Some(mut table) = table.as_table(value, read.name.span, found) else { return read };
    let key = if form == Form::Flags { "bit" } else { "value" };
    if !table.lacks(key, &[&format!("add `{key} = 1`")], found)
        && let Some(value) = table.get(key)
    {
        read.is_letter = matches!(value.get_ref(), DeValue::String(_));
        read.number = number(&table, value, form, found);
    }
    read.doc = words::doc(&mut table, found);
    if form != Form::Flags {
        read.is_alias = table.boolean("alias", found);
    }
    read.rename = words::rename(&mut table, found);
    read.aliases = words::aliases(&mut table, found);
    table.finish(found);
    read
}

/// An integer or, for enums, a string of one ASCII character.
fn number(
    table: &Table<'_>,
    value: &Value<'_>,
    form: Form,
    found: &mut Diagnostics,
) -> Option<Spanned<i128>> {
    let span: Span = value.span().into();
    if let Some(number) = table::integer(value) {
        // What not even 128 bits hold is out of every range.
        return Some(Spanned { value: number.unwrap_or(i128::MAX), span });
    }
    let (title, label) = match value.get_ref() {
        DeValue::String(_) if form != Form::Flags => {
            let text = table.text(value)?;
            match text.value.as_bytes() {
                &[byte] if byte.is_ascii() && !byte.is_ascii_control() => {
                    return Some(Spanned { value: i128::from(byte), span });
                }
                _ => ("a value in quotes is one printable ASCII character", "not one character"),
            }
        }
        _ if form == Form::Flags => ("a flag is the number of its bit", "expected an integer from 0"),
        _ => ("a value is an integer or one character in quotes", "neither of them"),
    };
    found.push(Diagnostic::new(Rule::BadValue, span, title).label(label));
    None
}
