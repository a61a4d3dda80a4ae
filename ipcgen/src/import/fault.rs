//! Why nothing was imported: what happened, where, what to do. Relies on nothing; knows of DWARF only that it can be damaged.

use std::fmt;

/// An import that failed.
#[derive(Debug)]
pub struct Fault {
    title: String,
    notes: Vec<String>,
    help: Option<String>,
    usage: bool,
}

impl Fault {
    /// A struct that is not there, not one, or not to be expressed.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), notes: Vec::new(), help: None, usage: false }
    }

    /// A file or a compiler that cannot be used.
    pub(super) fn unusable(title: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(title) }
    }

    /// Adds lines that say more.
    pub(super) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Adds what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether a file or a compiler could not be used, rather than a struct.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.title)?;
        for line in self.notes.iter().flat_map(|note| note.lines()) {
            writeln!(f, "  {line}")?;
        }
        self.help.iter().try_for_each(|help| writeln!(f, "  = help: {help}"))
    }
}

impl std::error::Error for Fault {}

impl From<gimli::Error> for Fault {
    fn from(error: gimli::Error) -> Self {
        Self::unusable(format!("the debugging information is damaged: {error}"))
    }
}
