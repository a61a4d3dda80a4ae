// role.h: the guard file and the locks on its bytes: the kernel's word on who may create, remove and write. Relies on
// region.h to open and make files, and on open-file-description locks (fcntl(2), F_OFD_SETLK); knows no segment.
//
// The kernel lets a lock go when the last descriptor of its holder's open file is closed, which a kill does too.
// Nothing else, no pid and no time, decides that a writer is gone.

#ifndef SHMRECORD_ROLE_H
#define SHMRECORD_ROLE_H

#include "abi.h"
#include "region.h"

// The same task on another file.
static inline shmrec_task shmrec_task_on(const shmrec_task *task, const char *subject) {
    shmrec_task other = *task;
    other.subject = subject;
    return other;
}

// Opens the guard file at `path`, which must exist.
static inline int shmrec_guard_open(shmrec_file *guard, const char *path, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, path);
    return shmrec_file_open(guard, path, true, &here);
}

// The guard's mode for a segment of this mode: read and write for the classes that may write, so that nobody who only
// reads can lock writers out.
static inline uint32_t shmrec_guard_mode(uint32_t mode) { return (mode & 0222u) | (mode & 0222u) << 1; }

// Opens the guard file at `path`, or makes it in `directory` for those who may write with the segment's `mode`.
static inline int shmrec_guard_open_or_create(shmrec_file *guard, const char *path, const char *directory,
                                              uint32_t mode, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, path);
    for (;;) {
        int code = shmrec_file_open(guard, path, true, &here);
        if (code != SHMREC_NOT_FOUND) {
            return code;
        }
        code = shmrec_file_unnamed(guard, directory, shmrec_guard_mode(mode), &here);
        if (code != SHMREC_OK) {
            return code;
        }
        bool taken;
        code = shmrec_file_publish(guard, path, &taken, &here);
        if (code == SHMREC_OK && !taken) {
            return SHMREC_OK;
        }
        shmrec_file_close(guard);
        if (code != SHMREC_OK) {
            return code;
        }
    }
}

// fcntl(F_OFD_SETLK) of one byte: F_WRLCK or F_UNLCK. 0 or the errno.
static inline int shmrec_guard_set(const shmrec_file *guard, int byte, short kind) {
    struct flock range;
    memset(&range, 0, sizeof range);
    range.l_type = kind;
    range.l_whence = SEEK_SET;
    range.l_start = byte;
    range.l_len = 1;
    int result;
    SHMREC_RETRY(result, fcntl(guard->fd, SHMREC_F_OFD_SETLK, &range));
    return result == 0 ? 0 : errno;
}

// Takes the lock if nobody has it.
static inline int shmrec_guard_try_lock(const shmrec_file *guard, int byte, bool *locked, const shmrec_task *task) {
    const int problem = shmrec_guard_set(guard, byte, F_WRLCK);
    *locked = problem == 0;
    if (problem == 0 || problem == EAGAIN || problem == EACCES) {
        return SHMREC_OK;
    }
    if (problem == EINVAL) {
        return shmrec_fail(task, SHMREC_UNSUPPORTED, problem,
                           "locking by open file description is not supported here: fcntl(F_OFD_SETLK)");
    }
    return shmrec_fail_os(task, "fcntl(F_OFD_SETLK)", problem);
}

// Takes the lock for creating and removing, waiting until the deadline.
static inline int shmrec_guard_lock_create(const shmrec_file *guard, const char *path, const shmrec_task *task) {
    uint64_t pause_ns = 1000;
    for (;;) {
        bool locked;
        const int code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_CREATE, &locked, task);
        if (code != SHMREC_OK || locked) {
            return code;
        }
        if (!shmrec_pause(&pause_ns, task->deadline_ns)) {
            return shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0, "%s: %s", shmrec_code_text(SHMREC_LOCK_TIMEOUT), path);
        }
    }
}

// Lets the lock for creating and removing go.
static inline int shmrec_guard_unlock_create(const shmrec_file *guard, const shmrec_task *task) {
    const int problem = shmrec_guard_set(guard, SHMREC_LOCK_BYTE_CREATE, F_UNLCK);
    return problem == 0 ? SHMREC_OK : shmrec_fail_os(task, "fcntl(F_OFD_SETLK)", problem);
}

#endif
