//! Which members of a struct a schema can say, with their places, and why not the others. Relies on `members`, `types` and
//! `legacy`; knows no syntax.

use shmrecord_layout::describe::MAX_DEPTH;

use super::dwarf::Place;
use super::fault::Fault;
use super::legacy::{Element, Field, Legacy, Reading, Refused, Struct};
use super::members::{Holds, Member};
use super::types::{Shape, Type};

/// What schemas allow.
const MAX_RANK: usize = 4;
const MAX_LENGTH: u64 = (1 << 31) - 1;
const MAX_BYTES: u64 = 1 << 31;
const MAX_ALIGN: u64 = 4096;

/// Why a member is refused that a compiler placed into the padding of a struct.
pub(super) const WITHIN: &str = "in bytes of the member before it";

/// Sorts the members into fields and those that are refused, and finds the alignment.
pub(super) fn structure(
    reading: &mut Reading<'_, '_>,
    mut into: Struct,
    members: Vec<Member>,
) -> Result<Struct, Fault> {
    let own = into.align;
    let mut asked = own;
    let mut judged = Vec::new();
    for member in members {
        let (asked_align, told) = (member.asked_align, member.told_align);
        asked = asked.max(told.unwrap_or(asked_align));
        let judged_one = match judge(reading, member, &into.name)? {
            Judged::Refused(refused, align) => Judged::Refused(refused, told.unwrap_or(align)),
            field => field,
        };
        let by_type = match &judged_one {
            Judged::Field(Field { element: Element::Struct(part), .. }, ..) => {
                into.depth = into.depth.max(reading.legacy.structs[*part].depth + 1);
                reading.legacy.structs[*part].compiled_align
            }
            Judged::Field(_, _, align) | Judged::Refused(_, align) => *align,
        };
        into.compiled_align = into.compiled_align.max(told.unwrap_or(by_type.max(asked_align)));
        judged.push(judged_one);
    }
    let align_of = |judged: &Judged| match judged {
        Judged::Field(_, _, align) | Judged::Refused(_, align) => *align,
    };
    let align = judged.iter().map(align_of).max().unwrap_or(1).max(asked);
    // A packed struct does not say so, but it shows.
    let packed = !into.size.is_multiple_of(align)
        || judged.iter().any(
            |member| matches!(member, Judged::Field(field, _, align) if !field.offset.is_multiple_of(*align)),
        );
    let room = 1 << into.size.trailing_zeros().min(12);
    let mut end = 0;
    into.align = 1;
    for member in judged {
        let (field, place, align) = match member {
            Judged::Refused(refused, _) => {
                into.refused.push(refused);
                continue;
            }
            Judged::Field(field, place, align) => (field, place, align),
        };
        let until = field.offset.saturating_add(field.size);
        let fault = if !field.offset.is_multiple_of(align) {
            Some(format!("packed: not at a multiple of its alignment, {align}"))
        } else if align > room {
            Some(format!("packed: aligned to {align} elsewhere, in a struct of {} bytes", into.size))
        } else if field.offset < end {
            Some(WITHIN.to_owned())
        } else if until > into.size {
            Some("beyond the struct's end".to_owned())
        } else {
            None
        };
        if let Some(what) = fault {
            let Field { name, offset, size, .. } = field;
            into.refused.push(Refused { name, place, offset, size, what, is_bits: false, is_nowhere: false });
            continue;
        }
        end = until;
        into.align = into.align.max(align);
        into.fields.push(field);
    }
    // What a packed struct asks for itself holds, as in `packed, aligned(64)`.
    let align = if packed { own } else { align };
    if align.is_power_of_two() && align <= MAX_ALIGN {
        into.align = into.align.max(align);
    }
    if packed {
        // What it is then is not told.
        into.compiled_align = into.align;
    }
    into.refused.sort_by_key(|refused| refused.offset);
    Ok(into)
}

/// A member with its alignment.
enum Judged {
    Field(Field, Place, u64),
    Refused(Refused, u64),
}

fn judge(reading: &mut Reading<'_, '_>, member: Member, of: &str) -> Result<Judged, Fault> {
    let Member { name, place, offset, holds, .. } = member;
    let refused = |size, what: String, is_bits, is_nowhere| Refused {
        name: name.clone(),
        place: place.clone(),
        offset,
        size,
        what,
        is_bits,
        is_nowhere,
    };
    let ty = match holds {
        Holds::Value(ty) => ty,
        Holds::Bits { size, align } => {
            return Ok(Judged::Refused(refused(size, "a bit-field".to_owned(), true, false), align));
        }
        Holds::Nowhere { what } => return Ok(Judged::Refused(refused(0, what.to_owned(), false, true), 1)),
    };
    let Type { shape, mut dims, .. } = ty;
    let element = match shape {
        Shape::Scalar(kind) => Element::Scalar(kind),
        Shape::Char(_) if dims.len() == 1 => Element::Char,
        Shape::Char(kind) => Element::Scalar(kind),
        Shape::Enum { at, kind, alias } => {
            let alias = alias.unwrap_or_else(|| format!("{of}_{name}"));
            Element::Enum(reading.enumeration(at, kind, &alias)?)
        }
        Shape::Struct { at, alias } => {
            let alias = alias.unwrap_or_else(|| format!("{of}_{name}"));
            Element::Struct(reading.structure(at, &alias)?)
        }
        Shape::Foreign { what, size, align } => {
            let size =
                dims.iter().try_fold(size, |size, length| size.checked_mul(*length)).unwrap_or(u64::MAX);
            let what = if dims.is_empty() { what } else { format!("an array of {what}") };
            return Ok(Judged::Refused(refused(size, what, false, false), align));
        }
    };
    let (elem_size, align) = reading.legacy.element_facts(element);
    let size = dims.iter().try_fold(elem_size, |size, length| size.checked_mul(*length)).unwrap_or(u64::MAX);
    let why = if dims.contains(&0) {
        "an array without elements"
    } else if size > MAX_BYTES || dims.iter().any(|length| *length > MAX_LENGTH) {
        "larger than 2^31 bytes"
    } else if dims.len() > MAX_RANK {
        "an array of more than four dimensions"
    } else if matches!(element, Element::Struct(index) if reading.legacy.structs[index].is_empty()) {
        "a struct without members"
    } else if matches!(element, Element::Struct(index) if reading.legacy.structs[index].depth >= MAX_DEPTH) {
        "structs in one another, more than 32 deep"
    } else {
        let dims = dims.drain(..).filter_map(|length| u32::try_from(length).ok()).collect();
        return Ok(Judged::Field(
            Field { name, offset, size, element, dims, doc: String::new() },
            place,
            align,
        ));
    };
    Ok(Judged::Refused(refused(size, why.to_owned(), false, false), align))
}

impl Struct {
    /// Whether nothing in it takes room, not even what cannot be expressed.
    pub(super) fn is_empty(&self) -> bool {
        let takes_room = |refused: &Refused| refused.size > 0 || refused.is_nowhere;
        self.fields.is_empty() && !self.refused.iter().any(takes_room)
    }
}

/// Refuses a struct that is larger than any record.
pub(super) fn check_size(legacy: &Legacy) -> Result<(), Fault> {
    match legacy.structs.last() {
        Some(Struct { name, place, size, .. }) if *size > MAX_BYTES => {
            let title = format!("`{name}` ({place}) has {size} bytes, and a record at most 2^31");
            Err(Fault::new(title).help("import what is in it, struct by struct"))
        }
        _ => Ok(()),
    }
}

/// Refuses a struct with members that no schema can express.
pub(super) fn check(legacy: &Legacy) -> Result<(), Fault> {
    let refused = || legacy.structs.iter().flat_map(|of| of.refused.iter().map(move |refused| (of, refused)));
    let Some(root) = legacy.structs.last() else { return Ok(()) };
    let notes: Vec<String> = refused().map(|(of, refused)| described(of, refused)).collect();
    if notes.is_empty() {
        return Ok(());
    }
    let count = if notes.len() == 1 { "a member".to_owned() } else { format!("{} members", notes.len()) };
    let title = format!("`{}` ({}) has {count} that a schema cannot express", root.name, root.place);
    Err(Fault::new(title)
        .notes(notes)
        .help("with --reserve each becomes a field of bytes in its place; what takes no bytes is left out"))
}

fn described(of: &Struct, refused: &Refused) -> String {
    let name = if refused.name.is_empty() { "nameless" } else { &refused.name };
    let bytes = match refused.size {
        0 => String::new(),
        1 => format!(", 1 byte at {}", refused.offset),
        size => format!(", {size} bytes at {}", refused.offset),
    };
    format!("{}: `{}.{name}`{bytes}: {}", refused.place, of.name, refused.what)
}
