//! A column of a table as bars. Relies on nothing: a chart is a few dozen shapes. Ours are of another colour; where figures lie
//! far apart, the scale is logarithmic and says so.

use std::fmt::Write;

use super::{Table, number};

const WIDTH: f64 = 760.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 210.0;
const LONGEST: f64 = 450.0;
const STEP: f64 = 22.0;
const TOP: f64 = 58.0;
/// Figures further apart are shown by their logarithms.
const FAR: f64 = 30.0;

/// `None`: the table has no chart, or nothing to show in it.
pub(crate) fn chart(table: &Table) -> Option<String> {
    let column = table.charted?;
    let bars: Vec<(&str, f64)> = table
        .rows
        .iter()
        .filter_map(|row| Some((row.name.as_str(), row.cells.get(column)?.value()?)))
        .filter(|(_, value)| *value > 0.0)
        .collect();
    let most = bars.iter().map(|bar| bar.1).reduce(f64::max)?;
    let least = bars.iter().map(|bar| bar.1).reduce(f64::min)?;
    let is_log = most / least > FAR;
    let length = |value: f64| {
        let share = if is_log {
            // The shortest bar is one tenth of a decade.
            let bottom = least.log10() - 0.1;
            (value.log10() - bottom) / (most.log10() - bottom)
        } else {
            value / most
        };
        share * LONGEST
    };
    let height = TOP + STEP * bars.len() as f64 + 14.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{}</text>\n\
         <text x=\"12\" y=\"43\" fill=\"#555555\">{}{}</text>\n",
        escaped(&table.title),
        escaped(table.columns[column]),
        if is_log { ", logarithmic scale" } else { "" },
    );
    for (at, (name, value)) in bars.iter().enumerate() {
        let y = TOP + STEP * at as f64;
        let colour = if name.starts_with("shmrecord") { "#1f6feb" } else { "#9aa4b1" };
        let (end, middle) = (length(*value), y + 13.0);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{end:.1}\" height=\"16\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{middle}\" fill=\"#333333\">{}</text>",
            LEFT - 8.0,
            escaped(name),
            LEFT + end + 6.0,
            number(*value),
        );
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
