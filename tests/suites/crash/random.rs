//! Random moments to kill at, and how many of them.

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

/// How many processes a test kills.
pub(crate) fn kills(default: u32) -> u32 {
    match env::var("SHMRECORD_KILLS") {
        Ok(text) => text.parse().expect("SHMRECORD_KILLS is a number"),
        Err(_) => default,
    }
}

/// A sequence of random numbers from `SHMRECORD_SEED`, or from one that it makes up. Where the test fails it says which.
pub(crate) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(crate) fn new() -> Self {
        let seed = match env::var("SHMRECORD_SEED") {
            Ok(text) => text.parse().expect("SHMRECORD_SEED is a number"),
            Err(_) => RandomState::new().hash_one(0),
        };
        Self { seed, state: seed }
    }

    /// The next number below this one (splitmix64).
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    /// A pause below this many microseconds.
    pub(crate) fn pause(&mut self, microseconds: u64) {
        thread::sleep(Duration::from_micros(self.below(microseconds)));
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("SHMRECORD_SEED={} takes the same victims after the same pauses again", self.seed);
        }
    }
}
