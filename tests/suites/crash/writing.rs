//! Writers killed while they write at full speed.

use std::process::Command;

use integration_tests::actor;
use integration_tests::image::Image;
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern64, Pattern256, Pattern4096};
use integration_tests::vectors::{limit, widths};
use shmrecord::{Arrangement, Options, Reader, Writer};

use crate::random::{Random, kills};

const CAPACITY: usize = 4;

#[test]
fn one_cell_of_4096_bytes() {
    killed_while_writing::<Pattern4096>(Backend::Posix, 1, Arrangement::Split, kills(40));
}

#[test]
fn one_cell_of_64_bytes() {
    killed_while_writing::<Pattern64>(Backend::File, 1, Arrangement::Line, kills(30));
}

#[test]
fn two_cells_of_256_bytes() {
    killed_while_writing::<Pattern256>(Backend::File, 2, Arrangement::Packed, kills(20));
}

#[test]
fn four_cells_of_4096_bytes() {
    killed_while_writing::<Pattern4096>(Backend::Posix, 4, Arrangement::Split, kills(40));
}

#[test]
fn one_cell_of_256_bytes_in_a_memfd() {
    killed_while_writing::<Pattern256>(Backend::Memfd, 1, Arrangement::Split, kills(20));
}

fn killed_while_writing<P: Pattern>(backend: Backend, cells: u32, arrangement: Arrangement, kills: u32) {
    let place = Place::new(backend);
    let address = place.address();
    let mut random = Random::new();
    let mut epoch = 1;
    if backend == Backend::Memfd {
        // Who is killed must not have been the only one that held it.
        let options = Options::new().cells(cells).arrangement(arrangement);
        drop(options.create::<P>(address, CAPACITY).unwrap());
        epoch = 2;
    }
    let widths = widths();
    // By other vectors each time.
    let start = |kill: u32| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actor"));
        let numbers = [CAPACITY.to_string(), cells.to_string()];
        command
            .args(["write", address])
            .args(numbers)
            .args([arrangement.name(), &size_of::<P>().to_string()]);
        Actor::heir_by(&place, limit(&mut command, widths[kill as usize % widths.len()]))
    };
    let mut writer = start(0);
    assert_eq!(writer.line(), format!("ready {epoch}"));
    let mut verifier = actor!(for &place; "verify", address, size_of::<P>());
    assert_eq!(verifier.line(), "ready");
    let reader = Reader::<P>::open(address).unwrap();
    let mut seen = [0; CAPACITY];
    let mut half_written = 0;
    for kill in 1..=kills {
        random.pause(3000);
        writer.kill();
        half_written += u32::from(Image::of(&place).is_half_written());
        // At once, with nobody there to help.
        for (index, seen) in seen.iter_mut().enumerate() {
            let record = reader.read_versioned(index).unwrap();
            assert_eq!(record.value, P::of(index, record.version), "kill {kill}, record {index}");
            assert!(record.version >= *seen, "kill {kill}, record {index}: {} after {seen}", record.version);
            *seen = record.version;
        }
        // Every fourth time the test itself takes over first.
        if kill % 4 == 0 {
            let mut writer = Writer::<P>::open(address).unwrap();
            epoch += 1;
            assert_eq!((writer.epoch(), reader.epoch()), (epoch, epoch));
            assert!(!Image::of(&place).is_half_written(), "kill {kill}: a take-over finishes everything");
            for (index, seen) in seen.iter_mut().enumerate() {
                let kept = writer.read_versioned(index).unwrap();
                assert_eq!((kept.version, kept.value), (*seen, P::of(index, *seen)), "kill {kill}");
                *seen += 1;
                writer.write(index, &P::of(index, *seen)).unwrap();
                assert_eq!(reader.read_versioned(index).unwrap().version, *seen);
            }
        }
        writer = start(kill);
        epoch += 1;
        assert_eq!(writer.line(), format!("ready {epoch}"), "kill {kill}");
    }
    writer.kill();
    let verdict = verifier.end();
    println!("{verdict}; {half_written} of {kills} kills fell into a write");
    assert!(verdict.ends_with(" reads, 0 bad"), "{verdict}");
    assert_eq!(place.names(), ["", ".guard"]);
}
