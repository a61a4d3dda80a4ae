//! What dead processes leave: guards of another mode, retired tables without their guard, System V segments without contents.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::case::every_named_backend;
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use integration_tests::sysv::{self, Attached};
use shmrecord::{ErrorKind, Options, Reader, Writer, remove};

const CAPACITY: usize = 4;
const RETIRED: u64 = 2;

#[test]
fn a_guard_that_was_left_gets_the_mode_of_the_new_table() {
    every_named_backend(|place| {
        for (left, mode, expected) in [(0o660, 0o644, 0o600), (0o600, 0o660, 0o660), (0o600, 0o640, 0o600)] {
            let guard = File::create_new(place.guard()).unwrap();
            guard.set_permissions(Permissions::from_mode(left)).unwrap();
            drop(Options::new().mode(mode).create::<Quote>(place.address(), CAPACITY).unwrap());
            let found = fs::metadata(place.guard()).unwrap().permissions().mode() & 0o7777;
            assert_eq!(found, expected, "{left:o} left for a table of {mode:o}: {found:o}");
            remove(place.address()).unwrap();
        }
    });
}

#[test]
fn a_half_removed_table_gives_way_when_its_guard_is_lost_too() {
    every_named_backend(|place| {
        for is_replaced in [false, true] {
            let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            drop(writer);
            Image::of(place).set_word(at::STATE, RETIRED);
            fs::remove_file(place.guard()).unwrap();
            if is_replaced {
                File::create_new(place.guard()).unwrap();
            }
            assert_eq!(Writer::<Quote>::create(place.address(), CAPACITY).unwrap().epoch(), 1);
            assert_eq!(Reader::<Quote>::open(place.address()).unwrap().version(0).unwrap(), 0);
            assert_eq!(place.names(), ["", ".guard"]);
            remove(place.address()).unwrap();
        }
    });
}

/// Records of a table whose creation takes long.
const MANY: usize = 2_000_000;

/// A process is killed between the making of a System V segment and its magic.
fn leave_unfinished(place: &Place) {
    unfinished_by(place, || Some(actor!("hold")));
}

/// Likewise one that is started like this.
fn unfinished_by(place: &Place, start: impl Fn() -> Option<Actor>) {
    loop {
        let Some(mut actor) = start() else { return };
        actor.say(&format!("create {} {MANY}", place.address()));
        while sysv::segment(place.key()).is_none() {
            thread::sleep(Duration::from_micros(50));
        }
        actor.kill();
        while sysv::segment_facts(place.key()).shm_nattch > 0 {
            thread::sleep(Duration::from_micros(50));
        }
        if Image::of(place).word(at::MAGIC) == 0 {
            return;
        }
        remove(place.address()).unwrap();
    }
}

#[test]
fn an_unfinished_segment_gives_way_to_one_of_any_size() {
    let place = Place::new(Backend::Sysv);
    leave_unfinished(&place);
    // Who finds it unfinished does not wipe out the traces.
    let patient = Options::new().timeout(Duration::from_millis(5));
    assert_eq!(error_of(patient.open::<Quote>(place.address()), place.address()), ErrorKind::NotReady);
    assert_eq!(error_of(patient.open_writer::<Quote>(place.address()), place.address()), ErrorKind::NotReady);
    let next = patient.create::<Quote>(place.address(), CAPACITY).unwrap();
    assert_eq!((next.epoch(), next.capacity(), sysv::listed(place.key())), (1, CAPACITY, (1, 1)));
}

#[test]
fn an_unfinished_segment_gives_way_to_one_of_its_size_where_nobody_knows_its_maker() {
    let place = Place::new(Backend::Sysv);
    let apart = || Actor::start_apart(env!("CARGO_BIN_EXE_actor"), &["hold"], true);
    let Some(mut other) = apart() else { return };
    unfinished_by(&place, apart);
    let answer = other.ask(&format!("create {} {CAPACITY}", place.address()));
    assert!(answer.contains("its creator has not finished it"), "{answer}");
    assert_eq!(other.ask(&format!("create {} {MANY}", place.address())), "holds 1");
}

#[test]
fn an_unfinished_segment_is_removed() {
    let place = Place::new(Backend::Sysv);
    leave_unfinished(&place);
    remove(place.address()).unwrap();
    assert_eq!(sysv::listed(place.key()), (0, 0));
    assert_eq!(error_of(remove(place.address()), place.address()), ErrorKind::NotFound);
}

#[test]
fn a_segment_too_small_for_a_word_is_no_leftover() {
    let place = Place::new(Backend::Sysv);
    // This process is the last one that took the role.
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    sysv::remove_segment(place.key());
    sysv::make_segment(place.key(), 4096);
    // While somebody waits to clear it away, another one comes in its place.
    let held = lock::take(&place, lock::CREATE).unwrap();
    thread::scope(|scope| {
        let removing = scope.spawn(|| remove(place.address()));
        thread::sleep(Duration::from_millis(20));
        sysv::remove_segment(place.key());
        sysv::make_segment(place.key(), 4);
        drop(held);
        let removed = removing.join().expect("no panic");
        assert_eq!(error_of(removed, place.address()), ErrorKind::BadMagic);
    });
    place.remove(Part::Segment);
}

#[test]
fn a_segment_beside_a_guard_of_ours_is_left_alone_when_another_process_made_it_or_has_it() {
    let place = Place::new(Backend::Sysv);
    leave_unfinished(&place);
    let patient = Options::new().timeout(Duration::from_millis(5));
    let is_left_alone = || {
        let id = sysv::segment(place.key());
        assert_eq!(error_of(patient.remove(place.address()), place.address()), ErrorKind::NotReady);
        let created = patient.create::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(created, place.address()), ErrorKind::NotReady);
        assert_eq!(sysv::segment(place.key()), id);
    };
    // Somebody maps it.
    let mapped = Attached::new(place.key());
    is_left_alone();
    drop(mapped);
    // Another process made this one, and let go of it.
    sysv::remove_segment(place.key());
    sysv::make_segment(place.key(), 4096);
    is_left_alone();
    place.remove(Part::Segment);
}

#[test]
fn a_segment_beside_a_writer_that_lives_is_no_dead_creators() {
    let place = Place::new(Backend::Sysv);
    let writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
    let bytes = writer.facts().unwrap().bytes;
    // Its segment loses the key, and another program makes one of that size under it.
    place.remove(Part::Segment);
    sysv::make_segment(place.key(), usize::try_from(bytes).unwrap());
    let patient = Options::new().timeout(Duration::from_millis(20));
    let created = patient.create::<Quote>(place.address(), CAPACITY);
    assert_eq!(error_of(created, place.address()), ErrorKind::NotReady);
    assert_eq!(error_of(patient.remove(place.address()), place.address()), ErrorKind::NotReady);
    assert!(sysv::segment(place.key()).is_some(), "it was left alone");
    // Once that writer is gone nothing tells it from a dead creator's.
    drop(writer);
    drop(patient.create::<Quote>(place.address(), CAPACITY).unwrap());
}
