//! One writer and two readers at full speed in one process: no read is torn, no version goes back. Two processes that wake one
//! another in turn: no wake is lost. Relies on the public API; bounded by the number of writes, and `SHMRECORD_WAKES` of wakes.

use std::env;
use std::fs;
use std::hint;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
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

/// Longer than nobody sleeps here whose wake was not lost; shorter than the 100 ms that anybody sleeps at most.
const OVERSLEPT: u32 = 10;
const LONG: Duration = Duration::from_secs(60);

#[test]
fn no_wake_is_lost() {
    let wakes: u64 = match env::var("SHMRECORD_WAKES") {
        Ok(text) => text.parse().expect("SHMRECORD_WAKES is a number"),
        Err(_) => 100_000,
    };
    // Lone writers, whose only barrier is the one that who waits makes for them.
    let (there, back) = (Place::new(Backend::Posix), Place::new(Backend::Posix));
    let mut writer = Options::new().doorbell(true).create(there.address(), 1).unwrap();
    let mut other = Actor::start(env!("CARGO_BIN_EXE_many"), &["echo", there.address(), back.address()]);
    assert_eq!(other.line(), "ready");
    let reader = Reader::<Pattern64>::open(back.address()).unwrap();
    let here = Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap());
    let watch = Watch {
        answers: Reader::open(back.address()).unwrap(),
        sleepers: [here, format!("/proc/{}", other.pid()).into()],
        round: AtomicU64::new(0),
    };
    let begin = Instant::now();
    let mut longest = Duration::ZERO;
    let lost = thread::scope(|scope| {
        let watching = scope.spawn(|| watch.count_lost());
        let end = End(&watch.round);
        // Each round two wakes.
        for round in 1..=wakes.div_ceil(2) {
            // Where the other one is by then, on its way to sleep, is different each time.
            let most = [1 << 5, 1 << 8, 1 << 10][usize::try_from(round % 3).expect("one of three")];
            for _ in 0..(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % most {
                hint::spin_loop();
            }
            let published = Instant::now();
            writer.write(0, &Pattern64::of(0, round)).unwrap();
            watch.round.store(round, Ordering::Release);
            // Asleep every eighth time, else at once where the other one has just been.
            let is_awake = round % 8 > 0;
            while is_awake && reader.version(0).unwrap() < round && published.elapsed() < LONG / 600 {
                hint::spin_loop();
            }
            assert_eq!(reader.wait(0, round - 1, LONG).unwrap(), Some(round));
            longest = longest.max(published.elapsed());
        }
        drop(end);
        watching.join().unwrap()
    });
    println!("{wakes} wakes in {:?}, {lost} lost, the longest round {longest:?}", begin.elapsed());
    assert_eq!(lost, 0, "of {wakes}");
}

/// Ends the watch, whatever became of the others.
struct End<'a>(&'a AtomicU64);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }
}

/// Looks who sleeps though it should have been woken. However busy a machine is, who was woken does not sleep: it can run.
struct Watch {
    answers: Reader<Pattern64>,
    /// This one and the other, as `/proc` has their threads.
    sleepers: [PathBuf; 2],
    /// What was published last, and announced.
    round: AtomicU64,
}

impl Watch {
    /// Until the last round: in how many of them somebody overslept.
    fn count_lost(&self) -> u64 {
        let (mut last, mut looks, mut lost) = (0, 0, 0);
        loop {
            thread::sleep(Duration::from_millis(1));
            let round = self.round.load(Ordering::Acquire);
            if round == u64::MAX {
                return lost;
            }
            // The answer is announced when the other one waits again.
            let is_answered = self.answers.version(0).unwrap() >= round;
            let [here, there] = self.sleepers.each_ref().map(|path| is_asleep(path));
            let is_overslept = there && (here || !is_answered) && self.round.load(Ordering::Acquire) == round;
            looks = if round == last && is_overslept { looks + 1 } else { 0 };
            if looks == OVERSLEPT {
                println!(
                    "round {round}: nobody woke {}",
                    if is_answered { "this one" } else { "the other one" }
                );
                lost += 1;
            }
            last = round;
        }
    }
}

/// Field 3 of `/proc/PID/stat`.
fn is_asleep(thread: &Path) -> bool {
    let stat = fs::read_to_string(thread.join("stat")).unwrap();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
}
