//! Who waits where its words are scribbled over, where signals interrupt it, and where it may not say that it waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::alone::Alone;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::timing::{GRACE, ends_at};
use shmrecord::{ErrorKind, Options, Reader, SharedWriter, Writer, remove};

use crate::storm::Storm;

const CAPACITY: usize = 4;
const TIMEOUT: Duration = Duration::from_millis(150);

fn with_doorbell() -> Options {
    Options::new().doorbell(true)
}

/// Does this all the time until it is dropped.
struct Repeated<'a>(&'a AtomicBool);

impl<'a> Repeated<'a> {
    fn start<'s>(
        scope: &'s thread::Scope<'s, 'a>,
        over: &'a AtomicBool,
        mut what: impl FnMut() + Send + 's,
    ) -> Self {
        over.store(false, Ordering::Relaxed);
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                what();
            }
        });
        Self(over)
    }
}

impl Drop for Repeated<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Every way to wait for what does not come ends at the timeout, and not before.
fn every_wait_ends_at_the_timeout(reader: &Reader<Quote>, changes: Option<u64>) {
    let version = reader.version(0).unwrap();
    let waits: [&dyn Fn() -> bool; 3] = [
        &|| reader.wait(0, version, TIMEOUT).unwrap().is_none(),
        &|| reader.wait_any(&[(0, version), (1, 0)], TIMEOUT).unwrap().is_none(),
        &|| changes.is_none_or(|changes| reader.wait_table(changes, TIMEOUT).unwrap().is_none()),
    ];
    for wait in &waits[..if changes.is_some() { 3 } else { 2 }] {
        assert!(ends_at(TIMEOUT, wait), "nothing was published");
    }
}

#[test]
fn a_storm_of_signals_prolongs_no_wait_and_ends_none() {
    for options in [Options::new(), with_doorbell()] {
        every_backend(|place| {
            let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Quote>::open(place.address()).unwrap();
            writer.write(0, &quote(1)).unwrap();
            let _storm = Storm::new();
            every_wait_ends_at_the_timeout(&reader, reader.changes().ok());
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(20));
                    writer.write(0, &quote(2)).unwrap();
                });
                assert_eq!(reader.wait(0, 1, GRACE).unwrap(), Some(2));
            });
        });
    }
}

#[test]
fn who_waits_beside_a_scribbler_comes_to_an_end_and_no_writer_hangs() {
    every_backend(|place| {
        let mut writer = with_doorbell().create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let changes = reader.changes().unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (image, mut word) = (Image::of(place), 1_u32);
            let _scribbler = Repeated::start(scope, &over, move || {
                word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                image.put([at::DOORBELL, at::WAITING][(word >> 31) as usize], &word.to_le_bytes());
            });
            every_wait_ends_at_the_timeout(&reader, Some(changes));
            let begin = Instant::now();
            for number in 0..1000 {
                writer.write(0, &quote(number)).unwrap();
            }
            assert!(begin.elapsed() < GRACE, "{:?}", begin.elapsed());
            assert_eq!(reader.wait(0, 1, GRACE).unwrap(), Some(1001));
        });
        // Words that stay as they are put.
        let image = Image::of(place);
        for word in [0, 1, u32::MAX] {
            image.put(at::DOORBELL, &word.to_le_bytes());
            image.put(at::WAITING, &word.to_le_bytes());
            writer.write(1, &quote(1)).unwrap();
            assert_eq!(reader.wait(0, 1001, Duration::from_millis(1)).unwrap(), None);
        }
    });
}

#[test]
fn a_lock_word_that_is_scribbled_over_keeps_nobody_past_the_deadline() {
    every_backend(|place| {
        let options = with_doorbell().timeout(TIMEOUT);
        let mut writer = options.create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (image, mut word) = (Image::of(place), 1_u32);
            let _scribbler = Repeated::start(scope, &over, move || {
                word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Slots that there are and that there are not, marked or not.
                image.put(at::LOCK, &(word & 1 << 31 | word >> 8 & 0x7f).to_le_bytes());
            });
            for number in 0..20 {
                let begin = Instant::now();
                if let Err(error) = writer.write(0, &quote(number)) {
                    let kind = error.kind();
                    let may_be =
                        matches!(kind, ErrorKind::LockCorrupt { .. } | ErrorKind::LockTimeout { .. });
                    assert!(may_be, "{error}");
                }
                assert!(begin.elapsed() < TIMEOUT + GRACE, "{:?}", begin.elapsed());
            }
        });
        Image::of(place).put(at::LOCK, &[0; 4]);
        writer.write(0, &quote(1)).unwrap();
    });
}

/// This reader waits without saying so, and learns of what is published.
fn waits_by_looking(writer: &mut Writer<Quote>, place: &Place, reader: &Reader<Quote>) {
    let seen = reader.version(0).unwrap();
    let image = Image::of(place);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| reader.wait(0, seen, GRACE).unwrap());
        thread::sleep(Duration::from_millis(20));
        assert_eq!(image.half(at::WAITING), 0, "it says nothing");
        writer.write(0, &quote(3)).unwrap();
        assert_eq!(waiter.join().unwrap(), Some(seen + 1));
    });
}

#[test]
fn who_survives_truncation_waits_by_looking() {
    every_public_backend(|place| {
        let mut writer = with_doorbell().create::<Quote>(place.address(), CAPACITY).unwrap();
        let options = Options::new().survive_truncation(true);
        let reader = options.open::<Quote>(place.address()).unwrap();
        waits_by_looking(&mut writer, place, &reader);
        thread::scope(|scope| {
            let seen = reader.version(0).unwrap();
            let waiter = scope.spawn({
                let reader = &reader;
                move || error_of(reader.wait(0, seen, GRACE), place.address())
            });
            thread::sleep(Duration::from_millis(20));
            remove(place.address()).unwrap();
            assert_eq!(waiter.join().unwrap(), ErrorKind::Retired);
        });
    });
}

#[test]
fn readers_of_an_exclusive_table_wait_by_looking() {
    let place = Place::new(Backend::Memfd);
    let options = with_doorbell().exclusive(true);
    let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
    let reader = Reader::<Quote>::open(place.address()).unwrap();
    waits_by_looking(&mut writer, &place, &reader);
}

#[test]
fn another_account_waits_by_looking() {
    let test = "waits::another_account_waits_by_looking";
    for backend in [Backend::Posix, Backend::Sysv] {
        let place = Place::new(backend);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut beside = None;
            let prepared = Alone::new(test).nobody().run_after(
                || {
                    let options = with_doorbell().mode(0o644);
                    let mut writer: SharedWriter<Quote> =
                        options.create_shared(place.address(), CAPACITY).unwrap();
                    beside = Some(Repeated::start(scope, &over, move || {
                        thread::sleep(Duration::from_millis(5));
                        writer.write(0, &quote(1)).unwrap();
                    }));
                    (place.address().to_owned(), ())
                },
                |address| {
                    let reader = Reader::<Quote>::open(address).unwrap();
                    for _ in 0..5 {
                        let seen = reader.version(0).unwrap();
                        assert!(reader.wait(0, seen, GRACE).unwrap().is_some());
                        let changes = reader.changes().unwrap();
                        assert!(reader.wait_table(changes, GRACE).unwrap().is_some());
                    }
                    assert_eq!(reader.wait(1, 0, Duration::from_millis(50)).unwrap(), None);
                },
            );
            drop(beside);
            if prepared.is_some() {
                assert_eq!(Image::of(&place).half(at::WAITING), 0, "it may not say that it waits");
                assert_eq!(Image::of(&place).half(at::DOORBELL), 0, "nobody rang");
            }
        });
    }
}
