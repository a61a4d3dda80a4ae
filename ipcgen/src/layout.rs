//! Places the fields of every record and makes the padding visible. Relies on `schema`, `resolve` and the layout crate,
//! which does the placing; this turns its verdicts into reports. What is imported has been placed.

use shmrecord_layout::describe::MAX_DEPTH;
use shmrecord_layout::place::{Finished, MAX_RECORD_BYTES, PlaceError, Placed, Placement};

use crate::diag::{Diagnostic, Diagnostics};
use crate::foreign::Foreign;
use crate::holes;
use crate::model::{self, Element, Enum, Pad, Type};
use crate::record::{Field, Record};
use crate::resolve::Resolved;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::Span;

/// A record with its fields in place.
pub(crate) struct Frame {
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) natural_align: u32,
    /// How deep records are nested in it; 1 without any.
    depth: usize,
    /// By field.
    pub(crate) places: Vec<Place>,
    /// In front of the fields, in rising order, and at the end.
    pub(crate) pads: Vec<Pad>,
}

/// Where a field is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) offset: u32,
    pub(crate) size: u32,
    pub(crate) align: u32,
}

/// What the placing of records looks things up in.
struct Known<'s> {
    enums: &'s [Enum],
    /// The records so far: those that are imported and then those of the schema.
    frames: Vec<Option<Frame>>,
}

/// Places all records, in the order in which they need one another. By index, those that are imported first; `None` for
/// those that cannot be placed.
pub(crate) fn place(
    schema: &Schema,
    foreign: &Foreign,
    enums: &[Enum],
    resolved: &Resolved,
    found: &mut Diagnostics,
) -> Vec<Option<Frame>> {
    let mut known = Known { enums, frames: Vec::with_capacity(foreign.records.len() + schema.records.len()) };
    for record in &foreign.records {
        let placed = Frame::of_imported(record, &known.frames);
        known.frames.push(Some(placed));
    }
    known.frames.extend(schema.records.iter().map(|_| None));
    for &record in &resolved.order {
        let at = foreign.records.len() + record;
        let (types, record) = (&resolved.types[record], &schema.records[record]);
        let Some(types) = types.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() else { continue };
        if types.is_empty() {
            continue;
        }
        known.frames[at] = frame(record, &types, &known, found);
        if let Some(frame) = &known.frames[at] {
            holes::report(record, frame, found);
        }
    }
    known.frames
}

impl Frame {
    /// That of a record of another schema: nobody asks where its fields are.
    fn of_imported(record: &model::Record, before: &[Option<Frame>]) -> Self {
        let parts = record.fields().filter_map(|field| match field.ty.element {
            Element::Record(part) => before.get(part)?.as_ref(),
            _ => None,
        });
        Self {
            size: record.size,
            align: record.align,
            natural_align: record.natural_align,
            depth: 1 + parts.map(|part| part.depth).max().unwrap_or(0),
            places: Vec::new(),
            pads: Vec::new(),
        }
    }
}

fn frame(record: &Record, types: &[&Type], known: &Known<'_>, found: &mut Diagnostics) -> Option<Frame> {
    let mut placement = Placement::EMPTY;
    let mut depth = 1;
    let mut places: Vec<Place> = Vec::with_capacity(types.len());
    let mut pads: Vec<Pad> = Vec::new();
    let mut sound = true;
    for (field, ty) in record.fields.iter().zip(types) {
        let (elem_size, align) = match ty.element {
            Element::Scalar(kind) => (kind.size()?, kind.size()?),
            Element::Char => (1, 1),
            Element::Enum(at) => (known.enums[at].repr.size()?, known.enums[at].repr.size()?),
            Element::Record(part) => {
                let part = known.frames[part].as_ref()?;
                depth = depth.max(part.depth + 1);
                (part.size, part.align)
            }
        };
        let product = |size: u64, &length: &u32| size.checked_mul(u64::from(length));
        let size = ty.dims.iter().try_fold(u64::from(elem_size), product).unwrap_or(u64::MAX);
        let pinned = field.offset.as_ref().map(|offset| offset.value);
        let natural = placement.end().next_multiple_of(align);
        let placed = placement.place(size, align, pinned).or_else(|error| {
            found.push(misplaced(record, field, size, &places, error));
            sound = false;
            // The other fields are placed as if this one were not pinned, so that their mistakes show too.
            if pinned.is_some() { placement.place(size, align, None) } else { Err(error) }
        });
        let (next, Placed { offset, padding }) = placed.ok()?;
        if padding > 0 {
            let name = format!("_pad{}", pads.len());
            pads.push(Pad { name, offset: offset - padding, size: padding, asked: offset != natural });
        }
        places.push(Place { offset, size: u32::try_from(size).ok()?, align });
        placement = next;
    }
    if depth > MAX_DEPTH {
        let title = format!("record `{}` nests records more than {MAX_DEPTH} deep", record.name.value);
        found.push(Diagnostic::new(Rule::TooDeep, record.name.span, title));
        return None;
    }
    let size = record.size.as_ref().map(|size| size.value);
    let align = record.align.as_ref().map(|align| align.value);
    let finished =
        placement.finish(align, size).map_err(|error| found.push(unfinished(record, placement, error)));
    let Finished { size, align, padding } = finished.ok()?;
    if padding > 0 {
        let natural = placement.end().next_multiple_of(align);
        let asked = size != natural;
        let name = if asked { "_reserved".to_owned() } else { format!("_pad{}", pads.len()) };
        pads.push(Pad { name, offset: size - padding, size: padding, asked });
    }
    let natural_align = places.iter().map(|place| place.align).max().unwrap_or(1);
    sound.then_some(Frame { size, align, natural_align, depth, places, pads })
}

fn misplaced(record: &Record, field: &Field, size: u64, places: &[Place], error: PlaceError) -> Diagnostic {
    let name = field.name.as_ref().map_or("", |name| name.value.as_str());
    let pin = field.offset.as_ref();
    let span = pin.map_or(field.span, |pin| pin.span);
    let offset = pin.map_or(0, |pin| pin.value);
    match error {
        PlaceError::Misaligned { align } => {
            let title = format!("`{name}` at {offset} would not be aligned");
            let (below, above) =
                (offset - offset % align, u64::from(offset).next_multiple_of(u64::from(align)));
            Diagnostic::new(Rule::OffsetMisaligned, span, title)
                .label(format!("not a multiple of {align}"))
                .help(format!("the nearest places are {below} and {above}"))
        }
        PlaceError::Overlap { end } => {
            let next = places.partition_point(|place| u64::from(place.offset) < u64::from(offset) + size);
            let hit = next.checked_sub(1).filter(|&at| places[at].offset + places[at].size > offset);
            let other = |at: usize| record.fields[at].name.as_ref().map_or("", |name| name.value.as_str());
            let (title, other_span) = match hit {
                Some(at) => {
                    let place = places[at];
                    let end = place.offset + place.size;
                    (
                        format!(
                            "`{name}` at {offset} overlaps `{}`, which is at {} to {end}",
                            other(at),
                            place.offset
                        ),
                        at,
                    )
                }
                None => (format!("`{name}` at {offset} lies in front of `{}`", other(next)), next),
            };
            let report = Diagnostic::new(Rule::OffsetTaken, span, title).label(format!("{end} or more"));
            let report = report.also(record.fields[other_span].span, "the other field");
            match hit {
                Some(_) => report,
                None => report.help("fields are declared in the order of their offsets: move it forward"),
            }
        }
        _ => too_large(field.ty.as_ref().map_or(span, |ty| ty.span), &format!("`{name}`")),
    }
}

fn unfinished(record: &Record, placement: Placement, error: PlaceError) -> Diagnostic {
    let name = &record.name.value;
    let size_span = record.size.as_ref().map_or(record.name.span, |size| size.span);
    let size = record.size.as_ref().map_or(0, |size| size.value);
    let align_span = record.align.as_ref().map_or(record.name.span, |align| align.span);
    match error {
        PlaceError::SizeTooSmall { needed } => {
            let title = format!("the size of `{name}` is too small by {}", bytes(needed - size));
            let label = format!("the fields end at {}", placement.end());
            Diagnostic::new(Rule::SizeTooSmall, size_span, title)
                .label(label)
                .help(format!("the smallest size is {needed}"))
        }
        PlaceError::SizeMisaligned { align } => {
            let (below, above) = (size - size % align, u64::from(size).next_multiple_of(u64::from(align)));
            let title = format!("the size of `{name}` is not a multiple of its alignment");
            let report = Diagnostic::new(Rule::SizeMisaligned, size_span, title);
            let report = report.label(format!("not a multiple of {align}"));
            let nearest =
                if below >= placement.end() { format!("{below} and {above}") } else { above.to_string() };
            report.help(format!("possible here: {nearest}"))
        }
        PlaceError::AlignInvalid => {
            let align = record.align.as_ref().map_or(1, |align| align.value);
            let (above, title) = (align.next_power_of_two(), "is not a power of two");
            Diagnostic::new(Rule::BadAlign, align_span, format!("the alignment of `{name}` {title}"))
                .help(format!("the nearest ones are {} and {above}", above / 2))
        }
        PlaceError::AlignTooSmall { needed } => {
            let title = format!("the alignment of `{name}` is below that of a field");
            let report = Diagnostic::new(Rule::AlignTooSmall, align_span, title);
            report
                .label(format!("a field needs {needed}"))
                .help("leave `align` out to get what the fields need")
        }
        PlaceError::TooLarge | PlaceError::Misaligned { .. } | PlaceError::Overlap { .. } => {
            too_large(record.name.span, &format!("record `{name}`"))
        }
    }
}

fn too_large(span: Span, what: &str) -> Diagnostic {
    let title = format!("{what} would end beyond {MAX_RECORD_BYTES} bytes");
    Diagnostic::new(Rule::TooLarge, span, title).label("too large")
}

/// `1 byte`, `6 bytes`.
pub(crate) fn bytes(count: u32) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
