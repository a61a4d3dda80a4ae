//! Random moments to kill at, and how many of them.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many processes a test kills.
pub(crate) fn kills(default: u32) -> u32 {
    match env::var("SHMRECORD_KILLS") {
        Ok(text) => text.parse().expect("SHMRECORD_KILLS is a number"),
        Err(_) => default,
    }
}

/// A sequence of random numbers that prints its seed; the test harness shows that when the test fails.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970");
        let seed = u64::from(now.subsec_nanos()) << 20 | u64::from(std::process::id());
        println!("seed {seed}");
        Self(seed)
    }

    /// The next number below this one (splitmix64).
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    /// A pause below this many microseconds.
    pub(crate) fn pause(&mut self, microseconds: u64) {
        std::thread::sleep(Duration::from_micros(self.below(microseconds)));
    }
}
