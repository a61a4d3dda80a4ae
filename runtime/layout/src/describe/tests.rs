//! What is encoded is decoded, and no bytes do harm.

use alloc::vec::Vec;

use super::{Description, decode, encode};
use crate::{EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout};

fn with_book<R>(use_it: impl FnOnce(&RecordLayout<'_>) -> R) -> R {
    let px = FieldType::scalar(Kind::I64).unwrap();
    let qty = FieldType::scalar(Kind::U32).unwrap();
    let level_fields = [
        FieldLayout { unit: Some("USD"), doc: "price", ..FieldLayout::new("px", px, 0) },
        FieldLayout::new("qty", qty, 8),
        FieldLayout::new("orders", qty, 12),
    ];
    let level = RecordLayout::new("Level", 16, 8, &level_fields, "one price");
    let symbol = FieldType::scalar(Kind::U8).unwrap().array_of(16).unwrap();
    let side = FieldType::record(&level).array_of(10).unwrap();
    let value = |name, value, doc| ValueLayout { name, value: Number::from_bits(value), doc };
    let sides = [value("Bid", 66, "buyers"), value("Ask", 65, "")];
    let sides = EnumLayout::new("Side", Form::Open, Kind::U8, &sides, "which one");
    let states = [value("STALE", 1, ""), value("CROSSED", 15, "")];
    let states = EnumLayout::new("State", Form::Flags, Kind::U16, &states, "");
    let fields = [
        FieldLayout { text: true, ..FieldLayout::new("symbol", symbol, 0) },
        FieldLayout::new("bids", side, 16),
        FieldLayout::new("asks", side, 176),
        FieldLayout::new(
            "grid",
            FieldType::scalar(Kind::U16).unwrap().array_of(4).unwrap().array_of(2).unwrap(),
            336,
        ),
        FieldLayout {
            exp: -9,
            null: Number::least(Kind::I64),
            min: Number::integer(Kind::I64, -1),
            max: Number::integer(Kind::I64, 10),
            ..FieldLayout::new("last", px, 352)
        },
        FieldLayout {
            time: Some(Time::UnixNs),
            since: Some(2),
            deprecated: Some(3),
            ..FieldLayout::new("ts", px, 360)
        },
        FieldLayout::new("sides", FieldType::named(&sides).unwrap().array_of(2).unwrap(), 368),
        FieldLayout::new("state", FieldType::named(&states).unwrap(), 370),
        FieldLayout::new("side", FieldType::named(&sides).unwrap(), 372),
    ];
    use_it(&RecordLayout::new("Book", 376, 8, &fields, "").of_version(3))
}

#[test]
fn what_is_encoded_is_decoded() {
    with_book(|book| {
        let bytes = encode(book);
        assert_eq!(bytes.len() % 8, 0);
        let description = decode(&bytes).unwrap();
        assert_eq!(description.records.len(), 2, "a nested record is described once");
        let root = description.root();
        assert_eq!((root.name.as_str(), root.size, root.schema_id), ("Book", 376, book.schema_id));
        assert_eq!(root.version, 3);
        let types: Vec<_> = root.fields.iter().map(|field| description.type_name(field)).collect();
        assert_eq!(
            types,
            [
                "[char; 16]",
                "[Level; 10]",
                "[Level; 10]",
                "[[u16; 4]; 2]",
                "i64",
                "i64",
                "[Side; 2]",
                "State",
                "Side"
            ]
        );
        let level = &description.records[0];
        assert_eq!((level.name.as_str(), level.doc.as_str()), ("Level", "one price"));
        assert_eq!(level.fields[0].unit.as_deref(), Some("USD"));
        assert_eq!(description.enums.len(), 2, "an enum is described once");
        let side = description.named(&root.fields[8]).unwrap();
        assert_eq!((side.form, side.repr, side.doc.as_str()), (Form::Open, Kind::U8, "which one"));
        let values: Vec<_> =
            side.values.iter().map(|value| (value.name.as_str(), value.value.bits())).collect();
        assert_eq!(values, [("Ask", 65), ("Bid", 66)], "in ascending order");
        assert_eq!(side.values[1].doc, "buyers");
        let (last, ts) = (&root.fields[4], &root.fields[5]);
        assert_eq!((last.exp, last.null), (-9, Number::least(Kind::I64)));
        assert_eq!((last.min, last.max), (Number::integer(Kind::I64, -1), Number::integer(Kind::I64, 10)));
        assert_eq!((ts.time, ts.since, ts.deprecated), (Some(Time::UnixNs), Some(2), Some(3)));
        assert_eq!((ts.null, ts.min, ts.max, last.since), (None, None, None, None));
        assert_eq!(Description::of(book), description);
    });
}

#[test]
fn no_bytes_make_decode_panic_or_accept_a_field_outside_its_record() {
    let bytes = with_book(encode);
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            if let Ok(description) = decode(&changed) {
                for record in &description.records {
                    for field in &record.fields {
                        let size = field.dims.iter().product::<u32>().max(1) * field.elem_size;
                        assert!(field.offset + size <= record.size);
                        let numbers = [field.null, field.min, field.max];
                        assert!(numbers.iter().flatten().all(|number| number.is_of(field.kind)));
                        let named = description.named(field);
                        assert!(named.is_none_or(|named| named.repr == field.kind));
                    }
                }
            }
        }
    }
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err());
    }
}

#[test]
fn a_record_cannot_contain_itself_or_a_later_one() {
    let mut bytes = with_book(encode);
    let second_field_of_book = super::HEADER_BYTES + 2 * super::RECORD_BYTES + 4 * super::FIELD_BYTES;
    assert_eq!(bytes[second_field_of_book + 24], Kind::Record.tag());
    bytes[second_field_of_book + 36] = 1;
    assert_eq!(decode(&bytes).unwrap_err().what, "a field's element size is not that of its type");
}

/// What is wrong with the book's description when this byte of it is another one.
fn fault(at: usize, byte: u8) -> &'static str {
    let mut bytes = with_book(encode);
    bytes[at] = byte;
    decode(&bytes).unwrap_err().what
}

#[test]
fn what_is_said_of_numbers_fits_their_kind() {
    let field =
        |index: usize| super::HEADER_BYTES + 2 * super::RECORD_BYTES + (3 + index) * super::FIELD_BYTES;
    let unfit = "what is said of a field's numbers does not fit its kind";
    assert_eq!(fault(field(4) + 73, 6), "a field's time is unknown");
    assert_eq!(fault(field(1) + 72, 1), unfit, "a record has no exponent");
    assert_eq!(fault(field(1) + 26, 2), unfit, "a record has no null");
    let mut bytes = with_book(encode);
    bytes[field(3) + 26] |= 2;
    bytes[field(3) + 88 + 2] = 1;
    assert_eq!(decode(&bytes).unwrap_err().what, unfit, "a u16 of 65536");
}

#[test]
fn enums_are_there_and_of_the_kind_of_their_field() {
    let field =
        |index: usize| super::HEADER_BYTES + 2 * super::RECORD_BYTES + (3 + index) * super::FIELD_BYTES;
    let enums = field(9);
    let values = enums + 2 * super::ENUM_BYTES;
    let other = "a field's enum is not there, or of another kind";
    assert_eq!(fault(field(8) + 36, 2), other);
    assert_eq!(fault(field(8) + 36, 1), other, "a u16 for a u8");
    assert_eq!(fault(enums + 16, 4), "an enum's form is unknown");
    assert_eq!(fault(enums + 17, Kind::F32.tag()), "an enum's kind is no integer");
    assert_eq!(fault(enums + 24, 3), "its enums share values");
    assert_eq!(fault(enums + 20, 3), "an enum's values pass the end of the value table");
    assert_eq!(fault(values + 17, 1), "an enum's value does not fit its kind");
    assert_eq!(fault(values + 2 * super::VALUE_BYTES + 16, 16), "an enum's value does not fit its kind");
}
