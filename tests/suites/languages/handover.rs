//! Memfds between languages: each takes what the other hands over, in every way, and both say the same of what is wrong.

use std::fs;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use integration_tests::check::skip;
use integration_tests::memfd::{self, message};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use shmrecord::handover::{self, Share};
use shmrecord::{Options, Reader, Writer};

use crate::errors::{ATTACH, OPEN, words};
use crate::every::{Every, every};
use crate::tools::actors;

const CAPACITY: usize = 3;
const PATIENCE: Duration = Duration::from_secs(10);

fn table() -> (Place, Writer<Every>) {
    let place = Place::new(Backend::Memfd);
    let mut writer = Writer::<Every>::create(place.address(), CAPACITY).unwrap();
    writer.write(0, &every(1)).unwrap();
    (place, writer)
}

#[test]
fn a_readers_share_is_for_reading_in_both() {
    for program in actors() {
        let (place, writer) = table();
        let address = place.address();
        drop(writer);
        let mut actor = Actor::start(program, &["hold"]);
        actor.send(address, Share::Reader);
        assert_eq!(actor.ask(&format!("attach {address}")), format!("sees {CAPACITY}"));
        let refused = actor.ask(&format!("open {address}"));
        // It cannot give more than it has; what it gives on is a reader's share again.
        assert!(actor.ask(&format!("send {address}")).contains("handed over for reading"));
        actor.say(&format!("lend {address}"));
        assert_eq!(handover::receive(actor.input(), PATIENCE).unwrap(), address);
        assert_eq!(actor.line(), "sent");
        assert_eq!(refused, words(&OPEN.1(address)));
        assert_eq!(Reader::<Every>::open(address).unwrap().capacity(), CAPACITY);

        // What it held was its own.
        assert_eq!(actor.ask(&format!("forget {address}")), "forgotten");
        handover::forget(address).unwrap();
        for operation in [ATTACH, OPEN] {
            let c = actor.ask(&format!("{} {address}", operation.0));
            assert_eq!(c, words(&operation.1(address)));
        }
        assert_eq!(actor.ask(&format!("forget {address}")), words(&handover::forget(address)));
        let sent = words(&handover::send(actor.input(), address, Share::Reader));
        assert_eq!(actor.ask(&format!("lend {address}")), sent);
    }
}

#[test]
fn children_inherit_across_languages() {
    let rust = env!("CARGO_BIN_EXE_actor");
    for program in actors() {
        let (place, writer) = table();
        let address = place.address();
        drop(writer);
        for older in 0..4 {
            let mut command = Command::new(program);
            handover::inherit(&mut command, address, Share::Writer).unwrap();
            let words = &memfd::with_older_entries(&command)[older];
            let mut actor = Actor::spawn(command.arg("hold").env(memfd::VARIABLE, words));
            assert_eq!(actor.ask(&format!("open {address}")), format!("holds {}", older + 2), "{words:?}");
        }
        // Rust to C; that becomes another C program, and that a Rust one.
        let mut actor = Actor::heir(&place, program, &["hold"]);
        assert_eq!(actor.ask(&format!("open {address}")), "holds 6");
        assert_eq!(actor.ask("write 1 5"), "written");
        assert_eq!(actor.ask(&format!("become {program} {address}")), "becoming");
        assert_eq!(actor.ask(&format!("open {address}")), "holds 7");
        assert_eq!(actor.ask("write 2 5"), "written");
        assert_eq!(actor.ask(&format!("become {rust} {address}")), "becoming");
        // Another record than this actor's, which it can only say of a table that it has found.
        let said = actor.ask(&format!("open {address}"));
        assert!(said.contains("layout mismatch"), "{said}");
        drop(actor);
        let writer = Writer::<Every>::open(address).unwrap();
        assert_eq!((writer.epoch(), writer.read_versioned(2).unwrap().version), (8, 1));
    }
}

#[test]
fn what_is_removed_elsewhere_is_let_go_of_with_the_same_words() {
    for program in actors() {
        let (place, writer) = table();
        let address = place.address();
        drop(writer);
        let [mut reading, mut writing] = [(); 2].map(|()| Actor::start(program, &["hold"]));
        reading.send(address, Share::Reader);
        writing.give(&place);
        shmrecord::remove(address).unwrap();
        let retired = reading.ask(&format!("attach {address}"));
        assert!(retired.contains("removed meanwhile"), "{retired}");
        let absent = [words(&ATTACH.1(address)), words(&OPEN.1(address))];
        assert_eq!(reading.ask(&format!("attach {address}")), absent[0]);
        assert_eq!(writing.ask(&format!("open {address}")), absent[1]);
        // The reverse: removed in C, found here.
        assert_eq!(writing.ask(&format!("create {address} {CAPACITY}")), "holds 1");
        writing.take(&place);
        assert_eq!(writing.ask(&format!("remove {address}")), "removed");
        assert_eq!(words(&ATTACH.1(address)), retired);
        assert_eq!(words(&ATTACH.1(address)), absent[0]);
    }
}

#[test]
fn an_exclusive_table_is_one_for_both() {
    for program in actors() {
        let (by_rust, by_c) = (Place::new(Backend::Memfd), Place::new(Backend::Memfd));
        let _writer = Options::new().exclusive(true).create::<Every>(by_rust.address(), CAPACITY).unwrap();
        let mut actor = Actor::start(program, &["hold"]);
        assert_eq!(actor.ask(&format!("exclusive {} {CAPACITY}", by_c.address())), "holds 1");
        assert_eq!(actor.ask("write 0 1"), "written");
        actor.give(&by_rust);
        actor.take(&by_c);
        assert_eq!(Reader::<Every>::open(by_c.address()).unwrap().read_versioned(0).unwrap().version, 1);
        let (c, rust) =
            (actor.ask(&format!("open {}", by_rust.address())), words(&OPEN.1(by_rust.address())));
        assert_eq!(c, rust);
        assert_eq!(words(&OPEN.1(by_c.address())), c.replace(by_rust.address(), by_c.address()));
        // Not of another kind, and not when there is one that everybody may write.
        let place = Place::new(Backend::Posix);
        let exclusive =
            |address: &str| words(&Options::new().exclusive(true).create::<Every>(address, CAPACITY));
        let c = actor.ask(&format!("exclusive {} {CAPACITY}", place.address()));
        assert_eq!(c, exclusive(place.address()));
        let (shared, writer) = table();
        drop(writer);
        actor.give(&shared);
        let c = actor.ask(&format!("exclusive {} {CAPACITY}", shared.address()));
        assert_eq!(c, exclusive(shared.address()));
    }
}

#[test]
fn what_a_socket_tells_of_the_sender_is_closed_in_c_too() {
    const SO_PASSPIDFD: i32 = 76;
    for program in actors() {
        let (place, writer) = table();
        drop(writer);
        let [ours, theirs] = memfd::sockets(libc::SOCK_STREAM);
        if memfd::set_option(&theirs, SO_PASSPIDFD).is_err() {
            return skip("SO_PASSPIDFD is not to be had");
        }
        let mut actor = Actor::over(Command::new(program).arg("hold"), ours.into(), theirs);
        actor.send(place.address(), Share::Writer);
        let descriptors = |actor: &Actor| fs::read_dir(format!("/proc/{}/fd", actor.pid())).unwrap().count();
        let before = descriptors(&actor);
        actor.send(place.address(), Share::Writer);
        assert_eq!(descriptors(&actor), before);
    }
}

#[test]
fn what_is_no_message_has_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    let good = memfd::make(&[0; 4096], seals);
    let null = fs::File::open("/dev/null").unwrap();
    let [good, null] = [&good, &null].map(std::os::fd::AsRawFd::as_raw_fd);
    let mut actor = Actor::start(program, &["hold"]);
    let descriptors = |actor: &Actor| fs::read_dir(format!("/proc/{}/fd", actor.pid())).unwrap().count();
    // The first call opens what stays open.
    assert!(actor.ask("attach memfd:none").starts_with("3 "));
    let before = descriptors(&actor);
    let with = |at: usize, byte| {
        let mut bytes = message("name", 1);
        bytes[at] = byte;
        bytes
    };
    for (bytes, sent) in [
        (b"hello".to_vec(), vec![good]),
        (with(0, 0), vec![good, good, good]),
        (with(8, 3), vec![good]),
        (with(12, 1), vec![good]),
        (with(17, b'/'), vec![good]),
        (with(17, 0), vec![good]),
        (with(18, 0xc0), vec![good]),
        (message("a.guard", 1), vec![good]),
        (message("name", 1), vec![]),
        (message("name", 2), vec![good]),
        (message("name", 1), vec![good; 40]),
        (message("name", 2), vec![good; 100]),
        (message("name", 2), vec![good, null]),
    ] {
        let [ours, theirs] = memfd::sockets(libc::SOCK_STREAM);
        memfd::send(&theirs, &bytes, &sent);
        let rust = words(&handover::receive(&ours, PATIENCE));
        assert_eq!(actor.ask("receive"), "receiving");
        memfd::send(&actor.input().as_fd().try_clone_to_owned().unwrap(), &bytes, &sent);
        assert_eq!(actor.line(), rust);
        assert!(rust.starts_with("43 receive a memfd: bad message: "), "{rust}");
        assert_eq!(descriptors(&actor), before, "{rust}");
    }
}
