//! Beside writers that write as fast as they can, and behind those that were killed: what is read is whole, or nothing is.

use std::time::{Duration, Instant};

use integration_tests::actor;
use integration_tests::image::Image;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern64, Pattern256, Pattern4096};
use shmrecord::Reader;

use crate::served::{Printed, Reads};

/// How long each pair of a reader and a writer runs.
const RUN: Duration = Duration::from_secs(3);

/// Whether it is the only right value of its record in its version.
fn is_whole<P: Pattern>(printed: &Printed) -> bool {
    P::of(printed.index, printed.version).words() == printed.words
}

/// Records that are overwritten all the time: many of them, so that each rests between two writes; or few, where a read may
/// be in vain until its timeout, but never torn.
fn nothing_is_torn<P: Pattern>(backend: Backend, cells: u32, arrangement: &str, capacity: usize) {
    for reads in Reads::ALL {
        let place = Place::new(backend);
        let mut writer = actor!("write", place.address(), capacity, cells, arrangement, size_of::<P>());
        assert_eq!(writer.line(), "ready 1");
        let name = format!("Pattern{}", size_of::<P>());
        let Some(mut served) = reads.open(&name, &place) else { return };
        let mut seen = vec![0; capacity];
        let (mut whole, mut contended, mut changes) = (0_u64, 0_u64, 0_u64);
        let start = Instant::now();
        while start.elapsed() < RUN {
            for printed in served.read(if capacity < 10 { 2 } else { capacity }) {
                let Some(printed) = printed else {
                    contended += 1;
                    continue;
                };
                let seen = &mut seen[printed.index];
                assert!(is_whole::<P>(&printed), "{reads:?}, after version {seen}: {printed:x?}");
                assert!(printed.version >= *seen, "{reads:?}: {} after {seen}", printed.version);
                changes += u64::from(printed.version > *seen);
                whole += 1;
                *seen = printed.version;
            }
        }
        println!(
            "{reads:?}, {capacity} records of {name}: {whole} whole, {changes} changes, {contended} contended"
        );
        if capacity > 10 {
            assert!(
                changes > 0 && contended * 100 <= whole,
                "{reads:?}: {whole} whole, {contended} contended"
            );
        }
        writer.kill();
    }
}

#[test]
fn beside_a_writer_of_one_cell_many_records_are_whole() {
    nothing_is_torn::<Pattern64>(Backend::Posix, 1, "split", 1000);
}

#[test]
fn beside_a_writer_of_one_cell_large_records_are_whole() {
    nothing_is_torn::<Pattern4096>(Backend::Sysv, 1, "line", 100);
}

#[test]
fn beside_a_writer_of_four_cells_records_are_whole() {
    nothing_is_torn::<Pattern256>(Backend::File, 4, "packed", 100);
}

#[test]
fn beside_a_writer_without_a_pause_few_records_are_whole_or_contended() {
    nothing_is_torn::<Pattern256>(Backend::Posix, 1, "line", 2);
    nothing_is_torn::<Pattern256>(Backend::Posix, 8, "line", 2);
}

#[test]
fn behind_killed_writers_what_rust_reads_is_read() {
    const KILLS: u32 = 10;
    const CAPACITY: usize = 3;
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        let start = || actor!("write", place.address(), CAPACITY, 1, "line", 4096);
        let mut writer = start();
        assert_eq!(writer.line(), "ready 1");
        let Some(mut served) = reads.open("Pattern4096", &place) else { return };
        let ours = Reader::<Pattern4096>::open(place.address()).unwrap();
        let mut half_written = 0;
        for kill in 1..=KILLS {
            std::thread::sleep(Duration::from_micros(u64::from(kill) * 377 % 2000));
            writer.kill();
            half_written += u32::from(Image::of(&place).is_half_written());
            for printed in served.read(CAPACITY) {
                let printed = printed.expect("nobody writes");
                let expected = ours.read_versioned(printed.index).unwrap();
                assert_eq!((printed.version, &printed.words[..]), (expected.version, expected.value.words()));
            }
            writer = start();
            assert_eq!(writer.line(), format!("ready {}", kill + 1));
        }
        println!("{reads:?}: {half_written} of {KILLS} kills fell into a write");
    }
}

#[test]
fn beside_batches_snapshots_are_one_state() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        let mut writer = actor!("transfer", place.address(), 4);
        assert_eq!(writer.line(), "ready 1");
        let Some(mut served) = reads.open("Pattern256", &place) else { return };
        let (mut snapshots, mut contended) = (0, 0);
        let start = Instant::now();
        while start.elapsed() < RUN {
            let line = served.ask("snapshot 1");
            if line.starts_with("error 29 ") {
                contended += 1;
                continue;
            }
            let words: Vec<u64> =
                line.split(' ').map(|word| u64::from_str_radix(word, 16).expect("a word")).collect();
            let sum = words.chunks(32).fold(0_u64, |sum, account| {
                assert!(account.iter().all(|word| *word == account[0]), "{reads:?}: {account:x?}");
                sum.wrapping_add(account[0])
            });
            assert_eq!(sum, 0, "{reads:?}");
            snapshots += 1;
        }
        println!("{reads:?}: {snapshots} snapshots, {contended} contended");
        writer.kill();
    }
}
