//! What is said of a field in Rust: for the derive, and as methods that make use of it. Relies on the model; checks nothing.

use std::fmt::Write;

use super::rust_record::element;
use super::{digits, scaling};
use crate::model::{Element, Field, Kind, Model, Number, Record};

/// The arguments of `#[shm(...)]`.
pub(super) fn said(field: &Field, model: &Model) -> Vec<String> {
    let kind = model.kind(field.ty.element);
    let number = |key: &str, number: Option<Number>| {
        number.map(|number| format!("{key} = {}", argument(kind, number)))
    };
    let said = [
        (field.rust_name != field.name).then(|| format!("name = \"{}\"", field.name)),
        (field.ty.element == Element::Char).then(|| "text".to_owned()),
        field.unit.as_ref().map(|unit| format!("unit = {unit:?}")),
        (field.exp != 0).then(|| format!("exp = {}", field.exp)),
        field.time.map(|time| format!("time = \"{}\"", time.name())),
        number("null", field.null),
        number("min", field.min),
        number("max", field.max),
        field.since.map(|since| format!("since = {since}")),
        field.deprecated.as_ref().map(|deprecated| format!("deprecated = {}", deprecated.since)),
    ];
    said.into_iter().flatten().collect()
}

fn argument(kind: Kind, number: Number) -> String {
    if kind.is_float() && number.as_f64().is_nan() { "\"nan\"".to_owned() } else { digits(kind, number) }
}

/// The methods that make use of what is said of fields. Where a field is an array they take one of its elements.
pub(super) fn methods(record: &Record, model: &Model, out: &mut String) {
    let mut methods = String::new();
    for field in record.fields() {
        if field.ty.element == Element::Char {
            text(field, &mut methods);
        }
        if field.null.is_some() {
            let ty = element(field.ty.element, model);
            method(field, model, ("", &format!("`{}`", field.name)), (&ty, "value"), &mut methods);
        }
        if let Some(scaling) = scaling(field) {
            scaled(field, model, &scaling, &mut methods);
        }
    }
    if methods.is_empty() {
        return;
    }
    let allowed = if record.fields().any(|field| field.deprecated.is_some()) { ", deprecated" } else { "" };
    let _ = write!(
        out,
        "\n#[allow(dead_code{allowed}, reason = \"not every program asks\")]\n#[allow(clippy::cast_precision_loss, reason = \"what an f64 is for\")]\n#[rustfmt::skip]\nimpl {} {{\n{}}}\n",
        record.rust_name,
        methods.trim_start_matches('\n')
    );
}

/// A method that gives something of a field's `value`, given the method's suffix, what it is in words, its type and how it is
/// computed. Its result is `None` where the field has its null.
fn method(
    field: &Field,
    model: &Model,
    (suffix, words): (&str, &str),
    (ty, result): (&str, &str),
    out: &mut String,
) {
    let (kind, name) = (model.kind(field.ty.element), &field.rust_name);
    let (words, ty, result) = match field.null {
        None => (words.to_owned(), ty.to_owned(), result.to_owned()),
        Some(null) => {
            let inner = if matches!(field.ty.element, Element::Enum(_)) { "value.0" } else { "value" };
            let some = if kind.is_float() && null.as_f64().is_nan() {
                "!value.is_nan()".to_owned()
            } else {
                format!("{inner} != {}", digits(kind, null))
            };
            (
                format!("{words}, or `None`: {} means that there is no value", digits(kind, null)),
                format!("::core::option::Option<{ty}>"),
                format!("({some}).then_some({result})"),
            )
        }
    };
    let (parameter, value) = if field.ty.dims.is_empty() {
        ("&self".to_owned(), format!("        let value = self.{name};\n"))
    } else {
        (format!("value: {}", element(field.ty.element, model)), String::new())
    };
    let _ = write!(
        out,
        "\n    /// {words}.\n    #[must_use]\n    pub fn {name}{suffix}({parameter}) -> {ty} {{\n{value}        {result}\n    }}\n"
    );
}

/// The value in its unit.
fn scaled(field: &Field, model: &Model, scaling: &str, out: &mut String) {
    let is_exact = model.kind(field.ty.element).size().is_some_and(|bytes| bytes <= 4);
    let value = if is_exact { "f64::from(value)" } else { "value as f64" };
    let value = format!("{value} {scaling}");
    let words = format!("`{}` in {}", field.name, field.unit.as_deref().unwrap_or("whole units"));
    method(field, model, ("_value", &words), ("f64", &value), out);
}

/// Text without its padding.
fn text(field: &Field, out: &mut String) {
    let Field { name, rust_name, .. } = field;
    let _ = write!(
        out,
        "\n    /// The bytes of `{name}` in front of its padding.\n    #[must_use]\n    \
         pub fn {rust_name}_text(&self) -> &[u8] {{\n        let text = &self.{rust_name};\n        \
         let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());\n        &text[..end]\n    }}\n\n    \
         /// `{name}` as a string.\n    ///\n    /// # Errors\n    /// It is not UTF-8.\n    \
         pub fn {rust_name}_str(&self) -> ::core::result::Result<&str, ::core::str::Utf8Error> {{\n        \
         ::core::str::from_utf8(self.{rust_name}_text())\n    }}\n"
    );
}
