//! How long a call may take that ends at its timeout.

use std::time::{Duration, Instant};

/// What a busy machine may add.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Runs this; it must end at the timeout, and not before.
#[track_caller]
pub(crate) fn ends_at<T>(timeout: Duration, call: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = call();
    let took = started.elapsed();
    assert!(took >= timeout && took < timeout + GRACE, "{took:?}");
    result
}
