//! The guard file and the locks on its bytes: the kernel's word on who may create, remove and write. Relies on
//! `region::named` to open and make files, and on open-file-description locks (`fcntl(2)`, `F_OFD_SETLK`); knows no
//! segment.
//!
//! The kernel lets a lock go when the last descriptor of its holder's open file is closed, which a kill does too. Nothing
//! else, no pid and no time, decides that a writer is gone.

#![expect(unsafe_code, reason = "fcntl with a struct flock")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use shmrecord_layout::abi;

use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::region::map::Access;
use crate::region::named::{self, Identity, Trust};

/// The locks of a guard file, by the byte that stands for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// To create, replace or remove the segment.
    Create,
    /// To write, for as long as the writer lives.
    Writer,
}

/// An open guard file. Dropping it lets its locks go.
#[derive(Debug)]
pub(crate) struct Guard {
    file: File,
    identity: Identity,
    path: PathBuf,
}

impl Guard {
    /// Opens the guard file at `path`, which must exist.
    pub(crate) fn open(at: &At<'_>, path: &Path, trust: &Trust) -> Result<Self> {
        let at = At { subject: &path.display(), ..*at };
        let (file, identity, _) = named::open(&at, path, Access::Write, trust)?;
        Ok(Self { file, identity, path: path.into() })
    }

    /// Opens the guard file at `path`, or makes it in `directory` for those who may write with the segment's `mode`.
    pub(crate) fn open_or_create(
        at: &At<'_>,
        path: &Path,
        directory: &Path,
        mode: u32,
        trust: &Trust,
    ) -> Result<Self> {
        loop {
            match Self::open(at, path, trust) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                result => return result,
            }
            let at = At { subject: &path.display(), ..*at };
            let file = named::unnamed(&at, directory, writers_only(mode))?;
            if named::publish(&at, &file, path)? {
                let identity = named::identity(&at, &file)?;
                return Ok(Self { file, identity, path: path.into() });
            }
        }
    }

    /// Which file this is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether its name still leads to it.
    pub(crate) fn is_current(&self, at: &At<'_>) -> Result<bool> {
        named::leads_to(at, &self.path, self.identity)
    }

    /// Takes the lock if nobody has it: `fcntl(F_OFD_SETLK, F_WRLCK)` on its byte.
    pub(crate) fn try_lock(&self, at: &At<'_>, lock: Lock) -> Result<bool> {
        match self.set(lock, libc::F_WRLCK) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                let kind = ErrorKind::Unsupported { what: "locking by open file description" };
                Err(at.error(kind).detail("fcntl(F_OFD_SETLK)").errno(libc::EINVAL))
            }
            Err(error) => Err(at.os("fcntl(F_OFD_SETLK)", &error)),
        }
    }

    /// Takes the lock, waiting until the deadline.
    pub(crate) fn lock(&self, at: &At<'_>, lock: Lock, deadline: &mut Deadline) -> Result<()> {
        while !self.try_lock(at, lock)? {
            if !deadline.pause() {
                return Err(at.error(ErrorKind::LockTimeout).detail(format!("{}", self.path.display())));
            }
        }
        Ok(())
    }

    /// Lets the lock go: `fcntl(F_OFD_SETLK, F_UNLCK)`.
    pub(crate) fn unlock(&self, at: &At<'_>, lock: Lock) -> Result<()> {
        self.set(lock, libc::F_UNLCK).map_err(|error| at.os("fcntl(F_OFD_SETLK)", &error))
    }

    /// `unlink(2)` of the guard, if its name still leads to it. The caller holds [`Lock::Create`].
    pub(crate) fn unlink(&self, at: &At<'_>) -> Result<()> {
        named::unlink(at, &self.path, self.identity)
    }

    fn set(&self, lock: Lock, kind: libc::c_int) -> io::Result<()> {
        let start = match lock {
            Lock::Create => abi::LOCK_BYTE_CREATE,
            Lock::Writer => abi::LOCK_BYTE_WRITER,
        };
        #[expect(clippy::cast_possible_truncation, reason = "F_*LCK and SEEK_SET are 0 to 2")]
        let range = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: start,
            l_len: 1,
            l_pid: 0,
        };
        loop {
            // SAFETY: `range` is a struct flock that lives across the call; the descriptor is this value's own.
            let result = unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &raw const range) };
            if result == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

/// The guard's mode for a segment of this mode: read and write for the classes that may write, so that nobody who only
/// reads can lock writers out.
fn writers_only(mode: u32) -> u32 {
    let write = mode & 0o222;
    write | write << 1
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_guard_opens_for_writers_only() {
        for (segment, guard) in
            [(0o600, 0o600), (0o644, 0o600), (0o640, 0o600), (0o660, 0o660), (0o664, 0o660), (0o666, 0o666)]
        {
            assert_eq!(super::writers_only(segment), guard, "{segment:o}");
        }
    }
}
