//! Owners, modes, and accounts that may read but not write.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use integration_tests::alone::{Alone, NOBODY};
use integration_tests::case::every_backend;
use integration_tests::check::{error_of, every_opening_fails, is_root, skip};
use integration_tests::lock;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::sysv;
use shmrecord::{ErrorKind, Options, RawReader, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;
/// Another account that is neither root nor [`NOBODY`].
const STRANGER: u32 = 12_345;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn modes_are_exact_under_an_open_umask() {
    Alone::new("access::modes_are_exact_under_an_open_umask").setup("umask 000").run(modes_are_exact);
}

#[test]
fn modes_are_exact_under_a_closed_umask() {
    Alone::new("access::modes_are_exact_under_a_closed_umask").setup("umask 777").run(modes_are_exact);
}

fn modes_are_exact() {
    every_backend(|place| {
        if place.backend() == Backend::File {
            set_mode(place.directory(), 0o700); // the umask counted for it
        }
        for (segment, guard) in [
            (0o600, 0o600),
            (0o640, 0o600),
            (0o644, 0o600),
            (0o660, 0o660),
            (0o664, 0o660),
            (0o666, 0o666),
            (0o622, 0o666),
            (0o777, 0o666),
        ] {
            drop(Options::new().mode(segment).create::<Quote>(place.address(), CAPACITY).unwrap());
            assert_eq!((place.mode(Part::Segment), place.mode(Part::Guard)), (segment, guard), "{segment:o}");
            Options::new().mode(segment).remove(place.address()).unwrap();
        }
    });
}

#[test]
fn what_everybody_may_write_is_refused_unless_accepted() {
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let accepting = Options::new().mode(0o666);
        place.set_mode(Part::Segment, 0o622);
        every_opening_fails::<Quote>(address, CAPACITY, &ErrorKind::TooPermissive { mode: 0o622 });
        assert_eq!(error_of(remove(address), address), ErrorKind::TooPermissive { mode: 0o622 });
        accepting.open::<Quote>(address).unwrap();
        accepting.open_raw(address).unwrap();
        accepting.open_writer::<Quote>(address).unwrap();
        accepting.create::<Quote>(address, CAPACITY).unwrap();

        place.set_mode(Part::Segment, 0o664);
        place.set_mode(Part::Guard, 0o606);
        let guard = ErrorKind::TooPermissive { mode: 0o606 };
        assert_eq!(error_of(Writer::<Quote>::open(address), address), guard);
        assert_eq!(error_of(Writer::<Quote>::create(address, CAPACITY), address), guard);
        assert_eq!(error_of(remove(address), address), guard);
        Reader::<Quote>::open(address).unwrap();
        accepting.open_writer::<Quote>(address).unwrap();
        accepting.remove(address).unwrap();
    });
}

#[test]
fn what_a_stranger_owns_is_refused_unless_named() {
    if !is_root() {
        return skip("only root can give a file away");
    }
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let naming = Options::new().owner(STRANGER);
        let refused = ErrorKind::BadOwner { uid: STRANGER };
        place.give(Part::Segment, STRANGER);
        every_opening_fails::<Quote>(address, CAPACITY, &refused);
        assert_eq!(error_of(remove(address), address), refused);
        let other = Options::new().owner(STRANGER + 1);
        assert_eq!(error_of(other.open::<Quote>(address), address), refused);
        naming.open::<Quote>(address).unwrap();
        naming.open_raw(address).unwrap();
        naming.open_writer::<Quote>(address).unwrap();
        naming.create::<Quote>(address, CAPACITY).unwrap();

        place.give(Part::Segment, 0);
        place.give(Part::Guard, STRANGER);
        assert_eq!(error_of(Writer::<Quote>::open(address), address), refused);
        assert_eq!(error_of(remove(address), address), refused);
        Reader::<Quote>::open(address).unwrap();
        naming.open_writer::<Quote>(address).unwrap();
        naming.remove(address).unwrap();
    });
}

/// A table of this mode in a directory that everybody may search, and the word for who is alone with it.
fn table(backend: Backend, mode: u32) -> (String, (Place, Writer<Quote>)) {
    let place = Place::new(backend);
    if backend == Backend::File {
        set_mode(place.directory(), 0o755);
    }
    let mut writer = Options::new().mode(mode).create::<Quote>(place.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    (place.address().to_owned(), (place, writer))
}

#[test]
fn another_account_reads_a_posix_table_and_cannot_disturb_it() {
    let test = "access::another_account_reads_a_posix_table_and_cannot_disturb_it";
    another_account_reads(test, Backend::Posix);
}

#[test]
fn another_account_reads_a_file_table_and_cannot_disturb_it() {
    let test = "access::another_account_reads_a_file_table_and_cannot_disturb_it";
    another_account_reads(test, Backend::File);
}

#[test]
fn another_account_reads_a_system_v_table_and_cannot_disturb_it() {
    let test = "access::another_account_reads_a_system_v_table_and_cannot_disturb_it";
    another_account_reads(test, Backend::Sysv);
}

fn another_account_reads(test: &str, backend: Backend) {
    let prepared = Alone::new(test).nobody().run_after(
        || table(backend, 0o644),
        |address| {
            let reader = Reader::<Quote>::open(address).unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(1));
            assert_eq!(reader.epoch(), 1);
            assert_eq!(reader.status().unwrap(), Status::Unknown, "the guard is not this account's to read");
            let facts = reader.facts().unwrap();
            assert_eq!((facts.uid, facts.mode), (0, 0o644));
            assert_eq!(RawReader::open(address).unwrap().read(0).unwrap().version, 1);
            let (_, name) = address.split_once(if backend == Backend::Sysv { "0x" } else { ":/" }).unwrap();
            let maps = fs::read_to_string("/proc/self/maps").unwrap();
            let mapped: Vec<&str> = maps.lines().filter(|line| line.contains(name)).collect();
            assert!(!mapped.is_empty() && mapped.iter().all(|line| line.contains(" r--s ")), "{mapped:?}");

            let denied = ErrorKind::PermissionDenied;
            assert_eq!(error_of(Writer::<Quote>::open(address), address), denied);
            assert_eq!(error_of(Writer::<Quote>::create(address, CAPACITY), address), denied);
            assert_eq!(error_of(remove(address), address), denied);
            let locked_out = match backend {
                Backend::Sysv => sysv::operate(i32::from_str_radix(name, 16).unwrap(), lock::CREATE, &[0, 1]),
                _ => File::open(format!("{}.guard", mapped[0].split_ascii_whitespace().last().unwrap()))
                    .map(drop),
            };
            let errno = locked_out.unwrap_err().raw_os_error();
            assert_eq!(errno, Some(libc::EACCES), "readers cannot lock writers out");
        },
    );
    let Some((place, writer)) = prepared else { return };
    assert!(writer.status().unwrap().is_current());
    drop(writer);
    assert_eq!(Writer::<Quote>::open(place.address()).unwrap().epoch(), 2);
}

#[test]
fn another_account_names_whom_it_trusts() {
    Alone::new("access::another_account_names_whom_it_trusts").nobody().run_after(
        || {
            let (address, (place, writer)) = table(Backend::Posix, 0o644);
            place.give(Part::Segment, STRANGER);
            (address, (place, writer))
        },
        |address| {
            let result = Reader::<Quote>::open(address);
            assert_eq!(error_of(result, address), ErrorKind::BadOwner { uid: STRANGER });
            let reader = Options::new().owner(STRANGER).open::<Quote>(address).unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(1));
        },
    );
}

#[test]
fn another_account_sees_nothing_of_a_private_table() {
    Alone::new("access::another_account_sees_nothing_of_a_private_table").nobody().run_after(
        || table(Backend::Posix, 0o600),
        |address| every_opening_fails::<Quote>(address, CAPACITY, &ErrorKind::PermissionDenied),
    );
}

#[test]
fn a_directory_without_the_right_to_write_gets_no_table() {
    let test = "access::a_directory_without_the_right_to_write_gets_no_table";
    let place = Alone::new(test).nobody().run_after(
        || {
            let place = Place::new(Backend::File);
            set_mode(place.directory(), 0o755);
            (place.address().to_owned(), place)
        },
        |address| {
            let result = Writer::<Quote>::create(address, CAPACITY);
            assert_eq!(error_of(result, address), ErrorKind::PermissionDenied);
        },
    );
    assert!(place.is_none_or(|place| place.names().is_empty()));
}

#[test]
fn an_account_without_rights_has_tables_of_its_own() {
    let alone = Alone::new("access::an_account_without_rights_has_tables_of_its_own");
    alone.nobody().run(|| {
        every_backend(|place| {
            let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            assert_eq!(place.owner(Part::Segment), NOBODY);
            assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
            drop(writer);
            drop(Writer::<Quote>::open(place.address()).unwrap());
            remove(place.address()).unwrap();
            assert!(place.names().is_empty());
        });
    });
}
