// doorbell.h: what a writer does for those who wait: counts, rings when somebody waits, and finds that its table was
// removed. Relies on segment.h and futex(2); does not know how readers wait: wait.h does.
//
// A writer publishes, then looks at the attention; a reader asks for attention, then looks whether anything was
// published. Between a writer's two steps stands a barrier, its own or the one that the reader has made on the writer's
// processor (membarrier(2)), so that one of the two sees the other. So nobody who writes makes a system call while
// nobody waits.

#ifndef SHMRECORD_DOORBELL_H
#define SHMRECORD_DOORBELL_H

#include "segment.h"

// The bit of the group of records that this one is in.
SHMREC_HOT uint32_t shmrec_group_of(uint64_t index) { return UINT32_C(1) << (index % SHMREC_WAKE_GROUPS); }

// futex(FUTEX_WAKE_BITSET): wakes who waits for these groups.
static inline void shmrec_ring(void *base, uint32_t groups) {
    uint32_t *doorbell = shmrec_word32(base, SHMREC_LIVE_DOORBELL);
    // Who has not slept yet finds the doorbell changed. Pairs with the full barrier behind a waiting reader's load: who
    // sees it rung sees why.
    shmrec_add32_release(doorbell, 1);
    shmrec_futex_wake(doorbell, INT32_MAX, groups);
}

// Behind a recovery: what was finished is new, whoever waits for it. The caller holds the role of the only writer, or the
// lock.
SHMREC_COLD void shmrec_announce_recovery(const shmrec_table *table) {
    if (table->header.shape.wake_policy == SHMREC_WAKE_DOORBELL) {
        shmrec_table_count(table);
        shmrec_ring(table->map.base, SHMREC_FUTEX_ANY);
    }
}

// What stands behind publishing, and still under the lock, if there is one.
SHMREC_HOT void shmrec_published(const shmrec_table *table) {
    if (__builtin_expect((table->chores & SHMREC_CHORE_COUNT) != 0, 0)) {
        shmrec_table_count(table);
    }
    if (__builtin_expect((table->chores & SHMREC_CHORE_STAMP) != 0, 0)) {
        shmrec_table_stamp(table);
    }
}

// Somebody asks for attention: a reader who waits for one of these groups, or the remover of the table.
SHMREC_COLD int shmrec_attend_to(const shmrec_table *table, const char *operation, uint32_t groups,
                                 shmrec_error *error) {
    const bool has_doorbell = table->header.shape.wake_policy == SHMREC_WAKE_DOORBELL;
    if (has_doorbell) {
        // Pairs with the release in shmrec_retire: who sees its mark sees the state.
        shmrec_clear_bits32_acquire(table->attention, groups);
    } else {
        shmrec_fence_acquire(); // pairs with the same
    }
    if (shmrec_table_retired(table)) {
        if (has_doorbell) {
            // For the next write, too. Pairs as that in shmrec_retire, whose state was seen here.
            shmrec_set_bits32_release(table->attention, UINT32_MAX);
        }
        if (table->turn != SHMREC_TURN_NONE) {
            // Not half-way: who replaces the table waits for the end of the turn. The next one is told.
            return shmrec_done(error);
        }
        const shmrec_task task = shmrec_task_of(operation, table, error);
        return shmrec_fail_plain(&task, SHMREC_RETIRED);
    }
    if (has_doorbell) {
        shmrec_ring(table->map.base, groups);
    }
    return shmrec_done(error);
}

// Behind everything that is published, in records of these groups. Error: SHMREC_RETIRED, when the table was removed.
SHMREC_HOT int shmrec_attend(const shmrec_table *table, const char *operation, uint32_t groups, shmrec_error *error) {
    if (__builtin_expect((table->chores & SHMREC_CHORE_FENCE) != 0, 0)) {
        // Pairs with the barrier between a waiting reader's bit and its look.
        shmrec_fence_full();
    } else {
        // The barrier that a waiting reader has made here stands on one side of it or on the other.
        shmrec_fence_compiler();
    }
    if (__builtin_expect((shmrec_load32(table->attention) & groups) != 0, 0)) {
        return shmrec_attend_to(table, operation, groups, error);
    }
    return shmrec_done(error);
}

// Decides what every write of this handle will do beside storing. The caller holds the role.
static inline void shmrec_prepare_to_write(shmrec_table *table) {
    const bool has_doorbell = table->header.shape.wake_policy == SHMREC_WAKE_DOORBELL;
    unsigned chores = table->me != 0 ? SHMREC_CHORE_TURN : 0u;
    chores |= table->header.stamps ? SHMREC_CHORE_STAMP : 0u;
    if (has_doorbell) {
        chores |= SHMREC_CHORE_COUNT;
        // For the whole process, and not undone: another handle may rely on it.
        chores |= shmrec_membarrier(SHMREC_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED) ? 0u : SHMREC_CHORE_FENCE;
    }
    table->attention = shmrec_table_word32(table, has_doorbell ? SHMREC_LIVE_WAITING : SHMREC_LIVE_ATTENTION);
    table->chores = SHMREC_CAST(uint8_t, chores);
}

// Marks a segment, which may be damaged, as removed, and tells writers, those who wait for a turn too, and readers. The caller holds the guard's
// lock for creating and removing.
static inline void shmrec_retire(const shmrec_map *map) {
    if (map->bytes < SHMREC_LIVE_END) {
        return; // one that was cut too short for a state has no handle that could ask for it
    }
    const bool has_doorbell = map->bytes >= SHMREC_LIVE_WAITING_END &&
                              shmrec_load32(shmrec_word32(map->base, SHMREC_HEADER_WAKE_POLICY)) == SHMREC_WAKE_DOORBELL;
    shmrec_store_release(shmrec_word(map->base, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
    // Pairs with the acquire in shmrec_attend_to: who sees this sees the state.
    shmrec_set_bits32_release(shmrec_word32(map->base, has_doorbell ? SHMREC_LIVE_WAITING : SHMREC_LIVE_ATTENTION),
                              UINT32_MAX);
    if (has_doorbell) {
        shmrec_ring(map->base, SHMREC_FUTEX_ANY);
    }
    // Who comes to sleep for a turn a moment later looks again by itself, soon.
    uint32_t *lock = shmrec_word32(map->base, SHMREC_LIVE_LOCK);
    if ((shmrec_load32(lock) & SHMREC_LIVE_LOCK_WAITERS) != 0) {
        shmrec_futex_wake(lock, INT32_MAX, SHMREC_FUTEX_ANY);
    }
}

#endif
