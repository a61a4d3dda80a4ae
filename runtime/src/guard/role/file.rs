//! A guard that is a file or a memfd: locks on its bytes. Relies on [`name`](super::name) to open and make it, on
//! `fork::kept` to keep it from children, and on
//! open-file-description locks (`fcntl(2)`, `F_OFD_SETLK`), which the kernel lets go when the last descriptor of their
//! holder's open file is closed; knows no segment.

#![expect(unsafe_code, reason = "fcntl with a struct flock")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use shmrecord_layout::abi;

use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::fork::home::Home;
use crate::fork::kept::{KeptFile, Opening};
use crate::guard::role::{GuardName, Lock, home};
use crate::region::{Identity, Rights, Trust, named};

/// An open guard file. Dropping it lets its locks go.
#[derive(Debug)]
pub(crate) struct FileGuard {
    /// No child keeps a copy, so that the locks end with this process.
    file: KeptFile,
    identity: Identity,
    name: GuardName,
    /// The process that opened it: a child that inherits the value must not let the locks go.
    home: Home,
}

impl FileGuard {
    /// Opens the guard with this name, which must exist.
    pub(crate) fn open(
        at: &At<'_>,
        name: &GuardName,
        trust: &Trust,
        deadline: &mut Deadline,
    ) -> Result<Self> {
        let at = &At { subject: name, ..*at };
        let home = home(at)?;
        loop {
            if let Some(opening) = Opening::begin() {
                let (file, identity) = name.open(at, trust)?;
                if let Some(file) = opening.keep(file) {
                    return Ok(Self { file, identity, name: name.clone(), home });
                }
            }
            pause_for_forks(at, deadline)?;
        }
    }

    /// Opens the guard with this name, or makes it with these rights.
    pub(crate) fn open_or_create(
        at: &At<'_>,
        name: &GuardName,
        rights: Rights,
        trust: &Trust,
        deadline: &mut Deadline,
    ) -> Result<Self> {
        loop {
            match Self::open(at, name, trust, deadline) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                result => return result,
            }
            let at = &At { subject: name, ..*at };
            let home = home(at)?;
            let Some(opening) = Opening::begin() else {
                pause_for_forks(at, deadline)?;
                continue;
            };
            // Where a child may have it, or somebody else was faster, it is there to be opened.
            if let Some((file, identity)) = name.create(at, rights)?
                && let Some(file) = opening.keep(file)
            {
                return Ok(Self { file, identity, name: name.clone(), home });
            }
        }
    }

    /// Which file this is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether its name still leads to it.
    pub(crate) fn is_current(&self, at: &At<'_>) -> Result<bool> {
        self.name.leads_to(at, self.identity)
    }

    /// `fchown(2)` and `fchmod(2)`, if it has another group or mode.
    pub(crate) fn set_rights(&self, at: &At<'_>, rights: Rights) -> Result<()> {
        named::set_rights(&At { subject: &self.name, ..*at }, &self.file, rights)
    }

    /// Takes the lock if nobody has it: `fcntl(F_OFD_SETLK, F_WRLCK)` on its byte.
    pub(crate) fn try_lock(&self, at: &At<'_>, lock: Lock) -> Result<bool> {
        self.try_set(at, &range(lock, libc::F_WRLCK))
    }

    /// Takes [`Lock::Writer`] together with others, or lets others have it: `fcntl(F_OFD_SETLK, F_RDLCK)`.
    pub(crate) fn try_share(&self, at: &At<'_>) -> Result<bool> {
        self.try_set(at, &range(Lock::Writer, libc::F_RDLCK))
    }

    /// `false`: somebody has a lock in the way.
    fn try_set(&self, at: &At<'_>, range: &libc::flock) -> Result<bool> {
        match self.set(range) {
            Ok(()) => Ok(true),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EACCES) => Ok(false),
                // The latter are what a filter of system calls says.
                Some(errno @ (libc::EINVAL | libc::EPERM | libc::ENOSYS)) => {
                    let kind = ErrorKind::Unsupported { what: "locking by open file description" };
                    Err(at.error(kind).detail("fcntl(F_OFD_SETLK)").errno(errno))
                }
                _ => Err(at.os("fcntl(F_OFD_SETLK)", &error)),
            },
        }
    }

    /// Whether another open file holds this lock: `fcntl(F_OFD_GETLK)`.
    pub(crate) fn is_held_by_others(&self, at: &At<'_>, lock: Lock) -> Result<bool> {
        ask(at, &self.file, lock)
    }

    /// Lets the lock go: `fcntl(F_OFD_SETLK, F_UNLCK)`.
    pub(crate) fn unlock(&self, at: &At<'_>, lock: Lock) -> Result<()> {
        self.set(&range(lock, libc::F_UNLCK)).map_err(|error| at.os("fcntl(F_OFD_SETLK)", &error))
    }

    /// `unlink(2)` of the guard, if its name still leads to it. The caller holds [`Lock::Create`].
    pub(crate) fn unlink(&self, at: &At<'_>) -> Result<()> {
        self.name.unlink(at, self.identity)
    }

    fn set(&self, range: &libc::flock) -> io::Result<()> {
        loop {
            // SAFETY: `range` is a struct flock that lives across the call; the descriptor is this value's own.
            let result = unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &raw const *range) };
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

impl Drop for FileGuard {
    /// Lets the locks go by name: closing the file does so only once no child between fork and exec has it open too.
    fn drop(&mut self) {
        if self.home.is_here() {
            // Length 0 reaches to the end. Letting go of what is not held succeeds; if this fails, closing still does it.
            let all = libc::flock { l_len: 0, ..range(Lock::Create, libc::F_UNLCK) };
            let _ = self.set(&all);
        }
    }
}

/// Sleeps a little while this process forks.
fn pause_for_forks(at: &At<'_>, deadline: &mut Deadline) -> Result<()> {
    if deadline.pause() {
        return Ok(());
    }
    Err(at.error(ErrorKind::LockTimeout { pid: None }).detail("this process forks all the time"))
}

/// `open(O_RDONLY)`, `fcntl(F_OFD_GETLK)`: whether somebody holds this lock of this guard file, of this process too. `None`:
/// the name leads elsewhere, or it may not be read.
pub(crate) fn is_held(at: &At<'_>, name: &GuardName, guard: Identity, lock: Lock) -> Result<Option<bool>> {
    let at = &At { subject: name, ..*at };
    let file = match name.look(at) {
        Ok(file) if named::identity(at, &file)? == guard => file,
        Err(error) if *error.kind() == ErrorKind::Os => return Err(error),
        _ => return Ok(None),
    };
    ask(at, &file, lock).map(Some)
}

/// `fcntl(F_OFD_GETLK)`: whether another open file than this one holds this lock.
fn ask(at: &At<'_>, file: &File, lock: Lock) -> Result<bool> {
    let mut range = range(lock, libc::F_WRLCK);
    loop {
        // SAFETY: `range` is a struct flock that the kernel reads and writes during the call; the descriptor is open.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut range) } == 0 {
            return Ok(libc::c_int::from(range.l_type) != libc::F_UNLCK);
        }
        let error = io::Error::last_os_error();
        // File systems of a network let a signal end it.
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(at.os("fcntl(F_OFD_GETLK)", &error));
        }
    }
}

/// The byte of a lock, to be locked or asked about.
#[expect(clippy::cast_possible_truncation, reason = "F_*LCK and SEEK_SET are 0 to 2")]
fn range(lock: Lock, kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte(lock),
        l_len: 1,
        l_pid: 0,
    }
}

/// The byte of the guard file that stands for a lock.
fn byte(lock: Lock) -> i64 {
    match lock {
        Lock::Create => abi::LOCK_BYTE_CREATE,
        Lock::Writer => abi::LOCK_BYTE_WRITER,
        Lock::Participant(slot) => abi::LOCK_BYTE_PARTICIPANT + i64::from(slot),
    }
}
