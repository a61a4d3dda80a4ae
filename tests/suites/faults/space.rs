//! File systems that are full, read-only, without `/proc` or without what is needed: each mounted for one process.

use std::fs;

use integration_tests::alone::Alone;
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern4096, Quote, quote};
use shmrecord::{Error, ErrorKind, Options, Reader, Writer, remove};

const CAPACITY: usize = 4;

/// Runs `body` for each kind of segment in a process that has this file system where the segment will be.
fn on_file_system(test: &str, kind: &str, options: &str, body: impl Fn(&Place)) {
    // Mounted over /dev/shm for the one kind, over a directory of this test for the other.
    let mount = |at: &str| format!("mount -t {kind} -o mode=1777,{options} {kind} {at}");
    let setup = format!("{} && {}", mount("/dev/shm"), mount("\"$SHMRECORD_TEST_WORD\""));
    Alone::new(test).mounts().setup(setup).run_after(
        || {
            let parent = Place::new(Backend::File);
            (parent.directory().to_str().unwrap().to_owned(), parent)
        },
        |directory| {
            body(&Place::new(Backend::Posix));
            body(&Place::below(Backend::File, directory.as_ref()));
        },
    );
}

fn no_space(error: &Error, address: &str) -> u64 {
    let ErrorKind::NoSpace { wanted } = *error.kind() else { panic!("{address}: {error}") };
    wanted
}

#[test]
fn a_full_file_system_gets_no_table() {
    on_file_system("space::a_full_file_system_gets_no_table", "tmpfs", "size=1m", |place| {
        let address = place.address();
        for _ in 0..3 {
            let error = Writer::<Pattern4096>::create(address, 1024).unwrap_err();
            assert!(no_space(&error, address) > 4 << 20);
            assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            assert!(place.names().is_empty(), "{:?}", place.names());
        }
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();

        let filler = place.directory().join("filler");
        fs::write(&filler, vec![1; 2 << 20]).unwrap_err();
        // Space was reserved: every record can be written.
        for index in 0..CAPACITY {
            writer.write(index, &quote(1)).unwrap();
        }
        drop(writer);
        let other = format!("{address}.other");
        assert!(no_space(&Writer::<Quote>::create(&other, CAPACITY).unwrap_err(), address) > 640);
        assert_eq!(place.names().iter().filter(|name| name.starts_with(".other")).count(), 0);
        // Nothing of this needs new space.
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
        remove(address).unwrap();
        fs::remove_file(&filler).unwrap();
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

#[test]
fn memory_that_a_sparse_table_lacks_is_an_error_of_who_wants_it_present() {
    let test = "space::memory_that_a_sparse_table_lacks_is_an_error_of_who_wants_it_present";
    on_file_system(test, "tmpfs", "size=1m", |place| {
        let address = place.address();
        let sparse = Options::new().sparse(true);
        let prefaulted = Options::new().prefault(true);
        let error = sparse.clone().prefault(true).create::<Pattern4096>(address, 1024).unwrap_err();
        assert!(no_space(&error, address) > 4 << 20);
        assert!(place.names().is_empty(), "{:?}", place.names());
        drop(sparse.create::<Pattern4096>(address, 1024).unwrap());
        for error in [
            prefaulted.open::<Pattern4096>(address).unwrap_err(),
            prefaulted.open_writer::<Pattern4096>(address).unwrap_err(),
        ] {
            assert!(no_space(&error, address) > 4 << 20);
            assert_eq!(error.raw_os_error(), Some(libc::EFAULT));
        }
        assert_eq!(Reader::<Pattern4096>::open(address).unwrap().epoch(), 1, "nothing was changed");
        remove(address).unwrap();
    });
}

#[test]
fn a_file_system_without_inodes_gets_no_table() {
    let test = "space::a_file_system_without_inodes_gets_no_table";
    // Room for the root, the directory of a file segment and three more.
    on_file_system(test, "tmpfs", "size=1m,nr_inodes=5", |place| {
        let fillers: Vec<_> = (0..5).map(|at| place.directory().join(format!("filler{at}"))).collect();
        let filled = fillers.iter().filter(|filler| fs::write(filler, "").is_ok()).count();
        // None left, then one for the segment but none for its guard, then both.
        for freed in 0..3 {
            let result = Writer::<Quote>::create(place.address(), CAPACITY);
            if freed == 2 {
                result.unwrap();
                remove(place.address()).unwrap();
            } else {
                let error = result.unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::ENOSPC), "{error}");
                no_space(&error, place.address());
            }
            let left = place.names().iter().filter(|name| !name.starts_with("filler")).count();
            assert_eq!(left, 0, "{:?}", place.names());
            fs::remove_file(&fillers[filled - 1 - freed]).unwrap();
        }
        for filler in fillers {
            let _ = fs::remove_file(filler);
        }
    });
}

#[test]
fn a_read_only_file_system_lets_readers_read() {
    let test = "space::a_read_only_file_system_lets_readers_read";
    on_file_system(test, "tmpfs", "size=1m", |place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        drop(writer);
        let mount = match place.backend() {
            Backend::File => place.directory().parent().unwrap(),
            _ => place.directory(),
        };
        let remount = |mode: &str| {
            let status = std::process::Command::new("mount").args(["-o", mode]).arg(mount).status();
            assert!(status.unwrap().success(), "mount -o {mode}");
        };
        remount("remount,bind,ro");
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
        let other = format!("{address}.other");
        for (call, result) in [
            ("open", Writer::<Quote>::open(address).map(drop)),
            ("create", Writer::<Quote>::create(address, CAPACITY).map(drop)),
            ("create another", Writer::<Quote>::create(&other, CAPACITY).map(drop)),
            ("remove", remove(address)),
        ] {
            assert_eq!(result.as_ref().unwrap_err().raw_os_error(), Some(libc::EROFS), "{call}");
            assert_eq!(error_of(result, address), ErrorKind::PermissionDenied, "{call}");
        }
        remount("remount,bind,rw");
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
    });
}

#[test]
fn a_file_system_that_cannot_reserve_space_is_not_supported() {
    let test = "space::a_file_system_that_cannot_reserve_space_is_not_supported";
    on_file_system(test, "ramfs", "rw", |place| {
        let result = Writer::<Quote>::create(place.address(), CAPACITY);
        let kind = error_of(result, place.address());
        assert_eq!(kind, ErrorKind::Unsupported { what: "fallocate" });
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

#[test]
fn without_proc_tables_are_read_but_not_created() {
    let test = "space::without_proc_tables_are_read_but_not_created";
    Alone::new(test).mounts().setup("mount -t tmpfs tmpfs /proc").run_after(
        || {
            let place = Place::new(Backend::Posix);
            let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            (place.address().to_owned(), place)
        },
        |address| {
            assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
            assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
            let other = Place::new(Backend::Posix);
            let result = Writer::<Quote>::create(other.address(), CAPACITY);
            assert!(matches!(error_of(result, other.address()), ErrorKind::Unsupported { .. }));
            assert!(other.names().is_empty(), "{:?}", other.names());
        },
    );
}

#[test]
fn without_proc_system_v_tables_are_those_of_everybody() {
    let test = "space::without_proc_system_v_tables_are_those_of_everybody";
    let place = Alone::new(test).mounts().setup("mount -t tmpfs tmpfs /proc").run_after(
        || {
            let place = Place::new(Backend::Sysv);
            drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
            (place.address().to_owned(), place)
        },
        |address| {
            assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
            remove(address).unwrap();
            drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        },
    );
    if let Some(place) = place {
        assert_eq!(Writer::<Quote>::open(place.address()).unwrap().epoch(), 2);
        remove(place.address()).unwrap();
    }
}
