//! The bytes of a description, without a segment around them: what is wrong with them, or different from a record, is the
//! same in both languages; what is accepted keeps inside its record.

use shmrecord::ShmRecord;
use shmrecord_layout::compat;
use shmrecord_layout::describe::{self, Description};
use shmrecord_layout::{FieldLayout, FieldType, Kind, RecordLayout};

use crate::mutator::{self, Number, change, change_length, change_number, numbers};
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin, same};
use integration_tests::every::Every;

#[test]
fn hostile_descriptions_are_refused_or_keep_inside() {
    run::inputs(
        "descriptions::hostile_descriptions_are_refused_or_keep_inside",
        20_000,
        twin::program,
        |program| {
            let mut twin = Twin::start(program);
            let whole = [describe::encode(Every::LAYOUT), deep(32), deep(33)];
            move |random| {
                let bytes = hostile(random, &whole);
                check(&bytes, twin.as_mut());
            }
        },
    );
}

/// What both languages make of these bytes.
pub(crate) fn check(bytes: &[u8], twin: Option<&mut Twin>) {
    let rust = match describe::decode(bytes) {
        Err(malformed) => malformed.what.to_owned(),
        Ok(described) => {
            keeps_inside(&described);
            compat::first_difference(&described, &Description::of(Every::LAYOUT))
                .unwrap_or_else(|| "the same".to_owned())
                .replace('\n', "|")
        }
    };
    if let Some(twin) = twin {
        twin.say("describe", bytes);
        same(&twin.answer(), &rust);
    }
}

fn keeps_inside(described: &Description) {
    for (at, record) in described.records.iter().enumerate() {
        for field in &record.fields {
            let size = field.dims.iter().fold(u64::from(field.elem_size), |size, &n| size * u64::from(n));
            assert!(u64::from(field.offset) + size <= u64::from(record.size), "{}", field.name);
            assert!(field.record.is_none_or(|nested| nested < at), "{}", field.name);
            assert!(described.type_name(field).len() >= 4 * field.dims.len(), "{}", field.name);
        }
    }
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

/// The numbers of the header, of one record or of one field.
fn places(random: &mut Random, bytes: &[u8]) -> Vec<Number> {
    let count = |at: usize| bytes.get(at..at + 4).map_or(0, |four| usize::from(four[0])).max(1);
    let (records, fields) = (count(4), count(8));
    match random.below(6) {
        0 => numbers(0, &[4; 10]),
        1 => numbers(64 + 64 * random.below(records), &[4, 4, 4, 4, 4, 4, 4, 4, 8, 8]),
        _ => {
            let widths = [4, 4, 4, 4, 4, 4, 1, 1, 2, 4, 4, 4, 4, 4, 4, 4, 8, 8];
            numbers(64 + 64 * records + 96 * random.below(fields), &widths)
        }
    }
}
