//! Pairs of versions of a record: which can be read as which, and what is said of the others.

use alloc::string::String;
use alloc::vec::Vec;

use super::common_fields;
use crate::describe::Description;
use crate::{EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, ValueLayout};

type Named<'a> = (&'static str, Form, &'a [(&'static str, i128)]);

fn scalar(name: &'static str, kind: Kind, offset: u32) -> FieldLayout<'static> {
    FieldLayout::new(name, FieldType::scalar(kind).unwrap(), offset)
}

fn record(name: &str, size: u32, align: u32, fields: &[FieldLayout<'_>]) -> Description {
    Description::of(&RecordLayout::new(name, size, align, fields, ""))
}

/// Of a u32 and an enum, alone or inside a record behind it.
fn with_enum(named: Named<'_>, nested: bool) -> Description {
    let value =
        |&(name, value)| ValueLayout { name, value: Number::integer(Kind::U8, value).unwrap(), doc: "" };
    let values: Vec<_> = named.2.iter().map(value).collect();
    let layout = EnumLayout::new(named.0, named.1, Kind::U8, &values, "");
    let field = FieldLayout::new("phase", FieldType::named(&layout).unwrap(), 4);
    if !nested {
        return record("Quote", 8, 4, &[scalar("seq", Kind::U32, 0), field]);
    }
    let inner = [FieldLayout { offset: 0, ..field }];
    let inner = RecordLayout::new("State", 1, 1, &inner, "");
    let ty = FieldType::record(&inner).array_of(2).unwrap();
    record("Quote", 8, 4, &[scalar("seq", Kind::U32, 0), FieldLayout::new("states", ty, 4)])
}

#[track_caller]
fn says(segment: &Description, here: &Description, expected: Option<&str>) {
    let found = common_fields(segment, here);
    assert_eq!(found.as_ref().err().map(String::as_str), expected);
    if let Ok(common) = found {
        let of_both = segment.root().fields.len().min(here.root().fields.len());
        assert_eq!(common.len(), of_both, "the shorter one has no further field");
    }
}

#[track_caller]
fn both_ways(a: &Description, b: &Description, expected: Option<&str>) {
    says(a, b, expected);
    says(b, a, expected);
}

#[test]
fn fields_at_the_end_of_the_declaration_are_no_obstacle() {
    let (price, seq) = (scalar("price", Kind::F64, 0), scalar("seq", Kind::U32, 8));
    let base = record("Quote", 16, 8, &[price, seq]);
    both_ways(&base, &base, None);
    both_ways(&base, &record("Quote", 64, 8, &[price, seq]), None);
    both_ways(&base, &record("Quote", 64, 64, &[price, seq]), None);
    both_ways(&base, &record("Quote", 24, 8, &[price, seq, scalar("volume", Kind::I64, 16)]), None);
    let small = record("Quote", 4, 4, &[scalar("seq", Kind::U32, 0)]);
    let aligned = record("Quote", 16, 8, &[scalar("seq", Kind::U32, 0), scalar("price", Kind::F64, 8)]);
    both_ways(&small, &aligned, None);
}

#[test]
fn fields_that_a_later_version_has_in_a_hole_are_no_obstacle() {
    let of_version = |version, fields: &[FieldLayout<'_>]| {
        Description::of(&RecordLayout::new("Quote", 24, 8, fields, "").of_version(version))
    };
    let (seq, price) = (scalar("seq", Kind::U32, 0), scalar("price", Kind::F64, 8));
    let since = |version, field| FieldLayout { since: Some(version), ..field };
    let side = scalar("side", Kind::U16, 4);
    let old = of_version(0, &[seq, price]);
    let new = of_version(2, &[seq, since(2, side), price]);
    both_ways(&old, &new, None);
    assert_eq!(common_fields(&old, &new), Ok([0, 2].into()));
    assert_eq!(common_fields(&new, &old), Ok([0, 1].into()));
    let (late, tail) = (scalar("late", Kind::U8, 6), scalar("tail", Kind::U8, 16));
    let newest = of_version(3, &[seq, since(2, side), since(3, late), price, since(3, tail)]);
    both_ways(&new, &newest, None);
    both_ways(&old, &newest, None);
    // Not of a later version: taken away, or never agreed upon.
    let at = "field 1: `price` (f64 at 8) in the segment, `side` (u16 at 4) here";
    says(&of_version(2, &[seq, price]), &new, Some(at));
    says(&old, &of_version(2, &[seq, side, price]), Some(at));
    let at = "field 1: `side` (u16 at 4) in the segment, `price` (f64 at 8) here";
    says(&new, &of_version(2, &[seq, price]), Some(at));
    // Both have what the other has not.
    let other = of_version(2, &[seq, price, tail]);
    says(&other, &new, Some("field 1: `price` (f64 at 8) in the segment, `side` (u16 at 4) here"));
    let other = of_version(1, &[seq, scalar("way", Kind::U16, 6)]);
    let new = of_version(2, &[seq, since(2, side)]);
    says(&other, &new, Some("way: u16 at 6 in the segment, absent here"));
    let at = "field 1: `side` (u16 at 4) in the segment, `way` (u16 at 6) here";
    says(&new, &other, Some(at));
    let new = of_version(2, &[seq, since(2, side), since(2, late)]);
    says(&new, &other, Some("way: absent in the segment, u16 at 6 here"));
}

#[test]
fn every_other_difference_is_named() {
    let (price, seq) = (scalar("price", Kind::F64, 0), scalar("seq", Kind::U32, 8));
    let base = record("Quote", 16, 8, &[price, seq]);
    let more = scalar("more", Kind::U8, 12);
    let cases = [
        (
            record("Quote", 16, 8, &[price, scalar("number", Kind::U32, 8), more]),
            "field 1: `seq` (u32 at 8) in the segment, `number` (u32 at 8) here",
        ),
        (
            record("Quote", 16, 8, &[price, scalar("seq", Kind::I32, 8)]),
            "seq: u32 at 8 in the segment, i32 at 8 here",
        ),
        (
            record("Quote", 16, 8, &[seq, price]),
            "field 0: `price` (f64 at 0) in the segment, `seq` (u32 at 8) here",
        ),
        (
            record("Quote", 16, 8, &[price, FieldLayout { unit: Some("ns"), ..seq }, more]),
            "seq: no unit in the segment, unit `ns` here",
        ),
        (
            record("Quote", 16, 8, &[price, FieldLayout { offset: 12, ..seq }]),
            "seq: u32 at 8 in the segment, u32 at 12 here",
        ),
        (record("Trade", 24, 8, &[price, seq, more]), "record: name `Quote` in the segment, `Trade` here"),
    ];
    for (here, expected) in cases {
        says(&base, &here, Some(expected));
    }
    let mut empty = base.clone();
    empty.records[0].fields.clear();
    says(&empty, &base, Some("price: absent in the segment, f64 at 0 here"));
}

#[test]
fn a_record_inside_another_cannot_grow() {
    let outer = |size, fields: &[FieldLayout<'_>]| {
        let inner = RecordLayout::new("Level", size, 4, fields, "");
        record("Book", 16, 4, &[FieldLayout { ty: FieldType::record(&inner), ..scalar("top", Kind::U8, 0) }])
    };
    let (px, qty) = (scalar("px", Kind::U32, 0), scalar("qty", Kind::U32, 4));
    let filled = outer(8, &[px, qty]);
    says(&outer(8, &[px]), &filled, Some("top.qty: absent in the segment, u32 at 4 here"));
    says(&filled, &outer(8, &[px]), Some("top.qty: u32 at 4 in the segment, absent here"));
    // Of a shape of which it is said before that it differs.
    says(&outer(4, &[px]), &outer(8, &[px]), Some("top: Level at 0 in the segment, Level at 0 here"));
}

#[test]
fn enums_may_grow_where_every_value_can_be_read() {
    let [two, three, other] = [
        [("Bid", 1), ("Ask", 2)].as_slice(),
        [("None", 0), ("Bid", 1), ("Ask", 2)].as_slice(),
        [("Bid", 1), ("Offer", 2), ("Cross", 3)].as_slice(),
    ];
    for (nested, path) in [(false, "phase"), (true, "states.phase")] {
        for form in [Form::Open, Form::Flags] {
            let [two, three, other] = [two, three, other].map(|it| with_enum(("Side", form, it), nested));
            both_ways(&two, &three, None);
            let what = if form == Form::Flags { "bit " } else { "" };
            let words = alloc::format!("{path}: {what}2 is `Offer` in the segment, `Ask` here");
            says(&other, &two, Some(&words));
            let words = alloc::format!("{path}: {what}2 is `Ask` in the segment, `Offer` here");
            says(&two, &other, Some(&words));
        }
        let [two, three] = [two, three].map(|it| with_enum(("Side", Form::Closed, it), nested));
        says(&two, &three, None);
        let words = alloc::format!("{path}: 0 is `None` in the segment, no value here");
        says(&three, &two, Some(&words));
        let open = with_enum(("Side", Form::Open, &[("Bid", 1), ("Ask", 2)]), nested);
        let words = alloc::format!("{path}: open enum in the segment, closed enum here");
        says(&open, &two, Some(&words));
    }
}

#[test]
fn a_further_field_must_have_a_value_that_is_zero() {
    let old = record("Quote", 4, 4, &[scalar("seq", Kind::U32, 0)]);
    let (without, with) = ([("Bid", 1)].as_slice(), [("None", 0), ("Bid", 1)].as_slice());
    for nested in [false, true] {
        for (form, values) in [(Form::Closed, with), (Form::Open, without), (Form::Flags, without)] {
            both_ways(&old, &with_enum(("Side", form, values), nested), None);
        }
        let path = if nested {
            "states.phase: absent in the segment, Side at 0"
        } else {
            "phase: absent in the segment, Side at 4"
        };
        let words = alloc::format!("{path} without a value for 0 here");
        let new = with_enum(("Side", Form::Closed, without), nested);
        says(&old, &new, Some(&words));
        says(&new, &old, None);
    }
}
