//! What the kernel says of this machine and this process: boot, memory, random bytes, process start, clock. Relies on `/proc`,
//! `libc` and `once`; everything here is for diagnosis, identity or caution, nothing about who may write is decided by it.

#![expect(unsafe_code, reason = "getrandom, geteuid and kill, which std does not offer")]

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::once::SetOnce;

/// The kernel's boot id, or zeros where it cannot be read. Asked once: no process outlives a boot.
pub(crate) fn boot_id() -> [u8; 16] {
    static BOOT_ID: SetOnce<[u8; 16]> = SetOnce::new();
    *BOOT_ID.get().unwrap_or_else(|| BOOT_ID.set(read_boot_id()))
}

fn read_boot_id() -> [u8; 16] {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: Vec<u8> = text.bytes().filter_map(|byte| char::from(byte).to_digit(16)).map(narrow).collect();
    let mut id = [0; 16];
    if digits.len() == 32 {
        for (byte, pair) in id.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = pair[0] << 4 | pair[1];
        }
    }
    id
}

/// A hexadecimal digit's value, below 16.
#[expect(clippy::cast_possible_truncation, reason = "to_digit(16) is below 16")]
fn narrow(digit: u32) -> u8 {
    digit as u8
}

/// `getrandom(2)`: 16 bytes that nobody else has.
pub(crate) fn random_bytes() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    loop {
        // SAFETY: the buffer is 16 bytes long and lives across the call.
        let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        if usize::try_from(filled) == Ok(bytes.len()) {
            return Ok(bytes);
        }
        let error = io::Error::last_os_error();
        if filled < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// `geteuid(2)`
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// When this process was started, in clock ticks since boot: field 22 of `/proc/PID/stat`. `None`: no such process, or no
/// `/proc`.
fn process_start(pid: u32) -> Option<u64> {
    start_of(&pid.to_string())
}

/// The process that stored this id and start, if it is there: an id counts within a PID namespace, a start everywhere. A
/// start of 0 was not to be read.
pub(crate) fn process_of(pid: u64, start: u64) -> Option<u32> {
    u32::try_from(pid).ok().filter(|&pid| start != 0 && process_start(pid) == Some(start))
}

/// When this process itself was started. Not by its pid: `/proc` may be that of another PID namespace, where the pid is
/// another process's.
pub(crate) fn own_start() -> Option<u64> {
    start_of("self")
}

fn start_of(process: &str) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    // The command name, field 2, stands in parentheses and may hold anything, parentheses and half a character too.
    let stat = String::from_utf8_lossy(&stat);
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// `kill(2)` with signal 0: whether there is a process with this id, be it somebody else's or one that has ended and whose
/// parent has not asked for it yet.
pub(crate) fn process_exists(pid: u32) -> bool {
    let Ok(pid @ 1..) = libc::pid_t::try_from(pid) else {
        return false;
    };
    // SAFETY: signal 0 is sent to nobody; it is only looked whether it could be.
    let result = unsafe { libc::kill(pid, 0) };
    result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// `clock_gettime(CLOCK_MONOTONIC_COARSE)`: nanoseconds of the clock that all processes of this machine share (but for those
/// in time namespaces), in steps of 1 to 10 ms. No system call.
pub(crate) fn coarse_monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec that lives across the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    now.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec.cast_unsigned())
}

/// Nanoseconds since 1970 (UTC), as far as u64 counts; for people.
pub(crate) fn now_unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_process_that_runs_has_a_start_and_one_that_does_not_has_none() {
        assert!(super::own_start().is_some());
        assert_eq!(super::process_start(std::process::id()), super::own_start());
        assert_eq!(super::process_start(u32::MAX), None);
    }

    #[test]
    fn a_name_that_is_no_text_hides_no_start() {
        // What the kernel makes of a program's name in UTF-8 that is longer than 15 bytes.
        let (start, name) = (super::own_start(), std::fs::read("/proc/self/comm").unwrap());
        std::fs::write("/proc/self/comm", b"half a) \xc3").unwrap();
        let found = super::own_start();
        std::fs::write("/proc/self/comm", name.trim_ascii_end()).unwrap();
        assert!(found.is_some() && found == start, "{found:?}, {start:?}");
    }

    #[test]
    fn processes_exist_or_do_not() {
        assert!(super::process_exists(1), "not ours, if this is not root");
        assert!(super::process_exists(std::process::id()));
        // Past the largest pid there can be, past pid_t, and the process group.
        assert!([1 << 22, u32::MAX, 0].map(super::process_exists) == [false; 3]);
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(super::random_bytes().unwrap(), super::random_bytes().unwrap());
    }
}
