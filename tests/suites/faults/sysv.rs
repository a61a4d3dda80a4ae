//! What only System V has: keys of other programs, segments that have their key before they are complete, semaphore sets,
//! `ipcrm`, the limits of an IPC namespace.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use integration_tests::alone::Alone;
use integration_tests::check::{error_of, every_opening};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{Pattern64, Quote, quote};
use integration_tests::sysv::{self, Attached};
use shmrecord::{ErrorKind, Need, Options, Reader, Status, Writer, remove};

const CAPACITY: usize = 4;

fn place() -> Place {
    Place::new(Backend::Sysv)
}

/// Options for what will not become ready.
fn impatient() -> Options {
    Options::new().timeout(Duration::from_millis(5))
}

#[test]
fn keys_that_are_none_are_refused_by_every_call() {
    for key in ["", "0", "0x0", "-1", "+5", "quotes", "12ab", "01234", "0x100000000", "ftok(/,0)", "ftok(/"] {
        let address = format!("sysv:{key}");
        for (call, result) in every_opening::<Quote>(&address, CAPACITY) {
            assert_eq!(error_of(result, &address), ErrorKind::BadKey, "{call}");
        }
        assert_eq!(error_of(remove(&address), &address), ErrorKind::BadKey);
    }
}

#[test]
fn a_key_can_be_written_in_three_ways() {
    let place = place();
    let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    let decimal = format!("sysv:{}", place.key().cast_unsigned());
    assert_eq!(Reader::<Quote>::open(&decimal).unwrap().read(0).unwrap(), quote(1));

    let file = Place::new(Backend::File);
    fs::write(file.path(), "").unwrap();
    let address = format!("sysv:ftok({},7)", file.path().display());
    drop(Writer::<Quote>::create(&address, CAPACITY).unwrap());
    drop(Reader::<Quote>::open(&address).unwrap());
    remove(&address).unwrap();
    file.remove(Part::Segment);
    assert_eq!(error_of(Reader::<Quote>::open(&address), &address), ErrorKind::NotFound);
}

#[test]
fn segments_of_other_programs_are_left_alone() {
    let place = place();
    let address = place.address();
    for (contents, size) in [(&b"SQLite format 3"[..], 4096), (b"\x07", 640), (b"short", 5), (b"", 100)] {
        sysv::make_segment(place.key(), size);
        let memory = Attached::new(place.key());
        memory.put(0, contents);
        let before = (sysv::segment(place.key()), memory.get(0, size));
        let kind = if size < 640 {
            ErrorKind::SizeMismatch { header: 640, actual: size as u64 }
        } else {
            ErrorKind::BadMagic
        };
        for (call, result) in every_opening::<Quote>(address, CAPACITY) {
            let found = result.as_ref().err().map(|error| error.found().to_owned());
            assert_eq!(error_of(result, address), kind, "{call}");
            if kind == ErrorKind::BadMagic {
                assert_eq!(found, Some(whose(size)), "{call}");
            }
        }
        let removed = impatient().remove(address);
        assert!(removed.as_ref().is_err_and(|error| error.found().starts_with(&whose(size))), "{removed:?}");
        let kind = error_of(removed, address);
        assert!(matches!(kind, ErrorKind::BadMagic | ErrorKind::NotReady), "{kind:?}");
        assert_eq!((sysv::segment(place.key()), memory.get(0, size)), before);
        assert_eq!(place.names(), [""], "no guard is made for it");
        place.remove(Part::Segment);
    }
}

/// What is said of a segment that this process made.
fn whose(size: usize) -> String {
    let uid = fs::metadata("/proc/self").unwrap().uid();
    format!("{size} bytes of user {uid}, made by process {}", std::process::id())
}

#[test]
fn a_segment_of_another_size_than_its_header_says_is_left_alone() {
    let place = place();
    let address = place.address();
    drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
    let image = Image::of(&place);
    let header = image.length();
    for actual in [640, header - 64, header + 64, 2 * header] {
        image.set_length(actual);
        let things = || (sysv::segment(place.key()), sysv::set(place.key()), image.bytes());
        let before = things();
        for (call, result) in every_opening::<Quote>(address, CAPACITY) {
            assert_eq!(error_of(result, address), ErrorKind::SizeMismatch { header, actual }, "{call}");
        }
        let larger = Writer::<Quote>::create(address, 100 * CAPACITY);
        assert_eq!(error_of(larger, address), ErrorKind::SizeMismatch { header, actual });
        assert!(things() == before, "{actual} bytes: nothing is modified");
    }
}

#[test]
fn a_segment_of_zeros_is_left_alone_unless_it_may_be_ours() {
    let (place, options) = (place(), impatient());
    let address = place.address();
    drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
    let ours = Image::of(&place).length();
    remove(address).unwrap();
    for (size, guard) in [(4096, false), (4096, true), (ours, false)] {
        sysv::make_segment(place.key(), usize::try_from(size).unwrap());
        let id = sysv::segment(place.key());
        if guard {
            place.make_guard();
        }
        let names = place.names();
        assert_eq!(error_of(options.open::<Quote>(address), address), ErrorKind::NotReady);
        assert_eq!(error_of(options.open_raw(address), address), ErrorKind::NotReady);
        assert_eq!(error_of(options.open_writer::<Quote>(address), address), ErrorKind::NotReady);
        assert_eq!(error_of(options.create::<Quote>(address, CAPACITY), address), ErrorKind::NotReady);
        assert_eq!(error_of(options.remove(address), address), ErrorKind::NotReady);
        assert_eq!((sysv::segment(place.key()), place.names()), (id, names), "{size} bytes");
        place.remove(Part::Segment);
        place.remove(Part::Guard);
    }
}

#[test]
fn what_a_creator_left_that_died_is_replaced() {
    let (place, options) = (place(), impatient());
    let address = place.address();
    let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    drop(writer);
    Image::of(&place).set_word(at::MAGIC, 0);
    assert_eq!(error_of(options.open::<Quote>(address), address), ErrorKind::NotReady);
    assert_eq!(error_of(options.open_writer::<Quote>(address), address), ErrorKind::NotReady);
    let mapped = Attached::new(place.key());
    let created = options.create::<Quote>(address, CAPACITY);
    assert_eq!(error_of(created, address), ErrorKind::NotReady, "the dead map nothing");
    drop(mapped);
    let writer = options.create::<Quote>(address, CAPACITY).unwrap();
    assert_eq!((writer.epoch(), writer.read_versioned(0).unwrap().version), (1, 0));
    assert_eq!(sysv::listed(place.key()), (1, 1));
}

#[test]
fn readers_wait_for_a_segment_to_become_complete() {
    let place = place();
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    let image = Image::of(&place);
    image.set_word(at::MAGIC, 0);
    std::thread::scope(|scope| {
        let options = Options::new().timeout(Duration::from_secs(60));
        let reader = scope.spawn(move || options.open::<Quote>(place.address()).map(drop));
        image.put(at::MAGIC, b"SHMRECRD");
        reader.join().unwrap().unwrap();
    });
}

#[test]
fn a_set_of_another_program_is_no_guard() {
    let place = place();
    let address = place.address();
    for semaphores in [1, 2, 65] {
        sysv::make_set(place.key(), semaphores);
        let id = sysv::set(place.key());
        let created = Writer::<Quote>::create(address, CAPACITY);
        assert_eq!(error_of(created, address), ErrorKind::GuardMismatch);
        assert_eq!(error_of(remove(address), address), ErrorKind::NotFound);
        assert_eq!((sysv::set(place.key()), place.names()), (id, vec![".guard".to_owned()]));
        place.remove(Part::Guard);

        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        place.remove(Part::Guard);
        sysv::make_set(place.key(), semaphores);
        assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::GuardMismatch);
        assert_eq!(error_of(remove(address), address), ErrorKind::GuardMismatch);
        Reader::<Quote>::open(address).unwrap();
        place.remove(Part::Guard);
        remove(address).unwrap();
    }
}

#[test]
fn handles_of_a_segment_that_ipcrm_removed_still_work_and_know_it() {
    let place = place();
    let address = place.address();
    let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
    let reader = Reader::<Quote>::open(address).unwrap();
    place.remove(Part::Segment);
    assert_eq!(
        (writer.status().unwrap().is_current(), reader.status().unwrap().is_current()),
        (false, false)
    );
    writer.write(0, &quote(1)).unwrap();
    assert_eq!(reader.read(0).unwrap(), quote(1));
    let refused = ErrorKind::WriterAlive { pid: None, since_unix_ns: 0 };
    assert_eq!(error_of(Writer::<Quote>::create(address, CAPACITY), address), refused);
    drop(writer);
    let next = Writer::<Quote>::create(address, CAPACITY).unwrap();
    assert_eq!(
        (next.epoch(), reader.status().unwrap().is_current(), next.status().unwrap().is_current()),
        (1, false, true)
    );
    assert_eq!(reader.read(0).unwrap(), quote(1), "the old values");
}

#[test]
fn no_call_leaves_an_id_or_a_mapping() {
    let place = place();
    let address = place.address();
    let open_things = || {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let name = format!("SYSV{:08x}", place.key());
        (sysv::listed(place.key()), maps.lines().filter(|line| line.contains(&name)).count())
    };
    for cells in [1, 4] {
        for _ in 0..3 {
            let options = impatient().cells(cells);
            let mut writer = options.create::<Quote>(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            Reader::<Quote>::open(address).unwrap().read(0).unwrap();
            assert_eq!(open_things(), ((1, 1), 1));
            Writer::<Quote>::open(address).unwrap_err();
            Reader::<Pattern64>::open(address).unwrap_err();
            Writer::<Pattern64>::create(address, CAPACITY).unwrap_err();
            Writer::<Quote>::create(address, CAPACITY + 1).unwrap_err();
            let huge = impatient().huge_pages(Need::Require);
            huge.open::<Quote>(address).unwrap_err();
            drop(writer);
            huge.open_writer::<Quote>(address).unwrap_err();
            let image = Image::of(&place);
            let whole = image.bytes();
            for offset in [at::ABI_VERSION, at::CAPACITY, at::SEGMENT_BYTES] {
                image.flip(offset);
                for (opening, result) in every_opening::<Quote>(address, CAPACITY) {
                    assert!(result.is_err(), "{opening}");
                }
                image.put(0, &whole);
            }
            drop(image);
            assert_eq!(open_things(), ((1, 1), 0));
            remove(address).unwrap();
            remove(address).unwrap_err();
            assert_eq!(open_things(), ((0, 0), 0));
            huge.create::<Quote>(address, CAPACITY).unwrap_err();
            huge.sparse(true).create::<Quote>(address, 1 << 20).unwrap_err();
            assert_eq!(open_things(), ((0, 0), 0));
        }
    }
}

#[test]
fn what_is_above_the_limits_is_refused_and_leaves_nothing() {
    let limits =
        "cd /proc/sys/kernel && echo 100000 >shmmax && echo 1 >shmmni && echo 250 32000 32 1 >sem && cd /";
    let test = "sysv::what_is_above_the_limits_is_refused_and_leaves_nothing";
    Alone::new(test).ipc().setup(limits).run(|| {
        let (place, other) = (place(), place());
        let address = place.address();
        let created = Writer::<Quote>::create(address, 10_000);
        assert_eq!(created.as_ref().unwrap_err().raw_os_error(), Some(libc::EINVAL));
        assert!(matches!(error_of(created, address), ErrorKind::NoSpace { wanted: 320_000.. }));
        assert!(place.names().is_empty());
        let created = Options::new().sparse(true).create::<Quote>(address, 10_000);
        assert!(matches!(error_of(created, address), ErrorKind::NoSpace { wanted: 320_000.. }));
        assert!(place.names().is_empty());
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        for (capacity, errno) in [(CAPACITY, libc::ENOSPC), (10_000, libc::EINVAL)] {
            let replaced = Writer::<Quote>::replace(address, capacity);
            assert_eq!(replaced.as_ref().unwrap_err().raw_os_error(), Some(errno));
            assert!(matches!(error_of(replaced, address), ErrorKind::NoSpace { wanted: 640.. }));
            assert_eq!(writer.status().unwrap(), Status::Alive, "the old table is as it was");
            assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
        }
        drop(writer);
        let created = Writer::<Quote>::create(other.address(), CAPACITY);
        assert_eq!(error_of(created, other.address()), ErrorKind::NoSpace { wanted: 0 }, "no second set");
        assert!(other.names().is_empty());
        remove(address).unwrap();

        sysv::make_segment(place.key(), 1);
        let created = Writer::<Quote>::create(other.address(), CAPACITY);
        assert!(matches!(error_of(created, other.address()), ErrorKind::NoSpace { wanted: 640.. }));
        assert!(other.names().is_empty());
    });
}
