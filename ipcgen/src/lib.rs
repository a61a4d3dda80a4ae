//! ipcgen: from a schema of fixed-layout records to code that agrees byte for byte. This file is the pipeline on one
//! screen; nothing in it flows back.
//!
//! ```text
//! source ─ schema ─┬─ check (names) ─────────────────┐
//!                  └─ resolve (types) ─ layout ─ fit ┴─ complete ─ model ─ emit ─ output
//! ```
//!
//! | module | what it settles |
//! |---|---|
//! | [`source`] | the text of a file, and where in it something stands |
//! | `schema` (`table`, `text`, `type_expr`) | what was written, with its places |
//! | `segment` (`guard`, `address`) | the same for segments of other programs |
//! | `check` (`names`, `generated`) | whether every name can be used in every language |
//! | `resolve` | what the names in types mean; the order of records |
//! | `layout` (`holes`) | offsets and padding, by the layout crate |
//! | `fit` | whether the records of segments fit where they are said to be |
//! | `complete` | ids and descriptions, by the layout crate |
//! | [`model`] | a schema that holds |
//! | [`emit`] | text in a language, from the model alone |
//! | [`output`] | files: written when they differ, compared by `--check` |
//! | [`diag`], [`rules`] | what is wrong, in rustc's look, and why |
//! | [`Build`] | all of it from a `build.rs` |
//!
//! It opens no segment and does not know the runtime; the C runtime's headers are text that it passes on.

mod address;
mod build_script;
mod check;
mod complete;
pub mod diag;
pub mod emit;
mod fit;
mod generated;
mod guard;
mod holes;
mod layout;
pub mod model;
mod names;
pub mod output;
mod resolve;
pub mod rules;
mod schema;
mod segment;
pub mod source;
mod table;
mod text;
mod type_expr;

pub use build_script::Build;

use diag::Diagnostics;
use model::Model;
use source::Source;

/// Reads a schema: all that is wrong with it, and the model when nothing but warnings were found.
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
    let mut found = Diagnostics::default();
    let schema = schema::read(source, &mut found);
    check::names(&schema, &mut found);
    let resolved = resolve::resolve(&schema, &mut found);
    let frames = layout::place(&schema, &resolved, &mut found);
    fit::check(&schema, &resolved, &frames, &mut found);
    found.settle(source);
    let model =
        if found.has_errors() { None } else { complete::model(source.file_name(), schema, resolved, frames) };
    (model, found)
}
