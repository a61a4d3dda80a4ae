//! Records as a table, as JSON lines or as CSV, with index and version. Relies on `shmrecord::RawRecord`, csv and
//! `serde_json`; reads no segment.

use std::io::{self, Write};

use serde_json::{Map, Number, Value as Json};
use shmrecord::{RawRecord, Value};

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns for people.
    Table,
    /// One JSON object a line.
    Json,
    /// A header and comma-separated rows; nested fields as `outer.inner`, elements as `name[0]`.
    Csv,
}

impl Format {
    /// Every format, with its name.
    pub const ALL: [(&'static str, Format); 3] =
        [("table", Format::Table), ("json", Format::Json), ("csv", Format::Csv)];
}

/// Prints records one after the other; a header in front of the first, and of the first with other fields.
#[derive(Debug)]
pub struct Printer<W> {
    out: W,
    format: Format,
    /// What was printed as header last.
    header: Vec<String>,
    /// Column widths below it.
    widths: Vec<usize>,
}

impl<W: Write> Printer<W> {
    /// Prints to `out`.
    pub fn new(out: W, format: Format) -> Self {
        Self { out, format, header: Vec::new(), widths: Vec::new() }
    }

    /// Prints one record.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn record(&mut self, index: usize, record: &RawRecord<'_>) -> io::Result<()> {
        if self.format == Format::Json {
            let mut object = Map::new();
            object.insert("index".into(), index.into());
            object.insert("version".into(), record.version.into());
            object.extend(record.fields.iter().map(|(name, value)| ((*name).to_owned(), json(value))));
            return writeln!(self.out, "{}", Json::Object(object));
        }
        let mut columns =
            vec![("index".to_owned(), index.to_string()), ("version".to_owned(), record.version.to_string())];
        for (name, value) in &record.fields {
            flatten(name, value, self.format == Format::Csv, &mut columns);
        }
        if !columns.iter().map(|(name, _)| name).eq(&self.header) {
            self.header = columns.iter().map(|(name, _)| name.clone()).collect();
            self.widths = columns.iter().map(|(name, value)| name.len().max(value.len()).max(8)).collect();
            self.row(columns.iter().map(|(name, _)| name.as_str()))?;
        }
        self.row(columns.iter().map(|(_, value)| value.as_str()))
    }

    fn row<'a>(&mut self, columns: impl Iterator<Item = &'a str>) -> io::Result<()> {
        if self.format == Format::Csv {
            let mut row = csv::WriterBuilder::new().from_writer(&mut self.out);
            row.write_record(columns)?;
            return row.flush();
        }
        let padded: Vec<String> =
            columns.zip(&self.widths).map(|(text, &width)| format!("{text:>width$}")).collect();
        writeln!(self.out, "{}", padded.join("  "))
    }

    /// Hands on what is printed so far.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Nested records become a column per field; with `elements`, arrays become a column per element.
fn flatten(name: &str, value: &Value<'_>, elements: bool, into: &mut Vec<(String, String)>) {
    match value {
        Value::Record(fields) => {
            for (inner, value) in fields {
                flatten(&format!("{name}.{inner}"), value, elements, into);
            }
        }
        Value::Array(values) if elements => {
            for (at, value) in values.iter().enumerate() {
                flatten(&format!("{name}[{at}]"), value, elements, into);
            }
        }
        value => into.push((name.to_owned(), value.to_string())),
    }
}

/// Numbers that JSON does not have (infinite, not a number) and invalid bytes become null; a decimal keeps every digit.
fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Unsigned(value) => (*value).into(),
        Value::Signed(value) => (*value).into(),
        // By its shortest text, so that 0.1 does not print as 0.10000000149011612.
        Value::F32(value) => value.to_string().parse::<f64>().ok().and_then(Number::from_f64).into(),
        Value::F64(value) => Number::from_f64(*value).into(),
        Value::Bool(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Decimal(value) => value.to_string().parse::<Number>().ok().into(),
        Value::Name(name) => (*name).into(),
        Value::Flags { .. } | Value::Moment(_) => value.to_string().into(),
        Value::Null | Value::Invalid(_) => Json::Null,
        Value::Array(values) => values.iter().map(json).collect(),
        Value::Record(fields) => {
            fields.iter().map(|(name, value)| ((*name).to_owned(), json(value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use shmrecord::{Decimal, RawRecord, Value};

    use super::{Format, Printer};

    fn printed(format: Format) -> String {
        let nested = Value::Record(vec![("bytes", Value::Unsigned(7)), ("on", Value::Bool(true))]);
        let array = Value::Array(vec![Value::Signed(-1), Value::F32(0.1)]);
        let price = Value::Decimal(Decimal { units: 9_223_372_036_854_775_807, exp: -9 });
        let flags = Value::Flags { names: vec!["STALE"], others: 8 };
        let fields = vec![
            ("name", Value::Text("a,\"b\"".into())),
            ("sent", nested),
            ("grid", array),
            ("price", price),
            ("state", flags),
            ("side", Value::Name("Bid")),
            ("best", Value::Null),
        ];
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, format);
        printer.record(3, &RawRecord { fields, version: 9 }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_in_each_format() {
        assert_eq!(
            printed(Format::Json),
            "{\"index\":3,\"version\":9,\"name\":\"a,\\\"b\\\"\",\"sent\":{\"bytes\":7,\"on\":true},\"grid\":[-1,0.1],\
             \"price\":9223372036.854775807,\"state\":\"STALE|0x8\",\"side\":\"Bid\",\"best\":null}\n"
        );
        assert_eq!(
            printed(Format::Csv),
            "index,version,name,sent.bytes,sent.on,grid[0],grid[1],price,state,side,best\n\
             3,9,\"a,\"\"b\"\"\",7,true,-1,0.1,9223372036.854775807,STALE|0x8,Bid,null\n"
        );
        assert_eq!(
            printed(Format::Table),
            "   index   version      name  sent.bytes   sent.on       grid                 price      state      side      best\n       \
             3         9     a,\"b\"           7      true  [-1, 0.1]  9223372036.854775807  STALE|0x8       Bid      null\n"
        );
    }
}
