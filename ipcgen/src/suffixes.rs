//! What the C header, the Rust module and Go make for the things of a schema, as suffixes behind their names. Relies on
//! nothing; a test compares them with the macros of the C runtime.

use shmrecord_layout::Form;

/// What the C header makes for a record, behind its type's name.
pub(crate) const RECORD: [&str; 35] = [
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
    "_has",
    "_layout",
    "_lock",
    "_lock_after_death",
    "_open",
    "_open_shared",
    "_open_writer",
    "_read",
    "_read_fresh",
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
pub(crate) const SEGMENT: [&str; 14] = [
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
pub(crate) const RECORD_MACRO: [&str; 2] = ["_LAYOUT_ID", "_SCHEMA_ID"];
/// What Go makes for a record, behind its type's name.
pub(crate) const GO_IDS: [&str; 2] = ["LayoutID", "SchemaID"];
/// What the C header makes for an enum and for flags, behind their type's name.
const ENUM: [&str; 2] = ["", "_name"];
const CLOSED: [&str; 3] = ["", "_name", "_is_valid"];
const FLAGS: [&str; 2] = ["", "_has"];

/// What it makes for an enum of this form.
pub(crate) fn of_enum(form: Form) -> &'static [&'static str] {
    match form {
        Form::Open => &ENUM,
        Form::Closed => &CLOSED,
        Form::Flags => &FLAGS,
    }
}

/// What the C header makes for a field, behind the names of its record and its own.
pub(crate) fn of_field(text: bool, has_null: bool, is_scaled: bool) -> impl Iterator<Item = &'static str> {
    let made = [(text, "_length"), (has_null, "_is_null"), (is_scaled, "_value")];
    made.into_iter().filter_map(|(made, suffix)| made.then_some(suffix))
}

/// What Rust makes for a field, as suffixes of methods behind its name.
pub(crate) fn of_rust_field(
    text: bool,
    has_null: bool,
    is_scaled: bool,
) -> impl Iterator<Item = &'static str> {
    let made = [(text, "_text"), (text, "_str"), (has_null, ""), (is_scaled, "_value")];
    made.into_iter().filter_map(|(made, suffix)| made.then_some(suffix))
}

/// The methods that Go gets for a field, behind its name.
pub(crate) fn of_go_field(
    text: bool,
    has_null: bool,
    is_scaled: bool,
    is_moment: bool,
) -> impl Iterator<Item = &'static str> {
    let made = [(text, "Text"), (has_null, "IsNull"), (is_scaled, "Value"), (is_moment, "Time")];
    made.into_iter().filter_map(|(made, suffix)| made.then_some(suffix))
}

#[cfg(test)]
mod tests {
    use super::{RECORD, SEGMENT};
    use crate::emit::Language;

    #[test]
    fn the_names_that_macros_of_the_runtime_give_are_known() {
        for (header, mark, known) in [
            ("shmrecord/table.h", "T##_", &RECORD[..]),
            ("shmrecord/shared.h", "T##_", &RECORD[..]),
            ("shmrecord/wait.h", "T##_", &RECORD[..]),
            ("shmrecord/adopt.h", "T##_", &RECORD[..]),
            ("shmrecord/adopt.h", "S##_", &SEGMENT[..]),
        ] {
            let (_, text) = Language::C.runtime().iter().find(|(name, _)| *name == header).unwrap();
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
