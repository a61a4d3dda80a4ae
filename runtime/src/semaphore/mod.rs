//! Named counting semaphores, System V and POSIX, behind one address. Relies on `posix` and `sysv`, which make the system
//! calls; knows no table.
//!
//! | address | what it is | who else can use it |
//! |---|---|---|
//! | `posix:/name` | `sem_open("/name")`: glibc keeps it in `/dev/shm/sem.name` | C, Python's `posix_ipc` |
//! | `sysv:0x1234`, `sysv:4660` | the System V set with this key | C, Python's `sysv_ipc`, `ipcs`, `ipcrm` |
//! | `sysv:ftok(/path,7)` | the System V set with the key `ftok("/path", 7)` | the same |
//!
//! The two differ where their systems do:
//!
//! | | POSIX | System V |
//! |---|---|---|
//! | cost when nobody waits | no system call | one system call |
//! | largest value | 2147483647 | 32767 |
//! | a killed holder | its post never comes | [`SemaphoreOptions::undo`] gives back what it took |
//! | unlinked | stays usable for who has it open | everybody gets [`ErrorKind::Removed`](crate::ErrorKind::Removed) |
//! | opening asks for | read and write permission | read and write permission |
//!
//! A System V set of ours has two semaphores: 0 is the value, 1 says that the value was initialised. Both are set by one
//! `semop(2)`, which waits for nothing and succeeds once: nobody sees a set without its value, and a set whose creator was
//! killed before that call is initialised by the next to come. A set with another number of semaphores, or one that
//! already has values, was made by another program: its semaphore 0 is used as it is.

mod address;
pub(crate) mod foreign;
mod options;
mod posix;
mod sysv;

use std::time::Duration;

pub use options::SemaphoreOptions;

use crate::error::{At, Result};

/// A named counting semaphore. Threads may share it; dropping it leaves the name and the value as they are.
///
/// ```
/// use std::time::Duration;
/// use shmrecord::Semaphore;
///
/// # let address = format!("posix:/doc-semaphore-{}", std::process::id());
/// # let address = address.as_str();
/// let permits = Semaphore::create(address, 2)?; // "posix:/permits" or "sysv:0x1234"
/// permits.wait()?;
/// assert_eq!(permits.value()?, 1);
///
/// let same = Semaphore::open(address)?; // another process
/// assert!(same.wait_timeout(Duration::from_millis(5))?);
/// assert!(!same.try_wait()?); // both permits are taken
/// same.post()?;
/// # Semaphore::unlink(address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
#[derive(Debug)]
pub struct Semaphore {
    address: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Posix(posix::Mapped),
    Sysv(sysv::Set),
}

impl Semaphore {
    /// Creates a semaphore that must not exist, for this user only. [`SemaphoreOptions`] can do more.
    ///
    /// Of all who create it at once one succeeds. On System V whoever initialises the set is its creator: a set that a
    /// killed process left without a value is finished by this call, and keeps the mode that it was made with.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists); [`BadArgument`](crate::ErrorKind::BadArgument) for an initial
    /// value past the limit; [`NoSpace`](crate::ErrorKind::NoSpace); those of [`Semaphore::open`].
    pub fn create(address: &str, initial: u32) -> Result<Self> {
        SemaphoreOptions::new().create(address, initial)
    }

    /// Opens a semaphore that exists and belongs to this user or root.
    ///
    /// # Errors
    /// [`BadAddress`](crate::ErrorKind::BadAddress), [`BadName`](crate::ErrorKind::BadName) or
    /// [`BadKey`](crate::ErrorKind::BadKey) for an address that is none; [`NotFound`](crate::ErrorKind::NotFound);
    /// [`NotReady`](crate::ErrorKind::NotReady) if its creator did not finish it within a second;
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied), [`BadOwner`](crate::ErrorKind::BadOwner) or
    /// [`TooPermissive`](crate::ErrorKind::TooPermissive) if it is not to be used or trusted;
    /// [`NotRegular`](crate::ErrorKind::NotRegular) or [`SizeMismatch`](crate::ErrorKind::SizeMismatch) if something
    /// else has the name.
    pub fn open(address: &str) -> Result<Self> {
        SemaphoreOptions::new().open(address)
    }

    /// Opens the semaphore, whatever its value, or creates it with this one, for this user only.
    ///
    /// # Errors
    /// As [`Semaphore::create`], without `AlreadyExists`; [`Retired`](crate::ErrorKind::Retired) if others created and
    /// removed it again and again for a second.
    pub fn open_or_create(address: &str, initial: u32) -> Result<Self> {
        SemaphoreOptions::new().open_or_create(address, initial)
    }

    /// `unlink(2)` or `semctl(2)` with `IPC_RMID`: removes the semaphore at this address.
    ///
    /// On POSIX, who has it open keeps using it. On System V it is gone, and all who wait get
    /// [`Removed`](crate::ErrorKind::Removed).
    ///
    /// # Errors
    /// As [`Semaphore::open`]: what could not be opened for want of trust is not removed.
    pub fn unlink(address: &str) -> Result<()> {
        SemaphoreOptions::new().unlink(address)
    }

    /// `sem_wait(3)` or `semop(2)`: takes one, waiting for as long as there is none. Signals do not end the wait.
    ///
    /// # Errors
    /// [`Removed`](crate::ErrorKind::Removed) (System V); [`Overflow`](crate::ErrorKind::Overflow) with
    /// [`SemaphoreOptions::undo`], if this process took 32767 more than it gave back.
    #[inline]
    pub fn wait(&self) -> Result<()> {
        let at = &self.at("wait for");
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.wait(at),
            Kind::Sysv(set) => set.wait(at),
        }
    }

    /// `sem_clockwait(3)` or `semtimedop(2)`: takes one, waiting no longer than this on the monotonic clock. `false`: there
    /// was none in time. Signals do not prolong the wait; a timeout past what the clock can count is no timeout.
    ///
    /// # Errors
    /// As [`Semaphore::wait`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        let at = &self.at("wait for");
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.wait_timeout(at, timeout),
            Kind::Sysv(set) => set.wait_timeout(at, timeout),
        }
    }

    /// `sem_trywait(3)` or `semop(2)` with `IPC_NOWAIT`: takes one if there is one. `false`: there was none.
    ///
    /// # Errors
    /// As [`Semaphore::wait`].
    #[inline]
    pub fn try_wait(&self) -> Result<bool> {
        let at = &self.at("wait for");
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.try_wait(at),
            Kind::Sysv(set) => set.try_wait(at),
        }
    }

    /// `sem_post(3)` or `semop(2)`: adds one, and wakes one who waits.
    ///
    /// # Errors
    /// [`Overflow`](crate::ErrorKind::Overflow) at the largest value; [`Removed`](crate::ErrorKind::Removed) (System V).
    #[inline]
    pub fn post(&self) -> Result<()> {
        let at = &self.at("post");
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.post(at),
            Kind::Sysv(set) => set.post(at),
        }
    }

    /// `sem_getvalue(3)` or `semctl(2)` with `GETVAL`: how many there are. Others may have changed it meanwhile.
    ///
    /// # Errors
    /// [`Removed`](crate::ErrorKind::Removed) (System V).
    pub fn value(&self) -> Result<u32> {
        let at = &self.at("value of");
        match &self.kind {
            Kind::Posix(semaphore) => semaphore.value(at),
            Kind::Sysv(set) => set.value(at),
        }
    }

    /// `semctl(2)` with `GETPID`: the process that last changed it, dead or alive. `None` if nobody did yet, if that
    /// process is in another PID namespace, and for POSIX, which keeps no such record.
    ///
    /// # Errors
    /// [`Removed`](crate::ErrorKind::Removed).
    pub fn last_pid(&self) -> Result<Option<u32>> {
        match &self.kind {
            Kind::Posix(_) => Ok(None),
            Kind::Sysv(set) => set.last_pid(&self.at("last process of")),
        }
    }

    /// `semctl(2)` with `GETNCNT`: how many threads wait for it. `None` for POSIX, which does not tell.
    ///
    /// # Errors
    /// [`Removed`](crate::ErrorKind::Removed).
    pub fn waiting(&self) -> Result<Option<u32>> {
        match &self.kind {
            Kind::Posix(_) => Ok(None),
            Kind::Sysv(set) => set.waiting(&self.at("threads waiting for")).map(Some),
        }
    }

    /// Closes the semaphore, as dropping it does. Name and value stay; nothing is given back.
    pub fn close(self) {}

    #[inline]
    fn at(&self, operation: &'static str) -> At<'_> {
        At { operation, subject: &self.address }
    }
}
