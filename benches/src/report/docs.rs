//! `docs/BENCHMARKS.md`: its generated parts, each between two markers, and the charts beside it. What stands around them is
//! written by people and left alone.

use std::fs;
use std::io;
use std::path::Path;

use super::{Report, better, markdown, svg};

/// Rewrites the parts that this report has something for. Of a text that lacks a marker nothing is written.
pub(crate) fn write(report: &Report, repository: &Path) -> io::Result<()> {
    let path = repository.join("docs/BENCHMARKS.md");
    let mut text = fs::read_to_string(&path)?;
    let tables: Vec<String> = report
        .tables
        .iter()
        .map(|table| {
            let image =
                svg::chart(table).map(|_| format!("\n![{}](benchmarks/{}.svg)\n", table.title, table.id));
            markdown::table(table) + &image.unwrap_or_default()
        })
        .collect();
    let parts = [
        ("machine", markdown::machine(report)),
        ("targets", markdown::verdicts(&report.verdicts)),
        ("better", better::better(&report.tables)),
        ("tables", tables.join("\n")),
    ];
    for (name, part) in parts {
        text = replaced(&text, name, &part)
            .ok_or_else(|| io::Error::other(format!("{} has no part {name}", path.display())))?;
    }
    charts(report, &repository.join("docs/benchmarks"))?;
    fs::write(path, text)
}

/// A file for each table that has a chart.
pub(crate) fn charts(report: &Report, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for table in &report.tables {
        if let Some(chart) = svg::chart(table) {
            fs::write(directory.join(format!("{}.svg", table.id)), chart)?;
        }
    }
    Ok(())
}

/// The text with another part of this name.
fn replaced(text: &str, name: &str, part: &str) -> Option<String> {
    let (before, rest) = text.split_once(&format!("<!-- {name}: generated -->\n"))?;
    let (_, after) = rest.split_once(&format!("<!-- {name}: end -->"))?;
    Some(format!("{before}<!-- {name}: generated -->\n{part}<!-- {name}: end -->{after}"))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = "a\n<!-- x: generated -->\nold\n<!-- x: end -->\nb\n";
        let new = replaced(text, "x", "new\n").unwrap();
        assert_eq!(new, text.replace("old", "new"));
        assert_eq!(replaced(&new, "y", ""), None);
    }
}
