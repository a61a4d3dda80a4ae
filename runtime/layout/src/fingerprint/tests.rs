//! Ids: the golden vector, the very bytes that are hashed, and what changes which id.

use alloc::vec;

use super::{Chain, Fnv1a};
use crate::{EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout};

const fn scalar(kind: Kind) -> FieldType<'static> {
    match FieldType::scalar(kind) {
        Some(ty) => ty,
        None => panic!("a scalar kind"),
    }
}

const SYMBOL: FieldType<'static> = match scalar(Kind::U8).array_of(10) {
    Some(ty) => ty,
    None => panic!("rank 1"),
};
const FIELDS: &[FieldLayout<'static>] = &[
    FieldLayout::new("symbol", SYMBOL, 0),
    FieldLayout::new("price", scalar(Kind::F64), 16),
    FieldLayout::new("volume", scalar(Kind::I64), 24),
];
const MARKET_DATA: RecordLayout<'static> = RecordLayout::new("MarketData", 32, 8, FIELDS, "");
const _: () = assert!(MARKET_DATA.layout_id == 0x723f_c907_23bb_e9c9);
const _: () = assert!(MARKET_DATA.schema_id == 0xf87f_363a_5103_7ced);

#[test]
fn text_and_docs_are_in_no_id_and_units_are_in_schema_id_only() {
    let shown = [FieldLayout { text: true, doc: "ticker", ..FIELDS[0] }, FIELDS[1], FIELDS[2]];
    let record = RecordLayout::new("MarketData", 32, 8, &shown, "docs");
    assert_eq!(record.schema_id, MARKET_DATA.schema_id);
    let priced = [FIELDS[0], FieldLayout { unit: Some("USD"), ..FIELDS[1] }, FIELDS[2]];
    let record = RecordLayout::new("MarketData", 32, 8, &priced, "");
    assert_eq!(record.layout_id, MARKET_DATA.layout_id);
    assert_ne!(record.schema_id, MARKET_DATA.schema_id);
}

#[test]
fn swapped_names_change_schema_id_alone() {
    let swapped =
        [FIELDS[0], FieldLayout { name: "volume", ..FIELDS[1] }, FieldLayout { name: "price", ..FIELDS[2] }];
    let record = RecordLayout::new("MarketData", 32, 8, &swapped, "");
    assert_eq!(record.layout_id, MARKET_DATA.layout_id);
    assert_ne!(record.schema_id, MARKET_DATA.schema_id);
}

#[test]
fn a_nested_record_enters_by_its_ids() {
    let outer = |inner: &RecordLayout<'_>| {
        let fields = [FieldLayout::new("quote", FieldType::record(inner), 0)];
        let record = RecordLayout::new("Outer", 32, 8, &fields, "");
        (record.layout_id, record.schema_id)
    };
    let renamed = RecordLayout::new("Renamed", 32, 8, FIELDS, "");
    assert_eq!(outer(&MARKET_DATA).0, outer(&renamed).0);
    assert_ne!(outer(&MARKET_DATA).1, outer(&renamed).1);
}

const SIDE: &[ValueLayout<'static>] = &[value("Bid", 66), value("Ask", 65)];

const fn value(name: &'static str, value: u64) -> ValueLayout<'static> {
    ValueLayout { name, value: Number::from_bits(value), doc: "" }
}

const fn side<'a>(values: &'a [ValueLayout<'a>]) -> EnumLayout<'a> {
    EnumLayout::new("Side", Form::Open, Kind::U8, values, "")
}

/// Layout id, schema id and the schema chain behind the only field.
fn ids_of(field: FieldLayout<'_>) -> (u64, u64, u64) {
    let fields = [field];
    let record = RecordLayout::new("One", 8, 8, &fields, "");
    (record.layout_id, record.schema_id, Chain::START.field(&field).schema())
}

#[test]
fn what_changes_the_meaning_changes_the_chain_and_no_layout() {
    let plain = FieldLayout::new("ts", scalar(Kind::I64), 0);
    let null = Number::greatest(Kind::I64);
    let changed = [
        FieldLayout { exp: -9, ..plain },
        FieldLayout { exp: 9, ..plain },
        FieldLayout { time: Some(Time::UnixNs), ..plain },
        FieldLayout { time: Some(Time::UnixUs), ..plain },
        FieldLayout { null, ..plain },
        FieldLayout { unit: Some("n"), ..plain },
    ];
    let mut seen = vec![ids_of(plain)];
    for field in changed {
        let (layout_id, schema_id, chain) = ids_of(field);
        assert_eq!(layout_id, seen[0].0);
        assert!(seen.iter().all(|other| other.1 != schema_id && other.2 != chain), "{field:?}");
        seen.push((layout_id, schema_id, chain));
    }
    let silent = FieldLayout { min: null, max: null, since: Some(2), deprecated: Some(3), ..plain };
    assert_eq!(ids_of(silent), seen[0]);
}

#[test]
fn the_values_of_an_enum_are_in_schema_id_alone() {
    let ids = |named: &EnumLayout<'_>| ids_of(FieldLayout::new("side", FieldType::named(named).unwrap(), 0));
    let base = ids(&side(SIDE));
    assert_eq!(base.0, ids_of(FieldLayout::new("side", scalar(Kind::U8), 0)).0);
    let reversed = [SIDE[1], SIDE[0]];
    assert_eq!(ids(&side(&reversed)), base);
    let more = [SIDE[0], SIDE[1], value("Cross", 67)];
    let renamed = [value("Buy", 66), SIDE[1]];
    let swapped = [value("Bid", 65), value("Ask", 66)];
    let closed = EnumLayout { form: Form::Closed, ..side(SIDE) };
    let closed = EnumLayout::new(closed.name, closed.form, closed.repr, closed.values, "");
    for other in [side(&more), side(&renamed), side(&swapped), closed] {
        let other = ids(&other);
        assert_eq!((other.0, other.2), (base.0, base.2));
        assert_ne!(other.1, base.1);
    }
    let renamed = EnumLayout::new("Way", Form::Open, Kind::U8, SIDE, "");
    assert_ne!(ids(&renamed).2, base.2);
}

#[test]
fn the_values_of_an_enum_inside_a_nested_record_are_in_schema_id_alone() {
    let ids = |values: &[ValueLayout<'_>]| {
        let side = side(values);
        let fields = [FieldLayout::new("side", FieldType::named(&side).unwrap(), 0)];
        let inner = RecordLayout::new("Inner", 1, 1, &fields, "");
        assert_ne!(inner.schema_id, inner.stem_id);
        ids_of(FieldLayout::new("inner", FieldType::record(&inner), 0))
    };
    let (two, three) = (ids(SIDE), ids(&[SIDE[0], SIDE[1], value("Cross", 67)]));
    assert_eq!((two.0, two.2), (three.0, three.2));
    assert_ne!(two.1, three.1);
}

#[test]
fn the_bytes_that_are_hashed_are_these() {
    let side = side(SIDE);
    let fields = [
        FieldLayout {
            unit: Some("USD"),
            exp: -9,
            null: Number::greatest(Kind::I64),
            ..FieldLayout::new("px", scalar(Kind::I64), 0)
        },
        FieldLayout { time: Some(Time::UnixNs), ..FieldLayout::new("ts", scalar(Kind::U64), 8) },
        FieldLayout::new("side", FieldType::named(&side).unwrap(), 16),
    ];
    let mut bytes = b"shmrec/1 LE\n".to_vec();
    let step = |name: &[u8], kind, offset, size| {
        let mut step = vec![u8::try_from(name.len()).unwrap(), 0];
        step.extend(name);
        step.extend([kind, 0, offset, 0, 0, 0, size, 0, 0, 0]);
        step.extend([0; 8]);
        step
    };
    bytes.extend(step(b"px", 8, 0, 8));
    bytes.extend(b"u\x03\0USDe\xf7n\xff\xff\xff\xff\xff\xff\xff\x7f");
    bytes.extend(step(b"ts", 4, 8, 8));
    bytes.extend(b"t\x04");
    bytes.extend(step(b"side", 1, 16, 1));
    bytes.extend(b"y\x04\0Side");
    bytes.extend(b"\x05\0Quote\x18\0\0\0\x08\0\0\0");
    let record = RecordLayout::new("Quote", 24, 8, &fields, "");
    assert_eq!(record.stem_id, Fnv1a::EMPTY.bytes(&bytes).value());

    let one = |name: &[u8], value: u8| Fnv1a::EMPTY.bytes(name).bytes(&[value, 0, 0, 0, 0, 0, 0, 0]).value();
    let sum = one(b"\x03\0Bid", 66).wrapping_add(one(b"\x03\0Ask", 65));
    let head = b"shmrec/1 LE\n\x02\x01\x04\0Side\x02\0\0\0";
    let id = Fnv1a::EMPTY.bytes(head).bytes(&sum.to_le_bytes()).value();
    assert_eq!(side.id, id);
    bytes.push(b'E');
    bytes.extend(id.to_le_bytes());
    assert_eq!(record.schema_id, Fnv1a::EMPTY.bytes(&bytes).value());
}
