//! A run: which suites are asked for, their rounds, the tables that come of them, what went wrong. Relies on `rounds` and the list
//! of contestants; knows no trial.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use crate::effort::Effort;
use crate::miss::{Miss, Outcome};
use crate::pair::{self, Side};
use crate::peers::Place;
use crate::peers::list::{Contestant, Kind};
use crate::report::{Cell, Row, Table};
use crate::rounds::{Run, Series, rounds};
use crate::suites::Trial;

pub(crate) struct Bench {
    pub(crate) effort: Effort,
    pub(crate) tables: Vec<Table>,
    /// Trials that broke, by their names.
    pub(crate) failures: Vec<String>,
    /// Others take part, too.
    has_others: bool,
    start: Instant,
}

/// What the columns of a table show of a contestant's figures.
pub(crate) enum Column {
    /// The figure at this place.
    Figure(usize),
    /// The same, times this.
    Scaled(usize, f64),
    /// So much by the figure at this place: bytes by nanoseconds are gigabytes a second.
    Rate(usize, f64),
    /// The figure at this place is a ratio.
    Times(usize),
    /// The figure at this place, divided by that of the contestant with this name in the same round.
    TimesOf(usize, &'static str),
}

/// The contestants of one table with what their trials gave.
pub(crate) struct Contest<'a>(Vec<(&'a str, Series)>);

impl Bench {
    pub(crate) fn new(effort: Effort, has_others: bool) -> Self {
        Self { effort, tables: Vec::new(), failures: Vec::new(), has_others, start: Instant::now() }
    }

    /// Rounds of one trial by all contestants of these kinds.
    pub(crate) fn contest(
        &mut self,
        name: &str,
        all: &'static [Contestant],
        kinds: &[Kind],
        trial: impl Fn(&Contestant, &Effort) -> Outcome,
    ) -> Contest<'static> {
        let effort = self.effort;
        let others = |kind| self.has_others || matches!(kind, Kind::Limit | Kind::Ours | Kind::Variant);
        let chosen = all.iter().filter(|it| kinds.contains(&it.kind) && others(it.kind));
        let chosen: Vec<&Contestant> = chosen.collect();
        let trials: Vec<(&str, Run<'_>)> =
            chosen.iter().map(|it| (it.name, Box::new(|| trial(it, &effort)) as Run<'_>)).collect();
        self.run(name, &trials)
    }

    /// As [`Bench::contest`], with fewer rounds.
    pub(crate) fn short_contest(
        &mut self,
        rounds: usize,
        name: &str,
        all: &'static [Contestant],
        kinds: &[Kind],
        trial: impl Fn(&Contestant, &Effort) -> Outcome,
    ) -> Contest<'static> {
        let as_many = std::mem::replace(&mut self.effort.rounds, rounds);
        let contest = self.contest(name, all, kinds, trial);
        self.effort.rounds = as_many;
        contest
    }

    /// Rounds of a trial of ours alone, which brings its own references. What it leaves is removed by `remove`.
    pub(crate) fn own(
        &mut self,
        name: &str,
        trial: impl Fn(&Place, &Effort) -> Outcome,
        remove: impl Fn(&Place),
    ) -> Series {
        let effort = self.effort;
        let trial = || looked_after(&effort, |[place, _]| trial(place, &effort), &remove);
        let contest = self.run(name, &[("shmrecord", Box::new(trial) as Run<'_>)]);
        contest.0.into_iter().map(|(_, series)| series).next().unwrap_or_default()
    }

    fn run<'a>(&mut self, name: &str, trials: &[(&'a str, Run<'_>)]) -> Contest<'a> {
        let count = self.effort.rounds;
        let all = rounds(count, trials, |round, who| {
            if std::io::stderr().is_terminal() {
                let seconds = self.start.elapsed().as_secs();
                eprint!("\r\x1b[K{seconds:4} s  {name}: round {} of {count}: {who}", round + 1);
                let _ = std::io::stderr().flush();
            }
        });
        let end = if std::io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
        eprintln!("{end}{:4} s  {name}", self.start.elapsed().as_secs());
        let contest: Vec<(&str, Series)> = trials.iter().map(|(who, _)| *who).zip(all).collect();
        for (who, series) in &contest {
            if let Some(Miss::Failed(words)) = series.miss() {
                self.failures.push(format!("{name}, {who}: {words}"));
            }
        }
        Contest(contest)
    }
}

/// Runs a trial under a process that outlives its sides, whatever becomes of them, and removes what they leave.
pub(crate) fn looked_after(
    effort: &Effort,
    trial: impl Fn(&[Place; 2]) -> Outcome,
    remove: impl Fn(&Place),
) -> Outcome {
    let look_after = || {
        pair::outlive();
        let places = ["there", "back"].map(|way| Place::of_this_process().beside(way));
        let outcome = trial(&places);
        places.iter().for_each(|place| {
            remove(place);
            place.remove_plain();
        });
        outcome
    };
    let side = Side { core: None, work: &|_| look_after() };
    pair::apart(effort.patience * 3, &[side]).map(|mut figures| figures.pop().unwrap_or_default())
}

impl Contest<'_> {
    /// A table of these columns. Who did not take part at all has no row, only its reason.
    pub(crate) fn table(
        &self,
        id: impl Into<String>,
        title: impl Into<String>,
        about: &'static str,
        columns: &[(&'static str, Column)],
    ) -> Table {
        let rows = self.0.iter().filter(|(_, series)| series.has_any()).map(|(name, series)| Row {
            name: (*name).to_owned(),
            cells: columns.iter().map(|(_, column)| self.cell(series, column)).collect(),
        });
        let notes = self.0.iter().filter_map(|(name, series)| {
            let miss = series.miss()?;
            let some = if series.has_any() { ", in some rounds" } else { "" };
            Some(format!("{name}{some}: {miss}"))
        });
        Table {
            id: id.into(),
            title: title.into(),
            about,
            columns: columns.iter().map(|(name, _)| *name).collect(),
            rows: rows.collect(),
            notes: notes.collect(),
            charted: None,
        }
    }

    fn cell(&self, series: &Series, column: &Column) -> Cell {
        match column {
            Column::Figure(at) => Cell::Number(series.median(*at)),
            Column::Scaled(at, factor) => Cell::Number(series.median(*at) * factor),
            Column::Rate(at, what) => Cell::Number(what / series.median(*at)),
            Column::Times(at) => Cell::Times(series.median(*at)),
            Column::TimesOf(at, name) => {
                let reference = self.0.iter().find(|(it, _)| it == name);
                reference.map_or(Cell::Missing, |(_, other)| Cell::Times(series.ratio(*at, other, *at)))
            }
        }
    }
}

impl Table {
    /// With a chart of this column.
    pub(crate) fn charted(mut self, column: &str) -> Self {
        self.charted = self.columns.iter().position(|it| *it == column);
        self
    }

    /// With the columns of another table of the same contestants behind its own.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        for row in &mut self.rows {
            let more = other.rows.iter().find(|it| it.name == row.name);
            let more = more.map_or(vec![Cell::Missing; other.columns.len()], |it| it.cells.clone());
            row.cells.extend(more);
        }
        self.columns.extend(other.columns);
        let new = other.notes.into_iter().filter(|note| !self.notes.contains(note)).collect::<Vec<_>>();
        self.notes.extend(new);
        self
    }
}

/// The trial of a contestant with records of so many bytes, polled.
pub(crate) fn polled(trial: Trial, bytes: usize) -> impl Fn(&Contestant, &Effort) -> Outcome {
    move |contestant, effort| contestant.run(trial, bytes, effort)
}
