//! Signs of life: what they say of a writer that is there and silent.

use std::thread;
use std::time::{Duration, Instant};

use integration_tests::actor;
use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::{ErrorKind, Options, RawReader, Reader, Status, Writer};

const CAPACITY: usize = 4;
/// Longer than a busy machine keeps a test waiting.
const LONG: Duration = Duration::from_secs(3600);
/// Longer than a step of the coarse clock, which is 10 ms at most.
const SHORT: Duration = Duration::from_millis(15);

#[test]
fn a_stopped_writer_ages_and_one_that_goes_on_does_not() {
    every_backend(|place| {
        let mut actor = actor!("hold");
        assert_eq!(actor.ask(&format!("create {} {CAPACITY}", place.address())), "holds 1");
        assert_eq!(actor.ask("write 1 7"), "written");
        actor.take(place);
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let raw = RawReader::open(place.address()).unwrap();
        assert!(reader.age().unwrap() < LONG && raw.age().unwrap() < LONG);
        assert_eq!(reader.read_fresh(1, LONG).unwrap(), quote(7));

        actor.stop();
        let (before, since) = (reader.age().unwrap(), Instant::now());
        thread::sleep(2 * SHORT);
        let least = before + since.elapsed() - SHORT;
        assert!(reader.age().unwrap() >= least && raw.age().unwrap() >= least, "{before:?}");
        assert_eq!(reader.status().unwrap(), Status::Alive, "it is there");
        let ErrorKind::Stale { age_ns } = error_of(reader.read_fresh(1, SHORT), place.address()) else {
            panic!("not stale")
        };
        assert!(Duration::from_nanos(age_ns) >= least, "{age_ns}");
        assert_eq!(reader.read(1).unwrap(), quote(7), "who does not ask is not told");
        assert_eq!(error_of(reader.read_fresh(CAPACITY, LONG), place.address()), index(CAPACITY));

        actor.go_on();
        let since = Instant::now();
        assert_eq!(actor.ask("beat"), "beats");
        let age = reader.age().unwrap();
        assert!(age <= since.elapsed() + SHORT, "{age:?}: it began anew");
        assert_eq!(reader.read_fresh(1, LONG).unwrap(), quote(7));
    });
}

fn index(index: usize) -> ErrorKind {
    ErrorKind::IndexOutOfRange { index: index as u64, capacity: CAPACITY as u64 }
}

/// As if it had been stored then, so that no test waits for it.
fn set_age(place: &Place, age: Duration) {
    let image = Image::of(place);
    let then = image.word(at::STAMP) - u64::try_from(age.as_nanos()).unwrap();
    image.set_word(at::STAMP, then);
}

#[test]
fn a_sign_of_life_and_a_take_over_make_a_table_fresh() {
    every_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let is_stale = || {
            let ten = Duration::from_secs(10);
            set_age(place, ten);
            assert!(reader.age().unwrap() >= ten);
            let is_stale = |kind| matches!(kind, ErrorKind::Stale { age_ns } if age_ns >= 10_000_000_000);
            assert!(is_stale(error_of(reader.read_fresh(0, ten / 2), place.address())));
        };
        is_stale();
        writer.beat();
        assert!(reader.read_fresh(0, Duration::from_secs(5)).is_ok());
        is_stale();
        drop(writer);
        is_stale();
        drop(Writer::<Quote>::open(place.address()).unwrap());
        assert!(reader.read_fresh(0, Duration::from_secs(5)).is_ok());
    });
}

#[test]
fn a_clock_that_is_ahead_makes_no_negative_age() {
    every_backend(|place| {
        drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        Image::of(place).set_word(at::STAMP, u64::MAX);
        assert_eq!(reader.age().unwrap(), Duration::ZERO);
        assert!(reader.read_fresh(0, Duration::ZERO).is_ok());
        assert_eq!(reader.status().unwrap(), Status::Dead, "a time decides nothing");
        assert_eq!(Writer::<Quote>::open(place.address()).unwrap().epoch(), 2);
    });
}

#[test]
fn nobody_knows_the_age_of_a_table_from_before_the_last_boot() {
    let place = Place::new(Backend::File);
    drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    Image::of(&place).forge(at::BOOT_ID, &[7; 16]);
    let options = Options::new().any_boot(true);
    let reader = options.open::<Quote>(place.address()).unwrap();
    assert_eq!(reader.age().unwrap(), Duration::MAX);
    assert_eq!(options.open_raw(place.address()).unwrap().age().unwrap(), Duration::MAX);
    assert!(reader.read_fresh(0, Duration::MAX).is_ok(), "whoever accepts any age");
    let stale = error_of(reader.read_fresh(0, LONG), place.address());
    assert_eq!(stale, ErrorKind::Stale { age_ns: u64::MAX });
}
