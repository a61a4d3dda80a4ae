//! What `fork` must not give to a child: the use of its parent's writers, the open files by which the kernel knows who holds
//! a role, and locks that nobody lets go. Relies on `pthread_atfork(3)`, and on `home` and `kept` for what is done; knows no
//! segment and no guard.
//!
//! | module | what a child does not get |
//! |---|---|
//! | [`home`] | a handle that believes its mapping to be there |
//! | [`kept`] | an open file description whose locks are its parent's |
//! | [`lock`] | a lock that a thread of its parent holds |
//!
//! The handlers run where `fork(3)` runs them, and may be called twice. The one in the child touches nothing but atomics and
//! calls nothing but `close(2)`: other threads of the parent, which the child does not have, may hold any lock. What goes
//! past them is `clone(2)` by hand, for which the kernel clears the word of `home` but closes nothing; and a fork that was
//! already running the handlers of others when these here were added, which is when a process first writes or uses a memfd.
//! `vfork` and `posix_spawn` share the parent's memory until `exec`, which closes everything.

#![expect(unsafe_code, reason = "pthread_atfork, which std does not offer")]

use std::io;

use crate::sync::{AtomicBool, Ordering};

pub(crate) mod home;
pub(crate) mod kept;
pub(crate) mod lock;

/// `pthread_atfork(3)`, the first time.
///
/// Two threads that come first at once both add the handlers, which then run twice: a lock that one of them held during a
/// fork would be held in the child for ever.
fn install() -> io::Result<()> {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    // Acquire and release: who sees it set, sees what libc keeps of it.
    if INSTALLED.load(Ordering::Acquire) {
        return Ok(());
    }
    // SAFETY: the handlers do not unwind and do what may be done between the two halves of a fork; libc forgets them when
    // the library that they are in is unloaded.
    match unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) } {
        0 => {
            INSTALLED.store(true, Ordering::Release);
            Ok(())
        }
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

unsafe extern "C" fn before() {
    kept::fork_begins();
}

/// Whether the fork succeeded or not.
unsafe extern "C" fn in_parent() {
    kept::fork_ends();
}

unsafe extern "C" fn in_child() {
    home::leave();
    kept::close_all();
}

#[cfg(test)]
pub(crate) mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// `fork(2)`: runs this in a child, which must end it without a panic.
    pub(crate) fn in_child(run: impl FnOnce()) {
        // SAFETY: the child allocates, which glibc allows after a fork, takes no lock that another thread here may hold
        // except that of its standard error when it fails, and ends without returning.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "{}", std::io::Error::last_os_error());
        if child == 0 {
            let code = i32::from(catch_unwind(AssertUnwindSafe(run)).is_err());
            // SAFETY: ends this process, and runs nothing of the parent's on the way.
            unsafe { libc::_exit(code) };
        }
        // What it owns the child has dropped; here it stays.
        std::mem::forget(run);
        let mut status = 0;
        // SAFETY: the status is an int that lives across the call.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "how the child ended");
    }
}
