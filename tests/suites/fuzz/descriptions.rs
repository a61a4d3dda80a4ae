//! The bytes of a description, without a segment around them: what is wrong with them, or different from a record, is the
//! same in both languages; what is accepted keeps inside its record.

use integration_tests::alone::Alone;
use integration_tests::every::Every;
use shmrecord::ShmRecord;
use shmrecord_layout::compat;
use shmrecord_layout::describe::{self, Description};
use shmrecord_layout::{
    EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout,
};

use crate::mutator::{self, change, change_length, change_number, numbers};
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin, same};

#[test]
fn hostile_descriptions_are_refused_or_keep_inside() {
    run::inputs(
        "descriptions::hostile_descriptions_are_refused_or_keep_inside",
        20_000,
        twin::program,
        |program| {
            let mut twin = Twin::start(program);
            let whole = [describe::encode(Every::LAYOUT), described(Form::Open), deep(32), deep(33)];
            let others = [describe::encode(Every::LAYOUT), described(Form::Open), described(Form::Flags)];
            move |random| {
                let bytes = hostile(random, &whole);
                check(&bytes, &others[random.below(others.len())], twin.as_mut());
            }
        },
    );
}

#[test]
fn every_difference_in_meaning_has_the_same_words() {
    let test = Alone::new("descriptions::every_difference_in_meaning_has_the_same_words");
    test.run_after(
        || (twin::program(), ()),
        |program| {
            let mut twin = Twin::start(program);
            let all = meanings();
            for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
                check(one, other, twin.as_mut());
                let same = [one, other].map(|bytes| describe::decode(bytes).expect("it is whole"));
                assert_eq!(compat::first_difference(&same[0], &same[1]).is_none(), one == other);
            }
        },
    );
}

/// One field, of which each says something else.
fn meanings() -> Vec<Vec<u8>> {
    let value = |name, value| ValueLayout { name, value: Number::from_bits(value), doc: "" };
    let (low, bid, ask) = (value("Low", i64::MIN.cast_unsigned()), value("Bid", 1), value("Ask", 2));
    let top = value("Top", 63);
    let named = [
        ("Side", Form::Open, vec![bid, ask]),
        ("Way", Form::Open, vec![bid, ask]),
        ("Side", Form::Open, vec![ask]),
        ("Side", Form::Open, vec![low, bid, ask]),
        ("Side", Form::Open, vec![ask, value("Buy", 1)]),
        ("Side", Form::Closed, vec![bid, ask]),
        ("Side", Form::Flags, vec![bid, top]),
        ("Side", Form::Flags, vec![bid]),
    ];
    let plain = |kind| FieldLayout::new("field", FieldType::scalar(kind).expect("a scalar"), 0);
    let (signed, unsigned, float) = (plain(Kind::I64), plain(Kind::U64), plain(Kind::F64));
    let nulls =
        [0.0, -0.0, -3.0, 0.5, 1e300, f64::INFINITY, f64::NAN].map(|null| Number::float(Kind::F64, null));
    let numbers = [
        FieldLayout { exp: -128, ..signed },
        FieldLayout { exp: 127, ..signed },
        FieldLayout { unit: Some("USD"), ..signed },
        FieldLayout { null: Number::least(Kind::I64), ..signed },
        FieldLayout { null: Number::integer(Kind::I64, 0), ..signed },
        FieldLayout { null: Number::greatest(Kind::U64), ..unsigned },
        signed,
        unsigned,
        float,
    ];
    let times = Time::ALL.map(|time| FieldLayout { time: Some(time), ..unsigned });
    let floats = nulls.map(|null| FieldLayout { null, ..float });
    let named: Vec<_> = named
        .iter()
        .map(|(name, form, values)| EnumLayout::new(name, *form, Kind::I64, values, ""))
        .collect();
    let enums =
        named.iter().map(|named| FieldLayout { ty: FieldType::named(named).expect("an integer"), ..signed });
    let all = numbers.into_iter().chain(times).chain(floats).chain(enums);
    all.map(|field| describe::encode(&RecordLayout::new("One", 8, 8, &[field], ""))).collect()
}

/// What both languages make of these bytes, beside another description.
pub(crate) fn check(bytes: &[u8], other: &[u8], twin: Option<&mut Twin>) {
    let rust = match describe::decode(bytes) {
        Err(malformed) => malformed.what.to_owned(),
        Ok(described) => {
            keeps_inside(&described);
            let other = describe::decode(other).expect("it is whole");
            let common = match compat::common_fields(&described, &other) {
                Ok(common) => format!("versions of each other by {common:?}"),
                Err(words) => words,
            };
            let difference = compat::first_difference(&described, &other);
            format!("{}; {common}", difference.unwrap_or_else(|| "the same".to_owned())).replace('\n', "|")
        }
    };
    if let Some(twin) = twin {
        twin.say(&format!("describe {}", bytes.len()), &[bytes, other].concat());
        same(&twin.answer(), &rust);
    }
}

fn keeps_inside(described: &Description) {
    for (at, record) in described.records.iter().enumerate() {
        for field in &record.fields {
            let size = field.dims.iter().fold(u64::from(field.elem_size), |size, &n| size * u64::from(n));
            assert!(u64::from(field.offset) + size <= u64::from(record.size), "{}", field.name);
            assert!(field.record.is_none_or(|nested| nested < at), "{}", field.name);
            let mut numbers = [field.null, field.min, field.max].into_iter().flatten();
            assert!(numbers.all(|number| number.is_of(field.kind)), "{}", field.name);
            let named = field.named.map(|named| &described.enums[named]);
            assert!(named.is_none_or(|named| named.repr == field.kind), "{}", field.name);
            assert!(described.type_name(field).len() >= 4 * field.dims.len(), "{}", field.name);
        }
    }
}

/// A record with all that can be said of numbers, and with enums or flags.
pub(crate) fn described(form: Form) -> Vec<u8> {
    let value = |name, value: u64| ValueLayout { name, value: Number::from_bits(value), doc: "a value" };
    let (sides, states) = ([value("Bid", 1), value("Ask", 7)], [value("None", u64::MAX), value("Low", 0)]);
    let sides = EnumLayout::new("Side", form, Kind::U8, &sides, "which one");
    let states = EnumLayout::new("State", Form::Closed, Kind::I32, &states, "");
    let is = |number: Option<FieldType<'static>>| number.expect("a scalar");
    let named = |named| FieldType::named(named).expect("an integer");
    let scalar = |kind| is(FieldType::scalar(kind));
    let fields = [
        FieldLayout {
            exp: -9,
            null: Number::greatest(Kind::I64),
            min: Number::integer(Kind::I64, -1),
            max: Number::integer(Kind::I64, 1),
            since: Some(2),
            ..FieldLayout::new("px", scalar(Kind::I64), 0)
        },
        FieldLayout {
            time: Some(Time::UnixNs),
            deprecated: Some(3),
            ..FieldLayout::new("ts", scalar(Kind::U64), 8)
        },
        FieldLayout { null: Some(Number::NAN), ..FieldLayout::new("ratio", scalar(Kind::F64), 16) },
        FieldLayout { null: Number::float(Kind::F32, 2.0), ..FieldLayout::new("low", scalar(Kind::F32), 24) },
        FieldLayout::new("state", named(&states), 28),
        FieldLayout::new("sides", named(&sides).array_of(8).expect("one dimension"), 32),
    ];
    describe::encode(&RecordLayout::new("Described", 40, 8, &fields, "").of_version(3))
}

/// So many records, each inside the next.
pub(crate) fn deep(times: usize) -> Vec<u8> {
    around(times - 1, &FieldType::scalar(Kind::Bool).expect("a scalar"))
}

fn around(times: usize, inside: &FieldType<'_>) -> Vec<u8> {
    let name = format!("R{times}");
    let field = FieldLayout { unit: Some("u"), doc: "d\n", ..FieldLayout::new("on", *inside, 0) };
    let fields = [field];
    let record = RecordLayout::new(&name, 1, 1, &fields, "");
    if times == 0 { describe::encode(&record) } else { around(times - 1, &FieldType::record(&record)) }
}

fn hostile(random: &mut Random, whole: &[Vec<u8>]) -> Vec<u8> {
    if random.below(64) == 0 {
        return mutator::arbitrary(random, 400);
    }
    let mut bytes = whole[random.below(whole.len())].clone();
    for _ in 0..=random.below(4) {
        match random.below(8) {
            0 => change_length(random, &mut bytes),
            1 => {
                let all = 0..bytes.len();
                change(random, &mut bytes, all);
            }
            _ => {
                let entry = places(random, &bytes);
                change_number(random, &mut bytes, &entry);
            }
        }
    }
    // Its length is asked for first.
    if random.below(8) > 0 && bytes.len() >= 4 {
        let length = u32::try_from(bytes.len()).expect("some kilobytes");
        bytes[..4].copy_from_slice(&length.to_le_bytes());
    }
    bytes
}

/// The numbers of the header or of one entry.
fn places(random: &mut Random, bytes: &[u8]) -> Vec<mutator::Number> {
    let count = |at: usize| bytes.get(at..at + 4).map_or(0, |four| usize::from(four[0])).max(1);
    let (records, fields, enums, values) = (count(4), count(8), count(12), count(16));
    let behind_fields = 64 + 64 * records + 112 * fields;
    match random.below(8) {
        0 => numbers(0, &[4; 10]),
        1 => numbers(64 + 64 * random.below(records), &[4, 4, 4, 4, 4, 4, 4, 4, 8, 8, 4]),
        2 => numbers(behind_fields + 40 * random.below(enums), &[4, 4, 4, 4, 1, 1, 2, 4, 4, 4, 8]),
        3 => numbers(behind_fields + 40 * enums + 24 * random.below(values), &[4, 4, 4, 4, 8]),
        _ => {
            let widths = [4, 4, 4, 4, 4, 4, 1, 1, 2, 4, 4, 4, 4, 4, 4, 4, 8, 8, 1, 1, 2, 4, 4, 4, 8, 8, 8];
            numbers(64 + 64 * records + 112 * random.below(fields), &widths)
        }
    }
}
