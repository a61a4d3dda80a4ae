//! What the names in types mean, and in which order records can be laid out. Relies on `schema`; indices of records are
//! those of the schema here. Does not know sizes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use shmrecord_layout::Kind;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Element, Type};
use crate::rules::Rule;
use crate::schema::{Record, Schema};
use crate::source::Spanned;
use crate::type_expr::{Length, TypeExpr};

/// Arrays in Rust and in 32-bit C have fewer than 2^31 elements.
const MAX_LENGTH: u64 = (1 << 31) - 1;
/// Names of a cycle that are printed.
const MAX_CYCLE_NAMES: usize = 16;

/// The types of all fields, and an order for the records.
pub(crate) struct Resolved {
    /// By record and field; `None` where the type means nothing.
    pub(crate) types: Vec<Vec<Option<Type>>>,
    /// Each record behind those it contains, else as they stand in the schema. Those in cycles are left out.
    pub(crate) order: Vec<usize>,
    /// What each segment holds; `None` where there is no such record.
    pub(crate) segments: Vec<Option<usize>>,
}

/// Resolves every type and reports those that mean nothing.
pub(crate) fn resolve(schema: &Schema, found: &mut Diagnostics) -> Resolved {
    let names = Names {
        constants: schema.constants.iter().map(|c| (c.name.value.as_str(), c.value)).collect(),
        records: schema.records.iter().enumerate().map(|(at, r)| (r.name.value.as_str(), at)).collect(),
    };
    let types: Vec<Vec<Option<Type>>> = schema
        .records
        .iter()
        .map(|record| {
            let types = record.fields.iter().map(|field| names.ty(field.ty.as_ref()?, found));
            types.collect()
        })
        .collect();
    let order = order(&schema.records, &types, found);
    let segments =
        schema.segments.iter().map(|segment| names.record(segment.record.as_ref()?, found)).collect();
    Resolved { types, order, segments }
}

struct Names<'s> {
    constants: HashMap<&'s str, Option<i128>>,
    records: HashMap<&'s str, usize>,
}

impl Names<'_> {
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
        if let Some(&record) = self.records.get(word) {
            return Some(Element::Record(record));
        }
        let report = Diagnostic::new(Rule::UnknownType, name.span, format!("unknown type `{word}`"));
        let report = report.label("not a primitive or the name of a record");
        found.push(match FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == word) {
            Some((_, ours)) => report.help(format!("write `{ours}`")),
            None => {
                let primitives =
                    Kind::ALL.iter().filter(|kind| kind.size().is_some()).map(|kind| kind.name());
                let candidates = primitives.chain(["char"]).chain(self.records.keys().copied());
                report.suggest(found.nearest(word, candidates))
            }
        });
        None
    }

    /// The record that a segment holds.
    fn record(&self, name: &Spanned<String>, found: &mut Diagnostics) -> Option<usize> {
        let word = name.value.as_str();
        let record = self.records.get(word).copied();
        if record.is_none() {
            let nearest = found.nearest(word, self.records.keys().copied());
            let report = Diagnostic::new(Rule::UnknownType, name.span, format!("unknown record `{word}`"));
            found.push(report.label("not a record of this schema").suggest(nearest));
        }
        record
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

/// Takes records whose parts have all been taken, the first in the schema first. What is left is in a cycle or contains
/// one.
fn order(records: &[Record], types: &[Vec<Option<Type>>], found: &mut Diagnostics) -> Vec<usize> {
    let parts = |record: usize| {
        types[record].iter().flatten().filter_map(|ty| match ty.element {
            Element::Record(part) => Some(part),
            _ => None,
        })
    };
    let mut users = vec![Vec::new(); records.len()];
    let mut missing = vec![0_usize; records.len()];
    for (record, missing) in missing.iter_mut().enumerate() {
        for part in parts(record) {
            users[part].push(record);
            *missing += 1;
        }
    }
    let mut ready: BinaryHeap<_> = (0..records.len()).filter(|&at| missing[at] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(records.len());
    while let Some(Reverse(record)) = ready.pop() {
        order.push(record);
        for &user in &users[record] {
            missing[user] -= 1;
            if missing[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    if order.len() < records.len() {
        // Following the first unfinished part from anywhere ends in a cycle; each is met once.
        let next = |record: usize| parts(record).find(|&part| missing[part] > 0);
        let mut seen_from = vec![None; records.len()];
        for start in (0..records.len()).filter(|&at| missing[at] > 0) {
            let mut at = start;
            while seen_from[at].is_none() {
                seen_from[at] = Some(start);
                match next(at) {
                    Some(part) => at = part,
                    None => break,
                }
            }
            if seen_from[at] == Some(start) && next(at).is_some() {
                let cycle =
                    std::iter::successors(Some(at), |&record| next(record).filter(|&part| part != at));
                report_cycle(records, &cycle.collect::<Vec<_>>(), found);
            }
        }
    }
    order
}

fn report_cycle(records: &[Record], cycle: &[usize], found: &mut Diagnostics) {
    let name = |&record: &usize| records[record].name.value.as_str();
    let first = cycle.iter().min().copied().unwrap_or(0);
    let start = cycle.iter().position(|&record| record == first).unwrap_or(0);
    let mut path: Vec<&str> = cycle[start..].iter().chain(&cycle[..start]).map(name).collect();
    if path.len() > MAX_CYCLE_NAMES {
        path.truncate(MAX_CYCLE_NAMES - 1);
        path.push("...");
    }
    path.push(name(&first));
    let title = format!("record `{}` contains itself", name(&first));
    let report = Diagnostic::new(Rule::Cycle, records[first].name.span, title);
    found.push(report.label(path.join(" -> ")));
}
