//! A file that is cut under its readers: an error under `survive_truncation`, a SIGBUS without.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use integration_tests::bus;
use integration_tests::case::{CELLS, every_named_backend};
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{Pattern, Pattern64, Pattern256};
use integration_tests::waiting::until;
use shmrecord::{Arrangement, ErrorKind, Options, Reader, field};

/// Several pages of records.
const CAPACITY: usize = 500;
const PAGE: u64 = 4096;

fn surviving() -> Options {
    Options::new().survive_truncation(true)
}

/// A table whose every record was written once; its writer is gone.
fn table(place: &Place, cells: u32) {
    let mut writer = Options::new().cells(cells).create::<Pattern64>(place.address(), CAPACITY).unwrap();
    for index in 0..CAPACITY {
        writer.write(index, &Pattern64::of(index, 1)).unwrap();
    }
}

fn cut(place: &Place, bytes: u64) {
    File::options().write(true).open(place.path()).unwrap().set_len(bytes).unwrap();
}

#[test]
fn what_was_cut_away_is_an_error_in_every_way_to_read() {
    every_named_backend(|place| {
        for cells in CELLS {
            table(place, cells);
            let address = place.address();
            let reader = surviving().open::<Pattern64>(address).unwrap();
            let raw = surviving().open_raw(address).unwrap();
            cut(place, PAGE);
            // Nothing that is gone was touched yet.
            assert_eq!(reader.epoch(), 1);
            assert_eq!(error_of(reader.read(CAPACITY - 1), address), ErrorKind::Truncated);
            assert_eq!(
                error_of(reader.read(0), address),
                ErrorKind::Truncated,
                "the first record went with it"
            );
            assert_eq!(error_of(reader.read_since(0, 1), address), ErrorKind::Truncated);
            let mut out = [Pattern64::of(0, 0)];
            assert_eq!(error_of(reader.snapshot_into(0, &mut out), address), ErrorKind::Truncated);
            assert_eq!(error_of(reader.fold(0..9, (), |(), _, _| ()), address), ErrorKind::Truncated);
            let words = reader.read_field(0, field!(Pattern64, words));
            assert_eq!(error_of(words, address), ErrorKind::Truncated);
            assert_eq!(error_of(reader.version(1), address), ErrorKind::Truncated);
            assert_eq!(error_of(raw.read(CAPACITY - 1), address), ErrorKind::Truncated);
            assert_eq!(error_of(reader.status(), address), ErrorKind::Truncated);
            assert_eq!(error_of(raw.version(0), address), ErrorKind::Truncated);
            let long_after = surviving().open::<Pattern64>(address);
            assert!(matches!(error_of(long_after, address), ErrorKind::SizeMismatch { .. }));
            drop((reader, raw));
            place.remove(Part::Segment);
            place.remove(Part::Guard);
        }
    });
}

#[test]
fn who_has_seen_the_last_version_is_told_that_the_record_was_cut_away() {
    every_named_backend(|place| {
        for cells in CELLS {
            // The versions lie in front of all records, and stay.
            let options = Options::new().cells(cells).arrangement(Arrangement::Split);
            let mut writer = options.create::<Pattern256>(place.address(), CAPACITY).unwrap();
            writer.write(CAPACITY - 1, &Pattern256::of(CAPACITY - 1, 1)).unwrap();
            drop(writer);
            let reader = surviving().open::<Pattern256>(place.address()).unwrap();
            assert_eq!(reader.read_since(CAPACITY - 1, 1).unwrap(), None);
            cut(place, place.path().metadata().unwrap().len() - 2 * PAGE);
            assert_eq!(error_of(reader.read_since(CAPACITY - 1, 1), place.address()), ErrorKind::Truncated);
            place.remove(Part::Segment);
            place.remove(Part::Guard);
        }
    });
}

#[test]
fn a_cut_beside_busy_readers_gives_whole_records_or_the_error() {
    every_named_backend(|place| {
        for cells in [1, 4] {
            table(place, cells);
            let (started, is_cut) = (AtomicBool::new(false), AtomicBool::new(false));
            thread::scope(|scope| {
                let readers = [0, 1, 2].map(|_| {
                    scope.spawn(|| {
                        let reader = surviving().open::<Pattern64>(place.address()).unwrap();
                        started.store(true, Ordering::Relaxed);
                        for index in (0..CAPACITY).cycle() {
                            match reader.read_versioned(index) {
                                Ok(record) => {
                                    assert_eq!((record.version, record.value), (1, Pattern64::of(index, 1)))
                                }
                                Err(error) => {
                                    assert_eq!(*error.kind(), ErrorKind::Truncated, "{error}");
                                    assert!(is_cut.load(Ordering::Acquire), "nothing was cut yet");
                                    return;
                                }
                            }
                        }
                    })
                });
                until("a reader has begun", || started.load(Ordering::Relaxed));
                is_cut.store(true, Ordering::Release);
                cut(place, PAGE);
                for reader in readers {
                    // One that opened too late found a file of another size.
                    let _ = reader.join();
                }
            });
            place.remove(Part::Segment);
            place.remove(Part::Guard);
        }
    });
}

/// Set where [`end_of`] runs this program again; says what is to happen there.
const DEED: &str = "SHMRECORD_TEST_DEED";

/// How this test program ends, run again for this test alone with this deed: signal and exit code.
fn end_of(test: &str, deed: &str) -> (Option<i32>, Option<i32>) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args([test, "--exact"]).env(DEED, deed).output().unwrap();
    (output.status.signal(), output.status.code())
}

#[test]
fn what_is_not_about_a_watched_table_ends_as_before() {
    let killed = (Some(libc::SIGBUS), None);
    let handled = (None, Some(bus::HANDLED));
    let survived = (None, Some(0));
    let Ok(deed) = std::env::var(DEED) else {
        let test = "truncation::what_is_not_about_a_watched_table_ends_as_before";
        for (deed, end) in [
            ("unwatched table", killed),
            ("other file", killed),
            ("sent", killed),
            ("handled other file", handled),
            ("ignored", survived),
        ] {
            assert_eq!(end_of(test, deed), end, "{deed}");
        }
        return;
    };
    match deed.as_str() {
        "sent" => bus::forget_handlers(),
        "ignored" => bus::ignore(),
        "handled other file" => bus::handle_by_exit(),
        _ => {}
    }
    let place = Place::new(Backend::Posix);
    table(&place, 1);
    let watched = surviving().open::<Pattern64>(place.address()).unwrap();
    let unwatched = Reader::<Pattern64>::open(place.address()).unwrap();
    let file = File::options().write(true).read(true).open(place.path()).unwrap();
    // What follows does not come back to clean up.
    place.remove(Part::Segment);
    place.remove(Part::Guard);
    file.set_len(0).unwrap();
    match deed.as_str() {
        "unwatched table" => drop(unwatched.read(CAPACITY - 1)),
        "sent" => bus::raise(),
        "ignored" => {
            bus::raise();
            let kind = watched.read(CAPACITY - 1).unwrap_err().kind().clone();
            assert_eq!(kind, ErrorKind::Truncated);
            return;
        }
        _ => bus::touch_beyond(&file),
    }
    panic!("this process should have ended");
}
