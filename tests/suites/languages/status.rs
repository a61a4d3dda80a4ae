//! Handles in both languages tell the same: of tables that others take away, of roles that are lost, and of what the kernel says.
//! The rest is in the suite `matrix`.

use integration_tests::case::every_backend;
use integration_tests::check::skip;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use shmrecord::handover::Share;
use shmrecord::{Facts, Reader, Status, Writer};

use crate::errors::{CAPACITY, attach, words};
use crate::every::Every;
use crate::tools::actors;

/// A reader in each language.
struct Readers<'a> {
    c: &'a mut Actor,
    rust: Reader<Every>,
}

impl<'a> Readers<'a> {
    fn open(c: &'a mut Actor, place: &Place) -> Self {
        attach(c, place.address());
        Self { c, rust: Reader::open(place.address()).unwrap() }
    }

    #[track_caller]
    fn tell(&mut self, status: Status) {
        assert_eq!(self.rust.status().unwrap(), status, "in Rust");
        assert_eq!(self.c.ask("status"), (status as u32).to_string(), "in C");
    }
}

#[test]
fn a_memfds_writer_is_seen_by_who_was_given_its_guard() {
    for program in actors() {
        let place = Place::new(Backend::Memfd);
        let writer = Writer::<Every>::create(place.address(), CAPACITY).unwrap();
        let [mut one, mut reading, mut other] = [(); 3].map(|()| Actor::start(program, &["hold"]));
        one.give(&place);
        other.give(&place);
        reading.send(place.address(), Share::Reader);
        attach(&mut reading, place.address());
        let mut readers = Readers::open(&mut one, &place);
        readers.tell(Status::Alive);
        drop(writer);
        readers.tell(Status::Dead);
        assert_eq!(other.ask(&format!("open {}", place.address())), "holds 2");
        assert_eq!(other.ask("own status"), "1");
        readers.tell(Status::Alive);
        other.kill();
        readers.tell(Status::Dead);
        // A reader's share is without the guard.
        assert_eq!(reading.ask("status"), (Status::Unknown as u32).to_string());
        shmrecord::remove(place.address()).unwrap();
        readers.tell(Status::Retired);
        assert_eq!(reading.ask("status"), (Status::Retired as u32).to_string());
    }
}

#[test]
fn a_table_that_a_stranger_took_away_is_an_orphan_in_both_languages() {
    for program in actors() {
        every_backend(|place| {
            let [mut one, mut other] = [(); 2].map(|()| Actor::start(program, &["hold"]));
            assert_eq!(other.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
            other.take(place);
            one.give(place);
            let mut readers = Readers::open(&mut one, place);
            place.remove(Part::Segment);
            if place.backend() == Backend::Memfd {
                // Each of the three had it for itself.
                for actor in [&mut *readers.c, &mut other] {
                    assert_eq!(actor.ask(&format!("forget {}", place.address())), "forgotten");
                }
            }
            readers.tell(Status::Orphaned);
            assert_eq!(other.ask("own status"), (Status::Orphaned as u32).to_string());
            assert_eq!(other.ask("drop"), "dropped");
            let next = Writer::<Every>::create(place.address(), CAPACITY).unwrap();
            readers.tell(Status::Orphaned);
            drop(next);
            shmrecord::remove(place.address()).unwrap();
        });
    }
}

#[test]
fn a_lost_role_has_the_same_words() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let create = format!("create {} {CAPACITY}", place.address());
        for is_replaced in [false, true] {
            let mut actors = [(); 2].map(|()| Actor::start(program, &["hold"]));
            let lose = |actor: &mut Actor| {
                place.remove(Part::Guard);
                if is_replaced {
                    place.make_guard();
                }
                // A memfd is handed over as it is here now.
                actor.give(place);
            };
            let writer = Writer::<Every>::create(place.address(), CAPACITY).unwrap();
            actors[0].give(place);
            let mut readers = Readers::open(&mut actors[0], place);
            lose(readers.c);
            let rust = words(&writer.status());
            readers.tell(Status::Unknown);
            shmrecord::remove(place.address()).unwrap();

            assert_eq!(actors[1].ask(&create), "holds 1");
            actors[1].take(place);
            lose(&mut actors[1]);
            assert_eq!(actors[1].ask("own status"), rust);
            assert!(rust.contains("the role of writer is lost"), "{rust}");
            shmrecord::remove(place.address()).unwrap();
        }
    });
}

#[test]
fn what_the_kernel_says_is_the_same() {
    let Some(program) = actors().pop() else { return };
    every_backend(|place| {
        let mut actor = Actor::start(program, &["hold"]);
        assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
        actor.take(place);
        let readers = Readers::open(&mut actor, place);
        assert_eq!(readers.c.ask("facts"), printed(&readers.rust.facts().unwrap()));
    });
}

/// Facts as the C actor prints them.
fn printed(facts: &Facts) -> String {
    let Facts { bytes, uid, gid, mode, .. } = *facts;
    let [allocated, attachments] =
        [facts.allocated_bytes, facts.attachments].map(|it| it.unwrap_or(u64::MAX));
    let [creator, last] = [facts.creator_pid, facts.last_pid].map(|it| it.unwrap_or(0));
    format!("{bytes} {allocated} {attachments} {uid} {gid} {mode:o} {creator} {last}")
}

#[test]
fn who_leaves_its_ipc_namespace_is_told_the_same() {
    let Some(program) = actors().pop() else { return };
    let place = Place::new(Backend::Sysv);
    let mut actor = Actor::start(program, &["hold"]);
    assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
    let readers = Readers::open(&mut actor, &place);
    match readers.c.ask("leave").as_str() {
        "left" => {}
        why => return skip(why),
    }
    assert_eq!(readers.rust.status().unwrap(), Status::Dead, "the kernel has undone its semaphores");
    assert_eq!(readers.c.ask("status"), (Status::Unknown as u32).to_string());
    let words = "made in another IPC namespace: this process has entered another one";
    assert!(readers.c.ask("facts").starts_with(&format!("40 look up {}: {words}; ", place.address())));
    let words = "the role of writer is lost: its guard was removed or replaced";
    assert!(readers.c.ask("own status").starts_with(&format!("41 look up {}: {words}; ", place.address())));
}
