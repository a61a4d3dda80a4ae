//! Filters of system calls, by which some of them fail or never end. Relies on `prctl(PR_SET_SECCOMP)`; knows no segment.

#![expect(unsafe_code, reason = "prctl, which installs a filter, and sigaction")]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::waiting::until;

/// Which calls are meant.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// All of them.
    All,
    /// Those whose argument with this number, from 0 on, is this.
    Argument(u32, i32),
    /// Those whose fourth argument is above this, which is below 2^32.
    Above(u32),
}

/// From now on these calls of this thread, and of threads and processes that it starts, fail with that errno, and nothing
/// else.
///
/// # Panics
/// When the system refuses.
pub fn forbid(call: i64, which: Which, errno: i32) {
    install(call, which, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).expect("an errno"));
}

/// Runs this in another thread until it makes such a call, which never ends. For a process that does nothing else.
///
/// # Panics
/// When the system refuses, or no such call is made within a minute.
pub fn stick_in(call: i64, which: Which, run: impl FnOnce() + Send + 'static) {
    static IS_STUCK: AtomicBool = AtomicBool::new(false);
    extern "C" fn stay(_signal: libc::c_int) {
        IS_STUCK.store(true, Ordering::Release);
        loop {
            // SAFETY: may be called from a handler, and waits for other signals.
            unsafe { libc::pause() };
        }
    }
    // SAFETY: the handler has the signature that signal(2) asks for and calls only what a handler may.
    let before = unsafe { libc::signal(libc::SIGSYS, stay as *const () as usize) };
    assert_ne!(before, libc::SIG_ERR);
    thread::spawn(move || {
        install(call, which, libc::SECCOMP_RET_TRAP);
        run();
    });
    until("the call is made", || IS_STUCK.load(Ordering::Acquire));
}

/// `prctl(PR_SET_SECCOMP)`: what becomes of these calls of this thread.
fn install(call: i64, which: Which, result: u32) {
    let step = |code: u32, k: u32, on: u8, off: u8| libc::sock_filter {
        code: u16::try_from(code).expect("a code"),
        jt: on,
        jf: off,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let above = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
    let end = libc::BPF_RET | libc::BPF_K;
    let number = u32::try_from(call).expect("a number of a call");
    // struct seccomp_data: the number at 0, the arguments from 16 on. For all the number is looked at twice.
    let (at, test, wanted) = match which {
        Which::All => (0, equal, number),
        Which::Argument(index, value) => (16 + 8 * index, equal, value.cast_unsigned()),
        Which::Above(limit) => (40, above, limit),
    };
    let mut program = [
        step(load, 0, 0, 0),
        step(equal, number, 0, 3),
        step(load, at, 0, 0),
        step(test, wanted, 0, 1),
        step(end, result, 0, 0),
        step(end, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let filter = libc::sock_fprog { len: 6, filter: program.as_mut_ptr() };
    // SAFETY: no memory is involved.
    let alone = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(alone, 0, "{}", io::Error::last_os_error());
    // SAFETY: the filter and its program of six steps live across the call, which copies them.
    let installed =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    assert_eq!(installed, 0, "{}", io::Error::last_os_error());
}
