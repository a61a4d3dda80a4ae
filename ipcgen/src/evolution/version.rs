//! One version of a schema: its model, and where its file says what. Relies on `schema` for the places; compares nothing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Unit;
use crate::foreign::Import;
use crate::model::{Element, Enum, Model, Origin, Record};
use crate::schema::Schema;
use crate::source::{Source, Span, Spanned};

/// One version of a schema, from its own file or out of a lock.
#[derive(Clone, Debug)]
pub struct Version {
    pub(super) source: Arc<Source>,
    pub(super) model: Arc<Model>,
    pub(super) places: Arc<Places>,
}

/// Where a file declares what a version consists of.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The schema's name, which stands for what is declared nowhere in this file.
    schema: Span,
    /// By the name of an imported schema: where that is said.
    imports: HashMap<String, Span>,
    /// By name: enums, flags and records.
    types: HashMap<String, Declared>,
}

/// Where a type is declared.
#[derive(Clone, Debug)]
struct Declared {
    name: Span,
    /// Of each member its name, and what it holds.
    members: HashMap<String, (Span, Span)>,
}

impl Version {
    /// The version that a schema is, if it holds.
    #[must_use]
    pub fn new(unit: &Unit) -> Option<Self> {
        let model = Arc::clone(unit.model.as_ref()?);
        Some(Self { source: Arc::new(unit.source.clone()), model, places: Arc::clone(&unit.places) })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.model.version
    }

    /// The name of its schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.model.name
    }

    /// Where a type is declared, or the import that brings it.
    pub(super) fn place(&self, origin: &Origin, name: &str) -> Span {
        let declared = self.places.types.get(&qualified(origin, name));
        declared.map_or_else(|| self.places.import(origin), |declared| declared.name)
    }

    /// Where a member of a type is declared, or the import that brings the type.
    pub(super) fn member(&self, origin: &Origin, name: &str, member: &str) -> Span {
        self.places.member(origin, name, member).map_or_else(|| self.place(origin, name), |place| place.0)
    }

    /// Where it says what a field holds, or the import that brings the record.
    pub(super) fn held(&self, record: &Record, field: &str) -> Span {
        let place = self.places.member(&record.origin, &record.name, field);
        place.map_or_else(|| self.place(&record.origin, &record.name), |place| place.1)
    }

    /// Where the schema says its name.
    pub(super) fn head(&self) -> Span {
        self.places.schema
    }
}

impl Places {
    pub(crate) fn of(schema: &Schema, imports: &[Import]) -> Self {
        let enums = schema.enums.iter().map(|given| {
            let members = given.values.iter().map(|value| &value.name);
            (&given.name, members.map(|name| (name.value.clone(), (name.span, name.span))).collect())
        });
        let records = schema.records.iter().map(|record| {
            let members = record.fields.iter().filter_map(|field| {
                let (name, ty) = (field.name.as_ref()?, field.ty.as_ref());
                Some((name.value.clone(), (name.span, ty.map_or(field.span, |ty| ty.span))))
            });
            (&record.name, members.collect())
        });
        let declared = |(name, members): (&Spanned<String>, _)| {
            (name.value.clone(), Declared { name: name.span, members })
        };
        let types = enums.map(declared).chain(records.map(declared)).collect();
        let imports = imports.iter().map(|import| (import.value.name.clone(), import.span)).collect();
        let schema = schema.name.as_ref().map_or(Span { start: 0, end: 0 }, |name| name.span);
        Self { schema, imports, types }
    }

    /// Where a member's name stands, and what it holds.
    fn member(&self, origin: &Origin, name: &str, member: &str) -> Option<(Span, Span)> {
        self.types.get(&qualified(origin, name))?.members.get(member).copied()
    }

    fn import(&self, origin: &Origin) -> Span {
        match origin {
            Origin::Imported(schema) => self.imports.get(schema).copied().unwrap_or(self.schema),
            Origin::Here => self.schema,
        }
    }
}

/// A name that no other type has, imported or not: `Level`, `common__Level`. A schema's own names have no two underscores
/// in a row.
pub(super) fn qualified(origin: &Origin, name: &str) -> String {
    match origin {
        Origin::Here => name.to_owned(),
        Origin::Imported(schema) => format!("{schema}__{name}"),
    }
}

/// The enums and records that tables of a schema can hold: its own records, and what they contain.
pub(super) struct Used {
    pub(super) enums: Vec<bool>,
    pub(super) records: Vec<bool>,
}

impl Used {
    pub(super) fn of(model: &Model) -> Self {
        let mut used = Self {
            enums: vec![false; model.enums.len()],
            records: model.records.iter().map(|record| record.origin == Origin::Here).collect(),
        };
        // A record stands behind those that it contains.
        for (at, record) in model.records.iter().enumerate().rev() {
            if !used.records[at] {
                continue;
            }
            for field in record.fields() {
                match field.ty.element {
                    Element::Enum(at) => used.enums[at] = true,
                    Element::Record(at) => used.records[at] = true,
                    Element::Scalar(_) | Element::Char => {}
                }
            }
        }
        used
    }

    pub(super) fn enums<'m>(&'m self, model: &'m Model) -> impl Iterator<Item = (usize, &'m Enum)> {
        model.enums.iter().enumerate().filter(|(at, _)| self.enums[*at])
    }

    pub(super) fn records<'m>(&'m self, model: &'m Model) -> impl Iterator<Item = (usize, &'m Record)> {
        model.records.iter().enumerate().filter(|(at, _)| self.records[*at])
    }
}
