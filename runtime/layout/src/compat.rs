//! May a program that has compiled in one record attach to a segment that holds another? Relies on `describe`. Equal
//! `schema_id`s are the rule, and [`first_difference`] says in words where two records part; that one has grown out of the
//! other is the exception for readers that ask for it, and [`common_fields`] is the verdict and its words in one.

use alloc::format;
use alloc::string::String;

use crate::describe::{DescribedField, DescribedRecord, Description};
use crate::kind::Kind;
use crate::number::Number;

mod enums;
mod growth;

pub use growth::common_fields;

/// The first difference between the segment's record and this program's, or `None` when their ids cover the same facts.
///
/// Fields are compared in declaration order, then size, alignment and name of the record. The words are made for
/// people: `price: f64 at 16 in the segment, i64 at 16 here`.
#[must_use]
pub fn first_difference(segment: &Description, here: &Description) -> Option<String> {
    Comparison { segment, here, enums_may_grow: false }.records("", segment.root(), here.root())
}

struct Comparison<'a> {
    segment: &'a Description,
    here: &'a Description,
    /// Whether further values of enums are a difference only where they keep somebody from reading.
    enums_may_grow: bool,
}

impl Comparison<'_> {
    /// `path` is what leads to these records from the table's: empty, or `bids.`.
    fn records(&self, path: &str, segment: &DescribedRecord, here: &DescribedRecord) -> Option<String> {
        for at in 0..segment.fields.len().max(here.fields.len()) {
            let difference = match (segment.fields.get(at), here.fields.get(at)) {
                (Some(theirs), Some(mine)) => self.fields(path, at, theirs, mine),
                (Some(theirs), None) => Some(self.only_there(path, theirs)),
                (None, Some(mine)) => Some(self.only_here(path, mine)),
                (None, None) => None,
            };
            if difference.is_some() {
                return difference;
            }
        }
        let whole = if path.is_empty() { "record" } else { path.trim_end_matches('.') };
        let differs = |what: &str, theirs: &dyn core::fmt::Display, mine: &dyn core::fmt::Display| {
            Some(format!("{whole}: {what} {theirs} in the segment, {mine} here"))
        };
        if segment.size != here.size {
            return differs("size", &segment.size, &here.size);
        }
        if segment.align != here.align {
            return differs("alignment", &segment.align, &here.align);
        }
        names(whole, segment, here)
    }

    fn only_there(&self, path: &str, theirs: &DescribedField) -> String {
        format!("{path}{}: {} in the segment, absent here", theirs.name, place(self.segment, theirs))
    }

    fn only_here(&self, path: &str, mine: &DescribedField) -> String {
        format!("{path}{}: absent in the segment, {} here", mine.name, place(self.here, mine))
    }

    fn fields(
        &self,
        path: &str,
        at: usize,
        segment: &DescribedField,
        here: &DescribedField,
    ) -> Option<String> {
        let (theirs, mine) = (place(self.segment, segment), place(self.here, here));
        if segment.name != here.name {
            return Some(format!(
                "{path}field {at}: `{}` ({theirs}) in the segment, `{}` ({mine}) here",
                segment.name, here.name
            ));
        }
        let name = &segment.name;
        let differs = |theirs: String, mine: String| {
            Some(format!("{path}{name}: {theirs} in the segment, {mine} here"))
        };
        let shapes_differ = segment.kind != here.kind
            || segment.dims != here.dims
            || segment.elem_size != here.elem_size
            || segment.offset != here.offset;
        if let (false, Some(inner), Some(my_inner)) = (shapes_differ, segment.record, here.record) {
            let path = format!("{path}{name}.");
            let (theirs, mine) = (&self.segment.records[inner], &self.here.records[my_inner]);
            if let Some(difference) = self.records(&path, theirs, mine) {
                return Some(difference);
            }
        } else if shapes_differ {
            return differs(theirs, mine);
        }
        let (their_enum, my_enum) = (self.segment.named(segment), self.here.named(here));
        if their_enum.map(|named| &named.name) != my_enum.map(|named| &named.name) {
            return differs(theirs, mine);
        }
        if let (Some(theirs), Some(mine)) = (their_enum, my_enum) {
            if theirs.form != mine.form {
                return differs(theirs.form.name().into(), mine.form.name().into());
            }
            let part = if self.enums_may_grow { enums::first_obstacle } else { enums::first_difference };
            if let Some(value) = part(theirs, mine) {
                return Some(format!("{path}{name}: {value}"));
            }
        }
        let facts = [
            (segment.unit != here.unit, unit as fn(&DescribedField) -> String),
            (segment.exp != here.exp, exp),
            (segment.time != here.time, time),
            (segment.null != here.null, null),
        ];
        let (_, words) = facts.into_iter().find(|(differ, _)| *differ)?;
        differs(words(segment), words(here))
    }
}

fn names(whole: &str, segment: &DescribedRecord, here: &DescribedRecord) -> Option<String> {
    let (theirs, mine) = (&segment.name, &here.name);
    (theirs != mine).then(|| format!("{whole}: name `{theirs}` in the segment, `{mine}` here"))
}

/// `f64 at 16`
fn place(description: &Description, field: &DescribedField) -> String {
    format!("{} at {}", description.type_name(field), field.offset)
}

fn unit(field: &DescribedField) -> String {
    match &field.unit {
        Some(unit) => format!("unit `{unit}`"),
        None => String::from("no unit"),
    }
}

fn exp(field: &DescribedField) -> String {
    match field.exp {
        0 => String::from("no exponent"),
        exp => format!("exponent {exp}"),
    }
}

fn time(field: &DescribedField) -> String {
    field.time.map_or_else(|| String::from("no time"), |time| format!("time {}", time.name()))
}

/// `null -1`, `null NaN`; of a float that is no whole number the bits, which every language writes alike.
fn null(field: &DescribedField) -> String {
    let Some(null) = field.null else {
        return String::from("no null");
    };
    if !field.kind.is_float() {
        return format!("null {}", null.display(field.kind));
    }
    let float = null.as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "compared with the float")]
    let whole = float as i32;
    match Number::integer(Kind::F64, whole.into()) {
        _ if float.is_nan() => String::from("null NaN"),
        Some(number) if number == null => format!("null {whole}"),
        _ => format!("null {:#018x}", null.bits()),
    }
}

#[cfg(test)]
mod tests;
