//! A thread of the library's own in somebody else's program. Relies on `std` and `pthread_sigmask(3)`; does not know what it does.

#![expect(unsafe_code, reason = "sets of signals, which std does not offer")]

use std::io;
use std::mem::MaybeUninit;
use std::thread::{Builder, JoinHandle};

/// What a thread brings upon itself: blocked, it would end the process instead of being handled.
const OF_ITSELF: [libc::c_int; 6] =
    [libc::SIGBUS, libc::SIGSEGV, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGSYS];

/// `pthread_create(3)`: runs this in a thread that takes no signal of the process's, so that a program which leaves some of them to
/// certain threads, or to a `signalfd(2)`, need not know of it.
pub(super) fn spawn(run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    // A thread begins with the mask of its maker.
    let before = set_mask(&all_but_own())?;
    let result = Builder::new().name("shmrecord".into()).spawn(run);
    // What has been this thread's mask is none that can be refused.
    let _ = set_mask(&before);
    result
}

/// Every signal but those.
fn all_but_own() -> libc::sigset_t {
    let mut signals = MaybeUninit::uninit();
    // SAFETY: sigfillset writes one sigset_t, for which there is room.
    unsafe { libc::sigfillset(signals.as_mut_ptr()) };
    for signal in OF_ITSELF {
        // SAFETY: a set that was filled above, and a number of a signal.
        unsafe { libc::sigdelset(signals.as_mut_ptr(), signal) };
    }
    // SAFETY: sigfillset cannot fail for a valid pointer, and has written all of it.
    unsafe { signals.assume_init() }
}

/// Blocks these signals in this thread and no others; gives those that were.
fn set_mask(signals: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut before = MaybeUninit::uninit();
    // SAFETY: reads one sigset_t and writes another, which both live across the call.
    match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, signals, before.as_mut_ptr()) } {
        // SAFETY: the call succeeded, so libc has filled it.
        0 => Ok(unsafe { before.assume_init() }),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}
