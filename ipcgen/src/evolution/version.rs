//! One version of a schema: its model, and where its file says what. Relies on `schema` for the places; compares nothing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::Diagnostics;
use crate::model::{Element, Enum, Model, Origin, Record};
use crate::schema::{self, Schema};
use crate::source::{Source, Span};

/// One version of a schema, from its own file or out of a lock.
#[derive(Clone, Debug)]
pub struct Version {
    pub(super) source: Arc<Source>,
    pub(super) model: Arc<Model>,
    pub(super) places: Places,
}

/// Where a file declares what a version consists of.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The schema's name, which stands for what is declared nowhere in this file.
    schema: Span,
    /// By the name of an imported schema: where that is said.
    imports: HashMap<String, Span>,
    /// By `Type` and `Type.member`.
    names: HashMap<String, Span>,
    /// By `Type.member`: what the member holds.
    types: HashMap<String, Span>,
}

impl Version {
    /// The version that a schema is: its text, and the model that was made of it.
    #[must_use]
    pub fn new(source: Source, model: Arc<Model>) -> Self {
        // What is wrong with it has been said when it was compiled.
        let schema = schema::read(&source, &mut Diagnostics::default());
        let mut places = Places::of(&schema);
        let imports = model.imports.iter().zip(&schema.imports);
        places.imports.extend(imports.map(|(model, import)| (model.name.clone(), import.span)));
        Self { source: Arc::new(source), model, places }
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
        let place = self.places.names.get(&qualified(origin, name));
        place.copied().unwrap_or_else(|| self.places.import(origin))
    }

    /// Where a member of a type is declared, or the import that brings the type.
    pub(super) fn member(&self, origin: &Origin, name: &str, member: &str) -> Span {
        let place = self.places.names.get(&format!("{}.{member}", qualified(origin, name)));
        place.copied().unwrap_or_else(|| self.place(origin, name))
    }

    /// Where it says what a field holds, or the import that brings the record.
    pub(super) fn held(&self, record: &Record, field: &str) -> Span {
        let place = self.places.types.get(&format!("{}.{field}", qualified(&record.origin, &record.name)));
        place.copied().unwrap_or_else(|| self.place(&record.origin, &record.name))
    }

    /// Where the schema says its name.
    pub(super) fn head(&self) -> Span {
        self.places.schema
    }
}

impl Places {
    pub(super) fn of(schema: &Schema) -> Self {
        let (mut names, mut types) = (HashMap::new(), HashMap::new());
        for given in &schema.enums {
            names.insert(given.name.value.clone(), given.name.span);
            for value in &given.values {
                names.insert(format!("{}.{}", given.name.value, value.name.value), value.name.span);
            }
        }
        for record in &schema.records {
            names.insert(record.name.value.clone(), record.name.span);
            for field in &record.fields {
                let Some(name) = &field.name else { continue };
                let path = format!("{}.{}", record.name.value, name.value);
                types.insert(path.clone(), field.ty.as_ref().map_or(field.span, |ty| ty.span));
                names.insert(path, name.span);
            }
        }
        let schema = schema.name.as_ref().map_or(Span { start: 0, end: 0 }, |name| name.span);
        Self { schema, imports: HashMap::new(), names, types }
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
