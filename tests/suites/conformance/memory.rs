//! What of a table is in memory, in huge pages, locked: as was asked for, and as its handles say.

use std::fs;

use integration_tests::case::every_backend;
use integration_tests::check;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use shmrecord::{ErrorKind, Memory, Need, Options, RawReader, Reader, Writer};

/// Quotes for a table of 4 GiB and more.
const MANY: usize = (4 << 30) / 32;
/// Records of 4 KiB in a table of 8 MiB and more.
const PAGES: usize = 2048;
const MIB: u64 = 1 << 20;

#[test]
fn a_sparse_table_takes_what_is_touched() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Options::new().sparse(true).create::<Quote>(address, MANY).unwrap();
        assert!(place.taken_bytes() < MIB, "{} bytes of a new one", place.taken_bytes());
        let touched = [(0, 10), (1, 11), (MANY / 2, 12), (MANY - 1, 13)];
        for (index, number) in touched {
            writer.write(index, &quote(number)).unwrap();
        }
        assert!(place.taken_bytes() < 2 * MIB, "{} bytes with four records", place.taken_bytes());

        // Who opens it need not know.
        let reader = Reader::<Quote>::open(address).unwrap();
        let raw = RawReader::open(address).unwrap();
        for (index, number) in touched {
            assert_eq!(reader.read(index).unwrap(), quote(number));
            assert_eq!(raw.read(index).unwrap().version, 1);
        }
        let never = reader.read_versioned(MANY / 3).unwrap();
        assert_eq!((never.version, never.value.volume), (0, 0));
        drop(writer);
        let mut next = Writer::<Quote>::open(address).unwrap();
        next.write(2, &quote(2)).unwrap();
        assert_eq!((next.epoch(), reader.read(2).unwrap()), (2, quote(2)));
        drop(Writer::<Quote>::create(address, MANY).unwrap_err());
        drop(next);
        drop(Writer::<Quote>::create(address, MANY).unwrap());
        assert!(place.taken_bytes() < 2 * MIB, "{} bytes at last", place.taken_bytes());
        shmrecord::remove(address).unwrap();
    });
}

#[test]
fn a_table_that_is_not_sparse_takes_all_of_it_at_once() {
    every_backend(|place| {
        let writer = Options::new().create::<Pattern4096>(place.address(), PAGES).unwrap();
        assert!(place.taken_bytes() > 8 * MIB, "{} bytes", place.taken_bytes());
        assert_eq!(writer.memory(), Memory { huge_pages: false, locked: false }, "nothing was asked for");
    });
}

#[test]
fn a_prefaulted_table_meets_no_page_fault() {
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<Pattern4096>::create(address, PAGES).unwrap());
        let present = || place.mapped_bytes("Rss:");
        let reader = Reader::<Pattern4096>::open(address).unwrap();
        assert!(present() < 4 * MIB, "{} bytes of one that was not asked for", present());
        drop(reader);
        let prefaulted = Options::new().prefault(true);
        let reader = prefaulted.open::<Pattern4096>(address).unwrap();
        let before = faults();
        let zeros = Pattern4096::of(0, 0);
        assert!(reader.fold(0..PAGES, true, |all, _, record| all && record == zeros).unwrap());
        let met = faults() - before;
        // Those of the test itself: its stack, its code.
        assert!(present() > 8 * MIB && met < 100, "{} bytes, {met} faults", present());
        drop(reader);
        let mut writer = prefaulted.open_writer::<Pattern4096>(address).unwrap();
        let before = faults();
        (0..PAGES).for_each(|index| writer.write(index, &Pattern4096::of(index, 1)).unwrap());
        let met = faults() - before;
        assert!(present() > 8 * MIB && met < 100, "{} bytes, {met} faults", present());
    });
}

#[test]
fn a_prefaulted_sparse_table_is_all_there() {
    every_backend(|place| {
        let options = Options::new().sparse(true);
        let writer = options.create::<Pattern4096>(place.address(), PAGES).unwrap();
        assert!(place.taken_bytes() < MIB);
        let reader = Options::new().prefault(true).open::<Pattern4096>(place.address()).unwrap();
        // A disk's file has no blocks for what was only read.
        let on_disk = place.backend() == Backend::File;
        assert!(on_disk || place.taken_bytes() > 8 * MIB, "{} bytes", place.taken_bytes());
        drop((reader, writer));
        drop(Options::new().prefault(true).open_writer::<Pattern4096>(place.address()).unwrap());
        assert!(place.taken_bytes() > 8 * MIB, "{} bytes", place.taken_bytes());
        shmrecord::remove(place.address()).unwrap();
        drop(options.prefault(true).create::<Pattern4096>(place.address(), PAGES).unwrap());
        assert!(place.taken_bytes() > 8 * MIB, "{} bytes", place.taken_bytes());
    });
}

/// Page faults of this thread that took nothing from a disk.
fn faults() -> i64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // `stat(5)`: the eighth behind the name.
    let behind_name = stat.rsplit(") ").next().unwrap();
    behind_name.split(' ').nth(7).unwrap().parse().unwrap()
}

/// Bytes of this process's mappings of the segment that lie in huge pages.
fn huge_bytes(place: &Place) -> u64 {
    place.mapped_bytes("ShmemPmdMapped:") + place.mapped_bytes("FilePmdMapped:")
}

#[test]
fn huge_pages_are_got_where_they_can_be_and_said_so() {
    every_backend(|place| {
        let address = place.address();
        let preferring = Options::new().huge_pages(Need::Prefer);
        let mut writer = preferring.create::<Pattern4096>(address, PAGES).unwrap();
        let has_them = writer.memory().huge_pages;
        assert_eq!(huge_bytes(place) >= 8 * MIB, has_them, "{} bytes", huge_bytes(place));
        if !has_them && place.backend() == Backend::File {
            println!("no huge pages for files here: their file system does not have them");
        } else if !has_them {
            return check::skip("no huge pages for shared memory: MADV_COLLAPSE is missing or denied");
        }
        for index in 0..PAGES {
            writer.write(index, &Pattern4096::of(index, 1)).unwrap();
        }

        // Whoever asks gets the same, a reader too; who does not ask is told no. What a disk's file has depends on its file
        // system and on how it came into memory each time.
        let reader = preferring.open::<Pattern4096>(address).unwrap();
        let on_disk = place.backend() == Backend::File;
        assert!(on_disk || reader.memory().huge_pages == has_them);
        assert!(!reader.memory().locked);
        assert!(on_disk || (huge_bytes(place) >= 16 * MIB) == has_them, "{} bytes", huge_bytes(place));
        assert!((0..PAGES).all(|index| reader.read(index).unwrap() == Pattern4096::of(index, 1)));
        assert!(!Reader::<Pattern4096>::open(address).unwrap().memory().huge_pages);
        drop((writer, reader));
        let requiring = Options::new().huge_pages(Need::Require);
        for result in [
            requiring.open::<Pattern4096>(address).map(|reader| reader.memory()),
            requiring.open_writer::<Pattern4096>(address).map(|writer| writer.memory()),
            requiring.create::<Pattern4096>(address, PAGES).map(|writer| writer.memory()),
        ] {
            match result {
                Ok(memory) => assert!(memory.huge_pages && (has_them || on_disk)),
                Err(error) => {
                    assert!(*error.kind() == ErrorKind::HugePagesUnavailable && (!has_them || on_disk));
                }
            }
        }
        assert_eq!(huge_bytes(place), 0, "nothing stays mapped");
    });
}

#[test]
fn a_table_made_without_huge_pages_can_get_them_in_shared_memory() {
    for place in [Backend::Posix, Backend::Sysv].map(Place::new) {
        drop(Writer::<Pattern4096>::create(place.address(), PAGES).unwrap());
        let reader = Options::new().huge_pages(Need::Prefer).open::<Pattern4096>(place.address()).unwrap();
        if !reader.memory().huge_pages {
            return check::skip("no huge pages for shared memory: MADV_COLLAPSE is missing or denied");
        }
        assert!(huge_bytes(&place) >= 8 * MIB);
    }
}

#[test]
fn huge_pages_do_not_fill_a_sparse_table() {
    every_backend(|place| {
        let options = Options::new().sparse(true).huge_pages(Need::Prefer);
        let writer = options.create::<Quote>(place.address(), MANY).unwrap();
        assert!(!writer.memory().huge_pages, "not all of it can be in huge pages");
        let reader = options.open::<Quote>(place.address()).unwrap();
        assert!(!reader.memory().huge_pages);
        assert!(place.taken_bytes() < 8 * MIB, "{} bytes", place.taken_bytes());
    });
}

#[test]
fn locked_memory_is_locked_as_far_as_it_is_there() {
    every_backend(|place| {
        let address = place.address();
        let options = Options::new().lock_memory(Need::Prefer);
        let writer = options.create::<Quote>(address, CAPACITY).unwrap();
        if !writer.memory().locked {
            return check::skip("RLIMIT_MEMLOCK is too small");
        }
        let bytes = place.mapped_bytes("Locked:");
        assert!(bytes > 0 && bytes <= place.taken_bytes(), "{bytes} bytes");
        drop(writer);
        assert_eq!(place.mapped_bytes("Locked:"), 0);
        let reader = options.open::<Quote>(address).unwrap();
        assert_eq!(reader.memory(), Memory { huge_pages: false, locked: true });
        reader.read(0).unwrap();
        assert!(place.mapped_bytes("Locked:") > 0);
    });
}

/// Records of a small table.
const CAPACITY: usize = 100;

#[test]
fn a_sparse_table_is_locked_page_by_page() {
    if !check::is_root() {
        return check::skip("only root may lock 4 GiB");
    }
    every_backend(|place| {
        let options = Options::new().sparse(true).lock_memory(Need::Require);
        let mut writer = options.create::<Quote>(place.address(), MANY).unwrap();
        let before = place.mapped_bytes("Locked:");
        writer.write(MANY / 2, &quote(1)).unwrap();
        let after = place.mapped_bytes("Locked:");
        assert!(before < after && after < 2 * MIB, "{before} bytes, then {after}");
        assert!(place.taken_bytes() < 2 * MIB, "{} bytes", place.taken_bytes());
    });
}
