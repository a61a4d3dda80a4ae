//! Waiting for what a test knows to come, with a deadline: where it does not come, a suite fails and does not hang. Relies
//! on `image` and `process`.

use std::thread;
use std::time::{Duration, Instant};

use crate::image::{Image, at};
use crate::process::Actor;

/// Longer than anything takes that goes well.
const LONG: Duration = Duration::from_secs(60);

/// Returns as soon as it is so.
///
/// # Panics
/// When it is not so within a minute.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < LONG, "not within {LONG:?}: {what}");
        thread::yield_now();
    }
}

/// Lets an actor wait for records of these groups: it sleeps then, or looks for some time already. Only the image of a
/// table with a doorbell shows it.
///
/// # Panics
/// When it does not wait within a minute.
#[track_caller]
pub fn let_wait(actor: &mut Actor, request: &str, with_doorbell: Option<&Image>, groups: u32) {
    actor.say(request);
    match with_doorbell {
        Some(image) => until(request, || image.half(at::WAITING) & groups == groups),
        None => thread::sleep(Duration::from_millis(3)),
    }
}
