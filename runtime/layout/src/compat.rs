//! May a program that has compiled in one record attach to a segment that holds another? Relies on `describe`; decides
//! nothing by itself: equal `schema_id`s are the rule, this says in words where two records part.

use alloc::format;
use alloc::string::String;

use crate::describe::{DescribedField, DescribedRecord, Description};

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
        if segment.unit != here.unit {
            let (theirs, mine) = (unit(segment), unit(here));
            return Some(format!("{path}{name}: {theirs} in the segment, {mine} here"));
        }
        None
    }
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

#[cfg(test)]
mod tests {
    use super::first_difference;
    use crate::describe::Description;
    use crate::{FieldLayout, FieldType, Kind, RecordLayout};

    fn scalar(name: &'static str, kind: Kind, offset: u32) -> FieldLayout<'static> {
        let ty = FieldType::scalar(kind).unwrap();
        FieldLayout::new(name, ty, offset)
    }

    fn record(name: &str, size: u32, align: u32, fields: &[FieldLayout<'_>]) -> Description {
        Description::of(&RecordLayout::new(name, size, align, fields, ""))
    }

    #[test]
    fn each_difference_is_named() {
        let price = scalar("price", Kind::F64, 0);
        let volume = scalar("volume", Kind::I64, 8);
        let base = record("Quote", 16, 8, &[price, volume]);
        let cases = [
            (
                record("Quote", 16, 8, &[scalar("price", Kind::I64, 0), volume]),
                "price: f64 at 0 in the segment, i64 at 0 here",
            ),
            (
                record("Quote", 16, 8, &[scalar("volume", Kind::F64, 0), volume]),
                "field 0: `price` (f64 at 0) in the segment, `volume` (f64 at 0) here",
            ),
            (record("Quote", 8, 8, &[price]), "volume: i64 at 8 in the segment, absent here"),
            (
                record("Quote", 24, 8, &[price, volume, scalar("flags", Kind::U8, 16)]),
                "flags: absent in the segment, u8 at 16 here",
            ),
            (
                record("Quote", 16, 8, &[FieldLayout { unit: Some("USD"), ..price }, volume]),
                "price: no unit in the segment, unit `USD` here",
            ),
            (record("Quote", 64, 8, &[price, volume]), "record: size 16 in the segment, 64 here"),
            (record("Quote", 16, 16, &[price, volume]), "record: alignment 8 in the segment, 16 here"),
            (record("Trade", 16, 8, &[price, volume]), "record: name `Quote` in the segment, `Trade` here"),
        ];
        for (here, expected) in cases {
            assert_eq!(first_difference(&base, &here).as_deref(), Some(expected));
        }
        assert_eq!(first_difference(&base, &base), None);
    }

    #[test]
    fn a_difference_inside_a_nested_record_carries_its_path() {
        let outer = |inner: &RecordLayout<'_>| {
            let ty = FieldType::record(inner).array_of(2).unwrap();
            record("Book", 32, 8, &[FieldLayout { ty, ..scalar("bids", Kind::U8, 0) }])
        };
        let a = [scalar("px", Kind::F64, 0), scalar("qty", Kind::U64, 8)];
        let b = [scalar("px", Kind::F64, 0), scalar("qty", Kind::I64, 8)];
        let segment = outer(&RecordLayout::new("Level", 16, 8, &a, ""));
        let here = outer(&RecordLayout::new("Level", 16, 8, &b, ""));
        assert_eq!(
            first_difference(&segment, &here).as_deref(),
            Some("bids.qty: u64 at 8 in the segment, i64 at 8 here")
        );
    }
}
