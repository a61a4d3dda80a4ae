// role_file.h: a guard that is a file or a memfd: locks on its bytes. Relies on role_name.h to open and make it, and on
// open-file-description locks (fcntl(2), F_OFD_SETLK), which the kernel lets go when the last descriptor of their
// holder's open file is closed; knows no segment.

#ifndef SHMRECORD_ROLE_FILE_H
#define SHMRECORD_ROLE_FILE_H

#include "abi.h"
#include "role_name.h"

// The same task on another file.
static inline shmrec_task shmrec_task_on(const shmrec_task *task, const char *subject) {
    shmrec_task other = *task;
    other.subject = subject;
    return other;
}

// Opens the guard of this address, which must exist.
static inline int shmrec_lockfile_open(shmrec_file *file, const shmrec_address *address, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, address->guard);
    return shmrec_guardname_open(file, address, &here);
}

// Opens the guard of this address, or makes it with these rights.
static inline int shmrec_lockfile_open_or_create(shmrec_file *file, const shmrec_address *address,
                                                 shmrec_rights rights, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, address->guard);
    for (;;) {
        bool taken;
        int code = shmrec_guardname_open(file, address, &here);
        if (code != SHMREC_NOT_FOUND) {
            return code;
        }
        code = shmrec_guardname_create(file, address, rights, &taken, &here);
        if (code != SHMREC_OK || !taken) {
            return code;
        }
    }
}

// One byte, to be locked or asked about.
static inline struct flock shmrec_lockfile_range(int byte, short kind) {
    struct flock range;
    memset(&range, 0, sizeof range);
    range.l_type = kind;
    range.l_whence = SEEK_SET;
    range.l_start = byte;
    range.l_len = 1;
    return range;
}

// fcntl(F_OFD_GETLK): whether somebody else holds this lock of an open guard, through whatever other opening of it.
static inline int shmrec_lockfile_taken(int fd, int byte, bool *taken, const shmrec_task *task) {
    struct flock range = shmrec_lockfile_range(byte, F_WRLCK);
    int result;
    SHMREC_RETRY(result, fcntl(fd, SHMREC_F_OFD_GETLK, &range)); // file systems of a network let a signal end it
    if (result != 0) {
        return shmrec_fail_os(task, "fcntl(F_OFD_GETLK)", errno);
    }
    *taken = range.l_type != F_UNLCK;
    return SHMREC_OK;
}

// open(O_RDONLY), fcntl(F_OFD_GETLK): whether somebody holds this lock of this guard file, of this process too. Not
// `*known`: the name leads elsewhere, or it may not be read.
static inline int shmrec_lockfile_held(const shmrec_address *address, shmrec_identity guard, int byte, bool *known,
                                       bool *held, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, address->guard);
    shmrec_file file;
    int code = shmrec_guardname_look(&file, address, &here);
    *known = code == SHMREC_OK && shmrec_same(file.identity, guard);
    if (*known) {
        code = shmrec_lockfile_taken(file.fd, byte, held, &here);
    }
    shmrec_file_close(&file);
    return code == SHMREC_OS || *known ? code : SHMREC_OK;
}

// fcntl(F_OFD_SETLK) of one byte: F_WRLCK, F_RDLCK to hold it together with others, or F_UNLCK. 0 or the errno.
static inline int shmrec_lockfile_set(int fd, int byte, short kind) {
    struct flock range = shmrec_lockfile_range(byte, kind);
    int result;
    SHMREC_RETRY(result, fcntl(fd, SHMREC_F_OFD_SETLK, &range));
    return result == 0 ? 0 : errno;
}

// Takes the lock if nobody has it; F_RDLCK: if nobody has it alone, or instead of having it alone.
static inline int shmrec_lockfile_try(int fd, int byte, short kind, bool *locked, const shmrec_task *task) {
    const int problem = shmrec_lockfile_set(fd, byte, kind);
    *locked = problem == 0;
    if (problem == 0 || problem == EAGAIN || problem == EACCES) {
        return SHMREC_OK;
    }
    if (problem == EINVAL || problem == EPERM || problem == ENOSYS) { // the latter are what a filter of system calls says
        return shmrec_fail(task, SHMREC_UNSUPPORTED, problem,
                           "locking by open file description is not supported here: fcntl(F_OFD_SETLK)");
    }
    return shmrec_fail_os(task, "fcntl(F_OFD_SETLK)", problem);
}

#endif
