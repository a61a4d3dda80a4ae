//! Ids and descriptions of the records of a model. Relies on the layout crate for both, so that they are those of every
//! other front end.

use std::cell::OnceCell;

use shmrecord_layout::describe;
use shmrecord_layout::{
    EnumLayout, FieldLayout, FieldType, Form, Kind, MAX_RANK, Number, RecordLayout, ValueLayout,
};

use crate::model::{Element, Enum, Field, Record};

/// Computes ids and descriptions of records, each behind those it contains, as the derive's constants do: from layouts that
/// refer to one another.
pub(crate) fn identify(records: &mut [Record], enums: &[Enum], version: u32) {
    let values: Vec<Vec<ValueLayout<'_>>> = enums.iter().map(value_layouts).collect();
    let named = enums.iter().zip(&values);
    let named: Vec<EnumLayout<'_>> = named
        .map(|(named, values)| EnumLayout::new(&named.name, named.form, named.repr, values, &named.doc))
        .collect();
    // Slots that are filled one after the other: a layout refers to those in front of it.
    let fields: Vec<OnceCell<Vec<FieldLayout<'_>>>> = records.iter().map(|_| OnceCell::new()).collect();
    let layouts: Vec<OnceCell<RecordLayout<'_>>> = records.iter().map(|_| OnceCell::new()).collect();
    let identities: Vec<_> = records
        .iter()
        .zip(fields.iter().zip(&layouts))
        .map(|(record, (fields, layout))| {
            let list = record.fields().filter_map(|field| field_layout(field, &named, &layouts)).collect();
            let list = fields.get_or_init(|| list);
            let layout = layout.get_or_init(|| {
                let version = if record.refers_to_versions() { version } else { 0 };
                RecordLayout::new(&record.name, record.size, record.align, list, &record.doc)
                    .of_version(version)
            });
            (layout.layout_id, layout.schema_id, describe::encode(layout))
        })
        .collect();
    for (record, (layout_id, schema_id, description)) in records.iter_mut().zip(identities) {
        record.layout_id = layout_id;
        record.schema_id = schema_id;
        record.description = description;
    }
}

/// The layouts of an enum's values: of a flag the position of its bit. Further names of a value are no values.
fn value_layouts(named: &Enum) -> Vec<ValueLayout<'_>> {
    let number = |value: i128| {
        let is_flag = named.form == Form::Flags;
        Number::integer(named.repr, if is_flag { i128::from(value.trailing_zeros()) } else { value })
    };
    let values = named.values.iter().filter(|given| !given.is_alias);
    let values = values.filter_map(|given| {
        Some(ValueLayout { name: &given.name, value: number(given.value)?, doc: &given.doc })
    });
    values.collect()
}

fn field_layout<'a>(
    field: &'a Field,
    named: &'a [EnumLayout<'a>],
    layouts: &'a [OnceCell<RecordLayout<'a>>],
) -> Option<FieldLayout<'a>> {
    let element = match field.ty.element {
        Element::Scalar(kind) => FieldType::scalar(kind)?,
        Element::Char => FieldType::scalar(Kind::U8)?,
        Element::Enum(at) => FieldType::named(named.get(at)?)?,
        Element::Record(at) => FieldType::record(layouts.get(at)?.get()?),
    };
    let ty = field.ty.dims.iter().rev().try_fold(element, |ty, &length| ty.array_of(length))?;
    debug_assert!(usize::from(ty.rank) <= MAX_RANK);
    Some(FieldLayout {
        text: field.ty.element == Element::Char,
        unit: field.unit.as_deref(),
        exp: field.exp,
        time: field.time,
        null: field.null,
        min: field.min,
        max: field.max,
        since: field.since,
        deprecated: field.deprecated.as_ref().map(|deprecated| deprecated.since),
        doc: &field.doc,
        ..FieldLayout::new(&field.name, ty, field.offset)
    })
}
