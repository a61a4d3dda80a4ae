//! Whether there is memory for a new segment: no call refuses it where only the kernel's last resort is left, which is to end
//! processes. Relies on `/proc` and `/sys/fs/cgroup`; what they do not tell is taken to be enough.
//!
//! What is asked here may be gone a moment later; it keeps a table from being created that can never fit.

use std::fs;
use std::path::Path;

use crate::error::{At, ErrorKind, Result};

/// Below this nothing is asked.
const NOTABLE_BYTES: u64 = 1 << 20;

/// Files of a control group and the line of its `memory.stat` that counts what the kernel can take back.
struct Version {
    root: &'static str,
    limit: &'static str,
    usage: &'static str,
    reclaimable: &'static str,
}

const V2: Version = Version {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    usage: "memory.current",
    reclaimable: "inactive_file",
};

const V1: Version = Version {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
};

/// Refuses what neither the machine nor this process's control groups have room for.
pub(crate) fn check(at: &At<'_>, bytes: u64) -> Result<()> {
    if bytes < NOTABLE_BYTES {
        return Ok(());
    }
    let why = if of_machine().is_some_and(|room| bytes > room) {
        "MemAvailable and SwapFree in /proc/meminfo"
    } else if of_groups().is_some_and(|room| bytes > room) {
        "the memory limit of a control group"
    } else {
        return Ok(());
    };
    Err(at.error(ErrorKind::NoSpace { wanted: bytes }).detail(why).errno(libc::ENOMEM))
}

/// Bytes of memory that processes could still be given, swap included.
fn of_machine() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = |name| number_behind(&text, name);
    Some((kilobytes("MemAvailable:")? + kilobytes("SwapFree:")?).saturating_mul(1024))
}

/// Bytes that this process's control group and those above it leave.
fn of_groups() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().filter_map(of_group).min()
}

/// As [`of_groups`], for a line of `/proc/self/cgroup`: `NUMBER:CONTROLLERS:/path`.
fn of_group(line: &str) -> Option<u64> {
    let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
    let version = match controllers {
        "" => &V2,
        _ if controllers.split(',').any(|name| name == "memory") => &V1,
        _ => return None,
    };
    // In a container the path may be the host's: what is not there is not asked.
    let path = Path::new(path.strip_prefix('/').unwrap_or(path));
    path.ancestors().filter_map(|path| version.room(&Path::new(version.root).join(path))).min()
}

impl Version {
    fn room(&self, group: &Path) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(group.join(name)).ok();
        let limit: u64 = read(self.limit)?.trim().parse().ok()?;
        let usage: u64 = read(self.usage)?.trim().parse().ok()?;
        let reclaimable =
            read("memory.stat").and_then(|stat| number_behind(&stat, self.reclaimable)).unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(reclaimable)))
    }
}

/// The number in the line that begins with this word.
fn number_behind(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some(word) { words.next()?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::{number_behind, of_group, of_machine};

    #[test]
    fn some_memory_is_free_and_not_more_than_there_is() {
        let free = of_machine().expect("a machine with /proc");
        assert!(free > 1 << 20 && free < 1 << 50, "{free}");
    }

    #[test]
    fn numbers_stand_behind_their_whole_word() {
        let text = "inactive_file_x 1\ninactive_file 4096\nMemAvailable:   17 kB\n";
        assert_eq!(number_behind(text, "inactive_file"), Some(4096));
        assert_eq!(number_behind(text, "MemAvailable:"), Some(17));
        assert_eq!(number_behind(text, "file"), None);
    }

    #[test]
    fn groups_that_are_not_there_leave_everything() {
        for line in ["", "0", "0:", "0::", "7:cpu,cpuacct:/", "0::/no/such/group/\u{e4}"] {
            // The root's own limit, where it has one, is far away.
            assert!(of_group(line).is_none_or(|room| room > 1 << 20), "{line}");
        }
    }
}
