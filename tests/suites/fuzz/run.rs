//! Inputs one after the other, in a process of their own that may take little memory and no time without an end. Relies on
//! `alone`; knows no input: number n is made from the seed n, so that the number repeats it.
//!
//! `SHMRECORD_SEED` is the first number, 1 if it is not set. `SHMRECORD_FUZZ` is for how many seconds each target runs;
//! without it each has a few thousand inputs.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::alone::Alone;

use crate::random::Random;
use crate::twin;

/// What the process may have: an input of some kilobytes needs a small part of it.
const ADDRESS_SPACE_KIB: u32 = 1 << 20;
/// No input takes a hundredth of this: whoever does has lost its deadline.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a run is: kept in a file, which outlives the process whatever ends it.
struct Progress {
    path: PathBuf,
}

impl Drop for Progress {
    fn drop(&mut self) {
        if thread::panicking() {
            let seed = fs::read_to_string(&self.path).unwrap_or_default();
            eprintln!("the input was SHMRECORD_SEED={}", seed.trim());
        }
        // Nothing depends on it any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Runs the target's inputs: of this test, so many if no time was given. `start` makes, in that process, what takes one
/// input after the other, each from random numbers of its own; it is given what `prepare` made here.
pub(crate) fn inputs<T: FnMut(&mut Random)>(
    test: &str,
    count: u64,
    prepare: impl FnOnce() -> String,
    start: impl FnOnce(&str) -> T,
) {
    let prepare = || {
        let name = format!("shmrecord-fuzz-{}-{}", process::id(), test.replace("::", "-"));
        let path = env::temp_dir().join(name);
        (format!("{} {} {}", path.display(), twin::guard_pages(), prepare()), Progress { path })
    };
    let limits = format!(
        "ulimit -c 0 && ulimit -S -v {ADDRESS_SPACE_KIB} && rest=${{SHMRECORD_TEST_WORD#* }} && \
         export LD_PRELOAD=\"${{rest%% *}}\""
    );
    let run = |word: &str| {
        let [path, guard, prepared] = word.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            unreachable!("three words")
        };
        let libraries = fs::read_to_string("/proc/self/maps").expect("this process's mappings");
        assert!(
            guard.is_empty() || libraries.contains(guard),
            "no page around mappings that nobody may touch"
        );
        one_after_the_other(Path::new(path), count, start(prepared));
    };
    if let Some(progress) = Alone::new(test).setup(limits).run_after(prepare, run) {
        println!("{test}: {}", fs::read_to_string(&progress.path).expect("what it came to"));
    }
}

fn one_after_the_other(path: &Path, count: u64, mut input: impl FnMut(&mut Random)) {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = number("SHMRECORD_SEED").unwrap_or(1);
    let time = number("SHMRECORD_FUZZ").map(Duration::from_secs);
    let progress = File::create(path).expect("a file of the run");
    let begin = Instant::now();
    let is_over = |done| match time {
        Some(time) => begin.elapsed() >= time,
        None => done == count,
    };
    let seed = Arc::new(AtomicU64::new(first));
    // It ends with the process.
    drop(thread::spawn({
        let seed = Arc::clone(&seed);
        move || watch(&seed)
    }));
    let mut done = 0;
    while !is_over(done) {
        let now = first.wrapping_add(done);
        seed.store(now, Ordering::Relaxed);
        progress.write_all_at(format!("{now:20}").as_bytes(), 0).expect("room for a number");
        input(&mut random(now));
        done += 1;
    }
    let rate = 1e3 * done as f64 / begin.elapsed().as_millis() as f64;
    fs::write(path, format!("{done} inputs from {first} on, {rate:.0} a second")).expect("room for a line");
}

/// Random numbers that have nothing in common with those of the next seed (the finalizer of splitmix64).
fn random(seed: u64) -> Random {
    let word = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    Random((word ^ word >> 31) | 1) // its state is never 0
}

/// Ends the process when an input does not end.
fn watch(seed: &AtomicU64) {
    let now = || seed.load(Ordering::Relaxed);
    let (mut seen, mut since) = (now(), Instant::now());
    loop {
        thread::sleep(Duration::from_secs(1));
        if now() != seen {
            (seen, since) = (now(), Instant::now());
        } else if since.elapsed() > PATIENCE {
            eprintln!("input {seen} has not ended after {PATIENCE:?}");
            process::abort();
        }
    }
}
