//! Methods of records in Go that make use of what is said of their fields. A field of several elements has methods that take
//! one. Relies on the model; checks nothing.

use std::fmt::Write;

use super::go::{element, field_name, record_name};
use super::scaling;
use crate::model::{Element, Field, Kind, Model, Number, Record, Time};

pub(super) fn methods(record: &Record, model: &Model, out: &mut String) {
    let ty = record_name(record);
    for field in record.fields() {
        let name = field_name(field);
        let kind = model.kind(field.ty.element);
        let is_array = !field.ty.dims.is_empty();
        let of = if is_array { format!("v {}", element(field.ty.element, model)) } else { String::new() };
        let receiver = if is_array { "" } else { "r " };
        let value = if is_array { "v".to_owned() } else { format!("r.{name}") };
        let mut method = |suffix: &str, about: &str, result: &str, body: &str| {
            let _ = write!(
                out,
                "\n// {name}{suffix} {about}\nfunc ({receiver}*{ty}) {name}{suffix}({of}) {result} {{\n\treturn {body}\n}}\n"
            );
        };
        if field.ty.element == Element::Char {
            let _ = write!(
                out,
                "\n// {name}Text is {name} up to its padding.\nfunc (r *{ty}) {name}Text() string {{\n\
                 \ttext, _, _ := strings.Cut(string(r.{name}[:]), \"\\x00\")\n\treturn text\n}}\n"
            );
            continue;
        }
        if let Some(null) = field.null {
            method("IsNull", "tells whether there is no value.", "bool", &is_null(kind, null, &value));
        }
        if let Some(scaling) = scaling(field) {
            let unit = field.unit.as_ref().map_or("whole units", |unit| unit);
            let body = format!("float64({value}) {scaling}");
            method("Value", &format!("is the value in {unit}."), "float64", &body);
        }
        if let Some(body) = field.time.and_then(|time| moment(time, kind, &value)) {
            method("Time", "is the moment.", "time.Time", &body);
        }
    }
}

/// Whether these methods need this package.
pub(super) fn needs(package: &str, model: &Model) -> bool {
    let mut fields = model.records.iter().flat_map(Record::fields);
    match package {
        "strings" => fields.any(|field| field.ty.element == Element::Char),
        "time" => fields.any(|field: &Field| field.time.is_some_and(|time| time != Time::MonotonicNs)),
        _ => !model.enums.is_empty(),
    }
}

fn is_null(kind: Kind, null: Number, value: &str) -> String {
    let float = null.as_f64();
    let greatest = if kind == Kind::F32 { f64::from(f32::MAX) } else { f64::MAX };
    match kind {
        Kind::F32 | Kind::F64 if float.is_nan() => format!("{value} != {value}"),
        // Infinities have no literals.
        Kind::F32 | Kind::F64 if float == f64::INFINITY => format!("{value} > {greatest:?}"),
        Kind::F32 | Kind::F64 if float == f64::NEG_INFINITY => format!("{value} < -{greatest:?}"),
        Kind::F32 | Kind::F64 => format!("{value} == {float:?}"),
        _ => format!("{value} == {}", null.display(kind)),
    }
}

/// The moment that an integer counts; `None` where it counts from a boot.
fn moment(time: Time, kind: Kind, value: &str) -> Option<String> {
    let unsigned = kind == Kind::U64;
    // With a sign the greater half of what has none would be moments before 1970.
    let split = |per_second: &str, to_nanoseconds: &str| {
        format!("time.Unix(int64({value}/{per_second}), int64({value}%{per_second}){to_nanoseconds})")
    };
    match time {
        Time::UnixS => Some(format!("time.Unix(int64({value}), 0)")),
        Time::UnixMs if unsigned => Some(split("1e3", "*1e6")),
        Time::UnixUs if unsigned => Some(split("1e6", "*1e3")),
        Time::UnixNs if unsigned => Some(split("1e9", "")),
        Time::UnixMs => Some(format!("time.UnixMilli(int64({value}))")),
        Time::UnixUs => Some(format!("time.UnixMicro(int64({value}))")),
        Time::UnixNs => Some(format!("time.Unix(0, int64({value}))")),
        Time::MonotonicNs => None,
    }
}
