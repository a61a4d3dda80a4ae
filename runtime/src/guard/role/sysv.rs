//! A guard that is a System V semaphore set: one semaphore a lock, 0 free and 1 taken. Relies on `semget(2)`, `semop(2)`
//! with `SEM_UNDO`, which the kernel undoes when its process dies, and `semctl(2)`; knows no segment.
//!
//! A new set needs no initial value, so there is no moment in which it exists and cannot be used.

#![expect(unsafe_code, reason = "semget, semop and semctl, which std does not offer")]

use std::io;

use crate::error::{At, ErrorKind, Result};
use crate::fork::home::Home;
use crate::guard::role::{Lock, home};
use crate::key::Key;
use crate::region::{Identity, Rights, Trust, named, sysv};

/// Semaphores in a set, one for each [`Lock`]; no other program's set is likely to have as many.
const SEMAPHORES: u16 = 64;

/// An open semaphore set. Dropping it lets its locks go.
#[derive(Debug)]
pub(crate) struct SetGuard {
    id: libc::c_int,
    key: Key,
    identity: Identity,
    /// Which locks this value holds, in the order in which it took them.
    held: Vec<Lock>,
    /// The process that holds them: a child of it holds none.
    home: Home,
}

impl SetGuard {
    /// `semget(2)` without `IPC_CREAT`, and `IPC_STAT`: the set under this key, if it can be a guard and is accepted.
    pub(crate) fn open(at: &At<'_>, key: Key, trust: &Trust) -> Result<Self> {
        let home = home(at)?;
        let id = get(key, 0).map_err(|error| at.os("semget", &error))?;
        let facts = stat(at, id)?;
        trust.check_ipc(at, &facts.sem_perm)?;
        if facts.sem_nsems != libc::c_ulong::from(SEMAPHORES) {
            let words = format!("{} semaphores, {SEMAPHORES} expected", facts.sem_nsems);
            return Err(at.error(ErrorKind::GuardMismatch).detail(words));
        }
        Ok(Self::of(id, key, home))
    }

    /// Opens the set, or makes it (`IPC_CREAT|IPC_EXCL`); of these rights, those of another group come with
    /// [`SetGuard::set_rights`].
    pub(crate) fn open_or_create(at: &At<'_>, key: Key, rights: Rights, trust: &Trust) -> Result<Self> {
        let home = home(at)?;
        loop {
            match Self::open(at, key, trust) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                result => return result,
            }
            let flags = libc::IPC_CREAT | libc::IPC_EXCL | sysv::first_mode(rights).cast_signed();
            match get(key, flags) {
                Ok(id) => return Ok(Self::of(id, key, home)),
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
                Err(error) => return Err(named::no_space(at, "semget", 0, &error)),
            }
        }
    }

    fn of(id: libc::c_int, key: Key, home: Home) -> Self {
        Self { id, key, identity: sysv::identity_of(id), held: Vec::new(), home }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether the key still leads to this set.
    pub(crate) fn is_current(&self, at: &At<'_>) -> Result<bool> {
        match get(self.key, 0) {
            Ok(id) => Ok(sysv::identity_of(id).is_same(self.identity)),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
            Err(error) => Err(at.os("semget", &error)),
        }
    }

    /// `semctl(IPC_SET)`, if it has another group or mode.
    pub(crate) fn set_rights(&self, at: &At<'_>, rights: Rights) -> Result<()> {
        let mut facts = stat(at, self.id)?;
        let group = rights.group.unwrap_or(facts.sem_perm.gid);
        if u32::from(facts.sem_perm.mode) & 0o777 == rights.mode && facts.sem_perm.gid == group {
            return Ok(());
        }
        sysv::put_rights(&mut facts.sem_perm, group, rights.mode);
        // SAFETY: IPC_SET reads one semid_ds, which lives across the call.
        let result = unsafe { libc::semctl(self.id, 0, libc::IPC_SET, &raw mut facts) };
        if result == -1 { Err(at.os("semctl(IPC_SET)", &io::Error::last_os_error())) } else { Ok(()) }
    }

    /// `semop(2)`, both or neither: wait for zero without waiting, and add one, to be undone at death.
    pub(crate) fn try_lock(&mut self, at: &At<'_>, lock: Lock) -> Result<bool> {
        match self.operate(&[operation(lock, 0, libc::IPC_NOWAIT), operation(lock, 1, libc::SEM_UNDO)]) {
            Ok(()) => {
                self.held.push(lock);
                Ok(true)
            }
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => Ok(false),
            Err(error) => Err(lost(at, "semop", &error)),
        }
    }

    /// `semop(2)`: adds one to [`Lock::Writer`], whoever else has, to be undone at death.
    pub(crate) fn share(&mut self, at: &At<'_>) -> Result<()> {
        let up = operation(Lock::Writer, 1, libc::SEM_UNDO);
        self.operate(&[up]).map_err(|error| lost(at, "semop", &error))?;
        self.held.push(Lock::Writer);
        Ok(())
    }

    /// `semctl(GETVAL)`: whether somebody else holds this lock.
    pub(crate) fn is_held_by_others(&self, at: &At<'_>, lock: Lock) -> Result<bool> {
        if !sysv::is_here(self.identity) {
            // Here the id means another set or none.
            return Err(lost(at, "semctl(GETVAL)", &io::Error::from_raw_os_error(libc::EIDRM)));
        }
        let value = ask(self.id, lock, libc::GETVAL).map_err(|error| lost(at, "semctl(GETVAL)", &error))?;
        Ok(value > libc::c_int::from(self.held.contains(&lock)))
    }

    /// `semop(2)`: takes one away.
    pub(crate) fn unlock(&mut self, at: &At<'_>, lock: Lock) -> Result<()> {
        let down = operation(lock, -1, libc::SEM_UNDO | libc::IPC_NOWAIT);
        self.operate(&[down]).map_err(|error| lost(at, "semop", &error))?;
        self.held.retain(|held| *held != lock);
        Ok(())
    }

    /// `semctl(GETPID)`
    pub(crate) fn last_pid(&self, at: &At<'_>, lock: Lock) -> Result<Option<u32>> {
        match ask(self.id, lock, libc::GETPID) {
            // 0: nobody, or somebody of another PID namespace.
            Ok(pid) => Ok(u32::try_from(pid).ok().filter(|&pid| pid != 0)),
            Err(error) => Err(lost(at, "semctl(GETPID)", &error)),
        }
    }

    /// `semctl(IPC_RMID)` if the key still leads to this set.
    pub(crate) fn unlink(&mut self, at: &At<'_>) -> Result<()> {
        if !self.is_current(at)? {
            return Ok(());
        }
        // SAFETY: IPC_RMID takes no fourth argument.
        if unsafe { libc::semctl(self.id, 0, libc::IPC_RMID) } == -1 {
            return Err(at.os("semctl(IPC_RMID)", &io::Error::last_os_error()));
        }
        self.held.clear();
        Ok(())
    }

    fn operate(&self, operations: &[libc::sembuf]) -> io::Result<()> {
        if !sysv::is_here(self.identity) {
            // Here the id means another set or none.
            return Err(io::Error::from_raw_os_error(libc::EIDRM));
        }
        let mut operations = operations.to_vec();
        loop {
            // SAFETY: the array is as long as said and lives across the call.
            let result = unsafe { libc::semop(self.id, operations.as_mut_ptr(), operations.len()) };
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

impl Drop for SetGuard {
    fn drop(&mut self) {
        // The last first, so that who has no slot any more still shares the role.
        for &lock in self.held.iter().rev() {
            if self.home.is_here() {
                // The set may be gone; then there is nothing to let go.
                let _ = self.operate(&[operation(lock, -1, libc::SEM_UNDO | libc::IPC_NOWAIT)]);
            }
        }
    }
}

/// `semget(2)`, `semctl(GETVAL)`: whether somebody holds this lock of this set. `None`: the key leads elsewhere, or the set may
/// not be read.
pub(crate) fn is_held(at: &At<'_>, key: Key, guard: Identity, lock: Lock) -> Result<Option<bool>> {
    let Some(id) = get(key, 0).ok().filter(|&id| sysv::identity_of(id).is_same(guard)) else {
        return Ok(None);
    };
    match ask(id, lock, libc::GETVAL) {
        Ok(value) => Ok(Some(value != 0)),
        Err(error) => match error.raw_os_error() {
            Some(libc::EACCES | libc::EIDRM | libc::EINVAL) => Ok(None),
            _ => Err(at.os("semctl(GETVAL)", &error)),
        },
    }
}

/// `semctl(2)` with a question about a lock's semaphore.
fn ask(id: libc::c_int, lock: Lock, question: libc::c_int) -> io::Result<libc::c_int> {
    // SAFETY: GETVAL and GETPID, the two that are asked, take no fourth argument.
    let answer = unsafe { libc::semctl(id, libc::c_int::from(index(lock)), question) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// The number of a lock in the set.
fn index(lock: Lock) -> u16 {
    match lock {
        Lock::Create => 0,
        Lock::Writer => 1,
        #[expect(clippy::cast_possible_truncation, reason = "slots are below 62")]
        Lock::Participant(slot) => 2 + slot as u16,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "flags have 13 bits")]
fn operation(lock: Lock, change: i16, flags: libc::c_int) -> libc::sembuf {
    libc::sembuf { sem_num: index(lock), sem_op: change, sem_flg: flags as i16 }
}

/// The set was removed under us, by `ipcrm` or at the end of a session (systemd's `RemoveIPC`).
fn lost(at: &At<'_>, call: &str, error: &io::Error) -> crate::error::Error {
    match error.raw_os_error() {
        Some(errno @ (libc::EIDRM | libc::EINVAL)) => {
            at.error(ErrorKind::GuardLost).detail("its semaphore set was removed").errno(errno)
        }
        _ => at.os(call, error),
    }
}

fn get(key: Key, flags: libc::c_int) -> io::Result<libc::c_int> {
    let count = if flags & libc::IPC_CREAT == 0 { 0 } else { libc::c_int::from(SEMAPHORES) };
    // SAFETY: no memory is involved.
    let id = unsafe { libc::semget(key.raw(), count, flags) };
    if id >= 0 { Ok(id) } else { Err(io::Error::last_os_error()) }
}

fn stat(at: &At<'_>, id: libc::c_int) -> Result<libc::semid_ds> {
    let mut facts = std::mem::MaybeUninit::<libc::semid_ds>::uninit();
    // SAFETY: the kernel writes one semid_ds, for which there is room.
    let result = unsafe { libc::semctl(id, 0, libc::IPC_STAT, facts.as_mut_ptr()) };
    if result == -1 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(errno @ (libc::EIDRM | libc::EINVAL)) => {
                Err(at.error(ErrorKind::NotFound).detail("semctl(IPC_STAT)").errno(errno))
            }
            _ => Err(named::no_space(at, "semctl(IPC_STAT)", 0, &error)),
        };
    }
    // SAFETY: the call succeeded, so the kernel has filled it.
    Ok(unsafe { facts.assume_init() })
}
