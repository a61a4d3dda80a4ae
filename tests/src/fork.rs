//! A process made two, in the middle of a test or of an actor. Relies on `libc`; decides nothing.
//!
//! The child has one thread. It may allocate, which glibc allows there, and must not touch what other threads of the parent
//! may have locked.

#![expect(unsafe_code, reason = "fork, waitpid and _exit, which std does not offer")]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

/// A child of this process. It is waited for when dropped, if not before.
#[derive(Debug)]
pub struct Child(libc::pid_t);

/// `fork(3)`: the child in the parent, `None` in the child, which has to end with [`end`].
///
/// # Panics
/// When there is no process to be had.
#[must_use]
pub fn split() -> Option<Child> {
    // SAFETY: what the child may do is said above; it touches no memory that its parent's other threads hold locks of.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    (child != 0).then_some(Child(child))
}

/// `_exit(2)`: ends a child, and runs nothing of its parent's on the way.
pub fn end(is_well: bool) -> ! {
    // SAFETY: ends this process.
    unsafe { libc::_exit(i32::from(!is_well)) }
}

/// Runs this in a child, which must end without a panic, within a minute.
///
/// # Panics
/// When it does not.
pub fn in_child(run: impl FnOnce()) {
    let Some(child) = split() else {
        // SAFETY: no memory is involved; the signal ends the child.
        unsafe { libc::alarm(60) };
        end(catch_unwind(AssertUnwindSafe(run)).is_ok());
    };
    child.finish();
}

/// The child goes on as this process did; the parent stays as it is until it is killed.
pub fn leave_to_child() {
    if let Some(child) = split() {
        std::mem::forget(child);
        loop {
            thread::sleep(Duration::from_secs(1));
        }
    }
}

impl Child {
    /// Waits until it has ended, well.
    ///
    /// # Panics
    /// When it did not end well.
    pub fn finish(self) {
        let status = self.wait();
        std::mem::forget(self);
        assert_eq!(status, 0, "how a child ended");
    }

    fn wait(&self) -> libc::c_int {
        let mut status = 0;
        // SAFETY: the status is an int that lives across the call.
        unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.wait();
    }
}
