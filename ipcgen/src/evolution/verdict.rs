//! What a comparison of versions finds: violations with their places in both files, and notes of what has changed and is
//! compatible. Relies on `diag`; does not know what is compared.

use std::collections::HashSet;

use crate::diag::{Diagnostic, Diagnostics};

/// What has become of a schema.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What breaks programs of earlier versions, in the file of the latest one.
    pub found: Diagnostics,
    /// What has changed since the latest of them and breaks none, a line each.
    pub notes: Vec<String>,
    /// The earlier versions that it was compared with, the latest first.
    pub versions: Vec<Compared>,
    known: HashSet<(&'static str, String)>,
}

/// An earlier version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its number.
    pub number: u32,
    /// Whether something in it has another name now: the layout is the same, and readers do not attach.
    pub renamed: bool,
}

impl Verdict {
    /// Whether programs of all versions agree.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        !self.found.has_errors()
    }

    /// Adds a violation, unless the comparison with a later version has found the same.
    pub(super) fn report(&mut self, of: &str, report: Diagnostic) {
        if self.known.insert((report.rule.code(), of.to_owned())) {
            self.found.push(report);
        }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}
