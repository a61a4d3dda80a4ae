//! A moment after which a call gives up, and growing pauses until then. Relies on `std`'s monotonic clock.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_micros(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

/// When to give up; never, for a timeout past what the clock can count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    end: Option<Instant>,
    pause: Duration,
}

impl Deadline {
    /// `timeout` from now.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { end: Instant::now().checked_add(timeout), pause: FIRST_PAUSE }
    }

    /// Whether the end has come.
    pub(crate) fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= Instant::now())
    }

    /// The time until then.
    pub(crate) fn left(&self) -> Duration {
        match self.end {
            Some(end) => end.saturating_duration_since(Instant::now()),
            None => Duration::MAX,
        }
    }

    /// Sleeps a little, longer each time, and never past the end. `false`: the end has come.
    pub(crate) fn pause(&mut self) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Duration};

    #[test]
    fn extremes_neither_overflow_nor_wait() {
        assert!(!Deadline::after(Duration::ZERO).pause());
        assert!(Deadline::after(Duration::MAX).pause());
    }
}
