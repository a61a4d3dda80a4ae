//! MarketData from a CSV file with a header row. Relies on the csv crate; every mistake is reported with line and column.

use std::path::Path;

use csv::StringRecord;

use crate::md::MarketData;
use crate::program::Result;

const COLUMNS: [&str; 3] = ["symbol", "price", "volume"];

/// All rows of the file, or the first mistake in it. The header names each field once, in any order.
///
/// # Errors
/// An unreadable file, a missing or extra column, a text that is too long, a number that is none.
pub fn read(path: &Path) -> Result<Vec<MarketData>> {
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| format!("{file}: {error}"))?.clone();
    let columns = columns(&header).map_err(|error| format!("{file}:1: {error}"))?;
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| format!("{file}: {error}"))?;
        let line = row.position().map_or(0, |position| line_of(&text, position.byte()));
        rows.push(parse(&row, header.len(), columns).map_err(|error| format!("{file}:{line}: {error}"))?);
    }
    if rows.is_empty() {
        return Err(format!("{file}: no row behind the header"));
    }
    Ok(rows)
}

/// The line of the row that is looked for from this byte on: empty lines before it do not count as rows.
fn line_of(text: &str, byte: u64) -> usize {
    let start = usize::try_from(byte).unwrap_or(text.len()).min(text.len());
    let skipped = text[start..].bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    text[..start + skipped].matches('\n').count() + 1
}

/// Where each of [`COLUMNS`] stands in the header.
fn columns(header: &StringRecord) -> Result<[usize; 3]> {
    let known = COLUMNS.join(", ");
    for (at, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            return Err(format!("column {}: `{name}` is no field; the fields are {known}", at + 1));
        }
        if header.iter().take(at).any(|earlier| earlier == name) {
            return Err(format!("column {}: `{name}` stands twice", at + 1));
        }
    }
    let mut places = [0; 3];
    for (place, name) in places.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|column| column == name);
        *place = found.ok_or(format!("no column `{name}`; the fields are {known}"))?;
    }
    Ok(places)
}

fn parse(row: &StringRecord, width: usize, [symbol, price, volume]: [usize; 3]) -> Result<MarketData> {
    if row.len() != width {
        return Err(format!("{} columns, the header has {width}", row.len()));
    }
    let text = |at: usize| row.get(at).unwrap_or_default().trim();
    let fail = |at: usize, what: &str| format!("column {}: `{}` is {what}", at + 1, text(at));
    let bytes = text(symbol).as_bytes();
    let mut padded = [0; 10];
    match padded.get_mut(..bytes.len()) {
        Some(start) => start.copy_from_slice(bytes),
        None => return Err(fail(symbol, "longer than 10 bytes")),
    }
    Ok(MarketData {
        symbol: padded,
        price: text(price)
            .parse()
            .ok()
            .filter(|p: &f64| p.is_finite())
            .ok_or_else(|| fail(price, "no number"))?,
        volume: text(volume).parse().map_err(|_| fail(volume, "no whole number of 64 bits"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    /// What `read` says of a file with this text, without the file's name.
    fn outcome(name: &str, text: &str) -> Result<usize, String> {
        let path = std::env::temp_dir().join(format!("shmrecord-{}-{name}.csv", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let rows = read(&path).map(|rows| rows.len());
        std::fs::remove_file(&path).unwrap();
        rows.map_err(|error| error.trim_start_matches(&path.display().to_string()).to_owned())
    }

    #[test]
    fn columns_stand_in_any_order() {
        assert_eq!(outcome("order", "volume,symbol,price\n1,A,2.5\n2,B,3\n"), Ok(2));
    }

    #[test]
    fn mistakes_are_reported_with_line_and_column() {
        for (name, text, expected) in [
            (
                "missing",
                "symbol,price\nA,1\n",
                ":1: no column `volume`; the fields are symbol, price, volume",
            ),
            (
                "extra",
                "symbol,price,volume,open\n",
                ":1: column 4: `open` is no field; the fields are symbol, price, volume",
            ),
            ("twice", "symbol,price,price\n", ":1: column 3: `price` stands twice"),
            ("short", "symbol,price,volume\nA,1,1\nA,1\n", ":3: 2 columns, the header has 3"),
            ("long", "symbol,price,volume\nA,1,1,1\n", ":2: 4 columns, the header has 3"),
            ("price", "symbol,price,volume\nA,1.5,1\nA,x,1\n", ":3: column 2: `x` is no number"),
            ("blank", "symbol,price,volume\n\nA,1.5,1\n\r\n\nA,nan,1\n", ":6: column 2: `nan` is no number"),
            ("infinite", "symbol,price,volume\nA,1e999,1\n", ":2: column 2: `1e999` is no number"),
            (
                "volume",
                "symbol,price,volume\nA,1.5,1.5\n",
                ":2: column 3: `1.5` is no whole number of 64 bits",
            ),
            (
                "symbol",
                "symbol,price,volume\nABCDEFGHIJK,1,1\n",
                ":2: column 1: `ABCDEFGHIJK` is longer than 10 bytes",
            ),
            ("rows", "symbol,price,volume\n", ": no row behind the header"),
            ("empty", "", ":1: no column `symbol`; the fields are symbol, price, volume"),
        ] {
            assert_eq!(outcome(name, text), Err(expected.to_owned()), "{name}");
        }
    }
}
