//! What the type of a member is once typedefs and qualifiers are gone. Relies on `dwarf`; does not look into structs, but
//! for the alignment of unions.

use shmrecord_layout::Kind;

use super::dwarf::{At, Debug, Entry};
use super::fault::Fault;
use super::numbers;

/// Typedefs, qualifiers and arrays around a type, and unions in unions. Damaged files have rings of them.
const MAX_CHAIN: usize = 64;
/// Members of a union that are told.
const MAX_NAMES: usize = 4;
/// Dimensions of an array that are told apart; nothing with more can be expressed.
const MAX_DIMENSIONS: usize = 16;

/// A type.
pub(super) struct Type {
    pub(super) shape: Shape,
    /// Lengths, outermost first. 0 for a length that is not given.
    pub(super) dims: Vec<u64>,
    /// Alignment that was asked for on the way.
    pub(super) asked_align: u64,
    /// The outermost of these, which the compiler follows: a typedef can lower what it stands for.
    pub(super) told_align: Option<u64>,
}

/// What each element is.
pub(super) enum Shape {
    Scalar(Kind),
    /// Plain `char`, of which text is made.
    Char(Kind),
    Enum {
        at: At,
        kind: Kind,
        /// The typedef that stands for its name, when it has none.
        alias: Option<String>,
    },
    Struct {
        at: At,
        /// The typedef that stands for its name, when it has none.
        alias: Option<String>,
    },
    /// What means nothing to other processes, or has no type in a schema.
    Foreign {
        what: String,
        size: u64,
        align: u64,
    },
}

/// Resolves what `DW_AT_type` of an entry refers to.
pub(super) fn of<'d>(debug: &Debug<'d>, entry: &Entry<'d>) -> Result<Type, Fault> {
    match debug.reference(entry, gimli::DW_AT_type)? {
        Some(at) => at_entry(debug, at, 0),
        None => Ok(foreign("nothing (void)", 0, 1)),
    }
}

/// Resolves a type.
pub(super) fn at(debug: &Debug<'_>, at: At) -> Result<Type, Fault> {
    at_entry(debug, at, 0)
}

fn at_entry(debug: &Debug<'_>, mut at: At, depth: usize) -> Result<Type, Fault> {
    let mut alias = None;
    let mut dims = Vec::new();
    let mut asked_align = 1;
    let mut told_align = None;
    // The number of dimensions around that of a vector.
    let mut vector = None;
    for _ in 0..MAX_CHAIN {
        let entry = debug.entry(at)?;
        let asked = entry.number(gimli::DW_AT_alignment);
        asked_align = asked_align.max(asked.unwrap_or(1));
        if !matches!(entry.raw.tag(), gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type) {
            told_align = told_align.or(asked);
        }
        let size = entry.number(gimli::DW_AT_byte_size);
        // What stands here may stand for a type in a unit of its own.
        let signed = debug.reference(&entry, gimli::DW_AT_signature)?;
        let shape = match entry.raw.tag() {
            gimli::DW_TAG_typedef => {
                alias = debug.name(&entry)?;
                None
            }
            gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
            | gimli::DW_TAG_template_alias => None,
            gimli::DW_TAG_array_type => {
                if entry.flag(gimli::DW_AT_GNU_vector) {
                    vector = Some(dims.len());
                }
                if dims.len() < MAX_DIMENSIONS {
                    dims.extend(lengths(debug, &entry)?);
                }
                alias = None;
                None
            }
            _ if signed.is_some_and(|signed| signed != at) => None,
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type
                if entry.flag(gimli::DW_AT_declaration) =>
            {
                let name = debug.name(&entry)?.unwrap_or_default();
                Some(Shape::Foreign {
                    what: format!("`{name}`, which is only declared here"),
                    size: 0,
                    align: 1,
                })
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type => {
                Some(Shape::Struct { at, alias: alias.take() })
            }
            gimli::DW_TAG_base_type => Some(numbers::base(debug, &entry, size.unwrap_or(0))?),
            gimli::DW_TAG_enumeration_type => {
                Some(enumeration(debug, &entry, size.unwrap_or(0), alias.take(), depth)?)
            }
            gimli::DW_TAG_union_type => {
                let align = union_align(debug, at, depth)?;
                let what = union_words(debug, at)?;
                Some(Shape::Foreign { what, size: size.unwrap_or(0), align })
            }
            tag => {
                let what = pointer(debug, &entry, tag)?;
                let (what, size) = match what {
                    Some(what) => (what, size.unwrap_or(pointer_size(debug, &entry, tag)?)),
                    None => (format!("a type that schemas do not have ({tag})"), size.unwrap_or(0)),
                };
                Some(Shape::Foreign { what, size, align: size.clamp(1, 8) })
            }
        };
        if let Some(shape) = shape {
            if let (Some(around), Shape::Scalar(kind) | Shape::Char(kind)) = (vector, &shape) {
                asked_align = asked_align.max(vector_align(*kind, &dims[around..]));
            }
            return Ok(Type { shape, dims, asked_align, told_align });
        }
        match signed.map_or_else(|| debug.reference(&entry, gimli::DW_AT_type), |signed| Ok(Some(signed)))? {
            Some(next) => at = next,
            None => return Ok(foreign("nothing (void)", 0, 1)),
        }
    }
    Ok(foreign("a type that refers to itself", 0, 1))
}

fn foreign(what: &str, size: u64, align: u64) -> Type {
    let shape = Shape::Foreign { what: what.to_owned(), size, align };
    Type { shape, dims: Vec::new(), asked_align: 1, told_align: None }
}

/// The alignment of a vector, for `__attribute__((vector_size))`: its size.
fn vector_align(kind: Kind, dims: &[u64]) -> u64 {
    let elem_size = u64::from(kind.size().unwrap_or(1));
    let size = dims.iter().try_fold(elem_size, |size, length| size.checked_mul(*length));
    size.and_then(u64::checked_next_power_of_two).unwrap_or(1)
}

/// The lengths of an array's dimensions.
fn lengths<'d>(debug: &Debug<'d>, array: &Entry<'d>) -> Result<Vec<u64>, Fault> {
    let mut lengths = Vec::new();
    for child in debug.children(array.at)? {
        if child.raw.tag() == gimli::DW_TAG_subrange_type && lengths.len() < MAX_DIMENSIONS {
            // GCC's last index of an array without elements is -1, in 32 bits or 64.
            let last = child.number(gimli::DW_AT_upper_bound).map(|last| last.wrapping_add(1));
            let count = child.number(gimli::DW_AT_count).or(last).unwrap_or(0);
            lengths.push(if count == 1 << 32 { 0 } else { count });
        }
    }
    Ok(lengths)
}

fn enumeration<'d>(
    debug: &Debug<'d>,
    entry: &Entry<'d>,
    size: u64,
    alias: Option<String>,
    depth: usize,
) -> Result<Shape, Fault> {
    let signed = match debug.reference(entry, gimli::DW_AT_type)? {
        Some(underlying) if depth < MAX_CHAIN => match at_entry(debug, underlying, depth + 1)?.shape {
            Shape::Scalar(kind) | Shape::Char(kind) => {
                matches!(kind, Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64)
            }
            _ => false,
        },
        _ => numbers::enumerators(debug, entry.at)?.iter().any(|(_, value)| *value < 0),
    };
    Ok(match numbers::integer(size, signed) {
        Some(kind) => Shape::Enum { at: entry.at, kind, alias },
        None => Shape::Foreign { what: format!("an enum of {size} bytes"), size, align: size.clamp(1, 16) },
    })
}

/// A union in words.
fn union_words(debug: &Debug<'_>, at: At) -> Result<String, Fault> {
    let mut names = Vec::new();
    for member in debug.children(at)? {
        if member.raw.tag() == gimli::DW_TAG_member && names.len() < MAX_NAMES {
            names.push(debug.name(&member)?.map_or("a struct".to_owned(), |name| format!("`{name}`")));
        }
    }
    let of = if names.is_empty() { "" } else { " of " };
    Ok(format!("a union{of}{}", names.join(", ")))
}

/// The alignment that the members of a union give it.
fn union_align(debug: &Debug<'_>, at: At, depth: usize) -> Result<u64, Fault> {
    let asked = |entry: &Entry<'_>| entry.number(gimli::DW_AT_alignment).unwrap_or(1);
    let mut align = asked(&debug.entry(at)?);
    for member in debug.children(at)? {
        align = align.max(asked(&member));
        let Some(ty) = debug.reference(&member, gimli::DW_AT_type)? else { continue };
        if depth < MAX_CHAIN && member.raw.tag() == gimli::DW_TAG_member {
            let ty = at_entry(debug, ty, depth + 1)?;
            let natural = match ty.shape {
                Shape::Scalar(kind) | Shape::Char(kind) | Shape::Enum { kind, .. } => {
                    kind.size().map_or(1, u64::from)
                }
                Shape::Struct { at, .. } => union_align(debug, at, depth + 1)?,
                Shape::Foreign { align, .. } => align,
            };
            align = align.max(ty.told_align.unwrap_or(natural.max(ty.asked_align)));
        }
    }
    Ok(align)
}

/// The size of what points somewhere, which compilers do not always say: that to a method has an offset beside it.
fn pointer_size<'d>(debug: &Debug<'d>, entry: &Entry<'d>, tag: gimli::DwTag) -> Result<u64, Fault> {
    let Some(target) = debug.reference(entry, gimli::DW_AT_type)? else { return Ok(8) };
    let to_method = tag == gimli::DW_TAG_ptr_to_member_type
        && debug.entry(target)?.raw.tag() == gimli::DW_TAG_subroutine_type;
    Ok(if to_method { 16 } else { 8 })
}

/// What points somewhere, in words.
fn pointer<'d>(debug: &Debug<'d>, entry: &Entry<'d>, tag: gimli::DwTag) -> Result<Option<String>, Fault> {
    let to = |mark: &str| -> Result<String, Fault> {
        let Some(target) = debug.reference(entry, gimli::DW_AT_type)? else {
            return Ok(format!(" (`void {mark}`)"));
        };
        let target = debug.entry(target)?;
        if target.raw.tag() == gimli::DW_TAG_subroutine_type {
            return Ok(" to a function".to_owned());
        }
        Ok(debug.name(&target)?.map_or(String::new(), |name| format!(" (`{name} {mark}`)")))
    };
    Ok(Some(match tag {
        gimli::DW_TAG_pointer_type => format!("a pointer{}", to("*")?),
        gimli::DW_TAG_reference_type => format!("a reference{}", to("&")?),
        gimli::DW_TAG_rvalue_reference_type => format!("a reference{}", to("&&")?),
        gimli::DW_TAG_ptr_to_member_type => "a pointer to a member".to_owned(),
        gimli::DW_TAG_unspecified_type => "a null pointer".to_owned(),
        gimli::DW_TAG_subroutine_type => "a function".to_owned(),
        _ => return Ok(None),
    }))
}
