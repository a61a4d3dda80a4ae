//! Which cores there are, and on which one a process runs. Relies on `sched_setaffinity` and on what `/sys` says of siblings.

use std::fs;
use std::io;

/// The cores that this process may use, in order.
pub(crate) fn allowed() -> Vec<usize> {
    // SAFETY: any bits are a set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: as long as said, and this process's own.
    let got = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    if got != 0 {
        return Vec::new();
    }
    let all = usize::try_from(libc::CPU_SETSIZE).unwrap_or_default();
    // SAFETY: below the size of the set.
    (0..all).filter(|core| unsafe { libc::CPU_ISSET(*core, &set) }).collect()
}

/// Two cores for two sides: not two threads of one core, if that can be had. `None`: there is one.
pub(crate) fn two() -> Option<[usize; 2]> {
    let allowed = allowed();
    let first = *allowed.first()?;
    let siblings = siblings(first);
    let apart = allowed.iter().skip(1).find(|core| !siblings.contains(core));
    apart.or(allowed.get(1)).map(|second| [first, *second])
}

/// The threads of the core that this one is a thread of.
fn siblings(core: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    let list = fs::read_to_string(path).unwrap_or_default();
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

/// Lets this thread, and what it starts, run there alone.
pub(crate) fn to(core: usize) -> io::Result<()> {
    // SAFETY: any bits are a set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the number of a core that the kernel gave, so below the size of the set.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: as long as said, and only read.
    let set = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
