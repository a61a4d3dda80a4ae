//! Memory that is not to be had: huge pages, locked pages, pages of a sparse table; tables of another boot; syncing what
//! has no disk. Each is refused or said, and nothing is left.

use std::fs;

use integration_tests::alone::Alone;
use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use shmrecord::{ErrorKind, Memory, Need, Options, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;
/// Records of 4 KiB in a table of 1 MiB and more.
const PAGES: usize = 256;
const NOTHING: Memory = Memory { huge_pages: false, locked: false };

#[test]
fn a_table_below_a_huge_page_has_none() {
    every_backend(|place| {
        let address = place.address();
        let requiring = Options::new().huge_pages(Need::Require);
        let result = requiring.create::<Quote>(address, CAPACITY);
        assert!(result.as_ref().unwrap_err().found().contains("a huge page has 2097152"));
        assert_eq!(error_of(result, address), ErrorKind::HugePagesUnavailable);
        assert!(place.names().is_empty(), "{:?}", place.names());

        let preferring = Options::new().huge_pages(Need::Prefer);
        assert_eq!(preferring.create::<Quote>(address, CAPACITY).unwrap().memory(), NOTHING);
        assert_eq!(preferring.open::<Quote>(address).unwrap().memory(), NOTHING);
        let unavailable = ErrorKind::HugePagesUnavailable;
        assert_eq!(error_of(requiring.open::<Quote>(address), address), unavailable);
        assert_eq!(error_of(requiring.open_raw(address), address), unavailable);
        assert_eq!(error_of(requiring.open_writer::<Quote>(address), address), unavailable);
        assert_eq!(error_of(requiring.create::<Quote>(address, CAPACITY), address), unavailable);
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2, "who was refused changed nothing");
    });
}

#[test]
fn memory_above_the_limit_is_not_locked() {
    let test = "memory::memory_above_the_limit_is_not_locked";
    Alone::new(test).nobody().setup("ulimit -l 64").run(|| {
        every_backend(|place| {
            let address = place.address();
            let is_shared = |line: &&str| line.split(' ').nth(1).unwrap().ends_with('s');
            let mappings =
                || fs::read_to_string("/proc/self/maps").unwrap().lines().filter(is_shared).count();
            let before = mappings();
            let requiring = Options::new().lock_memory(Need::Require);
            let refused = ErrorKind::NotLocked { limit: 64 << 10 };
            for options in [requiring.clone(), requiring.clone().sparse(true)] {
                let result = options.create::<Pattern4096>(address, PAGES);
                let error = result.as_ref().unwrap_err();
                assert_eq!((error.raw_os_error(), error.found()), (Some(libc::ENOMEM), "mlock2"));
                assert_eq!(error_of(result, address), refused);
                assert!(place.names().is_empty(), "{:?}", place.names());
            }
            assert!(mappings() <= before, "no mapping stays");

            let preferring = Options::new().lock_memory(Need::Prefer);
            assert_eq!(preferring.create::<Pattern4096>(address, PAGES).unwrap().memory(), NOTHING);
            assert_eq!(preferring.open::<Pattern4096>(address).unwrap().memory(), NOTHING);
            assert_eq!(error_of(requiring.open::<Pattern4096>(address), address), refused);
            assert_eq!(error_of(requiring.open_writer::<Pattern4096>(address), address), refused);
            assert_eq!(Writer::<Pattern4096>::open(address).unwrap().epoch(), 2);
            remove(address).unwrap();

            // One that fits may be locked by anybody.
            let writer = requiring.create::<Quote>(address, CAPACITY).unwrap();
            assert_eq!(writer.memory(), Memory { locked: true, ..NOTHING });
            drop(writer);
            remove(address).unwrap();

            // What is refused to its replacement costs the old table nothing.
            let mut writer = Writer::<Pattern4096>::create(address, 1).unwrap();
            writer.write(0, &Pattern::of(0, 1)).unwrap();
            assert_eq!(error_of(requiring.replace::<Pattern4096>(address, PAGES), address), refused);
            assert_eq!(writer.status().unwrap(), Status::Alive);
            let reader = Reader::<Pattern4096>::open(address).unwrap();
            assert_eq!(reader.read(0).unwrap(), Pattern::of(0, 1));
        });
    });
}

#[test]
fn no_address_space_is_lost_to_mappings_that_want_huge_pages() {
    let test = "memory::no_address_space_is_lost_to_mappings_that_want_huge_pages";
    Alone::new(test).nobody().setup("ulimit -l 64").run(|| {
        every_backend(|place| {
            let address = place.address();
            let preferring = Options::new().huge_pages(Need::Prefer);
            let refused = preferring.clone().lock_memory(Need::Require);
            let calls = || {
                refused.create::<Pattern4096>(address, 4 * PAGES).unwrap_err();
                let writer = preferring.create::<Pattern4096>(address, 4 * PAGES).unwrap();
                refused.open::<Pattern4096>(address).unwrap_err();
                preferring.open::<Quote>(address).unwrap_err();
                drop(preferring.open_raw(address).unwrap());
                preferring.open_writer::<Pattern4096>(address).unwrap_err();
                drop(writer);
                remove(address).unwrap();
            };
            let pages = || {
                let counts = fs::read_to_string("/proc/self/statm").unwrap();
                counts.split(' ').next().unwrap().parse::<u64>().unwrap()
            };
            calls();
            let before = pages();
            for _ in 0..3 {
                calls();
            }
            // The allocator may take a page; each mapping has a thousand.
            assert!(pages() < before + 500, "{before} pages, then {}", pages());
        });
    });
}

#[test]
fn a_sparse_table_needs_room_for_what_is_stored_at_once() {
    let test = "memory::a_sparse_table_needs_room_for_what_is_stored_at_once";
    let setup = "mount -t tmpfs -o mode=1777,size=1m tmpfs /dev/shm";
    Alone::new(test).mounts().setup(setup).run(|| {
        let place = Place::new(Backend::Posix);
        let address = place.address();
        let sparse = Options::new().sparse(true);
        // A log of 4 MiB.
        let result = sparse.clone().log_entries(1024).create::<Pattern4096>(address, 1 << 20);
        assert_eq!(result.as_ref().unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert!(matches!(error_of(result, address), ErrorKind::NoSpace { wanted: 4_194_304..8_388_608 }));
        assert!(place.names().is_empty(), "{:?}", place.names());

        // A table of 4 GiB has room as long as nobody touches it.
        let mut writer = sparse.create::<Quote>(address, 1 << 27).unwrap();
        writer.write(1 << 26, &quote(1)).unwrap();
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(1 << 26).unwrap(), quote(1));
        remove(address).unwrap();
    });
}

#[test]
fn a_sparse_table_above_the_limit_of_files_is_an_error_and_no_signal() {
    let test = "memory::a_sparse_table_above_the_limit_of_files_is_an_error_and_no_signal";
    Alone::new(test).setup("ulimit -f 2048").run(|| {
        for place in [Backend::Posix, Backend::File].map(Place::new) {
            let address = place.address();
            let result = Options::new().sparse(true).create::<Quote>(address, 1 << 20);
            assert_eq!(result.as_ref().unwrap_err().raw_os_error(), Some(libc::EFBIG));
            assert!(matches!(error_of(result, address), ErrorKind::NoSpace { wanted: 33_554_432.. }));
            assert!(place.names().is_empty(), "{:?}", place.names());
        }
    });
}

#[test]
fn only_what_has_a_disk_is_synced() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let what = "syncing a table without a file on disk";
        match place.backend() {
            Backend::File => writer.sync().unwrap(),
            _ => assert_eq!(error_of(writer.sync(), address), ErrorKind::Unsupported { what }),
        }
    });
}

#[test]
fn a_table_of_another_boot_is_for_readers_that_accept_it() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        drop(writer);
        Image::of(place).forge(at::BOOT_ID, &[0xa5; 16]);
        let accepting = Options::new().any_boot(true);
        assert_eq!(accepting.open::<Quote>(address).unwrap().read(0).unwrap(), quote(1));
        assert_eq!(accepting.open_raw(address).unwrap().read(0).unwrap().version, 1);
        for result in [
            accepting.open_writer::<Quote>(address).map(drop),
            accepting.create::<Quote>(address, CAPACITY).map(drop),
            Options::new().open::<Quote>(address).map(drop),
            Options::new().open_raw(address).map(drop),
        ] {
            assert_eq!(error_of(result, address), ErrorKind::StaleBoot);
        }
    });
}
