//! Every byte of header, description and record changed in turn: what is refused, and with which words, is the same in both
//! languages.

use std::collections::BTreeSet;

use integration_tests::image::{Image, at, fnv1a};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use shmrecord::Reader;
use shmrecord_layout::abi;

use crate::errors::{ATTACH, OPEN, ask, attach, make_table, request, words};
use crate::every::Every;
use crate::tools::actors;

#[test]
fn every_changed_header_has_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    let place = Place::new(Backend::Posix);
    make_table(&place);
    let image = Image::of(&place);
    let whole = image.bytes();
    let flips = (0..abi::live::END).map(|offset| (offset, vec![!whole[offset]]));
    let numbers = [0, 1, 7, u64::MAX, 1 << 31, 1 << 32, 1 << 63];
    let stores = (0..256)
        .step_by(4)
        .flat_map(|offset| numbers.map(|number| (offset, number.to_le_bytes()[..4].to_vec())));
    let wide =
        (0..256).step_by(8).flat_map(|offset| numbers.map(|number| (offset, number.to_le_bytes().to_vec())));
    let mut codes = BTreeSet::new();
    for (offset, bytes) in flips.chain(stores).chain(wide) {
        for forged in [false, true] {
            for operation in [ATTACH, OPEN] {
                let change = || {
                    image.put(0, &whole);
                    match forged {
                        true => image.forge(offset as u64, &bytes),
                        false => image.put(offset as u64, &bytes),
                    }
                };
                change();
                let rust = words(&operation.1(place.address()));
                change();
                let c = ask(&mut actor, &request(&operation, place.address()));
                assert_eq!(c, rust, "{} with {bytes:02x?} at {offset}, forged: {forged}", operation.0);
                codes.insert(rust.split(' ').next().unwrap().to_owned());
            }
        }
    }
    println!("codes {codes:?}");
    assert!(codes.len() > 8, "{codes:?}");
}

#[test]
fn every_changed_description_has_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    let place = Place::new(Backend::Posix);
    make_table(&place);
    let image = Image::of(&place);
    // Another id, so that both look for the difference.
    image.forge(24, &[0; 8]);
    let (offset, length) = image.description();
    let whole = image.get(offset, usize::try_from(length).unwrap());
    let flips =
        (0..whole.len()).flat_map(|at| [whole[at] ^ 1, !whole[at], b'_'].map(|byte| (at, vec![byte])));
    // Not in the strings behind the tables: text that holds a NUL ends there for C.
    let half = |at| image.half(offset + at) as usize;
    let tables = [4, 8, 12, 16].iter().fold(64, |bytes, &at| bytes + half(at) * half(at + 20));
    let numbers = [0_u32, 1, 64, 1 << 31, u32::MAX];
    let stores =
        (0..tables).step_by(4).flat_map(|at| numbers.map(|number| (at, number.to_le_bytes().to_vec())));
    let mut seen = BTreeSet::new();
    for (start, bytes) in flips.chain(stores) {
        let mut changed = whole.clone();
        changed[start..start + bytes.len()].copy_from_slice(&bytes);
        image.put(offset, &changed);
        image.forge(at::DESCRIPTION_CHECKSUM, &fnv1a(&changed).to_le_bytes());
        let rust = words(&ATTACH.1(place.address()));
        let c = ask(&mut actor, &request(&ATTACH, place.address()));
        assert_eq!(c, rust, "{bytes:02x?} at {start} of the description");
        seen.insert(rust);
    }
    println!("{} different texts", seen.len());
    assert!(seen.len() > 100);
}

#[test]
fn bytes_that_are_no_value_are_none_in_both() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    let place = Place::new(Backend::Posix);
    make_table(&place);
    let image = Image::of(&place);
    let reader = Reader::<Every>::open(place.address()).unwrap();
    attach(&mut actor, place.address());
    let cell = image.cell_at(0, 0);
    let mut invalid = 0;
    for offset in 0..size_of::<Every>() as u64 {
        image.put(cell + offset, &[2]);
        let (c, rust) = (actor.ask("read 0"), words(&reader.read(0)));
        image.put(cell + offset, &[0]);
        if rust == "ok" {
            assert!(c.starts_with("0 "), "{c}");
            continue;
        }
        // Rust names the element, C the field it is in.
        let (start, path) = rust.split_once("Every.").unwrap();
        let (path, rest) = path.split_once(": ").unwrap();
        let field = path.split(['.', '[']).next().unwrap();
        assert_eq!(c, format!("{start}Every.{field}: {rest}"));
        invalid += 1;
    }
    assert_eq!(invalid, 1 + 3 + 3, "bools in the record");
}
