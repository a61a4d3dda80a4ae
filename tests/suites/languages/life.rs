//! Signs of life, replacements and readers that go on, in both languages: the same answers in the same words.

use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::every::{Every, every, line};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::Pattern64;
use shmrecord::{Options, Reader, Versioned, Writer};

use crate::errors::{CAPACITY, attach, words};
use crate::many::{By, every_pair};
use crate::tools::actors;

/// Longer than a step of the coarse clock, in nanoseconds.
const STEP: u64 = 15_000_000;

/// Longer than an answer takes, and shorter than a machine runs, in nanoseconds.
const LONG_AGO: u64 = 100_000_000_000;

/// Words without the numbers in them, which go on while they are compared.
fn without_numbers(words: &str) -> String {
    words.replace(|letter: char| letter.is_ascii_digit(), "")
}

fn age(actor: &mut Actor) -> u64 {
    actor.ask("age").parse().unwrap()
}

#[test]
fn ages_and_what_is_too_old_are_the_same() {
    for program in actors() {
        every_backend(|place| {
            let mut actor = Actor::start(program, &["hold"]);
            assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
            actor.take(place);
            assert_eq!(actor.ask("write 1 5"), "written");
            attach(&mut actor, place.address());
            let reader = Reader::<Every>::open(place.address()).unwrap();
            let image = Image::of(place);
            for seconds in [0, 10, 100] {
                image.set_word(at::STAMP, image.word(at::STAMP) - seconds * 1_000_000_000);
                let before = u64::try_from(reader.age().unwrap().as_nanos()).unwrap();
                let between = age(&mut actor);
                let after = u64::try_from(reader.age().unwrap().as_nanos()).unwrap();
                assert!(before <= between && between <= after + STEP, "{before} {between} {after}");
            }
            let fresh = |actor: &mut Actor, seconds: u64| actor.ask(&format!("fresh 1 {}", seconds * 1000));
            let rust = words(&reader.read_fresh(1, Duration::from_secs(5)));
            assert!(rust.contains("no sign of life from its writer for 11"), "{rust}");
            assert_eq!(without_numbers(&fresh(&mut actor, 5)), without_numbers(&rust));
            let record = Versioned { version: 1, value: every(5) };
            assert_eq!(fresh(&mut actor, 1_000_000), line(record));
            assert_eq!(actor.ask(&format!("fresh 1 {}", u64::MAX)), line(record));
            assert!(reader.read_fresh(1, Duration::from_secs(1_000_000)).is_ok());

            assert_eq!(actor.ask("beat"), "beats");
            assert_eq!(fresh(&mut actor, 50), line(record));
            assert!(reader.read_fresh(1, Duration::from_secs(50)).is_ok());
            image.set_word(at::STAMP, u64::MAX);
            assert_eq!((age(&mut actor), reader.age().unwrap()), (0, Duration::ZERO));
        });
    }
}

#[test]
fn stamps_of_one_language_are_read_by_the_other() {
    every_pair(|first, second| {
        every_backend(|place| {
            let mut reader = second.start();
            let mut writers = [first.start(), second.start()];
            assert_eq!(writers[0].ask(&By::Word.share(place, "td")), "holds 1");
            writers[0].take(place);
            writers[1].give(place);
            assert_eq!(writers[1].ask(&format!("join {} -", place.address())), "holds 2");
            reader.give(place);
            attach(&mut reader, place.address());
            let image = Image::of(place);
            // Each write, update, batch and beat says that its writer lives; so does who joins.
            for (at_writer, request, answer) in [
                (0, "write 0 5", "written"),
                (1, "write 0 5", "written"),
                (0, "update 3 1", "updated"),
                (1, "batch 0 1", "published"),
                (0, "beat", "beats"),
            ] {
                image.set_word(at::STAMP, image.word(at::STAMP) - LONG_AGO);
                assert!(age(&mut reader) >= LONG_AGO);
                assert_eq!(writers[at_writer].ask(request), answer);
                assert!(age(&mut reader) < LONG_AGO, "{request}");
            }
            image.set_word(at::STAMP, image.word(at::STAMP) - LONG_AGO);
            let _third = first.join(place, "-", 3);
            assert!(age(&mut reader) < LONG_AGO);
            shmrecord::remove(place.address()).unwrap();
            let [writer, _] = &mut writers;
            assert_eq!(writer.ask(&format!("lone {} {CAPACITY} - 0 0", place.address())), "holds 1");
            writer.take(place);
            reader.give(place);
            attach(&mut reader, place.address());
            let image = Image::of(place);
            image.set_word(at::STAMP, image.word(at::STAMP) - LONG_AGO);
            assert_eq!(writer.ask("write 0 5"), "written");
            assert!(age(&mut reader) >= LONG_AGO, "without stamps a write says nothing");
        });
    });
}

#[test]
fn the_age_of_a_table_of_another_boot_is_known_to_neither() {
    for program in actors() {
        let place = Place::new(Backend::File);
        drop(Writer::<Every>::create(place.address(), CAPACITY).unwrap());
        Image::of(&place).forge(at::BOOT_ID, &[7; 16]);
        let mut actor = Actor::start(program, &["hold"]);
        assert_eq!(actor.ask(&format!("with b {}", place.address())), format!("sees {CAPACITY}"));
        let reader = Options::new().any_boot(true).open::<Every>(place.address()).unwrap();
        assert_eq!((age(&mut actor), reader.age().unwrap()), (u64::MAX, Duration::MAX));
        let rust = words(&reader.read_fresh(1, Duration::from_secs(5)));
        assert!(rust.contains("nobody knows when"), "{rust}");
        assert_eq!(actor.ask("fresh 1 5000"), rust);
    }
}

#[test]
fn closed_handles_give_no_sign_and_are_no_age() {
    let Some(program) = actors().pop() else { return };
    let mut actor = Actor::start(program, &["hold"]);
    let closed = "22 look up a closed handle: bad handle: it is closed; choose a value in the range";
    for question in ["age", "fresh 0 1", "refresh"] {
        assert_eq!(actor.ask(question), closed, "{question}");
    }
    let unused = "22 beat a closed handle: bad handle: not open for writing; choose a value in the range";
    assert_eq!(actor.ask("beat"), unused);
}

#[test]
fn the_segments_that_replace_others_are_the_same_and_so_are_their_values() {
    for program in actors() {
        every_backend(|place| {
            for cells in [1, 4] {
                let image = |in_c: bool| {
                    let mut old = Writer::<Every>::create(place.address(), CAPACITY).unwrap();
                    for number in 1..6 {
                        old.write(2, &every(number)).unwrap();
                        old.write(4, &every(number + 1)).unwrap();
                    }
                    let mut actor = Actor::start(program, &["hold"]);
                    if in_c {
                        actor.give(place);
                        let replace = format!("replace {} {} {cells} any", place.address(), CAPACITY + 1);
                        assert_eq!(actor.ask(&replace), "holds 2");
                        actor.take(place);
                    } else {
                        let options = Options::new().cells(cells);
                        drop(options.replace::<Every>(place.address(), CAPACITY + 1).unwrap());
                    }
                    assert!(!old.status().unwrap().is_current());
                    let image = Image::of(place);
                    // Everything behind the description.
                    let bytes = image.bytes().split_off(usize::try_from(image.version_at(0)).unwrap());
                    let counts = [at::EPOCH, at::CHANGES, at::POISON_EPOCH].map(|offset| image.word(offset));
                    let _ = actor.ask("drop");
                    shmrecord::remove(place.address()).unwrap();
                    (bytes, counts)
                };
                assert!(image(true) == image(false), "{cells} cells");
            }
        });
    }
}

#[test]
fn a_successor_of_another_record_has_the_same_words() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let mut actor = Actor::start(program, &["hold"]);
        drop(Writer::<Every>::create(place.address(), CAPACITY).unwrap());
        actor.give(place);
        attach(&mut actor, place.address());
        let mut reader = Reader::<Every>::open(place.address()).unwrap();
        drop(Writer::<Pattern64>::replace(place.address(), CAPACITY).unwrap());
        actor.give(place);
        let rust = words(&reader.refresh());
        assert!(rust.starts_with("19 open for reading "), "{rust}");
        assert_eq!(actor.ask("refresh"), rust);
        assert_eq!(actor.ask("read 1"), line(Versioned { version: 0, value: every(0) }), "it goes on");
        shmrecord::remove(place.address()).unwrap();
    });
}
