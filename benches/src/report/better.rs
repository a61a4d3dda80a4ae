//! Where another contestant is better than the best of ours: found in the tables, so that nobody has to remember to say so. Relies on
//! the names of contestants and on the units in those of columns.

use std::fmt::Write;

use super::{Cell, Row, Table};

/// Figures that differ by less than this are the same.
const SAME: f64 = 1.05;

/// Neither ours nor a limit, which is called bare.
fn is_other(row: &Row) -> bool {
    !is_ours(row) && !row.name.contains("bare")
}

fn is_ours(row: &Row) -> bool {
    row.name.starts_with("shmrecord")
}

/// As Markdown: a line for each column of a table in which somebody is better.
pub(crate) fn better(tables: &[Table]) -> String {
    let mut out = String::from("| | | the best of ours | better |\n|---|---|---:|---|\n");
    for table in tables {
        for (at, column) in table.columns.iter().enumerate() {
            let Some(is_speed) = direction(column) else { continue };
            let is_better = |one: f64, other: f64| if is_speed { one > other } else { one < other };
            let figure = |row: &Row| row.cells.get(at).and_then(|cell| cell.value());
            let ours = table.rows.iter().filter(|row| is_ours(row)).filter_map(figure);
            let Some(ours) = ours.reduce(|best, it| if is_better(it, best) { it } else { best }) else {
                continue;
            };
            let far = if is_speed { ours * SAME } else { ours / SAME };
            let others = table.rows.iter().filter(|row| is_other(row));
            let better: Vec<String> = others
                .filter_map(|row| Some((row, figure(row)?)))
                .filter(|(_, figure)| is_better(*figure, far))
                .map(|(row, figure)| format!("{} {}", row.name, Cell::Number(figure).text()))
                .collect();
            if !better.is_empty() {
                let (title, ours) = (&table.title, Cell::Number(ours).text());
                let _ = writeln!(out, "| {title} | {column} | {ours} | {} |", better.join("; "));
            }
        }
    }
    out
}

/// Whether more is better; `None`: the column is no figure of the contestants', or is one of another column in other units.
fn direction(column: &str) -> Option<bool> {
    if column.contains("memcpy") || column.contains("line") {
        return None;
    }
    match column {
        "new M/s" | "scan GB/s" | "busy scan GB/s" => Some(true),
        "B beside a record" => Some(false),
        _ if column.ends_with(" ns") || column.ends_with(" µs") || column.ends_with("+ns") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_faster_is_named_and_who_is_not_is_not() {
        let row = |name: &str, cells: [f64; 2]| Row {
            name: name.to_owned(),
            cells: cells.map(Cell::Number).into(),
        };
        let table = Table {
            id: "t".to_owned(),
            title: "T".to_owned(),
            about: "",
            columns: vec!["read ns", "new M/s"],
            rows: vec![
                row("bare memory", [1.0, 9.0]),
                row("shmrecord", [4.0, 2.0]),
                row("shmrecord, line", [3.0, 3.0]),
                row("faster", [2.0, 2.5]),
                row("as fast", [2.9, 3.1]),
            ],
            notes: vec![],
            charted: None,
        };
        let lines: Vec<String> = better(&[table]).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(lines, ["| T | read ns | 3.00 | faster 2.00 |"]);
    }
}
