//! What a struct is made of, flat: the members of its bases and of structs without a name are its own. Relies on `dwarf` and
//! `types`; does not judge what can be expressed, but where it stands.

use gimli::{AttributeValue, Reader};

use super::dwarf::{At, Debug, Entry, Place};
use super::fault::Fault;
use super::types::{self, Shape, Type};

/// Bases and nameless structs in one another.
const MAX_FLAT: usize = 64;
/// Members of one struct.
const MAX_MEMBERS: usize = 65_536;

/// A part of a struct.
pub(super) struct Member {
    /// Empty for a nameless union.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) offset: u64,
    pub(super) holds: Holds,
    pub(super) asked_align: u64,
    /// The alignment that the compiler gave it, where that is not what its type has by itself.
    pub(super) told_align: Option<u64>,
}

/// What a part holds.
pub(super) enum Holds {
    Value(Type),
    /// Bits, in so many bytes, with the alignment of their type.
    Bits {
        size: u64,
        align: u64,
    },
    /// Something that is in no place known to the compiler, as virtual bases.
    Nowhere {
        what: &'static str,
    },
}

/// The members of a struct, in the order of their offsets.
pub(super) fn of(debug: &Debug<'_>, at: At) -> Result<Vec<Member>, Fault> {
    let mut members = Vec::new();
    gather(debug, at, 0, 0, &mut members)?;
    members.sort_by_key(|member| member.offset);
    Ok(members)
}

fn gather(
    debug: &Debug<'_>,
    at: At,
    base: u64,
    depth: usize,
    members: &mut Vec<Member>,
) -> Result<(), Fault> {
    if depth > MAX_FLAT {
        return Err(Fault::new(format!("structs are in one another more than {MAX_FLAT} deep")));
    }
    let first = members.len();
    for entry in debug.children(at)? {
        if members.len() >= MAX_MEMBERS {
            return Err(Fault::new(format!("the struct has more than {MAX_MEMBERS} members")));
        }
        match entry.raw.tag() {
            gimli::DW_TAG_inheritance => inherited(debug, &entry, base, depth, members)?,
            // Static members are elsewhere.
            gimli::DW_TAG_member
                if !entry.flag(gimli::DW_AT_external) && !entry.flag(gimli::DW_AT_declaration) =>
            {
                member(debug, &entry, base, depth, members)?;
            }
            gimli::DW_TAG_variant_part => members.push(nowhere(debug, &entry, base, "variants")?),
            _ => {}
        }
    }
    // What a base or a nameless struct asks for, the struct around it has.
    let asked_align = debug.entry(at)?.number(gimli::DW_AT_alignment).unwrap_or(1);
    if let Some(member) = members.get_mut(first) {
        member.asked_align = member.asked_align.max(asked_align);
        member.told_align = member.told_align.map(|told| told.max(asked_align));
    }
    Ok(())
}

fn inherited<'d>(
    debug: &Debug<'d>,
    entry: &Entry<'d>,
    base: u64,
    depth: usize,
    members: &mut Vec<Member>,
) -> Result<(), Fault> {
    let virtual_base = entry
        .raw
        .attr_value(gimli::DW_AT_virtuality)
        .is_some_and(|value| !matches!(value, AttributeValue::Virtuality(gimli::DW_VIRTUALITY_none)));
    let Some(offset) = offset(entry).filter(|_| !virtual_base) else {
        members.push(nowhere(debug, entry, base, "a virtual base class")?);
        return Ok(());
    };
    match types::of(debug, entry)?.shape {
        Shape::Struct { at, .. } => gather(debug, at, base.saturating_add(offset), depth + 1, members),
        _ => {
            members.push(nowhere(debug, entry, base, "a base class that is not defined here")?);
            Ok(())
        }
    }
}

fn member<'d>(
    debug: &Debug<'d>,
    entry: &Entry<'d>,
    base: u64,
    depth: usize,
    members: &mut Vec<Member>,
) -> Result<(), Fault> {
    let name = debug.name(entry)?.unwrap_or_default();
    let place = place(debug, entry)?;
    let ty = types::of(debug, entry)?;
    let own_align = entry.number(gimli::DW_AT_alignment).unwrap_or(1);
    let asked_align = own_align.max(ty.asked_align);
    let told_align = ty.told_align.map(|told| told.max(own_align));
    if entry.raw.has_attr(gimli::DW_AT_bit_size) {
        let (offset, size) = bits(entry);
        let align = match ty.shape {
            Shape::Scalar(kind) | Shape::Char(kind) | Shape::Enum { kind, .. } => {
                kind.size().map_or(1, u64::from)
            }
            _ => 1,
        };
        let holds = Holds::Bits { size, align };
        let offset = base.saturating_add(offset);
        members.push(Member { name, place, offset, holds, asked_align, told_align: None });
        return Ok(());
    }
    let Some(offset) = offset(entry).map(|offset| base.saturating_add(offset)) else {
        members.push(nowhere(debug, entry, base, "a member whose place is computed")?);
        return Ok(());
    };
    let ty = match ty.shape {
        // What no program declares is the compiler's own.
        Shape::Foreign { size, align, .. } if entry.flag(gimli::DW_AT_artificial) => {
            let what = "a pointer to virtual functions".to_owned();
            Type { shape: Shape::Foreign { what, size, align }, ..ty }
        }
        _ => ty,
    };
    match ty.shape {
        Shape::Struct { at, alias: None } if name.is_empty() && ty.dims.is_empty() => {
            gather(debug, at, offset, depth + 1, members)
        }
        _ => {
            members.push(Member { name, place, offset, holds: Holds::Value(ty), asked_align, told_align });
            Ok(())
        }
    }
}

/// Where a member is declared. What has no name has no line of its own, but that of its type.
fn place<'d>(debug: &Debug<'d>, entry: &Entry<'d>) -> Result<Place, Fault> {
    let own = debug.place(entry)?;
    match debug.reference(entry, gimli::DW_AT_type)? {
        Some(ty) if own.file.is_empty() => debug.place(&debug.entry(ty)?),
        _ => Ok(own),
    }
}

fn nowhere<'d>(
    debug: &Debug<'d>,
    entry: &Entry<'d>,
    offset: u64,
    what: &'static str,
) -> Result<Member, Fault> {
    let name = match debug.name(entry)? {
        Some(name) => name,
        None => match debug.reference(entry, gimli::DW_AT_type)? {
            Some(ty) => debug.name(&debug.entry(ty)?)?.unwrap_or_default(),
            None => String::new(),
        },
    };
    let (place, holds) = (place(debug, entry)?, Holds::Nowhere { what });
    Ok(Member { name, place, offset, holds, asked_align: 1, told_align: None })
}

/// Bytes from the start of the struct, unless they are computed.
fn offset(entry: &Entry<'_>) -> Option<u64> {
    let Some(attribute) = entry.raw.attr(gimli::DW_AT_data_member_location) else { return Some(0) };
    let mut code = match attribute.value() {
        AttributeValue::Exprloc(expression) => expression.0,
        AttributeValue::Block(code) => code,
        _ => return attribute.udata_value(),
    };
    // Up to DWARF 3 every offset is a program: this one adds a constant, and others compute.
    let adds = code.read_u8() == Ok(gimli::DW_OP_plus_uconst.0);
    let offset = code.read_uleb128().ok();
    offset.filter(|_| adds && code.is_empty())
}

/// The first byte of a bit-field, and the number of bytes it has bits in.
fn bits(entry: &Entry<'_>) -> (u64, u64) {
    let width = entry.number(gimli::DW_AT_bit_size).unwrap_or(0);
    let first = match entry.number(gimli::DW_AT_data_bit_offset) {
        Some(first) => first,
        None => {
            // The older form counts from the most significant bit of a unit of storage.
            let storage = entry.number(gimli::DW_AT_byte_size).unwrap_or(0).saturating_mul(8);
            let from_top =
                entry.raw.attr(gimli::DW_AT_bit_offset).and_then(gimli::Attribute::sdata_value).unwrap_or(0);
            let start = offset(entry).unwrap_or(0).saturating_mul(8).saturating_add(storage);
            let first = i128::from(start) - i128::from(width) - i128::from(from_top);
            u64::try_from(first).unwrap_or(0)
        }
    };
    let end = first.saturating_add(width).div_ceil(8);
    (first / 8, end - (first / 8).min(end))
}
