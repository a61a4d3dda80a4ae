//! A timer that interrupts one thread. Relies on `libc` alone.

#![expect(unsafe_code, reason = "sigaction and timers, which std does not offer")]

use std::mem;
use std::ptr;

use libc::c_int;

/// Interrupts the thread that made it 10,000 times a second, until it is dropped.
pub(crate) struct Storm(libc::timer_t);

impl Storm {
    pub(crate) fn new() -> Self {
        extern "C" fn nothing(_: c_int) {}
        // SAFETY: all zeros are a struct sigaction: an empty mask and no SA_RESTART.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = nothing as extern "C" fn(c_int) as usize;
        // SAFETY: the handler does nothing, so it may run anywhere; `action` lives across the call.
        assert_eq!(unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) }, 0);
        // SAFETY: all zeros are a struct sigevent.
        let mut event: libc::sigevent = unsafe { mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGALRM;
        // SAFETY: gettid has no arguments.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = ptr::null_mut();
        // SAFETY: event and timer live across the call.
        let made = unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        assert_eq!(made, 0);
        let every = libc::timespec { tv_sec: 0, tv_nsec: 100_000 };
        let often = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: the timer was made above; `often` lives across the call.
        assert_eq!(unsafe { libc::timer_settime(timer, 0, &raw const often, ptr::null_mut()) }, 0);
        Self(timer)
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        // SAFETY: the timer is this value's own.
        unsafe { libc::timer_delete(self.0) };
    }
}
