//! Whether one of two records has grown out of the other, so that a program with either can read what is written with the
//! other. Relies on the comparison of [`super`] for the fields that both have.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Comparison, names, place};
use crate::describe::{DescribedField, Description};
use crate::named::Form;

/// Which fields of this program's record, by their places in its declaration, the segment's record has too, if one of the
/// two has grown out of the other.
///
/// It has when their names are equal and every field of the one with fewer is, in this order, one of the other's, equal in
/// all that `schema_id` covers, but that
///
/// - further fields of the other one stand behind all those in its declaration, or came, by `since`, with a later version
///   than that of the first one: in what was a hole there;
/// - further fields of this program's can be zero, as which they read: a closed enum has a value for 0;
/// - sizes and alignments of the two may differ: they say where records lie, not what is in them;
/// - an open enum, or flags, may have further values on one side, a closed enum in this program.
///
/// Facts are compared, not chains or ids, which somebody hostile can make what he wants.
///
/// # Errors
/// The first difference that counts, in the words of [`first_difference`](super::first_difference).
pub fn common_fields(segment: &Description, here: &Description) -> Result<Vec<usize>, String> {
    let comparison = Comparison { segment, here, enums_may_grow: true };
    let (theirs, mine) = (segment.root(), here.root());
    let segment_is_newer = theirs.fields.len() > mine.fields.len();
    let (newer, older) = if segment_is_newer { (theirs, mine) } else { (mine, theirs) };
    let mut common = Vec::new();
    for (at, field) in newer.fields.iter().enumerate() {
        let next = older.fields.get(common.len());
        let next = next.filter(|next| next.name == field.name || field.since <= Some(older.version));
        let difference = match next {
            None if segment_is_newer => None,
            None => comparison.no_zero("", field),
            Some(mine) if segment_is_newer => comparison.fields("", at, field, mine),
            Some(theirs) => comparison.fields("", at, theirs, field),
        };
        match (difference, next) {
            (Some(difference), _) => return Err(difference),
            (None, Some(_)) => common.push(if segment_is_newer { common.len() } else { at }),
            (None, None) => {}
        }
    }
    let lacking = match older.fields.get(common.len()) {
        Some(mine) if segment_is_newer => Some(comparison.only_here("", mine)),
        Some(theirs) => Some(comparison.only_there("", theirs)),
        None if common.is_empty() => newer.fields.first().map(|mine| comparison.only_here("", mine)),
        None => names("record", theirs, mine),
    };
    lacking.map_or(Ok(common), Err)
}

impl Comparison<'_> {
    /// The part of a field, which the segment does not have, that cannot be zero.
    fn no_zero(&self, path: &str, field: &DescribedField) -> Option<String> {
        if let Some(inner) = field.record {
            let path = format!("{path}{}.", field.name);
            return self.here.records[inner].fields.iter().find_map(|field| self.no_zero(&path, field));
        }
        let named = self.here.named(field).filter(|named| named.form == Form::Closed)?;
        let has_zero = named.values.iter().any(|value| value.value.bits() == 0);
        let (name, place) = (&field.name, place(self.here, field));
        (!has_zero)
            .then(|| format!("{path}{name}: absent in the segment, {place} without a value for 0 here"))
    }
}

#[cfg(test)]
mod tests;
