//! The rules for names: every name that a schema gives must be usable, and be itself only, in every language. Relies on
//! `schema`, `names` and `generated`; does not look at types.

use std::collections::HashMap;

use shmrecord_layout::Kind;

use crate::diag::{Diagnostic, Diagnostics};
use crate::generated::Generated;
use crate::names;
use crate::rules::Rule;
use crate::schema::{Record, Schema};
use crate::source::{Span, Spanned};

/// Reports every name that cannot be used.
pub(crate) fn names(schema: &Schema, found: &mut Diagnostics) {
    let prefix = schema.name.as_ref().map_or("", |name| name.value.as_str());
    if let Some(name) = &schema.name {
        schema_name(name, found);
    }
    let mut generated = Generated::default();
    for constant in &schema.constants {
        if usable(&constant.name, "constant", names::rust_constant, found) {
            generated.constant(prefix, &constant.name, found);
        }
    }
    for record in &schema.records {
        if Kind::ALL.iter().any(|kind| kind.size().is_some() && kind.name() == record.name.value) {
            let title = format!("a record cannot be called `{}`", record.name.value);
            let report = Diagnostic::new(Rule::PrimitiveName, record.name.span, title);
            found.push(report.label("this is a primitive type"));
        } else if usable(&record.name, "record", names::rust_record, found) {
            generated.record(prefix, &record.name, found);
        }
    }
    for segment in &schema.segments {
        if usable(&segment.name, "segment", names::rust_constant, found) {
            generated.segment(prefix, &segment.name, found);
        }
    }
    for record in &schema.records {
        fields(record, &generated, found);
    }
}

fn schema_name(name: &Spanned<String>, found: &mut Diagnostics) {
    let word = name.value.as_str();
    if !usable(name, "schema", str::to_owned, found) {
        return;
    }
    let proper = word.trim_end_matches('_').to_ascii_lowercase();
    let report =
        Diagnostic::new(Rule::BadName, name.span, format!("`{word}` cannot be the name of a schema"));
    if word != proper {
        let label = "in lower case, without an underscore at the end: it is a prefix in C, a module in Rust";
        found.push(report.label(label).help(format!("call it `{proper}`")));
    } else if names::is_c_header(word) {
        let label = format!("the C library has a header `{word}.h`");
        found.push(report.label(label).help(format!("call it `{word}_schema`")));
    }
}

fn fields(record: &Record, generated: &Generated<'_>, found: &mut Diagnostics) {
    let mut exact: HashMap<&str, Span> = HashMap::new();
    let mut converted: HashMap<String, &Spanned<String>> = HashMap::new();
    for name in record.fields.iter().filter_map(|field| field.name.as_ref()) {
        if let Some(&first) = exact.get(name.value.as_str()) {
            let title = format!("two fields of `{}` are called `{}`", record.name.value, name.value);
            let report = Diagnostic::new(Rule::DuplicateField, name.span, title);
            found.push(report.label("the second one").also(first, "the first one"));
            continue;
        }
        exact.insert(&name.value, name.span);
        if !usable(name, "field", str::to_owned, found) {
            continue;
        }
        if let Some(owner) = generated.owner(&name.value) {
            let title =
                format!("the field `{}` has a name that C code gets for `{}`", name.value, owner.name.value);
            found.push(
                Diagnostic::new(Rule::GeneratedName, name.span, title)
                    .also(owner.name.span, format!("this {} gives the name", owner.what)),
            );
        }
        let camel = names::camel_field(&name.value);
        if let Some(first) = converted.get(&camel) {
            let title = format!(
                "the fields `{}` and `{}` differ only in case or underscores",
                first.value, name.value
            );
            let report = Diagnostic::new(Rule::SameAfterConversion, name.span, title);
            found.push(report.label("choose another name").also(first.span, "the other field"));
        } else {
            converted.insert(camel, name);
        }
    }
}

/// Whether a name is an identifier that no language has taken, as it is and as Rust writes it. Reports why not.
fn usable(name: &Spanned<String>, what: &str, in_rust: fn(&str) -> String, found: &mut Diagnostics) -> bool {
    let word = name.value.as_str();
    let report = if is_padding(word) {
        let title = format!("`{word}` is a name of padding");
        Diagnostic::new(Rule::PaddingName, name.span, title).label(format!("not usable for a {what}"))
    } else if word.len() > names::MAX_NAME_BYTES {
        let title = format!("a name of {} characters", word.chars().count());
        Diagnostic::new(Rule::BadName, name.span, title)
            .label(format!("at most {} characters", names::MAX_NAME_BYTES))
    } else if !is_identifier(word) {
        let lower = |name: String| if what == "schema" { name.to_ascii_lowercase() } else { name };
        let proposal = names::sanitized(word).map(|name| format!("call it `{}`", lower(name)));
        let report =
            Diagnostic::new(Rule::BadName, name.span, format!("`{word}` cannot be the name of a {what}"))
                .label("a letter, then letters, digits, single underscores");
        proposal.into_iter().fold(report, Diagnostic::help)
    } else {
        let rust = in_rust(word);
        let (taken, title) = match (names::taken(word), names::taken(&rust)) {
            (Some(by), _) => (by, format!("the {what} `{word}` cannot be called so")),
            (None, Some(by)) => {
                (by, format!("the {what} `{word}` is `{rust}` in Rust and cannot be called so"))
            }
            (None, None) => return true,
        };
        let proposal = match what {
            "record" => format!("{rust}Record"),
            "schema" => format!("{word}_schema"),
            _ => format!("{word}_"),
        };
        let report = Diagnostic::new(Rule::Keyword, name.span, title).label(taken);
        let free = names::taken(&proposal).is_none() && names::taken(&in_rust(&proposal)).is_none();
        if free { report.help(format!("call it `{proposal}`")) } else { report }
    };
    found.push(report);
    false
}

fn is_padding(word: &str) -> bool {
    let number = word.strip_prefix("_pad");
    word == "_reserved" || number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !word.contains("__")
}
