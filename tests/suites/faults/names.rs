//! Names that are none, and names that something else has.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use integration_tests::case::every_named_backend;
use integration_tests::check::{error_of, every_opening, is_root, skip};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::{Error, ErrorKind, Reader, Writer, remove};

const CAPACITY: usize = 4;

#[test]
fn bad_names_are_refused_by_every_call() {
    let place = Place::new(Backend::File);
    let below = |name: &str| format!("file:{}/{name}", place.directory().display());
    let names = |name: &str| vec![format!("posix:/{name}"), below(name)];
    let long = "n".repeat(250);
    let longest = "n".repeat(256);
    let cases = [
        (
            ErrorKind::BadName,
            "the name is empty",
            vec!["posix:".into(), "posix:/".into(), "file:".into(), below("")],
        ),
        (ErrorKind::BadName, "is a directory", [names("."), names("..")].concat()),
        (ErrorKind::BadName, "a slash inside the name", vec!["posix:/a/b".into(), "posix://a".into()]),
        (ErrorKind::BadName, "a NUL inside the name", names("a\0b")),
        (ErrorKind::BadName, "249", [names(&long), names(&longest)].concat()),
        (ErrorKind::BadName, "belong to guard files", names("table.guard")),
        (ErrorKind::BadAddress, "no kind before a colon", vec!["table".into(), String::new()]),
        (ErrorKind::BadAddress, "is unknown", vec!["shm:/table".into(), ":".into()]),
        (ErrorKind::BadKey, "IPC_PRIVATE", vec!["sysv:0".into(), "sysv:0x0".into()]),
        (ErrorKind::BadKey, "", vec!["sysv:".into(), "sysv:-1".into(), "sysv:0x100000000".into()]),
    ];
    for (kind, words, addresses) in cases {
        for address in addresses {
            let removal = [("remove", remove(&address))];
            for (call, result) in every_opening::<Quote>(&address, CAPACITY).into_iter().chain(removal) {
                let error: &Error = result.as_ref().unwrap_err();
                assert!(error.found().contains(words), "{call}: {error}");
                assert_eq!(error_of(result, &address), kind, "{call}");
            }
        }
    }
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn the_longest_name_and_one_without_a_slash_work() {
    let place = Place::new(Backend::Posix);
    let name = place.address().strip_prefix("posix:/").unwrap();
    let mut writer = Writer::<Quote>::create(&format!("posix:{name}"), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));

    let place = Place::new(Backend::File);
    let address = format!("file:{}/{}", place.directory().display(), "n".repeat(249));
    drop(Writer::<Quote>::create(&address, CAPACITY).unwrap());
    assert_eq!(place.names().len(), 2, "segment and guard");
    remove(&address).unwrap();
    assert!(place.names().is_empty());
}

#[test]
fn a_directory_that_is_missing_is_said_so() {
    let place = Place::new(Backend::File);
    for below in ["missing/table", "missing/deeper/table"] {
        let address = format!("file:{}/{below}", place.directory().display());
        for (call, result) in every_opening::<Quote>(&address, CAPACITY) {
            assert_eq!(error_of(result, &address), ErrorKind::NotFound, "{call}");
        }
        assert_eq!(error_of(remove(&address), &address), ErrorKind::NotFound);
    }
    fs::write(place.path(), "a file, no directory").unwrap();
    let address = format!("{}/table", place.address());
    for (call, result) in every_opening::<Quote>(&address, CAPACITY) {
        let error = result.as_ref().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR), "{call}: {error}");
    }
    assert_eq!(place.names(), [""]);
}

/// Puts something that is no regular file at this path; `false` where that is not possible.
type Put = fn(&Path) -> bool;

/// What has the name, what errors call it, and how it comes there.
const OBSTACLES: [(&str, &[&str], Put); 6] = [
    ("a link to nothing", &["symbolic link"], |path| symlink("/nothing/there", path).is_ok()),
    ("a link to a table", &["symbolic link"], |path| symlink(path.with_extension("other"), path).is_ok()),
    ("a directory", &["directory"], |path| fs::create_dir(path).is_ok()),
    ("a FIFO", &["FIFO"], |path| command("mkfifo", path, &[])),
    ("a socket", &["socket", "socket or device"], |path| UnixListener::bind(path).is_ok()),
    ("a device", &["device", "socket or device"], |path| command("mknod", path, &["c", "1", "3"])),
];

fn command(name: &str, path: &Path, arguments: &[&str]) -> bool {
    if name == "mknod" && !is_root() {
        skip("only root can make a device");
        return false;
    }
    let status = Command::new(name).arg(path).args(arguments).status();
    status.is_ok_and(|status| status.success())
}

/// A table that a link may lead to.
fn other_table(place: &Place) -> String {
    let address = format!("{}.other", place.address());
    drop(Writer::<Quote>::create(&address, CAPACITY).unwrap());
    address
}

#[test]
fn what_is_no_file_under_the_segments_name_is_refused_at_once() {
    every_named_backend(|place| {
        let address = place.address();
        let other = other_table(place);
        for (what, kinds, put) in OBSTACLES {
            if !put(place.path()) {
                continue;
            }
            let before = place.names();
            let removal = [("remove", remove(address))];
            for (call, result) in every_opening::<Quote>(address, CAPACITY).into_iter().chain(removal) {
                let kind = error_of(result, address);
                let expected = matches!(kind, ErrorKind::NotRegular { kind } if kinds.contains(&kind));
                assert!(expected, "{what}, {call}: {kind:?}");
            }
            assert_eq!(place.names(), before, "{what}: nothing was made or removed");
            clear(place.path());
        }
        remove(&other).unwrap();
    });
}

#[test]
fn what_is_no_file_under_the_guards_name_is_refused_at_once() {
    every_named_backend(|place| {
        let address = place.address();
        let other = other_table(place);
        let guard = place.guard();
        for (what, kinds, put) in OBSTACLES {
            if !put(&guard) {
                continue;
            }
            let before = place.names();
            let result = Writer::<Quote>::create(address, CAPACITY);
            let error = result.as_ref().unwrap_err();
            assert!(error.subject().ends_with(".guard"), "{what}: {error}");
            let kind = error_of(result, address);
            assert!(
                matches!(kind, ErrorKind::NotRegular { kind } if kinds.contains(&kind)),
                "{what}: {kind:?}"
            );
            assert_eq!(place.names(), before, "{what}: nothing was made or removed");
            clear(&guard);

            let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            drop(writer);
            fs::remove_file(&guard).unwrap();
            assert!(put(&guard));
            for (call, result) in every_opening::<Quote>(address, CAPACITY) {
                match call {
                    "Writer::open" | "Writer::create" => {
                        let kind = error_of(result, address);
                        let expected =
                            matches!(kind, ErrorKind::NotRegular { kind } if kinds.contains(&kind));
                        assert!(expected, "{what}, {call}: {kind:?}");
                    }
                    _ => assert!(result.is_ok(), "{what}, {call}: readers need no guard"),
                }
            }
            let kind = error_of(remove(address), address);
            assert!(matches!(kind, ErrorKind::NotRegular { .. }), "{what}: {kind:?}");
            clear(&guard);
            remove(address).unwrap();
        }
        remove(&other).unwrap();
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

fn clear(path: &Path) {
    fs::remove_file(path).or_else(|_| fs::remove_dir(path)).unwrap();
}
