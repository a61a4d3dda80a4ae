// adopt_guard.h: the other program's guards by kind, so that nothing above tells them apart. Relies on adopt_sysv.h,
// adopt_posix.h and adopt_counter.h; knows no record.

#ifndef SHMRECORD_ADOPT_GUARD_H
#define SHMRECORD_ADOPT_GUARD_H

#include "adopt_counter.h"
#include "adopt_place.h"
#include "adopt_posix.h"
#include "adopt_sysv.h"
#include "role_file.h"

// The guard of a foreign table. All zeros: closed.
typedef struct shmrec_foreign_guard {
    char *text;             // `sysv:0x1234[0]`, `posix:/name`: for messages; NULL for the others
    sem_t *mapped;          // of sem_open, otherwise NULL
    shmrec_semaphore sysv;  // of a set
    uint32_t kind;          // an enum shmrec_guard_kind
    key_t key;              // of the set
    uint64_t counter_bits;  // of a seqcount
    uint64_t timeout_ns;
} shmrec_foreign_guard;

static inline void shmrec_foreign_guard_close(shmrec_foreign_guard *guard) {
    if (guard->mapped != NULL) {
        (void)munmap(guard->mapped, sizeof(sem_t));
    }
    free(guard->text);
    memset(guard, 0, sizeof *guard);
}

// Checks and keeps what is said of the guard. On success and on failure the caller closes it.
static inline int shmrec_foreign_guard_name(shmrec_foreign_guard *guard, const shmrec_foreign *where,
                                            const shmrec_task *task) {
    const char *name = where->guard_name != NULL ? where->guard_name : "";
    const size_t room = strlen(name) + sizeof "posix:/[4294967295]";
    guard->kind = where->guard;
    guard->counter_bits = where->counter_bits;
    guard->timeout_ns = where->timeout_ns;
    if (guard->kind != SHMREC_GUARD_SYSV && guard->kind != SHMREC_GUARD_POSIX) {
        return SHMREC_OK;
    }
    guard->text = SHMREC_CAST(char *, malloc(room));
    if (guard->text == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, room);
    }
    if (guard->kind == SHMREC_GUARD_SYSV) {
        (void)snprintf(guard->text, room, "sysv:%s[%u]", name, where->guard_index);
    } else {
        (void)snprintf(guard->text, room, "posix:/%s", name[0] == '/' ? name + 1 : name);
    }
    const shmrec_task here = shmrec_task_on(task, guard->text);
    return guard->kind == SHMREC_GUARD_SYSV ? shmrec_key_parse(&guard->key, name, &here)
                                            : shmrec_sem_check_name(strchr(guard->text, '/') + 1, &here);
}

// Finds a semaphore that is there, if its owner and mode are accepted. Nothing is ever created.
static inline int shmrec_foreign_guard_open(shmrec_foreign_guard *guard, const shmrec_foreign *where,
                                            const shmrec_task *task) {
    if (guard->text == NULL) {
        return SHMREC_OK;
    }
    const shmrec_task here = shmrec_task_on(task, guard->text);
    return guard->kind == SHMREC_GUARD_SYSV
               ? shmrec_semaphore_find(&guard->sysv, guard->key, where->guard_index, &here)
               : shmrec_sem_map(&guard->mapped, strchr(guard->text, '/') + 1, &here);
}

// Keeps all others out, waiting until the timeout. `counter`: that of the record, for a seqcount.
static inline int shmrec_foreign_guard_take(const shmrec_foreign_guard *guard, const shmrec_counter *counter,
                                            const shmrec_task *task) {
    if (guard->kind == SHMREC_GUARD_SEQCOUNT) {
        return shmrec_counter_take(counter, guard->timeout_ns, task);
    }
    if (guard->text == NULL) {
        return SHMREC_OK;
    }
    const shmrec_task here = shmrec_task_on(task, guard->text);
    return guard->kind == SHMREC_GUARD_SYSV ? shmrec_semaphore_take(&guard->sysv, guard->timeout_ns, &here)
                                            : shmrec_sem_take(guard->mapped, guard->timeout_ns, &here);
}

// Lets others in again.
static inline int shmrec_foreign_guard_give(const shmrec_foreign_guard *guard, const shmrec_counter *counter,
                                            const shmrec_task *task) {
    if (guard->kind == SHMREC_GUARD_SEQCOUNT) {
        shmrec_counter_give(counter);
    }
    if (guard->text == NULL) {
        return SHMREC_OK;
    }
    const shmrec_task here = shmrec_task_on(task, guard->text);
    return guard->kind == SHMREC_GUARD_SYSV ? shmrec_semaphore_give(&guard->sysv, &here)
                                            : shmrec_sem_give(guard->mapped, &here);
}

// Lets go for a process that died without doing so; `dead` is 0 where the guard does not know who that was. `*freed`:
// it was taken.
static inline int shmrec_foreign_guard_free(const shmrec_foreign_guard *guard, const shmrec_counter *counter,
                                            int32_t dead, bool *freed, const shmrec_task *task) {
    *freed = false;
    if (guard->kind == SHMREC_GUARD_NONE) {
        return SHMREC_OK;
    }
    const shmrec_task here = guard->text != NULL ? shmrec_task_on(task, guard->text) : *task;
    if (guard->kind == SHMREC_GUARD_SYSV) {
        const int code = shmrec_semaphore_free(&guard->sysv, dead, &here);
        *freed = code == SHMREC_OK;
        return code;
    }
    if (dead != 0) {
        return shmrec_fail(&here, SHMREC_BAD_ARGUMENT, 0,
                           "bad dead process: %d, but nobody knows who holds this guard", dead);
    }
    if (guard->kind == SHMREC_GUARD_POSIX) {
        return shmrec_sem_free(guard->mapped, freed, &here);
    }
    *freed = shmrec_counter_free(counter);
    return SHMREC_OK;
}

#endif
