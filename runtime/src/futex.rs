//! Sleeping and waking on a word of shared memory, and the barrier by which who is about to sleep spares others theirs. Relies
//! on `futex(2)` and `membarrier(2)`; knows no protocol. Everything here may fail in a sandbox, and then says so or does with
//! less: sleeping becomes a short pause.

#![expect(unsafe_code, reason = "system calls that neither std nor libc has functions for")]

use std::io;
use std::time::Duration;

use crate::sync::{AtomicU32, Ordering, fence};

/// Every sleeper, whatever bits it sleeps with.
pub(crate) const ANY: u32 = u32::MAX;

/// A pause where the kernel refuses to let a process sleep on a word.
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// `futex(FUTEX_WAIT_BITSET)`: sleeps while the word is `seen`, no longer than this, until it is woken by one of these bits.
/// Returns early for a signal, and for no reason. Works on memory that is only mapped for reading.
pub(crate) fn wait(word: &AtomicU32, seen: u32, bits: u32, longest: Duration) {
    // This call's timeout is a moment of the monotonic clock, not a duration.
    let mut end = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `end` is a timespec that lives across the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut end) };
    let nanoseconds = end.tv_nsec + i64::from(longest.subsec_nanos());
    let seconds = i64::try_from(longest.as_secs()).unwrap_or(i64::MAX);
    end.tv_sec = end.tv_sec.saturating_add(seconds).saturating_add(nanoseconds / 1_000_000_000);
    end.tv_nsec = nanoseconds % 1_000_000_000;
    let operation = libc::FUTEX_WAIT_BITSET;
    // SAFETY: the kernel reads the word, which the reference keeps mapped, and `end`; the fifth argument is not used.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            seen,
            &raw const end,
            std::ptr::null::<u32>(),
            bits,
        )
    };
    let error = || io::Error::last_os_error().raw_os_error();
    if result != 0 && !matches!(error(), Some(libc::ETIMEDOUT | libc::EAGAIN | libc::EINTR)) {
        std::thread::sleep(longest.min(SHORT_PAUSE));
    }
}

/// `futex(FUTEX_WAKE_BITSET)`: wakes up to so many of those who sleep on the word with one of these bits. An error has nobody to
/// go to: who sleeps looks again by itself after a while.
#[cold]
pub(crate) fn wake(word: &AtomicU32, count: i32, bits: u32) {
    let operation = libc::FUTEX_WAKE_BITSET;
    // SAFETY: the address is only a name here; the kernel does not touch the word. Two arguments are not used.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            count,
            std::ptr::null::<libc::timespec>(),
            std::ptr::null::<u32>(),
            bits,
        )
    };
}

/// `membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)`: from now on [`barrier`] of any process is one of this process too.
/// `false`: it is not, so that who publishes needs a fence of its own. Not remembered, because a child may have to ask anew.
pub(crate) fn register() -> bool {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)
}

/// `membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)`: a full barrier of this thread, and of every thread that runs just now in a
/// process that has registered. `false`: only of this thread, so that nobody must rely on it.
pub(crate) fn barrier() -> bool {
    // For those who have a fence of their own, and for this thread's side.
    fence(Ordering::SeqCst);
    membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{ANY, wait, wake};
    use crate::sync::{AtomicU32, Ordering};

    #[test]
    fn a_sleeper_is_woken_by_its_bits_and_by_no_others() {
        let word = AtomicU32::new(7);
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                let mut woken = 0;
                while word.load(Ordering::Acquire) == 7 {
                    wait(&word, 7, 4, Duration::from_secs(60));
                    woken += 1;
                }
                woken
            });
            thread::sleep(Duration::from_millis(20));
            wake(&word, i32::MAX, 3);
            thread::sleep(Duration::from_millis(20));
            assert!(!sleeper.is_finished());
            word.store(8, Ordering::Release);
            wake(&word, i32::MAX, 12);
            assert!(sleeper.join().unwrap() >= 1);
        });
    }

    #[test]
    fn nobody_sleeps_on_another_word_or_past_the_time() {
        let word = AtomicU32::new(7);
        wait(&word, 8, ANY, Duration::MAX);
        let before = Instant::now();
        wait(&word, 7, ANY, Duration::from_millis(5));
        assert!(before.elapsed() >= Duration::from_millis(5));
        wait(&word, 7, ANY, Duration::ZERO);
    }
}
