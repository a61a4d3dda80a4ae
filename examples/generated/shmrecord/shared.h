// shared.h: writing under the lock of many writers: one record, a batch, a record that is read and changed, and
// whatever stands between lock and unlock. Relies on turn.h, batch.h, reader.h and record.h; in a table of one writer
// the same without a lock. The typed functions are at the end.

#ifndef SHMRECORD_SHARED_H
#define SHMRECORD_SHARED_H

#include "batch.h"
#include "reader.h"
#include "record.h"
#include "turn.h"

// Stores `count` words, those of a cell, as the next version of a record that there is. The caller holds the role, and
// the lock, if there is one.
SHMREC_HOT void shmrec_table_store(const shmrec_table *table, uint64_t index, const void *words, uint64_t count) {
    const shmrec_geometry *g = &table->header.geometry;
    uint64_t *word = shmrec_table_version(table, index), *cells = shmrec_table_cells(table, index);
    if (g->cells == 1) {
        const shmrec_log log = shmrec_table_log(table);
        shmrec_write_logged(word, cells, &log, index, words, count);
    } else {
        shmrec_write_cells(word, cells, g->cells, g->cell_stride / 8, words, count);
    }
}

// Gives the lock back behind a write, then looks who waits for it: who waits for the lock does not wait for those who are
// woken.
SHMREC_APART int shmrec_table_wrote(const shmrec_table *table, uint32_t groups, shmrec_error *error) {
    const int code = shmrec_turn_give(table, error);
    const int attended = shmrec_attend(table, "write", groups, code == SHMREC_OK ? error : NULL);
    return code != SHMREC_OK ? code : attended;
}

// Publishes `count` words. For the typed functions of table.h. The words stay in registers, so nothing that is called
// here gets their address.
SHMREC_HOT int shmrec_table_write(shmrec_table *table, uint64_t index, const void *words, uint64_t count,
                                  shmrec_error *error) {
    if (__builtin_expect(index >= table->header.geometry.capacity, 0)) {
        return shmrec_fail_index("write", table, index, error);
    }
    if (__builtin_expect(shmrec_is_left(table->map.home), 0)) {
        return shmrec_fail_forked("write", table, error);
    }
    const unsigned turn = table->chores & SHMREC_CHORE_TURN;
    if (__builtin_expect(turn != 0, 0)) {
        const int code = shmrec_turn_take_apart(table, "write", error);
        if (code != SHMREC_OK) {
            return code;
        }
    }
    shmrec_table_store(table, index, words, count);
    shmrec_published(table);
    if (__builtin_expect(turn != 0, 0)) {
        return shmrec_table_wrote(table, shmrec_group_of(index), error);
    }
    return shmrec_attend(table, "write", shmrec_group_of(index), error);
}

// Begins an empty batch, under the lock from now on.
static inline int shmrec_table_batch_begin(shmrec_batch *batch, shmrec_table *table, shmrec_error *error) {
    bool entered;
    memset(batch, 0, sizeof *batch);
    int code = shmrec_check_home("batch", table, error);
    code = code != SHMREC_OK ? code : shmrec_turn_enter(table, "batch", &entered, error);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_batch_begin(batch, table, error);
    if (code != SHMREC_OK && entered) {
        (void)shmrec_turn_leave(table, NULL);
    } else if (code == SHMREC_OK && (entered || table->turn_batch != 0)) {
        table->turn_batch = batch->odd; // of a batch that was forgotten it takes over
    }
    return code;
}

// Gives the lock back that was taken for the batch of this sequence. `code`: what became of it.
static inline int shmrec_table_batch_end(shmrec_table *table, uint64_t odd, int code, shmrec_error *error) {
    if (table == NULL || odd == 0 || table->turn_batch != odd) {
        return code;
    }
    const int left = shmrec_turn_leave(table, code == SHMREC_OK ? error : NULL);
    return code != SHMREC_OK ? code : left;
}

// Publishes all of a batch at once, and ends it.
static inline int shmrec_table_batch_commit(shmrec_batch *batch, shmrec_error *error) {
    shmrec_table *table = batch->table;
    const uint64_t odd = batch->odd;
    const uint32_t groups = batch->groups;
    int code = shmrec_batch_commit(batch, error);
    const bool published = code == SHMREC_OK && groups != 0;
    if (published) {
        shmrec_published(table);
    }
    code = shmrec_table_batch_end(table, odd, code, error);
    if (!published) {
        return code;
    }
    const int attended = shmrec_attend(table, "batch", groups, code == SHMREC_OK ? error : NULL);
    return code != SHMREC_OK ? code : attended;
}

// Ends a batch and leaves nothing of it.
static inline void shmrec_table_batch_abandon(shmrec_batch *batch) {
    shmrec_table *table = batch->table;
    const uint64_t odd = batch->odd;
    shmrec_batch_abandon(batch);
    (void)shmrec_table_batch_end(table, odd, SHMREC_OK, NULL);
}

// As shmrec_read_patiently, for who alone may write now. Whoever wrote before has finished, or died and was recovered from:
// what a slot is not at rest for, and the log does not tell, was stored by somebody who breaks the protocol, and waiting for
// that would keep everybody else waiting.
SHMREC_COLD int shmrec_read_alone(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                  shmrec_error *error) {
    const uint64_t at_once = 1;
    uint64_t version;
    return shmrec_read_patiently(table, index, words, count, &version, at_once, error);
}

// Ends an update without having changed anything. `code`: why.
static inline int shmrec_table_update_drop(shmrec_table *table, bool entered, int code) {
    if (entered) {
        (void)shmrec_turn_leave(table, NULL);
    }
    return code;
}

// Begins to change a record, which is in `words` then. `*entered`: the lock was taken for it.
SHMREC_HOT int shmrec_table_update_begin(shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                         bool *entered, shmrec_error *error) {
    if (__builtin_expect(index >= table->header.geometry.capacity, 0)) {
        return shmrec_fail_index("update", table, index, error);
    }
    if (__builtin_expect(shmrec_is_left(table->map.home), 0)) {
        return shmrec_fail_forked("update", table, error);
    }
    int code = shmrec_turn_enter(table, "update", entered, error);
    if (code != SHMREC_OK) {
        return code;
    }
    uint64_t version;
    // Nobody else may write now, so the record is at rest; and a writer's table has no view.
    if (__builtin_expect(!shmrec_try_at_rest(table, index, words, count, &version), 0)) {
        code = shmrec_read_alone(table, index, words, count, error);
    }
    return code == SHMREC_OK ? code : shmrec_table_update_drop(table, *entered, code);
}

// Publishes what became of the record. Who changed it may have forked: the child has no table.
SHMREC_HOT int shmrec_table_update_end(shmrec_table *table, uint64_t index, const uint64_t *words, uint64_t count,
                                       bool entered, shmrec_error *error) {
    if (__builtin_expect(shmrec_is_left(table->map.home), 0)) {
        return shmrec_table_update_drop(table, entered, shmrec_fail_forked("update", table, error));
    }
    shmrec_table_store(table, index, words, count);
    shmrec_published(table);
    const int code = entered ? shmrec_turn_leave(table, error) : SHMREC_OK;
    const int attended = shmrec_attend(table, "update", shmrec_group_of(index), code == SHMREC_OK ? error : NULL);
    return code != SHMREC_OK ? code : attended;
}

SHMREC_COLD int shmrec_refuse_lock(const shmrec_table *table, const char *words, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("lock", table, error);
    return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad %s", words);
}

SHMREC_COLD int shmrec_fail_after_death(shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("lock", table, error);
    const uint64_t epoch = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH));
    (void)shmrec_turn_leave(table, NULL);
    return shmrec_fail(&task, SHMREC_AFTER_DEATH, 0, "%s: in epoch %llu", shmrec_code_text(SHMREC_AFTER_DEATH),
                       SHMREC_CAST(unsigned long long, epoch));
}

SHMREC_COLD int shmrec_fail_lock_retired(shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("lock", table, error);
    (void)shmrec_turn_leave(table, NULL);
    return shmrec_fail_plain(&task, SHMREC_RETIRED);
}

// Takes the lock until shmrec_table_unlock. `whole`: a holder's death is an error, until it is cleared.
SHMREC_HOT int shmrec_table_lock(shmrec_table *table, bool whole, shmrec_error *error) {
    bool entered;
    const int home = shmrec_check_home("lock", table, error);
    if (__builtin_expect(home != SHMREC_OK, 0)) {
        return home;
    }
    if (__builtin_expect(table->me == 0, 0)) {
        return shmrec_refuse_lock(table, "handle: not one of many writers", error);
    }
    const int code = shmrec_turn_enter(table, "lock", &entered, error);
    if (__builtin_expect(code != SHMREC_OK, 0)) {
        return code;
    }
    if (__builtin_expect(!entered, 0)) {
        return shmrec_refuse_lock(table, "lock: this writer holds it already", error);
    }
    if (__builtin_expect(shmrec_table_retired(table), 0)) {
        return shmrec_fail_lock_retired(table, error);
    }
    if (__builtin_expect(whole && shmrec_load(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH)) != 0, 0)) {
        return shmrec_fail_after_death(table, error);
    }
    table->turn = SHMREC_TURN_LOCK;
    return shmrec_done(error);
}

// Says that the records are as they should be, whoever died. Only who holds the lock can.
static inline void shmrec_table_clear_death(const shmrec_table *table) {
    if (table->turn != SHMREC_TURN_NONE && !shmrec_map_is_forked(&table->map)) {
        shmrec_store(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH), 0);
    }
}

// Gives the lock back that shmrec_table_lock took.
SHMREC_HOT int shmrec_table_unlock(shmrec_table *table) {
    if (__builtin_expect(table->turn != SHMREC_TURN_LOCK || shmrec_map_is_forked(&table->map), 0)) {
        return SHMREC_OK; // a child that was forked in the turn has none
    }
    // In the turn: who replaces the table after this waits for its end.
    const bool retired = shmrec_table_retired(table);
    const int code = shmrec_turn_leave(table, NULL);
    return code == SHMREC_OK && retired ? SHMREC_RETIRED : code;
}

// Part of SHMREC_DEFINE_TABLE, of a record T:
//
//   T_create_shared      as T_create, for a table that many may write, up to 62 at a time: makes it, or joins those who
//                        write it. They take turns by a lock, which one that dies with it leaves to the next, or, with
//                        `semaphore_key` in the options, by a semaphore that other programs use too. Errors: those of
//                        T_create, and SHMREC_NO_SLOT; SHMREC_SHAPE_MISMATCH when it exists with one writer, as T_create
//                        and T_open_writer say of one with many; SHMREC_NOT_FOUND naming the semaphore.
//   T_open_shared        joins the writers of a table that is there, if it has any. Errors: likewise.
//                        T_write and batches of such a writer take the lock and give it back by themselves, a batch from
//                        T_batch_begin to its end. Error: SHMREC_LOCK_TIMEOUT, with the holder's process in `pid` where
//                        it is known: it is stopped, or takes longer than the options' timeout; SHMREC_LOCK_CORRUPT;
//                        SHMREC_REMOVED for a semaphore that is gone: if it went while it was held, what was written is
//                        published.
//   T_update             reads the record at `index`, has it changed and publishes it; nobody writes in between. `change`
//                        must not wait for other writers; in a child that it forks the record is not published, which is
//                        SHMREC_FORKED_HANDLE. Errors: those of T_write; SHMREC_INVALID_BITS; SHMREC_CONTENDED, at once,
//                        when another than the writers has changed the record.
//   T_lock               takes the lock for several calls; between it and T_unlock nobody else writes, and T_write,
//                        T_update and batches do not take it again. Readers see each of the writes at once; a batch is
//                        what they see whole. That the table is removed or replaced meanwhile no write in it says, so
//                        that none ends it half-way: who replaces the table waits for its end, for half of its timeout,
//                        and carries all of it over; T_unlock says it, and the next T_lock or write. Errors: SHMREC_LOCK_TIMEOUT, SHMREC_LOCK_CORRUPT,
//                        SHMREC_REMOVED, as T_write; SHMREC_RETIRED; SHMREC_FORKED_HANDLE in a child process; SHMREC_AFTER_DEATH, with
//                        the lock not taken, when a writer died while it held it: each record is whole, but what several
//                        mean together may not be; SHMREC_BAD_ARGUMENT for a writer that holds it, or is the only one.
//   T_lock_after_death   likewise, whoever died
//   T_clear_death        under the lock: the records are as they should be; T_lock succeeds again, for everybody
//   T_unlock             gives it back; does nothing without it. T_close_writer does so too. SHMREC_RETIRED when the table was
//                        removed or replaced before: what was written under the lock is in the table that took its place
//                        if that waited for it, and lost otherwise; SHMREC_REMOVED and SHMREC_OS of a semaphore: what was
//                        written is published.
#define SHMREC_DEFINE_SHARED(T, NAME)                                                                                 \
    static inline int T##_create_shared(T##_writer *writer, const char *address, uint64_t capacity,                   \
                                        const shmrec_options *options, shmrec_error *error) {                         \
        return shmrec_table_create_as(&writer->table, address, &T##_layout, capacity, true, options, error);          \
    }                                                                                                                 \
    static inline int T##_open_shared(T##_writer *writer, const char *address, const shmrec_options *options,         \
                                      shmrec_error *error) {                                                          \
        return shmrec_table_open_writer_as(&writer->table, address, &T##_layout, true, options, error);               \
    }                                                                                                                 \
    static inline int T##_update(T##_writer *writer, uint64_t index, void (*change)(T *record, void *context),        \
                                 void *context, shmrec_error *error) {                                                \
        shmrec_table *table = &writer->table;                                                                         \
        uint64_t words[(sizeof(T) + 7) / 8] = {0}; /* compilers do not see that an error ends this */                 \
        bool entered = false;                                                                                         \
        const int code = shmrec_table_update_begin(table, index, words, sizeof words / 8, &entered, error);           \
        if (code != SHMREC_OK) {                                                                                      \
            return code;                                                                                              \
        }                                                                                                             \
        const char *field = T##_check(SHMREC_BYTES(words));                                                           \
        if (field != NULL) {                                                                                          \
            const uint64_t version = shmrec_load(shmrec_table_version(table, index)); /* nobody else may change it */ \
            return shmrec_table_update_drop(table, entered,                                                           \
                                            shmrec_fail_bits(table, index, version, NAME, field, error));             \
        }                                                                                                             \
        T record;                                                                                                     \
        shmrec_words_to_object(&record, words, sizeof(T));                                                            \
        change(&record, context);                                                                                     \
        shmrec_object_to_words(words, &record, sizeof(T));                                                            \
        T##_zero_padding(SHMREC_BYTES(words));                                                                        \
        return shmrec_table_update_end(table, index, words, sizeof words / 8, entered, error);                        \
    }                                                                                                                 \
    static inline int T##_lock(T##_writer *writer, shmrec_error *error) {                                             \
        return shmrec_table_lock(&writer->table, true, error);                                                        \
    }                                                                                                                 \
    static inline int T##_lock_after_death(T##_writer *writer, shmrec_error *error) {                                 \
        return shmrec_table_lock(&writer->table, false, error);                                                       \
    }                                                                                                                 \
    static inline void T##_clear_death(T##_writer *writer) { shmrec_table_clear_death(&writer->table); }              \
    static inline int T##_unlock(T##_writer *writer) { return shmrec_table_unlock(&writer->table); }

#endif
