//! One writer and two readers at full speed in one process: no read is torn, no version goes back. Two processes that wake one
//! another in turn: no wake is lost. Relies on the public API; bounded by the number of writes, and `SHMRECORD_WAKES` of wakes.

use std::env;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::case::{CELLS, Case};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern8, Pattern64, Pattern256, Pattern4096};
use shmrecord::{Arrangement, Options, Reader};

const CAPACITY: usize = 3;

#[test]
fn records_of_8_bytes_are_never_torn() {
    in_every_shape::<Pattern8>(5000);
}

#[test]
fn records_of_64_bytes_are_never_torn() {
    in_every_shape::<Pattern64>(5000);
}

#[test]
fn records_of_256_bytes_are_never_torn() {
    in_every_shape::<Pattern256>(3000);
}

#[test]
fn records_of_4096_bytes_are_never_torn() {
    in_every_shape::<Pattern4096>(500);
}

fn in_every_shape<P: Pattern + Send>(writes: u64) {
    for cells in CELLS {
        for arrangement in Arrangement::ALL {
            stress::<P>(&Case { backend: Backend::Posix, cells, arrangement }, writes);
        }
    }
}

fn stress<P: Pattern + Send>(case: &Case, writes: u64) {
    let place = case.place();
    let mut writer = case.options().create::<P>(place.address(), CAPACITY).unwrap();
    let mapped_once = Reader::<P>::open(place.address()).unwrap();
    let mapped_again = Reader::<P>::open(place.address()).unwrap();
    let writing = thread::spawn(move || {
        for version in 1..=writes {
            for index in 0..CAPACITY {
                writer.write(index, &P::of(index, version)).unwrap();
            }
        }
    });
    thread::scope(|scope| {
        for reader in [&mapped_once, &mapped_again] {
            scope.spawn(|| {
                let mut seen = [0; CAPACITY];
                while !writing.is_finished() {
                    read_all(reader, &mut seen, case);
                }
                read_all(reader, &mut seen, case);
                assert_eq!(seen, [writes; CAPACITY], "{case}");
            });
        }
    });
    writing.join().unwrap();
}

fn read_all<P: Pattern>(reader: &Reader<P>, seen: &mut [u64; CAPACITY], case: &Case) {
    for (index, seen) in seen.iter_mut().enumerate() {
        let record = reader.read_versioned(index).unwrap();
        assert_eq!(record.value, P::of(index, record.version), "{case}, record {index}: torn");
        assert!(record.version >= *seen, "{case}, record {index}: {} after {seen}", record.version);
        *seen = record.version;
        // The same without a version: of some write between those that are seen before and after it.
        let mut whole = record.value;
        reader.read_into(index, &mut whole).unwrap();
        let last = reader.version(index).unwrap();
        let is_one = (record.version..=last).any(|version| whole == P::of(index, version));
        assert!(is_one, "{case}, record {index}: torn between {} and {last}", record.version);
    }
}

/// A sleep that nobody ends lasts 100 ms, and here begins right before the publication.
const OVERSLEPT: Duration = Duration::from_millis(80);
const LONG: Duration = Duration::from_secs(60);

#[test]
fn no_wake_is_lost() {
    let wakes: u64 = match env::var("SHMRECORD_WAKES") {
        Ok(text) => text.parse().expect("SHMRECORD_WAKES is a number"),
        Err(_) => 100_000,
    };
    // Lone writers, whose only barrier is the one that who waits makes for them.
    let (place, back) = (Place::new(Backend::Posix), Place::new(Backend::Posix));
    let mut writer = Options::new().doorbell(true).create(place.address(), 1).unwrap();
    let mut other = Actor::start(env!("CARGO_BIN_EXE_many"), &["echo", place.address(), back.address()]);
    assert_eq!(other.line(), "ready");
    let reader = Reader::<Pattern64>::open(back.address()).unwrap();
    let (is_over, stall) = (AtomicBool::new(false), AtomicU64::new(0));
    let begin = Instant::now();
    let (mut lost, mut longest) = (0, Duration::ZERO);
    thread::scope(|scope| {
        let _end = End(&is_over);
        scope.spawn(|| watch_the_machine(&is_over, &stall));
        // Each round two wakes.
        for round in 1..=wakes.div_ceil(2) {
            // Where the other one is by then, on its way to sleep, is different each time.
            let most = [1 << 5, 1 << 8, 1 << 12][usize::try_from(round % 3).expect("one of three")];
            for _ in 0..(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % most {
                hint::spin_loop();
            }
            let published = Instant::now();
            writer.write(0, &Pattern64::of(0, round)).unwrap();
            // Asleep every eighth time, else at once where the other one has just been.
            let is_awake = round % 8 > 0;
            while is_awake && reader.version(0).unwrap() < round && published.elapsed() < OVERSLEPT {
                hint::spin_loop();
            }
            let version = reader.wait(0, round - 1, LONG).unwrap();
            assert_eq!(version, Some(round));
            let took = published.elapsed();
            longest = longest.max(took);
            let stalled = Duration::from_nanos(stall.swap(0, Ordering::Relaxed));
            if took > OVERSLEPT && stalled < OVERSLEPT / 4 {
                println!("round {round} took {took:?}");
                lost += 1;
            }
        }
    });
    println!("{wakes} wakes in {:?}, {lost} late, the longest round {longest:?}", begin.elapsed());
    // A machine with more to do than it can is late now and then, and not noticed to be.
    assert!(lost <= 2 + wakes / 1_000_000, "{lost} of {wakes}");
}

/// Ends the watch, whatever became of the others.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Notes by how much a sleep of a millisecond was longer, at most.
fn watch_the_machine(is_over: &AtomicBool, stall: &AtomicU64) {
    while !is_over.load(Ordering::Relaxed) {
        let before = Instant::now();
        thread::sleep(Duration::from_millis(1));
        let late = before.elapsed().saturating_sub(Duration::from_millis(1));
        stall.fetch_max(u64::try_from(late.as_nanos()).expect("a short while"), Ordering::Relaxed);
    }
}
