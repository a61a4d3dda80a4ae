//! Processes that do not see one another: PID namespaces, where a number is another process's, IPC namespaces, where a key is
//! another segment's, and time namespaces, where it is another day.

use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::alone::Alone;
use integration_tests::case::every_backend;
use integration_tests::check::{error_of, every_opening_fails, skip};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use integration_tests::sysv;
use shmrecord::{ErrorKind, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;

fn actor_apart(own_proc: bool) -> Option<Actor> {
    Actor::start_apart(env!("CARGO_BIN_EXE_actor"), &["hold"], own_proc)
}

#[test]
fn roles_deaths_and_take_overs_cross_pid_namespaces() {
    for own_proc in [true, false] {
        every_backend(|place| {
            let address = place.address();
            let Some(mut apart) = actor_apart(own_proc) else { return };
            let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            apart.give(place);
            let answer = apart.ask(&format!("open {address}"));
            // Who sees the writer in the list of processes may name it, under the number that it has there.
            let named = format!("alive {}", std::process::id());
            let unnamed = answer.contains("another process holds the role of writer");
            assert!(if own_proc { unnamed } else { answer == named }, "{answer}");
            drop(writer);

            assert_eq!(apart.ask(&format!("open {address}")), "holds 2");
            assert_eq!(apart.ask("write 0 2"), "written");
            let reader = Reader::<Quote>::open(address).unwrap();
            assert_eq!((reader.read(0).unwrap(), reader.status().unwrap()), (quote(2), Status::Alive));
            assert_eq!(Image::of(place).word(at::OWNER_PID), 1, "its number there");
            for refused in [Writer::<Quote>::open(address), Writer::create(address, CAPACITY)] {
                let kind = error_of(refused, address);
                let ErrorKind::WriterAlive { pid, .. } = kind else { panic!("{kind:?}") };
                assert_eq!(pid, None, "process 1 is another one here");
            }
            apart.kill();
            while reader.status().unwrap() == Status::Alive {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(reader.status().unwrap(), Status::Dead);
            let next = Writer::<Quote>::open(address).unwrap();
            assert_eq!((next.epoch(), next.read_versioned(0).unwrap().value), (3, quote(2)));
        });
    }
}

#[test]
fn the_maker_of_a_segment_is_named_by_its_number_here() {
    let place = Place::new(Backend::Sysv);
    let Some(mut apart) = actor_apart(true) else { return };
    assert_eq!(apart.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
    let facts = Reader::<Quote>::open(place.address()).unwrap().facts().unwrap();
    assert!(facts.creator_pid.is_some_and(|pid| pid > 1), "there it is process 1: {facts:?}");
}

#[test]
fn a_segment_of_another_ipc_namespace_is_refused_and_can_be_removed() {
    let place = Place::new(Backend::Sysv);
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    let image = Image::of(&place);
    let here = image.word(at::GUARD_DEVICE);
    image.forge(at::GUARD_DEVICE, &(here + 1).to_le_bytes());
    every_opening_fails::<Quote>(place.address(), CAPACITY, &ErrorKind::NamespaceMismatch);
    // Its creator had no `/proc` to learn it from: then ids tell enough.
    image.forge(at::GUARD_DEVICE, &[0; 8]);
    let reader = Reader::<Quote>::open(place.address()).unwrap();
    assert_eq!(reader.status().unwrap(), Status::Dead);
    let writer = Writer::<Quote>::open(place.address()).unwrap();
    assert_eq!((writer.status().unwrap(), reader.status().unwrap()), (Status::Alive, Status::Alive));
    remove(place.address()).unwrap();
    assert!(place.names().is_empty());
}

#[test]
fn another_ipc_namespace_has_other_segments_and_the_same_files() {
    let test = "namespaces::another_ipc_namespace_has_other_segments_and_the_same_files";
    for backend in Backend::PUBLIC {
        Alone::new(test).ipc().run_after(
            || {
                let place = Place::new(backend);
                let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
                writer.write(0, &quote(1)).unwrap();
                (place.address().to_owned(), (place, writer))
            },
            |address| {
                if address.starts_with("sysv:") {
                    assert_eq!(error_of(Reader::<Quote>::open(address), address), ErrorKind::NotFound);
                    return;
                }
                let reader = Reader::<Quote>::open(address).unwrap();
                assert_eq!((reader.read(0).unwrap(), reader.status().unwrap()), (quote(1), Status::Alive));
                let kind = error_of(Writer::<Quote>::open(address), address);
                assert!(matches!(kind, ErrorKind::WriterAlive { .. }), "{kind:?}");
            },
        );
    }
}

#[test]
fn who_enters_another_ipc_namespace_is_told_no_lies() {
    Alone::new("namespaces::who_enters_another_ipc_namespace_is_told_no_lies").ipc().run(|| {
        let (place, other) = (Place::new(Backend::Sysv), Place::new(Backend::Posix));
        let handles = |place: &Place| {
            let writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            (writer, Reader::<Quote>::open(place.address()).unwrap())
        };
        let ((mut writer, reader), (other_writer, other_reader)) = (handles(&place), handles(&other));
        sysv::leave_namespace().unwrap();
        // A segment that has the same key and id here is another one.
        let next = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        assert_eq!(reader.status().unwrap(), Status::Unknown);
        assert_eq!(error_of(reader.facts(), place.address()), ErrorKind::NamespaceMismatch);
        assert_eq!(error_of(writer.status(), place.address()), ErrorKind::RoleLost);
        writer.write(0, &quote(1)).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(1), "what is mapped stays");
        assert_eq!((next.status().unwrap(), next.read_versioned(0).unwrap().version), (Status::Alive, 0));
        drop(writer);
        let new_reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!(new_reader.status().unwrap(), Status::Alive, "the end of an old handle changes nothing");
        let statuses = (other_writer.status().unwrap(), other_reader.status().unwrap());
        assert_eq!(statuses, (Status::Alive, Status::Alive), "files are the same everywhere");
    });
}

#[test]
fn a_writer_that_leaves_its_ipc_namespace_loses_its_role_on_system_v() {
    every_backend(|place| {
        let mut actor = actor!("hold");
        assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
        actor.take(place);
        match actor.ask("leave").as_str() {
            "left" => {}
            why => return skip(why),
        }
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let expected = if place.backend() == Backend::Sysv { Status::Dead } else { Status::Alive };
        assert_eq!(reader.status().unwrap(), expected, "the kernel has undone its semaphores");
    });
}

#[test]
fn a_clock_that_differs_by_days_decides_nothing() {
    let test = "namespaces::a_clock_that_differs_by_days_decides_nothing";
    let create = |place: &Place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        writer
    };
    let tables = Alone::new(test).clock_ahead().run_after(
        || {
            let tables = Backend::PUBLIC.map(|backend| {
                let [alive, dead] = [Place::new(backend), Place::new(backend)];
                drop(create(&dead));
                (create(&alive), alive, dead)
            });
            let addresses = tables.iter().flat_map(|(_, alive, dead)| [alive.address(), dead.address()]);
            (addresses.collect::<Vec<_>>().join(" "), tables)
        },
        |addresses| {
            for addresses in addresses.split(' ').collect::<Vec<_>>().chunks(2) {
                there(addresses[0], addresses[1]);
            }
        },
    );
    for (_, _, dead) in tables.iter().flatten() {
        let writer = Writer::<Quote>::open(dead.address()).unwrap();
        assert_eq!((writer.epoch(), writer.read_versioned(0).unwrap().value), (3, quote(2)));
    }
}

/// What is seen and done where the clock differs, with a table whose writer lives and one whose writer is gone.
fn there(alive: &str, dead: &str) {
    let reader = Reader::<Quote>::open(alive).unwrap();
    assert_eq!((reader.read(0).unwrap(), reader.status().unwrap()), (quote(1), Status::Alive));
    let kind = error_of(Writer::<Quote>::open(alive), alive);
    let ErrorKind::WriterAlive { pid, .. } = kind else { panic!("{kind:?}") };
    assert_eq!(pid, None, "here it started at another time than it said of itself");
    let reader = Reader::<Quote>::open(dead).unwrap();
    assert_eq!(reader.status().unwrap(), Status::Dead);
    let mut writer = Writer::<Quote>::open(dead).unwrap();
    writer.write(0, &quote(2)).unwrap();
    assert_eq!((writer.epoch(), reader.status().unwrap()), (2, Status::Alive));
    assert_eq!(error_of(Writer::<Quote>::open(dead), dead), ErrorKind::AlreadyHeldHere);
}
