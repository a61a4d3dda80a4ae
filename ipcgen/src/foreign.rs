//! What the schemas that a schema imports bring into it: constants, enums and records by name, and the records and enums
//! behind those. Relies on their models, which hold; knows no file.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Element, Enum, Member, Model, Origin, Record};
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::{Span, Spanned};

/// A schema that is imported, and where that is said.
pub(crate) type Import = Spanned<Arc<Model>>;

/// What is imported.
#[derive(Default)]
pub(crate) struct Foreign {
    pub(crate) imports: Vec<Import>,
    /// Those of the imported schemas and of the ones that these import, each once.
    pub(crate) enums: Vec<Enum>,
    pub(crate) records: Vec<Record>,
    /// Where they are in these lists, by schema and name.
    places: HashMap<(String, String), usize>,
    /// By schema: the first import that brings something of it.
    homes: HashMap<String, usize>,
    /// What the imported schemas declare themselves, by name.
    pub(crate) constants: HashMap<String, i128>,
    pub(crate) types: HashMap<String, Element>,
}

/// Gathers what is imported, and reports names that would mean two things.
pub(crate) fn gather(schema: &Schema, imports: Vec<Import>, found: &mut Diagnostics) -> Foreign {
    let mut foreign = Foreign::default();
    let mut schemas: HashMap<String, Arc<Model>> = HashMap::new();
    let mut taken: HashMap<(bool, String), String> = HashMap::new();
    let own = schema.name.as_ref();
    for import in imports {
        let (model, span) = (&import.value, import.span);
        let clash = own.filter(|own| own.value == model.name).map(|own| {
            let title = format!("this schema and {} are both called `{}`", model.file, own.value);
            Diagnostic::new(Rule::NameImported, span, title).also(own.span, "the name of this one")
        });
        let clash = clash.or_else(|| {
            let (one, other) = homonym(model, &mut schemas)?;
            let title = format!("two schemas are called `{}`: {} and {}", one.name, one.file, other.file);
            Some(Diagnostic::new(Rule::NameImported, span, title))
        });
        if let Some(report) = clash {
            found.push(report.label("their files would be the same"));
            continue;
        }
        if let Some(first) = foreign.imports.iter().find(|first| Arc::ptr_eq(&first.value, model)) {
            let title = format!("{} is imported twice", model.file);
            let report = Diagnostic::new(Rule::NameImported, span, title).label("remove this one");
            found.push(report.also(first.span, "the first one"));
            continue;
        }
        let elements = foreign.merge(model);
        let constants = model.constants.iter().map(|constant| (false, &constant.name, None));
        let types = elements.into_iter().map(|(name, element)| (true, name, Some(element)));
        for (is_type, name, element) in constants.chain(types) {
            if let Some(other) = taken.insert((is_type, name.clone()), model.file.clone()) {
                found.push(twice(name, span, &other, &model.file));
            } else if let Some(element) = element {
                foreign.types.insert(name.clone(), element);
            }
        }
        foreign.constants.extend(model.constants.iter().map(|c| (c.name.clone(), c.value)));
        foreign.imports.push(import);
    }
    let constants = schema.constants.iter().map(|constant| (false, &constant.name));
    let enums = schema.enums.iter().map(|given| (true, &given.name));
    let records = schema.records.iter().map(|record| (true, &record.name));
    for (is_type, name) in constants.chain(enums).chain(records) {
        if let Some(file) = taken.get(&(is_type, name.value.clone())) {
            let title = format!("`{}` is declared here and in {file}", name.value);
            let report = Diagnostic::new(Rule::NameImported, name.span, title);
            found.push(report.label("the name would mean two things"));
        }
    }
    foreign
}

fn twice(name: &str, span: Span, one: &str, other: &str) -> Diagnostic {
    let title = format!("`{name}` is declared in {one} and in {other}");
    Diagnostic::new(Rule::NameImported, span, title).label("the name would mean two things")
}

/// Adds a schema and all that it imports to those that are known by name; two that have the same one. A schema that is
/// reached in two ways is no homonym of itself.
fn homonym(model: &Arc<Model>, known: &mut HashMap<String, Arc<Model>>) -> Option<(Arc<Model>, Arc<Model>)> {
    if let Some(other) = known.get(&model.name) {
        if !Arc::ptr_eq(other, model) {
            return Some((Arc::clone(other), Arc::clone(model)));
        }
        return None;
    }
    known.insert(model.name.clone(), Arc::clone(model));
    model.imports.iter().find_map(|import| homonym(import, known))
}

impl Foreign {
    /// The import that brings what a schema declares: that of the schema, or the first one of another that needs it.
    pub(crate) fn bringing(&self, schema: &str) -> Option<usize> {
        self.homes.get(schema).copied()
    }

    /// Takes over a schema's enums and records, where they are not here already; what it declares itself, by name.
    fn merge<'m>(&mut self, model: &'m Model) -> Vec<(&'m String, Element)> {
        let home = |origin: &'m Origin| match origin {
            Origin::Here => &model.name,
            Origin::Imported(name) => name,
        };
        let origins = model.enums.iter().map(|declared| &declared.origin);
        for origin in origins.chain(model.records.iter().map(|record| &record.origin)) {
            self.homes.entry(home(origin).clone()).or_insert(self.imports.len());
        }
        let mut own = Vec::new();
        let mut enums = Vec::with_capacity(model.enums.len());
        for declared in &model.enums {
            let home = home(&declared.origin);
            let at = *self.places.entry((home.clone(), declared.name.clone())).or_insert_with(|| {
                self.enums.push(Enum { origin: Origin::Imported(home.clone()), ..declared.clone() });
                self.enums.len() - 1
            });
            enums.push(at);
            if declared.origin == Origin::Here {
                own.push((&declared.name, Element::Enum(at)));
            }
        }
        let mut records: Vec<usize> = Vec::with_capacity(model.records.len());
        for record in &model.records {
            let home = home(&record.origin);
            let at = *self.places.entry((home.clone(), record.name.clone())).or_insert_with(|| {
                let mut copy = Record { origin: Origin::Imported(home.clone()), ..record.clone() };
                for member in &mut copy.members {
                    if let Member::Field(field) = member {
                        field.ty.element = match field.ty.element {
                            Element::Enum(at) => Element::Enum(enums[at]),
                            Element::Record(at) => Element::Record(records[at]),
                            element => element,
                        };
                    }
                }
                self.records.push(copy);
                self.records.len() - 1
            });
            records.push(at);
            if record.origin == Origin::Here {
                own.push((&record.name, Element::Record(at)));
            }
        }
        own
    }
}
