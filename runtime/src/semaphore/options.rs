//! What may be chosen when a semaphore is created or opened. Relies on `address`, `posix` and `sysv`; makes no system call
//! itself.

use std::time::Duration;

use super::address::{Address, Place};
use super::{Kind, Semaphore, posix, sysv};
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::region::Trust;

/// How to create and open semaphores, in the manner of `std::fs::OpenOptions`.
///
/// ```
/// # use shmrecord::{Semaphore, SemaphoreOptions};
/// # let key = 0x5300_0000 | std::process::id();
/// # let address = format!("sysv:{key:#x}");
/// let options = SemaphoreOptions::new().mode(0o660).undo(true);
/// let lock = options.open_or_create(&address, 1)?; // "sysv:0x1234"
/// lock.wait()?; // killed from here on, it is given back by the kernel
/// lock.post()?;
/// # Semaphore::unlink(&address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SemaphoreOptions {
    mode: u32,
    undo: bool,
    owner: Option<u32>,
    timeout: Duration,
}

/// What the caller wants of an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Create { initial: u32 },
    Open,
    OpenOrCreate { initial: u32 },
}

/// On whose terms and until when it is to be fulfilled: the options, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) mode: u32,
    pub(super) undo: bool,
    pub(super) trust: Trust,
    pub(super) deadline: Deadline,
}

impl Default for SemaphoreOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SemaphoreOptions {
    /// Mode 0600, no undo, owner this user or root, 1 second.
    #[must_use]
    pub const fn new() -> Self {
        Self { mode: 0o600, undo: false, owner: None, timeout: Duration::from_secs(1) }
    }

    /// Permission bits of a new semaphore, 0600 to 0666, exactly as given: the umask does not count. Who is to use it needs
    /// both read and write. With the others' write bit, opening accepts semaphores that everybody may use.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// `SEM_UNDO`, System V only: at the end of this process, however it ends, the kernel undoes each wait and post that it
    /// made through this handle. Right for a lock, wrong where one process posts and another waits.
    #[must_use]
    pub const fn undo(mut self, undo: bool) -> Self {
        self.undo = undo;
        self
    }

    /// A user id whose semaphores are trusted, beside this process's own and root.
    #[must_use]
    pub const fn owner(mut self, uid: u32) -> Self {
        self.owner = Some(uid);
        self
    }

    /// How long creating and opening may take before they give up: only a creator that stopped half-way makes them wait.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Creates a semaphore that must not exist. See [`Semaphore::create`].
    ///
    /// # Errors
    /// As [`Semaphore::create`]; [`ErrorKind::BadArgument`] for a mode or an undo that cannot be.
    pub fn create(&self, address: &str, initial: u32) -> Result<Semaphore> {
        self.enter("create", address, Wish::Create { initial })
    }

    /// Opens a semaphore that exists. See [`Semaphore::open`].
    ///
    /// # Errors
    /// As [`Semaphore::open`]; [`ErrorKind::BadArgument`] for a mode or an undo that cannot be.
    pub fn open(&self, address: &str) -> Result<Semaphore> {
        self.enter("open", address, Wish::Open)
    }

    /// Opens the semaphore or creates it. See [`Semaphore::open_or_create`].
    ///
    /// # Errors
    /// As [`Semaphore::open_or_create`]; [`ErrorKind::BadArgument`] for a mode or an undo that cannot be.
    pub fn open_or_create(&self, address: &str, initial: u32) -> Result<Semaphore> {
        self.enter("open or create", address, Wish::OpenOrCreate { initial })
    }

    /// Removes the semaphore at this address. See [`Semaphore::unlink`].
    ///
    /// # Errors
    /// As [`Semaphore::unlink`].
    pub fn unlink(&self, address: &str) -> Result<()> {
        let Address { text, place } = Address::parse(address)?;
        let at = &At { operation: "unlink", subject: &text };
        match place {
            Place::Posix(path) => posix::unlink(at, &path, &self.trust()),
            Place::Sysv(key) => sysv::unlink(at, key, &self.trust()),
        }
    }

    fn enter(&self, operation: &'static str, address: &str, wish: Wish) -> Result<Semaphore> {
        let Address { text, place } = Address::parse(address)?;
        let at = &At { operation, subject: &text };
        let terms = Terms {
            mode: self.checked_mode(at)?,
            undo: self.undo,
            trust: self.trust(),
            deadline: Deadline::after(self.timeout),
        };
        let kind = match place {
            Place::Posix(path) => Kind::Posix(posix::enter(at, &path, wish, terms)?),
            Place::Sysv(key) => Kind::Sysv(sysv::enter(at, key, wish, terms)?),
        };
        Ok(Semaphore { address: text, kind })
    }

    fn trust(&self) -> Trust {
        Trust { owner: self.owner, world_writable: self.mode & 0o002 != 0, unsealed: false }
    }

    /// The mode, if it is one.
    fn checked_mode(&self, at: &At<'_>) -> Result<u32> {
        if self.mode & !0o666 != 0 || self.mode & 0o600 != 0o600 {
            let argument = at.error(ErrorKind::BadArgument { argument: "mode" });
            return Err(argument.detail(format!("{:o}, expected 0600 to 0666", self.mode)));
        }
        Ok(self.mode)
    }
}

impl Wish {
    /// The value to create it with, if it may be created.
    pub(super) fn initial(self) -> Option<u32> {
        match self {
            Self::Open => None,
            Self::Create { initial } | Self::OpenOrCreate { initial } => Some(initial),
        }
    }

    /// The wish, if its value is possible.
    pub(super) fn checked(self, at: &At<'_>, limit: u32) -> Result<Self> {
        match self.initial() {
            Some(initial) if initial > limit => Err(at
                .error(ErrorKind::BadArgument { argument: "initial value" })
                .detail(format!("{initial}, at most {limit}"))),
            _ => Ok(self),
        }
    }
}
