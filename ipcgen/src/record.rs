//! A table `[record.NAME]` with its fields, key by key. Relies on `table`, `words` and `type_expr`; does not know whether
//! the names and numbers make sense together.

use shmrecord_layout::place::MAX_ALIGN;
use toml::de::DeValue;

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::source::{Span, Spanned};
use crate::table::{self, Table, wrong};
use crate::type_expr::{self, TypeExpr};
use crate::words::{self, Rename, spanned};

/// `place::MAX_RECORD_BYTES`, the largest number that a key can take.
pub(crate) const MAX_BYTES: u32 = 1 << 31;

/// A table `[record.NAME]`.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: Spanned<String>,
    pub(crate) rename: Rename,
    pub(crate) aliases: Vec<Spanned<String>>,
    pub(crate) doc: String,
    pub(crate) size: Option<Spanned<u32>>,
    pub(crate) align: Option<Spanned<u32>>,
    pub(crate) deny_padding: bool,
    pub(crate) fields: Vec<Field>,
}

/// An entry of a record's `fields`.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) rename: Rename,
    pub(crate) aliases: Vec<Spanned<String>>,
    pub(crate) ty: Option<TypeExpr>,
    pub(crate) doc: String,
    pub(crate) offset: Option<Spanned<u32>>,
    pub(crate) unit: Option<String>,
    pub(crate) exp: Option<Spanned<i8>>,
    pub(crate) time: Option<Spanned<String>>,
    pub(crate) null: Option<Spanned<Literal>>,
    pub(crate) min: Option<Spanned<Literal>>,
    pub(crate) max: Option<Spanned<Literal>>,
    pub(crate) since: Option<Spanned<u32>>,
    pub(crate) deprecated: Option<Deprecated>,
    /// The whole entry.
    pub(crate) span: Span,
}

impl Field {
    /// Whether it is text, has a null, is scaled: what decides which functions are made for it.
    pub(crate) fn uses(&self) -> (bool, bool, bool) {
        let text = self.ty.as_ref().is_some_and(|ty| ty.element.value == "char");
        (text, self.null.is_some(), self.exp.as_ref().is_some_and(|exp| exp.value != 0))
    }
}

/// A number that means something in a field, as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Integer(i128),
    Float(f64),
    Word(String),
}

/// `deprecated = 3` or `deprecated = { since = 3, use = "other" }`.
#[derive(Debug)]
pub(crate) struct Deprecated {
    pub(crate) since: Spanned<u32>,
    /// The field that takes its place.
    pub(crate) instead: Option<Spanned<String>>,
}

/// Reads everything that can be read, and reports everything that cannot.
pub(crate) fn read(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> Record {
    let doc = words::doc(&mut table, found);
    let size = table.number("size", 1..=MAX_BYTES, found);
    let align = table.number("align", 1..=MAX_ALIGN, found);
    let deny_padding = table.word("padding", "deny", found);
    let fields = fields(&name, &mut table, found);
    let rename = words::rename(&mut table, found);
    let aliases = words::aliases(&mut table, found);
    table.finish(found);
    Record { name, rename, aliases, doc, size, align, deny_padding, fields }
}

/// The fields, in either form.
fn fields(name: &Spanned<String>, table: &mut Table<'_>, found: &mut Diagnostics) -> Vec<Field> {
    let short = table.array("fields", found);
    let long = table.array("field", found);
    if let (Some(one), Some(other)) = (table.key_span("fields"), table.key_span("field")) {
        let title = format!("the fields of `{}` are given twice", name.value);
        found.push(
            Diagnostic::new(Rule::TwoFieldForms, other, title)
                .label("`[[...field]]` tables as well")
                .also(one, "`fields` is given here")
                .help("keep one of the two"),
        );
    }
    let mut fields = Vec::new();
    for value in short.into_iter().chain(long).flatten() {
        if let Some(mut table) = table.as_table(value, value.span().into(), found) {
            fields.push(field(&mut table, value.span().into(), found));
            table.finish(found);
        }
    }
    let empty = |array: Option<&[_]>| array.is_none_or(<[_]>::is_empty);
    let wrong =
        ["fields", "field"].iter().any(|key| table.key_span(key).is_some()) && short.or(long).is_none();
    if empty(short) && empty(long) && !wrong {
        found.push(
            Diagnostic::new(Rule::NoFields, name.span, format!("record `{}` has no fields", name.value))
                .help("add `fields = [ { name = \"...\", type = \"...\" } ]`"),
        );
    }
    fields
}

/// Reads what a field is; whether there is more in its table is not asked.
pub(crate) fn field(table: &mut Table<'_>, span: Span, found: &mut Diagnostics) -> Field {
    Field {
        name: table.required_string("name", found).map(spanned),
        ty: table.required_string("type", found).and_then(|text| type_expr::parse(&text, found)),
        doc: words::doc(table, found),
        unit: words::unit(table, found),
        offset: table.number("offset", 0..=MAX_BYTES, found),
        exp: table.number("exp", -MAX_EXPONENT..=MAX_EXPONENT, found),
        time: table.string("time", found).map(spanned),
        null: literal(table, "null", found),
        min: literal(table, "min", found),
        max: literal(table, "max", found),
        since: table.number("since", 1..=u32::MAX, found),
        deprecated: deprecated(table, found),
        rename: words::rename(table, found),
        aliases: words::aliases(table, found),
        span,
    }
}

/// Powers of ten up to this one are exact in an `f64`, so that what is generated scales by a single operation.
const MAX_EXPONENT: i8 = 22;

fn literal(table: &mut Table<'_>, key: &'static str, found: &mut Diagnostics) -> Option<Spanned<Literal>> {
    let value = table.get(key)?;
    let literal = match value.get_ref() {
        DeValue::String(word) => Literal::Word(word.to_string()),
        DeValue::Float(float) => Literal::Float(float.as_str().parse().ok()?),
        // What not even 128 bits hold is out of every range.
        _ => match table::integer(value) {
            Some(number) => Literal::Integer(number.unwrap_or(i128::MAX)),
            None => return wrong("a number", value, found),
        },
    };
    Some(Spanned { value: literal, span: value.span().into() })
}

fn deprecated(table: &mut Table<'_>, found: &mut Diagnostics) -> Option<Deprecated> {
    let key = "deprecated";
    if !table.get(key)?.get_ref().is_table() {
        let since = table.number(key, 1..=u32::MAX, found)?;
        return Some(Deprecated { since, instead: None });
    }
    let mut table = table.table(key, found)?;
    table.lacks("since", &["add `since = 2`: the version from which on it is out of use"], found);
    let since = table.number("since", 1..=u32::MAX, found);
    let instead = table.string("use", found).map(spanned);
    table.finish(found);
    Some(Deprecated { since: since?, instead })
}
