//! Whether zeros are a value: of fields that older programs left out, and of records that nobody has written. Relies on
//! `resolve` for what fields hold, and on `versions` for since when they are there.

use shmrecord_layout::Form;

use crate::diag::{Diagnostic, Diagnostics};
use crate::foreign::Foreign;
use crate::model::{Element, Enum};
use crate::record::{Field, Record};
use crate::resolve::Resolved;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::versions::{version, words};

/// Reports closed enums that have no value 0 and need one: in fields that were added later, and, once for each enum that
/// has not been reported so, in any other.
pub(crate) fn check(
    schema: &Schema,
    foreign: &Foreign,
    enums: &[Enum],
    resolved: &Resolved,
    found: &mut Diagnostics,
) {
    let zeroless = Zeroless::new(schema, foreign, enums, resolved);
    let mut told = vec![false; enums.len()];
    let help = |at: usize| format!("give `{}` a name for 0, or leave `closed` out", enums[at].name);
    for (_, field, element) in fields(schema, resolved) {
        if version(field) > 1
            && let Some(at) = zeroless.part(element)
        {
            told[at] = true;
            let title =
                format!("{} was added later, and 0 is no value of `{}`", words(field), enums[at].name);
            let report = Diagnostic::new(Rule::NoZero, field.span, title);
            found.push(report.label("zero in what older programs wrote").help(help(at)));
        }
    }
    for (record, field, element) in fields(schema, resolved) {
        // What a nested record holds is told where that is declared.
        if let Element::Enum(at) = element
            && zeroless.enums[at]
            && !std::mem::replace(&mut told[at], true)
        {
            let (record, name) = (&record.name.value, &enums[at].name);
            let title = format!("`{record}` cannot be read before it is written: 0 is no value of `{name}`");
            let span = field.ty.as_ref().map_or(field.span, |ty| ty.span);
            let report = Diagnostic::new(Rule::ZerosUnreadable, span, title);
            found.push(report.label("zero until it is written").help(help(at)));
        }
    }
}

/// The fields of the schema's records whose types mean something, with what their elements are.
fn fields<'s>(
    schema: &'s Schema,
    resolved: &'s Resolved,
) -> impl Iterator<Item = (&'s Record, &'s Field, Element)> {
    schema.records.iter().zip(&resolved.types).flat_map(|(record, types)| {
        let fields = record.fields.iter().zip(types);
        fields.filter_map(move |(field, ty)| Some((record, field, ty.as_ref()?.element)))
    })
}

/// What has no value in which all bytes are zero.
struct Zeroless {
    enums: Vec<bool>,
    /// By record: a closed enum in it, however deep, that has no value 0.
    records: Vec<Option<usize>>,
}

impl Zeroless {
    fn new(schema: &Schema, foreign: &Foreign, enums: &[Enum], resolved: &Resolved) -> Self {
        let lacks =
            |named: &Enum| named.form == Form::Closed && named.values.iter().all(|value| value.value != 0);
        let mut zeroless = Self {
            enums: enums.iter().map(lacks).collect(),
            records: Vec::with_capacity(foreign.records.len() + schema.records.len()),
        };
        for record in &foreign.records {
            let first = record.fields().find_map(|field| zeroless.part(field.ty.element));
            zeroless.records.push(first);
        }
        zeroless.records.extend(schema.records.iter().map(|_| None));
        for &record in &resolved.order {
            let mut types = resolved.types[record].iter().flatten();
            zeroless.records[foreign.records.len() + record] = types.find_map(|ty| zeroless.part(ty.element));
        }
        zeroless
    }

    /// The closed enum without a value 0 that this is or contains.
    fn part(&self, element: Element) -> Option<usize> {
        match element {
            Element::Enum(at) => self.enums[at].then_some(at),
            Element::Record(at) => self.records[at],
            Element::Scalar(_) | Element::Char => None,
        }
    }
}
