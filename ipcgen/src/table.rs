//! Reads a TOML table key by key; what nobody asked for is an unknown key. Relies on the `toml` crate, `text` and
//! `diag`; does not know which keys there are.

use std::collections::HashSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::source::{Span, Spanned};
use crate::text::Text;

pub(crate) type Value<'i> = toml::Spanned<DeValue<'i>>;

/// A table that is being read.
pub(crate) struct Table<'t> {
    entries: &'t DeTable<'t>,
    source: &'t str,
    /// Marked when a key is missing.
    span: Span,
    /// What was asked for, some of it twice.
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(crate) fn new(entries: &'t DeTable<'t>, source: &'t str, span: Span) -> Self {
        // As many as any table is asked for, so that it does not grow: a schema has a table for each field.
        Self { entries, source, span, known: Vec::with_capacity(24) }
    }

    /// The value under a key, whatever it is.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'t Value<'t>> {
        self.known.push(key);
        self.entries.get(key)
    }

    /// Whether there is a string under a key.
    pub(crate) fn is_string(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Whether a key that has to be there is missing; reports it with what to add.
    pub(crate) fn lacks(&mut self, key: &'static str, helps: &[&str], found: &mut Diagnostics) -> bool {
        let lacks = self.get(key).is_none();
        if lacks {
            let report = Diagnostic::new(Rule::MissingKey, self.span, format!("`{key}` is missing"));
            found.push(helps.iter().fold(report, |report, help| report.help(*help)));
        }
        lacks
    }

    /// The place of a key that is there.
    pub(crate) fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.get_key_value(key).map(|(key, _)| key.span().into())
    }

    /// The table under a key.
    pub(crate) fn table(&mut self, key: &'static str, found: &mut Diagnostics) -> Option<Table<'t>> {
        let value = self.get(key)?;
        let span = self.key_span(key).unwrap_or(self.span);
        self.as_table(value, span, found)
    }

    /// The value as a table of its own; `span` is marked when something is missing in it.
    pub(crate) fn as_table(
        &self,
        value: &'t Value<'t>,
        span: Span,
        found: &mut Diagnostics,
    ) -> Option<Table<'t>> {
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, self.source, span)),
            _ => wrong("a table", value, found),
        }
    }

    /// The array under a key.
    pub(crate) fn array(&mut self, key: &'static str, found: &mut Diagnostics) -> Option<&'t [Value<'t>]> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Array(array) => Some(array),
            _ => wrong("an array", value, found),
        }
    }

    /// Every entry, in the order of the file, for tables whose keys are names.
    pub(crate) fn entries(&self) -> Vec<(Spanned<String>, &'t Value<'t>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| {
                (Spanned { value: key.get_ref().to_string(), span: key.span().into() }, value)
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span);
        entries
    }

    /// The string under a key.
    pub(crate) fn string(&mut self, key: &'static str, found: &mut Diagnostics) -> Option<Text> {
        let value = self.get(key)?;
        self.text(value).or_else(|| wrong("a string", value, found))
    }

    /// A value that is a string.
    pub(crate) fn text(&self, value: &Value<'_>) -> Option<Text> {
        value.get_ref().as_str().map(|string| Text::new(self.source, value.span().into(), string))
    }

    /// The strings of the array under a key; none without it.
    pub(crate) fn strings(&mut self, key: &'static str, found: &mut Diagnostics) -> Vec<Text> {
        let values = self.array(key, found).unwrap_or_default();
        values
            .iter()
            .filter_map(|value| self.text(value).or_else(|| wrong("a string", value, found)))
            .collect()
    }

    /// The string under a key that has to be there.
    pub(crate) fn required_string(&mut self, key: &'static str, found: &mut Diagnostics) -> Option<Text> {
        // The help is put into words where it is needed only: most strings are there.
        if self.get(key).is_some() {
            return self.string(key, found);
        }
        self.lacks(key, &[&format!("add `{key} = \"...\"`")], found);
        None
    }

    /// The one word that the key takes; whether it is there.
    pub(crate) fn word(&mut self, key: &'static str, word: &str, found: &mut Diagnostics) -> bool {
        let Some(text) = self.string(key, found) else { return false };
        if text.value != word {
            let title = format!("`{key}` takes the word \"{word}\" only");
            found.push(Diagnostic::new(Rule::WrongValue, text.span, title).label(format!("not \"{word}\"")));
        }
        text.value == word
    }

    /// The number under a key.
    pub(crate) fn number<N: TryFrom<i128> + PartialOrd + Display>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<N>,
        found: &mut Diagnostics,
    ) -> Option<Spanned<N>> {
        let value = self.get(key)?;
        let Some(number) = integer(value) else { return wrong("an integer", value, found) };
        let span = value.span().into();
        let fitting =
            number.and_then(|number| N::try_from(number).ok()).filter(|number| range.contains(number));
        if fitting.is_none() {
            let title = format!("`{key}` is from {} to {}", range.start(), range.end());
            found.push(Diagnostic::new(Rule::OutOfRange, span, title).label("out of range"));
        }
        fitting.map(|value| Spanned { value, span })
    }

    /// The truth value under a key; false without it.
    pub(crate) fn boolean(&mut self, key: &'static str, found: &mut Diagnostics) -> bool {
        let Some(value) = self.get(key) else { return false };
        value.get_ref().as_bool().or_else(|| wrong("true or false", value, found)).unwrap_or(false)
    }

    /// The value of a constant under a key that has to be there.
    pub(crate) fn constant(&mut self, key: &'static str, found: &mut Diagnostics) -> Option<i128> {
        if self.lacks(key, &[&format!("add `{key} = 1`")], found) {
            None
        } else {
            constant(self.get(key)?, found)
        }
    }

    /// Reports the keys that were not asked for.
    pub(crate) fn finish(self, found: &mut Diagnostics) {
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let mut seen = HashSet::new();
            let known: Vec<&str> = self.known.iter().copied().filter(|key| seen.insert(*key)).collect();
            let nearest = found.nearest(name, known.iter().copied());
            let report =
                Diagnostic::new(Rule::UnknownKey, key.span().into(), format!("unknown key `{name}`"))
                    .suggest(nearest)
                    .help(format!("known keys here: {}", known.join(", ")));
            found.push(report);
        }
    }
}

/// A constant's value: an integer that 64 bits can hold, with a sign or without.
pub(crate) fn constant(value: &Value<'_>, found: &mut Diagnostics) -> Option<i128> {
    let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
    let fitting = integer(value).flatten().filter(|number| range.contains(number));
    if fitting.is_none() {
        let title = "a constant is an integer from -2^63 to 2^64 - 1";
        let label = match integer(value) {
            Some(_) => "out of range".into(),
            None => format!("this is {}", article(value.get_ref().type_str())),
        };
        found.push(Diagnostic::new(Rule::BadConstant, value.span().into(), title).label(label));
    }
    fitting
}

/// The value when it is an integer: `Some(None)` when it is one of more than 128 bits.
pub(crate) fn integer(value: &Value<'_>) -> Option<Option<i128>> {
    value.get_ref().as_integer().map(|integer| i128::from_str_radix(integer.as_str(), integer.radix()).ok())
}

/// Reports a value of another type than expected.
pub(crate) fn wrong<T>(expected: &str, value: &Value<'_>, found: &mut Diagnostics) -> Option<T> {
    let actual = article(value.get_ref().type_str());
    let title = format!("expected {expected}, found {actual}");
    found.push(
        Diagnostic::new(Rule::WrongValue, value.span().into(), title).label(format!("expected {expected}")),
    );
    None
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}
