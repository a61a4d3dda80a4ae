//! The last step of reading a schema: from what was written, resolved and placed to the model, with ids and
//! descriptions. Relies on the layout crate for both; reports nothing, for all is known to hold.

use std::cell::OnceCell;

use shmrecord_layout::describe;
use shmrecord_layout::{FieldLayout, FieldType, Kind, MAX_RANK, RecordLayout};

use crate::layout::Frame;
use crate::model::{Constant, Element, Field, Member, Model, Record, Segment, Type};
use crate::names;
use crate::resolve::Resolved;
use crate::schema::{self, Schema};

/// The model of a schema without errors; `None` when something in it is missing after all.
pub(crate) fn model(
    file: &str,
    schema: Schema,
    resolved: Resolved,
    frames: Vec<Option<Frame>>,
) -> Option<Model> {
    let name = schema.name?.value;
    let constants = schema.constants.into_iter().map(|constant| {
        let given = constant.name.value;
        Some(Constant {
            rust_name: names::rust_constant(&given),
            c_name: names::c_macro(&name, &given),
            doc: constant.doc,
            value: constant.value?,
        })
    });
    let constants = constants.collect::<Option<Vec<_>>>()?;

    let mut position = vec![0; resolved.order.len()];
    for (at, &record) in resolved.order.iter().enumerate() {
        *position.get_mut(record)? = at;
    }
    let mut types = resolved.types;
    let mut given: Vec<Option<schema::Record>> = schema.records.into_iter().map(Some).collect();
    let mut frames = frames;
    let mut records: Vec<Record> = Vec::with_capacity(given.len());
    for &at in &resolved.order {
        let (types, given, frame) = (std::mem::take(&mut types[at]), given[at].take()?, frames[at].take()?);
        let types = types.into_iter().map(|ty| {
            let mut ty = ty?;
            if let Element::Record(part) = &mut ty.element {
                *part = position[*part];
            }
            Some(ty)
        });
        let types = types.collect::<Option<Vec<_>>>()?;
        records.push(record(&name, given, types, frame, &records)?);
    }
    identify(&mut records);
    let segments = schema.segments.into_iter().zip(resolved.segments);
    let segments = segments.map(|(given, record)| segment(&name, given, *position.get(record?)?, &records));
    let segments = segments.collect::<Option<Vec<_>>>()?;
    Some(Model { file: file.to_owned(), name, doc: schema.doc, constants, records, segments })
}

/// A segment that holds the record at this index of the model.
fn segment(
    prefix: &str,
    given: crate::segment::Segment,
    record: usize,
    records: &[Record],
) -> Option<Segment> {
    let name = given.name.value;
    let size = u64::from(records.get(record)?.size);
    Some(Segment {
        rust_name: names::rust_constant(&name),
        c_name: names::c_record(prefix, &name),
        name,
        doc: given.doc,
        address: given.address?,
        record,
        offset: given.offset.map_or(0, |offset| offset.value),
        count: given.count.map(|count| count.value),
        stride: given.stride.map_or(size, |stride| stride.value),
        guard: given.guard?.value,
        mode: given.mode,
        owner: given.owner,
        accept_unsealed: given.accept_unsealed,
        timeout_ms: given.timeout_ms,
    })
}

/// A record with everything but what [`identify`] adds.
fn record(
    prefix: &str,
    given: schema::Record,
    types: Vec<Type>,
    frame: Frame,
    before: &[Record],
) -> Option<Record> {
    let part = |ty: &Type| match ty.element {
        Element::Record(at) => before.get(at),
        _ => None,
    };
    let has_invalid = |ty: &Type| {
        ty.element == Element::Scalar(Kind::Bool) || part(ty).is_some_and(|part| part.has_invalid)
    };
    let has_invalid = types.iter().any(has_invalid);
    let has_padding =
        !frame.pads.is_empty() || types.iter().any(|ty| part(ty).is_some_and(|part| part.has_padding));
    let mut members = Vec::with_capacity(types.len() + frame.pads.len());
    let mut pads = frame.pads.into_iter().peekable();
    for ((given, ty), place) in given.fields.into_iter().zip(types).zip(frame.places) {
        while let Some(pad) = pads.next_if(|pad| pad.offset < place.offset) {
            members.push(Member::Pad(pad));
        }
        let name = given.name?.value;
        members.push(Member::Field(Field {
            name,
            doc: given.doc,
            unit: given.unit,
            ty,
            offset: place.offset,
            size: place.size,
        }));
    }
    members.extend(pads.map(Member::Pad));
    let name = given.name.value;
    Some(Record {
        rust_name: names::rust_record(&name),
        c_name: names::c_record(prefix, &name),
        c_macro: names::c_macro(prefix, &name),
        name,
        doc: given.doc,
        size: frame.size,
        align: frame.align,
        natural_align: frame.natural_align,
        members,
        layout_id: 0,
        schema_id: 0,
        description: Vec::new(),
        has_invalid,
        has_padding,
    })
}

/// Computes ids and descriptions, as the derive's constants do: from layouts that refer to one another.
fn identify(records: &mut [Record]) {
    // Slots that are filled one after the other: a layout refers to those in front of it.
    let fields: Vec<OnceCell<Vec<FieldLayout<'_>>>> = records.iter().map(|_| OnceCell::new()).collect();
    let layouts: Vec<OnceCell<RecordLayout<'_>>> = records.iter().map(|_| OnceCell::new()).collect();
    let identities: Vec<_> = records
        .iter()
        .zip(fields.iter().zip(&layouts))
        .map(|(record, (fields, layout))| {
            let list = record.fields().filter_map(|field| field_layout(field, &layouts)).collect();
            let list = fields.get_or_init(|| list);
            let layout = layout.get_or_init(|| {
                RecordLayout::new(&record.name, record.size, record.align, list, &record.doc)
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

fn field_layout<'a>(field: &'a Field, layouts: &'a [OnceCell<RecordLayout<'a>>]) -> Option<FieldLayout<'a>> {
    let element = match field.ty.element {
        Element::Scalar(kind) => FieldType::scalar(kind)?,
        Element::Char => FieldType::scalar(Kind::U8)?,
        Element::Record(at) => FieldType::record(layouts.get(at)?.get()?),
    };
    let ty = field.ty.dims.iter().rev().try_fold(element, |ty, &length| ty.array_of(length))?;
    debug_assert!(usize::from(ty.rank) <= MAX_RANK);
    Some(FieldLayout {
        text: field.ty.element == Element::Char,
        unit: field.unit.as_deref(),
        doc: &field.doc,
        ..FieldLayout::new(&field.name, ty, field.offset)
    })
}
