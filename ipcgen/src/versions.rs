//! Whether what is said of versions can be: `since` and `deprecated` of fields. Relies on `layout` for where
//! fields are; other versions of the schema are not looked at: that is `evolution`.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Diagnostics};
use crate::foreign::Foreign;
use crate::layout::Frame;
use crate::record::{Deprecated, Field, Record};
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::Spanned;

/// Reports every version that cannot be.
pub(crate) fn check(schema: &Schema, foreign: &Foreign, frames: &[Option<Frame>], found: &mut Diagnostics) {
    let frames = frames.iter().skip(foreign.records.len());
    for (record, frame) in schema.records.iter().zip(frames) {
        let mut latest: Option<(u32, &Field)> = None;
        let names = record.fields.iter().filter_map(|field| Some(field.name.as_ref()?.value.as_str()));
        let names: BTreeSet<&str> = names.collect();
        for (at, field) in record.fields.iter().enumerate() {
            let since = field.since.as_ref();
            if let Some(since) = since {
                known(since, "since", schema.version, found);
            }
            let version = version(field);
            match latest {
                Some((before, other)) if version < before => {
                    if frame.as_ref().is_some_and(|frame| is_moved(record, frame, at)) {
                        found.push(decreasing(field, other, before));
                    }
                }
                _ => latest = Some((version, field)),
            }
            if let Some(deprecated) = &field.deprecated {
                self::deprecated(deprecated, field, (record, &names), schema.version, found);
            }
        }
    }
}

pub(crate) fn words(field: &Field) -> String {
    field.name.as_ref().map_or("the field".to_owned(), |name| format!("`{}`", name.value))
}

fn known(given: &Spanned<u32>, key: &str, version: u32, found: &mut Diagnostics) {
    if given.value > version {
        let title = format!("`{key}` is a later version than that of the schema");
        let report = Diagnostic::new(Rule::FutureVersion, given.span, title);
        let report = report.label(format!("the schema has version {version}"));
        found.push(report.help(format!("write `version = {}` in `[schema]`", given.value)));
    }
}

/// The version from which on a field is there.
pub(crate) fn version(field: &Field) -> u32 {
    field.since.as_ref().map_or(1, |since| since.value)
}

/// Whether a field would be elsewhere without the later ones in front of it: they do not lie in a hole.
fn is_moved(record: &Record, frame: &Frame, at: usize) -> bool {
    let (field, place) = (&record.fields[at], frame.places[at]);
    let older = (0..at).rev().find(|&before| version(&record.fields[before]) <= version(field));
    let end = older.map_or(0, |before| frame.places[before].offset + frame.places[before].size);
    field.offset.is_none() && end.next_multiple_of(place.align) != place.offset
}

fn decreasing(field: &Field, other: &Field, before: u32) -> Diagnostic {
    let title = format!("{} is older than the field in front of it", words(field));
    let span = field.since.as_ref().map_or(field.span, |since| since.span);
    let report =
        Diagnostic::new(Rule::FieldInserted, span, title).label("fields are added at the end, or in a hole");
    let other = other.since.as_ref().map_or(other.span, |since| since.span);
    report.also(other, format!("there since version {before}"))
}

fn deprecated(
    deprecated: &Deprecated,
    field: &Field,
    (record, names): (&Record, &BTreeSet<&str>),
    version: u32,
    found: &mut Diagnostics,
) {
    known(&deprecated.since, "deprecated", version, found);
    if let Some(since) = field.since.as_ref().filter(|since| since.value > deprecated.since.value) {
        let title = format!("{} is out of use before it is there", words(field));
        let report = Diagnostic::new(Rule::FutureVersion, deprecated.since.span, title);
        found.push(report.also(since.span, "there since this version"));
    }
    let own = field.name.as_ref().map(|name| name.value.as_str());
    match &deprecated.instead {
        None => {
            let title = format!("{} is out of use, and nothing is said to take its place", words(field));
            let report = Diagnostic::new(Rule::NoReplacement, deprecated.since.span, title);
            let form = format!("deprecated = {{ since = {}, use = \"...\" }}", deprecated.since.value);
            found.push(report.help(format!("name the field to use instead: `{form}`")));
        }
        Some(instead) if own == Some(instead.value.as_str()) => {
            let report =
                Diagnostic::new(Rule::UnknownField, instead.span, "a field cannot take its own place");
            found.push(report.label("this field itself"));
        }
        Some(instead) if !names.contains(instead.value.as_str()) => {
            let others = names.iter().copied().filter(|name| own != Some(name));
            let nearest = found.nearest(&instead.value, others);
            let title = format!("`{}` has no field `{}`", record.name.value, instead.value);
            let report = Diagnostic::new(Rule::UnknownField, instead.span, title);
            found.push(report.label("not a field of this record").suggest(nearest));
        }
        Some(_) => {}
    }
}
