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
use crate::model::{self, Model, Origin};
use crate::record::{self, MAX_BYTES, Record};
use crate::rules::Rule;
use crate::schema::{self, Schema};
use crate::source::{Source, Span, Spanned};
use crate::table::Table;
use crate::words::{Rename, spanned};

/// What a lock says of a record that follows from the rest of it.
struct Claims {
    /// The record's name, as the lock has it.
    record: String,
    layout_id: Option<Spanned<String>>,
    schema_id: Option<Spanned<String>>,
    /// By field.
    fields: Vec<FieldClaims>,
}

/// The same of a field.
struct FieldClaims {
    size: Option<Spanned<u32>>,
    layout_chain: Option<Spanned<String>>,
    schema_chain: Option<Spanned<String>>,
}

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
    let places = Arc::new(Places::of(&schema, &[]));
    let model = crate::settle_facts(source, schema, Foreign::default(), &mut own);
    found.absorb_errors(own);
    let mut model = model?;
    unqualify(&mut model);
    follows(&claims, &model, found).then(|| Version {
        source: Arc::clone(source),
        model: Arc::new(model),
        places,
    })
}

fn record(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> (Record, Claims) {
    for key in ["size", "align"] {
        table.lacks(key, &[], found);
    }
    let size = table.number("size", 1..=MAX_BYTES, found);
    let align = table.number("align", 1..=MAX_BYTES, found);
    let mut claims = Claims {
        record: name.value.clone(),
        layout_id: table.required_string("layout_id", found).map(spanned),
        schema_id: table.required_string("schema_id", found).map(spanned),
        fields: Vec::new(),
    };
    let mut fields = Vec::new();
    table.lacks("fields", &[], found);
    for value in table.array("fields", found).into_iter().flatten() {
        let span = value.span().into();
        let Some(mut entry) = table.as_table(value, span, found) else { continue };
        let field = record::field(&mut entry, span, found);
        entry.lacks("offset", &[], found);
        entry.lacks("size", &[], found);
        claims.fields.push(FieldClaims {
            size: entry.number("size", 1..=MAX_BYTES, found),
            layout_chain: entry.required_string("layout_chain", found).map(spanned),
            schema_chain: entry.required_string("schema_chain", found).map(spanned),
        });
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

/// Whether all that a lock claims of these records follows from what else it says of them; reports what does not.
fn follows(claims: &[Claims], model: &Model, found: &mut Diagnostics) -> bool {
    let records = model.records.iter().map(|record| (qualified(&record.origin, &record.name), record));
    let records: HashMap<String, &model::Record> = records.collect();
    let mut sound = true;
    let mut refuse = |of: String, key: &str, span: Span, fact: Option<String>| {
        let title = format!("`{key}` of `{of}` does not follow from what else is said of it");
        let label = fact.map_or("nothing would".to_owned(), |fact| format!("{fact} would"));
        let report = Diagnostic::new(Rule::LockDamaged, span, title).label(label);
        found.push(report.help("take the lock from version control: it is not written by hand"));
        sound = false;
    };
    for claims in claims {
        let record = records.get(&claims.record).copied();
        let ids = [
            ("layout_id", &claims.layout_id, record.map(|record| record.layout_id)),
            ("schema_id", &claims.schema_id, record.map(|record| record.schema_id)),
        ];
        for (key, claim, fact) in ids {
            if let Some(claim) = claim.as_ref().filter(|claim| !is_hex(&claim.value, fact)) {
                refuse(claims.record.clone(), key, claim.span, fact.map(|fact| format!("{fact:016x}")));
            }
        }
        let described = record.and_then(|record| describe::decode(&record.description).ok());
        let mut chains = described.iter().flat_map(|described| &described.root().fields);
        // A record has the fields that were read, in their order.
        let mut fields = record.into_iter().flat_map(model::Record::fields);
        for claims_of_field in &claims.fields {
            let (field, chain) = (fields.next(), chains.next());
            let of = || format!("{}.{}", claims.record, field.map_or("", |field| &field.name));
            let size = field.map(|field| field.size);
            if let Some(claim) = claims_of_field.size.as_ref().filter(|claim| Some(claim.value) != size) {
                refuse(of(), "size", claim.span, size.map(|size| size.to_string()));
            }
            let chains = [
                ("layout_chain", &claims_of_field.layout_chain, chain.map(|chain| chain.layout_chain)),
                ("schema_chain", &claims_of_field.schema_chain, chain.map(|chain| chain.schema_chain)),
            ];
            for (key, claim, fact) in chains {
                if let Some(claim) = claim.as_ref().filter(|claim| !is_hex(&claim.value, fact)) {
                    refuse(of(), key, claim.span, fact.map(|fact| format!("{fact:016x}")));
                }
            }
        }
    }
    sound
}

/// Whether a text is a number as locks write it: 16 digits, none of them upper case.
fn is_hex(text: &str, number: Option<u64>) -> bool {
    let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits && number.is_some() && u64::from_str_radix(text, 16).ok() == number
}
