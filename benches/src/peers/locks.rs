//! A record in shared memory under a lock, which readers take too: POSIX semaphore, System V semaphore, robust mutex. The lock is
//! of all records, as programs have it that guard a segment by one.

use std::cell::UnsafeCell;
use std::io;
use std::marker::PhantomData;

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::Sample;
use crate::shared::Shared;

/// What one has for itself between `take` and `give`.
pub(crate) trait Lock: Send + Sync + Sized + 'static {
    /// Where [`Lock::init`] finishes it, for several processes.
    fn new(place: &Place) -> io::Result<Self>;

    fn init(&self) -> io::Result<()> {
        Ok(())
    }

    fn take(&self);

    fn give(&self);

    fn remove(_place: &Place) {}
}

pub(crate) struct Guarded<L>(PhantomData<L>);

pub(crate) struct Table<T, L> {
    lock: Shared<L>,
    records: Shared<Record<T>>,
}

/// Under the lock.
#[repr(align(64))]
pub(crate) struct Record<T>(UnsafeCell<T>);

// SAFETY: it is looked at and changed under the lock alone.
unsafe impl<T: Send> Sync for Record<T> {}

impl<T: Sample, L: Lock> Peer<T> for Guarded<L> {
    type Common = Table<T, L>;
    type Writer = &'static Table<T, L>;
    type Reader = &'static Table<T, L>;

    fn prepare(place: &Place, records: usize) -> Outcome<Self::Common> {
        let mut lock = Some(L::new(place)?);
        let lock = Shared::new(1, |_| lock.take().expect("one is asked for"))?;
        lock[0].init()?;
        Ok(Table { lock, records: Shared::new(records, |_| Record(UnsafeCell::new(T::filled(0))))? })
    }

    fn writer(table: &'static Self::Common) -> Outcome<Self::Writer> {
        Ok(table)
    }

    fn reader(table: &'static Self::Common) -> Outcome<Self::Reader> {
        Ok(table)
    }

    fn remove(place: &Place) {
        L::remove(place);
    }
}

impl<T: Sample, L: Lock> Write<T> for &'static Table<T, L> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self.lock[0].take();
        // SAFETY: who has the lock has the record.
        unsafe { *self.records[index].0.get() = *value };
        self.lock[0].give();
    }
}

impl<T: Sample, L: Lock> Read<T> for &'static Table<T, L> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.lock[0].take();
        // SAFETY: as for writing.
        *out = unsafe { *self.records[index].0.get() };
        self.lock[0].give();
        true
    }
}

/// `sem_t`.
pub(crate) struct Posix(UnsafeCell<libc::sem_t>);

// SAFETY: its calls are for all threads.
unsafe impl Sync for Posix {}
// SAFETY: any bytes may move before `init`, and nothing moves it then.
unsafe impl Send for Posix {}

impl Lock for Posix {
    fn new(_: &Place) -> io::Result<Self> {
        // SAFETY: any bytes will do until it is initialised.
        Ok(Self(UnsafeCell::new(unsafe { std::mem::zeroed() })))
    }

    fn init(&self) -> io::Result<()> {
        // SAFETY: in memory that stays, and that nobody uses yet.
        checked(unsafe { libc::sem_init(self.0.get(), 1, 1) })
    }

    fn take(&self) {
        // SAFETY: it is initialised.
        while unsafe { libc::sem_wait(self.0.get()) } != 0 {}
    }

    fn give(&self) {
        // SAFETY: as before.
        unsafe { libc::sem_post(self.0.get()) };
    }
}

/// A set of one, which gives back what a dead process had.
pub(crate) struct SystemV(libc::c_int);

impl SystemV {
    fn operate(&self, by: i16) {
        let mut operation = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: libc::SEM_UNDO as i16 };
        // SAFETY: one operation, which lives across the call.
        while unsafe { libc::semop(self.0, &raw mut operation, 1) } != 0 {}
    }
}

impl Lock for SystemV {
    fn new(place: &Place) -> io::Result<Self> {
        // SAFETY: numbers only.
        let set = unsafe { libc::semget(place.key(), 1, libc::IPC_CREAT | libc::IPC_EXCL | 0o600) };
        checked(set.min(0))?;
        // SAFETY: numbers only.
        checked(unsafe { libc::semctl(set, 0, libc::SETVAL, 1) })?;
        Ok(Self(set))
    }

    fn take(&self) {
        self.operate(-1);
    }

    fn give(&self) {
        self.operate(1);
    }

    fn remove(place: &Place) {
        // SAFETY: numbers only.
        let set = unsafe { libc::semget(place.key(), 0, 0) };
        // SAFETY: as before; it may never have come to be.
        unsafe { libc::semctl(set, 0, libc::IPC_RMID) };
    }
}

/// A mutex that tells its next holder of a dead one.
pub(crate) struct Robust(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: its calls are for all threads.
unsafe impl Sync for Robust {}
// SAFETY: any bytes may move before `init`, and nothing moves it then.
unsafe impl Send for Robust {}

impl Lock for Robust {
    fn new(_: &Place) -> io::Result<Self> {
        Ok(Self(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER)))
    }

    fn init(&self) -> io::Result<()> {
        // SAFETY: any bytes will do until it is initialised.
        let mut attributes: libc::pthread_mutexattr_t = unsafe { std::mem::zeroed() };
        let attributes = &raw mut attributes;
        // SAFETY: this frame's own.
        checked(unsafe { libc::pthread_mutexattr_init(attributes) })?;
        // SAFETY: it is initialised.
        checked(unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) })?;
        // SAFETY: as before.
        checked(unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) })?;
        // SAFETY: in memory that stays, and that nobody uses yet.
        checked(unsafe { libc::pthread_mutex_init(self.0.get(), attributes) })
    }

    fn take(&self) {
        // SAFETY: it is initialised, and nobody dies with it here.
        let error = unsafe { libc::pthread_mutex_lock(self.0.get()) };
        assert_eq!(error, 0, "pthread_mutex_lock");
    }

    fn give(&self) {
        // SAFETY: as before.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}

fn checked(result: libc::c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
