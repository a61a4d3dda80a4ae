//! Text in a language, from the model alone. An emitter is a function from the model to a string; it checks nothing and
//! reports nothing. This file names the languages and what is put around the generated files.

mod c;
mod c_bytes;
mod c_enum;
mod c_facts;
mod c_record;
mod c_segment;
mod drawing;
mod listing;
mod rust;
mod rust_enum;
mod rust_facts;
mod rust_record;

pub use drawing::svg;
pub use listing::{json, listing};

use crate::model::{Kind, Model, Number};

/// A language that code is generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A header for C and C++.
    C,
    /// A Rust module.
    Rust,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::C, Language::Rust];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Rust => "rust",
        }
    }

    /// The name of the generated file.
    #[must_use]
    pub fn file_name(self, model: &Model) -> String {
        let extension = match self {
            Self::C => "h",
            Self::Rust => "rs",
        };
        format!("{}.{extension}", model.name)
    }

    /// The generated file's text.
    #[must_use]
    pub fn emit(self, model: &Model) -> String {
        match self {
            Self::C => c::header(model),
            Self::Rust => rust::module(model),
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

macro_rules! c_runtime {
    ($($name:literal),+ $(,)?) => {
        /// The headers that generated C code includes, by their path from the folder of the generated file.
        pub const C_RUNTIME: &[(&str, &str)] = &[
            $((concat!("shmrecord/", $name), include_str!(concat!("../../include/shmrecord/", $name)))),+
        ];
    };
}

// `include` is a link to the runtime's headers: a published crate holds copies of them.
c_runtime!(
    "abi.h",
    "address.h",
    "adopt.h",
    "adopt_bounds.h",
    "adopt_copy.h",
    "adopt_guard.h",
    "adopt_posix.h",
    "adopt_seqcount.h",
    "adopt_sysv.h",
    "adopt_table.h",
    "available.h",
    "base.h",
    "batch.h",
    "carry.h",
    "compat.h",
    "compat_words.h",
    "create.h",
    "describe.h",
    "description.h",
    "doorbell.h",
    "draft.h",
    "error.h",
    "follow.h",
    "fork.h",
    "geometry.h",
    "handover.h",
    "handover_message.h",
    "handover_socket.h",
    "header.h",
    "identity.h",
    "inherited.h",
    "join.h",
    "key.h",
    "life.h",
    "lifecycle.h",
    "lock.h",
    "log.h",
    "open.h",
    "options.h",
    "reader.h",
    "record.h",
    "region.h",
    "region_facts.h",
    "region_memfd.h",
    "region_memory.h",
    "region_named.h",
    "region_sysv.h",
    "registry.h",
    "remove.h",
    "replace.h",
    "role.h",
    "role_file.h",
    "role_name.h",
    "role_sysv.h",
    "segment.h",
    "shared.h",
    "snapshot.h",
    "status.h",
    "sys.h",
    "table.h",
    "turn.h",
    "wait.h",
    "wanted.h",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::C_RUNTIME;

    #[test]
    fn every_header_of_the_runtime_is_passed_on() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/shmrecord");
        let there = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let there: BTreeSet<String> = there.filter(|name| name.ends_with(".h")).collect();
        let passed: BTreeSet<String> =
            C_RUNTIME.iter().map(|(path, _)| path.trim_start_matches("shmrecord/").to_owned()).collect();
        assert_eq!(passed, there);
    }
}
