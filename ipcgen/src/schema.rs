//! What a schema file says, key by key, with the place of everything. Relies on `table` and on one module for each kind
//! of table in it; does not know whether the names and numbers make sense together.

use toml::de::DeTable;

use std::collections::HashSet;

use crate::diag::{Diagnostic, Diagnostics};
use crate::enumeration::{self, Enum};
use crate::record::{self, Record};
use crate::rules::Rule;
use crate::segment::{self, Segment};
use crate::source::{Source, Span, Spanned};
use crate::table::{self, Table, Value};
use crate::words::{self, Rename, spanned};

/// A schema as it was written.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) version: u32,
    pub(crate) doc: String,
    /// Paths of other schemas, from this one's folder.
    pub(crate) imports: Vec<Spanned<String>>,
    pub(crate) constants: Vec<Constant>,
    /// Enums and flags.
    pub(crate) enums: Vec<Enum>,
    pub(crate) records: Vec<Record>,
    pub(crate) segments: Vec<Segment>,
}

/// `NAME = 10` or `NAME = { value = 10, doc = "..." }` in `[const]`.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) name: Spanned<String>,
    pub(crate) rename: Rename,
    pub(crate) value: Option<i128>,
    pub(crate) doc: String,
}

/// Reads everything that can be read, and reports everything that cannot.
pub(crate) fn read(source: &Source, found: &mut Diagnostics) -> Schema {
    let Some(document) = document(source, found) else { return Schema::default() };
    let start = Span { start: 0, end: 0 };
    schema(Table::new(&document, source.text(), start), found)
}

/// What a file is as TOML, as far as it is that; `None` when it is no text. Reports every mistake.
pub(crate) fn document<'s>(source: &'s Source, found: &mut Diagnostics) -> Option<DeTable<'s>> {
    if let Some(at) = source.invalid() {
        let title = format!("line {} is not UTF-8", source.line(at) + 1);
        let span = Span { start: at, end: at };
        found.push(Diagnostic::new(Rule::NotUtf8, span, title).label("the next byte is not UTF-8"));
        return None;
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
    Some(document.into_inner())
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
            schema.doc = words::doc(&mut head, found);
            schema.imports = head.strings("import", found).into_iter().map(spanned).collect();
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
    schema.enums = named(&mut root, "enum", enumeration::enumeration, found);
    schema.enums.extend(named(&mut root, "flags", enumeration::flags, found));
    // Both kinds stand in the file as their author thought of them.
    schema.enums.sort_by_key(|given| given.name.span);
    schema.records = named(&mut root, "record", record::read, found);
    schema.segments = named(&mut root, "segment", segment::read, found);
    if schema.constants.is_empty() && schema.enums.is_empty() && schema.records.is_empty() {
        let span = head_span.unwrap_or(Span { start: 0, end: 0 });
        let report = Diagnostic::new(Rule::MissingKey, span, "the schema declares nothing");
        found.push(report.help("add a record: `[record.Name]` with `fields = [ ... ]`"));
    }
    root.finish(found);
    schema
}

/// What every table under a key declares, in the order of the file.
pub(crate) fn named<T>(
    root: &mut Table<'_>,
    key: &'static str,
    read: impl Fn(Spanned<String>, Table<'_>, &mut Diagnostics) -> T,
    found: &mut Diagnostics,
) -> Vec<T> {
    let Some(tables) = root.table(key, found) else { return Vec::new() };
    let mut declared = Vec::new();
    for (name, value) in tables.entries() {
        if let Some(table) = tables.as_table(value, name.span, found) {
            declared.push(read(name, table, found));
        }
    }
    declared
}

fn constant(
    constants: &Table<'_>,
    (name, value): (Spanned<String>, &Value<'_>),
    found: &mut Diagnostics,
) -> Constant {
    let mut constant = Constant { name, rename: Rename::default(), value: None, doc: String::new() };
    if !value.get_ref().is_table() {
        constant.value = table::constant(value, found);
        return constant;
    }
    if let Some(mut table) = constants.as_table(value, constant.name.span, found) {
        constant.value = table.constant("value", found);
        constant.doc = words::doc(&mut table, found);
        constant.rename = words::rename(&mut table, found);
        table.finish(found);
    }
    constant
}
