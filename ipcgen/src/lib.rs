//! ipcgen: from a schema of fixed-layout records to code that agrees byte for byte. This file is the pipeline on one
//! screen; nothing in it flows back.
//!
//! ```text
//!                    ┌─ check (names) ────────────────────────────────────────┐
//! source ─ schema ─┬─┴ foreign ─ values ─ resolve ─┬─ layout ─ fit ───────────┼─ complete ─ model ─ emit ─ output
//!                  └── schemas (imports)           └─ facts ─ versions ─ zeros ┘
//! ```
//!
//! | module | what it settles |
//! |---|---|
//! | [`source`] | the text of a file, and where in it something stands |
//! | `schema` (`record`, `enumeration`, `words`, `table`, `text`, `type_expr`) | what was written, with its places |
//! | `segment` (`guard`, `address`) | the same for segments of other programs |
//! | [`Schemas`] | which files there are: each once, behind those that it imports |
//! | `foreign` | what imported schemas bring |
//! | `check` (`usable`, `names`, `c_macros`, `generated`, `suffixes`) | whether every name can be used in every language |
//! | `values` | the numbers of enums and flags |
//! | `resolve` (`order`) | what the names in types mean; the order of records |
//! | `layout` (`holes`) | offsets and padding, by the layout crate |
//! | `fit` | whether the records of segments fit where they are said to be |
//! | `facts`, `versions` | what is said of fields: scale, time, null, limits; since when they are there |
//! | `zeros` | whether zeros are a value where nobody has written one |
//! | `complete` (`identity`) | the model; ids and descriptions, by the layout crate |
//! | [`model`] | a schema that holds |
//! | [`emit`] | text in a language, from the model alone |
//! | [`output`] | files: written when they differ, compared by `--check` |
//! | [`diag`], [`rules`] | what is wrong, in rustc's look, and why |
//! | [`evolution`] | what becomes of a schema: its lock, and what breaks programs of earlier versions |
//! | [`import`] | the other way: a schema from a struct that a program has |
//! | [`Build`] | all of it from a `build.rs` |
//!
//! It opens no segment and does not know the runtime; the C runtime's headers are text that it passes on.

mod address;
mod build_script;
mod c_macros;
mod check;
mod complete;
pub mod diag;
pub mod emit;
mod enumeration;
pub mod evolution;
mod facts;
mod fit;
mod foreign;
mod generated;
mod guard;
mod holes;
mod identity;
pub mod import;
mod layout;
pub mod model;
mod names;
mod order;
pub mod output;
mod record;
mod resolve;
pub mod rules;
mod schema;
mod schemas;
mod segment;
pub mod source;
mod suffixes;
mod table;
mod text;
mod type_expr;
mod usable;
mod values;
mod versions;
mod words;
mod zeros;

pub use build_script::Build;
pub use schemas::{Schemas, Unit};

use std::sync::Arc;

use complete::Draft;
use diag::Diagnostics;
use foreign::{Foreign, Import};
use model::Model;
use schema::Schema;
use source::Source;

/// Reads a schema, and those that it imports: all that is wrong with it, and the model when nothing but warnings were
/// found. What is wrong with an imported one is in [`Schemas`].
///
/// ```
/// use ipcgen::source::Source;
///
/// let source = Source::new("md.toml", r#"
/// [schema]
/// name = "md"
/// [record.Quote]
/// fields = [ { name = "price", type = "f46" } ]
/// "#);
/// let (model, found) = ipcgen::compile(&source);
/// assert!(model.is_none());
/// assert!(found.render(&source, false).contains("did you mean `f64`?"));
/// ```
#[must_use]
pub fn compile(source: &Source) -> (Option<Model>, Diagnostics) {
    let unit = Schemas::default().compile(source.clone());
    (unit.model.map(Arc::unwrap_or_clone), unit.found)
}

/// From what was written to the model.
fn settle(source: &Source, schema: Schema, imports: Vec<Import>, found: &mut Diagnostics) -> Option<Model> {
    let foreign = foreign::gather(&schema, imports, found);
    check::names(&schema, &foreign, found);
    settle_facts(source, schema, foreign, found)
}

/// From what was written to the model, whether or not languages can use its names.
fn settle_facts(source: &Source, schema: Schema, foreign: Foreign, found: &mut Diagnostics) -> Option<Model> {
    let mut enums = foreign.enums.clone();
    enums.extend(values::settle(&schema, found));
    let resolved = resolve::resolve(&schema, &foreign, found);
    let frames = layout::place(&schema, &foreign, &enums, &resolved, found);
    fit::check(&schema, &resolved, &frames, found);
    let facts = facts::settle(&schema, &resolved, &enums, found);
    versions::check(&schema, &foreign, &frames, found);
    zeros::check(&schema, &foreign, &enums, &resolved, found);
    found.settle(source);
    if found.has_errors() {
        return None;
    }
    complete::model(source.file_name(), Draft { schema, foreign, enums, resolved, frames, facts })
}
