//! System V sets as other programs make them. Relies on `libc` alone.

#![expect(unsafe_code, reason = "system calls, as another program makes them")]

use libc::{c_int, c_ushort};

/// `semget(2)`: a new set of `count` semaphores.
pub(crate) fn make(key: libc::key_t, count: c_int, mode: c_int) -> c_int {
    // SAFETY: semget takes no memory.
    let id = unsafe { libc::semget(key, count, libc::IPC_CREAT | libc::IPC_EXCL | mode) };
    assert!(id >= 0, "{}", std::io::Error::last_os_error());
    id
}

/// `semctl(2)` with `SETVAL`.
pub(crate) fn set(id: c_int, semaphore: c_int, value: c_int) {
    // SAFETY: SETVAL takes an int.
    assert_eq!(unsafe { libc::semctl(id, semaphore, libc::SETVAL, value) }, 0);
}

/// `semop(2)` on one semaphore.
pub(crate) fn change(id: c_int, semaphore: c_ushort, by: i16) {
    let mut operation = libc::sembuf { sem_num: semaphore, sem_op: by, sem_flg: 0 };
    // SAFETY: one operation, which lives across the call.
    assert_eq!(unsafe { libc::semop(id, &raw mut operation, 1) }, 0);
}
