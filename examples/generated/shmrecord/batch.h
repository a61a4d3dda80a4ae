// batch.h: batches: records of one log that become new at one instant, and recovery of what a dead writer left. Relies on
// segment.h and log.h; knows no names, no record types and no lock: shared.h does.
//
// A batch completes its values in the log, marks its slots (odd version, cell untouched), and commits by one store of the
// number of the last committed batch: a reader of a marked slot takes the cell's value before that, the log's after it.
// Then the slots are finished one by one. What is left to do after a death at any point is what the writer would have
// done next, or, before the commit, to take the marks away; so recovery may itself die anywhere and be repeated.

#ifndef SHMRECORD_BATCH_H
#define SHMRECORD_BATCH_H

#include "doorbell.h"
#include "segment.h"

// A batch that is being filled, in the log of its table. All zeros: ended. The members are not for programs.
typedef struct shmrec_batch {
    shmrec_table *table;
    uint64_t odd;    // sequence of the log meanwhile
    uint64_t count;  // records in it
    uint64_t above;  // the least index above all of these: who comes in this order is searched for nowhere
    uint32_t groups; // of those who may wait for them, as bits
    bool is_short;   // a record was refused, so that the rest is not all
    uint8_t reserved[3];
} shmrec_batch;

// A slot that an entry made odd.
typedef struct shmrec_odd_slot {
    uint64_t *version; // NULL: there is none, the slot is at rest or no index is named
    uint64_t *cell;
    uint64_t target; // its next version, even
} shmrec_odd_slot;

// Everything comes of one load of the entry's words: what is in the log may change after it was found to be in range.
static inline shmrec_odd_slot shmrec_log_odd_slot(const shmrec_table *table, const uint64_t *entry, uint64_t count) {
    const uint64_t index = shmrec_load(entry + count), target = shmrec_load(entry + count + 1);
    shmrec_odd_slot slot;
    memset(&slot, 0, sizeof slot);
    if (index >= table->header.geometry.capacity || (target & 1) != 0) {
        return slot;
    }
    uint64_t *version = shmrec_table_version(table, index);
    if (shmrec_load(version) == target - 1) {
        slot.version = version;
        slot.cell = shmrec_table_cells(table, index);
        slot.target = target;
    }
    return slot;
}

// Puts the logged values into the slots that are still odd.
static inline void shmrec_log_finish(const shmrec_table *table, const shmrec_log *log) {
    const uint64_t count = table->header.geometry.cell_bytes / 8, entries = shmrec_log_count(log);
    for (uint64_t at = 0; at < entries; at++) {
        const uint64_t *entry = shmrec_log_entry(log, at);
        const shmrec_odd_slot slot = shmrec_log_odd_slot(table, entry, count);
        if (slot.version == NULL) {
            continue;
        }
        // Pairs with the acquire fence behind a reader's copy of the cell: who saw a word of these stores sees the odd
        // version, and of a batch that it is committed. So readers take the value from the log, and the cell may be
        // overwritten.
        shmrec_fence_release();
        shmrec_copy_between(slot.cell, entry, count);
        // Pairs with the acquire fence behind a reader's first load.
        shmrec_store_release(slot.version, slot.target);
    }
}

// Takes the marks of a batch away that was not committed: no cell was touched.
static inline void shmrec_log_take_back(const shmrec_table *table, const shmrec_log *log) {
    const uint64_t count = table->header.geometry.cell_bytes / 8, entries = shmrec_log_count(log);
    for (uint64_t at = 0; at < entries; at++) {
        const shmrec_odd_slot slot = shmrec_log_odd_slot(table, shmrec_log_entry(log, at), count);
        if (slot.version != NULL) {
            // Pairs with the acquire fence behind a reader's first load: who sees this version sees the cell of old.
            shmrec_store_release(slot.version, slot.target - 2);
        }
    }
}

// Finishes or takes back what a dead writer left half-written. The caller holds the role. May itself die anywhere and be
// repeated.
static inline void shmrec_table_recover(const shmrec_table *table) {
    // The kernel gave the role away after its holder's last store; this keeps the loads below behind that.
    shmrec_fence_acquire();
    if (table->header.geometry.cells != 1) {
        return; // the next write overwrites the cell that was left half-written, which nobody reads
    }
    const shmrec_log log = shmrec_table_log(table);
    if (shmrec_log_empty(&log)) {
        return;
    }
    if (shmrec_log_is_committed(&log, shmrec_log_batch(&log))) {
        shmrec_log_finish(table, &log);
    } else {
        shmrec_log_take_back(table, &log);
    }
}

SHMREC_COLD SHMREC_PRINTF(3, 4) int shmrec_refuse_batch(const shmrec_table *table, shmrec_error *error,
                                                        const char *words, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, words);
    (void)vsnprintf(text, sizeof text, words, arguments);
    va_end(arguments);
    const shmrec_task task = shmrec_task_of("batch", table, error);
    return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad %s", text);
}

// Begins an empty batch, in all zeros. The caller holds the role, and the lock, if there is one.
static inline int shmrec_batch_begin(shmrec_batch *batch, shmrec_table *table, shmrec_error *error) {
    if (table->header.geometry.cells != 1) {
        return shmrec_refuse_batch(table, error, "cells: a table of %u cells has no log for batches",
                                   table->header.geometry.cells);
    }
    const shmrec_log log = shmrec_table_log(table);
    batch->table = table;
    // Always another one: a batch that is being filled and was forgotten finds out.
    batch->odd = (shmrec_log_sequence(&log) + 1) | 1;
    shmrec_log_begin(&log, batch->odd);
    return shmrec_done(error);
}

// Whether the batch is still what the log is being filled with: nothing else was written, the table was not closed.
static inline int shmrec_batch_check(const shmrec_batch *batch, shmrec_error *error) {
    if (batch->table == NULL || batch->table->map.base == NULL) {
        return shmrec_refuse_batch(batch->table, error, "batch: it has ended");
    }
    const int code = shmrec_check_home("batch", batch->table, error);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_log log = shmrec_table_log(batch->table);
    if (shmrec_log_sequence(&log) != batch->odd) {
        return shmrec_refuse_batch(batch->table, error, "batch: something else was written before it was committed");
    }
    return SHMREC_OK;
}

static inline int shmrec_batch_try_set(shmrec_batch *batch, uint64_t index, const void *words, uint64_t count,
                                       shmrec_error *error) {
    const int code = shmrec_batch_check(batch, error);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_log log = shmrec_table_log(batch->table);
    if (index >= batch->table->header.geometry.capacity) {
        return shmrec_fail_index("batch", batch->table, index, error);
    }
    for (uint64_t at = 0; index < batch->above && at < batch->count; at++) {
        if (shmrec_load(shmrec_log_entry(&log, at) + count) == index) {
            return shmrec_refuse_batch(batch->table, error, "index: record %llu is in this batch already",
                                       SHMREC_CAST(unsigned long long, index));
        }
    }
    if (batch->count == log.capacity) {
        return shmrec_refuse_batch(batch->table, error, "batch: the log has room for %llu records",
                                   SHMREC_CAST(unsigned long long, log.capacity));
    }
    // Even while a log is being filled; the mask keeps a word that somebody else made odd usable.
    const uint64_t now = shmrec_load(shmrec_table_version(batch->table, index)) & ~UINT64_C(1);
    shmrec_log_put(&log, batch->count, index, now + 2, words, count);
    batch->count++;
    batch->groups |= shmrec_group_of(index);
    batch->above = index >= batch->above ? index + 1 : batch->above;
    return shmrec_done(error);
}

// Adds `count` words, those of a cell. For the typed functions of table.h.
static inline int shmrec_batch_set(shmrec_batch *batch, uint64_t index, const void *words, uint64_t count,
                                   shmrec_error *error) {
    const int code = shmrec_batch_try_set(batch, index, words, count, error);
    batch->is_short = batch->is_short || code != SHMREC_OK;
    return code;
}

// Ends a batch and leaves nothing of it. Does nothing to one that has ended.
static inline void shmrec_batch_abandon(shmrec_batch *batch) {
    if (shmrec_batch_check(batch, NULL) == SHMREC_OK) {
        const shmrec_log log = shmrec_table_log(batch->table);
        (void)shmrec_log_empty(&log);
    }
    memset(batch, 0, sizeof *batch);
}

// Publishes all of a batch at once, and ends it; one that fails leaves nothing.
static inline int shmrec_batch_commit(shmrec_batch *batch, shmrec_error *error) {
    int code = shmrec_batch_check(batch, error);
    if (code == SHMREC_OK && batch->is_short) {
        code = shmrec_refuse_batch(batch->table, error, "batch: one of its records was refused");
    }
    if (code != SHMREC_OK || batch->count == 0) {
        shmrec_batch_abandon(batch);
        return code != SHMREC_OK ? code : shmrec_done(error);
    }
    const shmrec_table *table = batch->table;
    const shmrec_log log = shmrec_table_log(table);
    const uint64_t number = shmrec_load(log.committed) + 1, count = table->header.geometry.cell_bytes / 8;
    shmrec_log_end(&log, batch->odd, batch->count, number);
    // The release fence in shmrec_log_begin stands in front of these: who sees a mark finds this log.
    for (uint64_t at = 0; at < batch->count; at++) {
        const uint64_t *entry = shmrec_log_entry(&log, at);
        const uint64_t index = shmrec_load(entry + count);
        if (index < table->header.geometry.capacity) {
            shmrec_store(shmrec_table_version(table, index), shmrec_load(entry + count + 1) - 1);
        }
    }
    // Pairs with the acquire fence behind a reader's load of it: who sees the batch committed sees all its marks.
    shmrec_store_release(log.committed, number);
    shmrec_log_finish(table, &log);
    memset(batch, 0, sizeof *batch);
    return shmrec_done(error);
}

#endif
