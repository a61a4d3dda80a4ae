//! Segments by place: an enum over files with a name, System V segments and memfds, so that nothing above tells them
//! apart. Relies on [`segment`], [`named`], [`sysv`] and [`memfd`], which rely on the kernel; knows neither header
//! nor records.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::error::{At, Error, ErrorKind, Result};
use crate::key::Key;
use crate::region::map::{Access, Map};
use crate::region::memory::Wishes;

mod available;
mod bus;
pub(crate) mod facts;
mod gap;
pub(crate) mod inherited;
pub(crate) mod map;
pub(crate) mod memfd;
pub(crate) mod memory;
pub(crate) mod named;
pub(crate) mod page;
pub(crate) mod registry;
mod rights;
mod segment;
pub(crate) mod sysv;

pub use facts::Facts;
pub(crate) use rights::{Rights, Trust};
use segment::Backing;
pub(crate) use segment::Segment;

/// What tells one segment or guard from every other on this machine: device and inode of a file; the inode of the IPC
/// namespace and the id of a System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl Identity {
    /// Whether both are one object. A device of 0 is an IPC namespace that could not be asked for, then or now: within one
    /// namespace ids tell enough.
    pub(crate) fn is_same(self, other: Self) -> bool {
        let is_unknown = self.device == 0 || other.device == 0;
        self.inode == other.inode && (is_unknown || self.device == other.device)
    }

    /// `fstat(2)`
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|facts| Self { device: facts.dev(), inode: facts.ino() })
    }
}

/// What a new segment is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSegment {
    pub(crate) bytes: u64,
    /// Bytes from the start on whose memory is its own before it has its name: all, or, of a sparse one, those that are
    /// stored to until then. The kernel finds the others when they are touched.
    pub(crate) present_bytes: u64,
    pub(crate) rights: Rights,
    /// What its creator's mapping is wanted to have.
    pub(crate) wishes: Wishes,
    /// Whether, once it has its name, nobody may map it for writing any more. Only memfds can be.
    pub(crate) exclusive: bool,
}

impl NewSegment {
    /// Whether some of its memory is only found when it is touched.
    pub(crate) fn is_sparse(&self) -> bool {
        self.present_bytes < self.bytes
    }
}

/// Where a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file: `posix:` and `file:`.
    Named(PathBuf),
    /// A System V key: `sysv:`.
    Sysv(Key),
    /// A name in this process's registry of memfds: `memfd:`.
    Memfd(String),
}

/// A segment that is there, not mapped yet.
#[derive(Debug)]
pub(crate) struct Found {
    backing: Backing,
    pub(crate) identity: Identity,
    /// Bytes, according to the kernel.
    pub(crate) size: u64,
}

/// What is made of a new segment before it has its name.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// All of it: a file without a name, its space reserved, mapped.
    File(Segment),
    /// Nothing: a System V segment has its key from the first moment, and counts as absent until its magic is stored.
    Nothing,
}

impl Prepared {
    /// Its memory, if there is any yet.
    pub(crate) fn map(&self) -> Option<&Map> {
        match self {
            Prepared::File(segment) => Some(segment.map()),
            Prepared::Nothing => None,
        }
    }
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
            Place::Memfd(name) => {
                let (file, identity, size) = memfd::open(at, name, access, trust)?;
                Ok(Found { backing: Backing::File(file), identity, size })
            }
        }
    }

    /// The trust in what another program made there: a memfd has mode 0777 unless its maker changes that, and yet nobody gets
    /// at it but who is given it.
    pub(crate) fn trust_in_foreign(&self, trust: &Trust) -> Trust {
        Trust { world_writable: trust.world_writable || matches!(self, Place::Memfd(_)), ..*trust }
    }

    /// Whether the name leads to anything at all.
    pub(crate) fn is_taken(&self, at: &At<'_>) -> Result<bool> {
        match self {
            Place::Named(path) => named::is_taken(at, path),
            Place::Sysv(key) => sysv::identity(at, *key).map(|identity| identity.is_some()),
            Place::Memfd(name) => registry::identity(at, name).map(|identity| identity.is_some()),
        }
    }

    /// Whether the name leads to this segment.
    pub(crate) fn leads_to(&self, at: &At<'_>, identity: Identity) -> Result<bool> {
        match self {
            Place::Named(path) => named::leads_to(at, path, identity),
            Place::Sysv(key) => {
                sysv::identity(at, *key).map(|found| found.is_some_and(|found| found.is_same(identity)))
            }
            Place::Memfd(name) => registry::identity(at, name).map(|found| found == Some(identity)),
        }
    }

    /// Whether a segment or guard of this kind and identity could be found from here at all.
    pub(crate) fn is_of_this_namespace(&self, identity: Identity) -> bool {
        match self {
            Place::Named(_) | Place::Memfd(_) => true,
            Place::Sysv(_) => sysv::is_here(identity),
        }
    }

    /// Takes the name away from this segment. Callers hold the lock under which names change.
    pub(crate) fn unlink(&self, at: &At<'_>, identity: Identity) -> Result<()> {
        match self {
            Place::Named(path) => named::unlink(at, path, identity),
            Place::Sysv(key) => sysv::unlink(at, *key, identity),
            Place::Memfd(name) => registry::take_out(at, name, identity),
        }
    }

    /// What a reader does that finds this segment removed: a memfd has a name here for as long as this process holds it.
    pub(crate) fn let_go(&self, at: &At<'_>, identity: Identity) -> Result<()> {
        match self {
            Place::Memfd(name) => registry::let_go(at, name, identity),
            Place::Named(_) | Place::Sysv(_) => Ok(()),
        }
    }

    /// Makes as much of a new segment as can be made without a name.
    pub(crate) fn prepare(&self, at: &At<'_>, new: &NewSegment) -> Result<Prepared> {
        // Of a disk's file the kernel can take the memory back.
        if !matches!(self, Place::Named(path) if !path.starts_with(named::POSIX_DIRECTORY)) {
            available::check(at, new.present_bytes)?;
        }
        let file = match self {
            Place::Named(path) => named::unnamed(at, named::directory(path), new.rights, new.bytes)?,
            Place::Memfd(name) => memfd::create(at, name, new.rights, new.present_bytes)?,
            Place::Sysv(_) => return Ok(Prepared::Nothing),
        };
        named::reserve(at, &file, new.bytes, new.present_bytes)?;
        let identity = named::identity(at, &file)?;
        Segment::new(at, Backing::File(file), identity, new).map(Prepared::File)
    }

    /// Behind [`Place::prepare`]: whether there is room for a new segment of which that could make nothing, because the old
    /// one has its name. That much memory is made elsewhere and let go again.
    ///
    /// Somebody else may have it a moment later. But what is never to be had is refused while the old one is whole.
    pub(crate) fn rehearse(&self, at: &At<'_>, new: &NewSegment) -> Result<()> {
        if !matches!(self, Place::Sysv(_)) {
            return Ok(());
        }
        sysv::check_limits(at, new.bytes)?;
        segment::rehearse(at, new)
    }

    /// Completes a new segment with `fill`, which stores all that it is to hold, and gives it its name. `None`: the name was
    /// taken.
    pub(crate) fn publish(
        &self,
        at: &At<'_>,
        prepared: Prepared,
        new: &NewSegment,
        fill: impl FnOnce(&Map),
    ) -> Result<Option<Segment>> {
        match (self, prepared) {
            (Place::Named(path), Prepared::File(segment)) => {
                fill(segment.map());
                let Some(file) = segment.file() else {
                    return Ok(None);
                };
                Ok(named::publish(at, file, path)?.then_some(segment))
            }
            (Place::Memfd(name), Prepared::File(segment)) => {
                fill(segment.map());
                let Some(file) = segment.file() else {
                    return Ok(None);
                };
                memfd::seal(at, file, new.exclusive)?;
                Ok(memfd::publish(at, file, name)?.then_some(segment))
            }
            (Place::Sysv(key), _) => {
                let Some(unfinished) = sysv::create(at, *key, new)? else {
                    return Ok(None);
                };
                let (backing, identity) = (Backing::Shm(unfinished.id()), unfinished.identity());
                let segment = Segment::new(at, backing, identity, new)?;
                fill(segment.map());
                unfinished.finish();
                Ok(Some(segment))
            }
            (Place::Named(_) | Place::Memfd(_), Prepared::Nothing) => Ok(None),
        }
    }
}
