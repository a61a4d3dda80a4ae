//! The names that generated code gives, and whose they are, so that no two are the same. Relies on `names`; does not ask
//! whether a name is usable by itself.

use std::collections::HashMap;

use crate::diag::{Diagnostic, Diagnostics};
use crate::names;
use crate::rules::Rule;
use crate::source::Spanned;

/// What the C header makes for a record, behind its type's name.
const C_SUFFIXES: [&str; 35] = [
    "",
    "_batch",
    "_batch_abandon",
    "_batch_begin",
    "_batch_commit",
    "_batch_set",
    "_check",
    "_clear_death",
    "_close",
    "_close_writer",
    "_create",
    "_create_shared",
    "_description",
    "_layout",
    "_lock",
    "_lock_after_death",
    "_open",
    "_open_shared",
    "_open_writer",
    "_read",
    "_read_fresh",
    "_read_patiently",
    "_read_until",
    "_reader",
    "_refresh",
    "_replace",
    "_replace_shared",
    "_snapshot",
    "_unlock",
    "_update",
    "_wait",
    "_wait_any",
    "_write",
    "_writer",
    "_zero_padding",
];
/// What it makes for a segment.
const C_SEGMENT_SUFFIXES: [&str; 14] = [
    "",
    "_close",
    "_close_writer",
    "_count",
    "_foreign",
    "_free_guard",
    "_open",
    "_open_writer",
    "_read",
    "_read_patiently",
    "_reader",
    "_update",
    "_write",
    "_writer",
];
/// And for a record, behind its macro's name.
const C_MACRO_SUFFIXES: [&str; 2] = ["_LAYOUT_ID", "_SCHEMA_ID"];

/// Who a generated name belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'s> {
    pub(crate) what: &'static str,
    pub(crate) name: &'s Spanned<String>,
    /// Whether it is the thing's very name, not that of something made for it.
    own: bool,
}

/// The names that generated code gives, so far.
#[derive(Default)]
pub(crate) struct Generated<'s> {
    names: HashMap<String, Owner<'s>>,
    rust_records: HashMap<String, Owner<'s>>,
    rust_constants: HashMap<String, Owner<'s>>,
}

impl<'s> Generated<'s> {
    /// Who has this name in C.
    pub(crate) fn owner(&self, name: &str) -> Option<&Owner<'s>> {
        self.names.get(name)
    }

    /// Takes the names of a constant, or reports who has one of them.
    pub(crate) fn constant(&mut self, prefix: &str, name: &'s Spanned<String>, found: &mut Diagnostics) {
        let owner = Owner { what: "constant", name, own: true };
        self.add(names::c_macro(prefix, &name.value), owner, true, found);
        self.rust_constants.insert(names::rust_constant(&name.value), owner);
    }

    /// Takes the names of a record, or reports who has one of them.
    pub(crate) fn record(&mut self, prefix: &str, name: &'s Spanned<String>, found: &mut Diagnostics) {
        let owner = Owner { what: "record", name, own: true };
        let ty = names::c_record(prefix, &name.value);
        if let Some(by) = names::taken(&ty) {
            let title = format!("the record `{}` is `{ty}` in C", name.value);
            found.push(Diagnostic::new(Rule::GeneratedName, name.span, title).label(by));
            return;
        }
        let rust = names::rust_record(&name.value);
        if let Some(first) = self.rust_records.get(&rust) {
            let title =
                format!("the records `{}` and `{}` are both `{rust}` in Rust", first.name.value, name.value);
            let report = Diagnostic::new(Rule::SameAfterConversion, name.span, title);
            found.push(report.also(first.name.span, "the first one"));
            return;
        }
        self.rust_records.insert(rust, owner);
        for suffix in C_SUFFIXES {
            if !self.add(format!("{ty}{suffix}"), owner, suffix.is_empty(), found) {
                return;
            }
        }
        let shouted = names::c_macro(prefix, &name.value);
        for suffix in C_MACRO_SUFFIXES {
            if !self.add(format!("{shouted}{suffix}"), owner, false, found) {
                return;
            }
        }
    }

    /// Takes the names of a segment, or reports who has one of them.
    pub(crate) fn segment(&mut self, prefix: &str, name: &'s Spanned<String>, found: &mut Diagnostics) {
        let owner = Owner { what: "segment", name, own: true };
        let rust = names::rust_constant(&name.value);
        if let Some(first) = self.rust_constants.get(&rust) {
            let (what, one, other) = (first.what, &first.name.value, &name.value);
            let both = if what == owner.what {
                format!("the segments `{one}` and `{other}`")
            } else {
                format!("the {what} `{one}` and the segment `{other}`")
            };
            let title = format!("{both} are both `{rust}` in Rust");
            let report = Diagnostic::new(Rule::SameAfterConversion, name.span, title);
            found.push(report.also(first.name.span, format!("the {what}")));
            return;
        }
        self.rust_constants.insert(rust, owner);
        let stem = names::c_record(prefix, &name.value);
        for suffix in C_SEGMENT_SUFFIXES {
            if !self.add(format!("{stem}{suffix}"), owner, suffix.is_empty(), found) {
                return;
            }
        }
    }

    /// Takes a name of generated C code, or reports who has it.
    fn add(&mut self, generated: String, owner: Owner<'s>, own: bool, found: &mut Diagnostics) -> bool {
        let Some(first) = self.names.get(&generated).copied() else {
            self.names.insert(generated, Owner { own, ..owner });
            return true;
        };
        let (one, other) = (&first.name.value, &owner.name.value);
        let (rule, title) = if own && first.own && first.what == owner.what {
            let what = owner.what;
            (
                Rule::SameAfterConversion,
                format!("the {what}s `{one}` and `{other}` are both `{generated}` in C"),
            )
        } else {
            (
                Rule::GeneratedName,
                format!("C code would get the name `{generated}` for `{one}` and for `{other}`"),
            )
        };
        let report = Diagnostic::new(rule, owner.name.span, title).label("choose another name");
        found.push(report.also(first.name.span, format!("the other {}", first.what)));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{C_SEGMENT_SUFFIXES, C_SUFFIXES};
    use crate::emit::C_RUNTIME;

    #[test]
    fn the_names_that_macros_of_the_runtime_give_are_known() {
        for (header, mark, known) in [
            ("shmrecord/table.h", "T##_", &C_SUFFIXES[..]),
            ("shmrecord/shared.h", "T##_", &C_SUFFIXES[..]),
            ("shmrecord/wait.h", "T##_", &C_SUFFIXES[..]),
            ("shmrecord/adopt.h", "T##_", &C_SUFFIXES[..]),
            ("shmrecord/adopt.h", "S##_", &C_SEGMENT_SUFFIXES[..]),
        ] {
            let (_, text) = C_RUNTIME.iter().find(|(name, _)| *name == header).unwrap();
            let given: Vec<&str> = text
                .split(mark)
                .skip(1)
                .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next())
                .collect();
            assert!(!given.is_empty(), "{header}: no name behind {mark}");
            for name in given {
                assert!(known.contains(&format!("_{name}").as_str()), "{header}: {mark}{name}");
            }
        }
    }
}
