//! What is said of a field in C: as words in its comment, and as functions that make use of it. Relies on the model; checks
//! nothing.

use std::fmt::Write;

use super::c::{self, element, number, scalar};
use super::{digits, scaling};
use crate::model::{Deprecated, Element, Field, Kind, Model, Number, Record};

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
            let test = null_test(kind, null);
            let _ = write!(
                out,
                "\n/* Whether this value of `{}` means that there is none. */\n\
                 static inline bool {name}_is_null({} value) {{\n    {test}\n}}\n",
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

/// The statements that tell whether `value` is this number.
fn null_test(kind: Kind, null: Number) -> String {
    let is_f64 = kind == Kind::F64;
    let mut bytes = [0; 8];
    null.put_le_bytes(kind, &mut bytes);
    let bits = u64::from_le_bytes(bytes);
    let infinity = if is_f64 { f64::INFINITY.to_bits() } else { f32::INFINITY.to_bits().into() };
    let below_sign = if is_f64 { u64::MAX >> 1 } else { u64::from(u32::MAX >> 1) };
    let is_small = bits & below_sign != 0 && bits & infinity == 0;
    let is_nan = bits & below_sign > infinity;
    if !kind.is_float() || !is_nan && !is_small {
        return format!("return value == {};", number(kind, null));
    }
    // With -ffast-math no float is a NaN, and those next to 0 are 0: bits are what they are.
    let constant = |bits: u64| if is_f64 { format!("UINT64_C({bits:#x})") } else { format!("{bits:#x}u") };
    let integer = if is_f64 { "uint64_t" } else { "uint32_t" };
    let test = if is_nan {
        format!("(bits & {}) > {}", constant(below_sign), constant(infinity))
    } else {
        format!("bits == {}", constant(bits))
    };
    format!("{integer} bits;\n    memcpy(&bits, &value, sizeof bits);\n    return {test};")
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
