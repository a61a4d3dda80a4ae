//! What becomes of a schema from version to version: the lock file, in which every version that programs were built with
//! stays, and the comparison with it. Relies on the model and on the pipeline in front of it; opens no segment. Readers
//! decide by what a segment says, in the layout crate's `compat`; what passes here under its old names, they attach to.
//!
//! | module | what it settles |
//! |---|---|
//! | `version` | a version, and where its file says what |
//! | `write`, `read` | a lock file: text from a model, models from text |
//! | `pairs` | what of two versions belongs together |
//! | `compare` (`fields`, `values`) | what has become of it |
//! | `verdict` | what is said of that |

mod compare;
mod fields;
mod pairs;
mod read;
mod values;
mod verdict;
mod version;
mod write;

use std::sync::Arc;

pub use verdict::{Compared, Verdict};
pub(crate) use version::Places;
pub use version::Version;

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::source::Source;

/// A lock file: versions of one schema.
#[derive(Clone, Debug)]
pub struct Lock {
    text: String,
    versions: Vec<Version>,
}

impl Lock {
    /// The lock of a schema of this name before anything is locked.
    #[must_use]
    pub fn new(schema: &str) -> Self {
        Self { text: write::head(schema), versions: Vec::new() }
    }

    /// Reads the lock of the schema of this name; what is wrong with it, and the lock if nothing is.
    #[must_use]
    pub fn read(source: Source, schema: &str) -> (Option<Self>, Diagnostics) {
        let (source, mut found) = (Arc::new(source), Diagnostics::default());
        let versions = read::read(&source, schema, &mut found);
        let lock = (!found.has_errors()).then(|| Self { text: source.text().to_owned(), versions });
        (lock, found)
    }

    /// What it locks, in rising order.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What it locks, in rising order, without the file.
    #[must_use]
    pub fn into_versions(self) -> Vec<Version> {
        self.versions
    }

    /// What the file holds.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a version behind those that are there, which stay as they are to the byte; nothing when it is there already.
    /// Whether it may be added is what [`check`] says.
    pub fn add(&mut self, version: &Version) {
        let place = self.versions.partition_point(|other| other.number() < version.number());
        if self.versions.get(place).is_some_and(|other| other.number() == version.number()) {
            return;
        }
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(&write::section(&version.model));
        self.versions.insert(place, version.clone());
    }
}

/// Compares a version with earlier ones, and with itself as it was locked: everything that breaks a program of theirs.
#[must_use]
pub fn check(version: &Version, past: &[Version]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut past: Vec<&Version> = past.iter().collect();
    past.sort_by_key(|other| std::cmp::Reverse(other.number()));
    let is_locked = past.iter().any(|other| other.number() == version.number());
    match past.first() {
        Some(latest) if latest.number() > version.number() && !is_locked => {
            verdict.report("", not_bumped(version, latest));
        }
        _ => {}
    }
    let other_name = past.first().map(|latest| latest.schema()).filter(|name| *name != version.schema());
    let renamed = other_name.map(|name| {
        let words = "tables do not tell, but generated code is called otherwise";
        format!("the schema is `{}` and was `{name}`: {words}", version.schema())
    });
    let mut notes = None;
    for other in past.into_iter().filter(|other| !is_locked || other.number() <= version.number()) {
        if other.number() == version.number() {
            if write::section(&other.model) == write::section(&version.model) {
                verdict.versions.push(Compared { number: other.number(), renamed: false });
                continue;
            }
            verdict.report("", not_bumped(version, other));
        }
        compare::compare(other, version, &mut verdict);
        let latest = std::mem::take(&mut verdict.notes);
        notes.get_or_insert(latest);
    }
    verdict.notes = renamed.into_iter().chain(notes.unwrap_or_default()).collect();
    verdict.found.settle(&version.source);
    verdict
}

fn not_bumped(version: &Version, other: &Version) -> Diagnostic {
    let (is, was) = (version.number(), other.number());
    let title = match is == was {
        true => format!("the schema has changed, and is version {is} still"),
        false => format!("the schema is version {is}, and was version {was} already"),
    };
    let next = was.saturating_add(1);
    let report = Diagnostic::new(Rule::NotBumped, version.head(), title).label(format!("version {is}"));
    let report = report.elsewhere(&other.source, other.head(), format!("version {was}"));
    report.help(format!("write `version = {next}` in `[schema]`, and `since = {next}` in new fields"))
}
