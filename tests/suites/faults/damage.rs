//! Segments whose header or size is wrong.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;

use integration_tests::actor;
use integration_tests::case::{CELLS, every_backend, every_named_backend, every_public_backend};
use integration_tests::check::{error_of, every_opening, every_opening_fails, every_opening_works};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern256, Quote, quote};
use shmrecord::{ErrorKind, Options, Reader, Status, Writer, remove};

const CAPACITY: usize = 10;

fn table(place: &Place) -> Image {
    let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    Image::of(place)
}

fn fails(place: &Place, kind: &ErrorKind) {
    every_opening_fails::<Quote>(place.address(), CAPACITY, kind);
}

#[test]
fn every_flipped_byte_of_the_header_is_an_error() {
    every_backend(|place| {
        let image = table(place);
        for offset in 0..at::HEADER_END {
            image.flip(offset);
            for (opening, result) in every_opening::<Quote>(place.address(), CAPACITY) {
                let kind = error_of(result, place.address());
                let expected = match offset {
                    0..8 => matches!(kind, ErrorKind::BadMagic),
                    8..16 => matches!(kind, ErrorKind::AbiMismatch { .. }),
                    _ => matches!(kind, ErrorKind::HeaderCorrupt),
                };
                assert!(expected, "byte {offset}, {opening}: {kind:?}");
            }
            image.flip(offset);
        }
        every_opening_works::<Quote>(place.address(), CAPACITY);
        assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
    });
}

#[test]
fn each_fault_of_a_header_has_its_kind() {
    every_backend(|place| {
        let image = table(place);
        let whole = image.bytes();
        let geometry = |field| ErrorKind::BadGeometry { field };
        let size = image.length();
        let negative = (1_u64 << 63).to_le_bytes();
        for (offset, bytes, kind) in [
            (at::MAGIC, &b"DRCERMHS"[..], ErrorKind::WrongEndian),
            (at::MAGIC, b"SQLite f", ErrorKind::BadMagic),
            (at::ABI_VERSION, &[2, 0, 0, 0], ErrorKind::AbiMismatch { found: 2, supported: 1 }),
            (at::ABI_VERSION, &[0, 0, 0, 0], ErrorKind::AbiMismatch { found: 0, supported: 1 }),
            (at::SEGMENT_BYTES, &[0; 8], ErrorKind::SizeMismatch { header: 0, actual: size }),
            (at::RECORD_BYTES, &[0; 4], geometry("record size")),
            (at::RECORD_BYTES, &[0xff; 4], geometry("record size")),
            (at::RECORD_BYTES, &[33, 0, 0, 0], geometry("segment size")),
            (at::CAPACITY, &[0; 8], geometry("capacity")),
            (at::CAPACITY, &negative, geometry("capacity")),
            (at::CELLS, &[3], geometry("cells")),
            (at::ARRANGEMENT, &[3], geometry("arrangement")),
            (at::VERSIONS_OFFSET, &[1; 8], geometry("versions offset")),
            (at::CELLS_OFFSET, &[0; 8], geometry("cells offset")),
            (at::CELLS_OFFSET + 8, &[8], geometry("record stride")),
            (at::CELLS_OFFSET + 16, &[0xff; 8], geometry("cell stride")),
            (at::LOG_OFFSET, &[0; 8], geometry("log offset")),
            (at::DESCRIPTION_OFFSET, &negative, geometry("description offset")),
            (at::GUARD_KIND, &[1], geometry("segment size")),
            (at::GUARD_KIND, &[2], geometry("semaphore")),
            (at::GUARD_KIND, &[3], geometry("guard kind")),
            (at::GUARD_KIND + 4, &[1], geometry("segment size")),
            (at::GUARD_KIND + 4, &[2], geometry("wake policy")),
            (at::BOOT_ID, &[0xa5; 16], ErrorKind::StaleBoot),
        ] {
            image.forge(offset, bytes);
            fails(place, &kind);
            image.put(0, &whole);
        }
        image.forge(at::BOOT_ID, &[0; 16]);
        every_opening_works::<Quote>(place.address(), CAPACITY);
    });
}

#[test]
fn a_table_of_another_boot_can_be_replaced() {
    every_backend(|place| {
        table(place).forge(at::BOOT_ID, &[0xa5; 16]);
        fails(place, &ErrorKind::StaleBoot);
        remove(place.address()).unwrap();
        assert_eq!(Writer::<Quote>::create(place.address(), CAPACITY).unwrap().epoch(), 1);
    });
}

#[test]
fn another_size_than_the_header_says_is_an_error() {
    every_public_backend(|place| {
        let image = table(place);
        let whole = image.bytes();
        let header = image.length();
        let (longest, shortest) = match place.backend() {
            Backend::Sysv => (1 << 20, 1), // its memory is real, and there is some
            _ => (1 << 36, 0),
        };
        for actual in [header - 1, header + 1, header + 64, header + 4096, 641, 640, longest] {
            image.set_length(actual);
            fails(place, &ErrorKind::SizeMismatch { header, actual });
            image.set_length(header);
            image.put(0, &whole);
        }
        for actual in [639, 256, 8, 1, shortest] {
            image.set_length(actual);
            fails(place, &ErrorKind::SizeMismatch { header: 640, actual });
        }
        assert_eq!(image.length(), shortest, "nothing was changed");
    });
}

#[test]
fn files_without_contents_are_no_tables() {
    every_named_backend(|place| {
        let file = File::create(place.path()).unwrap();
        for (length, kind) in [
            (0, ErrorKind::SizeMismatch { header: 640, actual: 0 }),
            (640, ErrorKind::NotReady),
            (1 << 20, ErrorKind::NotReady),
            (1 << 36, ErrorKind::NotReady), // sparse
        ] {
            file.set_len(length).unwrap();
            fails(place, &kind);
        }
        assert_eq!(place.names(), [""]);
        fs::write(place.path(), "text ".repeat(200)).unwrap();
        fails(place, &ErrorKind::BadMagic);
    });
}

#[test]
fn a_file_larger_than_the_address_space_is_an_error() {
    every_named_backend(|place| {
        let image = table(place);
        let Some(length) = [1 << 62, 1 << 47, 1 << 43]
            .into_iter()
            .find(|&length| File::options().write(true).open(place.path()).unwrap().set_len(length).is_ok())
        else {
            return; // a file system of small files
        };
        for (opening, result) in every_opening::<Quote>(place.address(), CAPACITY) {
            let kind = error_of(result, place.address());
            let expected = matches!(kind, ErrorKind::NoSpace { .. } | ErrorKind::SizeMismatch { .. });
            assert!(expected, "{opening}: {kind:?}");
        }
        assert_eq!(image.length(), length);
    });
}

#[test]
fn a_header_that_changes_behind_a_handle_has_no_effect() {
    every_backend(|place| {
        for cells in CELLS {
            let mut writer = Options::new().cells(cells).create::<Quote>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Quote>::open(place.address()).unwrap();
            writer.write(1, &quote(1)).unwrap();
            let image = Image::of(place);
            let header = image.get(0, 256);
            for garbage in [0, 0xff, 0x55] {
                image.put(0, &[garbage; 256]);
                assert_eq!((reader.capacity(), writer.capacity()), (CAPACITY, CAPACITY));
                writer.write(CAPACITY - 1, &quote(2)).unwrap();
                assert_eq!(reader.read(1).unwrap(), quote(1));
                assert_eq!(reader.read(CAPACITY - 1).unwrap(), quote(2));
                assert!(reader.read(CAPACITY).is_err());
                assert!(reader.status().unwrap().is_current());
                assert_eq!(image.get(0, 256), [garbage; 256], "the header is written once");
            }
            image.put(0, &header);
            drop(writer);
            remove(place.address()).unwrap();
        }
    });
}

#[test]
fn a_hole_over_the_header_is_found_when_a_table_is_opened() {
    every_named_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        writer.write(1, &quote(1)).unwrap();
        Image::of(place).punch(0, 256);
        for (opening, result) in every_opening::<Quote>(place.address(), CAPACITY) {
            assert_eq!(error_of(result, place.address()), ErrorKind::NotReady, "{opening}");
        }
        assert_eq!(error_of(remove(place.address()), place.address()), ErrorKind::BadMagic);
        // Who has it open uses a copy of the header.
        writer.write(1, &quote(2)).unwrap();
        assert_eq!((reader.read(1).unwrap(), reader.status().unwrap()), (quote(2), Status::Alive));
    });
}

#[test]
fn a_hole_over_the_records_is_seen_by_who_has_read_them() {
    every_named_backend(|place| {
        for cells in CELLS {
            let mut writer = Options::new().cells(cells).create::<Quote>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Quote>::open(place.address()).unwrap();
            for number in 1..=3 {
                writer.write(1, &quote(number)).unwrap();
            }
            let seen = reader.read_versioned(1).unwrap();
            assert_eq!((seen.value, seen.version), (quote(3), 3));
            let image = Image::of(place);
            let (description, length) = image.description();
            image.punch(description + length, image.length() - description - length);
            let since = reader.read_since(1, seen.version);
            assert_eq!(error_of(since, place.address()), ErrorKind::VersionRegressed { seen: 3, found: 0 });
            assert_eq!(Reader::<Quote>::open(place.address()).unwrap().version(1).unwrap(), 0);
            drop(writer);
            remove(place.address()).unwrap();
        }
    });
}

#[test]
fn a_file_that_is_cut_ends_who_reads_it_and_nobody_else() {
    every_named_backend(|place| {
        let address = place.address();
        drop(Writer::<Pattern256>::create(address, 64).unwrap());
        let mut actor = actor!("verify", address, 256);
        assert_eq!(actor.line(), "ready");
        let image = Image::of(place);
        let header = image.length();
        image.set_length(4096);
        assert_eq!(actor.outcome().signal(), Some(libc::SIGBUS));
        let kind = ErrorKind::SizeMismatch { header, actual: 4096 };
        assert_eq!(error_of(Reader::<Pattern256>::open(address), address), kind);
    });
}
