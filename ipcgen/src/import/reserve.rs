//! Members that a schema cannot express, as bytes in their place: kept by whoever reads a record and writes it back, while
//! padding would be written as zeros. Relies on `legacy`.

use shmrecord_layout::Kind;

use super::express::WITHIN;
use super::legacy::{Element, Field, Legacy, Refused, Struct};

/// Names of bit-fields that are told.
const MAX_NAMES: usize = 12;

/// Makes fields of all that was refused.
pub(super) fn reserve(legacy: &mut Legacy) {
    for structure in &mut legacy.structs {
        fill(structure);
    }
}

fn fill(structure: &mut Struct) {
    flatten(structure);
    let mut spans: Vec<Span> = Vec::new();
    let nowhere = structure.refused.iter().any(|refused| refused.is_nowhere);
    // What has no bytes is left to be told.
    let (with_bytes, without) = structure.refused.drain(..).partition(|refused| refused.size > 0);
    structure.refused = without;
    for refused in Vec::<Refused>::into_iter(with_bytes) {
        let (start, end) = (refused.offset, refused.offset.saturating_add(refused.size));
        match spans.last_mut() {
            // Bit-fields share bytes, and stand side by side.
            Some(last) if start < last.end || start == last.end && last.is_bits() && refused.is_bits => {
                last.end = last.end.max(end);
                last.members.push(refused);
            }
            _ => spans.push(Span { start, end, members: vec![refused] }),
        }
    }
    let fields = std::mem::take(&mut structure.fields);
    let mut spans = spans.into_iter().peekable();
    let mut end = 0;
    for field in fields {
        while let Some(span) = spans.next_if(|span| span.start < field.offset) {
            push(structure, span, &mut end, field.offset);
        }
        if nowhere {
            gap(structure, &mut end, field.offset);
        }
        end = field.offset + field.size;
        structure.fields.push(field);
    }
    let size = structure.size;
    spans.for_each(|span| push(structure, span, &mut end, size));
    if nowhere {
        gap(structure, &mut end, size);
    }
}

/// Makes bytes of structs that have other members in their padding, where a record would be written as zeros.
fn flatten(structure: &mut Struct) {
    let Struct { fields, refused, .. } = structure;
    refused.retain(|within| {
        if within.what != WITHIN {
            return true;
        }
        let behind = fields.partition_point(|field| field.offset <= within.offset);
        let limit = fields.get(behind).map_or(structure.size, |field| field.offset);
        let Some(field) = behind.checked_sub(1).map(|at| &mut fields[at]) else { return true };
        let end = field.offset + field.size;
        if within.offset >= end {
            return true;
        }
        let doc = match field.doc.strip_suffix('.') {
            Some(doc) => format!("{doc}, `{}`.", within.name),
            None => format!("Reserved: `{}`, in whose padding is `{}`.", field.name, within.name),
        };
        let end = end.max(within.offset.saturating_add(within.size)).min(limit);
        *field = bytes(field.name.clone(), field.offset, end, doc);
        false
    });
}

/// Bytes with the members that are in them.
struct Span {
    start: u64,
    end: u64,
    members: Vec<Refused>,
}

impl Span {
    fn is_bits(&self) -> bool {
        self.members.iter().all(|refused| refused.is_bits)
    }

    /// The name of the only member; what has none, and bit-fields, are named by their place.
    fn name(&self, start: u64) -> String {
        match &self.members[..] {
            [only] if !only.is_bits && !only.name.is_empty() => only.name.clone(),
            _ => format!("reserved_{start}"),
        }
    }

    fn doc(&self) -> String {
        let told = self.members.iter().take(MAX_NAMES).map(|refused| match refused {
            Refused { name, is_bits: true, .. } => format!("`{name}`"),
            Refused { name, what, .. } if name.is_empty() => what.clone(),
            Refused { name, what, .. } => format!("`{name}`, {what}"),
        });
        let told = told.collect::<Vec<_>>().join(", ");
        let more = self.members.len().saturating_sub(MAX_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let what = match (self.is_bits(), self.members.len()) {
            (false, _) => "",
            (true, 1) => "bit-field ",
            (true, _) => "bit-fields ",
        };
        format!("Reserved: {what}{told}{more}.")
    }
}

/// Adds the bytes of a span that are free, up to `limit`.
fn push(structure: &mut Struct, span: Span, end: &mut u64, limit: u64) {
    let (start, until) = (span.start.max(*end), span.end.min(limit));
    if start >= until {
        return;
    }
    structure.fields.push(bytes(span.name(start), start, until, span.doc()));
    *end = until;
}

/// Adds what nothing is known to be in.
fn gap(structure: &mut Struct, end: &mut u64, until: u64) {
    if *end < until {
        let doc = "Reserved: padding, or what the compiler placed there.".to_owned();
        structure.fields.push(bytes(format!("reserved_{end}"), *end, until, doc));
        *end = until;
    }
}

fn bytes(name: String, start: u64, end: u64, doc: String) -> Field {
    let size = end - start;
    let dims = vec![u32::try_from(size).unwrap_or(u32::MAX)];
    Field { name, offset: start, size, element: Element::Scalar(Kind::U8), dims, doc }
}
