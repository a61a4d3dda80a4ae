//! Enums and flags, settled: their numbers fit the type and differ. Relies on `enumeration` for what was written, on
//! `names` and the layout crate.

use std::collections::{HashMap, HashSet};

use shmrecord_layout::{Form, Kind, Number};

use crate::diag::{Diagnostic, Diagnostics};
use crate::enumeration::{Enum, Enumerator};
use crate::model::{self, EnumValue, Origin};
use crate::names::{self, Target};
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::Spanned;
use crate::words;

/// The enums and flags that the schema declares; reports every number that cannot be what it is said to be. Where one is
/// wrong something stands in its place, and no model comes of it.
pub(crate) fn settle(schema: &Schema, found: &mut Diagnostics) -> Vec<model::Enum> {
    check(schema, found);
    let prefix = schema.name.as_ref().map_or("", |name| name.value.as_str());
    schema.enums.iter().map(|given| settled(prefix, given)).collect()
}

fn settled(prefix: &str, given: &Enum) -> model::Enum {
    let c_name = given.rename.or(Target::C, || names::c_record(prefix, &given.name.value));
    let mut known: HashSet<i128> = HashSet::new();
    let value = |value: &Enumerator| {
        let number = value.number.as_ref().map_or(0, |number| number.value);
        let is_flag = given.form == Form::Flags;
        let number = if is_flag { 1 << number.clamp(0, 63) } else { number };
        // A closed enum of Rust has one variant for each value; another name for it is a constant, as in open ones.
        let is_alias = !known.insert(number);
        let form = if is_alias { Form::Open } else { given.form };
        EnumValue {
            name: value.name.value.clone(),
            renamed: value.rename.settled(),
            aliases: words::values(&value.aliases),
            rust_name: value.rename.or(Target::Rust, || names::rust_enumerator(&value.name.value, form)),
            c_name: value.rename.or(Target::C, || names::c_enumerator(&c_name, &value.name.value)),
            doc: value.doc.clone(),
            value: number,
            is_letter: value.is_letter,
            is_alias,
        }
    };
    let values = given.values.iter().map(value).collect();
    model::Enum {
        origin: Origin::Here,
        name: given.name.value.clone(),
        renamed: given.rename.settled(),
        aliases: words::values(&given.aliases),
        rust_name: given.rename.or(Target::Rust, || names::rust_record(&given.name.value)),
        c_name,
        doc: given.doc.clone(),
        form: given.form,
        repr: given.repr.unwrap_or(Kind::U8),
        values,
    }
}

fn check(schema: &Schema, found: &mut Diagnostics) {
    for given in &schema.enums {
        let Some(repr) = given.repr else { continue };
        let mut first: HashMap<i128, &Enumerator> = HashMap::new();
        for value in &given.values {
            let Some(number) = &value.number else { continue };
            if let Some(report) = unfit(given, value, number, repr) {
                found.push(report);
                continue;
            }
            match first.get(&number.value) {
                None if value.is_alias => found.push(lone_alias(value, number)),
                Some(other) if !value.is_alias => found.push(twice(given.form, value, other, number)),
                _ => {}
            }
            first.entry(number.value).or_insert(value);
        }
    }
}

/// What is wrong with a number by itself.
fn unfit(given: &Enum, value: &Enumerator, number: &Spanned<i128>, repr: Kind) -> Option<Diagnostic> {
    let name = &value.name.value;
    if given.form == Form::Flags {
        let bits = repr.size()? * 8;
        if (0..i128::from(bits)).contains(&number.value) {
            return None;
        }
        let report =
            Diagnostic::new(Rule::BadBit, number.span, format!("`{name}` is no bit of a `{}`", repr.name()));
        return Some(report.label(format!("bits are from 0 to {}", bits - 1)));
    }
    if value.is_letter && repr.size() != Some(1) {
        let title = format!("`{name}` is a character, and a `{}` is not one byte", repr.name());
        let report =
            Diagnostic::new(Rule::BadValue, number.span, title).label("only where `repr` is u8 or i8");
        return Some(report.help(format!("write its number: {}", number.value)));
    }
    if Number::integer(repr, number.value).is_some() {
        return None;
    }
    let (least, greatest) = (Number::least(repr)?, Number::greatest(repr)?);
    let title = format!("the value of `{name}` does not fit into a `{}`", repr.name());
    let range = format!("from {} to {}", least.display(repr), greatest.display(repr));
    Some(Diagnostic::new(Rule::ValueTooLarge, number.span, title).label(range))
}

fn twice(form: Form, value: &Enumerator, other: &Enumerator, number: &Spanned<i128>) -> Diagnostic {
    let (one, two) = (&other.name.value, &value.name.value);
    if form == Form::Flags {
        let title = format!("`{one}` and `{two}` are the same bit");
        let report = Diagnostic::new(Rule::DuplicateBit, number.span, title).label("taken");
        return report.also(other.name.span, "the first one");
    }
    let title = format!("`{one}` and `{two}` have the same value");
    Diagnostic::new(Rule::DuplicateValue, number.span, title)
        .label("taken")
        .also(other.name.span, "the first one")
        .help(format!("if it is meant: `{two} = {{ value = {}, alias = true }}`", number.value))
}

fn lone_alias(value: &Enumerator, number: &Spanned<i128>) -> Diagnostic {
    let title = format!("`{}` is an alias of nothing", value.name.value);
    Diagnostic::new(Rule::DuplicateValue, number.span, title)
        .label("no name in front of it has this value")
        .help("leave `alias` out, or put it behind the name that it repeats")
}
