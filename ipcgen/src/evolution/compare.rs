//! Compares two versions of a schema, type by type: may programs of both share tables? Relies on `pairs` for what belongs
//! together, on `fields` and `values` for what is inside. What it lets pass under its old names, readers attach to; it
//! refuses more than they do, since it knows which version is the later one.

use std::collections::HashSet;
use std::fmt::Display;

use super::pairs::{self, Naming, Pair, Pairs};
use super::verdict::{Compared, Verdict};
use super::version::{Used, Version};
use super::{fields, values};
use crate::diag::Diagnostic;
use crate::model::{Element, Origin, Record};
use crate::rules::Rule;
use crate::source::Span;

/// How much a type differs from what it was, from nothing to what has been reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Tables of both versions can be told apart by nothing but further values of enums.
    None,
    /// The same bytes under other names.
    Renamed,
    /// More bytes, or others between the records of an array.
    Grown,
    /// Reported where it is declared.
    Broken,
}

/// Two versions, and what has been found out about them.
pub(super) struct Comparison<'v> {
    pub(super) old: &'v Version,
    pub(super) new: &'v Version,
    pub(super) pairs: Pairs,
    /// By enum and record of the earlier version; `None` for those that nothing needs.
    pub(super) enums: Vec<Change>,
    pub(super) records: Vec<Change>,
    /// Whether something has another name, and says so.
    renamed: bool,
    pub(super) verdict: &'v mut Verdict,
}

/// Adds what has become of the earlier version in the later one.
pub(super) fn compare(old: &Version, new: &Version, verdict: &mut Verdict) {
    let pairs = pairs::of_types(old, new);
    let enums = vec![Change::None; old.model.enums.len()];
    let records = vec![Change::None; old.model.records.len()];
    let mut comparison = Comparison { old, new, pairs, enums, records, renamed: false, verdict };
    let used = Used::of(&old.model);
    for (at, _) in used.enums(&old.model) {
        // One without a counterpart is missed where fields held it.
        if let Some(pair) = comparison.pairs.enums[at] {
            comparison.enums[at] = values::compare(&mut comparison, at, pair);
        }
    }
    // A record stands behind those that it contains.
    for (at, record) in used.records(&old.model) {
        comparison.records[at] = match comparison.pairs.records[at] {
            Some(pair) => comparison.record(record, pair),
            None => comparison.removed(record),
        };
    }
    comparison.added();
    let compared = Compared { number: old.number(), renamed: comparison.renamed };
    verdict.versions.push(compared);
}

impl Comparison<'_> {
    /// `version 1`
    pub(super) fn then(&self) -> String {
        format!("version {}", self.old.number())
    }

    /// The version that a change of the earlier one makes.
    pub(super) fn next(&self) -> u32 {
        self.new.number().max(self.old.number().saturating_add(1))
    }

    /// Whether something has another name, with the place of each; adds the note or the report.
    pub(super) fn naming(
        &mut self,
        (old, place_before): (&str, Span),
        (new, place): (&str, Span),
        naming: Naming,
        path: &str,
    ) -> Change {
        let then = self.then();
        match naming {
            Naming::Same => Change::None,
            Naming::Alias => {
                self.renamed = true;
                let words = "the same layout, but neither version attaches to tables of the other";
                self.verdict.note(format!("{path}: `{old}` in {then}; {words}"));
                Change::Renamed
            }
            Naming::Silent => {
                let title =
                    format!("`{path}` is where `{old}` was in {then}, and does not say that it is the same");
                let report =
                    Diagnostic::new(Rule::Renamed, place, title).label(format!("`{old}` or something new?"));
                let report = report.elsewhere(&self.old.source, place_before, format!("in {then}"));
                let alias = format!("if it is the same, say `aliases = [\"{old}\"]`; if not, keep `{old}`");
                self.verdict.report(path, report.help(format!("{alias} and add `{new}` beside it")));
                Change::Broken
            }
        }
    }

    fn record(&mut self, old: &Record, pair: Pair) -> Change {
        let new_version = self.new;
        let new = &new_version.model.records[pair.new];
        let old_place = self.old.place(&old.origin, &old.name);
        let place = self.new.place(&new.origin, &new.name);
        let change = self.naming((&old.name, old_place), (&new.name, place), pair.naming, &new.name);
        let change = change.max(fields::compare(self, old, new));
        self.frame(old, new, change)
    }

    /// Size and alignment of a record whose fields have changed so much.
    fn frame(&mut self, old: &Record, new: &Record, change: Change) -> Change {
        let asked = |record: &Record| record.align != record.natural_align;
        let needed = old.align.max(new.natural_align);
        if new.align != old.align && new.align != needed && (asked(old) || asked(new)) {
            let title = format!("`{}` was aligned to {} and is to {}", new.name, old.align, new.align);
            let place = self.new.place(&new.origin, &new.name);
            let report = Diagnostic::new(Rule::RecordRealigned, place, title);
            let report = report.label(format!("aligned to {}", new.align));
            let before = self.old.place(&old.origin, &old.name);
            let report = report.elsewhere(&self.old.source, before, format!("in {}", self.then()));
            self.verdict.report(&new.name, report.help(format!("say `align = {}`", old.align)));
            return Change::Broken;
        }
        if change == Change::Broken || (old.size, old.align) == (new.size, new.align) {
            return change;
        }
        for (what, before, now) in [("size", old.size, new.size), ("alignment", old.align, new.align)] {
            if before != now {
                let words = format!("{what} {before} -> {now}; readers go by what a table says");
                self.verdict.note(format!("{}: {words}", new.name));
            }
        }
        Change::Grown
    }

    fn removed(&mut self, old: &Record) -> Change {
        if old.origin != Origin::Here {
            // Missed where fields held it.
            return Change::Broken;
        }
        let title = format!("the record `{}` of {} is gone", old.name, self.then());
        let report = Diagnostic::new(Rule::RecordRemoved, self.new.head(), title).label("not in this schema");
        let before = self.old.place(&old.origin, &old.name);
        let report = report.elsewhere(&self.old.source, before, format!("in {}", self.then()));
        let help = format!("keep it, or say `aliases = [\"{}\"]` in the record that it is now", old.name);
        self.verdict.report(&old.name, report.help(help));
        Change::Broken
    }

    /// Notes records that are new.
    fn added(&mut self) {
        let known: HashSet<usize> = self.pairs.records.iter().flatten().map(|pair| pair.new).collect();
        for (at, record) in self.new.model.records.iter().enumerate() {
            if record.origin == Origin::Here && !known.contains(&at) {
                self.verdict.note(format!("{}: a new record", record.name));
            }
        }
    }

    /// Whether elements are what they were, and how much what they are has changed.
    pub(super) fn element(&self, old: Element, new: Element) -> Option<Change> {
        let same = |pair: Option<Pair>, at: usize| pair.is_some_and(|pair| pair.new == at);
        match (old, new) {
            (Element::Enum(old), Element::Enum(new)) if same(self.pairs.enums[old], new) => {
                Some(self.enums[old])
            }
            (Element::Record(old), Element::Record(new)) if same(self.pairs.records[old], new) => {
                Some(self.records[old])
            }
            (Element::Enum(_) | Element::Record(_), _) | (_, Element::Enum(_) | Element::Record(_)) => None,
            // Text is bytes that are shown as such.
            (old, new) => (self.old.model.kind(old) == self.new.model.kind(new)).then_some(Change::None),
        }
    }
}

/// What is said of something, or that nothing is.
pub(super) fn said(what: &str, value: Option<impl Display>) -> String {
    value.map_or_else(|| format!("no {what}"), |value| format!("{what} {value}"))
}
