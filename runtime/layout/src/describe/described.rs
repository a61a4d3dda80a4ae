//! What a description says, decoded: owned copies, every index checked. Relies on the kinds and numbers of this crate and,
//! for the description of a layout, on `encode` and `decode`.

use alloc::string::String;
use alloc::vec::Vec;

use super::{decode, encode};
use crate::kind::Kind;
use crate::named::Form;
use crate::number::Number;
use crate::record::RecordLayout;
use crate::time::Time;

/// What a segment says of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The enums and flags that fields are of.
    pub enums: Vec<DescribedEnum>,
    /// The records, each behind those it contains; the last one is the table's.
    pub records: Vec<DescribedRecord>,
}

/// One record of a [`Description`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedRecord {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Its `layout_id`.
    pub layout_id: u64,
    /// Its `schema_id`.
    pub schema_id: u64,
    /// The version of its schema that `since` and `deprecated` of its fields refer to, from 1; 0 when they do not.
    pub version: u32,
    /// Its fields in declaration order.
    pub fields: Vec<DescribedField>,
}

/// One field of a [`DescribedRecord`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedField {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// The unit of its values, if one was given.
    pub unit: Option<String>,
    /// The kind of its elements.
    pub kind: Kind,
    /// Whether its bytes are to be shown as NUL-padded text.
    pub text: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Bytes of one element.
    pub elem_size: u32,
    /// Lengths of its dimensions, outermost first; empty for a single element.
    pub dims: Vec<u32>,
    /// Index in [`Description::records`] of the elements' record, for [`Kind::Record`].
    pub record: Option<usize>,
    /// Index in [`Description::enums`] of what its integers are values of.
    pub named: Option<usize>,
    /// Its integers count units of ten to this power.
    pub exp: i8,
    /// What its integers count, if they are moments.
    pub time: Option<Time>,
    /// The number that stands for "no value".
    pub null: Option<Number>,
    /// The least number that a writer means to store.
    pub min: Option<Number>,
    /// The greatest number that a writer means to store.
    pub max: Option<Number>,
    /// The version that brought it.
    pub since: Option<u32>,
    /// The version from which on it should not be used.
    pub deprecated: Option<u32>,
    /// The layout chain after this field.
    pub layout_chain: u64,
    /// The schema chain after this field.
    pub schema_chain: u64,
}

/// An enum or flags of a [`Description`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedEnum {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// What other integers than the named ones mean.
    pub form: Form,
    /// The kind of its integers.
    pub repr: Kind,
    /// Its id.
    pub id: u64,
    /// Its values; those that this library encodes are in ascending order.
    pub values: Vec<DescribedValue>,
}

/// A value of a [`DescribedEnum`], or one of its flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedValue {
    /// Its name.
    pub name: String,
    /// Its documentation, perhaps empty.
    pub doc: String,
    /// The value; of a flag the position of its bit.
    pub value: Number,
}

impl Description {
    /// The description of this record and all it contains.
    #[must_use]
    pub fn of(layout: &RecordLayout<'_>) -> Self {
        decode(&encode(layout))
            .unwrap_or_else(|error| unreachable!("what encode writes decode reads: {error}"))
    }

    /// The table's own record.
    ///
    /// # Panics
    /// When `records` was emptied by hand; [`decode`] never gives such a description.
    #[must_use]
    pub fn root(&self) -> &DescribedRecord {
        self.records.last().expect("a description has at least one record")
    }

    /// The type of a field as schemas write it: `f64`, `[char; 10]`, `[[u16; 4]; 2]`, `[Level; 10]`, `Side`.
    #[must_use]
    pub fn type_name(&self, field: &DescribedField) -> String {
        let mut name = String::new();
        for _ in &field.dims {
            name.push('[');
        }
        let record = field.record.and_then(|index| self.records.get(index));
        match (record, self.named(field)) {
            (Some(record), _) => name.push_str(&record.name),
            (None, Some(named)) => name.push_str(&named.name),
            (None, None) if field.text => name.push_str("char"),
            (None, None) => name.push_str(field.kind.name()),
        }
        for length in field.dims.iter().rev() {
            name.push_str(&alloc::format!("; {length}]"));
        }
        name
    }

    /// The enum or flags that a field's integers are values of.
    #[must_use]
    pub fn named(&self, field: &DescribedField) -> Option<&DescribedEnum> {
        field.named.and_then(|index| self.enums.get(index))
    }
}
