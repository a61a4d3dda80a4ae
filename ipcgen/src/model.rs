//! A schema that holds: everything placed, named and identified, ready to be written in any language. Relies on the
//! layout crate for kinds; knows no file and no language's syntax. Emitters read it and check nothing.

use shmrecord_layout::Kind;

/// A schema, complete.
#[derive(Clone, Debug)]
pub struct Model {
    /// The schema's file name, without its folder.
    pub file: String,
    /// The schema's name: prefix in C, module in Rust, stem of the generated files.
    pub name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// The constants, as they stand in the schema.
    pub constants: Vec<Constant>,
    /// The records, each behind those it contains.
    pub records: Vec<Record>,
    /// The segments of other programs, as they stand in the schema.
    pub segments: Vec<Segment>,
}

/// A named number.
#[derive(Clone, Debug)]
pub struct Constant {
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
    /// The name in the schema.
    pub name: String,
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
    /// Whether some bytes are no value: it holds a `bool`, perhaps in a nested record.
    pub has_invalid: bool,
    /// Whether it holds padding, perhaps in a nested record.
    pub has_padding: bool,
}

/// What fills a range of a record.
#[derive(Clone, Debug)]
pub enum Member {
    /// A field of the schema.
    Field(Field),
    /// Bytes that mean nothing and are zero.
    Pad(Pad),
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name in the schema, in C and in Rust.
    pub name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// The unit of its values.
    pub unit: Option<String>,
    /// What it holds.
    pub ty: Type,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Bytes of the whole field.
    pub size: u32,
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
    /// A record, by its index in [`Model::records`].
    Record(usize),
}

/// A table in a segment that another program made and laid out.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The name in the schema.
    pub name: String,
    /// The constant's name in Rust.
    pub rust_name: String,
    /// What its names begin with in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// Where the segment is, as the runtime takes it: `sysv:0x1234`.
    pub address: String,
    /// What the table holds, by its index in [`Model::records`].
    pub record: usize,
    /// Bytes from the start of the segment to record 0.
    pub offset: u64,
    /// Number of records; `None` for as many as fit.
    pub count: Option<u64>,
    /// Bytes from record to record.
    pub stride: u64,
    /// How the other program guards the records.
    pub guard: Guard,
    /// Permission bits, when the schema says them.
    pub mode: Option<u32>,
    /// A user id that is trusted, when the schema says one.
    pub owner: Option<u32>,
    /// Whether a memfd is accepted whose size is not sealed.
    pub accept_unsealed: bool,
    /// Milliseconds that an access may wait, when the schema says so.
    pub timeout_ms: Option<u32>,
}

/// How another program guards its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Not at all.
    None,
    /// By a semaphore of a System V set.
    Sysv {
        /// The set's key, as behind `sysv:`.
        key: String,
        /// The semaphore's number in the set.
        index: u16,
    },
    /// By a POSIX semaphore.
    Posix {
        /// Its name, with the slash.
        name: String,
    },
    /// By counters that are odd while their writer writes.
    Seqcount {
        /// Bytes from the start of the segment to the counter, or to that of record 0.
        offset: u64,
        /// 32 or 64.
        bits: u32,
        /// Whether each record has a counter of its own, a stride behind that of the record before.
        per_record: bool,
    },
}

impl Model {
    /// The type as schemas write it, constants as numbers: `[char; 10]`, `[[u16; 4]; 2]`, `[Level; 10]`.
    #[must_use]
    pub fn type_name(&self, ty: &Type) -> String {
        let element = match ty.element {
            Element::Scalar(kind) => kind.name(),
            Element::Char => "char",
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

    /// The padding.
    pub fn pads(&self) -> impl Iterator<Item = &Pad> {
        self.members.iter().filter_map(|member| match member {
            Member::Pad(pad) => Some(pad),
            Member::Field(_) => None,
        })
    }
}
