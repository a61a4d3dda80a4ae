//! Values of fields, decoded from a record's bytes by its description, and printed for people. Relies on the layout
//! crate; knows no segment. Bytes may be anything: what is no value of its kind says so.

use std::borrow::Cow;
use std::fmt;

use shmrecord_layout::Kind;
use shmrecord_layout::describe::{DescribedField, DescribedRecord, Description};

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
    /// A byte that is no value of the field's kind: a bool of 2.
    Invalid(u8),
}

impl fmt::Display for Value<'_> {
    /// `127.5`, `AAPL`, `[1, 2]`, `{bytes: 10, packets: 1}`; control characters of a text are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unsigned(value) => f.pad(&value.to_string()),
            Value::Signed(value) => f.pad(&value.to_string()),
            Value::F32(value) => f.pad(&value.to_string()),
            Value::F64(value) => f.pad(&value.to_string()),
            Value::Bool(value) => f.pad(&value.to_string()),
            Value::Text(text) => f.pad(&printable(text)),
            Value::Invalid(byte) => f.pad(&format!("invalid({byte:#04x})")),
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
    match field.kind {
        Kind::U8 => Value::Unsigned(bytes[0].into()),
        Kind::U16 => Value::Unsigned(u16::from_le_bytes(start(bytes)).into()),
        Kind::U32 => Value::Unsigned(u32::from_le_bytes(start(bytes)).into()),
        Kind::U64 => Value::Unsigned(u64::from_le_bytes(start(bytes))),
        Kind::I8 => Value::Signed(i8::from_le_bytes(start(bytes)).into()),
        Kind::I16 => Value::Signed(i16::from_le_bytes(start(bytes)).into()),
        Kind::I32 => Value::Signed(i32::from_le_bytes(start(bytes)).into()),
        Kind::I64 => Value::Signed(i64::from_le_bytes(start(bytes))),
        Kind::F32 => Value::F32(f32::from_le_bytes(start(bytes))),
        Kind::F64 => Value::F64(f64::from_le_bytes(start(bytes))),
        Kind::Bool if bytes[0] > 1 => Value::Invalid(bytes[0]),
        Kind::Bool => Value::Bool(bytes[0] == 1),
        Kind::Record => {
            let record = field.record.and_then(|index| description.records.get(index));
            Value::Record(record.map_or_else(Vec::new, |record| fields(description, record, bytes)))
        }
    }
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
    use shmrecord_layout::{FieldLayout, FieldType, Kind, RecordLayout};

    use super::fields;

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
        let shown: Vec<String> = fields(&description, description.root(), &bytes)
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            shown,
            [
                "symbol=A\\u{1b}",
                "price=2.5",
                "grid=[[1, 2], [3, 4]]",
                "switches=[{on: true, level: -1}, {on: invalid(0x07), level: 3}]"
            ]
        );
    }
}
