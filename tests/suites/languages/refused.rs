//! What many writers and those who wait are refused, in the same words in both languages: slots, tables of another kind,
//! semaphores, a lock word that names nobody, waits for what there is not.

use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::every::{Every, counted, every};
use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use integration_tests::process::Actor;
use integration_tests::sysv;
use integration_tests::twin::many::options;
use shmrecord::{Options, Reader, Result, SharedWriter, Turn, Writer, remove};

use crate::errors::{CAPACITY, attach, words};
use crate::many::{By, make_set};
use crate::tools::actors;

/// Both answer these words, which say this.
#[track_caller]
fn same<T>(actor: &mut Actor, request: &str, rust: &Result<T>, part: &str) {
    let rust = words(rust);
    assert!(rust.contains(part), "`{part}` is missing in: {rust}");
    assert_eq!(actor.ask(request), rust, "{request}");
}

fn share(place: &Place, options: &Options) -> Result<()> {
    options.create_shared::<Every>(place.address(), CAPACITY).map(drop)
}

#[test]
fn the_sixty_third_writer() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let address = place.address();
        let mut actor = Actor::start(program, &["hold"]);
        let mut writers: Vec<_> =
            (0..62).map(|_| SharedWriter::<Every>::create(address, CAPACITY).unwrap()).collect();
        actor.give(place);
        let rust = SharedWriter::<Every>::open(address);
        same(&mut actor, &format!("join {address} -"), &rust, "46 open for writing ");
        let words = "62 writers are there already";
        same(&mut actor, &By::Word.share(place, "-"), &share(place, &Options::new()), words);
        drop(writers.remove(40));
        assert_eq!(actor.ask(&format!("join {address} -")), "holds 63");
        same(&mut actor, &By::Word.share(place, "-"), &share(place, &Options::new()), "46 create ");
    });
}

#[test]
fn a_table_for_one_or_for_many() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let address = place.address();
        let mut actor = Actor::start(program, &["hold"]);
        let mut refused = |many: bool, requests: [String; 2]| {
            actor.give(place);
            let part = "23 ";
            if many {
                same(&mut actor, &requests[0], &Writer::<Every>::open(address), part);
                same(&mut actor, &requests[1], &Writer::<Every>::create(address, CAPACITY), part);
            } else {
                same(&mut actor, &requests[0], &SharedWriter::<Every>::open(address), part);
                same(&mut actor, &requests[1], &share(place, &Options::new()), part);
            }
        };
        let lone = || [format!("open {address}"), format!("create {address} {CAPACITY}")];
        let many = || [format!("join {address} -"), By::Word.share(place, "-")];
        // While it is written, and afterwards.
        let writer = SharedWriter::<Every>::create(address, CAPACITY).unwrap();
        refused(true, lone());
        drop(writer);
        refused(true, lone());
        remove(address).unwrap();
        let writer = Writer::<Every>::create(address, CAPACITY).unwrap();
        refused(false, many());
        drop(writer);
        refused(false, many());
    });
}

#[test]
fn a_table_of_another_shape() {
    let Some(program) = actors().pop() else { return };
    let (set, other) = (make_set(), make_set());
    let [key, other] = [&set, &other].map(|set| set.key().cast_unsigned());
    for by in [By::Word, By::Semaphore(&set)] {
        every_backend(|place| {
            let mut actor = Actor::start(program, &["hold"]);
            let (found, at) = by.semaphore();
            share(place, &options("-", found, at)).unwrap();
            actor.give(place);
            for (letters, key, at) in [
                ("d", found, at),
                ("t", found, at),
                ("x", found, at),
                ("4", found, at),
                ("-", other, at),
                ("-", key, 0),
                ("-", 0x7fff_1234, 9),
            ] {
                let request = format!("share {} {CAPACITY} {letters} {key} {at}", place.address());
                same(&mut actor, &request, &share(place, &options(letters, key, at)), " ");
            }
            // Whoever asks for none takes what is there.
            assert_eq!(actor.ask(&By::Word.share(place, "-")), "holds 2");
        });
    }
}

#[test]
fn what_no_new_table_of_many_can_be() {
    let Some(program) = actors().pop() else { return };
    let set = make_set();
    let key = set.key().cast_unsigned();
    every_backend(|place| {
        let mut actor = Actor::start(program, &["hold"]);
        for (letters, key, at) in [
            ("x", 0, 0),
            ("-", key, 2),
            ("-", key, 0x7fff),
            ("-", key, 0x8000),
            ("-", key, 0xffff),
            ("-", 0x7fff_1234, 0),
        ] {
            let line = |kind| format!("{kind} {} {CAPACITY} {letters} {key} {at}", place.address());
            let rust = share(place, &options(letters, key, at));
            same(&mut actor, &line("share"), &rust, " ");
            if key != 0 {
                let rust = options(letters, key, at).create::<Every>(place.address(), CAPACITY);
                same(&mut actor, &line("lone"), &rust, " semaphore");
            }
        }
    });
}

#[test]
fn a_semaphore_that_goes_or_stays_taken() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let set = make_set();
        let mut actor = Actor::start(program, &["hold"]);
        let (key, at) = By::Semaphore(&set).semaphore();
        let mut own = options("q", key, at).create_shared::<Every>(place.address(), CAPACITY).unwrap();
        actor.give(place);
        assert_eq!(actor.ask(&format!("join {} q", place.address())), "holds 2");
        // By a program that is none of ours.
        sysv::take(set.key(), 1);
        let mut refused = |part| {
            same(&mut actor, "write 0 1", &own.write(0, &every(1)), part);
            same(&mut actor, "update 0 1", &own.update(0, counted), part);
            same(&mut actor, "batch 0", &own.batch(|_| Ok(())), part);
            same(&mut actor, "lock", &own.lock().and_then(Turn::whole).map(drop), part);
        };
        refused("which still exists");
        sysv::remove_set(set.key());
        refused("removed");
        let rust = SharedWriter::<Every>::open(place.address());
        same(&mut actor, &format!("join {} -", place.address()), &rust, "not found");
    });
}

#[test]
fn a_lock_word_that_names_nobody() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let mut own = SharedWriter::<Every>::create(place.address(), CAPACITY).unwrap();
        let mut actor = Actor::start(program, &["hold"]);
        actor.give(place);
        assert_eq!(actor.ask(&format!("join {} -", place.address())), "holds 2");
        let out = format!("index {CAPACITY} out of range, capacity {CAPACITY}");
        same(&mut actor, &format!("write {CAPACITY} 1"), &own.write(CAPACITY, &every(1)), &out);
        same(&mut actor, &format!("update {CAPACITY} 1"), &own.update(CAPACITY, counted), &out);
        let rust = own.batch(|batch| batch.set(CAPACITY, &every(7)));
        same(&mut actor, &format!("batch {CAPACITY}"), &rust, &out);
        let image = Image::of(place);
        for word in [63, 64, 0x7fff_ffff, 0xffff_ffff, 0x8000_0040_u32] {
            image.put(at::LOCK, &word.to_le_bytes());
            let part = format!("48 write {}: lock word {word:#x} names no writer; ", place.address());
            same(&mut actor, "write 0 1", &own.write(0, &every(1)), &part);
            same(&mut actor, "update 0 1", &own.update(0, counted), "48 update ");
            same(&mut actor, "batch 0", &own.batch(|_| Ok(())), "48 batch ");
            same(&mut actor, "lock", &own.lock().map(drop), "48 lock ");
        }
        // Such that name nobody who lives are followed by both.
        for word in [0x8000_0000_u32, 62, 0x8000_003e] {
            image.put(at::LOCK, &word.to_le_bytes());
            assert_eq!(actor.ask("write 0 1"), "written");
            image.put(at::LOCK, &word.to_le_bytes());
            own.write(0, &every(1)).unwrap();
        }
    });
}

#[test]
fn waits_for_what_there_is_not() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let mut actor = Actor::start(program, &["hold"]);
        drop(Writer::<Every>::create(place.address(), CAPACITY).unwrap());
        actor.give(place);
        attach(&mut actor, place.address());
        let reader = Reader::<Every>::open(place.address()).unwrap();
        let none = "waiting for a whole table without a doorbell";
        same(&mut actor, "changes", &reader.changes(), none);
        same(&mut actor, "wait all 0 10", &reader.wait_table(0, Duration::ZERO), none);
        let out = format!("index {CAPACITY} out of range, capacity {CAPACITY}");
        let (wait, any) = (format!("wait {CAPACITY} 0 10"), format!("wait any 10 0 1 {CAPACITY} 0"));
        same(&mut actor, &wait, &reader.wait(CAPACITY, 0, Duration::ZERO), &out);
        same(&mut actor, &any, &reader.wait_any(&[(0, 1), (CAPACITY, 0)], Duration::ZERO), &out);
        // Gone: told to who asks then, and to who looks at once.
        remove(place.address()).unwrap();
        for timeout in [0, 60_000] {
            let rust = reader.wait(0, 0, Duration::from_millis(timeout));
            same(&mut actor, &format!("wait 0 0 {timeout}"), &rust, "removed meanwhile");
            let rust = reader.wait_any(&[(1, 0), (2, 0)], Duration::from_millis(timeout));
            same(&mut actor, &format!("wait any {timeout} 1 0 2 0"), &rust, "removed meanwhile");
        }
    });
}
