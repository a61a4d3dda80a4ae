//! A semaphore that another program made and uses as a lock: 1 is free, 0 is taken. Relies on `posix` and `sysv`, which
//! make the system calls; knows no table, and neither creates nor removes anything.
//!
//! The calls on semaphores synchronise memory (POSIX.1, 4.12): what a holder did before letting go is visible to the next
//! one, so accesses under the lock need no ordering of their own.

use std::time::Duration;

use super::address::{Address, Place};
use super::{Kind, posix, sysv};
use crate::error::{At, Error, ErrorKind, Result};
use crate::host;
use crate::key::Key;
use crate::region::Trust;

/// Where such a semaphore is, not opened yet.
#[derive(Debug)]
pub(crate) struct ForeignPlace {
    text: String,
    place: Place,
    /// Which semaphore of a System V set.
    index: u16,
}

/// Such a semaphore, open.
#[derive(Debug)]
pub(crate) struct ForeignLock {
    text: String,
    kind: Kind,
}

/// The lock, held until this is let go or dropped. The end of this process lets go of a System V semaphore too.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    lock: &'a ForeignLock,
    operation: &'static str,
}

impl ForeignPlace {
    /// Semaphore `index` of the set with this key, written as behind `sysv:`.
    pub(crate) fn sysv(key: &str, index: u16) -> Result<Self> {
        let text = format!("sysv:{key}[{index}]");
        let key = Key::parse(&At { operation: "parse address", subject: &text }, key)?;
        Ok(Self { text, place: Place::Sysv(key), index })
    }

    /// The semaphore that `sem_open(3)` opens by this name.
    pub(crate) fn posix(name: &str) -> Result<Self> {
        let Address { text, place } = Address::parse(&format!("posix:{name}"))?;
        Ok(Self { text, place, index: 0 })
    }

    /// Opens it, if it exists and its owner and mode are accepted.
    pub(crate) fn open(self, operation: &'static str, trust: &Trust) -> Result<ForeignLock> {
        let Self { text, place, index } = self;
        let at = &At { operation, subject: &text };
        let kind = match place {
            Place::Posix(path) => Kind::Posix(posix::existing(at, &path, trust)?),
            Place::Sysv(key) => Kind::Sysv(sysv::Set::foreign(at, key, index, trust)?),
        };
        Ok(ForeignLock { text, kind })
    }
}

impl ForeignLock {
    /// Takes it, waiting no longer than this.
    pub(crate) fn take(&self, operation: &'static str, timeout: Duration) -> Result<Held<'_>> {
        let at = &At { operation, subject: &self.text };
        let taken = match &self.kind {
            Kind::Posix(semaphore) => semaphore.wait_timeout(at, timeout)?,
            Kind::Sysv(set) => set.wait_timeout(at, timeout)?,
        };
        if taken { Ok(Held { lock: self, operation }) } else { Err(self.timed_out(at)) }
    }

    #[cold]
    fn timed_out(&self, at: &At<'_>) -> Error {
        let pid = match &self.kind {
            Kind::Posix(_) => Ok(None),
            Kind::Sysv(set) => set.last_pid(at),
        };
        match pid {
            Err(error) => error,
            Ok(None) => at.error(ErrorKind::LockTimeout { pid: None }),
            Ok(Some(pid)) => {
                let exists = host::process_exists(pid);
                let words = if exists { "which still exists" } else { "which does not exist any more" };
                at.error(ErrorKind::LockTimeout { pid: Some(pid) }).detail(words)
            }
        }
    }

    /// Lets go of it, which was kept.
    pub(crate) fn give(&self, operation: &'static str) -> Result<()> {
        self.post(&At { operation, subject: &self.text })
    }

    fn post(&self, at: &At<'_>) -> Result<()> {
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.post(at),
            Kind::Sysv(set) => set.post(at),
        }
    }

    /// Lets go of it for a holder that died. Whether there was anything to let go.
    ///
    /// Of System V semaphores the kernel knows who changed them last, and it must be this process that does not exist any
    /// more. The check and the change are two calls: two who recover at once are for the caller to keep apart.
    pub(crate) fn free(&self, operation: &'static str, dead: Option<u32>) -> Result<bool> {
        let at = &At { operation, subject: &self.text };
        let set = match &self.kind {
            Kind::Posix(semaphore) => {
                nobody_is_known(at, dead)?;
                return if semaphore.value(at)? == 0 { semaphore.post(at).map(|()| true) } else { Ok(false) };
            }
            Kind::Sysv(set) => set,
        };
        let Some(dead @ 1..) = dead else {
            return Err(not_dead(at, 0, "name the process that LockTimeout named"));
        };
        let value = set.value(at)?;
        if value != 0 {
            return Err(not_dead(at, dead, &format!("but the semaphore is {value}")));
        }
        let last = set.last_pid(at)?.unwrap_or(0);
        if last != dead {
            return Err(not_dead(at, dead, &format!("but process {last} changed it last")));
        }
        if host::process_exists(dead) {
            return Err(not_dead(at, dead, "which still exists"));
        }
        if set.free(at)? { Ok(true) } else { Err(not_dead(at, dead, "but the semaphore is not 0 any more")) }
    }
}

/// Refuses the name of a dead process where no guard could confirm it.
pub(crate) fn nobody_is_known(at: &At<'_>, dead: Option<u32>) -> Result<()> {
    match dead {
        None | Some(0) => Ok(()),
        Some(dead) => Err(not_dead(at, dead, "but nobody knows who holds this guard")),
    }
}

#[cold]
fn not_dead(at: &At<'_>, dead: u32, why: &str) -> Error {
    at.error(ErrorKind::BadArgument { argument: "dead process" }).detail(format!("{dead}, {why}"))
}

impl Held<'_> {
    /// Keeps it until [`ForeignLock::give`].
    pub(crate) fn keep(self) {
        let _ = std::mem::ManuallyDrop::new(self);
    }

    /// Lets go of it.
    pub(crate) fn let_go(self) -> Result<()> {
        // Not twice.
        let held = std::mem::ManuallyDrop::new(self);
        held.lock.post(&At { operation: held.operation, subject: &held.lock.text })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Another error or a panic is on its way; that one is the one to report.
        let _ = self.lock.post(&At { operation: self.operation, subject: &self.lock.text });
    }
}
