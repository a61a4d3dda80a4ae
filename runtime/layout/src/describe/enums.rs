//! The enums and flags of a description from its bytes, every part checked before it is used. Relies on `areas`.

use alloc::vec::Vec;

use super::areas::{Areas, u32_at, u64_at};
use super::{DescribedEnum, DescribedValue, Malformed};
use crate::kind::Kind;
use crate::named::Form;
use crate::number::Number;

/// All of them, or the first part that does not hold.
pub(super) fn decode(areas: &Areas<'_>) -> Result<Vec<DescribedEnum>, Malformed> {
    // Counted down as fields are: enums that share values could mean any number of them.
    let mut values_left = areas.values.count();
    areas.enums.entries().map(|entry| decode_one(areas, entry, &mut values_left)).collect()
}

fn decode_one(areas: &Areas<'_>, entry: &[u8], values_left: &mut usize) -> Result<DescribedEnum, Malformed> {
    let form = Form::from_tag(entry[16]).ok_or(Malformed { what: "an enum's form is unknown" })?;
    let repr = Kind::from_tag(entry[17]).filter(|kind| kind.is_integer());
    let repr = repr.ok_or(Malformed { what: "an enum's kind is no integer" })?;
    let (first, count) = (u32_at(entry, 20), u32_at(entry, 24));
    *values_left =
        values_left.checked_sub(count as usize).ok_or(Malformed { what: "its enums share values" })?;
    let entries = areas.values.range(first, count);
    let entries = entries.ok_or(Malformed { what: "an enum's values pass the end of the value table" })?;
    let mut values = Vec::new();
    for entry in entries {
        let value = Number::from_bits(u64_at(entry, 16));
        let fits = match form {
            Form::Closed | Form::Open => value.is_of(repr),
            Form::Flags => repr.size().is_some_and(|bytes| value.bits() < u64::from(8 * bytes)),
        };
        if !fits {
            return Err(Malformed { what: "an enum's value does not fit its kind" });
        }
        values.push(DescribedValue { name: areas.string(entry, 0)?, doc: areas.string(entry, 8)?, value });
    }
    Ok(DescribedEnum {
        name: areas.string(entry, 0)?,
        doc: areas.string(entry, 8)?,
        form,
        repr,
        id: u64_at(entry, 32),
        values,
    })
}
