//! System V semaphores: the set with a key, initialised by one atomic `semop(2)`. Relies on the kernel through `libc`;
//! knows no address.
//!
//! Semaphore 0 is the value, semaphore 1 the flag "initialised". The kernel makes a set with both at 0, and
//! `{1: wait for 0, 1: +1, 0: +initial}` happens at once or not at all; so of all who try one succeeds, and who finds both
//! at 0 and no `semop` ever made (`sem_otime`) knows that nobody has. Everything else that it finds is ready to be used.

#![expect(unsafe_code, reason = "semget, semop, semtimedop and semctl, which std does not offer")]

use std::io;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use libc::{c_int, c_short, c_ushort, sembuf, size_t, timespec};

use super::options::{Terms, Wish};
use crate::error::{At, Error, ErrorKind, Result};
use crate::key::Key;
use crate::region::Trust;

/// The semaphores of a set of ours.
const VALUE: c_ushort = 0;
const INITIALISED: c_ushort = 1;
const COUNT: c_int = 2;

/// The largest value of a semaphore and the most that is undone (`SEMVMX`, `SEMAEM`; `semop(2)`).
const VALUE_MAX: u32 = 32767;

unsafe extern "C" {
    /// `semop(2)` with a timeout, counted from the call.
    fn semtimedop(id: c_int, operations: *mut sembuf, count: size_t, timeout: *const timespec) -> c_int;
}

/// A semaphore of a set by its id, which no other set gets before millions of others were made. There is nothing to close.
#[derive(Debug)]
pub(super) struct Set {
    id: c_int,
    /// Which of its semaphores is meant; of ours, `VALUE`.
    semaphore: c_ushort,
    undo: bool,
}

/// What a key led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its value counts.
    Ready,
    /// Its creator has not come to the `semop` yet, or never will.
    Unfinished,
    /// It was removed meanwhile.
    Gone,
}

/// Opens or creates the set with this key.
pub(super) fn enter(at: &At<'_>, key: Key, wish: Wish, mut terms: Terms) -> Result<Set> {
    let wish = wish.checked(at, VALUE_MAX)?;
    let initial = wish.initial();
    loop {
        let mut trouble = ErrorKind::Retired;
        if let Some(set) = Set::find(at, key, terms.undo)? {
            match set.state(at, &terms.trust)? {
                State::Ready if matches!(wish, Wish::Create { .. }) => {
                    return Err(at.error(ErrorKind::AlreadyExists));
                }
                State::Ready => return Ok(set),
                State::Unfinished => match initial {
                    Some(initial) if set.initialise(at, initial)? => return Ok(set),
                    _ => trouble = ErrorKind::NotReady,
                },
                State::Gone => {}
            }
        } else {
            let Some(initial) = initial else {
                return Err(at.error(ErrorKind::NotFound).detail("semget").errno(libc::ENOENT));
            };
            if let Some(set) = Set::make(at, key, &terms)?
                && set.initialise(at, initial)?
            {
                return Ok(set);
            }
        }
        if !terms.deadline.pause() {
            return Err(at.error(trouble));
        }
    }
}

/// `semctl(2)` with `IPC_RMID` of the set with this key.
pub(super) fn unlink(at: &At<'_>, key: Key, trust: &Trust) -> Result<()> {
    let not_found = || at.error(ErrorKind::NotFound).detail("semget").errno(libc::ENOENT);
    let set = Set::find(at, key, false)?.ok_or_else(not_found)?;
    if set.state(at, trust)? == State::Gone {
        return Err(not_found());
    }
    // SAFETY: IPC_RMID takes no fourth argument.
    if unsafe { libc::semctl(set.id, 0, libc::IPC_RMID) } == 0 {
        return Ok(());
    }
    Err(fault(at, "semctl(IPC_RMID)", &io::Error::last_os_error()))
}

impl Set {
    /// Opens semaphore `index` of a set that another program made, each change to be undone at the end of this process.
    pub(super) fn foreign(at: &At<'_>, key: Key, index: c_ushort, trust: &Trust) -> Result<Self> {
        let not_found = |call, errno| at.error(ErrorKind::NotFound).detail(call).errno(errno);
        let set = Self::find(at, key, true)?.ok_or_else(|| not_found("semget", libc::ENOENT))?;
        let facts = set.facts(at).map_err(|error| match (error.kind(), error.raw_os_error()) {
            // Removed between the two calls: it had not been opened.
            (ErrorKind::Removed, Some(errno)) => not_found("semctl(IPC_STAT)", errno),
            _ => error,
        })?;
        trust.check_ipc(at, &facts.sem_perm)?;
        if facts.sem_nsems <= index.into() {
            let words = format!("{} semaphores, number {index} asked for", facts.sem_nsems);
            return Err(at.error(ErrorKind::GuardMismatch).detail(words));
        }
        Ok(Self { semaphore: index, ..set })
    }

    /// `semget(2)` of a set that exists, for reading and changing.
    fn find(at: &At<'_>, key: Key, undo: bool) -> Result<Option<Self>> {
        // SAFETY: semget takes no memory.
        let id = unsafe { libc::semget(key.raw(), 0, 0o600) };
        if id >= 0 {
            return Ok(Some(Self { id, semaphore: VALUE, undo }));
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() == Some(libc::ENOENT) { Ok(None) } else { Err(at.os("semget", &error)) }
    }

    /// `semget(2)` of a new set. `None`: the key is taken.
    fn make(at: &At<'_>, key: Key, terms: &Terms) -> Result<Option<Self>> {
        let flags = libc::IPC_CREAT | libc::IPC_EXCL | terms.mode.cast_signed();
        // SAFETY: as in `find`.
        let id = unsafe { libc::semget(key.raw(), COUNT, flags) };
        if id >= 0 {
            return Ok(Some(Self { id, semaphore: VALUE, undo: terms.undo }));
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::EEXIST) => Ok(None),
            error => Err(fault(at, "semget, limited by SEMMNI and SEMMNS in kernel.sem", &error)),
        }
    }

    /// `semctl(2)` with `IPC_STAT`.
    fn facts(&self, at: &At<'_>) -> Result<libc::semid_ds> {
        let mut facts = MaybeUninit::<libc::semid_ds>::zeroed();
        // SAFETY: IPC_STAT writes one semid_ds to where its fourth argument points, and `facts` lives across the call.
        if unsafe { libc::semctl(self.id, 0, libc::IPC_STAT, facts.as_mut_ptr()) } != 0 {
            return Err(fault(at, "semctl(IPC_STAT)", &io::Error::last_os_error()));
        }
        // SAFETY: a semid_ds is integers, and all its bytes were zeros before the call wrote some of them.
        Ok(unsafe { facts.assume_init() })
    }

    /// A set of a trusted owner, and what it is good for.
    fn state(&self, at: &At<'_>, trust: &Trust) -> Result<State> {
        let facts = match self.facts(at) {
            Ok(facts) => facts,
            Err(error) => return gone_or(error),
        };
        trust.check_ipc(at, &facts.sem_perm)?;
        if facts.sem_nsems != COUNT.cast_unsigned().into() || facts.sem_otime != 0 {
            return Ok(State::Ready);
        }
        for semaphore in [INITIALISED, VALUE] {
            match self.control(at, semaphore, libc::GETVAL, "semctl(GETVAL)") {
                Ok(0) => {}
                Ok(_) => return Ok(State::Ready),
                Err(error) => return gone_or(error),
            }
        }
        Ok(State::Unfinished)
    }

    /// `semop(2)`: value and flag at once. `false`: another process did it, or the set is gone.
    fn initialise(&self, at: &At<'_>, initial: u32) -> Result<bool> {
        let initial = c_short::try_from(initial).expect("checked against the limit");
        let mut operations = [
            operation(INITIALISED, 0, libc::IPC_NOWAIT),
            operation(INITIALISED, 1, libc::IPC_NOWAIT),
            // +0 would mean to wait for 0, which it is.
            operation(VALUE, initial, libc::IPC_NOWAIT),
        ];
        match self.at_once(at, &mut operations) {
            Err(error) if *error.kind() == ErrorKind::Removed => Ok(false),
            result => result,
        }
    }

    /// `semop(2)`: all of these, which do not wait, or none. `false`: not now.
    fn at_once(&self, at: &At<'_>, operations: &mut [sembuf]) -> Result<bool> {
        loop {
            // SAFETY: the array has as many operations as said and lives across the call.
            if unsafe { libc::semop(self.id, operations.as_mut_ptr(), operations.len()) } == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EAGAIN) => return Ok(false),
                _ => return Err(fault(at, "semop", &error)),
            }
        }
    }

    /// `semop(2)`: -1.
    #[inline]
    pub(super) fn wait(&self, at: &At<'_>) -> Result<()> {
        self.change(at, -1, 0).map(|_| ())
    }

    /// `semop(2)`: -1, or not.
    #[inline]
    pub(super) fn try_wait(&self, at: &At<'_>) -> Result<bool> {
        self.change(at, -1, libc::IPC_NOWAIT)
    }

    /// `semop(2)`: +1.
    #[inline]
    pub(super) fn post(&self, at: &At<'_>) -> Result<()> {
        self.change(at, 1, 0).map(|_| ())
    }

    /// `semop(2)` on the value, again after a signal. `false`: not now, which only happens with `IPC_NOWAIT`.
    #[inline]
    fn change(&self, at: &At<'_>, by: c_short, flags: c_int) -> Result<bool> {
        let mut operation = operation(self.semaphore, by, flags | self.undo_flag());
        loop {
            // SAFETY: one operation, which lives across the call.
            if unsafe { libc::semop(self.id, &raw mut operation, 1) } == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EAGAIN) if flags & libc::IPC_NOWAIT != 0 => return Ok(false),
                _ => return Err(fault(at, "semop", &error)),
            }
        }
    }

    /// `semtimedop(2)`: -1, again after a signal with the time that is left.
    pub(super) fn wait_timeout(&self, at: &At<'_>, timeout: Duration) -> Result<bool> {
        let Some(end) = Instant::now().checked_add(timeout) else {
            return self.wait(at).map(|()| true);
        };
        let mut operation = operation(self.semaphore, -1, self.undo_flag());
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let left = timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            // SAFETY: one operation and one timespec, which live across the call.
            if unsafe { semtimedop(self.id, &raw mut operation, 1, &raw const left) } == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EAGAIN) => return Ok(false),
                _ => return Err(fault(at, "semtimedop", &error)),
            }
        }
    }

    /// `semop(2)`: +1 if it is 0, both at once and never undone. `false`: it is not 0.
    pub(super) fn free(&self, at: &At<'_>) -> Result<bool> {
        let mut operations =
            [operation(self.semaphore, 0, libc::IPC_NOWAIT), operation(self.semaphore, 1, libc::IPC_NOWAIT)];
        self.at_once(at, &mut operations)
    }

    /// `semctl(2)` with `GETVAL`.
    pub(super) fn value(&self, at: &At<'_>) -> Result<u32> {
        self.control(at, self.semaphore, libc::GETVAL, "semctl(GETVAL)")
    }

    /// `semctl(2)` with `GETPID`.
    pub(super) fn last_pid(&self, at: &At<'_>) -> Result<Option<u32>> {
        let pid = self.control(at, self.semaphore, libc::GETPID, "semctl(GETPID)")?;
        Ok((pid != 0).then_some(pid))
    }

    /// `semctl(2)` with `GETNCNT`.
    pub(super) fn waiting(&self, at: &At<'_>) -> Result<u32> {
        self.control(at, self.semaphore, libc::GETNCNT, "semctl(GETNCNT)")
    }

    /// A `semctl(2)` that answers with a number.
    fn control(&self, at: &At<'_>, semaphore: c_ushort, command: c_int, call: &'static str) -> Result<u32> {
        // SAFETY: the commands used here, GETVAL, GETPID and GETNCNT, take no fourth argument.
        let answer = unsafe { libc::semctl(self.id, semaphore.into(), command) };
        u32::try_from(answer).map_err(|_| fault(at, call, &io::Error::last_os_error()))
    }

    fn undo_flag(&self) -> c_int {
        if self.undo { libc::SEM_UNDO } else { 0 }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "IPC_NOWAIT | SEM_UNDO is 0x1800")]
fn operation(semaphore: c_ushort, by: c_short, flags: c_int) -> sembuf {
    sembuf { sem_num: semaphore, sem_op: by, sem_flg: flags as c_short }
}

/// A set that is gone while it is looked at is no error.
fn gone_or(error: Error) -> Result<State> {
    if *error.kind() == ErrorKind::Removed { Ok(State::Gone) } else { Err(error) }
}

/// The error of a failed call on a set.
#[cold]
fn fault(at: &At<'_>, call: &'static str, error: &io::Error) -> Error {
    let (kind, errno) = match error.raw_os_error() {
        // The id of a removed set is invalid; every other argument here is valid.
        Some(errno @ (libc::EIDRM | libc::EINVAL)) => (ErrorKind::Removed, errno),
        Some(errno @ libc::ERANGE) => (ErrorKind::Overflow { limit: VALUE_MAX }, errno),
        Some(errno @ (libc::ENOSPC | libc::ENOMEM)) => (ErrorKind::NoSpace { wanted: 0 }, errno),
        _ => return at.os(call, error),
    };
    at.error(kind).detail(call).errno(errno)
}
