// join.h: a writer among many comes: it holds the writers' lock together with the others, and a slot of its own. Relies on
// turn.h and on the guard's locks, the one for creating and removing held by the caller; does not know how tables are
// found. A writer goes by closing its guard.

#ifndef SHMRECORD_JOIN_H
#define SHMRECORD_JOIN_H

#include "turn.h"

// A table is for one writer or for many, whoever comes first.
static inline int shmrec_check_writers(const shmrec_table *table, const shmrec_task *task) {
    const bool many = table->header.shape.guard_kind != SHMREC_GUARD_ONE;
    if (many == table->is_shared) {
        return SHMREC_OK;
    }
    return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0, "it exists with another number of writers: %s",
                       many ? "many found, one asked for" : "one found, many asked for");
}

// semget(2), semctl(IPC_STAT): the semaphore that writers take turns by, if the header names one; it must be there, and
// its owner and mode accepted.
static inline int shmrec_find_semaphore(shmrec_table *table, const shmrec_header *header, const shmrec_task *task) {
    if (header->shape.guard_kind != SHMREC_GUARD_SEMAPHORE) {
        return SHMREC_OK;
    }
    (void)snprintf(table->semaphore_name, sizeof table->semaphore_name, "sysv:0x%x[%u]", header->semaphore_key,
                   header->semaphore_index);
    shmrec_task here = shmrec_task_on(task, table->semaphore_name);
    here.operation = "open for writing";
    return shmrec_foreign_set_find(&table->semaphore, SHMREC_CAST(key_t, header->semaphore_key),
                                   header->semaphore_index, &here);
}

// Takes this slot, unless somebody has it.
static inline int shmrec_try_slot(shmrec_table *table, shmrec_guard *guard, uint32_t slot, bool *locked,
                                  const shmrec_task *task) {
    table->me = slot + 1;
    return shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_PARTICIPANT + SHMREC_CAST(int, slot), locked, task);
}

static inline int shmrec_fail_slot(const shmrec_task *task) {
    return shmrec_fail(task, SHMREC_NO_SLOT, 0, "%u writers are there already", SHMREC_PARTICIPANTS);
}

// Takes slot 0 of a table that nobody else can know yet. The caller has the writers' lock alone.
static inline int shmrec_take_first_slot(shmrec_table *table, shmrec_guard *guard, const shmrec_task *task) {
    bool locked = false;
    const int code = shmrec_try_slot(table, guard, 0, &locked, task);
    return code != SHMREC_OK || locked ? code : shmrec_fail_slot(task);
}

// Holds the writers' lock together with others, and takes the first slot that nobody has.
static inline int shmrec_take_slot(shmrec_table *table, shmrec_guard *guard, const shmrec_task *task) {
    bool locked = false;
    int code = shmrec_guard_try_share(guard, &locked, task);
    if (code == SHMREC_OK && !locked) {
        code = shmrec_fail(task, SHMREC_WRITER_ALIVE, 0, "%s: it does not share the role",
                           shmrec_code_text(SHMREC_WRITER_ALIVE));
    }
    locked = false;
    for (uint32_t slot = 0; code == SHMREC_OK && !locked && slot < SHMREC_PARTICIPANTS; slot++) {
        code = shmrec_try_slot(table, guard, slot, &locked, task);
    }
    return code != SHMREC_OK || locked ? code : shmrec_fail_slot(task);
}

// Becomes one of the writers of an attached table.
static inline int shmrec_join(shmrec_table *table, shmrec_guard *guard, const shmrec_task *task) {
    const int code = shmrec_take_slot(table, guard, task);
    if (code != SHMREC_OK) {
        return code;
    }
    uint32_t *word = shmrec_lock_word(table);
    // The slot's last writer died with the lock, and nobody else can tell any more: the slot is taken again. Not so with
    // a semaphore, which the kernel gave to the next: that one finds the word.
    if (!shmrec_turns_by_semaphore(table) && shmrec_lock_holder(shmrec_load32(word)) == table->me) {
        shmrec_come_after_death(table);
        shmrec_lock_release(word);
    }
    return SHMREC_OK;
}

#endif
