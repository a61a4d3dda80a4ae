//! System V segments and semaphore sets as another program would make, change and remove them: by key, with the bare system
//! calls. Relies on `libc` and on nothing of the library; knows nothing of their contents.

#![expect(
    unsafe_code,
    reason = "shmget, shmat, shmctl, semget, semctl, semop and unshare, which std does not offer"
)]

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;
use std::ptr;

/// Semaphores in the set that is a guard (`docs/FORMAT.md`).
pub const GUARD_SEMAPHORES: i32 = 64;

/// A new segment of zeros.
///
/// # Panics
/// When the key is taken, or the system refuses.
pub fn make_segment(key: i32, bytes: usize) {
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o600;
    // SAFETY: no memory is involved.
    let id = unsafe { libc::shmget(key, bytes, flags) };
    assert!(id >= 0, "shmget: {}", io::Error::last_os_error());
}

/// The id of the segment under this key.
#[must_use]
pub fn segment(key: i32) -> Option<i32> {
    // SAFETY: no memory is involved.
    Some(unsafe { libc::shmget(key, 0, 0) }).filter(|&id| id >= 0)
}

/// Removes the segment under this key, as `ipcrm -M` does; nothing happens where there is none.
pub fn remove_segment(key: i32) {
    if let Some(id) = segment(key) {
        // SAFETY: IPC_RMID takes no buffer.
        unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    }
}

/// What the kernel says of the segment under this key: `IPC_STAT`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn segment_facts(key: i32) -> libc::shmid_ds {
    let mut facts = MaybeUninit::<libc::shmid_ds>::uninit();
    // SAFETY: the kernel writes one shmid_ds, for which there is room.
    let result =
        unsafe { libc::shmctl(segment(key).expect("a segment"), libc::IPC_STAT, facts.as_mut_ptr()) };
    assert_eq!(result, 0, "shmctl(IPC_STAT): {}", io::Error::last_os_error());
    // SAFETY: the call succeeded.
    unsafe { facts.assume_init() }
}

/// Bytes of the segment under this key that are in memory: `/proc/sysvipc/shm`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn present_bytes(key: i32) -> u64 {
    let table = fs::read_to_string("/proc/sysvipc/shm").expect("the table of segments");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let column = words(table.lines().next().expect("a heading")).iter().position(|name| name == "rss");
    let id = segment(key).expect("a segment").to_string();
    let line = table.lines().map(words).find(|words| words[1] == id).expect("its line");
    line[column.expect("a column rss")].parse().expect("a number")
}

/// Changes owner and mode of the segment under this key: `IPC_SET`.
///
/// # Panics
/// When there is none, or the system refuses.
pub fn set_segment_facts(key: i32, mut facts: libc::shmid_ds) {
    // SAFETY: the kernel reads one shmid_ds.
    let result = unsafe { libc::shmctl(segment(key).expect("a segment"), libc::IPC_SET, &raw mut facts) };
    assert_eq!(result, 0, "shmctl(IPC_SET): {}", io::Error::last_os_error());
}

/// A new semaphore set of zeros.
///
/// # Panics
/// When the key is taken, or the system refuses.
pub fn make_set(key: i32, semaphores: i32) {
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o600;
    // SAFETY: no memory is involved.
    let id = unsafe { libc::semget(key, semaphores, flags) };
    assert!(id >= 0, "semget: {}", io::Error::last_os_error());
}

/// Sets a semaphore of the set under this key: `SETVAL`, which makes this process the last that changed it.
///
/// # Panics
/// When there is none, or the system refuses.
pub fn set_value(key: i32, semaphore: u16, value: i32) {
    // SAFETY: SETVAL takes an int.
    let result = unsafe { libc::semctl(set(key).expect("a set"), semaphore.into(), libc::SETVAL, value) };
    assert_eq!(result, 0, "semctl(SETVAL): {}", io::Error::last_os_error());
}

/// The value of a semaphore of the set under this key: `GETVAL`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn value(key: i32, semaphore: u16) -> i32 {
    // SAFETY: GETVAL takes no fourth argument.
    let value = unsafe { libc::semctl(set(key).expect("a set"), semaphore.into(), libc::GETVAL) };
    assert!(value >= 0, "semctl(GETVAL): {}", io::Error::last_os_error());
    value
}

/// How many wait for a semaphore of the set under this key: `GETNCNT`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn waiting(key: i32, semaphore: u16) -> i32 {
    // SAFETY: GETNCNT takes no fourth argument.
    let waiting = unsafe { libc::semctl(set(key).expect("a set"), semaphore.into(), libc::GETNCNT) };
    assert!(waiting >= 0, "semctl(GETNCNT): {}", io::Error::last_os_error());
    waiting
}

/// The id of the semaphore set under this key.
#[must_use]
pub fn set(key: i32) -> Option<i32> {
    // SAFETY: no memory is involved.
    Some(unsafe { libc::semget(key, 0, 0) }).filter(|&id| id >= 0)
}

/// Removes the set under this key, as `ipcrm -S` does; nothing happens where there is none.
pub fn remove_set(key: i32) {
    if let Some(id) = set(key) {
        // SAFETY: IPC_RMID takes no fourth argument.
        unsafe { libc::semctl(id, 0, libc::IPC_RMID) };
    }
}

/// What the kernel says of the set under this key: `IPC_STAT`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn set_facts(key: i32) -> libc::semid_ds {
    let mut facts = MaybeUninit::<libc::semid_ds>::uninit();
    // SAFETY: the kernel writes one semid_ds, for which there is room.
    let result = unsafe { libc::semctl(set(key).expect("a set"), 0, libc::IPC_STAT, facts.as_mut_ptr()) };
    assert_eq!(result, 0, "semctl(IPC_STAT): {}", io::Error::last_os_error());
    // SAFETY: the call succeeded.
    unsafe { facts.assume_init() }
}

/// Changes owner and mode of the set under this key: `IPC_SET`.
///
/// # Panics
/// When there is none, or the system refuses.
pub fn set_set_facts(key: i32, mut facts: libc::semid_ds) {
    // SAFETY: the kernel reads one semid_ds.
    let result = unsafe { libc::semctl(set(key).expect("a set"), 0, libc::IPC_SET, &raw mut facts) };
    assert_eq!(result, 0, "semctl(IPC_SET): {}", io::Error::last_os_error());
}

/// Changes a semaphore by these amounts, all at once and without waiting; undone when this process ends.
///
/// # Errors
/// What `semop(2)` says.
pub fn operate(key: i32, semaphore: u16, changes: &[i16]) -> io::Result<()> {
    #[expect(clippy::cast_possible_truncation, reason = "two flags of 12 and 13 bits")]
    let flags = (libc::IPC_NOWAIT | libc::SEM_UNDO) as i16;
    let operation = |&change| libc::sembuf { sem_num: semaphore, sem_op: change, sem_flg: flags };
    let mut operations: Vec<_> = changes.iter().map(operation).collect();
    // SAFETY: the array is as long as said and lives across the call; -1 stands for no set and is refused.
    match unsafe { libc::semop(set(key).unwrap_or(-1), operations.as_mut_ptr(), operations.len()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Enters a new IPC namespace with this thread, which leaves its keys and ids behind, and whatever the kernel would have undone
/// at its end.
///
/// # Errors
/// What `unshare(2)` says.
pub fn leave_namespace() -> io::Result<()> {
    // SAFETY: no memory is involved; mappings stay.
    match unsafe { libc::unshare(libc::CLONE_NEWIPC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes one from a semaphore as a program does that knows no undo: when it dies, it stays taken.
///
/// # Panics
/// When there is none, or the system refuses.
pub fn take(key: i32, semaphore: u16) {
    let mut operation = libc::sembuf { sem_num: semaphore, sem_op: -1, sem_flg: 0 };
    // SAFETY: one operation, which lives across the call.
    let result = unsafe { libc::semop(set(key).expect("a set"), &raw mut operation, 1) };
    assert_eq!(result, 0, "semop: {}", io::Error::last_os_error());
}

/// How many segments and sets with this key the kernel lists, those included that were removed and are still mapped.
///
/// # Panics
/// Without `/proc/sysvipc`.
#[must_use]
pub fn listed(key: i32) -> (usize, usize) {
    let count = |file: &str| {
        let list = fs::read_to_string(file).expect("the kernel's list");
        list.lines().filter(|line| line.split_ascii_whitespace().next() == Some(&key.to_string())).count()
    };
    (count("/proc/sysvipc/shm"), count("/proc/sysvipc/sem"))
}

/// A segment mapped for writing.
#[derive(Debug)]
pub struct Attached {
    base: *mut u8,
    length: usize,
}

// SAFETY: memory that every thread of this process may reach; it is touched by volatile accesses only, and unmapped once, by
// the drop of its one owner.
unsafe impl Send for Attached {}

impl Attached {
    /// The segment under this key.
    ///
    /// # Panics
    /// When there is none, or the system refuses.
    #[must_use]
    pub fn new(key: i32) -> Self {
        let length = segment_facts(key).shm_segsz;
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
        let base = unsafe { libc::shmat(segment(key).expect("a segment"), ptr::null(), 0) };
        assert_ne!(base.addr(), usize::MAX, "shmat: {}", io::Error::last_os_error());
        Self { base: base.cast(), length }
    }

    /// The first byte.
    #[must_use]
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Bytes of the segment.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bytes from this offset on.
    ///
    /// # Panics
    /// Past the end.
    #[must_use]
    pub fn get(&self, offset: usize, length: usize) -> Vec<u8> {
        assert!(offset.checked_add(length).is_some_and(|end| end <= self.length), "bytes inside the segment");
        // The kernel reads: it may, whoever stores there at the same time, and it is quick.
        let memory = File::open("/proc/self/mem").expect("this process's own memory");
        let mut bytes = vec![0; length];
        memory.read_exact_at(&mut bytes, (self.base.addr() + offset) as u64).expect("an own mapping");
        bytes
    }

    /// Changes bytes from this offset on.
    ///
    /// # Panics
    /// Past the end.
    pub fn put(&self, offset: usize, bytes: &[u8]) {
        assert!(
            offset.checked_add(bytes.len()).is_some_and(|end| end <= self.length),
            "bytes inside the segment"
        );
        for (at, byte) in (offset..).zip(bytes) {
            // SAFETY: as in `get`.
            unsafe { self.base.wrapping_add(at).write_volatile(*byte) };
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own.
        unsafe { libc::shmdt(self.base.cast()) };
    }
}
