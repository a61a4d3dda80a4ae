//! Memfds on their way to other processes: what a share is worth, and what is no message.

use std::fs::{self, File, Permissions};
use std::io::pipe;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::alone::Alone;
use integration_tests::check::{error_of, skip};
use integration_tests::memfd::{self, VARIABLE, message, sockets};
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use shmrecord::handover::{self, Share};
use shmrecord::{ErrorKind, Reader, Writer, remove};

const CAPACITY: usize = 4;
const PATIENCE: Duration = Duration::from_secs(10);

fn table() -> (Place, Writer<Quote>) {
    let place = Place::new(Backend::Memfd);
    let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    (place, writer)
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_table_goes_over_every_type_of_unix_socket() {
    let (place, writer) = table();
    drop(writer);
    for kind in [libc::SOCK_STREAM, libc::SOCK_SEQPACKET, libc::SOCK_DGRAM] {
        let [ours, theirs] = sockets(kind);
        for share in [Share::Writer, Share::Reader] {
            handover::send(&ours, place.address(), share).unwrap();
        }
        assert_eq!(handover::receive(&theirs, PATIENCE).unwrap(), place.address());
        assert_eq!(Writer::<Quote>::open(place.address()).unwrap().capacity(), CAPACITY);
        assert_eq!(handover::receive(&theirs, PATIENCE).unwrap(), place.address());
        assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
        assert_eq!(place.names(), [""; 0], "the newest counts: a reader's share");
        // What was handed over for reading is nothing to write, to remove, or to hand over for writing.
        let address = place.address();
        assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::PermissionDenied);
        assert_eq!(error_of(remove(address), address), ErrorKind::PermissionDenied);
        let on = handover::send(&ours, address, Share::Writer);
        assert_eq!(error_of(on, address), ErrorKind::PermissionDenied);
        handover::forget(address).unwrap();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        Writer::<Quote>::open(address).unwrap().write(0, &quote(1)).unwrap();
    }
}

#[test]
fn children_inherit_what_they_are_given_and_nothing_else() {
    let tables = [(); 3].map(|()| table());
    let addresses = tables.each_ref().map(|(place, _)| place.address());
    let mut command = Command::new(env!("CARGO_BIN_EXE_actor"));
    handover::inherit(&mut command, addresses[0], Share::Writer).unwrap();
    handover::inherit(&mut command, addresses[1], Share::Reader).unwrap();
    let mut heir = Actor::spawn(command.arg("hold"));
    for address in &addresses[..2] {
        assert_eq!(heir.ask(&format!("read {address} 0")), "1 1");
    }
    assert!(heir.ask(&format!("read {} 0", addresses[2])).contains("not found"));
    assert_eq!(heir.ask(&format!("open {}", addresses[0])), format!("alive {}", std::process::id()));
    assert!(heir.ask(&format!("open {}", addresses[1])).contains("handed over for reading"));
    drop(tables);

    // Through a shell, which knows nothing of it, and a second time from the same command.
    let (place, writer) = table();
    drop(writer);
    let mut command = Command::new("sh");
    handover::inherit(&mut command, place.address(), Share::Writer).unwrap();
    command.args(["-c", "\"$0\" hold; true", env!("CARGO_BIN_EXE_actor")]);
    for epoch in 2..=3 {
        let mut heir = Actor::spawn(&mut command);
        assert_eq!(heir.ask(&format!("open {}", place.address())), format!("holds {epoch}"));
        heir.end();
    }
}

#[test]
fn a_stale_environment_is_ignored() {
    let (place, writer) = table();
    drop(writer);
    let mut command = Command::new("true");
    handover::inherit(&mut command, place.address(), Share::Writer).unwrap();
    let text = memfd::variable(&command);
    let (first, rest) = text.split_once(':').unwrap();
    let other_file = format!("0:{rest}");
    let other_inode = format!("{first}:1:1={}", rest.split_once('=').unwrap().1);
    for words in [text.as_str(), &other_file, &other_inode, "", "=", "/", "3:4", "a:b:c=d", "\u{1}"] {
        // This program's own descriptors close at exec, so that nothing has these numbers, or something else.
        let mut actor =
            Actor::spawn(Command::new(env!("CARGO_BIN_EXE_actor")).arg("hold").env(VARIABLE, words));
        let said = actor.ask(&format!("open {}", place.address()));
        assert!(said.contains("this process holds no memfd of this name"), "{words}: {said}");
    }
    for older in 0..4 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actor"));
        handover::inherit(&mut command, place.address(), Share::Writer).unwrap();
        let words = &memfd::with_older_entries(&command)[older];
        let mut actor = Actor::spawn(command.arg("hold").env(VARIABLE, words));
        assert_eq!(
            actor.ask(&format!("open {}", place.address())),
            format!("holds {}", older + 2),
            "{words:?}"
        );
    }
}

#[test]
fn the_writers_share_outlives_a_killed_writer() {
    let (place, writer) = table();
    drop(writer);
    let mut actor = actor!(for &place; "hold");
    assert_eq!(actor.ask(&format!("open {}", place.address())), "holds 2");
    assert_eq!(actor.ask("write 1 7"), "written");
    let refused = Writer::<Quote>::open(place.address());
    let ErrorKind::WriterAlive { pid, .. } = error_of(refused, place.address()) else {
        panic!("the actor writes");
    };
    assert_eq!(pid, Some(actor.pid()));
    actor.kill();
    let writer = Writer::<Quote>::open(place.address()).unwrap();
    assert_eq!((writer.epoch(), writer.read_versioned(1).unwrap().value), (3, quote(7)));
}

#[test]
fn a_hand_over_to_the_dead_fails_and_harms_nothing() {
    let alone = Alone::new("handover::a_hand_over_to_the_dead_fails_and_harms_nothing");
    alone.run(|| {
        let (place, _writer) = table();
        let before = open_descriptors();
        for kind in [libc::SOCK_STREAM, libc::SOCK_SEQPACKET, libc::SOCK_DGRAM] {
            let [ours, theirs] = sockets(kind);
            // One that is sent and never received, then one that cannot be sent.
            handover::send(&ours, place.address(), Share::Writer).unwrap();
            drop(theirs);
            let sent = handover::send(&ours, place.address(), Share::Writer);
            assert_eq!(error_of(sent, place.address()), ErrorKind::Os);
            drop(ours);
        }
        assert_eq!(open_descriptors(), before);
        assert_eq!(place.names(), ["", ".guard"]);
    });
}

/// The kind of error with which nothing is received, for a memfd.
#[track_caller]
fn nothing_comes(socket: &OwnedFd, timeout: Duration, words: &str) -> ErrorKind {
    let error = handover::receive(socket, timeout).unwrap_err();
    assert!(error.to_string().starts_with("receive a memfd: ") && error.found().contains(words), "{error}");
    error.kind().clone()
}

#[test]
fn what_is_no_message_is_an_error_and_leaves_no_descriptor() {
    let alone = Alone::new("handover::what_is_no_message_is_an_error_and_leaves_no_descriptor");
    alone.run(|| {
        let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        let memfd = memfd::make(&[0; 4096], seals);
        let (null, folder) = (File::open("/dev/null").unwrap(), File::open("/").unwrap());
        let (end, _other_end) = pipe().unwrap();
        let [good, null, folder, end] =
            [memfd.as_raw_fd(), null.as_raw_fd(), folder.as_raw_fd(), end.as_raw_fd()];
        let changed = |at: usize, byte| {
            let mut bytes = message("name", 1);
            bytes[at] = byte;
            bytes
        };
        let longer = [message("name", 1), vec![0]].concat();
        let many = [good; 100];
        let before = open_descriptors();
        for kind in [libc::SOCK_SEQPACKET, libc::SOCK_DGRAM, libc::SOCK_STREAM] {
            let no_name = "none that a memfd may have";
            for (bytes, descriptors, words) in [
                (&b"hello"[..], &[good][..], "5 bytes, 272 expected"),
                (&message("name", 1)[..271], &[good], "271 bytes, 272 expected"),
                (&changed(0, b'X'), &[good], "does not begin with SHMRHND1"),
                (&changed(7, b'2'), &[good, good], "does not begin with SHMRHND1"),
                (&changed(8, 0), &[], "neither one descriptor nor two"),
                (&changed(8, 3), &[good, good, good], "neither one descriptor nor two"),
                (&changed(15, 1), &[good], "neither one descriptor nor two"),
                (&changed(16, 0xff), &[good], "no UTF-8"),
                (&changed(17, b'/'), &[good], no_name),
                (&changed(17, 0), &[good], no_name),
                (&changed(271, b'x'), &[good], no_name),
                (&message("", 1), &[good], no_name),
                (&message("a.guard", 1), &[good], no_name),
                (&message("name", 1), &[], "0 descriptors came, 1 expected"),
                (&message("name", 2), &[good], "1 descriptors came, 2 expected"),
                (&message("name", 1), &[good, good], "2 descriptors came, 1 expected"),
                (&message("name", 2), &[good, good, good], "3 descriptors came, 2 expected"),
                (&message("name", 2), &many, "descriptors came, 2 expected"),
                (&message("name", 1), &[null], "no memfd"),
                (&message("name", 1), &[folder], "no memfd"),
                (&message("name", 2), &[good, end], "no memfd"),
            ] {
                let [ours, theirs] = sockets(kind);
                memfd::send(&theirs, bytes, descriptors);
                assert_eq!(nothing_comes(&ours, PATIENCE, words), ErrorKind::BadMessage);
                drop([ours, theirs]);
                assert_eq!(open_descriptors(), before, "{words}");
            }
            if kind != libc::SOCK_STREAM {
                let [ours, theirs] = sockets(kind);
                memfd::send(&theirs, &longer, &[good]);
                assert_eq!(nothing_comes(&ours, PATIENCE, "more than 272 bytes"), ErrorKind::BadMessage);
            }
            assert_eq!(open_descriptors(), before);
        }
        assert_eq!(error_of(Reader::<Quote>::open("memfd:name"), "memfd:name"), ErrorKind::NotFound);
    });
}

#[test]
fn what_a_socket_tells_of_the_sender_is_neither_taken_nor_left_open() {
    const SO_PASSPIDFD: i32 = 76;
    let alone = Alone::new("handover::what_a_socket_tells_of_the_sender_is_neither_taken_nor_left_open");
    alone.run(|| {
        let (place, _writer) = table();
        let [ours, theirs] = sockets(libc::SOCK_STREAM);
        let is_told = memfd::set_option(&theirs, SO_PASSPIDFD).is_ok();
        memfd::set_option(&theirs, libc::SO_PASSCRED).unwrap();
        if !is_told {
            skip("SO_PASSPIDFD is not to be had");
        }
        let before = open_descriptors();
        for _ in 0..3 {
            handover::send(&ours, place.address(), Share::Writer).unwrap();
            assert_eq!(handover::receive(&theirs, PATIENCE).unwrap(), place.address());
            assert_eq!(open_descriptors(), before);
        }
    });
}

#[test]
fn who_waits_for_nothing_gives_up() {
    let [ours, theirs] = sockets(libc::SOCK_STREAM);
    for timeout in [Duration::ZERO, Duration::from_millis(20)] {
        assert_eq!(nothing_comes(&ours, timeout, "nothing came before the timeout"), ErrorKind::NotReady);
    }
    drop(theirs);
    assert_eq!(nothing_comes(&ours, PATIENCE, "the other end of the socket is closed"), ErrorKind::NotFound);
    let null = OwnedFd::from(File::open("/dev/null").unwrap());
    assert_eq!(nothing_comes(&null, PATIENCE, "recvmsg"), ErrorKind::Os);
}

#[test]
fn only_a_memfd_that_is_there_is_handed_over() {
    let [ours, _theirs] = sockets(libc::SOCK_STREAM);
    for (address, kind) in [
        ("posix:/quotes", ErrorKind::BadArgument { argument: "address" }),
        ("sysv:1", ErrorKind::BadArgument { argument: "address" }),
        ("memfd:shmrecord-test-nothing", ErrorKind::NotFound),
        ("memfd:", ErrorKind::BadName),
        ("quotes", ErrorKind::BadAddress),
    ] {
        for share in [Share::Reader, Share::Writer] {
            assert_eq!(error_of(handover::send(&ours, address, share), address), kind);
            assert_eq!(error_of(handover::inherit(&mut Command::new("true"), address, share), address), kind);
        }
        assert_eq!(error_of(handover::forget(address), address), kind);
    }
}

#[test]
fn no_call_leaves_a_descriptor() {
    let alone = Alone::new("handover::no_call_leaves_a_descriptor");
    alone.run(|| {
        let rounds = || {
            let (place, writer) = table();
            let [ours, theirs] = sockets(libc::SOCK_STREAM);
            for share in [Share::Writer, Share::Reader, Share::Writer] {
                let mut command = Command::new("true");
                handover::inherit(&mut command, place.address(), share).unwrap();
                assert!(command.status().unwrap().success());
                if share == Share::Reader {
                    continue;
                }
                handover::send(&ours, place.address(), share).unwrap();
                handover::receive(&theirs, PATIENCE).unwrap();
            }
            Reader::<Quote>::open(place.address()).unwrap();
            Writer::<Quote>::open(place.address()).unwrap_err();
            drop(writer);
            drop(Writer::<Quote>::open(place.address()).unwrap());
            remove(place.address()).unwrap();
            drop(table());
        };
        rounds();
        let before = open_descriptors();
        for _ in 0..3 {
            rounds();
            assert_eq!(open_descriptors(), before);
        }
    });
}

#[test]
fn another_account_reads_what_it_is_handed_and_cannot_write_it() {
    let alone = Alone::new("handover::another_account_reads_what_it_is_handed_and_cannot_write_it");
    let prepared = alone.nobody().run_after(
        || {
            let (place, writer) = table();
            let door = Place::new(Backend::File);
            fs::set_permissions(door.directory(), Permissions::from_mode(0o755)).unwrap();
            let listener = UnixListener::bind(door.path()).unwrap();
            fs::set_permissions(door.path(), Permissions::from_mode(0o666)).unwrap();
            let word = format!("{} {}", door.path().display(), place.address());
            let giving = thread::spawn(move || {
                let (socket, _) = listener.accept().unwrap();
                handover::send(&socket, place.address(), Share::Reader).unwrap();
                handover::send(&socket, place.address(), Share::Writer).unwrap();
                drop(writer);
            });
            (word, (door, giving))
        },
        |word| {
            let (door, address) = word.split_once(' ').unwrap();
            let socket = UnixStream::connect(door).unwrap();
            assert_eq!(handover::receive(&socket, PATIENCE).unwrap(), address);
            // The mode is 0600, and root's: the descriptor is what counts.
            let reader = Reader::<Quote>::open(address).unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(1));
            let mut command = Command::new("true");
            handover::inherit(&mut command, address, Share::Reader).unwrap();
            let descriptor = memfd::descriptors(&command)[0];
            let refused = |result: std::io::Result<()>| {
                assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EACCES));
            };
            refused(memfd::map_for_writing(descriptor));
            let path = format!("/proc/self/fd/{descriptor}");
            refused(File::options().write(true).open(&path).map(drop));
            refused(File::options().read(true).open(&path).map(drop));
            assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::PermissionDenied);
            // Who is given a writer's share may write, but not hold the role: the guard cannot be opened.
            assert_eq!(handover::receive(&socket, PATIENCE).unwrap(), address);
            assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::PermissionDenied);
            let found = Writer::<Quote>::open(address).unwrap_err();
            assert_eq!((found.found(), found.raw_os_error()), ("open", Some(libc::EACCES)));
        },
    );
    if let Some((door, giving)) = prepared {
        giving.join().unwrap();
        drop(door);
    }
}

#[test]
fn the_guard_is_locked_through_an_open_file_of_its_own() {
    let (place, writer) = table();
    // The descriptors that went along share an open file with those here: a lock on it would be everybody's.
    let mut heir = actor!(for &place; "hold");
    let held = memfd::open(place.address(), Part::Guard).unwrap();
    drop(held);
    assert_eq!(heir.ask(&format!("open {}", place.address())), format!("alive {}", std::process::id()));
    drop(writer);
    assert_eq!(heir.ask(&format!("open {}", place.address())), "holds 2");
    Writer::<Quote>::open(place.address()).unwrap_err();
    assert_eq!(heir.ask("drop"), "dropped");
    assert_eq!(Writer::<Quote>::open(place.address()).unwrap().epoch(), 3);
}
