// role_sysv.h: a guard that is a System V semaphore set: one semaphore a lock, 0 free and 1 taken. Relies on semget(2),
// semop(2) with SEM_UNDO, which the kernel undoes when its process dies, and semctl(2); knows no segment.
//
// A new set needs no initial value, so there is no moment in which it exists and cannot be used.

#ifndef SHMRECORD_ROLE_SYSV_H
#define SHMRECORD_ROLE_SYSV_H

#include "abi.h"
#include "region_sysv.h"

// Semaphores in a set, one a lock; no other program's set is likely to have as many.
#define SHMREC_SEMAPHORES 64u

// semget(2) without IPC_CREAT: the id under this key; -1 when there is none.
static inline int shmrec_lockset_get(int *id, key_t key, const shmrec_task *task) {
    *id = semget(key, 0, 0);
    return *id >= 0 || errno == ENOENT ? SHMREC_OK : shmrec_fail_os(task, "semget", errno);
}

// semctl(IPC_STAT)
static inline int shmrec_lockset_stat(int id, struct semid_ds *facts, const shmrec_task *task) {
    union shmrec_semun argument;
    memset(facts, 0, sizeof *facts);
    argument.facts = facts;
    if (semctl(id, 0, IPC_STAT, argument) == 0) {
        return SHMREC_OK;
    }
    const int problem = errno;
    if (shmrec_ipc_gone(problem)) {
        return shmrec_fail(task, SHMREC_NOT_FOUND, problem, "not found: semctl(IPC_STAT)");
    }
    return shmrec_fail_space(task, "semctl(IPC_STAT)", problem, 0);
}

// Whether the set can be a guard and is accepted.
static inline int shmrec_lockset_check(int id, const shmrec_task *task) {
    struct semid_ds facts;
    int code = shmrec_lockset_stat(id, &facts, task);
    code = code != SHMREC_OK
               ? code
               : shmrec_check_ipc(facts.sem_perm.uid, facts.sem_perm.cuid, facts.sem_perm.mode, task);
    const uint64_t found = facts.sem_nsems;
    if (code == SHMREC_OK && found != SHMREC_SEMAPHORES) {
        return shmrec_fail(task, SHMREC_GUARD_MISMATCH, 0, "%s: %llu semaphores, %u expected",
                           shmrec_code_text(SHMREC_GUARD_MISMATCH), SHMREC_CAST(unsigned long long, found),
                           SHMREC_SEMAPHORES);
    }
    return code;
}

// Opens the set under this key, which must exist.
static inline int shmrec_lockset_open(int *id, key_t key, const shmrec_task *task) {
    const int code = shmrec_lockset_get(id, key, task);
    if (code != SHMREC_OK || *id >= 0) {
        return code != SHMREC_OK ? code : shmrec_lockset_check(*id, task);
    }
    return shmrec_fail_os(task, "semget", ENOENT);
}

// semctl(IPC_SET), if it has another group or mode.
static inline int shmrec_lockset_set_rights(int id, shmrec_rights rights, const shmrec_task *task) {
    struct semid_ds facts;
    union shmrec_semun argument;
    const int code = shmrec_lockset_stat(id, &facts, task);
    const bool same = (facts.sem_perm.mode & 0777u) == rights.mode &&
                      (rights.group == SHMREC_NO_GROUP || rights.group == facts.sem_perm.gid);
    if (code != SHMREC_OK || same) {
        return code;
    }
    shmrec_put_rights(&facts.sem_perm, rights);
    argument.facts = &facts;
    return semctl(id, 0, IPC_SET, argument) == 0 ? SHMREC_OK : shmrec_fail_os(task, "semctl(IPC_SET)", errno);
}

// Opens the set under this key, or makes it; of these rights, those of another group come with
// shmrec_lockset_set_rights.
static inline int shmrec_lockset_open_or_create(int *id, key_t key, shmrec_rights rights, const shmrec_task *task) {
    for (;;) {
        const int code = shmrec_lockset_open(id, key, task);
        if (code != SHMREC_NOT_FOUND) {
            return code;
        }
        *id = semget(key, SHMREC_CAST(int, SHMREC_SEMAPHORES), IPC_CREAT | IPC_EXCL | shmrec_first_mode(rights));
        if (*id >= 0) {
            return SHMREC_OK;
        }
        if (errno != EEXIST) {
            return shmrec_fail_space(task, "semget", errno, 0);
        }
    }
}

static inline struct sembuf shmrec_lockset_operation(int lock, short change, short flags) {
    struct sembuf operation;
    operation.sem_num = SHMREC_CAST(unsigned short, lock);
    operation.sem_op = change;
    operation.sem_flg = flags;
    return operation;
}

// semop(2), both or neither: wait for zero without waiting, and add one, to be undone at death. 0 or the errno.
static inline int shmrec_lockset_take(int id, int lock) {
    struct sembuf operations[2];
    operations[0] = shmrec_lockset_operation(lock, 0, IPC_NOWAIT);
    operations[1] = shmrec_lockset_operation(lock, 1, SEM_UNDO);
    int result;
    SHMREC_RETRY(result, semop(id, operations, 2));
    return result == 0 ? 0 : errno;
}

// semop(2): adds one, whoever else did, to be undone at death; or, with -1, takes one away, of a lock that is held. 0 or
// the errno.
static inline int shmrec_lockset_add(int id, int lock, short change) {
    struct sembuf operation = shmrec_lockset_operation(lock, change, SEM_UNDO | IPC_NOWAIT);
    int result;
    SHMREC_RETRY(result, semop(id, &operation, 1));
    return result == 0 ? 0 : errno;
}

// The error of a failed call on a set that was there. It may be removed under us, by ipcrm or at the end of a session
// (systemd's RemoveIPC).
static inline int shmrec_lockset_fail(const char *call, int errno_value, const shmrec_task *task) {
    if (shmrec_ipc_gone(errno_value)) {
        return shmrec_fail(task, SHMREC_GUARD_LOST, errno_value, "guard lost: its semaphore set was removed");
    }
    return shmrec_fail_os(task, call, errno_value);
}

// semget(2), semctl(GETVAL): whether somebody holds this lock of this set. Not `*known`: the key leads elsewhere, or
// the set may not be read.
static inline int shmrec_lockset_held(key_t key, shmrec_identity guard, int lock, bool *known, bool *held,
                                      const shmrec_task *task) {
    const int id = semget(key, 0, 0);
    *known = id >= 0 && shmrec_same(shmrec_ipc_identity(id), guard);
    if (!*known) {
        return SHMREC_OK;
    }
    const int value = semctl(id, lock, GETVAL);
    const int problem = value >= 0 ? 0 : errno;
    *known = problem == 0;
    *held = value != 0;
    return *known || problem == EACCES || shmrec_ipc_gone(problem) ? SHMREC_OK
                                                                    : shmrec_fail_os(task, "semctl(GETVAL)", problem);
}

// semctl(GETVAL): whether somebody holds this lock.
static inline int shmrec_lockset_taken(int id, int lock, bool *taken, const shmrec_task *task) {
    const int value = semctl(id, lock, GETVAL);
    *taken = value != 0;
    return value >= 0 ? SHMREC_OK : shmrec_lockset_fail("semctl(GETVAL)", errno, task);
}

// semctl(GETPID): the process that last took or released this lock, its death included; 0 for nobody, or somebody of
// another PID namespace.
static inline int shmrec_lockset_last_pid(int id, int lock, uint32_t *pid, const shmrec_task *task) {
    const int answer = semctl(id, lock, GETPID);
    *pid = answer > 0 ? SHMREC_CAST(uint32_t, answer) : 0;
    return answer >= 0 ? SHMREC_OK : shmrec_lockset_fail("semctl(GETPID)", errno, task);
}

// Takes the lock if nobody has it.
static inline int shmrec_lockset_try_lock(int id, int lock, bool *locked, const shmrec_task *task) {
    const int problem = shmrec_lockset_take(id, lock);
    *locked = problem == 0;
    return problem == 0 || problem == EAGAIN ? SHMREC_OK : shmrec_lockset_fail("semop", problem, task);
}

// Holds the lock together with others.
static inline int shmrec_lockset_share(int id, int lock, const shmrec_task *task) {
    const int problem = shmrec_lockset_add(id, lock, 1);
    return problem == 0 ? SHMREC_OK : shmrec_lockset_fail("semop", problem, task);
}

// semctl(IPC_RMID)
static inline int shmrec_lockset_remove(int id, const shmrec_task *task) {
    return semctl(id, 0, IPC_RMID) == 0 ? SHMREC_OK : shmrec_fail_os(task, "semctl(IPC_RMID)", errno);
}

#endif
