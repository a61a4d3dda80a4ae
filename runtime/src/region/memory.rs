//! How a mapping is backed: huge pages, locking and presence, as far as they were asked for and are to be had. Relies on `map` and on
//! `/proc/self/smaps`, which alone tells what was got; knows neither names nor what the memory holds.

use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::error::{At, ErrorKind, Result};
use crate::region::gap::HUGE_PAGE;
use crate::region::map::{Map, Refused};
use crate::region::named;

/// How much something is wanted that not every system gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It is tried; without it everything works the same, and [`Memory`] says so.
    Prefer,
    /// Without it the call fails.
    Require,
}

/// What a handle's mapping got of what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Every whole 2 MiB of it lay in a huge page when it was mapped.
    pub huge_pages: bool,
    /// Its pages stay in memory from when they are first touched.
    pub locked: bool,
}

/// What a mapping is wanted to have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) huge_pages: Option<Need>,
    pub(crate) locked: Option<Need>,
    /// All of it, before it is used.
    pub(crate) present: bool,
}

/// Why something was not to be had: what happened, and the errno.
struct Refusal(String, Option<i32>);

/// Gives the mapping what is wished for, or says why what is required is not to be had. `file` is what it maps, if that is a
/// file.
pub(crate) fn settle(at: &At<'_>, map: &Map, file: Option<&File>, wishes: Wishes) -> Result<Memory> {
    let mut memory = Memory::default();
    if let Some(need) = wishes.huge_pages {
        memory.huge_pages = granted(at, need, || ErrorKind::HugePagesUnavailable, huge_pages(map, file))?;
    }
    if let Some(need) = wishes.locked {
        let locked = map.lock().map_err(|error| Refusal("mlock2".into(), error.raw_os_error()));
        memory.locked = granted(at, need, || ErrorKind::NotLocked { limit: Map::lock_limit() }, locked)?;
    }
    if wishes.present {
        // Behind the others: huge pages are fewer, and what is locked stays.
        map.populate_all()
            .map_err(|Refused { call, error }| named::no_space(at, call, map.length() as u64, &error))?;
    }
    Ok(memory)
}

/// Whether it was got; an error if it had to be.
fn granted(
    at: &At<'_>,
    need: Need,
    kind: impl FnOnce() -> ErrorKind,
    result: std::result::Result<(), Refusal>,
) -> Result<bool> {
    match (result, need) {
        (Ok(()), _) => Ok(true),
        (Err(_), Need::Prefer) => Ok(false),
        (Err(Refusal(words, errno)), Need::Require) => {
            let error = at.error(kind()).detail(words);
            Err(match errno {
                Some(errno) => error.errno(errno),
                None => error,
            })
        }
    }
}

/// Puts every whole 2 MiB of a mapping that was made for it into a huge page.
fn huge_pages(map: &Map, file: Option<&File>) -> std::result::Result<(), Refusal> {
    let pages = map.length() / HUGE_PAGE;
    if pages == 0 {
        return Err(Refusal(format!("{} bytes, a huge page has {HUGE_PAGE}", map.length()), None));
    }
    // A disk's file comes in huge pages when it is read; what is not there must not be made here. What comes of it, and of
    // the next call, which does not know disks, is seen below.
    if file.is_some_and(is_whole) {
        let _ = map.populate_read();
    }
    let collapsed = map.collapse();
    match huge_bytes(map) {
        Ok(bytes) if bytes / HUGE_PAGE == pages => Ok(()),
        Ok(bytes) => {
            let (call, errno) = match &collapsed {
                Ok(()) => ("", None),
                Err(error) => (": madvise(MADV_COLLAPSE)", error.raw_os_error()),
            };
            Err(Refusal(format!("{} of {pages}{call}", bytes / HUGE_PAGE), errno))
        }
        Err(error) => Err(Refusal("open /proc/self/smaps".into(), error.raw_os_error())),
    }
}

/// `fstat(2)`: whether all of the file is there.
fn is_whole(file: &File) -> bool {
    file.metadata().is_ok_and(|facts| facts.blocks().saturating_mul(512) >= facts.len())
}

/// Bytes of the mapping that lie in huge pages, according to `/proc/self/smaps`.
fn huge_bytes(map: &Map) -> io::Result<usize> {
    let start = map.base().addr().get();
    let smaps = fs::read("/proc/self/smaps")?;
    Ok(huge_bytes_between(&String::from_utf8_lossy(&smaps), start, start + map.length()))
}

/// Bytes in huge pages of the mappings that start between these addresses. Each begins with a line `START-END ...`, and
/// behind it stand lines `Name:   1234 kB`.
fn huge_bytes_between(smaps: &str, start: usize, end: usize) -> usize {
    let mut is_inside = false;
    let mut kib = 0;
    for line in smaps.lines() {
        if let Some(rest) =
            line.strip_prefix("ShmemPmdMapped:").or_else(|| line.strip_prefix("FilePmdMapped:"))
        {
            let number = rest.trim().trim_end_matches(" kB").parse().unwrap_or(0);
            kib += if is_inside { number } else { 0 };
        } else if let Some((address, _)) = line.split_once('-')
            && let Ok(address) = usize::from_str_radix(address, 16)
        {
            is_inside = (start..end).contains(&address);
        }
    }
    kib * 1024
}

#[cfg(test)]
mod tests {
    use super::huge_bytes_between;

    #[test]
    fn huge_pages_are_counted_where_the_mapping_is() {
        let smaps = "\
7f0000000000-7f0000400000 rw-s 00000000 00:1b 7                          /dev/shm/a-b\n\
Rss:                4096 kB\nShmemPmdMapped:     2048 kB\nFilePmdMapped:         0 kB\nVmFlags: rd wr sh hg \n\
7f0000400000-7f0000600000 r--s 00000000 fe:00 8                          /tmp/c\n\
ShmemPmdMapped:        0 kB\nFilePmdMapped:      2048 kB\n";
        for (start, end, expected) in [
            (0x7f00_0000_0000, 0x7f00_0040_0000, 2 << 20),
            (0x7f00_0040_0000, 0x7f00_0060_0000, 2 << 20),
            (0x7f00_0000_0000, 0x7f00_0060_0000, 4 << 20),
            (0x7f00_0060_0000, 0x7f00_0080_0000, 0),
        ] {
            assert_eq!(huge_bytes_between(smaps, start, end), expected, "{start:x}");
        }
    }
}
