//! May a program that has compiled in one record attach to a segment that holds another? Relies on `describe`; decides
//! nothing by itself: equal `schema_id`s are the rule, this says in words where two records part.

use alloc::format;
use alloc::string::String;

use crate::describe::{DescribedEnum, DescribedField, DescribedRecord, DescribedValue, Description};
use crate::kind::Kind;
use crate::named::Form;
use crate::number::Number;

/// The first difference between the segment's record and this program's, or `None` when their ids cover the same facts.
///
/// Fields are compared in declaration order, then size, alignment and name of the record. The words are made for
/// people: `price: f64 at 16 in the segment, i64 at 16 here`.
#[must_use]
pub fn first_difference(segment: &Description, here: &Description) -> Option<String> {
    Comparison { segment, here }.records("", segment.root(), here.root())
}

struct Comparison<'a> {
    segment: &'a Description,
    here: &'a Description,
}

impl Comparison<'_> {
    /// `path` is what leads to these records from the table's: empty, or `bids.`.
    fn records(&self, path: &str, segment: &DescribedRecord, here: &DescribedRecord) -> Option<String> {
        for at in 0..segment.fields.len().max(here.fields.len()) {
            let difference = match (segment.fields.get(at), here.fields.get(at)) {
                (Some(theirs), Some(mine)) => self.fields(path, at, theirs, mine),
                (Some(theirs), None) => {
                    let name = &theirs.name;
                    Some(format!("{path}{name}: {} in the segment, absent here", place(self.segment, theirs)))
                }
                (None, Some(mine)) => {
                    let name = &mine.name;
                    Some(format!("{path}{name}: absent in the segment, {} here", place(self.here, mine)))
                }
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
        if segment.name != here.name {
            return differs("name", &format!("`{}`", segment.name), &format!("`{}`", here.name));
        }
        None
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
            return Some(format!("{path}{name}: {theirs} in the segment, {mine} here"));
        }
        let (their_enum, my_enum) = (self.segment.named(segment), self.here.named(here));
        let differs = |theirs: String, mine: String| {
            Some(format!("{path}{name}: {theirs} in the segment, {mine} here"))
        };
        if their_enum.map(|named| &named.name) != my_enum.map(|named| &named.name) {
            return differs(theirs, mine);
        }
        if let (Some(theirs), Some(mine)) = (their_enum, my_enum) {
            if theirs.form != mine.form {
                return differs(theirs.form.name().into(), mine.form.name().into());
            }
            if let Some(value) = first_value(theirs, mine) {
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

/// The first value, in ascending order, that one of two enums has and the other has not, or calls otherwise:
/// `66 is `Bid` in the segment, `Buy` here`.
fn first_value(segment: &DescribedEnum, here: &DescribedEnum) -> Option<String> {
    let at = (0..segment.values.len().max(here.values.len()))
        .find(|&at| key(segment.values.get(at)) != key(here.values.get(at)))?;
    let sign = if segment.repr.is_signed() { 1 << 63 } else { 0 };
    let rank = |value: &DescribedValue| value.value.bits() ^ sign;
    let (theirs, mine) = (segment.values.get(at), here.values.get(at));
    // Of two different numbers the smaller one is not there on the other side.
    let (theirs, mine) = match (theirs, mine) {
        (Some(theirs), Some(mine)) if rank(theirs) < rank(mine) => (Some(theirs), None),
        (Some(theirs), Some(mine)) if rank(mine) < rank(theirs) => (None, Some(mine)),
        both => both,
    };
    let (number, none) = match segment.form {
        Form::Closed | Form::Open => ("", "no value"),
        Form::Flags => ("bit ", "no flag"),
    };
    let value = theirs.or(mine)?.value.display(segment.repr);
    let name =
        |value: Option<&DescribedValue>| value.map_or(none.into(), |value| format!("`{}`", value.name));
    Some(format!("{number}{value} is {} in the segment, {} here", name(theirs), name(mine)))
}

/// What makes a value what it is.
fn key(value: Option<&DescribedValue>) -> Option<(Number, &str)> {
    value.map(|value| (value.value, value.name.as_str()))
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
