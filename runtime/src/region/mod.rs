//! Segments by place: an enum over files with a name and System V segments, so that nothing above tells them apart.
//! Relies on [`map`], [`named`] and [`sysv`], which rely on the kernel through `libc`; knows neither header nor records.

use std::fs::File;
use std::path::PathBuf;

use crate::error::{At, Error, ErrorKind, Result};
use crate::key::Key;
use crate::region::map::{Access, Map};

mod bus;
pub(crate) mod map;
pub(crate) mod named;
pub(crate) mod sysv;

/// What tells one segment or guard from every other on this machine: device and inode of a file; the inode of the IPC
/// namespace and the id of a System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// Whose segments and guards are accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust {
    /// A user beside this process's own and root.
    pub(crate) owner: Option<u32>,
    /// Whether what everybody may write is accepted.
    pub(crate) world_writable: bool,
}

impl Trust {
    /// Accepts an object of this owner and these permission bits, or says why not.
    pub(crate) fn check(&self, at: &At<'_>, uid: u32, mode: u32) -> Result<()> {
        if uid != 0 && uid != crate::host::effective_uid() && Some(uid) != self.owner {
            return Err(at.error(ErrorKind::BadOwner { uid }));
        }
        if mode & 0o002 != 0 && !self.world_writable {
            return Err(at.error(ErrorKind::TooPermissive { mode }));
        }
        Ok(())
    }

    /// As [`Trust::check`], of a System V object: its owner and its creator may both change and remove it.
    pub(crate) fn check_ipc(&self, at: &At<'_>, facts: &libc::ipc_perm) -> Result<()> {
        let mode = u32::from(facts.mode) & 0o777;
        self.check(at, facts.uid, mode)?;
        self.check(at, facts.cuid, mode)
    }
}

/// Where a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file: `posix:` and `file:`.
    Named(PathBuf),
    /// A System V key: `sysv:`.
    Sysv(Key),
}

/// A segment that is there, not mapped yet.
#[derive(Debug)]
pub(crate) struct Found {
    backing: Backing,
    pub(crate) identity: Identity,
    /// Bytes, according to the kernel.
    pub(crate) size: u64,
}

/// What the kernel is asked about a segment.
#[derive(Debug)]
enum Backing {
    File(File),
    Shm(libc::c_int),
}

/// A mapped segment.
#[derive(Debug)]
pub(crate) struct Segment {
    map: Map,
    backing: Backing,
    identity: Identity,
}

/// What is made of a new segment before it has its name.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// All of it: a file without a name, its space reserved, mapped.
    File(File, Map),
    /// Nothing: a System V segment has its key from the first moment, and counts as absent until its magic is stored.
    Nothing,
}

impl Place {
    /// Whether this error may pass by itself: a System V segment has its key before it is complete.
    pub(crate) fn may_pass(&self, error: &Error) -> bool {
        matches!(self, Place::Sysv(_)) && *error.kind() == ErrorKind::NotReady
    }

    /// The segment that is there, if its owner and mode are accepted. Never waits.
    pub(crate) fn find(&self, at: &At<'_>, access: Access, trust: &Trust) -> Result<Found> {
        match self {
            Place::Named(path) => {
                let (file, identity, size) = named::open(at, path, access, trust)?;
                Ok(Found { backing: Backing::File(file), identity, size })
            }
            Place::Sysv(key) => {
                let (id, identity, size) = sysv::find(at, *key, trust)?;
                Ok(Found { backing: Backing::Shm(id), identity, size })
            }
        }
    }

    /// Whether the name leads to anything at all.
    pub(crate) fn is_taken(&self, at: &At<'_>) -> Result<bool> {
        match self {
            Place::Named(path) => named::is_taken(at, path),
            Place::Sysv(key) => sysv::identity(at, *key).map(|identity| identity.is_some()),
        }
    }

    /// Whether the name leads to this segment.
    pub(crate) fn leads_to(&self, at: &At<'_>, identity: Identity) -> Result<bool> {
        match self {
            Place::Named(path) => named::leads_to(at, path, identity),
            Place::Sysv(key) => sysv::identity(at, *key).map(|found| found == Some(identity)),
        }
    }

    /// Takes the name away from this segment. Callers hold the lock under which names change.
    pub(crate) fn unlink(&self, at: &At<'_>, identity: Identity) -> Result<()> {
        match self {
            Place::Named(path) => named::unlink(at, path, identity),
            Place::Sysv(key) => sysv::unlink(at, *key, identity),
        }
    }

    /// Makes as much of a new segment as can be made without a name.
    pub(crate) fn prepare(&self, at: &At<'_>, bytes: u64, mode: u32) -> Result<Prepared> {
        let Place::Named(path) = self else {
            return Ok(Prepared::Nothing);
        };
        let file = named::unnamed(at, named::directory(path), mode, bytes)?;
        named::reserve(at, &file, bytes)?;
        let map = Map::of_file(&file, length(at, bytes)?, Access::Write)
            .map_err(|error| named::no_space(at, "mmap", bytes, &error))?;
        populate(at, &map)?;
        Ok(Prepared::File(file, map))
    }

    /// Completes a new segment with `fill`, which stores all that it is to hold, and gives it its name. `None`: the name was
    /// taken.
    pub(crate) fn publish(
        &self,
        at: &At<'_>,
        prepared: Prepared,
        bytes: u64,
        mode: u32,
        fill: impl FnOnce(&Map),
    ) -> Result<Option<Segment>> {
        match (self, prepared) {
            (Place::Named(path), Prepared::File(file, map)) => {
                fill(&map);
                let identity = named::identity(at, &file)?;
                let named = named::publish(at, &file, path)?;
                Ok(named.then_some(Segment { map, backing: Backing::File(file), identity }))
            }
            (Place::Sysv(key), _) => {
                let Some(unfinished) = sysv::create(at, *key, bytes, mode)? else {
                    return Ok(None);
                };
                let map = Map::of_shm(unfinished.id(), length(at, bytes)?, Access::Write)
                    .map_err(|error| named::no_space(at, "shmat", bytes, &error))?;
                populate(at, &map)?;
                fill(&map);
                let (backing, identity) = (Backing::Shm(unfinished.id()), unfinished.identity());
                unfinished.finish();
                Ok(Some(Segment { map, backing, identity }))
            }
            (Place::Named(_), Prepared::Nothing) => Ok(None),
        }
    }
}

impl Found {
    /// Maps all of it.
    pub(crate) fn map(self, at: &At<'_>, access: Access) -> Result<Segment> {
        let length = length(at, self.size)?;
        let (call, map) = match &self.backing {
            Backing::File(file) => ("mmap", Map::of_file(file, length, access)),
            Backing::Shm(id) => ("shmat", Map::of_shm(*id, length, access)),
        };
        let map = map.map_err(|error| match (&self.backing, error.raw_os_error()) {
            // Removed since it was found.
            (Backing::Shm(_), Some(errno @ (libc::EIDRM | libc::EINVAL))) => {
                at.error(ErrorKind::NotFound).detail(call).errno(errno)
            }
            _ => named::no_space(at, call, self.size, &error),
        })?;
        Ok(Segment { map, backing: self.backing, identity: self.identity })
    }
}

impl Segment {
    /// Watches the mapping, so that a file that is cut under it is an error and not a SIGBUS.
    pub(crate) fn watch(&mut self, at: &At<'_>) -> Result<()> {
        self.map.watch().map_err(|error| at.os("sigaction(SIGBUS)", &error))
    }

    /// Its memory.
    pub(crate) fn map(&self) -> &Map {
        &self.map
    }

    /// Which segment it is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }
}

fn length(at: &At<'_>, bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| at.error(ErrorKind::NoSpace { wanted: bytes }))
}

fn populate(at: &At<'_>, map: &Map) -> Result<()> {
    let bytes = map.length() as u64;
    map.populate().map_err(|error| named::no_space(at, "madvise(MADV_POPULATE_WRITE)", bytes, &error))
}
