//! Segments by place: an enum over files with a name, System V segments and memfds, so that nothing above tells them
//! apart. Relies on [`map`], [`memory`], [`named`], [`sysv`] and [`memfd`], which rely on the kernel; knows neither header
//! nor records.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::error::{At, Error, ErrorKind, Result};
use crate::key::Key;
use crate::region::map::{Access, Map, Refused};
use crate::region::memory::{Memory, Wishes};
use crate::region::page::Page;

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
pub(crate) mod sysv;

pub use facts::Facts;
pub(crate) use rights::{Rights, Trust};

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
    memory: Memory,
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
            Prepared::File(segment) => Some(&segment.map),
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
            Place::Memfd(name) => Ok(registry::identity(name).is_some()),
        }
    }

    /// Whether the name leads to this segment.
    pub(crate) fn leads_to(&self, at: &At<'_>, identity: Identity) -> Result<bool> {
        match self {
            Place::Named(path) => named::leads_to(at, path, identity),
            Place::Sysv(key) => {
                sysv::identity(at, *key).map(|found| found.is_some_and(|found| found.is_same(identity)))
            }
            Place::Memfd(name) => Ok(registry::identity(name) == Some(identity)),
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
            Place::Memfd(name) => {
                registry::take_out(name, identity);
                Ok(())
            }
        }
    }

    /// What a reader does that finds this segment removed: a memfd has a name here for as long as this process holds it.
    pub(crate) fn let_go(&self, identity: Identity) {
        if let Place::Memfd(name) = self {
            registry::let_go(name, identity);
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

    /// Whether there is room for a new segment of which nothing can be made yet, because the old one has its name: that much
    /// memory is made elsewhere and let go again.
    ///
    /// Somebody else may have it a moment later. But what is never to be had is refused while the old one is whole.
    pub(crate) fn rehearse(&self, at: &At<'_>, new: &NewSegment) -> Result<()> {
        if !matches!(self, Place::Sysv(_)) {
            return Ok(());
        }
        sysv::check_limits(at, new.bytes)?;
        available::check(at, new.present_bytes)?;
        // The kernel keeps both kinds of memory alike, and of this one nothing is left behind by whoever is killed.
        let map = Map::anonymous(length(at, new.bytes)?, new.wishes.huge_pages.is_some())
            .map_err(|Refused { call, error }| named::no_space(at, call, new.bytes, &error))?;
        populate(at, &map, new.present_bytes)?;
        memory::settle(at, &map, None, new.wishes).map(drop)
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
                fill(&segment.map);
                let Some(file) = segment.file() else {
                    return Ok(None);
                };
                Ok(named::publish(at, file, path)?.then_some(segment))
            }
            (Place::Memfd(name), Prepared::File(segment)) => {
                fill(&segment.map);
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
                fill(&segment.map);
                unfinished.finish();
                Ok(Some(segment))
            }
            (Place::Named(_) | Place::Memfd(_), Prepared::Nothing) => Ok(None),
        }
    }
}

impl Backing {
    /// What the kernel says of the segment, which has this identity.
    fn facts(&self, at: &At<'_>, identity: Identity) -> Result<Facts> {
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
    fn map(&self, at: &At<'_>, bytes: u64, access: Access, wishes: Wishes) -> Result<Map> {
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
    fn new(at: &At<'_>, backing: Backing, identity: Identity, new: &NewSegment) -> Result<Self> {
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

    fn file(&self) -> Option<&File> {
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

    /// `fcntl(F_DUPFD_CLOEXEC)` and `mmap(2)`, or `shmat(2)`: the same memory once more, for reading, be its name gone. It is watched
    /// as this mapping is.
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

/// Makes the first `bytes` bytes of a new mapping present.
fn populate(at: &At<'_>, map: &Map, bytes: u64) -> Result<()> {
    map.populate(length(at, bytes)?)
        .map_err(|error| named::no_space(at, "madvise(MADV_POPULATE_WRITE)", bytes, &error))
}

fn length(at: &At<'_>, bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| at.error(ErrorKind::NoSpace { wanted: bytes }))
}
