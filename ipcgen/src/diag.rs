//! What is wrong with a schema, gathered and shown in rustc's look. Relies on `rules`, `source` and annotate-snippets;
//! knows no rule by itself.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::rules::Rule;
use crate::source::{Source, Span};

/// Reports beyond are counted only: nobody reads on, and a file of garbage must not take minutes.
const MAX_REPORTS: usize = 500;
/// Longer stretches of source are not printed, only located.
const MAX_SNIPPET_BYTES: usize = 4096;
/// Comparisons of words that all suggestions of a run may take together.
const MAX_COMPARISONS: usize = 1_000_000;

/// One report: the rule, the place, the words.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that is broken.
    pub rule: Rule,
    /// Where.
    pub span: Span,
    /// What happened, in one line.
    pub title: String,
    label: String,
    others: Vec<(Span, String)>,
    elsewhere: Option<(Arc<Source>, Span, String)>,
    helps: Vec<String>,
}

impl Diagnostic {
    /// A report on a place.
    pub(crate) fn new(rule: Rule, span: Span, title: impl Into<String>) -> Self {
        let title = title.into();
        let (label, others, helps) = (String::new(), Vec::new(), Vec::new());
        Self { rule, span, title, label, others, elsewhere: None, helps }
    }

    /// Adds the words at the marked place.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Marks another place that belongs to it.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    /// Marks a place in another file that belongs to it.
    pub(crate) fn elsewhere(mut self, source: &Arc<Source>, span: Span, label: impl Into<String>) -> Self {
        self.elsewhere = Some((Arc::clone(source), span, label.into()));
        self
    }

    /// Adds what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Adds `did you mean` when there is something to mean.
    pub(crate) fn suggest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None => self,
        }
    }

    fn render(&self, source: &Source, renderer: &Renderer) -> String {
        let level = if self.rule.is_warning() { Level::WARNING } else { Level::ERROR };
        let group = level.primary_title(self.title.as_str()).id(self.rule.code());
        let here = std::iter::once((self.span, self.label.as_str()))
            .chain(self.others.iter().map(|(span, label)| (*span, label.as_str())));
        let mut group = locate(Group::with_title(group), source, &here.collect::<Vec<_>>());
        if let Some((source, span, label)) = &self.elsewhere {
            group = locate(group, source, &[(*span, label)]);
        }
        let helps = self.helps.iter().map(|help| Level::HELP.message(help.as_str()));
        renderer.render(&[group.elements(helps)])
    }
}

/// Adds source lines with their marks, the first of which counts most, or only their place when they are too long to show.
fn locate<'a>(group: Group<'a>, source: &'a Source, marks: &[(Span, &'a str)]) -> Group<'a> {
    let Some((&(span, label), others)) = marks.split_first() else { return group };
    let first = marks.iter().map(|mark| mark.0.start).min().unwrap_or(0);
    let last = marks.iter().map(|mark| mark.0.end).max().unwrap_or(0);
    let lines = source.lines(first, last);
    if lines.len() > MAX_SNIPPET_BYTES {
        let own = source.lines(span.start, span.start);
        let place = Origin::path(source.name())
            .line(source.line(span.start) + 1)
            .char_column(span.start - own.start + 1);
        let others = others.iter().map(|(span, label)| {
            Level::NOTE.message(format!("line {}: {label}", source.line(span.start) + 1))
        });
        let label = (!label.is_empty()).then(|| Level::NOTE.message(label));
        return group.element(place).elements(label).elements(others);
    }
    let within = |at: usize| at.min(lines.end) - lines.start;
    let mark = |kind: AnnotationKind, &(span, label): &(Span, &'a str)| {
        let annotation = kind.span(within(span.start)..within(span.end));
        if label.is_empty() { annotation } else { annotation.label(label) }
    };
    // Line ends of two characters would be shown; spans stay what they are.
    let text = source.text()[lines.clone()].replace('\r', " ");
    group.element(
        Snippet::source(text)
            .path(source.name())
            .line_start(source.line(first) + 1)
            .annotation(mark(AnnotationKind::Primary, &(span, label)))
            .annotations(others.iter().map(|other| mark(AnnotationKind::Context, other))),
    )
}

/// All reports on one schema.
#[derive(Debug, Default)]
pub struct Diagnostics {
    reports: Vec<Diagnostic>,
    unreported: usize,
    errors: usize,
    comparisons: Cell<usize>,
}

impl Diagnostics {
    pub(crate) fn push(&mut self, report: Diagnostic) {
        self.errors += usize::from(!report.rule.is_warning());
        if self.reports.len() < MAX_REPORTS {
            self.reports.push(report);
        } else {
            self.unreported += 1;
        }
    }

    /// Takes over the errors that were found in another part of the same file.
    pub(crate) fn absorb_errors(&mut self, other: Self) {
        other
            .reports
            .into_iter()
            .filter(|report| !report.rule.is_warning())
            .for_each(|report| self.push(report));
        self.errors += other.unreported;
        self.unreported += other.unreported;
    }

    /// Whether anything but warnings was found.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The reports, in the order of their places.
    #[must_use]
    pub fn reports(&self) -> &[Diagnostic] {
        &self.reports
    }

    /// The last step: leaves out what only follows from a line with a TOML error or from an import that failed, and sorts.
    pub(crate) fn settle(&mut self, source: &Source) {
        let broken: HashSet<usize> = self
            .reports
            .iter()
            .filter(|report| report.rule == Rule::BadToml)
            .map(|report| source.line(report.span.start))
            .collect();
        let lacking = self.reports.iter().any(|report| report.rule.hides_names());
        if !broken.is_empty() || lacking {
            self.reports.retain(|report| {
                let follows = report.rule.is_absence() || broken.contains(&source.line(report.span.start));
                let kept = report.rule == Rule::BadToml || !follows;
                self.errors -= usize::from(!kept && !report.rule.is_warning());
                kept
            });
        }
        self.reports.sort_by_key(|report| report.span);
    }

    /// The candidate nearest to a misspelt word, if one is near.
    pub(crate) fn nearest<'a>(
        &self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let limit = (word.len() / 3).max(1);
        let near = candidates.into_iter().filter(|candidate| candidate.len().abs_diff(word.len()) <= limit);
        near.take_while(|_| {
            self.comparisons.set(self.comparisons.get() + 1);
            self.comparisons.get() <= MAX_COMPARISONS
        })
        .map(|candidate| {
            let distance = strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
    }

    /// All reports as text, with colors for a terminal or without.
    #[must_use]
    pub fn render(&self, source: &Source, colored: bool) -> String {
        let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for report in &self.reports {
            text.push_str(&report.render(source, &renderer));
            text.push_str("\n\n");
        }
        if self.unreported > 0 {
            text.push_str(&format!("{}: {} more reports are not shown\n\n", source.name(), self.unreported));
        }
        if self.errors > 0 {
            let plural = if self.errors == 1 { "" } else { "s" };
            text.push_str(&format!("{}: {} error{plural}\n", source.name(), self.errors));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Diagnostics;

    #[test]
    fn the_nearest_word_is_near() {
        let diagnostics = Diagnostics::default();
        let nearest =
            |word, candidates: &[&'static str]| diagnostics.nearest(word, candidates.iter().copied());
        assert_eq!(nearest("f46", &["u8", "f32", "f64"]), Some("f64"));
        assert_eq!(nearest("level", &["Level", "Levels"]), Some("Level"));
        assert_eq!(nearest("Quote", &["MarketData"]), None);
    }
}
