//! What is said of a field in C: as words in its comment, and as functions that make use of it. Relies on the model; checks
//! nothing.

use std::fmt::Write;

use super::c::{self, element, number, scalar};
use super::{digits, scaling};
use crate::model::{Deprecated, Element, Field, Model, Number, Record};

/// What is said of a field: documentation and, behind it in brackets, the facts.
pub(super) fn words(field: &Field, model: &Model) -> String {
    let kind = model.kind(field.ty.element);
    let shown = |number: Number| digits(kind, number);
    let mut facts: Vec<String> = field.unit.iter().cloned().collect();
    if field.exp != 0 {
        facts.push(format!("times 1e{}", field.exp));
    }
    facts.extend(field.time.map(|time| time.name().to_owned()));
    facts.extend(match (field.min.map(shown), field.max.map(shown)) {
        (Some(min), Some(max)) => Some(format!("from {min} to {max}")),
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (None, None) => None,
    });
    facts.extend(field.null.map(|null| format!("null is {}", shown(null))));
    facts.extend(field.since.map(|since| format!("since version {since}")));
    facts.extend(field.deprecated.as_ref().map(Deprecated::words));
    let facts = facts.join(", ");
    match (field.doc.as_str(), facts.as_str()) {
        ("", facts) => facts.to_owned(),
        (doc, "") => doc.to_owned(),
        (doc, facts) => format!("{doc} [{facts}]"),
    }
}

/// The functions that make use of what is said of fields. They take a value of the field, or of its elements.
pub(super) fn functions(record: &Record, model: &Model, out: &mut String) {
    for field in record.fields() {
        let name = format!("{}_{}", record.c_name, field.c_name);
        let kind = model.kind(field.ty.element);
        if field.ty.element == Element::Char {
            length(&name, field, out);
        }
        if let Some(null) = field.null {
            let test = if kind.is_float() && null.as_f64().is_nan() {
                "value != value".to_owned()
            } else {
                format!("value == {}", number(kind, null))
            };
            let _ = write!(
                out,
                "\n/* Whether this value of `{}` means that there is none. */\n\
                 static inline bool {name}_is_null({} value) {{\n    return {test};\n}}\n",
                field.c_name,
                element(field.ty.element, model)
            );
        }
        if let Some(scaling) = scaling(field) {
            let unit = field.unit.as_ref().map_or("whole units".to_owned(), |unit| c::comment(unit));
            let _ = write!(
                out,
                "\n/* This value of `{}` in {unit}. */\nstatic inline double {name}_value({} value) {{\n    \
                 return SHMREC_CAST(double, value) {scaling};\n}}\n",
                field.c_name,
                scalar(kind)
            );
        }
    }
}

fn length(name: &str, field: &Field, out: &mut String) {
    let _ = write!(
        out,
        "\n/* Bytes of `{}` in front of its padding. */\nstatic inline size_t {name}_length(const char *text) {{\n    \
         size_t length = 0;\n    while (length < {} && text[length] != '\\0') {{\n        length++;\n    }}\n    \
         return length;\n}}\n",
        field.c_name, field.size
    );
}
