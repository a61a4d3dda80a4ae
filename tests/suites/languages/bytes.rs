//! The same table made by C and by Rust: the same bytes, and each language reads what the other wrote.

use std::ops::Range;

use integration_tests::case::{every_backend, every_case};
use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use integration_tests::process::Actor;
use shmrecord::{Reader, ShmRecord, Versioned, Writer};
use shmrecord_layout::abi::{header, live};

use crate::errors::{CAPACITY, attach};
use crate::every::{Every, VALUES, every, line};
use crate::many::{By, Language, every_pair, make_set};
use crate::tools::{actors, model, suite};

/// What tells two equal tables apart: which of them it is, when it was made, and who writes it.
const OWN: [Range<usize>; 6] = [
    header::GENERATION..header::GENERATION + 16,
    header::GUARD_INODE..header::GUARD_INODE + 8,
    header::CREATED_UNIX_NS..header::CREATED_UNIX_NS + 8,
    header::CHECKSUM..header::CHECKSUM + 8,
    live::OWNER_PID..live::OWNER_SINCE_UNIX_NS + 8,
    live::STAMP..live::STAMP + 8,
];

#[test]
fn the_derive_and_ipcgen_agree_on_every_kind_of_field() {
    let model = model(&suite("c/twin.toml"));
    let record = model.records.iter().find(|record| record.name == "Every").unwrap();
    assert_eq!((record.layout_id, record.schema_id), (Every::LAYOUT.layout_id, Every::LAYOUT.schema_id));
    assert_eq!(record.description, shmrecord_layout::describe::encode(Every::LAYOUT));
}

#[test]
fn equal_tables_are_equal_bytes_and_values() {
    let actors = actors();
    every_case(|case| {
        for program in &actors {
            let (by_c, by_rust) = (case.place(), case.place());
            let mut actor = Actor::start(program, &["hold"]);
            let shape = format!("{CAPACITY} {} {}", case.cells, case.arrangement.name());
            assert_eq!(actor.ask(&format!("create {} {shape}", by_c.address())), "holds 1");
            actor.take(&by_c);
            let mut writer = case.options().create::<Every>(by_rust.address(), CAPACITY).unwrap();
            actor.give(&by_rust);
            assert_same_bytes(&by_c, &by_rust);

            attach(&mut actor, by_rust.address());
            let reader = Reader::<Every>::open(by_c.address()).unwrap();
            assert_eq!(reader.capacity(), CAPACITY);
            for (number, index) in (0..VALUES).zip((0..CAPACITY).cycle()) {
                let never = Versioned { version: 0, value: every(0) };
                if number < CAPACITY as u64 {
                    assert_eq!(actor.ask(&format!("read {index}")), line(never));
                    assert_eq!(line(reader.read_versioned(index).unwrap()), line(never));
                }
                assert_eq!(actor.ask(&format!("write {index} {number}")), "written");
                writer.write(index, &every(number)).unwrap();
                let version = number / CAPACITY as u64 + 1;
                let expected = line(Versioned { version, value: every(number) });
                assert_eq!(actor.ask(&format!("read {index}")), expected, "value {number} from Rust to C");
                let read = reader.read_versioned(index).unwrap();
                assert_eq!(line(read), expected, "value {number} from C to Rust");
            }
            assert_same_bytes(&by_c, &by_rust);

            // Each goes on with the other's table.
            assert_eq!(actor.ask("drop"), "dropped");
            drop(writer);
            assert_eq!(actor.ask(&format!("open {}", by_rust.address())), "holds 2");
            let mut writer = Writer::<Every>::open(by_c.address()).unwrap();
            assert_eq!((writer.epoch(), writer.capacity()), (2, CAPACITY));
            for (number, index) in (0..VALUES).zip((0..CAPACITY).cycle()) {
                assert_eq!(actor.ask(&format!("write {index} {number}")), "written");
                writer.write(index, &every(number)).unwrap();
            }
            if case.cells == 1 {
                assert_eq!(actor.ask("batch 4 1 2"), "published");
                writer
                    .batch(|batch| [4, 1, 2].iter().try_for_each(|&index| batch.set(index, &every(7))))
                    .unwrap();
            }
            assert_same_bytes(&by_c, &by_rust);
        }
    });
}

#[test]
fn equal_tables_of_many_are_equal_bytes_and_values() {
    every_pair(|first, second| {
        let sets = [make_set(), make_set()];
        let (words, semaphores) = ([By::Word; 2], sets.each_ref().map(By::Semaphore));
        for (letters, by) in [("-", words), ("dt", words), ("d", semaphores), ("t4", words)] {
            every_backend(|place| {
                let places = [place, &Place::new(place.backend())];
                let mut creators = [first, second].map(Language::start);
                for ((creator, place), by) in creators.iter_mut().zip(places).zip(by) {
                    assert_eq!(creator.ask(&by.share(place, letters)), "holds 1");
                    creator.take(place);
                }
                assert_same_bytes(places[0], places[1]);
                // Each beside one of its own language, then beside one of the other.
                let ask = |actors: &mut [Actor; 2], request: &str, answer: &str| {
                    for actor in actors {
                        assert_eq!(actor.ask(request), answer, "{request}");
                    }
                };
                for (epoch, languages) in [(2, [first, second]), (3, [second, first])] {
                    let mut others = [0, 1].map(|at| languages[at].join(places[at], "-", epoch));
                    assert_same_bytes(places[0], places[1]);
                    ask(&mut others, "write 3 5", "written");
                    ask(&mut creators, "write 3 15", "written");
                    ask(&mut others, "update 3 4", "updated");
                    assert_same_bytes(places[0], places[1]);
                    if !letters.contains('4') {
                        ask(&mut creators, "batch 4 1 2", "published");
                        assert_same_bytes(places[0], places[1]);
                    }
                    ask(&mut others, "lock", "locked");
                    ask(&mut others, "write 0 5", "written");
                    assert_same_bytes(places[0], places[1]);
                    others.into_iter().for_each(Actor::kill);
                    // Who comes behind them recovers and says so, the next one that it is cleared.
                    ask(&mut creators, "update 0 1", "updated");
                    assert_same_bytes(places[0], places[1]);
                    ask(&mut creators, "lock after death", "locked");
                    ask(&mut creators, "clear death", "cleared");
                    ask(&mut creators, "unlock", "unlocked");
                    assert_same_bytes(places[0], places[1]);
                }
                let image = Image::of(place);
                assert_eq!(image.word(at::EPOCH), 3);
                let stored = |offset: u64| image.word(offset) != 0;
                assert_eq!([stored(at::CHANGES), stored(at::DOORBELL)], [letters.contains('d'); 2]);
            });
        }
    });
}

/// But for what is a table's own, for which processes write it, and by which semaphore.
#[track_caller]
pub(crate) fn assert_same_bytes(by_c: &Place, by_rust: &Place) {
    let [c, rust] = [by_c, by_rust].map(|place| {
        let mut bytes = Image::of(place).bytes();
        for own in OWN {
            assert!(bytes[own.clone()].iter().any(|&byte| byte != 0), "nothing at {}", own.start);
            bytes[own].fill(0);
        }
        if bytes[header::GUARD_KIND] != 0 {
            let participants = live::PARTICIPANTS..live::PARTICIPANTS_END;
            for participant in bytes[participants].chunks_exact_mut(8) {
                // Of the same slots.
                let was_named = participant.iter().any(|&byte| byte != 0);
                participant.fill(u8::from(was_named));
            }
            bytes[header::SEMAPHORE_KEY..header::SEMAPHORE_KEY + 4].fill(0);
        }
        bytes
    });
    assert_eq!(c.len(), rust.len());
    let differ: Vec<usize> = (0..c.len()).filter(|&at| c[at] != rust[at]).collect();
    assert!(differ.is_empty(), "bytes {differ:?} differ");
}
