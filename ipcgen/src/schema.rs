//! What a schema file says, key by key, with the place of everything. Relies on `table`, `type_expr` and, for segments,
//! `segment`; does not know whether the names and numbers make sense together.

use shmrecord_layout::place::MAX_ALIGN;
use toml::de::DeTable;

use std::collections::HashSet;

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::segment::{self, Segment};
use crate::source::{Source, Span, Spanned};
use crate::table::{self, Table};
use crate::text::Text;
use crate::type_expr::{self, TypeExpr};

/// Units enter the ids with a length of their own; 255 bytes is what every front end allows.
const MAX_UNIT_BYTES: usize = 255;
/// `place::MAX_RECORD_BYTES`, the largest number that a key can take.
const MAX_BYTES: u32 = 1 << 31;

/// A schema as it was written.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) version: u32,
    pub(crate) doc: String,
    pub(crate) constants: Vec<Constant>,
    pub(crate) records: Vec<Record>,
    pub(crate) segments: Vec<Segment>,
}

/// `NAME = 10` or `NAME = { value = 10, doc = "..." }` in `[const]`.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) name: Spanned<String>,
    pub(crate) value: Option<i128>,
    pub(crate) doc: String,
}

/// A table `[record.NAME]`.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: Spanned<String>,
    pub(crate) doc: String,
    pub(crate) size: Option<Spanned<u32>>,
    pub(crate) align: Option<Spanned<u32>>,
    pub(crate) deny_padding: bool,
    pub(crate) fields: Vec<Field>,
}

/// An entry of a record's `fields`.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) ty: Option<TypeExpr>,
    pub(crate) doc: String,
    pub(crate) unit: Option<String>,
    pub(crate) offset: Option<Spanned<u32>>,
    /// The whole entry.
    pub(crate) span: Span,
}

/// Reads everything that can be read, and reports everything that cannot.
pub(crate) fn read(source: &Source, found: &mut Diagnostics) -> Schema {
    if let Some(at) = source.invalid() {
        let title = format!("line {} is not UTF-8", source.line(at) + 1);
        let span = Span { start: at, end: at };
        found.push(Diagnostic::new(Rule::NotUtf8, span, title).label("the next byte is not UTF-8"));
        return Schema::default();
    }
    let (document, errors) = DeTable::parse_recoverable(source.text());
    let mut lines = HashSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        // What the parser finds behind a mistake on the same line mostly follows from it.
        if lines.insert(source.line(span.start)) {
            let (title, label) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
            let label = match (title, label) {
                ("duplicate key", _) => "given a second time".to_owned(),
                (_, "") => String::new(),
                (_, label) => format!("expected {label}"),
            };
            found.push(Diagnostic::new(Rule::BadToml, span.into(), title).label(label));
        }
    }
    let start = Span { start: 0, end: 0 };
    schema(Table::new(document.get_ref(), source.text(), start), found)
}

fn schema(mut root: Table<'_>, found: &mut Diagnostics) -> Schema {
    let mut schema = Schema { version: 1, ..Schema::default() };
    let head_span = root.key_span("schema");
    match root.table("schema", found) {
        Some(mut head) => {
            schema.name = head.required_string("name", found).map(spanned);
            if let Some(version) = head.number("version", 1..=u32::MAX, found) {
                schema.version = version.value;
            }
            schema.doc = doc(&mut head, found);
            head.finish(found);
        }
        None if head_span.is_none() => {
            let start = Span { start: 0, end: 0 };
            let report = Diagnostic::new(Rule::MissingKey, start, "the table `[schema]` is missing");
            found.push(report.help("begin with `[schema]` and `name = \"...\"`"));
        }
        None => {}
    }
    if let Some(constants) = root.table("const", found) {
        schema.constants =
            constants.entries().into_iter().map(|entry| constant(&constants, entry, found)).collect();
    }
    if let Some(records) = root.table("record", found) {
        for (name, value) in records.entries() {
            if let Some(table) = records.as_table(value, name.span, found) {
                schema.records.push(record(name, table, found));
            }
        }
    }
    if let Some(segments) = root.table("segment", found) {
        for (name, value) in segments.entries() {
            if let Some(table) = segments.as_table(value, name.span, found) {
                schema.segments.push(segment::read(name, table, found));
            }
        }
    }
    if schema.constants.is_empty() && schema.records.is_empty() {
        let span = head_span.unwrap_or(Span { start: 0, end: 0 });
        let report = Diagnostic::new(Rule::MissingKey, span, "the schema declares nothing");
        found.push(report.help("add a record: `[record.Name]` with `fields = [ ... ]`"));
    }
    root.finish(found);
    schema
}

fn constant(
    constants: &Table<'_>,
    (name, value): (Spanned<String>, &toml::Spanned<toml::de::DeValue<'_>>),
    found: &mut Diagnostics,
) -> Constant {
    if !value.get_ref().is_table() {
        return Constant { name, value: table::constant(value, found), doc: String::new() };
    }
    let mut constant = Constant { name, value: None, doc: String::new() };
    if let Some(mut table) = constants.as_table(value, constant.name.span, found) {
        constant.value = table.constant("value", found);
        constant.doc = doc(&mut table, found);
        table.finish(found);
    }
    constant
}

fn record(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> Record {
    let doc = doc(&mut table, found);
    let size = table.number("size", 1..=MAX_BYTES, found);
    let align = table.number("align", 1..=MAX_ALIGN, found);
    let deny_padding = table.word("padding", "deny", found);
    let short = table.array("fields", found);
    let long = table.array("field", found);
    if let (Some(one), Some(other)) = (table.key_span("fields"), table.key_span("field")) {
        let title = format!("the fields of `{}` are given twice", name.value);
        found.push(
            Diagnostic::new(Rule::TwoFieldForms, other, title)
                .label("`[[...field]]` tables as well")
                .also(one, "`fields` is given here")
                .help("keep one of the two"),
        );
    }
    let mut fields = Vec::new();
    for value in short.into_iter().chain(long).flatten() {
        if let Some(table) = table.as_table(value, value.span().into(), found) {
            fields.push(field(table, value.span().into(), found));
        }
    }
    let empty = |array: Option<&[_]>| array.is_none_or(<[_]>::is_empty);
    let wrong =
        ["fields", "field"].iter().any(|key| table.key_span(key).is_some()) && short.or(long).is_none();
    if empty(short) && empty(long) && !wrong {
        found.push(
            Diagnostic::new(Rule::NoFields, name.span, format!("record `{}` has no fields", name.value))
                .help("add `fields = [ { name = \"...\", type = \"...\" } ]`"),
        );
    }
    table.finish(found);
    Record { name, doc, size, align, deny_padding, fields }
}

fn field(mut table: Table<'_>, span: Span, found: &mut Diagnostics) -> Field {
    let name = table.required_string("name", found).map(spanned);
    let ty = table.required_string("type", found).and_then(|text| type_expr::parse(&text, found));
    let doc = doc(&mut table, found);
    let unit = table.string("unit", found).and_then(|text| unit(&text, found));
    let offset = table.number("offset", 0..=MAX_BYTES, found);
    table.finish(found);
    Field { name, ty, doc, unit, offset, span }
}

/// The documentation, with `\n` for line ends, and no space at the end of lines or around all.
pub(crate) fn doc(table: &mut Table<'_>, found: &mut Diagnostics) -> String {
    let Some(text) = table.string("doc", found) else { return String::new() };
    check_characters(&text, |character| matches!(character, '\n' | '\r' | '\t'), found);
    let text = text.value.replace("\r\n", "\n").replace('\r', "\n");
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn unit(text: &Text, found: &mut Diagnostics) -> Option<String> {
    if text.value.is_empty() || text.value.len() > MAX_UNIT_BYTES {
        let title = format!("a unit of {} bytes", text.value.len());
        found.push(Diagnostic::new(Rule::BadText, text.span, title).label("1 to 255 bytes"));
        return None;
    }
    check_characters(text, |_| false, found);
    Some(text.value.clone())
}

/// Reports the first character that generated source code must not carry.
pub(crate) fn check_characters(text: &Text, allowed: impl Fn(char) -> bool, found: &mut Diagnostics) {
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let hit = text.value.char_indices().find(|&(_, c)| harmful(c) && !allowed(c));
    if let Some((at, character)) = hit {
        let title = format!("the text holds the character U+{:04X}", u32::from(character));
        let place = text.place(at, at + character.len_utf8());
        found.push(Diagnostic::new(Rule::BadText, place, title).label("not printable in source code"));
    }
}

pub(crate) fn spanned(text: Text) -> Spanned<String> {
    Spanned { value: text.value, span: text.span }
}
