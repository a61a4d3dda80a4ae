//! Values of fields, decoded from a record's bytes by its description, and printed for people. Relies on the layout
//! crate and `named`; knows no segment. Bytes may be anything: what is no value of its kind says so.

use std::borrow::Cow;
use std::fmt;

use shmrecord_layout::describe::{DescribedEnum, DescribedField, DescribedRecord, Description};
use shmrecord_layout::{Form, Kind, Number, Time};

use crate::named;

mod decimal;
mod moment;

pub use decimal::Decimal;
pub use moment::Moment;

/// The value of a field, or of an element of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `u8` to `u64`.
    Unsigned(u64),
    /// `i8` to `i64`.
    Signed(i64),
    /// `f32`.
    F32(f32),
    /// `f64`.
    F64(f64),
    /// `bool`.
    Bool(bool),
    /// `[char; N]` up to the first NUL; bytes that are no UTF-8 show as U+FFFD.
    Text(String),
    /// An array, outermost dimension first.
    Array(Vec<Value<'a>>),
    /// A nested record: its fields by name.
    Record(Vec<(&'a str, Value<'a>)>),
    /// The number that stands for "no value".
    Null,
    /// A value of an enum, by name; one that has none is a number.
    Name(&'a str),
    /// Flags.
    Flags {
        /// Names of those that are set and have one.
        names: Vec<&'a str>,
        /// Those that are set and have none, as bits.
        others: u64,
    },
    /// An integer with an exponent, or seconds of the monotonic clock.
    Decimal(Decimal),
    /// A moment since 1970; one that the calendar does not reach is a number.
    Moment(Moment),
    /// Bits that are no value of the field's type: a bool of 2, another number than a closed enum has.
    Invalid(u64),
}

impl fmt::Display for Value<'_> {
    /// `127.5`, `AAPL`, `Bid`, `STALE|CROSSED`, `null`, `[1, 2]`, `{bytes: 10, packets: 1}`; control characters of a text are
    /// escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Not padded as text, which a precision cuts: of 1234.5 it would leave the first digits.
            Value::Unsigned(value) => value.fmt(f),
            Value::Signed(value) => value.fmt(f),
            Value::F32(value) => value.fmt(f),
            Value::F64(value) => value.fmt(f),
            Value::Bool(value) => f.pad(&value.to_string()),
            Value::Text(text) => f.pad(&printable(text)),
            Value::Null => f.pad("null"),
            Value::Name(name) => f.pad(name),
            Value::Flags { names, others } => f.pad(&named::joined(names, *others)),
            Value::Decimal(decimal) => decimal.fmt(f),
            Value::Moment(moment) => moment.fmt(f),
            Value::Invalid(bits) => f.pad(&format!("invalid({bits:#04x})")),
            Value::Array(values) => {
                let all: Vec<String> = values.iter().map(Value::to_string).collect();
                f.pad(&format!("[{}]", all.join(", ")))
            }
            Value::Record(fields) => {
                let all: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                f.pad(&format!("{{{}}}", all.join(", ")))
            }
        }
    }
}

/// The text with control characters escaped: what a segment holds must not steer a terminal.
fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(
            text.chars()
                .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.into() })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// The fields of `record`, whose bytes these are.
pub(crate) fn fields<'a>(
    description: &'a Description,
    record: &'a DescribedRecord,
    bytes: &[u8],
) -> Vec<(&'a str, Value<'a>)> {
    record
        .fields
        .iter()
        .map(|field| {
            let value = array(description, field, &field.dims, &bytes[field.offset as usize..]);
            (field.name.as_str(), value)
        })
        .collect()
}

/// The elements of `field` in these dimensions, from the start of `bytes`; decoding has checked that they lie inside.
fn array<'a>(
    description: &'a Description,
    field: &'a DescribedField,
    dims: &[u32],
    bytes: &[u8],
) -> Value<'a> {
    let Some((&length, inner)) = dims.split_first() else {
        return element(description, field, bytes);
    };
    if field.text {
        return Value::Text(text(&bytes[..length as usize]));
    }
    let stride = inner.iter().fold(field.elem_size as usize, |size, &n| size * n as usize);
    let elements = bytes.chunks_exact(stride).take(length as usize);
    Value::Array(elements.map(|bytes| array(description, field, inner, bytes)).collect())
}

fn element<'a>(description: &'a Description, field: &'a DescribedField, bytes: &[u8]) -> Value<'a> {
    if let Some(record) = field.record {
        let record = description.records.get(record);
        return Value::Record(record.map_or_else(Vec::new, |record| fields(description, record, bytes)));
    }
    let Some(number) = Number::from_le_bytes(field.kind, bytes) else {
        return match bytes[0] {
            bit @ (0 | 1) => Value::Bool(bit == 1),
            other => Value::Invalid(other.into()),
        };
    };
    if field.null.is_some_and(|null| is_same(field.kind, null, number)) {
        return Value::Null;
    }
    match (field.kind, description.named(field)) {
        // With the very bits of a NaN.
        (Kind::F32, _) => Value::F32(f32::from_le_bytes(start(bytes))),
        (Kind::F64, _) => Value::F64(f64::from_le_bytes(start(bytes))),
        (_, Some(named)) => named_value(named, number),
        (_, None) => counted(field, number),
    }
}

/// Whether two numbers of this kind are the same value: every NaN is, and so are both zeros.
fn is_same(kind: Kind, a: Number, b: Number) -> bool {
    a == b || kind.is_float() && a.as_f64() == b.as_f64()
}

fn named_value(named: &DescribedEnum, number: Number) -> Value<'_> {
    let values = named.values.iter().map(|value| (value.name.as_str(), value.value));
    if named.form == Form::Flags {
        let (names, others) = named::flags(named.repr, values, number);
        return Value::Flags { names, others };
    }
    match named::name(values, number) {
        Some(name) => Value::Name(name),
        None if named.form == Form::Closed => Value::Invalid(named::bits(named.repr, number)),
        None => integer(named.repr, number),
    }
}

/// An integer that counts something.
fn counted(field: &DescribedField, number: Number) -> Value<'static> {
    let count = match integer(field.kind, number) {
        Value::Signed(value) => i128::from(value),
        _ => i128::from(number.bits()),
    };
    let scaled = match field.time {
        Some(Time::MonotonicNs) => Some(Value::Decimal(Decimal { units: count, exp: -9 })),
        Some(time) => Moment::new(count, time).map(Value::Moment),
        None if field.exp != 0 => Some(Value::Decimal(Decimal { units: count, exp: field.exp })),
        None => None,
    };
    scaled.unwrap_or_else(|| integer(field.kind, number))
}

fn integer(kind: Kind, number: Number) -> Value<'static> {
    if kind.is_signed() { Value::Signed(number.as_i64()) } else { Value::Unsigned(number.bits()) }
}

fn start<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| bytes[i])
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use shmrecord_layout::describe::Description;
    use shmrecord_layout::{
        EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout,
    };

    use super::{Decimal, Value, fields};

    fn shown(description: &Description, bytes: &[u8]) -> Vec<String> {
        let fields = fields(description, description.root(), bytes);
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn every_kind_of_field_is_printed_by_name() {
        let field = FieldLayout::new;
        let scalar = |kind| FieldType::scalar(kind).unwrap();
        let inner = [field("on", scalar(Kind::Bool), 0), field("level", scalar(Kind::I8), 1)];
        let inner = RecordLayout::new("Switch", 2, 1, &inner, "");
        let symbol = scalar(Kind::U8).array_of(4).unwrap();
        let all = [
            FieldLayout { text: true, ..field("symbol", symbol, 0) },
            field("price", scalar(Kind::F32), 4),
            field("grid", scalar(Kind::U16).array_of(2).unwrap().array_of(2).unwrap(), 8),
            field("switches", FieldType::record(&inner).array_of(2).unwrap(), 16),
        ];
        let description = Description::of(&RecordLayout::new("All", 20, 4, &all, ""));
        let mut bytes = vec![0; 20];
        bytes[..4].copy_from_slice(b"A\x1b\0B");
        bytes[4..8].copy_from_slice(&2.5_f32.to_le_bytes());
        bytes[8..16].copy_from_slice(&[1, 0, 2, 0, 3, 0, 4, 0]);
        bytes[16..20].copy_from_slice(&[1, 255, 7, 3]);
        assert_eq!(
            shown(&description, &bytes),
            [
                "symbol=A\\u{1b}",
                "price=2.5",
                "grid=[[1, 2], [3, 4]]",
                "switches=[{on: true, level: -1}, {on: invalid(0x07), level: 3}]"
            ]
        );
    }

    #[test]
    fn a_precision_leaves_numbers_what_they_are() {
        let shown = |value: Value<'_>| format!("{value:>8.2}");
        assert_eq!(shown(Value::Unsigned(12_345)), "   12345");
        assert_eq!(shown(Value::Signed(-12_345)), "  -12345");
        assert_eq!(shown(Value::F32(1234.5)), " 1234.50");
        assert_eq!(shown(Value::F64(-0.125_1)), "   -0.13");
        assert_eq!(shown(Value::Decimal(Decimal { units: 12_345, exp: -3 })), "  12.345");
    }

    #[test]
    fn what_is_known_of_numbers_is_printed() {
        let value = |name, value| ValueLayout { name, value: Number::from_bits(value), doc: "" };
        let (sides, states) =
            ([value("Bid", 66), value("Ask", 65)], [value("STALE", 0), value("CROSSED", 7)]);
        let side = EnumLayout::new("Side", Form::Open, Kind::I8, &sides, "");
        let phase = EnumLayout::new("Phase", Form::Closed, Kind::I8, &sides, "");
        let state = EnumLayout::new("State", Form::Flags, Kind::I8, &states, "");
        let named = |named| FieldType::named(named).unwrap().array_of(2).unwrap();
        let two = |kind| FieldType::scalar(kind).unwrap().array_of(2).unwrap();
        let nan = Some(Number::NAN);
        let zero = Number::integer(Kind::F32, 0);
        let all = [
            FieldLayout::new("side", named(&side), 0),
            FieldLayout::new("phase", named(&phase), 2),
            FieldLayout::new("state", named(&state), 4),
            FieldLayout {
                exp: -2,
                null: Number::least(Kind::I16),
                ..FieldLayout::new("px", two(Kind::I16), 6)
            },
            FieldLayout { time: Some(Time::UnixMs), ..FieldLayout::new("at", two(Kind::U64), 16) },
            FieldLayout { time: Some(Time::MonotonicNs), ..FieldLayout::new("up", two(Kind::I64), 32) },
            FieldLayout { null: nan, ..FieldLayout::new("ratio", two(Kind::F64), 48) },
            FieldLayout { null: zero, ..FieldLayout::new("low", two(Kind::F32), 64) },
        ];
        let description = Description::of(&RecordLayout::new("All", 72, 8, &all, ""));
        let mut bytes = vec![66, 255, 65, 255, 0x83, 0, 125, 0, 0, 0x80, 0, 0, 0, 0, 0, 0];
        bytes.extend([1_500, u64::MAX].map(u64::to_le_bytes).concat());
        bytes.extend([-1, 2_000_000_003_i64].map(i64::to_le_bytes).concat());
        bytes.extend([-f64::NAN, 0.5].map(f64::to_le_bytes).concat());
        bytes.extend([-0.0, 0.1_f32].map(f32::to_le_bytes).concat());
        assert_eq!(
            shown(&description, &bytes),
            [
                "side=[Bid, -1]",
                "phase=[Ask, invalid(0xff)]",
                "state=[STALE|CROSSED|0x2, 0]",
                "px=[1.25, null]",
                "at=[1970-01-01T00:00:01.500Z, 18446744073709551615]",
                "up=[-0.000000001, 2.000000003]",
                "ratio=[null, 0.5]",
                "low=[null, 0.1]",
            ]
        );
    }
}
