// region_memfd.h: files without a file system: sealed memfds (memfd_create(2)), under names that count in this process
// only. Relies on registry.h, this process's directory of them, and on region_named.h for what they share with other
// files; does not know what they hold.
//
// A sealed memfd can be given to anybody: no peer can cut it under its readers.

#ifndef SHMRECORD_REGION_MEMFD_H
#define SHMRECORD_REGION_MEMFD_H

#include "address.h"
#include "region_named.h"
#include "registry.h"

// The longest label that the kernel takes for a memfd, in bytes.
#define SHMREC_LABEL_MAX 249
// What must be sealed: without these, whoever holds the memfd can cut it and end its readers with SIGBUS.
#define SHMREC_NEEDED_SEALS (SHMREC_F_SEAL_SHRINK | SHMREC_F_SEAL_GROW | SHMREC_F_SEAL_SEAL)

// The name in an address, or in what address.h makes of it.
static inline const char *shmrec_memfd_name(const char *text) { return text + sizeof SHMREC_MEMFD_KIND - 1; }

// The error of a name that leads nowhere here.
SHMREC_COLD int shmrec_memfd_absent(const shmrec_task *task) {
    return shmrec_fail(task, SHMREC_NOT_FOUND, 0, "not found: this process holds no memfd of this name");
}

// A duplicate of what this process holds under this name, whatever it is.
static inline int shmrec_memfd_held(int *fd, const char *name, const shmrec_task *task) {
    const int code = shmrec_registry_duplicate(name, fd, task);
    return code == SHMREC_OK && *fd < 0 ? shmrec_memfd_absent(task) : code;
}

// fcntl(F_GETFL): whether this descriptor was opened for writing.
static inline int shmrec_memfd_writable(int fd, bool *writable, const shmrec_task *task) {
    const int flags = fcntl(fd, F_GETFL);
    *writable = flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
    return flags >= 0 ? SHMREC_OK : shmrec_fail_os(task, "fcntl(F_GETFL)", errno);
}

// Accepts a memfd by its seals, or says what is missing; for writing, whether it can be.
static inline int shmrec_memfd_check(int fd, bool writable, const shmrec_task *task) {
    const int seals = fcntl(fd, SHMREC_F_GET_SEALS);
    if (seals < 0) {
        return shmrec_fail_os(task, "fcntl(F_GET_SEALS)", errno);
    }
    const int missing = SHMREC_NEEDED_SEALS & ~seals;
    if (missing != 0 && !task->accept_unsealed) {
        const char *shrink = (missing & SHMREC_F_SEAL_SHRINK) != 0 ? ", F_SEAL_SHRINK" : "";
        const char *grow = (missing & SHMREC_F_SEAL_GROW) != 0 ? ", F_SEAL_GROW" : "";
        const char *seal = (missing & SHMREC_F_SEAL_SEAL) != 0 ? ", F_SEAL_SEAL" : "";
        char all[64];
        (void)snprintf(all, sizeof all, "%s%s%s", shrink, grow, seal);
        return shmrec_fail(task, SHMREC_UNSEALED, 0, "not sealed: %s missing", all + 2);
    }
    if (!writable) {
        return SHMREC_OK;
    }
    bool opened;
    const int code = shmrec_memfd_writable(fd, &opened, task);
    if (code == SHMREC_OK && !opened) {
        return shmrec_fail(task, SHMREC_PERMISSION_DENIED, 0, "permission denied: it was handed over for reading");
    }
    if (code == SHMREC_OK && (seals & (SHMREC_F_SEAL_WRITE | SHMREC_F_SEAL_FUTURE_WRITE)) != 0) {
        return shmrec_fail(task, SHMREC_PERMISSION_DENIED, 0,
                           "permission denied: it is sealed against writing: only the writer that created it could");
    }
    return code;
}

// A duplicate of the memfd that this process holds under this name, if it is accepted: its owner, its mode, its seals.
// It shares its locks with all others: not for guards. On failure nothing is open.
static inline int shmrec_memfd_open(shmrec_file *file, const char *name, bool writable, const shmrec_task *task) {
    memset(file, 0, sizeof *file);
    int code = shmrec_memfd_held(&file->fd, name, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_file_stat(file, task);
    code = code != SHMREC_OK ? code : shmrec_file_check(file, task);
    code = code != SHMREC_OK ? code : shmrec_memfd_check(file->fd, writable, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// open(2) of /proc/self/fd: the same memfd as another open file in place of this one. Its mode counts, as for any file.
// On failure nothing is open.
static inline int shmrec_memfd_reopen(int *fd, bool writable, const shmrec_task *task) {
    char path[32];
    struct stat facts;
    int anew;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
    SHMREC_RETRY(anew, open(path, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | SHMREC_O_CLOEXEC));
    const int problem = anew < 0 ? errno : 0;
    (void)close(*fd);
    *fd = anew;
    if (problem == 0) {
        return SHMREC_OK;
    }
    if (problem == ENOENT && shmrec_sys_lstat("/proc/self/fd", &facts) != 0) {
        return shmrec_fail(task, SHMREC_UNSUPPORTED, problem,
                           "opening a memfd again without /proc is not supported here: open");
    }
    return shmrec_fail_os(task, "open", problem);
}

// memfd_create(2), not executable where the kernel knows that and the mode says so: a memfd of these rights that no
// name leads to yet, if there is memory for the `bytes` that it is to hold. On failure nothing is open.
static inline int shmrec_memfd_create(shmrec_file *file, const char *name, shmrec_rights rights, uint64_t bytes,
                                      const shmrec_task *task) {
    // What /proc shows of it. The end of a long name tells more than its beginning: guards have a suffix.
    const size_t length = strlen(name);
    const char *label = length > SHMREC_LABEL_MAX ? name + length - SHMREC_LABEL_MAX : name;
    const unsigned flags = SHMREC_MFD_CLOEXEC | SHMREC_MFD_ALLOW_SEALING;
    memset(file, 0, sizeof *file);
    file->fd = -1;
    file->fd = shmrec_sys_memfd_create(
        label, flags | ((rights.mode & 0111u) == 0 ? SHMREC_MFD_NOEXEC_SEAL : SHMREC_MFD_EXEC));
    if (file->fd < 0 && errno == EINVAL) { // Linux before 6.3 does not know the last flag
        file->fd = shmrec_sys_memfd_create(label, flags);
    }
    if (file->fd < 0) {
        const int problem = errno;
        if (problem == ENOSYS || problem == EPERM) { // what a filter of system calls says
            return shmrec_fail(task, SHMREC_UNSUPPORTED, problem, "memfd_create is not supported here: memfd_create");
        }
        return shmrec_fail_space(task, "memfd_create", problem, bytes);
    }
    int code = shmrec_file_set_rights(file->fd, rights, task);
    code = code != SHMREC_OK ? code : shmrec_file_stat(file, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// fcntl(F_ADD_SEALS): its size and its seals stay as they are; if exclusive, nobody but who has mapped it for writing
// until now ever will.
static inline int shmrec_memfd_seal(int fd, bool exclusive, const shmrec_task *task) {
    if (fcntl(fd, SHMREC_F_ADD_SEALS, SHMREC_NEEDED_SEALS | (exclusive ? SHMREC_F_SEAL_FUTURE_WRITE : 0)) == 0) {
        return SHMREC_OK;
    }
    const int problem = errno;
    if (problem == EINVAL && exclusive) { // Linux before 5.1
        return shmrec_fail(task, SHMREC_UNSUPPORTED, problem,
                           "F_SEAL_FUTURE_WRITE is not supported here: fcntl(F_ADD_SEALS)");
    }
    return shmrec_fail_os(task, "fcntl(F_ADD_SEALS)", problem);
}

// Enters a memfd into this process's registry, which keeps a duplicate. `*taken`: something else has the name.
static inline int shmrec_memfd_publish(int fd, shmrec_identity identity, const char *name, bool *taken,
                                       const shmrec_task *task) {
    const int kept = fcntl(fd, SHMREC_F_DUPFD_CLOEXEC, 3);
    *taken = false;
    if (kept < 0) {
        return shmrec_fail_os(task, "fcntl(F_DUPFD_CLOEXEC)", errno);
    }
    const int code = shmrec_registry_enter(name, kept, identity, taken, task);
    if (code != SHMREC_OK || *taken) {
        (void)close(kept);
    }
    return code;
}

#endif
