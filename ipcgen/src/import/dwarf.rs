//! Entries of DWARF by their place: attributes, children, references, lines. Relies on `gimli`; does not know what the
//! entries mean. Everything read is counted, so that no damaged file keeps us for ever.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use gimli::{
    AbbreviationsCacheStrategy, AttributeValue, DebuggingInformationEntry, DwAt, Dwarf, DwarfFileType,
    EndianSlice, LittleEndian, Section, Unit, UnitHeader, UnitOffset, UnitType,
};

use super::fault::Fault;
use super::object::Sections;
use super::printable;

pub(super) type Bytes<'d> = EndianSlice<'d, LittleEndian>;
pub(super) type Raw<'d> = DebuggingInformationEntry<Bytes<'d>>;

/// Entries and attributes that are looked at to describe one struct and all that are in it.
const MAX_STEPS: usize = 5_000_000;

/// Where an entry is: the number of its unit, and the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub(super) unit: usize,
    pub(super) offset: UnitOffset,
}

/// Where something was declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// As the compiler wrote it; empty when it did not.
    pub(super) file: String,
    pub(super) line: u64,
}

/// An entry with its place.
pub(super) struct Entry<'d> {
    pub(super) at: At,
    pub(super) raw: Raw<'d>,
}

/// All of a file's DWARF.
pub(super) struct Debug<'d> {
    dwarf: Dwarf<Bytes<'d>>,
    headers: Vec<UnitHeader<Bytes<'d>>>,
    /// Types in units of their own, by signature.
    signatures: HashMap<u64, At>,
    /// Units that were needed.
    units: RefCell<HashMap<usize, Rc<Unit<Bytes<'d>>>>>,
    steps: Cell<usize>,
    passed: Cell<usize>,
    passable: usize,
}

impl<'d> Debug<'d> {
    pub(super) fn new(sections: &'d Sections<'_>) -> Result<Self, Fault> {
        let mut dwarf = sections.dwarf.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
        if sections.split {
            dwarf.file_type = DwarfFileType::Dwo;
        }
        dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
        let mut headers = Vec::new();
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            headers.push(header);
        }
        let mut types = dwarf.type_units();
        while let Some(header) = types.next()? {
            headers.push(header);
        }
        // Few attributes take no bytes; the file is passed twice at most.
        let passable = 16 * (dwarf.debug_info.reader().len() + dwarf.debug_types.reader().len()) + 4096;
        let signature = |(unit, header): (usize, &UnitHeader<_>)| match header.type_() {
            UnitType::Type { type_signature, type_offset }
            | UnitType::SplitType { type_signature, type_offset } => {
                Some((type_signature.0, At { unit, offset: type_offset }))
            }
            _ => None,
        };
        let signatures = headers.iter().enumerate().filter_map(signature).collect();
        Ok(Self {
            dwarf,
            headers,
            signatures,
            units: RefCell::default(),
            steps: Cell::new(0),
            passed: Cell::new(0),
            passable,
        })
    }

    pub(super) fn unit_count(&self) -> usize {
        self.headers.len()
    }

    /// A unit, for a pass over all; it is not kept.
    pub(super) fn passing(&self, unit: usize) -> Result<Unit<Bytes<'d>>, Fault> {
        Ok(self.dwarf.unit(self.headers[unit])?)
    }

    fn unit(&self, unit: usize) -> Result<Rc<Unit<Bytes<'d>>>, Fault> {
        if let Some(known) = self.units.borrow().get(&unit) {
            return Ok(Rc::clone(known));
        }
        let new = Rc::new(self.passing(unit)?);
        self.units.borrow_mut().insert(unit, Rc::clone(&new));
        Ok(new)
    }

    fn step(&self, raw: &Raw<'d>) -> Result<(), Fault> {
        self.steps.set(self.steps.get() + 1 + raw.attrs().len());
        if self.steps.get() > MAX_STEPS {
            return Err(Fault::new("the struct holds too many others to be described"));
        }
        Ok(())
    }

    /// Counts an entry of a pass over all: more attributes than the file has bytes for are a trick.
    pub(super) fn pass(&self, raw: &Raw<'d>) -> Result<(), Fault> {
        self.passed.set(self.passed.get() + raw.attrs().len());
        if self.passed.get() > self.passable {
            return Err(Fault::unusable(
                "the debugging information is damaged: it has more attributes than bytes",
            ));
        }
        Ok(())
    }

    /// Begins to count anew, and forgets units: a struct is in thousands of them.
    pub(super) fn rest(&self) {
        self.steps.set(0);
        self.units.borrow_mut().clear();
    }

    pub(super) fn entry(&self, at: At) -> Result<Entry<'d>, Fault> {
        let raw = self.unit(at.unit)?.entry(at.offset)?;
        self.step(&raw)?;
        Ok(Entry { at, raw })
    }

    /// The entries right below one.
    pub(super) fn children(&self, at: At) -> Result<Vec<Entry<'d>>, Fault> {
        let unit = self.unit(at.unit)?;
        let mut tree = unit.entries_tree(Some(at.offset))?;
        let mut nodes = tree.root()?.children();
        let mut children = Vec::new();
        while let Some(node) = nodes.next()? {
            let raw = node.entry().clone();
            self.step(&raw)?;
            children.push(Entry { at: At { offset: raw.offset(), ..at }, raw });
        }
        Ok(children)
    }

    /// What an attribute refers to.
    pub(super) fn reference(&self, entry: &Entry<'d>, name: DwAt) -> Result<Option<At>, Fault> {
        let Some(value) = entry.raw.attr_value(name) else { return Ok(None) };
        let found = match value {
            AttributeValue::UnitRef(offset) => Some(At { offset, ..entry.at }),
            AttributeValue::DebugInfoRef(offset) => {
                let section = |header: &UnitHeader<_>| header.debug_info_offset();
                // Units of the other section, whose offsets are of it, stand behind all.
                let behind = self
                    .headers
                    .partition_point(|header| section(header).is_some_and(|start| start <= offset));
                behind.checked_sub(1).and_then(|unit| {
                    let offset = offset.to_unit_offset(&self.headers[unit])?;
                    Some(At { unit, offset })
                })
            }
            AttributeValue::DebugTypesRef(signature) => self.signatures.get(&signature.0).copied(),
            AttributeValue::DebugInfoRefSup(_) => {
                let fault = Fault::unusable("a part of the debugging information is in another file (dwz)");
                return Err(fault.help("give the file as the compiler wrote it"));
            }
            _ => None,
        };
        match found {
            Some(at) => Ok(Some(at)),
            None => Err(Fault::unusable("the debugging information is damaged: a reference leads nowhere")),
        }
    }

    /// The text of an attribute.
    pub(super) fn text(&self, entry: &Entry<'d>, name: DwAt) -> Result<Option<String>, Fault> {
        let Some(value) = entry.raw.attr_value(name) else { return Ok(None) };
        let unit = self.unit(entry.at.unit)?;
        Ok(Some(printable(self.dwarf.attr_string(&unit, value)?.slice())))
    }

    pub(super) fn name(&self, entry: &Entry<'d>) -> Result<Option<String>, Fault> {
        self.text(entry, gimli::DW_AT_name)
    }

    /// The name of an entry of a unit that is passed.
    pub(super) fn passing_name(
        &self,
        unit: &Unit<Bytes<'d>>,
        raw: &Raw<'d>,
    ) -> Result<Option<&'d [u8]>, Fault> {
        let Some(value) = raw.attr_value(gimli::DW_AT_name) else { return Ok(None) };
        Ok(Some(self.dwarf.attr_string(unit, value)?.slice()))
    }

    /// Where an entry was declared.
    pub(super) fn place(&self, entry: &Entry<'d>) -> Result<Place, Fault> {
        let line =
            entry.raw.attr(gimli::DW_AT_decl_line).and_then(gimli::Attribute::udata_value).unwrap_or(0);
        let unit = self.unit(entry.at.unit)?;
        let number = match entry.raw.attr_value(gimli::DW_AT_decl_file) {
            Some(AttributeValue::FileIndex(number) | AttributeValue::Udata(number)) => number,
            _ => return Ok(Place { file: String::new(), line }),
        };
        let header = unit.line_program.as_ref().map(gimli::IncompleteLineProgram::header);
        let Some((header, file)) = header.and_then(|header| Some((header, header.file(number)?))) else {
            return Ok(Place { file: String::new(), line });
        };
        let name = printable(self.dwarf.attr_string(&unit, file.path_name())?.slice());
        let folder = match file.directory(header) {
            Some(folder) if !name.starts_with('/') => {
                printable(self.dwarf.attr_string(&unit, folder)?.slice())
            }
            _ => String::new(),
        };
        let file = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        Ok(Place { file, line })
    }
}

impl Entry<'_> {
    pub(super) fn number(&self, name: DwAt) -> Option<u64> {
        self.raw.attr(name).and_then(gimli::Attribute::udata_value)
    }

    pub(super) fn flag(&self, name: DwAt) -> bool {
        matches!(self.raw.attr_value(name), Some(AttributeValue::Flag(true)))
    }
}

impl Place {
    /// The file without its folders: what does not depend on the machine.
    pub(super) fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() { f.write_str("?") } else { write!(f, "{}:{}", self.file, self.line) }
    }
}
