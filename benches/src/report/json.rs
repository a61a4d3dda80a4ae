//! A report as JSON, for programs.

use serde_json::{Map, Value, json};

use super::{Report, Row, Table};

pub(crate) fn report(report: &Report) -> Value {
    let machine: Map<String, Value> =
        report.machine.facts().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let verdicts = report.verdicts.iter().map(|verdict| {
        let target = verdict.target;
        json!({
            "target": target.number,
            "what": target.what,
            "aim": target.aim(),
            "measured": verdict.measured,
            "held": verdict.is_held(),
        })
    });
    json!({
        "machine": machine,
        "effort": report.effort,
        "tables": report.tables.iter().map(table).collect::<Vec<_>>(),
        "targets": verdicts.collect::<Vec<_>>(),
    })
}

fn table(table: &Table) -> Value {
    let row = |row: &Row| {
        let cells = table.columns.iter().zip(&row.cells);
        let figures: Map<String, Value> =
            cells.map(|(column, cell)| ((*column).to_owned(), json!(cell.value()))).collect();
        json!({ "name": row.name, "figures": figures })
    };
    json!({
        "id": table.id,
        "title": table.title,
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
        "notes": table.notes,
    })
}
