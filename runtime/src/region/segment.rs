//! A mapped segment and what the kernel is asked about it, of every kind. Relies on [`map`](super::map),
//! [`memory`](super::memory) and [`sysv`](super::sysv); knows no names.

use std::fs::File;

use crate::error::{At, ErrorKind, Result};
use crate::region::map::{Access, Map, Refused};
use crate::region::memory::{Memory, Wishes};
use crate::region::page::Page;
use crate::region::{Facts, Found, Identity, NewSegment, memory, named, sysv};

/// What the kernel is asked about a segment.
#[derive(Debug)]
pub(super) enum Backing {
    File(File),
    Shm(libc::c_int),
}

/// A mapped segment.
#[derive(Debug)]
pub(crate) struct Segment {
    map: Map,
    backing: Backing,
    identity: Identity,
    memory: Memory,
}

impl Backing {
    /// What the kernel says of the segment, which has this identity.
    pub(super) fn facts(&self, at: &At<'_>, identity: Identity) -> Result<Facts> {
        match self {
            Backing::File(file) => {
                file.metadata().map(|facts| Facts::of_file(&facts)).map_err(|error| at.os("fstat", &error))
            }
            Backing::Shm(id) => sysv::facts(at, *id, identity),
        }
    }
}

impl Found {
    /// What the kernel says of it.
    pub(crate) fn facts(&self, at: &At<'_>) -> Result<Facts> {
        self.backing.facts(at, self.identity)
    }

    /// Maps all of it, ready for [`Segment::settle`].
    pub(crate) fn map(self, at: &At<'_>, access: Access, wishes: Wishes) -> Result<Segment> {
        let map = self.backing.map(at, self.size, access, wishes)?;
        Ok(Segment { map, backing: self.backing, identity: self.identity, memory: Memory::default() })
    }
}

impl Backing {
    pub(super) fn map(&self, at: &At<'_>, bytes: u64, access: Access, wishes: Wishes) -> Result<Map> {
        let (length, huge) = (length(at, bytes)?, wishes.huge_pages.is_some());
        let map = match self {
            Backing::File(file) => Map::of_file(file, length, access, huge),
            Backing::Shm(id) => Map::of_shm(*id, length, access, huge),
        };
        map.map_err(|Refused { call, error }| match (call, error.raw_os_error()) {
            // Removed since it was found.
            ("shmat", Some(errno @ (libc::EIDRM | libc::EINVAL))) => {
                at.error(ErrorKind::NotFound).detail(call).errno(errno)
            }
            _ => named::no_space(at, call, bytes, &error),
        })
    }
}

impl Segment {
    /// Maps a new segment; what is to be present is.
    pub(super) fn new(at: &At<'_>, backing: Backing, identity: Identity, new: &NewSegment) -> Result<Self> {
        let map = backing.map(at, new.bytes, Access::Write, new.wishes)?;
        populate(at, &map, new.present_bytes)?;
        let mut segment = Self { map, backing, identity, memory: Memory::default() };
        segment.settle(at, new.wishes)?;
        Ok(segment)
    }

    /// Gives its memory what is wished for, which its mapping was made for.
    pub(crate) fn settle(&mut self, at: &At<'_>, wishes: Wishes) -> Result<()> {
        self.memory = memory::settle(at, &self.map, self.file(), wishes)?;
        Ok(())
    }

    pub(super) fn file(&self) -> Option<&File> {
        match &self.backing {
            Backing::File(file) => Some(file),
            Backing::Shm(_) => None,
        }
    }

    /// Its page at `offset`, mapped for storing; `None`: that is not to be had.
    pub(crate) fn page(&self, offset: usize) -> Option<Page> {
        match &self.backing {
            Backing::File(file) => Page::of_file(file, offset),
            // In another IPC namespace than it was opened in the id is somebody else's.
            Backing::Shm(id) if sysv::is_here(self.identity) => Page::of_shm(*id, self.map.length(), offset),
            Backing::Shm(_) => None,
        }
    }

    /// What its memory got of that.
    pub(crate) fn memory(&self) -> Memory {
        self.memory
    }

    /// Watches the mapping, so that a file that is cut under it is an error and not a SIGBUS.
    pub(crate) fn watch(&mut self, at: &At<'_>) -> Result<()> {
        self.map.watch().map_err(|error| at.os("sigaction(SIGBUS)", &error))
    }

    /// `fcntl(F_DUPFD_CLOEXEC)` and `mmap(2)`, or `shmat(2)`: the same memory once more, for reading, be its name gone. It
    /// is watched as this mapping is.
    pub(crate) fn again(&self, at: &At<'_>) -> Result<Self> {
        let backing = match &self.backing {
            Backing::File(file) => {
                let file = file.try_clone().map_err(|error| at.os("fcntl(F_DUPFD_CLOEXEC)", &error))?;
                Backing::File(file)
            }
            // In another IPC namespace the id is another segment's.
            Backing::Shm(id) => sysv::facts(at, *id, self.identity).map(|_| Backing::Shm(*id))?,
        };
        let found = Found { backing, identity: self.identity, size: self.map.length() as u64 };
        let mut segment = found.map(at, Access::Read, Wishes::default())?;
        if self.map.is_watched() {
            segment.watch(at)?;
        }
        Ok(segment)
    }

    /// Its memory.
    pub(crate) fn map(&self) -> &Map {
        &self.map
    }

    /// Which segment it is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// What the kernel says of it: `fstat(2)`, `shmctl(IPC_STAT)`.
    pub(crate) fn facts(&self, at: &At<'_>) -> Result<Facts> {
        self.backing.facts(at, self.identity)
    }
}

/// Takes as much memory as a new segment needs, with what is wished for it, and lets it go: memory without a name, of which
/// nothing is left behind by whoever is killed. The kernel keeps it as it keeps that of a System V segment.
pub(super) fn rehearse(at: &At<'_>, new: &NewSegment) -> Result<()> {
    let map = Map::anonymous(length(at, new.bytes)?, new.wishes.huge_pages.is_some())
        .map_err(|Refused { call, error }| named::no_space(at, call, new.bytes, &error))?;
    populate(at, &map, new.present_bytes)?;
    memory::settle(at, &map, None, new.wishes).map(drop)
}

/// Makes the first `bytes` bytes of a new mapping present.
fn populate(at: &At<'_>, map: &Map, bytes: u64) -> Result<()> {
    map.populate(length(at, bytes)?)
        .map_err(|error| named::no_space(at, "madvise(MADV_POPULATE_WRITE)", bytes, &error))
}

fn length(at: &At<'_>, bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| at.error(ErrorKind::NoSpace { wanted: bytes }))
}
