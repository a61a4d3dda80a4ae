//! Compares the fields of a record with those of an earlier version. Relies on `compare` for what they hold; adds to its
//! verdict.

use super::compare::{Change, Comparison, said};
use super::pairs::{self, Pair};
use super::write::number;
use crate::diag::Diagnostic;
use crate::model::{Field, Origin, Record};
use crate::rules::Rule;

/// A record in both versions.
#[derive(Clone, Copy)]
struct Both<'m> {
    old: &'m Record,
    new: &'m Record,
}

impl Both<'_> {
    /// Whether versions that are said of its fields are those of the schema that is compared.
    fn is_dated(self) -> bool {
        self.old.origin == Origin::Here && self.new.origin == Origin::Here
    }
}

/// How much the fields have changed.
pub(super) fn compare(comparison: &mut Comparison<'_>, old: &Record, new: &Record) -> Change {
    let (old_fields, new_fields): (Vec<&Field>, Vec<&Field>) =
        (old.fields().collect(), new.fields().collect());
    let models = (&*comparison.old.model, &*comparison.new.model);
    let pairs = pairs::of_fields((&old_fields, models.0), (&new_fields, models.1));
    let both = Both { old, new };
    let mut change = Change::None;
    for (field, pair) in old_fields.iter().zip(&pairs) {
        change = change.max(match pair {
            Some(pair) => comparison.field(both, field, new_fields[pair.new], *pair),
            None => comparison.field_removed(both, field),
        });
    }
    let mut known = vec![false; new_fields.len()];
    pairs.iter().flatten().for_each(|pair| known[pair.new] = true);
    for (field, known) in new_fields.iter().zip(known) {
        if !known {
            change = change.max(comparison.field_added(both, field));
        }
    }
    change
}

impl Comparison<'_> {
    /// A report on a field, with its place in both versions.
    fn on(&self, rule: Rule, both: Both<'_>, old: &Field, new: &Field, title: String) -> Diagnostic {
        let place = match rule {
            Rule::FieldRetyped | Rule::NestedGrown => self.new.held(both.new, &new.name),
            _ => self.new.member(&both.new.origin, &both.new.name, &new.name),
        };
        let before = match rule {
            Rule::FieldRetyped | Rule::NestedGrown => self.old.held(both.old, &old.name),
            _ => self.old.member(&both.old.origin, &both.old.name, &old.name),
        };
        Diagnostic::new(rule, place, title).elsewhere(&self.old.source, before, format!("in {}", self.then()))
    }

    fn field(&mut self, both: Both<'_>, old: &Field, new: &Field, pair: Pair) -> Change {
        let path = format!("{}.{}", both.new.name, new.name);
        let before = self.old.member(&both.old.origin, &both.old.name, &old.name);
        let place = self.new.member(&both.new.origin, &both.new.name, &new.name);
        let mut change = self.naming((&old.name, before), (&new.name, place), pair.naming, &path);
        change = change.max(self.holding(both, old, new, &path));
        if old.offset != new.offset {
            let title = format!("`{path}` was at {} and is at {}", old.offset, new.offset);
            let report = self.on(Rule::FieldMoved, both, old, new, title);
            let help =
                "fields keep their order; new ones stand behind them, or in a hole, pinned with `offset`";
            self.verdict.report(&path, report.label(format!("at {}", new.offset)).help(help));
            change = Change::Broken;
        }
        change = change.max(self.meaning(both, old, new, &path));
        let (since, version) = (new.since.unwrap_or(1), self.old.number());
        let dated_later = since > version && old.since.unwrap_or(1) <= version;
        if both.is_dated() && dated_later && self.new.number() > version {
            let title = format!("`{path}` says that it is there since version {since}, and is older");
            let report = self.on(Rule::FieldUndated, both, old, new, title);
            self.verdict.report(&path, report.help("say `since` as it was, or leave it out as it was"));
            return Change::Broken;
        }
        self.limits(old, new, &path);
        if both.is_dated() {
            self.dates(old, new, &path);
        }
        change
    }

    /// What it holds.
    fn holding(&mut self, both: Both<'_>, old: &Field, new: &Field, path: &str) -> Change {
        let (was, is) = (self.old.model.type_name(&old.ty), self.new.model.type_name(&new.ty));
        let element = self.element(old.ty.element, new.ty.element).filter(|_| old.ty.dims == new.ty.dims);
        let next = self.next();
        let Some(element) = element else {
            let title = format!("`{path}` was `{was}` and is `{is}`");
            let report = self.on(Rule::FieldRetyped, both, old, new, title).label(format!("not `{was}`"));
            let name = &old.name;
            let help =
                format!("keep `{name}` with `deprecated = {next}`, and add a field with `since = {next}`");
            self.verdict.report(path, report.help(help));
            return Change::Broken;
        };
        if element == Change::Grown {
            let changed = if new.size < old.size { "shrunk" } else { "grown" };
            let title = format!("`{path}` holds `{is}`, which has {changed}");
            let report = self.on(Rule::NestedGrown, both, old, new, title);
            let report = report.label("a record inside another one stays what it is");
            let help = "keep the record as it was, and declare what it has become under another name";
            self.verdict.report(path, report.help(help));
            return Change::Broken;
        }
        if was != is && element == Change::None {
            self.verdict.note(format!("{path}: `{was}` -> `{is}`, the same bytes"));
        }
        element
    }

    /// What its numbers mean.
    fn meaning(&mut self, both: Both<'_>, old: &Field, new: &Field, path: &str) -> Change {
        let unit = |field: &Field| said("unit", field.unit.as_ref().map(|unit| format!("`{unit}`")));
        let exp = |field: &Field| said("exponent", (field.exp != 0).then_some(field.exp));
        let time = |field: &Field| said("time", field.time.map(|time| time.name()));
        let null = |kind, field: &Field| said("null", field.null.map(|null| number(kind, null)));
        let kinds = (self.old.model.kind(old.ty.element), self.new.model.kind(new.ty.element));
        let mut change = Change::None;
        for (key, was, is) in [
            ("unit", unit(old), unit(new)),
            ("exp", exp(old), exp(new)),
            ("time", time(old), time(new)),
            ("null", null(kinds.0, old), null(kinds.1, new)),
        ] {
            // What a number of another type is has been reported with the type.
            if was == is || key == "null" && kinds.0 != kinds.1 {
                continue;
            }
            let title = format!("`{path}` had {was} and has {is}");
            let report = self.on(Rule::FieldRedefined, both, old, new, title).label(format!("{was} before"));
            let next = self.next();
            let help = format!("keep it with `deprecated = {next}`, and add a field with `since = {next}`");
            self.verdict.report(&format!("{path} {key}"), report.help(help));
            change = Change::Broken;
        }
        change
    }

    /// Notes limits that have changed: they are told, not enforced.
    fn limits(&mut self, old: &Field, new: &Field, path: &str) {
        let kinds = (self.old.model.kind(old.ty.element), self.new.model.kind(new.ty.element));
        for (what, was, is) in [("least number", old.min, new.min), ("greatest number", old.max, new.max)] {
            let (was, is) = (was.map(|was| number(kinds.0, was)), is.map(|is| number(kinds.1, is)));
            if was != is {
                self.verdict.note(format!("{path}: {} -> {}", said(what, was), said(what, is)));
            }
        }
    }

    /// Notes other versions since when a field is there, or out of use.
    fn dates(&mut self, old: &Field, new: &Field, path: &str) {
        let since = |field: &Field| said("since", field.since.filter(|&since| since > 1));
        if since(old) != since(new) {
            self.verdict.note(format!("{path}: {} -> {}", since(old), since(new)));
        }
        let deprecated = |field: &Field| field.deprecated.as_ref().map(|deprecated| deprecated.since);
        match (deprecated(old), deprecated(new)) {
            (was, is) if was == is => {}
            (_, Some(since)) => {
                self.verdict.note(format!("{path}: out of use since version {since}; its bytes stay"));
            }
            (_, None) => self.verdict.note(format!("{path}: in use again")),
        }
    }

    fn field_removed(&mut self, both: Both<'_>, old: &Field) -> Change {
        let path = format!("{}.{}", both.new.name, old.name);
        let title = format!("`{path}` of {} is gone", self.then());
        let report =
            Diagnostic::new(Rule::FieldRemoved, self.new.place(&both.new.origin, &both.new.name), title);
        let before = self.old.member(&both.old.origin, &both.old.name, &old.name);
        let ty = self.old.model.type_name(&old.ty);
        let report = report.label(format!("no field `{}`", old.name));
        let report = report.elsewhere(&self.old.source, before, format!("`{ty}` at {}", old.offset));
        self.verdict.report(&path, report.help(format!("keep it, with `deprecated = {}`", self.next())));
        Change::Broken
    }

    fn field_added(&mut self, both: Both<'_>, new: &Field) -> Change {
        let path = format!("{}.{}", both.new.name, new.name);
        if !both.is_dated() || new.since.is_some_and(|since| since > self.old.number()) {
            let end = both.old.fields().last().map_or(0, |last| last.offset + last.size);
            let place = if new.offset < end { " in what was a hole" } else { "" };
            let ty = self.new.model.type_name(&new.ty);
            self.verdict.note(format!("{path}: new, `{ty}` at {}{place}", new.offset));
            return Change::Grown;
        }
        let title = format!("`{path}` is not in {}, and does not say since when it is there", self.then());
        let place = self.new.member(&both.new.origin, &both.new.name, &new.name);
        let label = new.since.map_or("no `since`".to_owned(), |since| format!("since version {since}"));
        let report = Diagnostic::new(Rule::FieldUndated, place, title).label(label);
        let before = self.old.place(&both.old.origin, &both.old.name);
        let report = report.elsewhere(&self.old.source, before, format!("no such field in {}", self.then()));
        self.verdict.report(&path, report.help(format!("say `since = {}`", self.next())));
        Change::Broken
    }
}
