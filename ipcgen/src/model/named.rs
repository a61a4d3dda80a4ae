//! Enums and flags, in the model. Relies on the layout crate for kinds.

use super::{Form, Kind, Origin, Renamed};

/// An enum, or flags: named numbers that a field can hold.
#[derive(Clone, Debug)]
pub struct Enum {
    /// The schema that declares it.
    pub origin: Origin,
    /// The name in the schema.
    pub name: String,
    /// Its name in other languages.
    pub renamed: Renamed,
    /// Names by which other versions of the schema know it.
    pub aliases: Vec<String>,
    /// The type's name in Rust.
    pub rust_name: String,
    /// The type's name in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// Which numbers are values.
    pub form: Form,
    /// What it is in memory: an integer, for flags without a sign.
    pub repr: Kind,
    /// Its names, as they stand in the schema; at least one.
    pub values: Vec<EnumValue>,
}

/// A name in an enum.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// The name in the schema.
    pub name: String,
    /// Its name in other languages.
    pub renamed: Renamed,
    /// Names by which other versions of the schema know it.
    pub aliases: Vec<String>,
    /// The name in Rust, inside the type.
    pub rust_name: String,
    /// The macro in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// The number; for flags with the one bit set.
    pub value: i128,
    /// Whether the schema writes the number as an ASCII character.
    pub is_letter: bool,
    /// Whether a name in front of it has the same number.
    pub is_alias: bool,
}
