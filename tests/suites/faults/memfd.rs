//! Memfds: what their seals keep peers from, what is said of those that lack them, and tables that only their creator can
//! write.

use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::process::Command;

use integration_tests::actor;
use integration_tests::case::every_public_backend;
use integration_tests::check::{error_of, every_opening, every_opening_fails};
use integration_tests::image::Image;
use integration_tests::memfd;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::handover::{self, Share};
use shmrecord::{ErrorKind, Options, Reader, Writer, remove};

const CAPACITY: usize = 4;

fn place() -> Place {
    Place::new(Backend::Memfd)
}

#[test]
fn no_peer_can_cut_or_extend_a_table() {
    let place = place();
    let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    let length = Image::of(&place).length();
    for part in [Part::Segment, Part::Guard] {
        let file = memfd::open(place.address(), part).unwrap();
        let other = [0, 1, 4096, length + 1, 1 << 30]
            .into_iter()
            .filter(|&size| size != file.metadata().unwrap().len());
        for size in other {
            assert_eq!(file.set_len(size).unwrap_err().raw_os_error(), Some(libc::EPERM), "{part:?}: {size}");
        }
    }
    // Another process, which holds the descriptor and opens it again: an error there, no signal here.
    let mut command = Command::new("sh");
    handover::inherit(&mut command, place.address(), Share::Writer).unwrap();
    let path = format!("/proc/self/fd/{}", memfd::descriptors(&command)[0]);
    let output = command.args(["-c", "truncate -s 0 \"$0\" || : > \"$0\"", &path]).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(Image::of(&place).length(), length);
    assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
    writer.write(CAPACITY - 1, &quote(2)).unwrap();
}

#[test]
fn every_missing_seal_is_named() {
    const SEALS: [(i32, &str); 3] = [
        (libc::F_SEAL_SHRINK, "F_SEAL_SHRINK"),
        (libc::F_SEAL_GROW, "F_SEAL_GROW"),
        (libc::F_SEAL_SEAL, "F_SEAL_SEAL"),
    ];
    let (original, place) = (place(), place());
    let mut writer = Writer::<Quote>::create(original.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    let contents = Image::of(&original).bytes();
    let accepting = Options::new().accept_unsealed(true);
    for chosen in 0..8 {
        let is_there = |at: &usize| chosen >> at & 1 == 1;
        let (there, missing): (Vec<usize>, Vec<usize>) = (0..3).partition(is_there);
        let seals = there.iter().fold(0, |seals, &at| seals | SEALS[at].0);
        memfd::enter(place.address(), &[&memfd::make(&contents, seals)]);
        let names: Vec<&str> = missing.iter().map(|&at| SEALS[at].1).collect();
        if names.is_empty() {
            assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
        } else {
            let kind = ErrorKind::Unsealed { missing: names.join(", ") };
            every_opening_fails::<Quote>(place.address(), CAPACITY, &kind);
            assert_eq!(error_of(remove(place.address()), place.address()), kind);
        }
        assert_eq!(accepting.open::<Quote>(place.address()).unwrap().read(0).unwrap(), quote(1));
        let writer = accepting.open_writer::<Quote>(place.address());
        assert_eq!(error_of(writer, place.address()), ErrorKind::GuardLost, "it came without");
    }
}

#[test]
fn an_unsealed_guard_is_no_guard() {
    let (original, place) = (place(), place());
    drop(Writer::<Quote>::create(original.address(), CAPACITY).unwrap());
    let segment = memfd::open(original.address(), Part::Segment).unwrap();
    memfd::enter(place.address(), &[&segment, &memfd::make(b"", 0)]);
    let writer = Writer::<Quote>::open(place.address());
    assert!(matches!(error_of(writer, place.address()), ErrorKind::Unsealed { .. }));
    // Sealed, it is still not the one that the segment was made with.
    memfd::enter(place.address(), &[&segment, &memfd::make(b"", memfd::SEALS)]);
    assert_eq!(error_of(Writer::<Quote>::open(place.address()), place.address()), ErrorKind::GuardLost);
}

#[test]
fn another_programs_memfd_is_held_but_no_table() {
    let place = place();
    memfd::enter(place.address(), &[&memfd::make(&[7; 4096], memfd::SEALS)]);
    every_opening_fails::<Quote>(place.address(), CAPACITY, &ErrorKind::BadMagic);
    assert_eq!(error_of(remove(place.address()), place.address()), ErrorKind::BadMagic);
    assert_eq!(place.names(), [""]);
    // It can be given on, with the right to write.
    let mut actor = actor!("hold");
    actor.give(&place);
    assert!(actor.ask(&format!("open {}", place.address())).contains("not a segment of shmrecord"));
    assert_eq!(Image::of(&place).bytes(), [7; 4096]);
    handover::forget(place.address()).unwrap();
    assert_eq!(error_of(handover::forget(place.address()), place.address()), ErrorKind::NotFound);
}

#[test]
fn an_exclusive_table_is_written_by_its_creator_alone() {
    let place = place();
    let address = place.address();
    let options = Options::new().exclusive(true);
    let mut writer = options.create::<Quote>(address, CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    let file = memfd::open(address, Part::Segment).unwrap();
    assert_eq!(memfd::map_for_writing(file.as_raw_fd()).unwrap_err().raw_os_error(), Some(libc::EPERM));
    assert_eq!(file.write_all_at(&[0; 8], 0).unwrap_err().raw_os_error(), Some(libc::EPERM));
    let mut heir = actor!(for &place; "hold");
    let mut writer = Some(writer);
    for _ in ["beside its writer", "after it"] {
        for (opening, result) in every_opening::<Quote>(address, CAPACITY).into_iter().skip(2) {
            let found = result.as_ref().unwrap_err().found().to_owned();
            assert_eq!(error_of(result, address), ErrorKind::PermissionDenied, "{opening}");
            assert!(found.contains("sealed against writing"), "{found}");
        }
        assert_eq!(error_of(remove(address), address), ErrorKind::PermissionDenied);
        assert!(heir.ask(&format!("open {address}")).contains("sealed against writing"));
        assert_eq!(heir.ask(&format!("read {address} 0")), "1 1");
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
        if let Some(mut writer) = writer.take() {
            writer.write(1, &quote(2)).unwrap();
        }
    }
    handover::forget(address).unwrap();
    assert_eq!(options.create::<Quote>(address, CAPACITY).unwrap().epoch(), 1);
}

#[test]
fn only_a_new_memfd_can_be_exclusive() {
    let options = Options::new().exclusive(true);
    every_public_backend(|place| {
        let result = options.create::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(result, place.address()), ErrorKind::BadArgument { argument: "option" });
        assert!(place.names().is_empty());
    });
    let place = place();
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    let result = options.create::<Quote>(place.address(), CAPACITY);
    assert_eq!(error_of(result, place.address()), ErrorKind::ShapeMismatch { what: "sealing" });
}

#[test]
fn a_table_that_one_process_removes_goes_from_the_others_when_they_look() {
    let place = place();
    let address = place.address();
    let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    let [mut reading, mut writing, mut removing] = [(); 3].map(|()| actor!("hold"));
    reading.send(address, Share::Reader);
    writing.give(&place);
    removing.give(&place);
    drop(writer);
    assert_eq!(reading.ask(&format!("read {address} 0")), "1 1");
    remove(address).unwrap();
    assert!(place.names().is_empty());
    assert!(reading.ask(&format!("read {address} 0")).contains("removed meanwhile"));
    assert!(reading.ask(&format!("read {address} 0")).contains("not found"), "it has let go");
    assert!(writing.ask(&format!("open {address}")).contains("not found"), "it has finished the removal");
    // A creator starts anew, with a table of its own.
    assert_eq!(removing.ask(&format!("create {address} {CAPACITY}")), "holds 1");
    assert!(place.names().is_empty());
}
