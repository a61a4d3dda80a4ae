//! What is wrong is found by both runtimes and said in the same words: faults of files, impossible requests.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use integration_tests::alone::NOBODY;
use integration_tests::check;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::Pattern64;
use shmrecord::{Error, Options, Reader, Result, Writer};

use crate::every::{Every, every};
use crate::tools::actors;

pub(crate) const CAPACITY: usize = 5;

/// Something that may be done with an address: the C actor's word for it, and Rust's way.
pub(crate) type Operation = (&'static str, fn(&str) -> Result<()>);

pub(crate) const ATTACH: Operation = ("attach", |address| Reader::<Every>::open(address).map(drop));
pub(crate) const OPEN: Operation = ("open", |address| Writer::<Every>::open(address).map(drop));
pub(crate) const CREATE: Operation =
    ("create", |address| Writer::<Every>::create(address, CAPACITY).map(drop));
pub(crate) const REPLACE: Operation =
    ("replace", |address| Writer::<Every>::replace(address, CAPACITY).map(drop));
pub(crate) const REMOVE: Operation = ("remove", |address| shmrecord::remove(address));

/// Number and text of an error; `ok` without one.
pub(crate) fn words<T>(result: &Result<T>) -> String {
    let words = |error: &Error| format!("{} {error}", error.kind().code());
    result.as_ref().err().map_or("ok".to_owned(), words)
}

/// Lets an actor that can find this table read it.
#[track_caller]
pub(crate) fn attach(actor: &mut Actor, address: &str) {
    assert_eq!(actor.ask(&format!("attach {address}")), format!("sees {CAPACITY}"));
}

/// What C answers, in the same form; it lets go of what it opened.
pub(crate) fn ask(actor: &mut Actor, request: &str) -> String {
    let answer = actor.ask(request);
    if answer.starts_with(|first: char| first.is_ascii_digit()) {
        return answer;
    }
    assert_eq!(actor.ask("drop"), "dropped", "{request}: {answer}");
    "ok".to_owned()
}

pub(crate) fn request(operation: &Operation, address: &str) -> String {
    let capacity =
        if ["create", "replace"].contains(&operation.0) { format!(" {CAPACITY}") } else { String::new() };
    format!("{} {address}{capacity}", operation.0)
}

pub(crate) fn make_table(place: &Place) {
    drop(Writer::<Every>::create(place.address(), CAPACITY).unwrap());
}

fn change(place: &Place, change: impl Fn(&Image)) {
    make_table(place);
    change(&Image::of(place));
}

/// A fault: what it is called, how it comes about, and what may be tried then.
type Fault = (&'static str, fn(&Place), &'static [Operation]);

const ALL: &[Operation] = &[ATTACH, OPEN, CREATE, REPLACE, REMOVE];

const FAULTS: &[Fault] = &[
    ("nothing there", |_| (), &[ATTACH, OPEN, REMOVE]),
    ("a whole table", make_table, ALL),
    ("a directory", |place| fs::create_dir(place.path()).unwrap(), ALL),
    ("a symbolic link", |place| symlink("/dev/null", place.path()).unwrap(), ALL),
    ("a socket", |place| drop(UnixListener::bind(place.path()).unwrap()), ALL),
    ("a FIFO", |place| assert!(Command::new("mkfifo").arg(place.path()).status().unwrap().success()), ALL),
    ("an empty file", |place| fs::write(place.path(), "").unwrap(), ALL),
    ("a short file", |place| fs::write(place.path(), "SHMRECRD".repeat(79)).unwrap(), ALL),
    ("zeros", |place| fs::write(place.path(), [0; 4096]).unwrap(), ALL),
    ("a text", |place| fs::write(place.path(), "text\n".repeat(999)).unwrap(), ALL),
    ("the other byte order", |place| change(place, |image| image.put(0, b"DRCERMHS")), ALL),
    ("another format", |place| change(place, |image| image.forge(at::ABI_VERSION, &[2])), ALL),
    ("a cut file", |place| change(place, |image| image.set_length(image.length() - 64)), ALL),
    ("a longer file", |place| change(place, |image| image.set_length(image.length() + 64)), ALL),
    ("an older boot", |place| change(place, |image| image.forge(at::BOOT_ID, &[1; 16])), ALL),
    ("a removed table", |place| change(place, |image| image.set_word(at::STATE, 2)), ALL),
    ("a mode for everybody", |place| mode(place, 0o666), ALL),
    ("a mode for reading", |place| mode(place, 0o644), ALL),
    ("no guard", |place| guard(place, |guard| fs::remove_file(guard).unwrap()), ALL),
    (
        "a directory for a guard",
        |place| guard(place, |guard| replace(guard, |path| fs::create_dir(path))),
        ALL,
    ),
    ("a copied guard", |place| guard(place, |guard| replace(guard, |path| fs::write(path, ""))), ALL),
    ("another record", |place| drop(Writer::<Pattern64>::create(place.address(), CAPACITY).unwrap()), ALL),
    ("another capacity", |place| drop(Writer::<Every>::create(place.address(), 6).unwrap()), ALL),
];

fn mode(place: &Place, mode: u32) {
    make_table(place);
    fs::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
}

fn guard(place: &Place, change: impl Fn(&std::path::Path)) {
    make_table(place);
    change(&place.guard());
}

fn replace(path: &std::path::Path, by: impl Fn(&std::path::Path) -> std::io::Result<()>) {
    // Kept, so that what replaces it has another inode.
    fs::rename(path, path.with_extension("kept")).unwrap();
    by(path).unwrap();
}

#[test]
fn every_fault_has_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    let mut faults = FAULTS.to_vec();
    let foreign = |place: &Place| {
        make_table(place);
        chown(place.path(), Some(NOBODY), None).unwrap();
    };
    if check::is_root() {
        faults.push(("another owner", foreign, ALL));
    } else {
        check::skip("only root can give a file away");
    }
    let mut codes = BTreeSet::new();
    for (name, fault, operations) in faults {
        for operation in operations {
            let [c, rust] = [true, false].map(|in_c| {
                let place = Place::new(Backend::File);
                fault(&place);
                let address = place.address();
                let words = match in_c {
                    true => ask(&mut actor, &request(operation, address)),
                    false => words(&operation.1(address)),
                };
                words.replace(&*place.directory().to_string_lossy(), "DIRECTORY")
            });
            assert_eq!(c, rust, "{} on {name}, in C and in Rust", operation.0);
            codes.insert(rust.split(' ').next().unwrap().to_owned());
        }
    }
    let found: Vec<&str> = codes.iter().map(String::as_str).collect();
    println!("codes {found:?}");
    for code in ["ok", "3", "4", "6", "11", "12", "13", "14", "17", "19", "20", "21", "23", "26"] {
        assert!(codes.contains(code), "no fault gives {code}");
    }
}

#[test]
fn impossible_requests_have_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    for address in [
        "quotes",
        "shm:/quotes",
        "posix:",
        "posix:/",
        "posix:/a/b",
        "posix:/..",
        "posix:/a.guard",
        "file:/tmp/",
        "file:",
        "file:/tmp/.",
        "file:/no/such/folder/table",
        "file:/proc/table",
        "file:/etc/passwd/table",
        "file:/dev/null",
    ] {
        for operation in ALL {
            let expected = words(&operation.1(address));
            assert_eq!(ask(&mut actor, &request(operation, address)), expected, "{} {address}", operation.0);
        }
    }
    let place = Place::new(Backend::Posix);
    let address = place.address();
    for capacity in [0, usize::MAX, 1 << 48, (1 << 48) + 1] {
        let expected = words(&Writer::<Every>::create(address, capacity));
        assert_eq!(ask(&mut actor, &format!("create {address} {capacity}")), expected);
    }
    for cells in (1..=17).chain([u32::MAX]) {
        let expected = words(&Options::new().cells(cells).create::<Every>(address, CAPACITY));
        let _ = shmrecord::remove(address);
        assert_eq!(ask(&mut actor, &format!("create {address} {CAPACITY} {cells} any")), expected);
        let _ = shmrecord::remove(address);
    }
    let mut writer = Writer::<Every>::create(address, CAPACITY).unwrap();
    let reader = Reader::<Every>::open(address).unwrap();
    let [write, read] = [words(&writer.write(CAPACITY, &every(0))), words(&reader.read(CAPACITY))];
    drop(writer);
    assert_eq!(actor.ask(&format!("open {address}")), "holds 2");
    assert_eq!(actor.ask(&format!("write {CAPACITY} 0")), write);
    attach(&mut actor, address);
    assert_eq!(actor.ask(&format!("read {CAPACITY}")), read);
}

#[test]
fn impossible_batches_and_snapshots_have_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    for cells in [1, 2] {
        let place = Place::new(Backend::Posix);
        let address = place.address();
        let options = Options::new().cells(cells);
        let options = if cells == 1 { options.log_entries(3) } else { options };
        drop(options.create::<Every>(address, CAPACITY).unwrap());
        let mut published = 0;
        for indices in [&[][..], &[0], &[4, 1, 3], &[5], &[0, 5], &[1, 1], &[2, 0, 2], &[0, 1, 2, 3]] {
            let mut writer = Writer::<Every>::open(address).unwrap();
            let result =
                writer.batch(|batch| indices.iter().try_for_each(|&index| batch.set(index, &every(7))));
            drop(writer);
            published += u32::from(result.is_ok());
            let held = actor.ask(&format!("open {address}"));
            assert!(held.starts_with("holds"), "{held}");
            let texts: Vec<String> = indices.iter().map(|index: &usize| format!(" {index}")).collect();
            let answer = actor.ask(&format!("batch{}", texts.concat()));
            assert_eq!(answer.replace("published", "ok"), words(&result), "{indices:?}, {cells} cells");
            assert_eq!(actor.ask("drop"), "dropped");
        }
        assert_eq!(published, if cells == 1 { 3 } else { 0 });
        let reader = Reader::<Every>::open(address).unwrap();
        attach(&mut actor, address);
        for (first, count) in [(0, 0), (0, 5), (5, 0), (1, 4), (0, 6), (1, 5), (6, 0), (5, 1)] {
            let answer = actor.ask(&format!("snapshot {first} {count}"));
            assert_eq!(
                answer.replace("whole", "ok"),
                words(&reader.snapshot(first..first + count)),
                "{first} {count}"
            );
        }
        assert_eq!(actor.ask("drop"), "dropped");
    }
}
