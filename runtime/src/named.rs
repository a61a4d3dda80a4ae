//! Enums and flags: the contract of types whose values are integers with names, and how those are printed. Relies on the
//! layout crate; the macros `ShmEnum`, `open_enum` and `flags` write the types.

use std::fmt;

use shmrecord_layout::{EnumLayout, FieldType, Form, Kind, Number, ValueLayout};

use crate::record::ShmField;

/// A field whose integers have names. Implement it with `#[derive(ShmEnum)]`, `#[open_enum]` or `#[flags]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no enum with a fixed layout",
    note = "add `#[derive(ShmEnum, Clone, Copy)]` and `#[repr(u8)]` to the enum, or make it an `open_enum` or `flags`"
)]
pub trait ShmEnum: ShmField {
    /// Name, form, integer and values.
    const LAYOUT: &'static EnumLayout<'static>;
}

/// The type of a field of this enum, for the macros' output.
///
/// # Panics
/// In const evaluation, when the enum is not held by an integer: the macros let none pass.
#[must_use]
pub const fn named(layout: &'static EnumLayout<'static>) -> FieldType<'static> {
    match FieldType::named(layout) {
        Some(ty) => ty,
        None => panic!("an enum is held by an integer"),
    }
}

/// A value of an enum of this kind, for the macros' output.
///
/// # Panics
/// In const evaluation, when the number is none of the kind: the macros take it from an integer of this kind.
#[must_use]
pub const fn value(repr: Kind, name: &'static str, number: i128, doc: &'static str) -> ValueLayout<'static> {
    match Number::integer(repr, number) {
        Some(value) => ValueLayout { name, value, doc },
        None => panic!("a value is a number of the enum's integer"),
    }
}

/// Prints a value of this enum, for the macros' output: its name, or its number; of flags every name.
///
/// # Errors
/// What `f` reports.
pub fn debug<E: ShmEnum>(f: &mut fmt::Formatter<'_>, number: i128) -> fmt::Result {
    let EnumLayout { form, repr, values, .. } = *E::LAYOUT;
    let number = Number::integer(repr, number).unwrap_or(Number::from_bits(0));
    let values = values.iter().map(|value| (value.name, value.value));
    match form {
        Form::Flags => {
            let (names, others) = flags(repr, values, number);
            f.pad(&joined(&names, others))
        }
        Form::Closed | Form::Open => match name(values, number) {
            Some(name) => f.pad(name),
            // Not padded as text, of which a precision cuts digits.
            None => fmt::Display::fmt(&number.display(repr), f),
        },
    }
}

/// The name of this number among these values.
pub(crate) fn name<'a>(
    mut values: impl Iterator<Item = (&'a str, Number)>,
    number: Number,
) -> Option<&'a str> {
    values.find(|&(_, value)| value == number).map(|(name, _)| name)
}

/// The names of the flags that are set, and the bits that are set without one.
pub(crate) fn flags<'a>(
    repr: Kind,
    values: impl Iterator<Item = (&'a str, Number)>,
    number: Number,
) -> (Vec<&'a str>, u64) {
    let (mut names, mut others) = (Vec::new(), bits(repr, number));
    for (name, position) in values {
        let bit = 1 << position.bits();
        if number.bits() & bit != 0 {
            names.push(name);
            others &= !bit;
        }
    }
    (names, others)
}

/// The bits that the integer has: a sign is extended over others.
pub(crate) fn bits(repr: Kind, number: Number) -> u64 {
    repr.size().map_or(0, |bytes| number.bits() & u64::MAX >> (64 - 8 * bytes))
}

/// Flags in words: `SNAPSHOT|STALE|0x8000`, `0`.
pub(crate) fn joined(names: &[&str], others: u64) -> String {
    let names = names.iter().map(|&name| name.to_owned());
    let others = (others != 0).then(|| format!("{others:#x}"));
    let all: Vec<String> = names.chain(others).collect();
    if all.is_empty() { "0".to_owned() } else { all.join("|") }
}
