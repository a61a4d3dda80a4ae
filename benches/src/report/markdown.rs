//! A report as Markdown. Relies on the tables alone.

use std::fmt::Write;

use super::{Report, Table};
use crate::targets::Verdict;

pub(crate) fn report(report: &Report) -> String {
    let mut out = machine(report);
    for table in &report.tables {
        out.push('\n');
        out.push_str(&self::table(table));
    }
    out.push('\n');
    out.push_str(&verdicts(&report.verdicts));
    out
}

pub(crate) fn machine(report: &Report) -> String {
    let mut out = String::from("| machine | |\n|---|---|\n");
    for (name, value) in report.machine.facts() {
        line(&mut out, &[(*name).to_owned(), value.clone()]);
    }
    line(&mut out, &["effort".to_owned(), report.effort.clone()]);
    out
}

pub(crate) fn table(table: &Table) -> String {
    let mut out = format!("### {}\n\n{}\n\n", table.title, table.about);
    let head = [""].iter().chain(&table.columns).map(|name| (*name).to_owned()).collect::<Vec<_>>();
    line(&mut out, &head);
    line(&mut out, &[vec!["---".to_owned()], vec!["---:".to_owned(); table.columns.len()]].concat());
    for row in &table.rows {
        let cells = row.cells.iter().map(|cell| cell.text());
        line(&mut out, &[row.name.clone()].into_iter().chain(cells).collect::<Vec<_>>());
    }
    for (at, note) in table.notes.iter().enumerate() {
        let space = if at == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{space}- {note}");
    }
    out
}

/// What was aimed at, and what came of it.
pub(crate) fn verdicts(verdicts: &[Verdict]) -> String {
    let mut out =
        String::from("### Targets\n\n| | target | aimed at | measured | |\n|---|---|---:|---:|---|\n");
    for verdict in verdicts {
        let Verdict { target, measured, .. } = verdict;
        let measured = measured.map_or("-".to_owned(), |value| target.unit.text(value));
        let cells = [
            target.number.to_owned(),
            target.what.to_owned(),
            target.aim(),
            measured,
            verdict.word().to_owned(),
        ];
        line(&mut out, &cells);
    }
    out
}

fn line(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
