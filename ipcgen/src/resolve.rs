//! What the names in types mean, and in which order records can be laid out. Relies on `order` for that, on `schema`
//! and `foreign`; indices of enums and records are those of what is imported and then of what the schema declares. Does
//! not know sizes.

use std::collections::BTreeMap;

use shmrecord_layout::Kind;

use crate::diag::{Diagnostic, Diagnostics};
use crate::foreign::Foreign;
use crate::model::{Element, Type};
use crate::order;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::Spanned;
use crate::type_expr::{Length, TypeExpr};

/// Arrays in Rust and in 32-bit C have fewer than 2^31 elements.
const MAX_LENGTH: u64 = (1 << 31) - 1;

/// The types of all fields, and an order for the records.
pub(crate) struct Resolved {
    /// By record of the schema and field; `None` where the type means nothing.
    pub(crate) types: Vec<Vec<Option<Type>>>,
    /// The schema's records, by their index in it, each behind those it contains, else as they stand there. Those in cycles
    /// are left out.
    pub(crate) order: Vec<usize>,
    /// What each segment holds; `None` where there is no such record.
    pub(crate) segments: Vec<Option<usize>>,
}

/// Resolves every type and reports those that mean nothing.
pub(crate) fn resolve(schema: &Schema, foreign: &Foreign, found: &mut Diagnostics) -> Resolved {
    let names = Names::new(schema, foreign);
    let types: Vec<Vec<Option<Type>>> = schema
        .records
        .iter()
        .map(|record| {
            let types = record.fields.iter().map(|field| names.ty(field.ty.as_ref()?, found));
            types.collect()
        })
        .collect();
    let order = order::order(&schema.records, &types, foreign.records.len(), found);
    let segments =
        schema.segments.iter().map(|segment| names.record(segment.record.as_ref()?, found)).collect();
    Resolved { types, order, segments }
}

struct Names<'s> {
    constants: BTreeMap<&'s str, Option<i128>>,
    types: BTreeMap<&'s str, Element>,
}

impl<'s> Names<'s> {
    fn new(schema: &'s Schema, foreign: &'s Foreign) -> Self {
        let mut constants: BTreeMap<&str, _> =
            foreign.constants.iter().map(|(name, value)| (name.as_str(), Some(*value))).collect();
        constants.extend(schema.constants.iter().map(|c| (c.name.value.as_str(), c.value)));
        let mut types: BTreeMap<&str, _> =
            foreign.types.iter().map(|(name, element)| (name.as_str(), *element)).collect();
        let enums = schema.enums.iter().map(|given| given.name.value.as_str());
        types.extend(enums.zip((foreign.enums.len()..).map(Element::Enum)));
        let records = schema.records.iter().map(|record| record.name.value.as_str());
        types.extend(records.zip((foreign.records.len()..).map(Element::Record)));
        Self { constants, types }
    }
    fn ty(&self, expression: &TypeExpr, found: &mut Diagnostics) -> Option<Type> {
        let element = self.element(&expression.element, found);
        // Every length is looked at, so that all mistakes are reported.
        let dims: Vec<_> = expression.lengths.iter().map(|length| self.length(length, found)).collect();
        let (element, dims) = (element?, dims.into_iter().collect::<Option<Vec<_>>>()?);
        if element == Element::Char && dims.len() != 1 {
            let title = if dims.is_empty() { "a `char` of its own" } else { "an array of texts" };
            let help = if dims.is_empty() {
                "write `[char; 1]` for text, `u8` for a byte"
            } else {
                "make a record that holds one `[char; N]`, and an array of that"
            };
            let report = Diagnostic::new(Rule::LoneChar, expression.span, title);
            found.push(report.label("`char` stands only in `[char; N]`").help(help));
            return None;
        }
        Some(Type { element, dims })
    }

    fn element(&self, name: &Spanned<String>, found: &mut Diagnostics) -> Option<Element> {
        let word = name.value.as_str();
        let kind = Kind::ALL.into_iter().find(|kind| kind.size().is_some() && kind.name() == word);
        if let Some(kind) = kind {
            return Some(Element::Scalar(kind));
        }
        if word == "char" {
            return Some(Element::Char);
        }
        if let Some(&element) = self.types.get(word) {
            return Some(element);
        }
        let report = Diagnostic::new(Rule::UnknownType, name.span, format!("unknown type `{word}`"));
        let report = report.label("not a primitive, record, enum or flags name");
        found.push(match FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == word) {
            Some((_, ours)) => report.help(format!("write `{ours}`")),
            None => {
                let primitives =
                    Kind::ALL.iter().filter(|kind| kind.size().is_some()).map(|kind| kind.name());
                let candidates = primitives.chain(["char"]).chain(self.types.keys().copied());
                report.suggest(found.nearest(word, candidates))
            }
        });
        None
    }

    /// The record that a segment holds.
    fn record(&self, name: &Spanned<String>, found: &mut Diagnostics) -> Option<usize> {
        let word = name.value.as_str();
        if let Some(&Element::Record(record)) = self.types.get(word) {
            return Some(record);
        }
        let records = self.types.iter().filter(|(_, element)| matches!(element, Element::Record(_)));
        let nearest = found.nearest(word, records.map(|(name, _)| *name));
        let report = Diagnostic::new(Rule::UnknownType, name.span, format!("unknown record `{word}`"));
        found.push(report.label("not a record of this schema").suggest(nearest));
        None
    }

    fn length(&self, length: &Spanned<Length>, found: &mut Diagnostics) -> Option<u32> {
        let span = length.span;
        let value = match &length.value {
            Length::Number(number) => number.map_or(i128::MAX, i128::from),
            Length::Constant(name) => match self.constants.get(name.as_str()) {
                Some(value) => (*value)?,
                None => {
                    let nearest = found.nearest(name, self.constants.keys().copied());
                    let report =
                        Diagnostic::new(Rule::UnknownConstant, span, format!("unknown constant `{name}`"));
                    let report = report.label("not in `[const]`").suggest(nearest);
                    found.push(report);
                    return None;
                }
            },
        };
        let named = matches!(length.value, Length::Constant(_));
        let report = if value == 0 {
            let label = if named { "the constant is 0" } else { "at least 1" };
            Diagnostic::new(Rule::ZeroLength, span, "an array without elements").label(label)
        } else if !(0..=i128::from(MAX_LENGTH)).contains(&value) {
            let rule = if named { Rule::BadLength } else { Rule::TooLarge };
            let label = if named { format!("the constant is {value}") } else { "too long".to_owned() };
            let title = format!("the length of an array is from 1 to {MAX_LENGTH}");
            Diagnostic::new(rule, span, title).label(label)
        } else {
            return u32::try_from(value).ok();
        };
        found.push(report);
        None
    }
}

/// What people write who come from another language.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("int8_t", "i8"),
    ("int16_t", "i16"),
    ("int32_t", "i32"),
    ("int64_t", "i64"),
    ("uint8_t", "u8"),
    ("uint16_t", "u16"),
    ("uint32_t", "u32"),
    ("uint64_t", "u64"),
    ("int8", "i8"),
    ("int16", "i16"),
    ("int32", "i32"),
    ("int64", "i64"),
    ("uint8", "u8"),
    ("uint16", "u16"),
    ("uint32", "u32"),
    ("uint64", "u64"),
    ("byte", "u8"),
    ("int", "i32"),
    ("float", "f32"),
    ("float32", "f32"),
    ("float64", "f64"),
    ("double", "f64"),
    ("usize", "u64"),
    ("isize", "i64"),
    ("u128", "[u64; 2]"),
    ("i128", "[u64; 2]"),
    ("string", "[char; N]"),
    ("String", "[char; N]"),
    ("str", "[char; N]"),
];
