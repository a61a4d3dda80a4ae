//! Attributes: `#[shm(...)]`, `#[repr(...)]` and `///`. Relies on `facts`, `number` and `errors`; knows the keys and
//! what their values look like, not which of them fit the type they stand on.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, Lit, LitInt, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::facts::Facts;
use crate::number;

const STRUCT_KEYS: &[&str] = &["name", "version", "crate"];
const ENUM_KEYS: &[&str] = &["name", "crate"];
const VALUE_KEYS: &[&str] = &["name"];
const FIELD_KEYS: &[&str] =
    &["name", "text", "unit", "exp", "time", "null", "min", "max", "since", "deprecated", "padding"];

/// `#[shm(...)]` on the struct.
#[derive(Default)]
pub(crate) struct OnStruct {
    /// `name = "..."`
    pub(crate) name: Option<LitStr>,
    /// `version = N`
    pub(crate) version: Option<LitInt>,
    /// `crate = "..."`
    pub(crate) library: Option<Path>,
}

/// `#[shm(...)]` on a field.
#[derive(Default)]
pub(crate) struct OnField {
    /// `name = "..."`
    pub(crate) name: Option<LitStr>,
    /// `text`
    pub(crate) text: bool,
    /// `unit = "..."`
    pub(crate) unit: Option<LitStr>,
    /// What is said of its numbers.
    pub(crate) facts: Facts,
    /// `padding`
    pub(crate) padding: bool,
}

/// `#[repr(...)]` on the struct.
#[derive(Default)]
pub(crate) struct Repr {
    /// `C`
    pub(crate) c: bool,
    /// `align(N)`, each as written
    pub(crate) aligns: Vec<LitInt>,
    /// Everything else: `packed`, `transparent`, `u8`.
    pub(crate) others: Vec<Path>,
}

/// Reads `#[shm(...)]` of the struct.
pub(crate) fn on_struct(attrs: &[Attribute], errors: &mut Errors) -> OnStruct {
    on_item(attrs, errors, STRUCT_KEYS)
}

/// Reads `#[shm(...)]` of an enum, which has less to say.
pub(crate) fn on_enum(attrs: &[Attribute], errors: &mut Errors) -> OnStruct {
    on_item(attrs, errors, ENUM_KEYS)
}

/// Reads `#[shm(name = "...")]` of a value of an enum.
pub(crate) fn on_value(attrs: &[Attribute], errors: &mut Errors) -> Option<LitStr> {
    let mut name = None;
    shm(attrs, errors, VALUE_KEYS, ENUM_KEYS, "the enum", |_, meta| {
        name = Some(meta.value()?.parse()?);
        Ok(())
    });
    name
}

fn on_item(attrs: &[Attribute], errors: &mut Errors, keys: &[&'static str]) -> OnStruct {
    let mut found = OnStruct::default();
    shm(attrs, errors, keys, FIELD_KEYS, "a field", |key, meta| {
        match key {
            "name" => found.name = Some(meta.value()?.parse()?),
            "version" => found.version = Some(number::version(meta.value()?)?),
            _ => {
                found.library =
                    Some(absolute(meta.value()?.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?))
            }
        }
        Ok(())
    });
    found
}

/// The path from wherever it stands: one that starts with no keyword starts with the name of a crate.
fn absolute(mut path: Path) -> Path {
    let first = &path.segments[0].ident;
    if !["crate", "self", "super"].iter().any(|keyword| first == keyword) {
        path.leading_colon.get_or_insert_default();
    }
    path
}

/// Reads `#[shm(...)]` of a field.
pub(crate) fn on_field(attrs: &[Attribute], errors: &mut Errors) -> OnField {
    let mut found = OnField::default();
    shm(attrs, errors, FIELD_KEYS, STRUCT_KEYS, "the struct", |key, meta| {
        match key {
            "name" => found.name = Some(meta.value()?.parse()?),
            "unit" => found.unit = Some(meta.value()?.parse()?),
            key if Facts::KEYS.contains(&key) => found.facts.take(key, meta)?,
            flag if meta.input.peek(Token![=]) => {
                return Err(meta.error(format_args!("`{flag}` takes no value: write `#[shm({flag})]`")));
            }
            "text" => found.text = true,
            _ => found.padding = true,
        }
        Ok(())
    });
    found
}

/// Reads `#[repr(...)]`. What rustc refuses is left to rustc.
pub(crate) fn repr(attrs: &[Attribute], errors: &mut Errors) -> Repr {
    let mut repr = Repr::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        let parsed = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("C") {
                repr.c = true;
            } else if meta.path.is_ident("align") {
                let value;
                syn::parenthesized!(value in meta.input);
                repr.aligns.push(value.parse()?);
            } else {
                skip_value(&meta)?;
                repr.others.push(meta.path);
            }
            Ok(())
        });
        parsed.unwrap_or_else(|error| errors.add(error));
    }
    repr
}

/// The text of the `///` lines, each trimmed. Documentation that a macro computes is not known here and left out.
pub(crate) fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let trimmed: Vec<&str> = text.split('\n').map(str::trim).collect();
    trimmed.join("\n").trim().to_owned()
}

/// Hands each key of `#[shm(...)]` to `take`, once; unknown ones and repetitions become errors.
fn shm(
    attrs: &[Attribute],
    errors: &mut Errors,
    known: &[&'static str],
    elsewhere: &[&str],
    where_else: &str,
    mut take: impl FnMut(&'static str, &ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    let mut seen = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("shm")) {
        let parsed = attr.parse_nested_meta(|meta| {
            let Some(key) = known.iter().find(|key| meta.path.is_ident(key)) else {
                errors.at(&meta.path, unknown(&meta.path, known, elsewhere, where_else));
                return skip_value(&meta);
            };
            if seen.contains(key) {
                errors.at(&meta.path, format_args!("`{key}` is given twice: remove one"));
            }
            seen.push(key);
            take(key, &meta)
        });
        parsed.unwrap_or_else(|error| errors.add(error));
    }
}

fn unknown(path: &Path, known: &[&str], elsewhere: &[&str], where_else: &str) -> String {
    let key = path.get_ident().map_or_else(String::new, ToString::to_string);
    if elsewhere.contains(&key.as_str()) {
        return format!("`{key}` belongs on {where_else}");
    }
    let nearest = known.iter().map(|word| (distance(&key, word), word)).min();
    match nearest {
        Some((distance, word)) if distance <= 2 => format!("unknown key: did you mean `{word}`?"),
        _ => format!("unknown key: known here are `{}`", known.join("`, `")),
    }
}

/// How many letters to insert, remove or replace (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// Passes over `= value` or `(...)`, so that the keys behind it are still read.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let value;
        syn::parenthesized!(value in meta.input);
        value.parse::<TokenStream>()?;
    }
    Ok(())
}
