//! Where the struct of a name is defined, in all of a file, and which names are near when none is. Relies on `dwarf`; does
//! not look into structs.

use std::collections::{BTreeSet, HashSet};

use gimli::{DwTag, UnitOffset};

use super::dwarf::{At, Debug, Raw};
use super::fault::Fault;
use super::printable;

/// Names that are compared with one that is unknown.
const MAX_NAMES: usize = 200_000;
/// Names that are proposed.
const MAX_PROPOSALS: usize = 5;

/// What bears the name.
#[derive(Default)]
pub(super) struct Found {
    /// Structs, and typedefs of anything.
    pub(super) entries: Vec<At>,
    /// Whether there is a declaration without members.
    pub(super) declared: bool,
    /// Whether the file says that its types are in another file (`-gsplit-dwarf`).
    pub(super) split: bool,
}

/// Looks through all entries for structs and typedefs called so: `quote`, `ns::Quote`.
pub(super) fn named(debug: &Debug<'_>, wanted: &str) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut declarations: HashSet<(usize, UnitOffset)> = HashSet::new();
    let split = walk(debug, |entry| {
        let completes = match entry.raw.attr_value(gimli::DW_AT_specification) {
            Some(gimli::AttributeValue::UnitRef(offset)) => declarations.contains(&(entry.at.unit, offset)),
            _ => false,
        };
        if !completes && (!wanted.as_bytes().ends_with(entry.name) || !entry.is_called(wanted)) {
            return;
        }
        if entry.raw.has_attr(gimli::DW_AT_declaration) {
            declarations.insert((entry.at.unit, entry.at.offset));
            found.declared = true;
        } else {
            found.entries.push(entry.at);
        }
    })?;
    Ok(Found { split, ..found })
}

/// Names of structs that were perhaps meant.
pub(super) fn near(debug: &Debug<'_>, wanted: &str) -> Result<Vec<String>, Fault> {
    let mut names = BTreeSet::new();
    walk(debug, |entry| {
        if names.len() < MAX_NAMES && !entry.name.is_empty() && !entry.raw.has_attr(gimli::DW_AT_declaration)
        {
            names.insert(entry.qualified());
        }
    })?;
    let last = |name: &str| own_name(name).to_lowercase();
    let (whole, end) = (wanted.to_lowercase(), last(wanted));
    let mut ranked: Vec<(usize, usize, String)> = Vec::new();
    for name in names {
        let other = last(&name);
        let limit = (end.len() / 3).max(1);
        let close = |one: &str, other: &str| match one.len().abs_diff(other.len()) {
            0..64 if one.len().abs_diff(other.len()) <= limit => strsim::osa_distance(one, other),
            _ => usize::MAX,
        };
        let distance = close(&end, &other).min(close(&whole, &name.to_lowercase()));
        // Other languages have names such as `&[T]`.
        if distance <= limit && name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            ranked.push((distance, name.len(), name));
        }
    }
    ranked.sort();
    ranked.truncate(MAX_PROPOSALS);
    Ok(ranked.into_iter().map(|(_, _, name)| name).collect())
}

/// A name without the namespaces and classes around it.
pub(super) fn own_name(name: &str) -> &str {
    let outer = &name[..name.find('<').unwrap_or(name.len())];
    &name[outer.rfind("::").map_or(0, |at| at + 2)..]
}

/// A struct or typedef on the way.
struct Passed<'w, 'd> {
    at: At,
    raw: &'w Raw<'d>,
    name: &'w [u8],
    scopes: &'w [Scope<'d>],
}

/// A namespace or class around.
struct Scope<'d> {
    depth: isize,
    name: Option<&'d [u8]>,
    /// Whether its names are those of the scope around it, too.
    is_inline: bool,
}

impl Passed<'_, '_> {
    fn is_called(&self, wanted: &str) -> bool {
        let short = || self.name_in(self.scopes.iter().filter(|scope| !scope.is_inline));
        self.qualified() == wanted || self.scopes.iter().any(|scope| scope.is_inline) && short() == wanted
    }

    /// The name with those of the namespaces and classes around it.
    fn qualified(&self) -> String {
        self.name_in(self.scopes.iter())
    }

    fn name_in<'s>(&self, scopes: impl Iterator<Item = &'s Scope<'s>>) -> String {
        let scopes = scopes.filter_map(|scope| scope.name).map(|name| printable(name) + "::");
        scopes.collect::<String>() + &printable(self.name)
    }
}

/// Calls for every struct, union and typedef. Gives whether types are in another file.
fn walk<'d>(debug: &Debug<'d>, mut visit: impl FnMut(&Passed<'_, 'd>)) -> Result<bool, Fault> {
    let mut split = false;
    for unit_number in 0..debug.unit_count() {
        let unit = debug.passing(unit_number)?;
        split |= unit.dwo_name()?.is_some();
        let mut entries = unit.entries();
        let mut scopes: Vec<Scope<'d>> = Vec::new();
        while let Some(raw) = entries.next_dfs()? {
            debug.pass(raw)?;
            let depth = raw.depth();
            while scopes.last().is_some_and(|scope| scope.depth >= depth) {
                scopes.pop();
            }
            let tag = raw.tag();
            if !is_type(tag) && tag != gimli::DW_TAG_namespace {
                continue;
            }
            let name = debug.passing_name(&unit, raw)?;
            if is_type(tag) && (name.is_some() || raw.has_attr(gimli::DW_AT_specification)) {
                let at = At { unit: unit_number, offset: raw.offset() };
                visit(&Passed { at, raw, name: name.unwrap_or_default(), scopes: &scopes });
            }
            if raw.has_children() {
                scopes.push(Scope { depth, name, is_inline: raw.has_attr(gimli::DW_AT_export_symbols) });
            }
        }
    }
    Ok(split)
}

fn is_type(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_typedef
    )
}
