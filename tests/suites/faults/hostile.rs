//! A writer that breaks the protocol: readers get values or errors, in time, and never touch what is not theirs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{CELLS, every_backend, every_case, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::records::{Pattern256, Quote, quote};
use integration_tests::timing::ends_at;
use shmrecord::{Error, ErrorKind, Options, RawReader, Reader, ShmRecord, Value, Writer, remove};

const CAPACITY: usize = 4;
/// Short, because a test waits for it.
const TIMEOUT: Duration = Duration::from_millis(20);

#[test]
fn an_odd_version_without_a_value_in_the_log_ends_at_the_deadline() {
    every_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let options = Options::new().timeout(TIMEOUT);
        let reader = options.open::<Quote>(place.address()).unwrap();
        let raw = options.open_raw(place.address()).unwrap();
        writer.write(0, &quote(1)).unwrap();
        writer.write(1, &quote(2)).unwrap();
        let image = Image::of(place);
        image.set_word(image.version_at(0), 7);
        let contended = |read: &dyn Fn() -> ErrorKind| {
            let kind = ends_at(TIMEOUT, read);
            let ErrorKind::Contended { attempts } = kind else {
                panic!("there is no value to read: {kind:?}")
            };
            assert!(attempts > 64, "{attempts}");
        };
        contended(&|| error_of(reader.read(0), place.address()));
        contended(&|| error_of(reader.read_since(0, 1), place.address()));
        contended(&|| error_of(raw.read(0), place.address()));
        assert_eq!(reader.version(0).unwrap(), 4, "what an odd word promises");
        assert_eq!(reader.read(1).unwrap(), quote(2), "its neighbours can be read");
        writer.write(0, &quote(3)).unwrap();
        assert_eq!(reader.read_versioned(0).unwrap().version, 4, "an honest write makes it whole again");
    });
}

/// 32 MiB.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct Huge {
    words: [u64; 1 << 22],
}

#[test]
fn who_asks_for_a_version_does_not_look_longer_at_an_odd_one_because_the_record_is_large() {
    every_public_backend(|place| {
        let options = Options::new().sparse(true).log_entries(1);
        drop(options.create::<Huge>(place.address(), 1).unwrap());
        let reader = Reader::<Huge>::open(place.address()).unwrap();
        let image = Image::of(place);
        image.set_word(image.version_at(0), 7);
        // The fastest of several: somebody else may have the processor.
        let took = (0..20).map(|_| {
            let start = Instant::now();
            assert_eq!(reader.version(0).unwrap(), 4, "what an odd word promises");
            start.elapsed()
        });
        let fastest = took.min().unwrap();
        assert!(fastest < Duration::from_millis(1), "{fastest:?}");
    });
}

#[test]
fn timeouts_of_nothing_and_of_for_ever_work() {
    every_case(|case| {
        let place = case.place();
        for timeout in [Duration::ZERO, Duration::MAX] {
            let options = case.options().timeout(timeout);
            let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            let reader = options.open::<Quote>(place.address()).unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(1));
            drop(writer);
            drop(options.open_writer::<Quote>(place.address()).unwrap());
            options.remove(place.address()).unwrap();
        }
    });
}

#[test]
fn any_version_word_gives_a_value_or_an_error() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = case.options().timeout(Duration::ZERO).open::<Quote>(place.address()).unwrap();
        // All cells hold the same value, so that any choice of a cell shows it.
        for _ in 0..8 {
            writer.write(CAPACITY - 1, &quote(5)).unwrap();
        }
        let image = Image::of(&place);
        let at = image.version_at(CAPACITY as u64 - 1);
        for word in [0, 2, 3, 1 << 32, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX] {
            image.set_word(at, word);
            match reader.read_versioned(CAPACITY - 1) {
                Ok(record) => assert_eq!(record.value, quote(5)),
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Contended { .. }), "{error}"),
            }
        }
        // The writer goes on from there, past the end of the counter too.
        writer.write(CAPACITY - 1, &quote(6)).unwrap();
        assert_eq!(reader.read(CAPACITY - 1).unwrap(), quote(6));
    });
}

#[test]
fn a_version_that_goes_back_is_reported_and_one_that_wraps_is_not() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        for _ in 0..10 {
            writer.write(0, &quote(1)).unwrap();
        }
        let image = Image::of(&place);
        let at = image.version_at(0);
        let ten = image.word(at);
        assert_eq!(reader.read_since(0, 9).unwrap().unwrap().version, 10);
        image.set_word(at, ten / 10 * 3);
        let regressed = ErrorKind::VersionRegressed { seen: 10, found: 3 };
        assert_eq!(error_of(reader.read_since(0, 10), place.address()), regressed);

        // The last word before the counter starts again.
        image.set_word(at, 0_u64.wrapping_sub(ten / 10));
        let last = reader.read_versioned(0).unwrap().version;
        writer.write(0, &quote(2)).unwrap();
        writer.write(0, &quote(3)).unwrap();
        let record = reader.read_since(0, last).unwrap().expect("it was published twice");
        assert_eq!((record.value, record.version), (quote(3), 1));
    });
}

#[test]
fn a_log_full_of_garbage_harms_neither_readers_nor_the_next_writer() {
    every_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        for index in 0..CAPACITY {
            writer.write(index, &quote(7)).unwrap();
        }
        drop(writer);
        let image = Image::of(place);
        let whole = image.bytes();
        let log = image.word(at::LOG_OFFSET);
        let log_bytes = usize::try_from(image.description().0 - log).unwrap();
        for (word, index, target) in [
            (u64::MAX - 1, u64::MAX, 4),
            (u64::MAX - 1, CAPACITY as u64, 4),
            (u64::MAX - 1, 1 << 61, 4),
            (u64::MAX - 1, 0, u64::MAX),
            (u64::MAX, 0, 4),
        ] {
            let garbage: Vec<u8> = word.to_le_bytes().into_iter().cycle().take(log_bytes).collect();
            image.put(log, &garbage);
            // 32 bytes of the record, then index and target; the count is as large as it gets.
            image.set_word(log + 64 + 32, index);
            image.set_word(log + 64 + 40, target);
            image.set_word(image.version_at(1), 3);
            image.set_word(at::COMMIT_SEQ, word.wrapping_add(1));
            let reader = Options::new().timeout(Duration::ZERO).open::<Quote>(place.address()).unwrap();
            let odd = error_of(reader.read(1), place.address());
            assert!(matches!(odd, ErrorKind::Contended { .. }));
            assert_eq!(reader.read(0).unwrap(), quote(7));
            let mut writer = Writer::<Quote>::open(place.address()).unwrap();
            writer.write(1, &quote(8)).unwrap();
            assert_eq!((reader.read(0).unwrap(), reader.read(1).unwrap()), (quote(7), quote(8)));
            for number in [9, 10] {
                writer.batch(|batch| (0..2).try_for_each(|index| batch.set(index, &quote(number)))).unwrap();
                assert_eq!(reader.snapshot(0..2).unwrap(), [quote(number); 2]);
            }
            drop(writer);
            assert_eq!(image.get(0, 256), whole[..256], "the header is as it was");
            image.put(0, &whole);
        }
    });
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Level {
    price: f64,
    closed: bool,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Book {
    on: bool,
    levels: [Level; 4],
    grid: [[bool; 3]; 2],
}

#[test]
fn a_byte_that_is_no_bool_is_named_with_its_path() {
    every_backend(|place| {
        let address = place.address();
        for cells in CELLS {
            let mut writer = Options::new().cells(cells).create::<Book>(address, CAPACITY).unwrap();
            let level = Level { price: 1.5, closed: true };
            let book = Book { on: true, levels: [level; 4], grid: [[true; 3]; 2] };
            writer.write(2, &book).unwrap();
            let reader = Reader::<Book>::open(address).unwrap();
            let raw = RawReader::open(address).unwrap();
            let image = Image::of(place);
            let cell = image.cell_at(2, 1 % u64::from(cells));
            for (offset, field) in
                [(0, "on"), (16, "levels[0].closed"), (64, "levels[3].closed"), (76, "grid[1][1]")]
            {
                assert_eq!(image.get(cell + offset, 1), [1], "{field}");
                image.put(cell + offset, &[2]);
                let expected = ErrorKind::InvalidBits { record: "Book", field: field.into() };
                assert_eq!(error_of(reader.read(2), address), expected);
                assert_eq!(error_of(reader.read_versioned(2), address), expected);
                assert_eq!(error_of(writer.read_versioned(2), address), expected);
                let shown: String =
                    raw.read(2).unwrap().fields.iter().map(|(_, value)| value.to_string()).collect();
                assert!(shown.contains("invalid(0x02)"), "{shown}");
                image.put(cell + offset, &[1]);
            }
            assert_eq!(reader.read(2).unwrap(), book);
            image.put(cell, &[255]);
            assert_eq!(raw.read(2).unwrap().fields[0], ("on", Value::Invalid(255)));
            drop(writer);
            remove(address).unwrap();
        }
    });
}

#[test]
fn a_state_that_changes_while_a_table_is_opened_hides_no_other_record() {
    every_public_backend(|place| {
        let _writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let image = Image::of(place);
                while !is_over.load(Ordering::Relaxed) {
                    [2, 1].into_iter().for_each(|state| image.set_word(at::STATE, state));
                }
            });
            let wrong = (0..3000).map(|_| Reader::<Pattern256>::open(place.address())).find(|opened| {
                let refused = opened.as_ref().map_err(Error::kind).err();
                !matches!(refused, Some(ErrorKind::LayoutMismatch { .. } | ErrorKind::Retired))
            });
            is_over.store(true, Ordering::Relaxed);
            assert!(wrong.is_none(), "{wrong:?}");
        });
    });
}
