//! A schema that holds: everything placed, named and identified, ready to be written in any language. Relies on the
//! layout crate for kinds and numbers; knows no file and no language's syntax. Emitters read it and check nothing.

use std::sync::Arc;

pub use shmrecord_layout::{Form, Kind, Number, Time};

mod field;
mod named;
mod segment;

pub use field::{Deprecated, Field};
pub use named::{Enum, EnumValue};
pub use segment::{Guard, Segment};

/// A schema, complete.
#[derive(Clone, Debug)]
pub struct Model {
    /// The schema's file name, without its folder.
    pub file: String,
    /// The schema's name: prefix in C, module in Rust, stem of the generated files.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// The schemas that it imports, in its order. What they declare and this one needs stands below with its
    /// [`Origin`]; code for it is in their files.
    pub imports: Vec<Arc<Model>>,
    /// The constants, as they stand in the schema.
    pub constants: Vec<Constant>,
    /// Enums and flags: first the imported ones, then as they stand in the schema.
    pub enums: Vec<Enum>,
    /// The records, each behind those it contains, the imported ones first.
    pub records: Vec<Record>,
    /// The segments of other programs, as they stand in the schema.
    pub segments: Vec<Segment>,
}

/// Which schema declares something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This one.
    Here,
    /// Another one, by its name.
    Imported(String),
}

/// Names that a schema chooses for single languages; without one their own rules make it from the schema's name. Those for
/// C and Rust have been followed already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamed {
    /// In Go.
    pub go: Option<String>,
    /// In Python.
    pub python: Option<String>,
}

/// A named number.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The name in the schema.
    pub name: String,
    /// Its name in other languages.
    pub renamed: Renamed,
    /// The name in Rust.
    pub rust_name: String,
    /// The macro in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// From -2^63 to 2^64 - 1.
    pub value: i128,
}

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The schema that declares it.
    pub origin: Origin,
    /// The name in the schema.
    pub name: String,
    /// Its name in other languages.
    pub renamed: Renamed,
    /// Names by which other versions of the schema know it.
    pub aliases: Vec<String>,
    /// The struct's name in Rust.
    pub rust_name: String,
    /// The type's name in C.
    pub c_name: String,
    /// What its macros begin with in C.
    pub c_macro: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Alignment that its fields give it, before it was raised.
    pub natural_align: u32,
    /// Fields and padding, without a gap from byte 0 to `size`.
    pub members: Vec<Member>,
    /// Fingerprint of what the bytes are.
    pub layout_id: u64,
    /// Fingerprint of what the bytes mean.
    pub schema_id: u64,
    /// The description that a segment of such records carries.
    pub description: Vec<u8>,
    /// Whether some bytes are no value: it holds a `bool` or a closed enum, perhaps in a nested record.
    pub has_invalid: bool,
    /// Whether it holds padding, perhaps in a nested record.
    pub has_padding: bool,
}

/// What fills a range of a record.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every member is a field")]
pub enum Member {
    /// A field of the schema.
    Field(Field),
    /// Bytes that mean nothing and are zero.
    Pad(Pad),
}

/// Padding.
#[derive(Clone, Debug)]
pub struct Pad {
    /// `_pad0`, `_pad1`, ... or, for the room that `size` reserves, `_reserved`.
    pub name: String,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// Whether it is there because the schema says so, and no compiler would insert it by itself.
    pub asked: bool,
}

/// What a field holds: elements in up to four dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// What each element is.
    pub element: Element,
    /// Lengths, outermost first; empty for a single element.
    pub dims: Vec<u32>,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A number or a `bool`.
    Scalar(Kind),
    /// A byte of NUL-padded text; only in `[char; N]`.
    Char,
    /// An enum or flags, by its index in [`Model::enums`].
    Enum(usize),
    /// A record, by its index in [`Model::records`].
    Record(usize),
}

impl Model {
    /// The enums and flags that this schema declares.
    pub fn own_enums(&self) -> impl Iterator<Item = &Enum> {
        self.enums.iter().filter(|declared| declared.origin == Origin::Here)
    }

    /// The records that this schema declares.
    pub fn own_records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.origin == Origin::Here)
    }

    /// What the elements of a field are in memory; [`Kind::Record`] for records.
    #[must_use]
    pub fn kind(&self, element: Element) -> Kind {
        match element {
            Element::Scalar(kind) => kind,
            Element::Char => Kind::U8,
            Element::Enum(at) => self.enums[at].repr,
            Element::Record(_) => Kind::Record,
        }
    }

    /// The type as schemas write it, constants as numbers: `[char; 10]`, `[[u16; 4]; 2]`, `[Level; 10]`.
    #[must_use]
    pub fn type_name(&self, ty: &Type) -> String {
        let element = match ty.element {
            Element::Scalar(kind) => kind.name(),
            Element::Char => "char",
            Element::Enum(index) => &self.enums[index].name,
            Element::Record(index) => &self.records[index].name,
        };
        array_type(element, &ty.dims)
    }
}

/// An array type in the syntax that schemas and Rust share: `[[u16; 4]; 2]` for `[2, 4]`.
pub(crate) fn array_type(element: &str, dims: &[u32]) -> String {
    let mut name = "[".repeat(dims.len()) + element;
    for length in dims.iter().rev() {
        name.push_str(&format!("; {length}]"));
    }
    name
}

impl Record {
    /// The fields, without the padding.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.members.iter().filter_map(|member| match member {
            Member::Field(field) => Some(field),
            Member::Pad(_) => None,
        })
    }

    /// Whether something is said of a field that refers to versions of the schema.
    #[must_use]
    pub fn refers_to_versions(&self) -> bool {
        self.fields().any(|field| field.since.is_some() || field.deprecated.is_some())
    }

    /// The padding.
    pub fn pads(&self) -> impl Iterator<Item = &Pad> {
        self.members.iter().filter_map(|member| match member {
            Member::Pad(pad) => Some(pad),
            Member::Field(_) => None,
        })
    }
}
