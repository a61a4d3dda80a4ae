//! Addresses for tests: unique to this process and this test, and clean again afterwards; segment and guard behind them as
//! another program would make, change and remove them. Relies on `std` and `sysv`; knows no segment's contents.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use shmrecord::handover;

use crate::{memfd, sysv};

/// The kinds of segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `posix:/name`
    Posix,
    /// `file:/path`
    File,
    /// `sysv:key`
    Sysv,
    /// `memfd:name`
    Memfd,
}

impl Backend {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Posix, Self::File, Self::Sysv, Self::Memfd];
    /// The kinds that every process finds by their address.
    pub const PUBLIC: [Self; 3] = [Self::Posix, Self::File, Self::Sysv];
    /// The kinds that are files with a name.
    pub const NAMED: [Self; 2] = [Self::Posix, Self::File];
}

/// What belongs to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its segment.
    Segment,
    /// Its guard.
    Guard,
}

/// An address that nobody else uses. Whatever stands at its segment's and guard's names is removed on drop.
#[derive(Debug)]
pub struct Place {
    address: String,
    spot: Spot,
    backend: Backend,
}

#[derive(Debug)]
enum Spot {
    Path(PathBuf),
    Key(i32),
    /// In this process, under the address.
    Memfd,
}

impl Place {
    /// A place of this kind with nothing there; a file has a directory of its own.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self::below(backend, &std::env::temp_dir())
    }

    /// As [`Place::new`]; a file's directory lies in this one.
    #[must_use]
    pub fn below(backend: Backend, directory: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // No name is the start of another.
        let name = format!("shmrecord-test-{}-{count}-table", process::id());
        let (address, spot) = match backend {
            Backend::Posix => (format!("posix:/{name}"), Spot::Path(Path::new("/dev/shm").join(&name))),
            Backend::File => {
                let directory = directory.join(&name);
                fs::create_dir(&directory).expect("a new directory for a test's segment");
                let path = directory.join("table");
                (format!("file:{}", path.display()), Spot::Path(path))
            }
            Backend::Sysv => {
                let key = unused_key(count);
                (format!("sysv:{key:#x}"), Spot::Key(key))
            }
            Backend::Memfd => (format!("memfd:{name}"), Spot::Memfd),
        };
        Self { address, spot, backend }
    }

    /// The address, as the library takes it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The kind of segment.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Where the segment's file is.
    ///
    /// # Panics
    /// For System V and memfds, which have none.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.spot {
            Spot::Path(path) => path,
            Spot::Key(_) | Spot::Memfd => panic!("{} has no path", self.address),
        }
    }

    /// Where the guard file is. Panics as [`Place::path`].
    #[must_use]
    pub fn guard(&self) -> PathBuf {
        let mut path = OsString::from(self.path());
        path.push(".guard");
        path.into()
    }

    /// The directory of both. Panics as [`Place::path`].
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.path().parent().expect("a segment lies in a directory")
    }

    /// The key of a System V segment.
    ///
    /// # Panics
    /// For files and memfds, which have none.
    #[must_use]
    pub fn key(&self) -> i32 {
        match self.spot {
            Spot::Path(_) | Spot::Memfd => panic!("{} has no key", self.address),
            Spot::Key(key) => key,
        }
    }

    /// What is there: the names that start with the segment's name, without that start. `["", ".guard"]` for a table, of
    /// System V and of this process's memfds too; a lone guard among those is not seen.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        if let Spot::Key(key) = self.spot {
            let parts = [(sysv::segment(key), ""), (sysv::set(key), ".guard")];
            return parts.into_iter().filter(|part| part.0.is_some()).map(|part| part.1.to_owned()).collect();
        }
        if let Spot::Memfd = self.spot {
            let parts = [(Part::Segment, ""), (Part::Guard, ".guard")];
            let held = parts.into_iter().filter(|part| memfd::open(&self.address, part.0).is_some());
            return held.map(|part| part.1.to_owned()).collect();
        }
        let start = self.path().file_name().and_then(|name| name.to_str()).expect("an ASCII name");
        let mut names: Vec<String> = fs::read_dir(self.directory())
            .expect("the directory of a test's segment")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter_map(|name| match name.strip_prefix(start) {
                Some(rest) => Some(rest.to_owned()),
                None if self.backend == Backend::File => Some(name),
                None => None, // somebody else's
            })
            .collect();
        names.sort();
        names
    }

    /// A guard as a creator makes it who dies then; that of a memfd beside a segment only, in a hand-over.
    ///
    /// # Panics
    /// When there is one.
    pub fn make_guard(&self) {
        match self.spot {
            Spot::Path(_) => drop(File::create_new(self.guard()).expect("no guard is there")),
            Spot::Key(key) => sysv::make_set(key, sysv::GUARD_SEMAPHORES),
            Spot::Memfd => {
                let segment = self.memfd_of(Part::Segment);
                assert!(memfd::open(&self.address, Part::Guard).is_none(), "no guard is there");
                memfd::enter(&self.address, &[&segment, &memfd::make(b"", memfd::SEALS)]);
            }
        }
    }

    /// Removes segment or guard behind the library's back. Of a memfd this process lets go, or is given the segment alone.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, part: Part) {
        match (&self.spot, part) {
            (Spot::Path(_), _) => fs::remove_file(self.file_of(part)).expect("it is there"),
            (Spot::Key(key), Part::Segment) => sysv::remove_segment(*key),
            (Spot::Key(key), Part::Guard) => sysv::remove_set(*key),
            (Spot::Memfd, Part::Segment) => handover::forget(&self.address).expect("it is there"),
            (Spot::Memfd, Part::Guard) => memfd::enter(&self.address, &[&self.memfd_of(Part::Segment)]),
        }
    }

    /// The permission bits of segment or guard.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn mode(&self, part: Part) -> u32 {
        match (&self.spot, part) {
            (Spot::Path(_), _) => fs::metadata(self.file_of(part)).expect("it is there").mode() & 0o7777,
            (Spot::Key(key), Part::Segment) => u32::from(sysv::segment_facts(*key).shm_perm.mode) & 0o777,
            (Spot::Key(key), Part::Guard) => u32::from(sysv::set_facts(*key).sem_perm.mode) & 0o777,
            (Spot::Memfd, _) => self.memfd_of(part).metadata().expect("its facts").mode() & 0o7777,
        }
    }

    /// Changes the permission bits of segment or guard.
    ///
    /// # Panics
    /// When it is not there.
    pub fn set_mode(&self, part: Part, mode: u16) {
        match (&self.spot, part) {
            (Spot::Path(_), _) => {
                fs::set_permissions(self.file_of(part), Permissions::from_mode(mode.into()))
                    .expect("it is there")
            }
            (Spot::Key(key), Part::Segment) => {
                let mut facts = sysv::segment_facts(*key);
                facts.shm_perm.mode = mode;
                sysv::set_segment_facts(*key, facts);
            }
            (Spot::Key(key), Part::Guard) => {
                let mut facts = sysv::set_facts(*key);
                facts.sem_perm.mode = mode;
                sysv::set_set_facts(*key, facts);
            }
            (Spot::Memfd, _) => {
                let mode = Permissions::from_mode(mode.into());
                self.memfd_of(part).set_permissions(mode).expect("an own memfd");
            }
        }
    }

    /// Who owns segment or guard.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn owner(&self, part: Part) -> u32 {
        match (&self.spot, part) {
            (Spot::Path(_), _) => fs::metadata(self.file_of(part)).expect("it is there").uid(),
            (Spot::Key(key), Part::Segment) => sysv::segment_facts(*key).shm_perm.uid,
            (Spot::Key(key), Part::Guard) => sysv::set_facts(*key).sem_perm.uid,
            (Spot::Memfd, _) => self.memfd_of(part).metadata().expect("its facts").uid(),
        }
    }

    /// The group of segment or guard.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn group(&self, part: Part) -> u32 {
        match (&self.spot, part) {
            (Spot::Path(_), _) => fs::metadata(self.file_of(part)).expect("it is there").gid(),
            (Spot::Key(key), Part::Segment) => sysv::segment_facts(*key).shm_perm.gid,
            (Spot::Key(key), Part::Guard) => sysv::set_facts(*key).sem_perm.gid,
            (Spot::Memfd, _) => self.memfd_of(part).metadata().expect("its facts").gid(),
        }
    }

    /// Bytes of memory or disk that the segment takes.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn taken_bytes(&self) -> u64 {
        match &self.spot {
            Spot::Path(path) => fs::metadata(path).expect("it is there").blocks() * 512,
            Spot::Key(key) => sysv::present_bytes(*key),
            Spot::Memfd => self.memfd_of(Part::Segment).metadata().expect("its facts").blocks() * 512,
        }
    }

    /// A field of this process's mappings of the segment in `/proc/self/smaps`, in bytes: `"Locked:"`.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn mapped_bytes(&self, field: &str) -> u64 {
        // Its creator's mapping keeps the name of a file that had none yet.
        let inode = match &self.spot {
            Spot::Path(path) => fs::metadata(path).expect("it is there").ino().to_string(),
            Spot::Key(key) => sysv::segment(*key).expect("a segment").to_string(),
            Spot::Memfd => self.memfd_of(Part::Segment).metadata().expect("its facts").ino().to_string(),
        };
        let smaps = fs::read_to_string("/proc/self/smaps").expect("this process's mappings");
        let mut is_ours = false;
        let mut bytes = 0;
        for line in smaps.lines() {
            if line.split(' ').next().is_some_and(|first| !first.ends_with(':')) {
                is_ours = line.split_whitespace().nth(4) == Some(&inode);
            } else if let Some(kib) = line.strip_prefix(field).filter(|_| is_ours) {
                bytes += kib.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024;
            }
        }
        bytes
    }

    /// Gives segment or guard to this user, which only root can.
    ///
    /// # Panics
    /// When it is not there, or the system refuses.
    pub fn give(&self, part: Part, uid: u32) {
        match (&self.spot, part) {
            (Spot::Path(_), _) => chown(self.file_of(part), Some(uid), None).expect("root gives it away"),
            (Spot::Key(key), Part::Segment) => {
                let mut facts = sysv::segment_facts(*key);
                facts.shm_perm.uid = uid;
                sysv::set_segment_facts(*key, facts);
            }
            (Spot::Key(key), Part::Guard) => {
                let mut facts = sysv::set_facts(*key);
                facts.sem_perm.uid = uid;
                sysv::set_set_facts(*key, facts);
            }
            (Spot::Memfd, _) => {
                fchown(self.memfd_of(part), Some(uid), None).expect("root gives it away");
            }
        }
    }

    fn memfd_of(&self, part: Part) -> File {
        memfd::open(&self.address, part).expect("it is there")
    }

    fn file_of(&self, part: Part) -> PathBuf {
        match part {
            Part::Segment => self.path().to_owned(),
            Part::Guard => self.guard(),
        }
    }
}

/// A key with nothing under it: a magic byte, the process, the place; two of one process never meet. It is even: the one
/// behind it is the same place's, for programs that need two.
fn unused_key(count: u32) -> i32 {
    let keys =
        (0..).map(|step| 0x5e << 24 | (process::id() % 0x1000) << 12 | (2 * (count + step * 0x200) % 0x1000));
    let key =
        keys.map(u32::cast_signed).find(|&key| sysv::segment(key).is_none() && sysv::set(key).is_none());
    key.expect("an unused key")
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Spot::Key(key) = self.spot {
            sysv::remove_segment(key);
            sysv::remove_set(key);
            return;
        }
        if let Spot::Memfd = self.spot {
            // Mostly nothing is there any more.
            let _ = handover::forget(&self.address);
            return;
        }
        for path in [self.path().to_owned(), self.guard()] {
            // Mostly nothing is there any more.
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        }
        if self.backend == Backend::File {
            let _ = fs::remove_dir_all(self.directory());
        }
    }
}
