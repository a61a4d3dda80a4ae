//! Descriptions from bytes, every part checked before it is used. Relies on `areas` and `enums`.

use alloc::vec::Vec;

use super::areas::{Areas, u32_at, u64_at};
use super::{
    DescribedEnum, DescribedField, DescribedRecord, Description, FLAG_MAX, FLAG_MIN, FLAG_NULL, FLAG_TEXT,
    MAX_DEPTH, Malformed, NONE, enums,
};
use crate::field::MAX_RANK;
use crate::kind::Kind;
use crate::number::Number;
use crate::time::Time;

/// Reads a description from a private copy of its bytes. They come from another process: every count, offset, kind and
/// string is checked before it is used.
///
/// # Errors
/// [`Malformed`] names the first part that does not hold.
pub fn decode(bytes: &[u8]) -> Result<Description, Malformed> {
    let areas = Areas::find(bytes)?;
    if areas.records.count() == 0 {
        return Err(Malformed { what: "no record" });
    }
    let enums = enums::decode(&areas)?;
    let mut decoder = Decoder { fields_left: areas.fields.count(), areas, enums, records: Vec::new() };
    let mut depths: Vec<usize> = Vec::new();
    for entry in decoder.areas.records.entries() {
        let record = decoder.record(entry)?;
        let below = record.fields.iter().filter_map(|field| field.record).map(|nested| depths[nested]).max();
        let depth = below.map_or(1, |below| below + 1);
        if depth > MAX_DEPTH {
            return Err(Malformed { what: "records are nested more than 32 deep" });
        }
        depths.push(depth);
        decoder.records.push(record);
    }
    Ok(Description { enums: decoder.enums, records: decoder.records })
}

/// What is decoded so far, which is all that an entry may refer to.
struct Decoder<'a> {
    areas: Areas<'a>,
    enums: Vec<DescribedEnum>,
    records: Vec<DescribedRecord>,
    /// Fields of the table that belong to no record yet: records that share some could mean any number of them.
    fields_left: usize,
}

impl Decoder<'_> {
    fn record(&mut self, entry: &[u8]) -> Result<DescribedRecord, Malformed> {
        let (size, align) = (u32_at(entry, 16), u32_at(entry, 20));
        if size == 0 || !align.is_power_of_two() || !size.is_multiple_of(align) {
            return Err(Malformed { what: "a record's size or alignment is impossible" });
        }
        let (first, count) = (u32_at(entry, 24), u32_at(entry, 28));
        self.fields_left = self
            .fields_left
            .checked_sub(count as usize)
            .ok_or(Malformed { what: "its records share fields" })?;
        let entries = self.areas.fields.range(first, count);
        let entries =
            entries.ok_or(Malformed { what: "a record's fields pass the end of the field table" })?;
        let mut fields = Vec::new();
        for entry in entries {
            fields.push(self.field(entry, size)?);
        }
        if overlap(&fields) {
            return Err(Malformed { what: "two fields overlap" });
        }
        Ok(DescribedRecord {
            name: self.areas.string(entry, 0)?,
            doc: self.areas.string(entry, 8)?,
            size,
            align,
            layout_id: u64_at(entry, 32),
            schema_id: u64_at(entry, 40),
            version: u32_at(entry, 48),
            fields,
        })
    }

    fn field(&self, entry: &[u8], record_size: u32) -> Result<DescribedField, Malformed> {
        let kind = Kind::from_tag(entry[24]).ok_or(Malformed { what: "a field's kind is unknown" })?;
        let rank = usize::from(entry[25]);
        if rank > MAX_RANK {
            return Err(Malformed { what: "a field has more than four dimensions" });
        }
        let record = match kind.size() {
            Some(_) => None,
            None => Some(u32_at(entry, 36) as usize),
        };
        let elem_size = match record {
            None => kind.size(),
            Some(index) => self.records.get(index).map(|nested| nested.size),
        };
        if elem_size != Some(u32_at(entry, 32)) {
            return Err(Malformed { what: "a field's element size is not that of its type" });
        }
        let elem_size = u32_at(entry, 32);
        let dims: Vec<u32> = (0..rank).map(|i| u32_at(entry, 40 + 4 * i)).collect();
        let offset = u32_at(entry, 28);
        let end = dims
            .iter()
            .try_fold(u64::from(elem_size), |size, &length| size.checked_mul(u64::from(length)))
            .filter(|&size| size > 0)
            .and_then(|size| size.checked_add(u64::from(offset)));
        if end.is_none_or(|end| end > u64::from(record_size)) {
            return Err(Malformed { what: "a field passes the end of its record" });
        }
        let named = self.named(entry, kind)?;
        let time = match entry[73] {
            0 => None,
            tag => Some(Time::from_tag(tag).ok_or(Malformed { what: "a field's time is unknown" })?),
        };
        let exp = entry[72].cast_signed();
        let flags = u16::from_le_bytes([entry[26], entry[27]]);
        let [null, min, max] = [(FLAG_NULL, 88), (FLAG_MIN, 96), (FLAG_MAX, 104)]
            .map(|(flag, at)| (flags & flag != 0).then(|| Number::from_bits(u64_at(entry, at))));
        let mut numbers = [null, min, max].into_iter().flatten();
        if (exp != 0 || time.is_some()) && !kind.is_integer() || !numbers.all(|number| number.is_of(kind)) {
            return Err(Malformed { what: "what is said of a field's numbers does not fit its kind" });
        }
        let unit = self.areas.string(entry, 16)?;
        Ok(DescribedField {
            name: self.areas.string(entry, 0)?,
            doc: self.areas.string(entry, 8)?,
            unit: if unit.is_empty() { None } else { Some(unit) },
            kind,
            text: flags & FLAG_TEXT != 0 && kind == Kind::U8 && rank == 1 && named.is_none(),
            offset,
            elem_size,
            dims,
            record,
            named,
            exp,
            time,
            null,
            min,
            max,
            since: version(u32_at(entry, 76)),
            deprecated: version(u32_at(entry, 80)),
            layout_chain: u64_at(entry, 56),
            schema_chain: u64_at(entry, 64),
        })
    }

    /// The index of the enum that the field's integers are values of.
    fn named(&self, entry: &[u8], kind: Kind) -> Result<Option<usize>, Malformed> {
        let index = u32_at(entry, 36);
        if kind == Kind::Record || index == NONE {
            return Ok(None);
        }
        let index = index as usize;
        match self.enums.get(index) {
            Some(named) if named.repr == kind => Ok(Some(index)),
            _ => Err(Malformed { what: "a field's enum is not there, or of another kind" }),
        }
    }
}

/// A version counts from 1.
fn version(number: u32) -> Option<u32> {
    (number != 0).then_some(number)
}

/// Whether two of these fields share a byte. Each lies inside its record, so that no sum overflows.
fn overlap(fields: &[DescribedField]) -> bool {
    let mut spans: Vec<(u64, u64)> = fields
        .iter()
        .map(|field| {
            let start = u64::from(field.offset);
            (
                start,
                start + field.dims.iter().fold(u64::from(field.elem_size), |size, &n| size * u64::from(n)),
            )
        })
        .collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}
