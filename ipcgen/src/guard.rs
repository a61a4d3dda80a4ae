//! The `guard` of a segment: one form for each way in which another program guards its records. Relies on `table` and
//! `address`; does not know where records are, so not whether a counter is beside them.

use crate::address;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Guard;
use crate::rules::Rule;
use crate::segment::MAX_BYTES;
use crate::source::{Span, Spanned};
use crate::table::Table;

use toml::de::DeValue;

/// The only ways to write a guard, by what they are about.
const FORMS: [(&str, &str); 4] = [
    ("sysv", "`guard = { kind = \"sysv\", key = 0x1234, index = 0 }`: a semaphore of a System V set"),
    ("posix", "`guard = { posix = \"/name\" }`: a semaphore of sem_open"),
    ("seqcount", "`guard = { seqcount = { offset = 8, width = 32 } }`: a counter that is odd during a write"),
    ("none", "`guard = \"none\"`: reads may see half of a write"),
];

/// The guard under its key, which has to be there: that a table has none is said, not assumed.
pub(crate) fn read(segment: &mut Table<'_>, found: &mut Diagnostics) -> Option<Spanned<Guard>> {
    if segment.lacks("guard", &FORMS.map(|(_, form)| form), found) {
        return None;
    }
    let value = segment.get("guard")?;
    let span: Span = value.span().into();
    let meant = match value.get_ref() {
        DeValue::String(word) if word == "none" => return Some(Spanned { value: Guard::None, span }),
        DeValue::String(word) => word.to_string(),
        DeValue::Table(_) => {
            let mut table = segment.as_table(value, span, found)?;
            let given: Vec<&str> = ["kind", "sysv", "posix", "seqcount", "none"]
                .into_iter()
                .filter(|key| table.key_span(key).is_some())
                .collect();
            match given.as_slice() {
                ["kind"] if table.is_string("kind") => {
                    let kind = table.string("kind", found)?;
                    if kind.value == "sysv" {
                        return sysv(table, span, found);
                    }
                    kind.value
                }
                ["posix"] => return posix(table, span, found),
                ["seqcount"] => return seqcount(table, found),
                [one] => (*one).to_owned(),
                _ => String::new(),
            }
        }
        _ => String::new(),
    };
    let report = Diagnostic::new(Rule::BadGuard, span, "this is not how a guard is written");
    let about: Vec<_> = FORMS.iter().filter(|(about, _)| meant == *about).collect();
    let helps = if about.is_empty() { FORMS.iter().collect() } else { about };
    found.push(helps.into_iter().fold(report, |report, (_, form)| report.help(*form)));
    None
}

fn sysv(mut table: Table<'_>, span: Span, found: &mut Diagnostics) -> Option<Spanned<Guard>> {
    table.lacks("key", &["add `key = 0x1234`, or text as behind `sysv:`"], found);
    let key = if table.is_string("key") {
        table.string("key", found).and_then(|text| address::key(&text, found))
    } else {
        table.number("key", 1..=u32::MAX, found).map(|key| format!("{:#x}", key.value))
    };
    let index = table.number("index", 0..=u16::MAX, found).map(|index| index.value);
    table.finish(found);
    let value = Guard::Sysv { key: key?, index: index.unwrap_or(0) };
    Some(Spanned { value, span })
}

fn posix(mut table: Table<'_>, span: Span, found: &mut Diagnostics) -> Option<Spanned<Guard>> {
    let name = table.string("posix", found).and_then(|text| address::semaphore(&text, found));
    table.finish(found);
    Some(Spanned { value: Guard::Posix { name: name? }, span })
}

fn seqcount(mut table: Table<'_>, found: &mut Diagnostics) -> Option<Spanned<Guard>> {
    let mut counter = table.table("seqcount", found)?;
    table.finish(found);
    counter.lacks("offset", &["add `offset = 8`: where the counter is"], found);
    let offset = counter.number("offset", 0..=MAX_BYTES, found);
    counter.lacks("width", &["add `width = 32` or `width = 64`"], found);
    let width = counter.number("width", 0..=u32::MAX, found);
    let per_record = counter.boolean("per_record", found);
    counter.finish(found);
    let (offset, width) = (offset?, width?);
    if ![32, 64].contains(&width.value) {
        let report = Diagnostic::new(Rule::OutOfRange, width.span, "`width` is 32 or 64");
        found.push(report.label("bits of the counter"));
        return None;
    }
    let value = Guard::Seqcount { offset: offset.value, bits: width.value, per_record };
    Some(Spanned { value, span: offset.span })
}
