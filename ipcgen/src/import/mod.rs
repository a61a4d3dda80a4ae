//! The schema of a struct that a program has already, with the places its compiler gave it. Relies on DWARF, and on a
//! compiler for headers; what is written is compiled by this crate first.
//!
//! ```text
//! headers ─ compiler ─┐
//!                     ├─ object ─ dwarf ─ find ─┬─ members ─ express ─ legacy ─ reserve ─ naming ─ write
//!        ELF file ────┘                         └─ types ─ numbers
//! ```

mod compiler;
mod dwarf;
mod express;
mod fault;
mod find;
mod legacy;
mod members;
mod naming;
mod numbers;
mod object;
mod reserve;
mod select;
mod types;
mod write;

use std::path::Path;

pub use compiler::{Compiler, Dialect};
pub use fault::Fault;

/// Names and texts of a file that are longer are cut: no compiler writes them.
const MAX_TEXT_CHARACTERS: usize = 400;

/// What to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The struct: `quote`, `struct quote`, a typedef, `ns::Quote`; of several, `quote@feed.c:12`.
    pub record: String,
    /// Whether members that a schema cannot express become bytes, instead of an error.
    pub reserve: bool,
    /// What the schema is called, as near as its rules allow.
    pub schema: String,
}

/// The schema of a struct that an ELF file with debugging information knows.
///
/// ```
/// let request = ipcgen::import::Request { record: "quote".into(), reserve: false, schema: "feed".into() };
/// let fault = ipcgen::import::schema(b"no program", &request).unwrap_err();
/// assert!(fault.to_string().contains("no ELF file"));
/// ```
///
/// # Errors
/// A file that is not one, and a struct that is not there, not the only one of its name, or not to be expressed.
pub fn schema(elf: &[u8], request: &Request) -> Result<String, Fault> {
    let sections = object::sections(elf)?;
    let debug = dwarf::Debug::new(&sections)?;
    let mut legacy = select::select(&debug, &request.record)?;
    if let (Some(root), Some(align)) = (legacy.structs.last_mut(), select::compiled_align(&debug)?) {
        root.compiled_align = align;
    }
    express::check_size(&legacy)?;
    if request.reserve {
        reserve::reserve(&mut legacy);
    } else {
        express::check(&legacy)?;
    }
    naming::settle(&legacy, &request.schema)
}

/// A schema's name from that of the file which declares its struct: `feed` for `include/feed.h`.
#[must_use]
pub fn schema_name(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().to_ascii_lowercase())
}

/// Bytes of a file as text that can stand in source code and on a terminal.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let safe = text.chars().map(|c| if crate::words::is_harmful(c) { '\u{fffd}' } else { c });
    safe.take(MAX_TEXT_CHARACTERS).collect()
}
