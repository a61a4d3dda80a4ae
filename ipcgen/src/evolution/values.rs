//! Compares the values of an enum, or flags, with those of an earlier version. Adds to the verdict of `compare`.

use std::collections::HashSet;

use super::compare::{Change, Comparison};
use super::pairs::{self, Naming, Pair};
use crate::diag::Diagnostic;
use crate::model::{Enum, EnumValue, Form};
use crate::rules::Rule;

/// An enum in both versions.
#[derive(Clone, Copy)]
struct Both<'m> {
    old: &'m Enum,
    new: &'m Enum,
}

/// How much the enum at this index of the earlier version has changed.
pub(super) fn compare(comparison: &mut Comparison<'_>, at: usize, pair: Pair) -> Change {
    let (old_version, new_version) = (comparison.old, comparison.new);
    let (old, new) = (&old_version.model.enums[at], &new_version.model.enums[pair.new]);
    let both = Both { old, new };
    let (before, place) =
        (old_version.place(&old.origin, &old.name), new_version.place(&new.origin, &new.name));
    let mut change = comparison.naming((&old.name, before), (&new.name, place), pair.naming, &new.name);
    let words = |named: &Enum| {
        let article = match named.form {
            Form::Open => "an ",
            Form::Closed => "a ",
            Form::Flags => "",
        };
        format!("{article}{} of `{}`", named.form.name(), named.repr.name())
    };
    if (old.form, old.repr) != (new.form, new.repr) {
        let title = format!("`{}` was {} and is {}", new.name, words(old), words(new));
        let report = Diagnostic::new(Rule::EnumChanged, place, title).label(words(new));
        let report = report.elsewhere(&old_version.source, before, format!("in {}", comparison.then()));
        comparison.verdict.report(&new.name, report.help("declare a new one beside it"));
        change = Change::Broken;
    }
    if (old.form == Form::Flags) != (new.form == Form::Flags) {
        // Names of bits and names of numbers have nothing in common.
        return change;
    }
    let pairs = pairs::of_values(old, new);
    for (value, pair) in old.values.iter().zip(&pairs) {
        change = change.max(match pair {
            Some(pair) => comparison.value(both, value, &new.values[pair.new], pair.naming),
            None => comparison.value_removed(both, value),
        });
    }
    let known: HashSet<usize> = pairs.iter().flatten().map(|pair| pair.new).collect();
    for (at, value) in new.values.iter().enumerate() {
        if !known.contains(&at) {
            change = change.max(comparison.value_added(both, value));
        }
    }
    change
}

/// `bit 3`, `66`
fn number(named: &Enum, value: &EnumValue) -> String {
    match named.form {
        Form::Flags => format!("bit {}", value.value.trailing_zeros()),
        Form::Open | Form::Closed => value.value.to_string(),
    }
}

impl Comparison<'_> {
    fn value(&mut self, both: Both<'_>, old: &EnumValue, new: &EnumValue, naming: Naming) -> Change {
        let path = format!("{}.{}", both.new.name, new.name);
        let before = self.old.member(&both.old.origin, &both.old.name, &old.name);
        let place = self.new.member(&both.new.origin, &both.new.name, &new.name);
        let change = self.naming((&old.name, before), (&new.name, place), naming, &path);
        if old.value == new.value {
            return change;
        }
        let (was, is) = (number(both.old, old), number(both.new, new));
        let title = format!("`{path}` was {was} and is {is}");
        let report = Diagnostic::new(Rule::ValueMoved, place, title).label(is);
        let report = report.elsewhere(&self.old.source, before, format!("{was} in {}", self.then()));
        self.verdict
            .report(&path, report.help("give it back its number; a new meaning has a name of its own"));
        Change::Broken
    }

    fn value_removed(&mut self, both: Both<'_>, old: &EnumValue) -> Change {
        let path = format!("{}.{}", both.new.name, old.name);
        let was = number(both.old, old);
        let title = format!("`{path}` of {} is gone", self.then());
        let place = self.new.place(&both.new.origin, &both.new.name);
        let report = Diagnostic::new(Rule::ValueRemoved, place, title).label(format!("no name for {was}"));
        let before = self.old.member(&both.old.origin, &both.old.name, &old.name);
        let report = report.elsewhere(&self.old.source, before, was);
        self.verdict.report(&path, report.help("keep it: tables may hold it still"));
        Change::Broken
    }

    fn value_added(&mut self, both: Both<'_>, new: &EnumValue) -> Change {
        let path = format!("{}.{}", both.new.name, new.name);
        let is = number(both.new, new);
        if both.new.form != Form::Closed || both.old.form != Form::Closed {
            self.verdict.note(format!("{path}: new, {is}; programs of {} see the number", self.then()));
            return Change::None;
        }
        let title = format!("`{path}` is new, and programs of {} know no such value", self.then());
        let place = self.new.member(&both.new.origin, &both.new.name, &new.name);
        let report = Diagnostic::new(Rule::ClosedGrown, place, title).label("in a closed enum");
        let before = self.old.place(&both.old.origin, &both.old.name);
        let report = report.elsewhere(&self.old.source, before, format!("in {}", self.then()));
        self.verdict.report(&path, report.help("declare a new enum, and a field of it, with this value"));
        Change::Broken
    }
}
