//! Descriptors: what happens when there are none left, and that none is left open.

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use integration_tests::alone::Alone;
use integration_tests::case::{every_case, every_named_backend};
use integration_tests::check::every_opening;
use integration_tests::image::{Image, at};
use integration_tests::place::Backend;
use integration_tests::records::{Pattern64, Quote, quote};
use shmrecord::{ErrorKind, Need, Options, RawReader, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;

#[test]
fn too_many_open_files_is_an_error_that_leaves_nothing() {
    let alone = Alone::new("limits::too_many_open_files_is_an_error_that_leaves_nothing");
    alone.setup("ulimit -n 64").run(|| {
        every_named_backend(|place| {
            let address = place.address();
            let before = place.names();
            let succeeded: Vec<bool> = (0..8)
                .map(|left| {
                    let created =
                        with_descriptors(left, || Writer::<Quote>::create(address, CAPACITY).map(drop));
                    match &created {
                        Ok(()) => remove(address).unwrap(),
                        Err(error) => {
                            assert_eq!(*error.kind(), ErrorKind::Os, "{error}");
                            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                            assert!(error.found().contains("open"), "{error}");
                        }
                    }
                    assert_eq!(place.names(), before, "{left} descriptors left: {created:?}");
                    created.is_ok()
                })
                .collect();
            assert!(!succeeded[0] && succeeded[7] && succeeded.is_sorted(), "{succeeded:?}");

            let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            let reader = Reader::<Quote>::open(address).unwrap();
            with_descriptors(0, || {
                writer.write(0, &quote(2)).unwrap();
                assert_eq!(reader.read(0).unwrap(), quote(2), "open handles need no descriptor");
                assert_eq!(writer.status().unwrap(), Status::Alive);
                assert_eq!(reader.facts().unwrap(), writer.facts().unwrap());
                // It asks the guard, which it has not open.
                assert_eq!(reader.status().unwrap_err().raw_os_error(), Some(libc::EMFILE));
            });
            drop(writer);
            let results = with_descriptors(0, || {
                let openings = every_opening::<Quote>(address, CAPACITY);
                openings.into_iter().chain([("remove", remove(address))]).collect::<Vec<_>>()
            });
            for (call, result) in results {
                let error = result.unwrap_err();
                let facts = (error.kind(), error.raw_os_error());
                assert_eq!(facts, (&ErrorKind::Os, Some(libc::EMFILE)), "{call}: {error}");
            }
            assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
        })
    });
}

/// Runs this while the process may open so many files and no more.
fn with_descriptors<R>(left: usize, run: impl FnOnce() -> R) -> R {
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    taken.truncate(taken.len() - left);
    run()
}

#[test]
fn no_call_leaves_a_descriptor_or_a_mapping() {
    let alone = Alone::new("limits::no_call_leaves_a_descriptor_or_a_mapping");
    alone.run(|| {
        every_case(|case| {
            if !Backend::NAMED.contains(&case.backend) {
                return; // see `sysv` and `handover`
            }
            let place = case.place();
            let address = place.address();
            let calls = || {
                let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
                writer.write(0, &quote(1)).unwrap();
                Reader::<Quote>::open(address).unwrap().read(0).unwrap();
                RawReader::open(address).unwrap().read(0).unwrap();
                // Refused: held, another layout, another shape.
                every_opening::<Quote>(address, CAPACITY)[2].1.as_ref().unwrap_err();
                every_opening::<Pattern64>(address, CAPACITY)[0].1.as_ref().unwrap_err();
                Options::new().create::<Quote>(address, CAPACITY + 1).unwrap_err();
                // Refused: it is too small for huge pages.
                let huge = Options::new().huge_pages(Need::Require);
                huge.open::<Quote>(address).unwrap_err();
                huge.open_raw(address).unwrap_err();
                drop(writer);
                huge.open_writer::<Quote>(address).unwrap_err();
                huge.create::<Quote>(address, CAPACITY).unwrap_err();
                drop(Writer::<Quote>::open(address).unwrap());
                // Refused: damaged, of another boot, without a guard, not ready.
                let image = Image::of(&place);
                let whole = image.bytes();
                for offset in [at::MAGIC, at::ABI_VERSION, at::CAPACITY, at::SEGMENT_BYTES] {
                    image.flip(offset);
                    all_fail(address);
                    image.put(0, &whole);
                }
                image.forge(at::BOOT_ID, &[1]);
                all_fail(address);
                image.put(0, &whole);
                image.set_length(100);
                all_fail(address);
                fs::remove_file(place.path()).unwrap();
                all_but_create_fail(address);
                fs::remove_file(place.guard()).unwrap();
                fs::create_dir(place.path()).unwrap();
                all_fail(address);
                fs::remove_dir(place.path()).unwrap();
                fs::create_dir(place.guard()).unwrap();
                all_but_create_fail(address);
                Writer::<Quote>::create(address, CAPACITY).unwrap_err();
                fs::remove_dir(place.guard()).unwrap();
                Options::new().mode(0).create::<Quote>(address, CAPACITY).unwrap_err();
                huge.create::<Quote>(address, CAPACITY).unwrap_err();
                huge.sparse(true).create::<Quote>(address, 1 << 20).unwrap_err();
                remove(address).unwrap_err();
                drop(case.options().create::<Quote>(address, CAPACITY).unwrap());
                remove(address).unwrap();
                assert!(place.names().is_empty(), "{:?}", place.names());
            };
            calls();
            let before = open_things(place.directory());
            for _ in 0..3 {
                calls();
                assert_eq!(open_things(place.directory()), before);
            }
        })
    });
}

fn all_fail(address: &str) {
    for (opening, result) in every_opening::<Quote>(address, CAPACITY) {
        assert!(result.is_err(), "{opening}");
    }
}

fn all_but_create_fail(address: &str) {
    Reader::<Quote>::open(address).unwrap_err();
    RawReader::open(address).unwrap_err();
    Writer::<Quote>::open(address).unwrap_err();
}

/// Open descriptors, and mappings of files below this directory.
fn open_things(directory: &Path) -> (usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mapped = maps.lines().filter(|line| line.contains(directory.to_str().unwrap())).count();
    (fs::read_dir("/proc/self/fd").unwrap().count(), mapped)
}

#[test]
fn a_thousand_readers_that_come_and_go_beside_take_overs_leave_nothing() {
    let test = "limits::a_thousand_readers_that_come_and_go_beside_take_overs_leave_nothing";
    Alone::new(test).run(|| {
        every_named_backend(|place| {
            let address = place.address();
            drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
            let come_and_go = |readers| {
                for _ in 0..readers {
                    let reader = Reader::<Quote>::open(address).unwrap();
                    let (seen, epoch) = (reader.read_versioned(0).unwrap(), reader.epoch());
                    let published = i32::try_from(seen.version).unwrap();
                    assert!(published == 0 || seen.value == quote(published), "{seen:?}");
                    assert!(reader.read_versioned(0).unwrap().version >= seen.version);
                    assert!(reader.epoch() >= epoch && reader.snapshot(0..CAPACITY).is_ok());
                }
            };
            come_and_go(1);
            let before = open_things(place.directory());
            let (mut epoch, mut version) = (1, 0);
            thread::scope(|scope| {
                let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| come_and_go(250))).collect();
                while readers.iter().any(|reader| !reader.is_finished()) {
                    let mut writer = Writer::<Quote>::open(address).unwrap();
                    epoch += 1;
                    assert_eq!(writer.epoch(), epoch);
                    for _ in 0..3 {
                        version += 1;
                        writer.write(0, &quote(version)).unwrap();
                    }
                }
            });
            assert!(epoch > 2);
            assert_eq!(open_things(place.directory()), before);
        });
    });
}
