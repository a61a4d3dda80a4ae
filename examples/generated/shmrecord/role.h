// role.h: who may create, remove and write: a guard's locks, which the kernel holds for a process and takes back when
// it dies, however it dies. Relies on address.h, role_file.h for files and memfds, role_sysv.h for System V and
// fork.h, so that no child keeps them; knows no segment.
//
// Nothing else, no pid and no time, decides that a writer is gone.

#ifndef SHMRECORD_ROLE_H
#define SHMRECORD_ROLE_H

#include "address.h"
#include "fork.h"
#include "role_file.h"
#include "role_sysv.h"

// An open guard. Closing it lets its locks go. All zeros: none.
typedef struct shmrec_guard {
    shmrec_identity identity;
    const uint64_t *home;    // the process that opened it: a child that inherits the handle holds nothing
    shmrec_kept *kept;       // where a file is listed, so that no child keeps a copy
    uint64_t held;           // bits, by number of the lock
    int handle;              // a file's descriptor, or the id of a semaphore set
    bool is_file;
    uint8_t reserved[3];
} shmrec_guard;

// The guard's rights for a segment of these: read and write for the classes that may write, so that nobody who only
// reads can lock writers out.
static inline shmrec_rights shmrec_writers_only(shmrec_rights segment) {
    const uint32_t write = segment.mode & 0222u;
    return shmrec_rights_of(write | write << 1, segment.group);
}

// Opens a guard that is a file, or, with rights, makes it: again, while this process forks and a child may have a copy.
static inline int shmrec_guard_of_file(shmrec_guard *guard, const shmrec_address *address, const shmrec_rights *rights,
                                       const shmrec_task *task) {
    uint64_t pause_ns = 1000, begun;
    do {
        if (!shmrec_opening_begin(&begun)) {
            continue;
        }
        shmrec_file file;
        int code = rights != NULL ? shmrec_lockfile_open_or_create(&file, address, *rights, task)
                                  : shmrec_lockfile_open(&file, address, task);
        code = code != SHMREC_OK ? code : shmrec_keep(&guard->kept, file.fd, begun, task);
        if (code != SHMREC_OK) {
            return code;
        }
        if (guard->kept != NULL) {
            guard->is_file = true;
            guard->handle = file.fd;
            guard->identity = file.identity;
            return SHMREC_OK;
        }
    } while (shmrec_pause(&pause_ns, task->deadline_ns));
    const shmrec_task here = shmrec_task_on(task, address->guard);
    return shmrec_fail(&here, SHMREC_LOCK_TIMEOUT, 0, "%s: this process forks all the time",
                       shmrec_code_text(SHMREC_LOCK_TIMEOUT));
}

// Opens a guard that is a set, or, with rights, makes it.
static inline int shmrec_guard_of_set(shmrec_guard *guard, key_t key, const shmrec_rights *rights,
                                      const shmrec_task *task) {
    const int code = rights != NULL ? shmrec_lockset_open_or_create(&guard->handle, key, *rights, task)
                                    : shmrec_lockset_open(&guard->handle, key, task);
    guard->identity = shmrec_ipc_identity(guard->handle);
    return code;
}

static inline int shmrec_guard_get(shmrec_guard *guard, const shmrec_address *address, const shmrec_rights *rights,
                                   const shmrec_task *task) {
    memset(guard, 0, sizeof *guard);
    const shmrec_task here = shmrec_task_on(task, address->is_file ? address->guard : task->subject);
    const int code = shmrec_home(&guard->home, 0, &here);
    if (code != SHMREC_OK) {
        return code;
    }
    return address->is_file ? shmrec_guard_of_file(guard, address, rights, task)
                            : shmrec_guard_of_set(guard, address->key, rights, task);
}

// Opens the guard of the segment at this address, which must exist. On failure nothing is open.
static inline int shmrec_guard_open(shmrec_guard *guard, const shmrec_address *address, const shmrec_task *task) {
    return shmrec_guard_get(guard, address, NULL, task);
}

// Opens the guard, or makes it for those who may write the segment, which has these rights. On failure nothing is open.
static inline int shmrec_guard_open_or_create(shmrec_guard *guard, const shmrec_address *address,
                                              shmrec_rights segment, const shmrec_task *task) {
    const shmrec_rights rights = shmrec_writers_only(segment);
    return shmrec_guard_get(guard, address, &rights, task);
}

// Whether its name still leads to it.
static inline int shmrec_guard_is_current(const shmrec_guard *guard, const shmrec_address *address, bool *current,
                                          const shmrec_task *task) {
    shmrec_identity now;
    int code;
    if (guard->is_file) {
        code = shmrec_guardname_named(address, &now, current, task);
    } else {
        int id;
        code = shmrec_lockset_get(&id, address->key, task);
        now = shmrec_ipc_identity(id);
        *current = id >= 0;
    }
    *current = code == SHMREC_OK && *current && shmrec_same(now, guard->identity);
    return code;
}

// Whether somebody holds this lock of this guard, without touching it. Not `*known`: it cannot be told, because the
// name leads to another one or nowhere, or it may not be read.
static inline int shmrec_guard_held(const shmrec_address *address, shmrec_identity guard, int lock, bool *known,
                                    bool *held, const shmrec_task *task) {
    return address->is_file ? shmrec_lockfile_held(address, guard, lock, known, held, task)
                            : shmrec_lockset_held(address->key, guard, lock, known, held, task);
}

// The process that last took or released this lock, its death included, where the kernel keeps that and has a number
// for it here; otherwise 0. It may be gone.
static inline int shmrec_guard_last_pid(const shmrec_guard *guard, int lock, uint32_t *pid, const shmrec_task *task) {
    *pid = 0;
    return guard->is_file ? SHMREC_OK : shmrec_lockset_last_pid(guard->handle, lock, pid, task);
}

// Gives the guard the rights that go with the segment's: one that was left over may have others, and a new set has no
// other group yet. The caller holds the lock for creating and removing, and the segment is not there.
static inline int shmrec_guard_set_rights(const shmrec_guard *guard, const shmrec_address *address,
                                          shmrec_rights segment, const shmrec_task *task) {
    const shmrec_rights rights = shmrec_writers_only(segment);
    if (guard->is_file) {
        const shmrec_task here = shmrec_task_on(task, address->guard);
        return shmrec_file_set_rights(guard->handle, rights, &here);
    }
    return shmrec_lockset_set_rights(guard->handle, rights, task);
}

// Whether the handle means the guard: in another IPC namespace a set's id means another set or none.
static inline bool shmrec_guard_is_here(const shmrec_guard *guard) {
    return guard->is_file || shmrec_ipc_is_here(guard->identity);
}

// Takes the lock if nobody has it.
static inline int shmrec_guard_try_lock(shmrec_guard *guard, int lock, bool *locked, const shmrec_task *task) {
    *locked = false;
    if (!shmrec_guard_is_here(guard)) {
        return shmrec_lockset_fail("semop", EIDRM, task);
    }
    const int code = guard->is_file ? shmrec_lockfile_try(guard->handle, lock, F_WRLCK, locked, task)
                                    : shmrec_lockset_try_lock(guard->handle, lock, locked, task);
    guard->held |= code == SHMREC_OK && *locked ? UINT64_C(1) << lock : 0;
    return code;
}

// Holds the lock of the writer together with other writers, if nobody has it alone; or from now on, if it is held alone.
static inline int shmrec_guard_try_share(shmrec_guard *guard, bool *locked, const shmrec_task *task) {
    const int lock = SHMREC_LOCK_BYTE_WRITER;
    int code = SHMREC_OK;
    *locked = false;
    if (!shmrec_guard_is_here(guard)) {
        return shmrec_lockset_fail("semop", EIDRM, task);
    }
    if (guard->is_file) {
        code = shmrec_lockfile_try(guard->handle, lock, F_RDLCK, locked, task);
    } else {
        // A set's lock is a count of holders: who has it alone has counted already.
        code = (guard->held >> lock & 1) != 0 ? SHMREC_OK : shmrec_lockset_share(guard->handle, lock, task);
        *locked = code == SHMREC_OK;
    }
    guard->held |= *locked ? UINT64_C(1) << lock : 0;
    return code;
}

// Whether somebody holds this lock: of a file's, somebody else.
static inline int shmrec_guard_taken(const shmrec_guard *guard, int lock, bool *taken, const shmrec_task *task) {
    *taken = true;
    if (!shmrec_guard_is_here(guard)) {
        return shmrec_lockset_fail("semctl(GETVAL)", EIDRM, task);
    }
    return guard->is_file ? shmrec_lockfile_taken(guard->handle, lock, taken, task)
                          : shmrec_lockset_taken(guard->handle, lock, taken, task);
}

// Lets the lock go. 0 or the errno.
static inline int shmrec_guard_let_go(shmrec_guard *guard, int lock) {
    if ((guard->held >> lock & 1) == 0 || !shmrec_is_here(guard->home)) {
        return 0;
    }
    int problem = EIDRM;
    if (shmrec_guard_is_here(guard)) {
        problem = guard->is_file ? shmrec_lockfile_set(guard->handle, lock, F_UNLCK)
                                 : shmrec_lockset_add(guard->handle, lock, -1);
    }
    guard->held &= problem == 0 ? ~(UINT64_C(1) << lock) : UINT64_MAX;
    return problem;
}

// Lets the locks go and closes the guard. By name, because closing a file does so only once no child between fork and
// exec has it open too; if it fails, closing still does it, or the set is gone.
static inline void shmrec_guard_close(shmrec_guard *guard) {
    // The lock of a slot goes first: who finds the writers' lock free finds every slot free.
    for (int lock = SHMREC_CAST(int, SHMREC_SEMAPHORES) - 1; lock >= 0 && guard->held != 0; lock--) {
        (void)shmrec_guard_let_go(guard, lock);
    }
    if (guard->kept != NULL && shmrec_kept_take(guard->kept)) {
        (void)close(guard->handle);
    }
    memset(guard, 0, sizeof *guard);
}

// The lock for creating and removing stayed taken, and how to find the process that has it: the kernel tells nobody whose an
// open file's lock is.
SHMREC_COLD int shmrec_fail_create_taken(const shmrec_guard *guard, const shmrec_task *task) {
    if (guard->is_file) {
        return shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0,
                           "%s: by a process that creates, replaces or removes it: `fuser` names those that have its "
                           "guard open",
                           shmrec_code_text(SHMREC_LOCK_TIMEOUT));
    }
    return shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0,
                       "%s: by a process that creates, replaces or removes it: `ipcs -s -i %d` names who took "
                       "semaphore 0 last",
                       shmrec_code_text(SHMREC_LOCK_TIMEOUT), guard->handle);
}

// Takes the lock for creating and removing, waiting until the deadline. A guard that was removed locks nobody out:
// whoever asks next finds that it is no longer the one.
static inline int shmrec_guard_lock_create(shmrec_guard *guard, const shmrec_task *task) {
    uint64_t pause_ns = 1000;
    for (;;) {
        bool locked;
        const int code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_CREATE, &locked, task);
        if (code == SHMREC_GUARD_LOST || (code == SHMREC_OK && locked)) {
            return SHMREC_OK;
        }
        if (code != SHMREC_OK) {
            return code;
        }
        if (!shmrec_pause(&pause_ns, task->deadline_ns)) {
            return shmrec_fail_create_taken(guard, task);
        }
    }
}

// Lets the lock for creating and removing go.
static inline int shmrec_guard_unlock_create(shmrec_guard *guard, const shmrec_task *task) {
    const int problem = shmrec_guard_let_go(guard, SHMREC_LOCK_BYTE_CREATE);
    if (problem == 0) {
        return SHMREC_OK;
    }
    return guard->is_file ? shmrec_fail_os(task, "fcntl(F_OFD_SETLK)", problem)
                          : shmrec_lockset_fail("semop", problem, task);
}

// Removes the guard, if its name still leads to it. The caller holds the lock for creating and removing.
static inline int shmrec_guard_unlink(shmrec_guard *guard, const shmrec_address *address, const shmrec_task *task) {
    bool current;
    const int code = shmrec_guard_is_current(guard, address, &current, task);
    if (code != SHMREC_OK || !current) {
        return code;
    }
    if (guard->is_file) {
        return shmrec_guardname_unlink(address, guard->identity, task);
    }
    const int removed = shmrec_lockset_remove(guard->handle, task);
    if (removed == SHMREC_OK) {
        guard->held = 0; // gone with the set
    }
    return removed;
}

#endif
