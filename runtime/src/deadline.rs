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

    /// How long it is until then.
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

/// Between the rounds of an operation that begins anew when what it met is gone.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    has_begun_anew: bool,
}

impl Rounds {
    /// Whether to begin anew: the first time at once, whatever the time, for what the operation itself took away is no reason
    /// to give up; then after a pause, until the end.
    pub(crate) fn again(&mut self, deadline: &mut Deadline) -> bool {
        !std::mem::replace(&mut self.has_begun_anew, true) || deadline.pause()
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Duration, Rounds};

    #[test]
    fn extremes_neither_overflow_nor_wait() {
        assert!(!Deadline::after(Duration::ZERO).pause());
        assert!(Deadline::after(Duration::MAX).pause());
    }

    #[test]
    fn there_are_two_rounds_at_least() {
        let mut over = Deadline::after(Duration::ZERO);
        let mut rounds = Rounds::default();
        assert!(rounds.again(&mut over));
        assert!(!rounds.again(&mut over));
    }
}
