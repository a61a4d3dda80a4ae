//! Reads a lock file: each version in it is a schema with every fact spelled out, so it goes through the pipeline like one,
//! and what comes out must be what the lock says. Relies on `schema` and the modules behind it; knows no other file.

use std::collections::HashMap;
use std::sync::Arc;

use shmrecord_layout::describe;

use super::version::{Places, Version, qualified};
use crate::diag::{Diagnostic, Diagnostics};
use crate::enumeration;
use crate::foreign::Foreign;
use crate::identity;
use crate::model::{Model, Origin};
use crate::record::{self, MAX_BYTES, Record};
use crate::rules::Rule;
use crate::schema::{self, Schema};
use crate::source::{Source, Span, Spanned};
use crate::table::Table;
use crate::words::{Rename, spanned};

/// What a lock says that follows from the rest of it.
struct Claim {
    /// `Record.field` or `Record`.
    of: String,
    key: &'static str,
    value: Spanned<String>,
}

/// A record of a lock, and what it claims.
type Locked = (Record, Vec<Claim>);

/// The versions in a lock of this schema, in rising order. Reports everything that is wrong.
pub(super) fn read(source: &Arc<Source>, schema: &str, found: &mut Diagnostics) -> Vec<Version> {
    let Some(document) = schema::document(source, found) else { return Vec::new() };
    let mut root = Table::new(&document, source.text(), Span { start: 0, end: 0 });
    if !root.lacks("lock", &["a lock begins with `[lock]`: it is written by `ipcgen lock`"], found)
        && let Some(mut head) = root.table("lock", found)
    {
        head.lacks("format", &["`ipcgen lock` writes `format = 1`"], found);
        head.number("format", 1..=1, found);
        if let Some(name) = head.required_string("schema", found).filter(|name| name.value != schema) {
            let title = format!("this is the lock of the schema `{}`", name.value);
            let report = Diagnostic::new(Rule::LockDamaged, name.span, title);
            found.push(report.label(format!("not `{schema}`")));
        }
        head.finish(found);
    }
    let mut versions = Vec::new();
    if let Some(tables) = root.table("version", found) {
        for (name, value) in tables.entries() {
            let number = name.value.parse().ok().filter(|number: &u32| number.to_string() == name.value);
            let Some(number) = number.filter(|&number| number > 0) else {
                let title = format!("`{}` is no version", name.value);
                let report = Diagnostic::new(Rule::LockDamaged, name.span, title);
                found.push(report.label("versions are numbers from 1"));
                continue;
            };
            if let Some(table) = tables.as_table(value, name.span, found) {
                let name = Spanned { value: schema.to_owned(), span: name.span };
                versions.extend(version(source, name, number, table, found));
            }
        }
    }
    root.finish(found);
    found.settle(source);
    versions.sort_by_key(Version::number);
    versions
}

fn version(
    source: &Arc<Source>,
    name: Spanned<String>,
    number: u32,
    mut table: Table<'_>,
    found: &mut Diagnostics,
) -> Option<Version> {
    let mut own = Diagnostics::default();
    let mut schema = Schema { name: Some(name), version: number, ..Schema::default() };
    schema.enums = schema::named(&mut table, "enum", enumeration::enumeration, &mut own);
    schema.enums.extend(schema::named(&mut table, "flags", enumeration::flags, &mut own));
    let locked = schema::named(&mut table, "record", record, &mut own);
    table.finish(&mut own);
    let (records, claims): (Vec<_>, Vec<_>) = locked.into_iter().unzip();
    schema.records = records;
    let places = Places::of(&schema);
    let model = crate::settle_facts(source, schema, Foreign::default(), &mut own);
    found.absorb_errors(own);
    let mut model = model?;
    unqualify(&mut model);
    let facts = derived(&model);
    let mut sound = true;
    for claim in claims.into_iter().flatten() {
        let Claim { of, key, value } = claim;
        let title = format!("`{key}` of `{of}` does not follow from what else is said of it");
        let fact = facts.get(&(of, key));
        if fact == Some(&value.value) {
            continue;
        }
        let label = fact.map_or("nothing would".to_owned(), |fact| format!("{fact} would"));
        let report = Diagnostic::new(Rule::LockDamaged, value.span, title).label(label);
        found.push(report.help("take the lock from version control: it is not written by hand"));
        sound = false;
    }
    sound.then(|| Version { source: Arc::clone(source), model: Arc::new(model), places })
}

fn record(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> Locked {
    let mut claims = Vec::new();
    for key in ["size", "align"] {
        table.lacks(key, &[], found);
    }
    let size = table.number("size", 1..=MAX_BYTES, found);
    let align = table.number("align", 1..=MAX_BYTES, found);
    for key in ["layout_id", "schema_id"] {
        claim(&mut table, &name.value, key, found, &mut claims);
    }
    let mut fields = Vec::new();
    table.lacks("fields", &[], found);
    for value in table.array("fields", found).into_iter().flatten() {
        let span = value.span().into();
        let Some(mut entry) = table.as_table(value, span, found) else { continue };
        let field = record::field(&mut entry, span, found);
        entry.lacks("offset", &[], found);
        entry.lacks("size", &[], found);
        if let Some(field_name) = &field.name {
            let of = format!("{}.{}", name.value, field_name.value);
            if let Some(size) = entry.number("size", 1..=MAX_BYTES, found) {
                let value = Spanned { value: size.value.to_string(), span: size.span };
                claims.push(Claim { of: of.clone(), key: "size", value });
            }
            for key in ["layout_chain", "schema_chain"] {
                claim(&mut entry, &of, key, found, &mut claims);
            }
        }
        entry.finish(found);
        fields.push(field);
    }
    if fields.is_empty() {
        let title = format!("record `{}` has no fields", name.value);
        found.push(Diagnostic::new(Rule::NoFields, name.span, title));
    }
    table.finish(found);
    let (rename, aliases, doc) = (Rename::default(), Vec::new(), String::new());
    (Record { name, rename, aliases, doc, size, align, deny_padding: false, fields }, claims)
}

fn claim(
    table: &mut Table<'_>,
    of: &str,
    key: &'static str,
    found: &mut Diagnostics,
    claims: &mut Vec<Claim>,
) {
    if let Some(value) = table.required_string(key, found).map(spanned) {
        claims.push(Claim { of: of.to_owned(), key, value });
    }
}

/// Gives types that were imported their own names, of which their ids are made.
fn unqualify(model: &mut Model) {
    let enums = model.enums.iter_mut().map(|named| (&mut named.origin, &mut named.name));
    let records = model.records.iter_mut().map(|record| (&mut record.origin, &mut record.name));
    let mut changed = false;
    for (origin, name) in enums.chain(records) {
        if let Some((schema, own)) = name.split_once("__") {
            (*origin, *name) = (Origin::Imported(schema.to_owned()), own.to_owned());
            changed = true;
        }
    }
    if changed {
        identity::identify(&mut model.records, &model.enums, model.version);
    }
}

/// What follows from the facts of a version: by what it is said of, and its key.
fn derived(model: &Model) -> HashMap<(String, &'static str), String> {
    let mut facts = HashMap::new();
    for record in &model.records {
        let name = qualified(&record.origin, &record.name);
        facts.insert((name.clone(), "layout_id"), format!("{:016x}", record.layout_id));
        facts.insert((name.clone(), "schema_id"), format!("{:016x}", record.schema_id));
        let described = describe::decode(&record.description).ok();
        let chains = described.iter().flat_map(|described| &described.root().fields);
        for (field, chain) in record.fields().zip(chains) {
            let of = format!("{name}.{}", field.name);
            facts.insert((of.clone(), "size"), field.size.to_string());
            facts.insert((of.clone(), "layout_chain"), format!("{:016x}", chain.layout_chain));
            facts.insert((of, "schema_chain"), format!("{:016x}", chain.schema_chain));
        }
    }
    facts
}
