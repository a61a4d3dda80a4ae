// lock.h: the lock word of many writers: 0 when it is free, else its holder's slot and 1, with the highest bit when
// somebody sleeps until it is free. Relies on abi.h and futex(2); borrows the word, knows no mapping, and does not know
// who lives: turn.h does. Who replaces the table has the lock for good: then no turn is under way, and none to come.

#ifndef SHMRECORD_LOCK_H
#define SHMRECORD_LOCK_H

#include "abi.h"
#include "sys.h"

// Takes the lock if it is free. Pairs with the release in shmrec_lock_release: who has it sees what its predecessors
// stored.
SHMREC_HOT bool shmrec_lock_try(uint32_t *word, uint32_t me) { return shmrec_swap32_acquire(word, 0, me); }

// Likewise for one who has waited and found this value, 0 or that of a holder that is dead: others may sleep, whose mark
// went with the holder before. False: the word is not `value` any more. Releases, for who finds the lock closed by this: it
// then finds the table marked.
static inline bool shmrec_lock_try_marked(uint32_t *word, uint32_t value, uint32_t me) {
    return shmrec_swap32_acquire_release(word, value, me | SHMREC_LIVE_LOCK_WAITERS);
}

// Who holds it, by this value: slot + 1, or 0. It comes from the segment, and may be anything.
SHMREC_HOT uint32_t shmrec_lock_holder(uint32_t value) { return value & ~SHMREC_LIVE_LOCK_WAITERS; }

// Sees to it that the holder wakes a sleeper. False: the word is not `*value` any more.
static inline bool shmrec_lock_mark(uint32_t *word, uint32_t *value) {
    const uint32_t seen = *value;
    *value = seen | SHMREC_LIVE_LOCK_WAITERS;
    return *value == seen || shmrec_swap32_acquire(word, seen, *value);
}

// Gives the lock back. Who dies between the two steps is found out by a sleeper that looks by itself, 10 ms later.
SHMREC_HOT void shmrec_lock_release(uint32_t *word) {
    if (__builtin_expect((shmrec_exchange32_release(word, 0) & SHMREC_LIVE_LOCK_WAITERS) != 0, 0)) {
        shmrec_futex_wake(word, 1, SHMREC_FUTEX_ANY);
    }
}

#endif
