// adopt_counter.h: a guard that is a counter of another program in the segment, as a seqcount of Linux: odd while its
// writer writes. Relies on sys.h; knows no record.
//
// A reader copies between two loads of the same even value. A writer moves it from even to odd by compare-exchange, so
// that of two that do so one wins, and to the next even value when the record is whole.

#ifndef SHMRECORD_ADOPT_COUNTER_H
#define SHMRECORD_ADOPT_COUNTER_H

#include "sys.h"

// A counter in the segment, borrowed.
typedef struct shmrec_counter {
    void *at;      // aligned to its width
    uint64_t bits; // 32 or 64
} shmrec_counter;

SHMREC_HOT uint64_t shmrec_counter_load(const shmrec_counter *counter) {
    return counter->bits == 32 ? __atomic_load_n(SHMREC_CAST(const uint32_t *, counter->at), __ATOMIC_RELAXED)
                               : __atomic_load_n(SHMREC_CAST(const uint64_t *, counter->at), __ATOMIC_RELAXED);
}

// Counts from `seen` to the next value, if it still is `seen`. Pairs with the release store in shmrec_counter_give: an
// update reads what the writer before wrote.
static inline bool shmrec_counter_step(const shmrec_counter *counter, uint64_t seen) {
    if (counter->bits == 32) {
        uint32_t expected = SHMREC_CAST(uint32_t, seen);
        return __atomic_compare_exchange_n(SHMREC_CAST(uint32_t *, counter->at), &expected, expected + 1, false,
                                           __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
    return __atomic_compare_exchange_n(SHMREC_CAST(uint64_t *, counter->at), &seen, seen + 1, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

// Makes the odd counter that this writer made even. It wraps around where it ends.
static inline void shmrec_counter_give(const shmrec_counter *counter) {
    const uint64_t even = shmrec_counter_load(counter) + 1;
    // Pairs with the acquire fence behind a reader's first load, and with the step of the next writer.
    if (counter->bits == 32) {
        __atomic_store_n(SHMREC_CAST(uint32_t *, counter->at), SHMREC_CAST(uint32_t, even), __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(SHMREC_CAST(uint64_t *, counter->at), even, __ATOMIC_RELEASE);
    }
}

// Makes the counter odd, waiting while it is odd for another writer.
static inline int shmrec_counter_take(const shmrec_counter *counter, uint64_t timeout_ns, const shmrec_task *task) {
    const uint64_t deadline_ns = shmrec_deadline_ns(timeout_ns);
    uint64_t pause_ns = 1000;
    do {
        for (unsigned i = 0; i < SHMREC_BURST; i++) {
            const uint64_t seen = shmrec_counter_load(counter);
            if ((seen & 1) == 0 && shmrec_counter_step(counter, seen)) {
                // Pairs with the acquire fence behind a reader's copy: a reader that saw a word of this write sees the
                // odd counter.
                shmrec_fence_release();
                return SHMREC_OK;
            }
        }
    } while (shmrec_pause(&pause_ns, deadline_ns));
    return shmrec_fail_plain(task, SHMREC_LOCK_TIMEOUT);
}

// Makes a counter even that a dead writer left odd. Whether it was odd, and nobody has moved it meanwhile.
static inline bool shmrec_counter_free(const shmrec_counter *counter) {
    const uint64_t seen = shmrec_counter_load(counter);
    return (seen & 1) != 0 && shmrec_counter_step(counter, seen);
}

#endif
