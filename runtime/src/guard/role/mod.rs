//! Who may create, remove and write: a guard's locks, which the kernel holds for a process and takes back when it dies,
//! however it dies. Relies on [`file`] for files and memfds, which [`name`] opens, and on [`sysv`] for System V; knows no
//! segment.
//!
//! Nothing else, no pid and no time, decides that a writer is gone.

use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::fork::home::Home;
use crate::key::Key;
use crate::region::{Identity, Rights, Trust, named};

mod file;
mod name;
mod sysv;

use file::FileGuard;
pub(crate) use name::GuardName;
use sysv::SetGuard;

/// The locks of a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// To create, replace or remove the segment.
    Create,
    /// To write, for as long as the writer lives.
    Writer,
    /// To be the writer with this slot of many, for as long as it lives; below [`abi::PARTICIPANTS`].
    Participant(u32),
}

/// Where a guard is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuardPlace {
    /// A file or memfd beside the segment.
    File(GuardName),
    /// A semaphore set under the segment's key.
    Set(Key),
}

/// An open guard. Dropping it lets its locks go.
#[derive(Debug)]
pub(crate) enum Guard {
    File(FileGuard),
    Set(SetGuard),
}

impl GuardPlace {
    /// Opens the guard, which must exist.
    pub(crate) fn open(&self, at: &At<'_>, trust: &Trust, deadline: &mut Deadline) -> Result<Guard> {
        match self {
            GuardPlace::File(name) => FileGuard::open(at, name, trust, deadline).map(Guard::File),
            GuardPlace::Set(key) => SetGuard::open(at, *key, trust).map(Guard::Set),
        }
    }

    /// Whether somebody holds this lock of this guard, without touching it. `None`: it cannot be told, because the name leads
    /// to another one or nowhere, or it may not be read.
    pub(crate) fn is_held(&self, at: &At<'_>, guard: Identity, lock: Lock) -> Result<Option<bool>> {
        match self {
            GuardPlace::File(name) => file::is_held(at, name, guard, lock),
            GuardPlace::Set(key) => sysv::is_held(at, *key, guard, lock),
        }
    }

    /// Opens the guard, or makes it for those who may write the segment, which has these rights.
    pub(crate) fn open_or_create(
        &self,
        at: &At<'_>,
        segment: Rights,
        trust: &Trust,
        deadline: &mut Deadline,
    ) -> Result<Guard> {
        let rights = writers_only(segment);
        match self {
            GuardPlace::File(name) => {
                FileGuard::open_or_create(at, name, rights, trust, deadline).map(Guard::File)
            }
            GuardPlace::Set(key) => SetGuard::open_or_create(at, *key, rights, trust).map(Guard::Set),
        }
    }
}

impl Guard {
    /// Which guard this is.
    pub(crate) fn identity(&self) -> Identity {
        match self {
            Guard::File(guard) => guard.identity(),
            Guard::Set(guard) => guard.identity(),
        }
    }

    /// Whether its name still leads to it.
    pub(crate) fn is_current(&self, at: &At<'_>) -> Result<bool> {
        match self {
            Guard::File(guard) => guard.is_current(at),
            Guard::Set(guard) => guard.is_current(at),
        }
    }

    /// Gives it the rights that go with the segment's: a guard that was left over may have others, and a new set has no
    /// other group yet. The caller holds [`Lock::Create`], and the segment is not there.
    pub(crate) fn set_rights(&self, at: &At<'_>, segment: Rights) -> Result<()> {
        match self {
            Guard::File(guard) => guard.set_rights(at, writers_only(segment)),
            Guard::Set(guard) => guard.set_rights(at, writers_only(segment)),
        }
    }

    /// Takes the lock if nobody has it.
    pub(crate) fn try_lock(&mut self, at: &At<'_>, lock: Lock) -> Result<bool> {
        match self {
            Guard::File(guard) => guard.try_lock(at, lock),
            Guard::Set(guard) => guard.try_lock(at, lock),
        }
    }

    /// Takes [`Lock::Writer`] together with others who took it so. The caller holds [`Lock::Create`]. `false`: somebody has it for
    /// itself.
    pub(crate) fn try_share(&mut self, at: &At<'_>) -> Result<bool> {
        match self {
            Guard::File(guard) => guard.try_share(at),
            Guard::Set(guard) => guard.share(at).map(|()| true),
        }
    }

    /// Lets others have [`Lock::Writer`] too, which this one took for itself.
    pub(crate) fn admit_others(&mut self, at: &At<'_>) -> Result<()> {
        match self {
            Guard::File(guard) => guard.try_share(at).map(|_| ()),
            // Taken is taken: others add to it.
            Guard::Set(_) => Ok(()),
        }
    }

    /// Whether somebody holds this lock that this guard does not hold itself.
    pub(crate) fn is_held_by_others(&self, at: &At<'_>, lock: Lock) -> Result<bool> {
        match self {
            Guard::File(guard) => guard.is_held_by_others(at, lock),
            Guard::Set(guard) => guard.is_held_by_others(at, lock),
        }
    }

    /// Takes the lock, waiting until the deadline. A guard that was removed meanwhile locks nobody out: whoever asks next
    /// finds that it is no longer the one.
    pub(crate) fn lock(&mut self, at: &At<'_>, lock: Lock, deadline: &mut Deadline) -> Result<()> {
        loop {
            match self.try_lock(at, lock) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if *error.kind() == ErrorKind::GuardLost => return Ok(()),
                Err(error) => return Err(error),
            }
            if !deadline.pause() {
                return Err(at.error(ErrorKind::LockTimeout { pid: None }).detail(self.whom_to_ask()));
            }
        }
    }

    /// How to find the process that has [`Lock::Create`] for so long: the kernel tells nobody whose an open file's lock is.
    #[cold]
    fn whom_to_ask(&self) -> String {
        let tool = match self {
            Guard::File(_) => "`fuser` names those that have its guard open".to_owned(),
            Guard::Set(_) => {
                format!("`ipcs -s -i {}` names who took semaphore 0 last", self.identity().inode)
            }
        };
        format!("by a process that creates, replaces or removes it: {tool}")
    }

    /// Lets the lock go.
    pub(crate) fn unlock(&mut self, at: &At<'_>, lock: Lock) -> Result<()> {
        match self {
            Guard::File(guard) => guard.unlock(at, lock),
            Guard::Set(guard) => guard.unlock(at, lock),
        }
    }

    /// The process that last took or released this lock, its death included, where the kernel keeps that and has a number for
    /// it here. It may be gone.
    pub(crate) fn last_pid(&self, at: &At<'_>, lock: Lock) -> Result<Option<u32>> {
        match self {
            Guard::File(_) => Ok(None),
            Guard::Set(guard) => guard.last_pid(at, lock),
        }
    }

    /// Removes the guard, if its name still leads to it. The caller holds [`Lock::Create`].
    pub(crate) fn unlink(&mut self, at: &At<'_>) -> Result<()> {
        match self {
            Guard::File(guard) => guard.unlink(at),
            Guard::Set(guard) => guard.unlink(at),
        }
    }
}

/// This process, which is to hold the locks of a guard.
fn home(at: &At<'_>) -> Result<Home> {
    Home::here().map_err(|(call, error)| named::no_space(at, call, 0, &error))
}

/// The guard's rights for a segment of these: read and write for the classes that may write, so that nobody who only reads
/// can lock writers out.
fn writers_only(segment: Rights) -> Rights {
    let write = segment.mode & 0o222;
    Rights { mode: write | write << 1, ..segment }
}

#[cfg(test)]
mod tests {
    use crate::region::Rights;

    #[test]
    fn the_guard_opens_for_writers_only() {
        for (segment, guard) in
            [(0o600, 0o600), (0o644, 0o600), (0o640, 0o600), (0o660, 0o660), (0o664, 0o660), (0o666, 0o666)]
        {
            let rights = super::writers_only(Rights { mode: segment, group: Some(7) });
            assert_eq!((rights.mode, rights.group), (guard, Some(7)), "{segment:o}");
        }
    }
}
