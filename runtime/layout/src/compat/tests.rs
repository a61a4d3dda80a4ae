//! Every difference, in its words.

use alloc::format;
use alloc::vec::Vec;

use super::first_difference;
use crate::describe::Description;
use crate::{EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout};

fn scalar(name: &'static str, kind: Kind, offset: u32) -> FieldLayout<'static> {
    let ty = FieldType::scalar(kind).unwrap();
    FieldLayout::new(name, ty, offset)
}

fn record(name: &str, size: u32, align: u32, fields: &[FieldLayout<'_>]) -> Description {
    Description::of(&RecordLayout::new(name, size, align, fields, ""))
}

#[test]
fn each_difference_is_named() {
    let price = scalar("price", Kind::F64, 0);
    let volume = scalar("volume", Kind::I64, 8);
    let base = record("Quote", 16, 8, &[price, volume]);
    let cases = [
        (
            record("Quote", 16, 8, &[scalar("price", Kind::I64, 0), volume]),
            "price: f64 at 0 in the segment, i64 at 0 here",
        ),
        (
            record("Quote", 16, 8, &[scalar("volume", Kind::F64, 0), volume]),
            "field 0: `price` (f64 at 0) in the segment, `volume` (f64 at 0) here",
        ),
        (record("Quote", 8, 8, &[price]), "volume: i64 at 8 in the segment, absent here"),
        (
            record("Quote", 24, 8, &[price, volume, scalar("flags", Kind::U8, 16)]),
            "flags: absent in the segment, u8 at 16 here",
        ),
        (
            record("Quote", 16, 8, &[FieldLayout { unit: Some("USD"), ..price }, volume]),
            "price: no unit in the segment, unit `USD` here",
        ),
        (record("Quote", 64, 8, &[price, volume]), "record: size 16 in the segment, 64 here"),
        (record("Quote", 16, 16, &[price, volume]), "record: alignment 8 in the segment, 16 here"),
        (record("Trade", 16, 8, &[price, volume]), "record: name `Quote` in the segment, `Trade` here"),
    ];
    for (here, expected) in cases {
        assert_eq!(first_difference(&base, &here).as_deref(), Some(expected));
    }
    assert_eq!(first_difference(&base, &base), None);
}

#[test]
fn a_difference_inside_a_nested_record_carries_its_path() {
    let outer = |inner: &RecordLayout<'_>| {
        let ty = FieldType::record(inner).array_of(2).unwrap();
        record("Book", 32, 8, &[FieldLayout { ty, ..scalar("bids", Kind::U8, 0) }])
    };
    let a = [scalar("px", Kind::F64, 0), scalar("qty", Kind::U64, 8)];
    let b = [scalar("px", Kind::F64, 0), scalar("qty", Kind::I64, 8)];
    let segment = outer(&RecordLayout::new("Level", 16, 8, &a, ""));
    let here = outer(&RecordLayout::new("Level", 16, 8, &b, ""));
    assert_eq!(
        first_difference(&segment, &here).as_deref(),
        Some("bids.qty: u64 at 8 in the segment, i64 at 8 here")
    );
}

#[test]
fn each_difference_in_what_a_number_means_is_named() {
    let plain = scalar("px", Kind::I64, 0);
    let float = scalar("px", Kind::F64, 0);
    let is = |number| Number::float(Kind::F64, number);
    let cases = [
        (plain, FieldLayout { exp: -9, ..plain }, "px: no exponent in the segment, exponent -9 here"),
        (
            FieldLayout { time: Some(Time::UnixNs), ..plain },
            FieldLayout { time: Some(Time::UnixMs), ..plain },
            "px: time unix_ns in the segment, time unix_ms here",
        ),
        (
            FieldLayout { null: Number::integer(Kind::I64, -1), ..plain },
            FieldLayout { null: Number::greatest(Kind::I64), ..plain },
            "px: null -1 in the segment, null 9223372036854775807 here",
        ),
        (
            FieldLayout { null: is(-3.0), ..float },
            FieldLayout { null: is(f64::NAN), ..float },
            "px: null -3 in the segment, null NaN here",
        ),
        (
            FieldLayout { null: is(0.5), ..float },
            float,
            "px: null 0x3fe0000000000000 in the segment, no null here",
        ),
    ];
    for (segment, here, expected) in cases {
        let (segment, here) = (record("Quote", 8, 8, &[segment]), record("Quote", 8, 8, &[here]));
        assert_eq!(first_difference(&segment, &here).as_deref(), Some(expected));
    }
    let silent = FieldLayout { min: Number::least(Kind::I64), since: Some(2), deprecated: Some(3), ..plain };
    let (segment, here) = (record("Quote", 8, 8, &[plain]), record("Quote", 8, 8, &[silent]));
    assert_eq!(first_difference(&segment, &here), None);
}

#[test]
fn each_difference_between_enums_is_named() {
    let described = |name, form, values: &[(&'static str, i128)]| {
        let value =
            |&(name, value)| ValueLayout { name, value: Number::integer(Kind::I8, value).unwrap(), doc: "" };
        let values: Vec<_> = values.iter().map(value).collect();
        let named = EnumLayout::new(name, form, Kind::I8, &values, "");
        record("Quote", 1, 1, &[FieldLayout::new("side", FieldType::named(&named).unwrap(), 0)])
    };
    let base = [("None", -1), ("Bid", 1), ("Ask", 2)];
    let segment = described("Side", Form::Open, &base);
    let cases = [
        (record("Quote", 1, 1, &[scalar("side", Kind::I8, 0)]), "Side at 0 in the segment, i8 at 0 here"),
        (described("Way", Form::Open, &base), "Side at 0 in the segment, Way at 0 here"),
        (described("Side", Form::Closed, &base), "open enum in the segment, closed enum here"),
        (
            described("Side", Form::Open, &[("None", -1), ("Buy", 1), ("Ask", 2)]),
            "1 is `Bid` in the segment, `Buy` here",
        ),
        (
            described("Side", Form::Open, &[("Bid", 1), ("Ask", 2)]),
            "-1 is `None` in the segment, no value here",
        ),
        (described("Side", Form::Open, &base[..2]), "2 is `Ask` in the segment, no value here"),
        (
            described("Side", Form::Open, &[base[2], ("Low", -128), base[1], base[0]]),
            "-128 is no value in the segment, `Low` here",
        ),
    ];
    for (here, expected) in cases {
        let expected = format!("side: {expected}");
        assert_eq!(first_difference(&segment, &here).as_deref(), Some(expected.as_str()));
    }
    let flags = described("State", Form::Flags, &[("Stale", 0), ("Crossed", 7)]);
    let fewer = described("State", Form::Flags, &[("Stale", 0)]);
    let expected = "side: bit 7 is no flag in the segment, `Crossed` here";
    assert_eq!(first_difference(&fewer, &flags).as_deref(), Some(expected));
    let reversed = described("Side", Form::Open, &[base[2], base[1], base[0]]);
    assert_eq!(first_difference(&segment, &reversed), None);
}
