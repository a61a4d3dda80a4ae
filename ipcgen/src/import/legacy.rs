//! Structs as a compiler placed them, each behind those it contains. Relies on `members` and `types` to read them and on
//! `express` for what a schema can say; knows no syntax.

use std::collections::HashMap;

use shmrecord_layout::Kind;

use super::dwarf::{At, Debug, Place};
use super::express;
use super::fault::Fault;
use super::members;
use super::numbers;

/// Structs in one another; schemas allow fewer.
const MAX_NESTING: usize = 64;

/// A struct with all that it contains.
#[derive(Default)]
pub(super) struct Legacy {
    /// The one that was asked for is the last.
    pub(super) structs: Vec<Struct>,
    pub(super) enums: Vec<Enum>,
}

/// A struct.
pub(super) struct Struct {
    /// The name in C, or one made of those around it; in C++ without namespaces.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) size: u64,
    /// What its members ask for, also those that cannot be expressed.
    pub(super) align: u64,
    /// The alignment that the compiler gave it, as far as that is told; in the schema it can be `align` only.
    pub(super) compiled_align: u64,
    /// How deep structs are nested in it; 1 without any.
    pub(super) depth: usize,
    /// In the order of their offsets, apart.
    pub(super) fields: Vec<Field>,
    pub(super) refused: Vec<Refused>,
}

/// A member that a schema can express.
#[derive(Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) element: Element,
    pub(super) dims: Vec<u32>,
    pub(super) doc: String,
}

/// What each element of a field is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Element {
    Scalar(Kind),
    /// A byte of text.
    Char,
    /// By index in [`Legacy::structs`].
    Struct(usize),
    /// By index in [`Legacy::enums`].
    Enum(usize),
}

/// An enum.
pub(super) struct Enum {
    /// The name in C, or one made of those around it.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// In the order of their declaration.
    pub(super) values: Vec<(String, i128)>,
}

/// A member that a schema cannot express.
pub(super) struct Refused {
    /// Perhaps empty.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) offset: u64,
    /// 0 when it takes no bytes, or nobody knows which.
    pub(super) size: u64,
    /// What it is, in words.
    pub(super) what: String,
    /// Whether it is a bit-field, which has no address in C.
    pub(super) is_bits: bool,
    /// Whether its bytes are somewhere in the struct, where nothing else is.
    pub(super) is_nowhere: bool,
}

impl Legacy {
    /// Reads a struct.
    pub(super) fn read(debug: &Debug<'_>, at: At, name: &str) -> Result<Self, Fault> {
        debug.rest();
        let mut reading = Reading {
            debug,
            legacy: Self::default(),
            structs: HashMap::new(),
            enums: HashMap::new(),
            open: Vec::new(),
        };
        reading.structure(at, name)?;
        Ok(reading.legacy)
    }

    /// Whether both are the same, wherever they are declared.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let refused = |one: &Refused, other: &Refused| {
            (&one.name, one.offset, one.size, &one.what)
                == (&other.name, other.offset, other.size, &other.what)
        };
        let structs = |one: &Struct, other: &Struct| {
            (&one.name, one.size, one.align) == (&other.name, other.size, other.align)
                && one.fields == other.fields
                && all(&one.refused, &other.refused, refused)
        };
        let enums = |one: &Enum, other: &Enum| {
            (&one.name, one.kind, &one.values) == (&other.name, other.kind, &other.values)
        };
        all(&self.enums, &other.enums, enums) && all(&self.structs, &other.structs, structs)
    }

    /// What a field has in its type.
    pub(super) fn element_facts(&self, element: Element) -> (u64, u64) {
        match element {
            Element::Char => (1, 1),
            Element::Scalar(kind) => kind.size().map_or((0, 1), |size| (size.into(), size.into())),
            Element::Enum(index) => self.element_facts(Element::Scalar(self.enums[index].kind)),
            Element::Struct(index) => (self.structs[index].size, self.structs[index].align),
        }
    }
}

fn all<T>(one: &[T], other: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

/// What has been read so far.
pub(super) struct Reading<'r, 'd> {
    pub(super) debug: &'r Debug<'d>,
    pub(super) legacy: Legacy,
    structs: HashMap<At, usize>,
    enums: HashMap<At, usize>,
    /// Those that are being read.
    open: Vec<At>,
}

impl Reading<'_, '_> {
    /// The index of a struct, which is read when it was not yet. The name is for one without.
    pub(super) fn structure(&mut self, at: At, name: &str) -> Result<usize, Fault> {
        if let Some(&known) = self.structs.get(&at) {
            return Ok(known);
        }
        if self.open.contains(&at) || self.open.len() >= MAX_NESTING {
            let place = self.debug.place(&self.debug.entry(at)?)?;
            let what = format!("contains itself, or is in structs more than {MAX_NESTING} deep");
            return Err(Fault::new(format!("`{name}` ({place}) {what}")));
        }
        self.open.push(at);
        let entry = self.debug.entry(at)?;
        let own = self.debug.name(&entry)?;
        // What was asked for has the name that it was asked for by.
        let name = own.filter(|_| self.open.len() > 1).unwrap_or_else(|| name.to_owned());
        let size = entry.number(gimli::DW_AT_byte_size).unwrap_or(0);
        let asked_align = entry.number(gimli::DW_AT_alignment).unwrap_or(1);
        let place = self.debug.place(&entry)?;
        let members = members::of(self.debug, at)?;
        let structure = express::structure(
            self,
            Struct {
                name,
                place,
                size,
                align: asked_align,
                compiled_align: asked_align,
                depth: 1,
                fields: Vec::new(),
                refused: Vec::new(),
            },
            members,
        )?;
        self.open.pop();
        let index = self.legacy.structs.len();
        self.legacy.structs.push(structure);
        self.structs.insert(at, index);
        Ok(index)
    }

    /// The index of an enum. The name is for one without.
    pub(super) fn enumeration(&mut self, at: At, kind: Kind, name: &str) -> Result<usize, Fault> {
        if let Some(&known) = self.enums.get(&at) {
            return Ok(known);
        }
        let entry = self.debug.entry(at)?;
        let name = self.debug.name(&entry)?.unwrap_or_else(|| name.to_owned());
        let place = self.debug.place(&entry)?;
        let values = numbers::enumerators(self.debug, at)?;
        self.legacy.enums.push(Enum { name, place, kind, values });
        let index = self.legacy.enums.len() - 1;
        self.enums.insert(at, index);
        Ok(index)
    }
}
