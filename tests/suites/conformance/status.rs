//! What handles tell: whether the writer lives, whether their table can still be found, what the kernel says of it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process;

use integration_tests::actor;
use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::image::Image;
use integration_tests::lock;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::Quote;
use integration_tests::sysv;
use shmrecord::{ErrorKind, Options, RawReader, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;

fn create(place: &Place) -> Writer<Quote> {
    Writer::create(place.address(), CAPACITY).unwrap()
}

fn open(place: &Place) -> Reader<Quote> {
    Reader::open(place.address()).unwrap()
}

fn told(reader: &Reader<Quote>) -> Status {
    reader.status().unwrap()
}

#[test]
fn the_end_of_a_writer_is_seen_and_so_is_the_next_one() {
    every_backend(|place| {
        let mut writer = create(place);
        let (reader, raw) = (open(place), RawReader::open(place.address()).unwrap());
        for _ in 0..3 {
            assert_eq!(writer.status().unwrap(), Status::Alive);
            assert_eq!((told(&reader), raw.status().unwrap()), (Status::Alive, Status::Alive));
            drop(writer);
            assert_eq!((told(&reader), raw.status().unwrap()), (Status::Dead, Status::Dead));
            writer = Writer::open(place.address()).unwrap();
        }
    });
}

#[test]
fn a_killed_writer_is_dead_at_once_and_a_stopped_one_alive() {
    every_backend(|place| {
        let mut actor = actor!("hold");
        assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
        actor.take(place);
        let reader = open(place);
        assert_eq!(told(&reader), Status::Alive);
        actor.stop();
        assert_eq!(told(&reader), Status::Alive);
        actor.go_on();
        assert_eq!(told(&reader), Status::Alive);
        actor.kill();
        assert_eq!(told(&reader), Status::Dead);

        let mut next = actor!("hold");
        next.give(place);
        assert_eq!(next.ask(&format!("open {}", place.address())), "holds 2");
        assert_eq!(told(&reader), Status::Alive);
        next.stop();
        next.kill();
        assert_eq!(told(&reader), Status::Dead);
    });
}

#[test]
fn a_removed_table_is_retired_for_ever() {
    every_backend(|place| {
        let (writer, reader) = (create(place), open(place));
        remove(place.address()).unwrap();
        assert_eq!((writer.status().unwrap(), told(&reader)), (Status::Retired, Status::Retired));
        let next = create(place);
        assert_eq!((writer.status().unwrap(), told(&reader)), (Status::Retired, Status::Retired));
        assert_eq!((next.status().unwrap(), told(&open(place))), (Status::Alive, Status::Alive));
        assert!(![Status::Retired, Status::Orphaned].iter().any(|status| status.is_current()));
        assert!([Status::Alive, Status::Dead, Status::Unknown].iter().all(|status| status.is_current()));
    });
}

#[test]
fn a_table_that_a_stranger_took_away_is_an_orphan_for_ever() {
    every_backend(|place| {
        let (writer, reader) = (create(place), open(place));
        place.remove(Part::Segment);
        assert_eq!((writer.status().unwrap(), told(&reader)), (Status::Orphaned, Status::Orphaned));
        drop(writer);
        assert_eq!(told(&reader), Status::Orphaned);
        let next = create(place);
        assert_eq!((told(&reader), told(&open(place))), (Status::Orphaned, Status::Alive));
        drop(next);
        assert_eq!((told(&reader), told(&open(place))), (Status::Orphaned, Status::Dead));
    });
}

#[test]
fn without_its_guard_a_writer_has_lost_its_role_and_a_replacement_works() {
    every_backend(|place| {
        for is_replaced in [false, true] {
            let (writer, reader) = (create(place), open(place));
            place.remove(Part::Guard);
            if is_replaced {
                place.make_guard();
            }
            assert_eq!(error_of(writer.status(), place.address()), ErrorKind::RoleLost);
            assert_eq!((told(&reader), told(&open(place))), (Status::Unknown, Status::Unknown));
            let refused = Writer::<Quote>::open(place.address());
            assert_eq!(error_of(refused, place.address()), ErrorKind::GuardLost);

            remove(place.address()).unwrap();
            let next = create(place);
            assert_eq!((writer.status().unwrap(), told(&reader)), (Status::Retired, Status::Retired));
            assert_eq!((next.status().unwrap(), told(&open(place))), (Status::Alive, Status::Alive));
            remove(place.address()).unwrap();
        }
    });
}

#[test]
fn asking_takes_no_lock_and_stores_nothing() {
    every_backend(|place| {
        drop(create(place));
        let (reader, image) = (open(place), Image::of(place));
        let before = image.bytes();
        for _ in 0..3 {
            assert_eq!(told(&reader), Status::Dead);
            let held = lock::take(place, lock::WRITER).unwrap();
            assert_eq!(told(&reader), Status::Alive);
            drop(held);
        }
        let held = lock::take(place, lock::CREATE).unwrap();
        assert_eq!(told(&reader), Status::Dead);
        drop(held);
        assert!(image.bytes() == before);
    });
}

#[test]
fn what_the_kernel_says_is_told() {
    every_backend(|place| {
        let writer = Options::new().mode(0o640).create::<Quote>(place.address(), CAPACITY).unwrap();
        let facts = writer.facts().unwrap();
        let own = fs::metadata("/proc/self").unwrap();
        assert_eq!(facts.bytes, Image::of(place).length());
        assert_eq!((facts.uid, facts.gid, facts.mode), (own.uid(), own.gid(), 0o640));
        let reader = open(place);
        if place.backend() == Backend::Sysv {
            let pid = Some(process::id());
            assert_eq!((facts.allocated_bytes, facts.creator_pid, facts.last_pid), (None, pid, pid));
            assert_eq!(facts.attachments, Some(1));
            assert_eq!(reader.facts().unwrap().attachments, Some(2));
            // As long as it is mapped, the kernel tells of a segment without a key.
            sysv::remove_segment(place.key());
            drop(writer);
            assert_eq!(reader.facts().unwrap().attachments, Some(1));
        } else {
            let allocated = place.taken_bytes();
            assert_eq!(facts.allocated_bytes, Some(allocated));
            assert!(allocated >= facts.bytes, "the space is its own");
            assert_eq!((facts.attachments, facts.creator_pid, facts.last_pid), (None, None, None));
            place.remove(Part::Segment);
            assert_eq!(reader.facts().unwrap(), facts);
        }
        assert_eq!(reader.facts().unwrap().mode, 0o640);
    });
}

#[test]
fn another_process_is_named_as_the_maker_of_a_system_v_segment() {
    let place = Place::new(Backend::Sysv);
    let mut actor = actor!("hold");
    assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
    let pid = Some(actor.pid());
    actor.kill();
    let reader = open(&place);
    let facts = reader.facts().unwrap();
    assert_eq!((facts.creator_pid, facts.last_pid, facts.attachments), (pid, Some(process::id()), Some(1)));
    assert_eq!(RawReader::open(place.address()).unwrap().facts().unwrap().creator_pid, pid);
}
