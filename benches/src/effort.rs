//! How long everything is measured: of a full run, a quick one, and one that only shows that all of it works. Knows no suite.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Times that all contestants of a suite have their turn, one after the other.
    pub(crate) rounds: usize,
    /// Stretches of calls within a trial, of which the median counts.
    pub(crate) slices: usize,
    /// Calls in a stretch, timed together, so that the clock's own cost and step do not count.
    pub(crate) calls: usize,
    /// Trips there and back.
    pub(crate) trips: u64,
    /// Wakes of a sleeper.
    pub(crate) wakes: u64,
    /// How long two sides run beside one another.
    pub(crate) stretch: Duration,
    /// Repetitions of what takes microseconds: scans, attaching.
    pub(crate) repeats: usize,
    /// Bytes of records of a table that is created.
    pub(crate) created: usize,
    /// Records of a table that a cache holds.
    pub(crate) some: usize,
    /// Records of the largest table.
    pub(crate) many: usize,
    /// How long a trial may take before it counts as hanging.
    pub(crate) patience: Duration,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        rounds: 11,
        slices: 21,
        calls: 10_000,
        trips: 20_000,
        wakes: 500,
        stretch: Duration::from_millis(200),
        repeats: 31,
        created: 1 << 20,
        some: 100_000,
        many: 10_000_000,
        patience: Duration::from_secs(60),
    };

    pub(crate) const QUICK: Self = Self {
        rounds: 5,
        slices: 11,
        trips: 5_000,
        wakes: 200,
        stretch: Duration::from_millis(60),
        repeats: 21,
        patience: Duration::from_secs(20),
        ..Self::FULL
    };

    /// No figure of it means anything.
    pub(crate) const SMOKE: Self = Self {
        rounds: 1,
        slices: 1,
        calls: 50,
        trips: 20,
        wakes: 3,
        stretch: Duration::from_millis(2),
        repeats: 1,
        created: 1 << 14,
        some: 1_000,
        many: 2_000,
        patience: Duration::from_secs(10),
    };

    /// The repetitions, of which there are fewer where each takes long, but one.
    pub(crate) fn while_short(&self) -> impl Iterator<Item = usize> {
        let (begin, stretch) = (Instant::now(), self.stretch);
        (0..self.repeats).take_while(move |repeat| *repeat == 0 || begin.elapsed() <= stretch)
    }
}
