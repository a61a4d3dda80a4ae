//! Fields, in the model. Relies on the layout crate for numbers.

use super::{Number, Renamed, Time, Type};

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name in the schema.
    pub name: String,
    /// Its name in other languages.
    pub renamed: Renamed,
    /// Names by which other versions of the schema know it.
    pub aliases: Vec<String>,
    /// The name in Rust.
    pub rust_name: String,
    /// The name in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// The unit of its values.
    pub unit: Option<String>,
    /// Its integers count units of ten to this power: -9 for billionths, 0 for whole ones.
    pub exp: i8,
    /// Its integers are moments.
    pub time: Option<Time>,
    /// The number that stands for "no value"; of the kind of its elements, as `min` and `max` are.
    pub null: Option<Number>,
    /// The least number that is meant.
    pub min: Option<Number>,
    /// The greatest number that is meant.
    pub max: Option<Number>,
    /// The version of the schema that brought it; `None`: it was always there.
    pub since: Option<u32>,
    /// Whether it is out of use.
    pub deprecated: Option<Deprecated>,
    /// What it holds.
    pub ty: Type,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Bytes of the whole field.
    pub size: u32,
}

/// That a field is out of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// The version of the schema from which on it is.
    pub since: u32,
    /// The field to use instead, by its name in the schema.
    pub instead: Option<String>,
}

impl Deprecated {
    /// What is said to who uses the field.
    #[must_use]
    pub fn words(&self) -> String {
        let since = format!("out of use since version {}", self.since);
        match &self.instead {
            Some(instead) => format!("{since}, use {instead}"),
            None => since,
        }
    }
}
