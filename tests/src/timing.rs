//! What the library promises of time, and how that is asserted on a machine that others use too: one of several attempts keeps the
//! promise to the letter, so that whatever the library itself adds is seen, and each ends soon all the same. Relies on `std`.

use std::time::{Duration, Instant};

/// What a call may take beyond its deadline (I12 in `docs/RELIABILITY.md`).
pub const EXCESS: Duration = Duration::from_millis(10);
/// What it may take until the lock or the turn of a process that died is had (its rows 14 and 15).
pub const AFTER_DEATH: Duration = Duration::from_millis(20);
/// The longest sleep of who waits for a record, in which a wake that does not come is made up for (its row 2).
pub const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// What a busy machine may add.
pub const GRACE: Duration = Duration::from_secs(5);

const ATTEMPTS: usize = 20;

/// Repeats this until an attempt takes no longer than `promised`; none may take longer by more than [`GRACE`].
///
/// # Panics
/// When no attempt does, or one does.
#[track_caller]
pub fn is_kept<T>(promised: Duration, mut attempt: impl FnMut() -> (T, Duration)) -> T {
    let mut all = Vec::new();
    while all.len() < ATTEMPTS {
        let (result, took) = attempt();
        assert!(took < promised + GRACE, "{took:?}, {promised:?} promised");
        if took <= promised {
            return result;
        }
        all.push(took);
    }
    panic!("each of {ATTEMPTS} attempts took longer than the {promised:?} promised: {all:?}");
}

/// Runs this, which must end at the timeout and not before; as often as it takes until it is late by no more than [`EXCESS`].
///
/// # Panics
/// When it ends before, or is late by more each time.
#[track_caller]
pub fn ends_at<T>(timeout: Duration, mut call: impl FnMut() -> T) -> T {
    is_kept(timeout + EXCESS, || {
        let (result, took) = timed(&mut call);
        assert!(took >= timeout, "{took:?}");
        (result, took)
    })
}

/// What this gives, and how long it takes.
pub fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = call();
    (result, begin.elapsed())
}
