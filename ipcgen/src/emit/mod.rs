//! Text in a language, from the model alone. An emitter is a function from the model to a string; it checks nothing and
//! reports nothing. This file names the languages and what is put around the generated files.

mod c;
mod c_bytes;
mod c_enum;
mod c_facts;
mod c_record;
mod c_segment;
mod drawing;
mod go;
mod go_enum;
mod go_facts;
mod listing;
mod python;
mod python_enum;
mod runtime;
mod rust;
mod rust_enum;
mod rust_facts;
mod rust_record;

pub use drawing::svg;
pub use listing::{json, listing};

use crate::model::{Field, Kind, Model, Number};
use runtime::{C_RUNTIME, GO_RUNTIME, PYTHON_RUNTIME};

/// A language that code is generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A header for C and C++.
    C,
    /// A Rust module.
    Rust,
    /// A Python module.
    Python,
    /// A Go package.
    Go,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 4] = [Language::C, Language::Rust, Language::Python, Language::Go];
    /// Those that are written into a folder when none is named.
    pub const USUAL: [Language; 2] = [Language::C, Language::Rust];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    /// The generated file's path from the folder of all output. Go wants a folder for each package, and takes the end of
    /// some file names for the name of a system: hence one name for all.
    #[must_use]
    pub fn file_name(self, model: &Model) -> String {
        let name = &model.name;
        match self {
            Self::C => format!("{name}.h"),
            Self::Rust => format!("{name}.rs"),
            Self::Python => format!("{name}.py"),
            Self::Go => format!("{name}/records.go"),
        }
    }

    /// What the generated file relies on and is written beside it: paths from the folder of all output, and texts.
    #[must_use]
    pub fn runtime(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::C => C_RUNTIME,
            Self::Rust => &[],
            Self::Python => PYTHON_RUNTIME,
            Self::Go => GO_RUNTIME,
        }
    }

    /// The generated file's text.
    #[must_use]
    pub fn emit(self, model: &Model) -> String {
        match self {
            Self::C => c::header(model),
            Self::Rust => rust::module(model),
            Self::Python => python::module(model),
            Self::Go => go::package(model),
        }
    }
}

/// A number in decimal; a float always with a point or an exponent, and with the digits that matter.
#[expect(clippy::cast_possible_truncation, reason = "a number of an f32 is one")]
fn digits(kind: Kind, number: Number) -> String {
    match kind {
        Kind::F32 => format!("{:?}", number.as_f64() as f32),
        Kind::F64 => format!("{:?}", number.as_f64()),
        _ => number.display(kind).to_string(),
    }
}

/// What makes a field's integer, as a float of 64 bits, its value in whole units: `/ 1e9`. Powers of ten up to 22 are exact,
/// and so this rounds once; an integer beyond 2^53 has been rounded before that, by becoming a float.
fn scaling(field: &Field) -> Option<String> {
    let operator = if field.exp < 0 { '/' } else { '*' };
    (field.exp != 0).then(|| format!("{operator} 1e{}", field.exp.unsigned_abs()))
}

/// A byte in a literal of Python or Go.
fn escaped(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
        b' '..=b'~' => out.push(char::from(byte)),
        _ => {
            let digits = [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
            out.extend(['\\', 'x', digits[0], digits[1]]);
        }
    }
}
