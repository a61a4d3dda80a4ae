//! The monotonic clock, which all processes share, and a record that says when each of its last versions was published. Relies on
//! `clock_gettime(2)`; knows no segment.

#![expect(unsafe_code, reason = "clock_gettime of a clock of choice, which std does not offer")]

use shmrecord::ShmRecord;

/// Versions whose time is kept.
const KEPT: usize = 31;

/// When each of the last versions was published, in nanoseconds.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Clock {
    /// Of the version whose remainder by the number kept is the place.
    times: [u64; KEPT],
    /// This version.
    version: u64,
}

impl Clock {
    /// The next version, which is published now. Each writer makes it from the last one, in its turn.
    #[must_use]
    pub fn next(mut self) -> Self {
        self.version += 1;
        self.times[place(self.version)] = now();
        self
    }

    /// When this version was published; `None` when that is forgotten.
    #[must_use]
    pub fn time_of(&self, version: u64) -> Option<u64> {
        let is_kept = version <= self.version && version + KEPT as u64 > self.version;
        is_kept.then(|| self.times[place(version)])
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below the number kept")]
fn place(version: u64) -> usize {
    (version % KEPT as u64) as usize
}

/// `clock_gettime(CLOCK_MONOTONIC)`, in nanoseconds.
#[must_use]
pub fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec that lives across the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}
