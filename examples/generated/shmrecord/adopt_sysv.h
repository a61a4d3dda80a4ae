// adopt_sysv.h: a guard that is a semaphore in another program's System V set: 1 when free, taken by -1, let go by +1.
// Relies on key.h, role_sysv.h for facts of a set, semctl(2) and semtimedop(2); knows no segment.
//
// Both go with SEM_UNDO, so that the kernel lets go for us if we die. A program that does without it and dies leaves
// the semaphore taken for ever: GETPID names it, and shmrec_foreign_set_free is the way out.

#ifndef SHMRECORD_ADOPT_SYSV_H
#define SHMRECORD_ADOPT_SYSV_H

#include "key.h"
#include "role_sysv.h"

// The largest value of a semaphore, and the most that is undone (SEMVMX, SEMAEM).
#define SHMREC_SEM_VALUE_MAX 32767u

// A semaphore of a set, by the set's id. There is nothing to close.
typedef struct shmrec_foreign_set {
    int set;
    uint16_t index;
    uint16_t reserved;
} shmrec_foreign_set;

// The error of a failed call on a set. Its id is invalid once it is removed; every other argument here is valid.
static inline int shmrec_foreign_set_fail(const char *call, int errno_value, const shmrec_task *task) {
    if (shmrec_ipc_gone(errno_value)) {
        return shmrec_fail(task, SHMREC_REMOVED, errno_value, "%s: %s", shmrec_code_text(SHMREC_REMOVED), call);
    }
    if (errno_value == ERANGE) {
        return shmrec_fail(task, SHMREC_OVERFLOW, errno_value, "more than %u, the largest value: %s",
                           SHMREC_SEM_VALUE_MAX, call);
    }
    return shmrec_fail_space(task, call, errno_value, 0); // where what is to be undone is kept
}

// semget(2) without IPC_CREAT and semctl(IPC_STAT): semaphore number `index` of the set with this key, if its owner and
// mode are accepted.
static inline int shmrec_foreign_set_find(shmrec_foreign_set *semaphore, key_t key, uint32_t index,
                                          const shmrec_task *task) {
    struct semid_ds facts;
    semaphore->set = semget(key, 0, 0600); // for reading and changing
    if (semaphore->set < 0) {
        return shmrec_fail_os(task, "semget", errno);
    }
    int code = shmrec_lockset_stat(semaphore->set, &facts, task);
    code = code != SHMREC_OK
               ? code
               : shmrec_check_ipc(facts.sem_perm.uid, facts.sem_perm.cuid, facts.sem_perm.mode, task);
    if (code != SHMREC_OK) {
        return code;
    }
    const uint64_t semaphores = facts.sem_nsems;
    if (index >= semaphores) {
        return shmrec_fail(task, SHMREC_GUARD_MISMATCH, 0, "%s: %llu semaphores, number %u asked for",
                           shmrec_code_text(SHMREC_GUARD_MISMATCH), SHMREC_CAST(unsigned long long, semaphores), index);
    }
    semaphore->index = SHMREC_CAST(uint16_t, index); // the kernel's limit is 32000
    return SHMREC_OK;
}

// semctl(2) that answers with a number: GETVAL, GETPID.
static inline int shmrec_foreign_set_ask(const shmrec_foreign_set *semaphore, int command, const char *call,
                                         int *answer, const shmrec_task *task) {
    *answer = semctl(semaphore->set, semaphore->index, command);
    return *answer >= 0 ? SHMREC_OK : shmrec_foreign_set_fail(call, errno, task);
}

static inline struct sembuf shmrec_foreign_set_operation(const shmrec_foreign_set *semaphore, short change, int flags) {
    struct sembuf operation;
    operation.sem_num = semaphore->index;
    operation.sem_op = change;
    operation.sem_flg = SHMREC_CAST(short, flags);
    return operation;
}

// kill(2) with signal 0: whether there is such a process, which may be one that we must not signal.
static inline bool shmrec_process_exists(int pid) { return shmrec_sys_kill(pid, 0) == 0 || errno != ESRCH; }

// The error of a semaphore that stayed taken; GETPID says who changed it last, unless that is outside our namespace.
SHMREC_COLD int shmrec_foreign_set_timeout(const shmrec_foreign_set *semaphore, const shmrec_task *task) {
    int pid;
    int code = shmrec_foreign_set_ask(semaphore, GETPID, "semctl(GETPID)", &pid, task);
    if (code != SHMREC_OK || pid == 0) {
        return code != SHMREC_OK ? code : shmrec_fail_plain(task, SHMREC_LOCK_TIMEOUT);
    }
    code = shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0, "the lock is taken, last by process %d: which %s", pid,
                       shmrec_process_exists(pid) ? "still exists" : "does not exist any more");
    return shmrec_naming(task, pid, code);
}

// semtimedop(2): -1, again after a signal with the time that is left.
static inline int shmrec_foreign_set_take(const shmrec_foreign_set *semaphore, uint64_t timeout_ns,
                                          const shmrec_task *task) {
    const uint64_t deadline_ns = shmrec_deadline_ns(timeout_ns);
    struct sembuf operation = shmrec_foreign_set_operation(semaphore, -1, SEM_UNDO);
    int result;
    do {
        const uint64_t now = shmrec_monotonic_ns();
        const struct timespec left = shmrec_timespec(now < deadline_ns ? deadline_ns - now : 0);
        result = shmrec_sys_semtimedop(semaphore->set, &operation, 1, &left);
    } while (result != 0 && errno == EINTR);
    if (result == 0) {
        return SHMREC_OK;
    }
    return errno == EAGAIN ? shmrec_foreign_set_timeout(semaphore, task)
                           : shmrec_foreign_set_fail("semtimedop", errno, task);
}

// semop(2): +1, which never waits.
static inline int shmrec_foreign_set_give(const shmrec_foreign_set *semaphore, const shmrec_task *task) {
    struct sembuf operation = shmrec_foreign_set_operation(semaphore, 1, SEM_UNDO);
    int result;
    SHMREC_RETRY(result, semop(semaphore->set, &operation, 1));
    return result == 0 ? SHMREC_OK : shmrec_foreign_set_fail("semop", errno, task);
}

// Lets go for the process `dead`, which took the semaphore last and died without letting go; or says why not. Without
// SEM_UNDO, which would take it away again when we end. It is added to only while it is 0, but nothing keeps a second
// such rescuer from adding to it once more after somebody has taken it: only one at a time.
static inline int shmrec_foreign_set_free(const shmrec_foreign_set *semaphore, int32_t dead, const shmrec_task *task) {
    int value, last;
    if (dead <= 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad dead process: %d, name the process that LockTimeout named", dead);
    }
    int code = shmrec_foreign_set_ask(semaphore, GETVAL, "semctl(GETVAL)", &value, task);
    code = code != SHMREC_OK ? code : shmrec_foreign_set_ask(semaphore, GETPID, "semctl(GETPID)", &last, task);
    if (code != SHMREC_OK) {
        return code;
    }
    if (value != 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad dead process: %d, but the semaphore is %d", dead, value);
    }
    if (last != dead) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad dead process: %d, but process %d changed it last", dead,
                           last);
    }
    if (shmrec_process_exists(dead)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad dead process: %d, which still exists", dead);
    }
    struct sembuf operations[2];
    operations[0] = shmrec_foreign_set_operation(semaphore, 0, IPC_NOWAIT);
    operations[1] = shmrec_foreign_set_operation(semaphore, 1, IPC_NOWAIT);
    int result;
    SHMREC_RETRY(result, semop(semaphore->set, operations, 2));
    if (result != 0 && errno == EAGAIN) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad dead process: %d, but the semaphore is not 0 any more",
                           dead);
    }
    return result == 0 ? SHMREC_OK : shmrec_foreign_set_fail("semop", errno, task);
}

#endif
