// region_named.h: files with and without a name: opened without following links, made without a name, named when
// complete. Relies on identity.h, wanted.h and sys.h; does not know what the files hold.

#ifndef SHMRECORD_REGION_NAMED_H
#define SHMRECORD_REGION_NAMED_H

#include "identity.h"
#include "sys.h"
#include "wanted.h"

// An open file and what fstat(2) says of it. `fd` is -1 when there is none.
typedef struct shmrec_file {
    shmrec_identity identity;
    uint64_t bytes;
    uint32_t mode; // kind and permission bits
    uint32_t owner;
    int fd;
    uint32_t reserved;
} shmrec_file;

static inline void shmrec_file_close(shmrec_file *file) {
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}

// fstat(2) of `file->fd` into the rest of it.
static inline int shmrec_file_stat(shmrec_file *file, const shmrec_task *task) {
    struct stat facts;
    if (fstat(file->fd, &facts) != 0) {
        return shmrec_fail_os(task, "fstat", errno);
    }
    file->identity.device = facts.st_dev;
    file->identity.inode = facts.st_ino;
    file->bytes = SHMREC_CAST(uint64_t, facts.st_size);
    file->mode = facts.st_mode;
    file->owner = facts.st_uid;
    return SHMREC_OK;
}

// A regular file of a trusted owner that not everybody may write, or why not.
static inline int shmrec_file_check(const shmrec_file *file, const shmrec_task *task) {
    const uint32_t kind = file->mode & SHMREC_S_IFMT, mode = file->mode & 07777u;
    if (kind != SHMREC_S_IFREG) {
        const char *name = kind == SHMREC_S_IFDIR    ? "directory"
                           : kind == SHMREC_S_IFIFO  ? "FIFO"
                           : kind == SHMREC_S_IFSOCK ? "socket"
                                                     : "device";
        return shmrec_fail(task, SHMREC_NOT_REGULAR, 0, "not a regular file but a %s", name);
    }
    return shmrec_check_trust(file->owner, mode, task);
}

// open(2) of whatever has the name, and fstat(2). Never waits. On failure nothing is open.
static inline int shmrec_file_open_any(shmrec_file *file, const char *path, bool writable, const shmrec_task *task) {
    memset(file, 0, sizeof *file);
    const int flags = (writable ? O_RDWR : O_RDONLY) | SHMREC_O_NOFOLLOW | O_NONBLOCK | SHMREC_O_CLOEXEC;
    SHMREC_RETRY(file->fd, open(path, flags));
    if (file->fd < 0) {
        return shmrec_fail_os(task, "open", errno);
    }
    const int code = shmrec_file_stat(file, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// As before, with the checks above.
static inline int shmrec_file_open(shmrec_file *file, const char *path, bool writable, const shmrec_task *task) {
    int code = shmrec_file_open_any(file, path, writable, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_file_check(file, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// fchown(2) and fchmod(2), where group or mode are not yet these; so the umask does not count.
static inline int shmrec_file_set_rights(int fd, shmrec_rights rights, const shmrec_task *task) {
    struct stat facts;
    if (fstat(fd, &facts) != 0) {
        return shmrec_fail_os(task, "fstat", errno);
    }
    if (rights.group != SHMREC_NO_GROUP && rights.group != facts.st_gid &&
        shmrec_sys_fchown(fd, UINT32_MAX, rights.group) != 0) {
        return shmrec_fail_os(task, "fchown", errno);
    }
    if ((facts.st_mode & 07777u) != rights.mode && shmrec_sys_fchmod(fd, rights.mode) != 0) {
        return shmrec_fail_os(task, "fchmod", errno);
    }
    return SHMREC_OK;
}

// open(O_TMPFILE) in this directory, with these rights. The file vanishes with its descriptor unless
// shmrec_file_publish names it. `bytes` is what it is to hold, for the error. On failure nothing is open.
static inline int shmrec_file_unnamed(shmrec_file *file, const char *directory, shmrec_rights rights, uint64_t bytes,
                                      const shmrec_task *task) {
    memset(file, 0, sizeof *file);
    SHMREC_RETRY(file->fd, open(directory, SHMREC_O_TMPFILE | O_RDWR | SHMREC_O_CLOEXEC, 0600));
    if (file->fd < 0) {
        const int problem = errno;
        if (problem == ENOENT) {
            return shmrec_fail(task, SHMREC_NOT_FOUND, problem, "not found: its directory does not exist");
        }
        // EISDIR is what kernels before 3.11 answer.
        if (problem == EOPNOTSUPP || problem == EISDIR) {
            return shmrec_fail(task, SHMREC_UNSUPPORTED, problem, "O_TMPFILE is not supported here: open");
        }
        return shmrec_fail_space(task, "open with O_TMPFILE in its directory", problem, bytes);
    }
    int code = shmrec_file_set_rights(file->fd, rights, task);
    code = code != SHMREC_OK ? code : shmrec_file_stat(file, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// Space that is asked for in one call at least: little enough to be had between two signals.
#define SHMREC_LEAST_PIECE SHMREC_CAST(int64_t, 65536)

// fallocate(2): the file is as long as it is to be, and the space of what is to be present is its own, or it is refused
// now. A sparse one gets the rest of its length from ftruncate(2).
static inline int shmrec_file_reserve(const shmrec_file *file, const shmrec_new_segment *segment,
                                      const shmrec_task *task) {
    // Past this limit neither call fails, but ends the process with SIGXFSZ.
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && segment->bytes > limit.rlim_cur) {
        return shmrec_fail_space(task, "RLIMIT_FSIZE, which `ulimit -f` sets", EFBIG, segment->bytes);
    }
    // A signal takes back what a call has done so far. Beside a timer only pieces get done, the smaller the faster it is.
    const int64_t length = SHMREC_CAST(int64_t, segment->present_bytes);
    int64_t done = 0;
    int64_t piece = length;
    while (done < length) {
        piece = piece < length - done ? piece : length - done;
        if (shmrec_sys_fallocate(file->fd, 0, done, piece) == 0) {
            done += piece;
        } else if (errno == EINTR) {
            piece = piece / 2 > SHMREC_LEAST_PIECE ? piece / 2 : SHMREC_LEAST_PIECE;
        } else if (errno == EOPNOTSUPP) {
            return shmrec_fail(task, SHMREC_UNSUPPORTED, errno, "fallocate is not supported here: fallocate");
        } else {
            return shmrec_fail_space(task, "fallocate", errno, segment->present_bytes);
        }
    }
    if (!shmrec_is_sparse(segment)) {
        return SHMREC_OK;
    }
    int result;
    SHMREC_RETRY(result, shmrec_sys_ftruncate(file->fd, SHMREC_CAST(int64_t, segment->bytes)));
    return result == 0 ? SHMREC_OK : shmrec_fail_space(task, "ftruncate", errno, segment->bytes);
}

// linkat(2) from /proc/self/fd: gives an unnamed file of `bytes` bytes its name, at once and whole. `*taken`: somebody
// else has it.
static inline int shmrec_file_publish(int fd, uint64_t bytes, const char *path, bool *taken, const shmrec_task *task) {
    char from[32];
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    *taken = false;
    if (shmrec_sys_linkat(SHMREC_AT_FDCWD, from, SHMREC_AT_FDCWD, path, SHMREC_AT_SYMLINK_FOLLOW) == 0) {
        return SHMREC_OK;
    }
    const int problem = errno;
    struct stat facts;
    if (problem == EEXIST) {
        *taken = true;
        return SHMREC_OK;
    }
    if (problem == ENOENT && shmrec_sys_lstat("/proc/self/fd", &facts) != 0) {
        return shmrec_fail(task, SHMREC_UNSUPPORTED, problem,
                           "naming a file without /proc is not supported here: linkat");
    }
    return shmrec_fail_space(task, "linkat", problem, bytes);
}

// lstat(2): which file the name leads to, links included. `*taken`: to any at all.
static inline int shmrec_file_named(const char *path, shmrec_identity *identity, bool *taken, const shmrec_task *task) {
    struct stat facts;
    memset(identity, 0, sizeof *identity);
    *taken = shmrec_sys_lstat(path, &facts) == 0;
    if (!*taken) {
        return errno == ENOENT ? SHMREC_OK : shmrec_fail_os(task, "lstat", errno);
    }
    identity->device = facts.st_dev;
    identity->inode = facts.st_ino;
    return SHMREC_OK;
}

// unlink(2). The caller holds the lock under which names change, and has looked what has the name.
static inline int shmrec_file_unlink(const char *path, const shmrec_task *task) {
    return unlink(path) == 0 ? SHMREC_OK : shmrec_fail_os(task, "unlink", errno);
}

#endif
