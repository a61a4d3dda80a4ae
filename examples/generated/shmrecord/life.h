// life.h: signs of life: how long ago a writer last gave one, and whether that is recent enough. Relies on segment.h and on
// the coarse clock, which all processes of a machine share.
//
// Nothing else is decided by a time: a clock of another time namespace makes an age wrong, and no role, lock or take-over.

#ifndef SHMRECORD_LIFE_H
#define SHMRECORD_LIFE_H

#include "segment.h"

// Time since the last sign of life of any writer of an open table.
static inline uint64_t shmrec_age_ns(const shmrec_table *table) {
    // The clock begins anew with each boot.
    if (table->header.of_another_boot) {
        return UINT64_MAX;
    }
    const uint64_t stamp = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_STAMP));
    // Pairs with the release store in shmrec_table_stamp: what was published before it is seen from here on.
    shmrec_fence_acquire();
    const uint64_t now = shmrec_coarse_ns();
    return now > stamp ? now - stamp : 0;
}

// Says that this writer is alive and that what it has published is up to date: stores the time for shmrec_table_age_ns,
// with release. No system call. Errors: SHMREC_BAD_ARGUMENT for a handle that is not a writer's; SHMREC_FORKED_HANDLE in a
// child process.
static inline int shmrec_table_beat(const shmrec_table *table, shmrec_error *error) {
    if (!table->holds_role) {
        const shmrec_task task = shmrec_task_of("beat", table, error);
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: not open for writing");
    }
    const int code = shmrec_check_home("beat", table, error);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_table_stamp(table);
    return shmrec_done(error);
}

// How long ago a writer last gave a sign of life: it created the table or took it over, said so (shmrec_table_beat), or
// wrote, where the option `stamps` was asked for. In steps of the coarse clock, 1 to 10 ms. UINT64_MAX for a table from
// before the last boot, whose clock was another one.
//
// A clock of another time namespace makes it wrong, or zero; nothing but this and T_read_fresh depends on it. A writer
// that is silent may be well: shmrec_table_status tells whether it is there. Errors: SHMREC_BAD_ARGUMENT for a closed
// handle; SHMREC_FORKED_HANDLE for a writer in a child process.
static inline int shmrec_table_age_ns(const shmrec_table *table, uint64_t *age_ns, shmrec_error *error) {
    *age_ns = UINT64_MAX;
    if (table->map.base == NULL) {
        const shmrec_task task = shmrec_task_of("look up", table, error);
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: it is closed");
    }
    const int code = shmrec_check_home("look up", table, error);
    if (code != SHMREC_OK) {
        return code;
    }
    *age_ns = shmrec_age_ns(table);
    return shmrec_done(error);
}

// What is read after this is at least as new as all that the writer who gave the last sign of life had published by then,
// or SHMREC_STALE. A sign behind a write was given under the lock, if there is one: then as all that anybody had.
static inline int shmrec_check_fresh(const shmrec_table *table, uint64_t max_age_ms, shmrec_error *error) {
    uint64_t age_ns;
    const int code = shmrec_table_age_ns(table, &age_ns, error);
    if (code != SHMREC_OK || max_age_ms > UINT64_MAX / UINT64_C(1000000) || age_ns <= max_age_ms * UINT64_C(1000000)) {
        return code;
    }
    const shmrec_task task = shmrec_task_of("read", table, error);
    if (age_ns == UINT64_MAX) {
        return shmrec_fail_plain(&task, SHMREC_STALE);
    }
    return shmrec_fail(&task, SHMREC_STALE, 0, "no sign of life from its writer for %llu ms",
                       SHMREC_CAST(unsigned long long, age_ns / UINT64_C(1000000)));
}

// For SHMREC_DEFINE_TABLE: T_read_fresh is T_read if a writer has given a sign of life within `max_age_ms`: the record is
// then at least as new as everything that this writer had published by then; of what other writers of the table publish
// it says nothing. Errors: as T_read; SHMREC_STALE when the last sign of life is older, or nobody can tell.
#define SHMREC_DEFINE_LIFE(T)                                                                                         \
    static inline int T##_read_fresh(const T##_reader *reader, uint64_t index, uint64_t max_age_ms, T *record,        \
                                     uint64_t *version, shmrec_error *error) {                                        \
        const int code = shmrec_check_fresh(&reader->table, max_age_ms, error);                                       \
        return code != SHMREC_OK ? code : T##_read(reader, index, record, version, error);                            \
    }

#endif
