//! The last step of reading a schema: from what was written, resolved and placed to the model. Relies on `identity` for ids
//! and descriptions; reports nothing, for all is known to hold.

use shmrecord_layout::{Form, Kind};

use crate::facts::Facts;
use crate::foreign::Foreign;
use crate::identity;
use crate::layout::{Frame, Place};
use crate::model::{
    Constant, Deprecated, Element, Enum, Field, Member, Model, Origin, Record, Segment, Type,
};
use crate::names::{self, Target};
use crate::record;
use crate::resolve::Resolved;
use crate::schema::{self, Schema};
use crate::words;

/// A schema after all checks.
pub(crate) struct Draft {
    pub(crate) schema: Schema,
    pub(crate) foreign: Foreign,
    /// The imported ones and then those of the schema, as in the model.
    pub(crate) enums: Vec<Enum>,
    pub(crate) resolved: Resolved,
    pub(crate) frames: Vec<Option<Frame>>,
    pub(crate) facts: Vec<Vec<Facts>>,
}

/// The model of a schema without errors; `None` when something in it is missing after all.
pub(crate) fn model(file: &str, draft: Draft) -> Option<Model> {
    let Draft { schema, foreign, enums, resolved, mut frames, mut facts } = draft;
    let name = schema.name?.value;
    let constants = schema.constants.into_iter().map(|given| constant(&name, given));
    let constants = constants.collect::<Option<Vec<_>>>()?;

    // Records change their places: behind those that they contain.
    let imported = foreign.records.len();
    let mut position: Vec<usize> = (0..imported + resolved.order.len()).collect();
    for (at, &record) in resolved.order.iter().enumerate() {
        *position.get_mut(imported + record)? = imported + at;
    }
    let mut types = resolved.types;
    let mut given: Vec<Option<record::Record>> = schema.records.into_iter().map(Some).collect();
    let mut records = foreign.records;
    for &at in &resolved.order {
        let fields = std::mem::take(&mut types[at]).into_iter().zip(std::mem::take(&mut facts[at]));
        let fields = fields.map(|(ty, facts)| {
            let mut ty = ty?;
            if let Element::Record(part) = &mut ty.element {
                *part = position[*part];
            }
            Some((ty, facts))
        });
        let fields = fields.collect::<Option<Vec<_>>>()?;
        let (given, frame) = (given[at].take()?, frames[imported + at].take()?);
        records.push(record(&name, given, fields, frame, &records, &enums)?);
    }
    identity::identify(&mut records, &enums, schema.version);
    let segments = schema.segments.into_iter().zip(resolved.segments);
    let segments = segments.map(|(given, record)| segment(&name, given, *position.get(record?)?, &records));
    let segments = segments.collect::<Option<Vec<_>>>()?;
    Some(Model {
        file: file.to_owned(),
        name,
        version: schema.version,
        doc: schema.doc,
        imports: foreign.imports.into_iter().map(|import| import.value).collect(),
        constants,
        enums,
        records,
        segments,
    })
}

fn constant(prefix: &str, given: schema::Constant) -> Option<Constant> {
    let name = given.name.value;
    Some(Constant {
        rust_name: given.rename.or(Target::Rust, || names::rust_constant(&name)),
        c_name: given.rename.or(Target::C, || names::c_macro(prefix, &name)),
        renamed: given.rename.settled(),
        name,
        doc: given.doc,
        value: given.value?,
    })
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

/// A record with everything but what [`identity::identify`] adds.
fn record(
    prefix: &str,
    given: record::Record,
    fields: Vec<(Type, Facts)>,
    frame: Frame,
    before: &[Record],
    enums: &[Enum],
) -> Option<Record> {
    let part = |ty: &Type| match ty.element {
        Element::Record(at) => before.get(at),
        _ => None,
    };
    let has_invalid = |ty: &Type| match ty.element {
        Element::Enum(at) => enums[at].form == Form::Closed,
        element => element == Element::Scalar(Kind::Bool) || part(ty).is_some_and(|part| part.has_invalid),
    };
    let has_invalid = fields.iter().any(|(ty, _)| has_invalid(ty));
    let has_padding =
        !frame.pads.is_empty() || fields.iter().any(|(ty, _)| part(ty).is_some_and(|part| part.has_padding));
    let mut members = Vec::with_capacity(fields.len() + frame.pads.len());
    let mut pads = frame.pads.into_iter().peekable();
    for ((given, (ty, facts)), place) in given.fields.into_iter().zip(fields).zip(frame.places) {
        while let Some(pad) = pads.next_if(|pad| pad.offset < place.offset) {
            members.push(Member::Pad(pad));
        }
        members.push(Member::Field(field(given, ty, facts, place)?));
    }
    members.extend(pads.map(Member::Pad));
    let name = given.name.value;
    let c_name = given.rename.or(Target::C, || names::c_record(prefix, &name));
    Some(Record {
        origin: Origin::Here,
        rust_name: given.rename.or(Target::Rust, || names::rust_record(&name)),
        c_macro: c_name.to_ascii_uppercase(),
        c_name,
        renamed: given.rename.settled(),
        aliases: words::values(&given.aliases),
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

fn field(given: record::Field, ty: Type, facts: Facts, place: Place) -> Option<Field> {
    let name = given.name?.value;
    let deprecated = given.deprecated.map(|deprecated| Deprecated {
        since: deprecated.since.value,
        instead: deprecated.instead.map(|instead| instead.value),
    });
    Some(Field {
        rust_name: given.rename.or(Target::Rust, || name.clone()),
        c_name: given.rename.or(Target::C, || name.clone()),
        renamed: given.rename.settled(),
        aliases: words::values(&given.aliases),
        name,
        doc: given.doc,
        unit: given.unit,
        exp: given.exp.map_or(0, |exp| exp.value),
        time: facts.time,
        null: facts.null,
        min: facts.min,
        max: facts.max,
        since: given.since.map(|since| since.value),
        deprecated,
        ty,
        offset: place.offset,
        size: place.size,
    })
}
