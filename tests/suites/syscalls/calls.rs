//! The system calls that the runtime makes: what an error calls them, and the errno's that their man pages allow. Relies on
//! nothing; a call that is not here (of the allocator, or one that cannot fail) is not made to fail.
//!
//! That a name leads nowhere, or that an id is gone, is an answer and no failure: such an errno is not given where the kernel
//! could not give it once and then another.

use std::env;

use integration_tests::tracer::Call;
use libc::{
    EACCES, EAGAIN, EBUSY, ECONNREFUSED, ECONNRESET, EDQUOT, EEXIST, EFAULT, EFBIG, EIDRM, EINTR, EINVAL,
    EIO, EISDIR, ELOOP, EMFILE, EMLINK, EMSGSIZE, ENFILE, ENOBUFS, ENODEV, ENOENT, ENOLCK, ENOMEM, ENOSPC,
    ENOSYS, ENOTCONN, ENOTDIR, ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM, EPIPE, ERANGE, EROFS, ETIMEDOUT,
    ETOOMANYREFS, ETXTBSY, EXDEV,
};

use crate::run::Fault;

/// A system call that can fail.
pub(crate) struct Known {
    numbers: &'static [i64],
    /// The second argument, where it says what is done.
    command: Option<i32>,
    /// What the text of an error may call it, beside the errno.
    pub(crate) names: &'static [&'static str],
    /// What the text of an error may say instead.
    pub(crate) meanings: &'static [&'static str],
    /// The first two are tried always, and `EINTR`.
    errnos: &'static [i32],
}

const fn known_as(
    numbers: &'static [i64],
    names: &'static [&'static str],
    meanings: &'static [&'static str],
    errnos: &'static [i32],
) -> Known {
    Known { numbers, command: None, names, meanings, errnos }
}

const fn fcntl(
    command: i32,
    names: &'static [&'static str],
    meanings: &'static [&'static str],
    errnos: &'static [i32],
) -> Known {
    Known { numbers: &[libc::SYS_fcntl], command: Some(command), names, meanings, errnos }
}

/// Sleeping and waking, which nothing depends on.
const fn futex(command: i32, errnos: &'static [i32]) -> Known {
    Known { numbers: &[libc::SYS_futex], command: Some(command), names: &[], meanings: &[], errnos }
}

/// What some errno's mean, of a guard and of a name.
const TAKEN: &str = "holds the role of writer";
const NO_SLOT: &str = "62 writers are there";
const SEMAPHORE_TAKEN: &str = "the lock is taken";
const LOST: &str = "guard lost: it was removed";
const SET_LOST: &str = "guard lost: its semaphore set was removed";
const EXISTS: &str = "it exists already";
const GONE: &str = "not found: semget";

const KNOWN: &[Known] = &[
    known_as(
        &[libc::SYS_open, libc::SYS_openat],
        &["open"],
        &["its directory does not exist", LOST],
        &[
            ENOENT, EMFILE, EACCES, EDQUOT, EINTR, EISDIR, ELOOP, ENFILE, ENODEV, ENOMEM, ENOSPC, ENOTDIR,
            ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM, EROFS, ETXTBSY, EAGAIN,
        ],
    ),
    known_as(
        &[libc::SYS_stat, libc::SYS_fstat, libc::SYS_lstat, libc::SYS_newfstatat, libc::SYS_statx],
        &["fstat", "lstat"],
        &[],
        &[ENOMEM, EACCES, ELOOP, ENOTDIR, EOVERFLOW],
    ),
    known_as(&[libc::SYS_fchmod], &["fchmod"], &[], &[EPERM, EIO, ENOMEM, EROFS]),
    known_as(
        &[libc::SYS_fallocate],
        &["fallocate"],
        &[],
        &[ENOSPC, EOPNOTSUPP, EFBIG, EINTR, EIO, ENODEV, ENOMEM, ENOSYS, EPERM, ETXTBSY],
    ),
    known_as(&[libc::SYS_mmap], &["mmap"], &[], &[ENOMEM, EACCES, EAGAIN, ENFILE, ENODEV, EOVERFLOW, EPERM]),
    known_as(&[libc::SYS_munmap], &[], &[], &[ENOMEM]),
    known_as(&[libc::SYS_madvise], &["madvise"], &[], &[ENOMEM, EINVAL, EINTR, EFAULT, EIO, EAGAIN]),
    fcntl(
        libc::F_OFD_SETLK,
        &["fcntl(F_OFD_SETLK)"],
        &[TAKEN, NO_SLOT],
        &[EAGAIN, ENOLCK, EINTR, EACCES, EINVAL],
    ),
    fcntl(libc::F_OFD_GETLK, &["fcntl(F_OFD_GETLK)"], &[], &[EINVAL, ENOLCK, EINTR]),
    fcntl(libc::F_DUPFD_CLOEXEC, &["fcntl(F_DUPFD_CLOEXEC)"], &[], &[EMFILE, EINVAL]),
    fcntl(libc::F_ADD_SEALS, &["fcntl(F_ADD_SEALS)"], &[], &[EBUSY, EPERM, EINVAL]),
    // Said of what is handed over, it is no memfd then.
    fcntl(libc::F_GET_SEALS, &["fcntl(F_GET_SEALS)"], &["is no memfd"], &[EINVAL]),
    known_as(
        &[libc::SYS_memfd_create],
        &["memfd_create"],
        &[],
        &[EMFILE, ENOMEM, ENFILE, ENOSYS, EPERM, EFAULT, EINVAL],
    ),
    known_as(
        &[libc::SYS_sendmsg],
        &["sendmsg"],
        &[],
        &[ECONNRESET, EPIPE, EINTR, EACCES, EAGAIN, EMSGSIZE, ENOBUFS, ENOMEM, ENOTCONN, ETOOMANYREFS],
    ),
    known_as(
        &[libc::SYS_recvmsg],
        &["recvmsg"],
        &[],
        &[ECONNREFUSED, ENOMEM, EINTR, ENOTCONN, EFAULT, EINVAL],
    ),
    known_as(&[libc::SYS_poll], &["recvmsg"], &[], &[ENOMEM, EINVAL, EINTR, EFAULT]),
    known_as(
        &[libc::SYS_linkat],
        &["linkat"],
        &[EXISTS],
        &[ENOSPC, EEXIST, ENOENT, EACCES, EDQUOT, EIO, ELOOP, EMLINK, ENOMEM, EPERM, EROFS, EXDEV],
    ),
    known_as(
        &[libc::SYS_unlink, libc::SYS_unlinkat],
        &["unlink"],
        &[],
        &[EACCES, ENOENT, EBUSY, EIO, ENOMEM, EPERM, EROFS],
    ),
    known_as(&[libc::SYS_getrandom], &["getrandom"], &[], &[ENOSYS, EINTR]),
    known_as(&[libc::SYS_read], &["read"], &[], &[EIO, EINTR, EAGAIN]),
    // Whatever it says, the descriptor is closed.
    known_as(&[libc::SYS_close], &[], &[], &[EINTR, EIO, ENOSPC, EDQUOT]),
    known_as(&[libc::SYS_prlimit64], &[], &[], &[EPERM]),
    known_as(&[libc::SYS_nanosleep, libc::SYS_clock_nanosleep], &[], &[], &[EINTR]),
    known_as(&[libc::SYS_shmget], &["shmget"], &[], &[ENOSPC, ENOMEM, EACCES, EEXIST, EINVAL, ENFILE, EPERM]),
    known_as(&[libc::SYS_shmat], &["shmat"], &[], &[ENOMEM, EIDRM, EACCES, EINVAL]),
    known_as(&[libc::SYS_shmdt], &[], &[], &[EINVAL]),
    known_as(&[libc::SYS_shmctl], &["shmctl"], &[], &[EPERM, EIDRM, EACCES, EINVAL, ENOMEM, EOVERFLOW]),
    known_as(&[libc::SYS_semget], &["semget"], &[], &[ENOSPC, ENOMEM, EACCES, EEXIST]),
    known_as(
        &[libc::SYS_semctl],
        &["semctl"],
        &[LOST, SET_LOST, GONE],
        &[EPERM, EIDRM, EACCES, EINVAL, ENOMEM],
    ),
    known_as(
        &[libc::SYS_semop, libc::SYS_semtimedop],
        &["semop", "semtimedop"],
        &[TAKEN, NO_SLOT, SEMAPHORE_TAKEN],
        &[EAGAIN, ENOMEM, EINTR, EACCES, ENOSPC, ERANGE],
    ),
    // Without those of the C library it ends the program: see `known`.
    futex(
        libc::FUTEX_WAIT_BITSET,
        &[ENOSYS, EACCES, EINTR, EAGAIN, ETIMEDOUT, EFAULT, EINVAL, ENFILE, EPERM],
    ),
    futex(libc::FUTEX_WAKE_BITSET, &[ENOSYS, EACCES, EFAULT, EINVAL, EPERM]),
    known_as(&[libc::SYS_futex], &["sem_"], &[], &[EINTR, EAGAIN]),
    known_as(&[libc::SYS_membarrier], &[], &[], &[ENOSYS, EPERM, EINVAL]),
];

/// What is known of a call. `None`: it is not made to fail.
pub(crate) fn known(call: &Call) -> Option<&'static Known> {
    // Memory of the allocator: without it, programs end, by the rules of their languages. It asks for whole pages, and the
    // runtime for one word of its own.
    let is_allocators = call.number == libc::SYS_mmap
        && has(call.arguments[3], libc::MAP_ANONYMOUS)
        && call.arguments[1] != size_of::<u64>() as u64;
    // The C library sleeps with all bits, as who waits for a turn does.
    let is_anybodys_sleep = call.number == libc::SYS_futex
        && call.arguments[1] == u64::from(libc::FUTEX_WAIT_BITSET.cast_unsigned())
        && call.arguments[5] & 0xffff_ffff == 0xffff_ffff;
    let is_it = |known: &&Known| {
        let is_command =
            |command: i32| call.arguments[1] == u64::from(command.cast_unsigned()) && !is_anybodys_sleep;
        known.numbers.contains(&call.number) && known.command.is_none_or(is_command)
    };
    KNOWN.iter().find(is_it).filter(|_| !is_allocators)
}

/// Whether this call gives something back, which is still held when it does not happen.
pub(crate) fn gives_back(call: &Call) -> bool {
    [libc::SYS_munmap, libc::SYS_shmdt].contains(&call.number)
}

/// Whether this call takes or lets go a lock of a guard.
pub(crate) fn is_lock(call: &Call) -> bool {
    let of_file =
        call.number == libc::SYS_fcntl && call.arguments[1] == u64::from(libc::F_OFD_SETLK.cast_unsigned());
    of_file || [libc::SYS_semop, libc::SYS_semtimedop].contains(&call.number)
}

/// Whether this call finds what has a name or a key, which it may then say leads nowhere.
pub(crate) fn is_look_up(call: &Call) -> bool {
    let calls = [libc::SYS_open, libc::SYS_openat, libc::SYS_shmget, libc::SYS_shmctl, libc::SYS_shmat];
    calls.contains(&call.number)
}

/// Whether everything is tried, however long it takes.
pub(crate) fn is_thorough() -> bool {
    env::var_os("SHMRECORD_ERRNOS").is_some_and(|value| value == "all")
}

/// How this call is made to fail.
pub(crate) fn failures(call: &Call) -> Vec<Fault> {
    let Some(known) = known(call) else { return Vec::new() };
    let all = is_thorough();
    let is_look_up = [libc::SYS_shmget, libc::SYS_semget].contains(&call.number)
        && !has(call.arguments[2], libc::IPC_CREAT);
    let is_possible = |errno| !(is_look_up && [ENOSPC, EEXIST, EINVAL].contains(&errno));
    let possible = known.errnos.iter().copied().filter(|&errno| is_possible(errno));
    let chosen = possible.enumerate().filter(|&(at, errno)| all || at < 2 || errno == EINTR);
    let fault = |errno| match call.number {
        libc::SYS_close => Fault::FailsAfter(errno),
        _ => Fault::Fails(errno),
    };
    chosen.map(|(_, errno)| fault(errno)).collect()
}

fn has(argument: u64, flag: i32) -> bool {
    argument & u64::from(flag.cast_unsigned()) != 0
}
