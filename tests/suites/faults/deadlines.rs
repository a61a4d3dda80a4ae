//! What waits, under a timer that interrupts it 10,000 times a second, and with no time or all the time that there is.

use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{every_backend, every_case, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use integration_tests::timing::ends_at;
use shmrecord::{ErrorKind, Options, Reader, Result, Status, Writer, handover, remove};

use crate::storm::Storm;

const CAPACITY: usize = 4;
/// What a wait may take: long enough for a storm to prolong it, should it do so.
const TIMEOUT: Duration = Duration::from_millis(50);
/// What nothing here takes on any machine.
const LONG: Duration = Duration::from_secs(10);

#[test]
fn nobody_notices_a_storm_of_signals() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let _storm = Storm::new();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(address).unwrap();
        for number in 1..=1000 {
            writer.write(0, &quote(number)).unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(number));
            if case.cells == 1 {
                writer
                    .batch(|batch| (0..2).try_for_each(|index| batch.set(index, &quote(number + 1))))
                    .unwrap();
            }
            assert!(reader.snapshot(0..2).is_ok());
        }
        assert_eq!(reader.status().unwrap(), Status::Alive);
        drop(writer);
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
        remove(address).unwrap();
    });
}

#[test]
fn a_large_table_is_made_in_a_storm_of_signals() {
    // Reserving that much takes longer than the time between two signals. See `filters` for kernels where these end it.
    let capacity = (64 << 20) / size_of::<Pattern4096>();
    every_backend(|place| {
        let _storm = Storm::new();
        let started = Instant::now();
        let mut writer = Writer::<Pattern4096>::create(place.address(), capacity).unwrap();
        assert!(started.elapsed() < 6 * LONG);
        writer.write(capacity - 1, &Pattern4096::of(capacity - 1, 1)).unwrap();
        remove(place.address()).unwrap();
    });
}

#[test]
fn a_storm_of_signals_prolongs_no_wait() {
    let options = Options::new().timeout(TIMEOUT);
    let timeout = ErrorKind::LockTimeout { pid: None };
    every_public_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let held = lock::take(place, lock::CREATE).unwrap();
        let _storm = Storm::new();
        let waits: [fn(&Options, &str) -> Result<()>; 4] = [
            |options, address| options.create::<Quote>(address, CAPACITY).map(drop),
            |options, address| options.open_writer::<Quote>(address).map(drop),
            |options, address| options.remove(address),
            |options, address| options.replace::<Quote>(address, CAPACITY).map(drop),
        ];
        for wait in waits {
            let result = ends_at(TIMEOUT, || wait(&options, address));
            assert_eq!(error_of(result, address), timeout);
        }
        drop(held);
        let reader = options.open::<Quote>(address).unwrap();
        let image = Image::of(place);
        let version = image.version_at(0);
        // Odd, and nothing in the log that says why.
        image.set_word(version, 7);
        for result in [
            ends_at(TIMEOUT, || reader.read(0).map(drop)),
            ends_at(TIMEOUT, || reader.snapshot(0..CAPACITY).map(drop)),
        ] {
            assert!(matches!(error_of(result, address), ErrorKind::Contended { .. }));
        }
    });
    let place = Place::new(Backend::Sysv);
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    Image::of(&place).set_word(at::MAGIC, 0);
    let _storm = Storm::new();
    let result = ends_at(TIMEOUT, || options.open::<Quote>(place.address()));
    assert_eq!(error_of(result, place.address()), ErrorKind::NotReady);
    let (_open, silent) = UnixStream::pair().unwrap();
    ends_at(TIMEOUT, || handover::receive(&silent, TIMEOUT)).unwrap_err();
}

#[test]
fn who_has_no_time_tries_once_and_who_has_all_waits() {
    every_public_backend(|place| {
        let address = place.address();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let held = lock::take(place, lock::CREATE).unwrap();
        let none = Options::new().timeout(Duration::ZERO);
        for refused in [
            ends_at(Duration::ZERO, || none.create::<Quote>(address, CAPACITY).map(drop)),
            ends_at(Duration::ZERO, || none.open_writer::<Quote>(address).map(drop)),
            ends_at(Duration::ZERO, || none.remove(address)),
        ] {
            assert_eq!(error_of(refused, address), ErrorKind::LockTimeout { pid: None });
        }
        thread::scope(|scope| {
            let all = Options::new().timeout(Duration::MAX);
            let waiter = scope.spawn(move || all.open_writer::<Quote>(address).map(|writer| writer.epoch()));
            thread::sleep(TIMEOUT);
            assert!(!waiter.is_finished());
            drop(held);
            assert_eq!(waiter.join().unwrap().unwrap(), 2);
        });
    });
}
