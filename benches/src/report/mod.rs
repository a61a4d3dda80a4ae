//! What was found, as tables, from which all that is printed, drawn and compared is made. Knows nothing of how it was measured.

mod better;
pub(crate) mod docs;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod svg;

use crate::machine::Machine;
use crate::targets::Verdict;

/// Everything that a run has to say.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) effort: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) verdicts: Vec<Verdict>,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// What targets and files call it.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What its figures are.
    pub(crate) about: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
    /// Why figures are missing.
    pub(crate) notes: Vec<String>,
    /// The column that a chart shows.
    pub(crate) charted: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    /// A ratio.
    Times(f64),
    Missing,
}

impl Cell {
    /// What is not a number is missing.
    pub(crate) fn value(self) -> Option<f64> {
        match self {
            Self::Number(value) | Self::Times(value) => Some(value).filter(|value| value.is_finite()),
            Self::Missing => None,
        }
    }

    pub(crate) fn text(self) -> String {
        match (self, self.value()) {
            (_, None) => "-".to_owned(),
            (Self::Times(_), Some(value)) => format!("{}x", number(value)),
            (_, Some(value)) => number(value),
        }
    }
}

/// The figure in this row and column of this table.
pub(crate) fn find(tables: &[Table], table: &str, row: &str, column: &str) -> Option<f64> {
    let table = tables.iter().find(|it| it.id == table)?;
    let at = table.columns.iter().position(|it| *it == column)?;
    table.rows.iter().find(|it| it.name == row)?.cells.get(at)?.value()
}

/// With three digits that mean something, and commas between thousands.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let plain = format!("{value:.decimals$}");
    let whole = plain.find('.').unwrap_or(plain.len());
    let is_break = |at: usize| at < whole && (whole - at).is_multiple_of(3) && at > usize::from(value < 0.0);
    let grouped = plain.chars().enumerate().flat_map(|(at, digit)| {
        let comma = is_break(at).then_some(',');
        comma.into_iter().chain([digit])
    });
    grouped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_commas() {
        let texts = [0.0, 0.004, 1.234, 9.996, 99.96, 123.4, 1234.0, -1234567.0, -123.0].map(number);
        assert_eq!(texts, ["0", "0.00", "1.23", "10.0", "100", "123", "1,234", "-1,234,567", "-123"]);
    }
}
