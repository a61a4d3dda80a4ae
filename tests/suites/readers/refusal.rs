//! What is refused, and that the words are those of Rust.

use std::process::Command;

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::tools::{has_tool, run};
use ipcgen::emit::Language;
use shmrecord::{Reader, ShmRecord, Writer};

use crate::records::{Colour, Lamp, Lights, Signal};
use crate::served::{Reads, fixture, folder, generate, refused, said, suite};

/// Opens as `Quote` and as Rust does; both say the same.
#[track_caller]
fn both_refuse(reads: Reads, address: &str, place: Option<&Place>) {
    let served = match place {
        Some(place) => reads.open("Quote", place),
        None => reads.open_address("Quote", address),
    };
    let Some(served) = served else { return };
    let error = Reader::<Quote>::open(address).expect_err(served.first());
    assert_eq!(said(reads, &served), refused(reads, &error), "{reads:?}: {address}");
}

macro_rules! others {
    ($($name:ident { $($(#[$meta:meta])* $field:ident: $ty:ty),+ })+) => {
        $(#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        #[shm(name = "Quote")]
        struct $name { $($(#[$meta])* $field: $ty),+ })+

        /// What stands in a table of each of them, opened as `Quote`, is said alike.
        fn refuse_others(reads: Reads, backend: Backend) {
            $({
                let place = Place::new(backend);
                drop(Writer::<$name>::create(place.address(), 2).unwrap());
                both_refuse(reads, place.address(), Some(&place));
            })+
        }
    };
}

others! {
    Retyped { #[shm(text)] symbol: [u8; 10], price: i64, volume: i64 }
    Renamed { #[shm(text)] symbol: [u8; 10], price: f64, amount: i64 }
    Shorter { #[shm(text)] symbol: [u8; 10], price: f64 }
    Longer { #[shm(text)] symbol: [u8; 10], price: f64, volume: i64, more: u32 }
    Measured { #[shm(text)] symbol: [u8; 10], #[shm(unit = "USD")] price: f64, volume: i64 }
    Narrower { #[shm(text)] symbol: [u8; 9], price: f64, volume: i64 }
    Grid { symbol: [[u8; 5]; 2], price: f64, volume: i64 }
    Nested { symbol: Lamp, price: f64, volume: i64 }
}

#[test]
fn other_records_are_refused_with_the_first_difference() {
    for reads in Reads::ALL {
        for &backend in reads.backends() {
            refuse_others(reads, backend);
        }
        let place = Place::new(Backend::Posix);
        drop(Writer::<Lights>::create(place.address(), 2).unwrap());
        both_refuse(reads, place.address(), Some(&place));
    }
}

#[test]
fn what_is_damaged_is_refused() {
    for reads in Reads::ALL {
        for &backend in reads.backends() {
            let place = Place::new(backend);
            let mut writer = Writer::<Quote>::create(place.address(), 3).unwrap();
            writer.write(1, &quote(1)).unwrap();
            drop(writer);
            let image = Image::of(&place);
            let before = image.bytes();
            let header = [
                at::ABI_VERSION,
                at::SEGMENT_BYTES,
                at::RECORD_BYTES,
                at::CAPACITY,
                at::CELLS,
                at::ARRANGEMENT,
                at::VERSIONS_OFFSET,
                at::CELLS_OFFSET,
                at::LOG_OFFSET,
                at::DESCRIPTION_OFFSET,
                at::GUARD_KIND,
                at::BOOT_ID,
            ];
            for offset in header {
                image.forge(offset, &[0xa5]);
                both_refuse(reads, place.address(), Some(&place));
                image.put(0, &before);
            }
            for (offset, bytes) in [
                (at::CAPACITY, [0xa5; 8]),
                (at::MAGIC, [0; 8]),
                (at::MAGIC, *b"DRCERMHS"),
                (at::STATE, [2, 0, 0, 0, 0, 0, 0, 0]),
            ] {
                if offset == at::STATE && backend == Backend::Memfd {
                    // Rust lets go of it at once.
                    continue;
                }
                image.put(offset, &bytes);
                both_refuse(reads, place.address(), Some(&place));
                image.put(0, &before);
            }
            // Another schema, and a description that cannot tell the difference.
            let (description, _) = image.description();
            image.forge(24, &[0xa5]);
            both_refuse(reads, place.address(), Some(&place));
            image.flip(description + 4);
            both_refuse(reads, place.address(), Some(&place));
            image.put(0, &before);
            if matches!(backend, Backend::Posix | Backend::File) {
                for length in [0, 100, 639, 640, image.length() - 64, image.length() + 64] {
                    image.set_length(length);
                    both_refuse(reads, place.address(), Some(&place));
                    image.set_length(before.len() as u64);
                    image.put(0, &before);
                }
            }
            let Some(served) = reads.open("Quote", &place) else { return };
            assert_eq!(served.first(), "table 3 1", "{reads:?}: {backend:?}");
        }
    }
}

#[test]
fn every_byte_of_a_description_may_be_wrong() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        drop(Writer::<Measured>::create(place.address(), 1).unwrap());
        let image = Image::of(&place);
        let before = image.bytes();
        let (start, length) = image.description();
        for offset in (0..length).step_by(5) {
            image.flip(start + offset);
            let sum = integration_tests::image::fnv1a(&image.get(start, usize::try_from(length).unwrap()));
            image.forge(at::DESCRIPTION_CHECKSUM, &sum.to_le_bytes());
            let Some(served) = reads.open("Quote", &place) else { return };
            let error = Reader::<Quote>::open(place.address()).expect_err("another record");
            // Of several faults each language may find another first.
            let code = format!("refused {} ", error.kind().code());
            assert!(
                served.first().starts_with(&code),
                "{reads:?}: byte {offset}: {}, not {error}",
                served.first()
            );
            image.put(0, &before);
        }
    }
}

#[test]
fn what_is_no_table_is_refused() {
    for reads in Reads::ALL {
        for &backend in reads.backends() {
            let place = Place::new(backend);
            both_refuse(reads, place.address(), None);
        }
        let place = Place::new(Backend::File);
        let folder = place.directory().display().to_string();
        std::os::unix::fs::symlink("table", place.directory().join("link")).unwrap();
        std::fs::write(place.path(), vec![b'x'; 4096]).unwrap();
        both_refuse(reads, &format!("file:{folder}"), None);
        both_refuse(reads, &format!("file:{folder}/link"), None);
        let Some(served) = reads.open_address("Quote", place.address()) else { return };
        assert!(served.first().contains("not a segment of shmrecord: 4096 bytes"), "{}", served.first());
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(place.path(), open).unwrap();
        both_refuse(reads, place.address(), None);
        std::fs::remove_file(place.path()).unwrap();
    }
}

#[test]
fn bad_addresses_are_refused() {
    let long = format!("posix:/{}", "x".repeat(250));
    let long_kind = format!("{}:x", "k".repeat(50));
    let long_key = format!("sysv:{}", "z".repeat(200));
    let addresses = [
        "quotes",
        "tcp:x",
        "posix:",
        "posix:/",
        "posix:/a/b",
        "posix:/sem.x",
        "posix:/x.guard",
        "posix:/..",
        &long,
        &long_kind,
        "file:",
        "file:a/",
        "file:a/.",
        "file:a\tb",
        "sysv:",
        "sysv:0",
        "sysv:x",
        "sysv:-1",
        "sysv:+1",
        "sysv:012",
        "sysv:077777777777",
        &long_key,
        "sysv:0x",
        "sysv:4294967296",
        "sysv:4294967296x",
        "sysv:0x100000000",
        "sysv:1_0",
        "sysv:ftok(",
        "sysv:ftok(/,0)",
        "sysv:ftok(/,256)",
        "sysv:ftok(/no such file,7)",
        "sysv:ftok(/,x)",
        "sysv:ftok(7)",
    ];
    for reads in Reads::ALL {
        for address in addresses {
            both_refuse(reads, address, None);
        }
    }
}

/// Strings of Python's can hold what no string of Rust's does: halves of surrogate pairs, which have no bytes.
#[test]
fn addresses_without_bytes_are_refused_in_python() {
    if !has_tool("python3") {
        return;
    }
    let folder = folder().join("addresses-python");
    generate(&fixture(), Language::Python, &folder);
    let mut command = Command::new("python3");
    command.arg("-B").arg(suite("python/addresses.py")).env("PYTHONPATH", folder);
    assert_eq!(run(&mut command), "2\n2\n2\n2\n2\n32\n32\n32\n1\n1\n");
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        drop(Writer::<Lights>::create(place.address(), 2).unwrap());
        let image = Image::of(&place);
        let Some(mut served) = reads.open("Lights", &place) else { return };
        let ours = Reader::<Lights>::open(place.address()).unwrap();
        let cell = image.cell_at(0, 0);
        // `main`, the last lamp's `on`.
        for offset in [0, 4 + 5 * 8 + 4] {
            image.put(cell + offset, &[2]);
            let error = ours.read(0).expect_err("a bool of 2");
            assert_eq!(served.ask("read 1"), format!("error {} {error}", error.kind().code()), "{reads:?}");
            image.put(cell + offset, &[1]);
            assert!(served.read(1)[0].is_some());
            image.put(cell + offset, &[0]);
        }
    }
}

#[test]
fn numbers_of_closed_enums_without_a_name_are_refused() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        let mut writer = Writer::<Signal>::create(place.address(), 1).unwrap();
        let Some(mut served) = reads.open("Signal", &place) else { return };
        let ours = Reader::<Signal>::open(place.address()).unwrap();
        // Zero is no colour, which nobody who wrote is to blame for.
        let error = ours.read(0).expect_err("no colour");
        assert!(error.to_string().contains("record 0, never written; if it was never written, "), "{error}");
        assert_eq!(served.ask("read 1"), format!("error {} {error}", error.kind().code()), "{reads:?}");
        writer.write(0, &Signal { count: 5, lamps: [Colour::Red, Colour::Green] }).unwrap();
        assert_eq!(served.ask("read 1"), "0 1 12c000100000005", "{reads:?}");
        let image = Image::of(&place);
        // The second lamp: Green's low byte alone.
        image.put(image.cell_at(0, 0) + 7, &[0]);
        let error = ours.read(0).expect_err("no colour");
        assert!(!error.to_string().contains("record 0, never"), "{error}");
        assert_eq!(served.ask("read 1"), format!("error {} {error}", error.kind().code()), "{reads:?}");
    }
}
