//! Random numbers for programs of writers, from a seed. Relies on `std` alone.

use std::hash::{BuildHasher, RandomState};

/// A sequence of random numbers (splitmix64).
#[derive(Debug)]
pub(crate) struct Random(u64);

/// `SHMRECORD_SEED`, or else one that `std` makes up; under Miri, which keeps the environment out, it follows from Miri's.
pub(crate) fn seed() -> u64 {
    match std::env::var("SHMRECORD_SEED") {
        Ok(text) => text.parse().expect("SHMRECORD_SEED is a number"),
        Err(_) => RandomState::new().hash_one(0),
    }
}

impl Random {
    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// The next number below this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let scaled = u128::from(self.next()) * end as u128;
        usize::try_from(scaled >> 64).expect("below a usize")
    }
}
