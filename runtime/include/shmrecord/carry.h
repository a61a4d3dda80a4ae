// carry.h: the values and versions of one table into another one of the same record, that nobody sees yet: what
// replacement.rs calls carry_over. Relies on reader.h and segment.h; knows no names.

#ifndef SHMRECORD_CARRY_H
#define SHMRECORD_CARRY_H

#include "reader.h"
#include "segment.h"

#include <stdlib.h>

// Carries one record over, by way of `words`, which have room for a cell. One that cannot be read before the deadline
// begins anew.
static inline void shmrec_carry(const shmrec_table *table, const shmrec_table *old, uint64_t index, uint64_t *words,
                                const shmrec_task *task) {
    const shmrec_geometry *to = &table->header.geometry;
    const uint64_t count = to->cell_bytes / 8;
    uint64_t version;
    // So that a sparse table stays one.
    if (shmrec_load(shmrec_table_version(old, index)) == 0) {
        return;
    }
    if (!shmrec_try_read(old, index, words, count, &version) &&
        shmrec_read_patiently(old, index, words, count, &version, task->deadline_ns, NULL) != SHMREC_OK) {
        return;
    }
    const uint64_t cell = to->cells == 1 ? 0 : version % to->cells;
    shmrec_copy_in(shmrec_table_cells(table, index) + cell * (to->cell_stride / 8), words, count);
    // Nobody sees it before the magic, which is stored last, with release.
    shmrec_store(shmrec_table_version(table, index), to->cells == 1 ? version * 2 : version);
}

// Stores values and versions of the old table, up to the capacity of the new one, in one state with respect to batches.
static inline int shmrec_carry_over(const shmrec_table *table, const shmrec_table *old, const shmrec_task *task) {
    const uint64_t here = table->header.geometry.capacity, there = old->header.geometry.capacity;
    const uint64_t *committed = shmrec_table_word(old, SHMREC_LIVE_COMMIT_SEQ);
    uint64_t *words = SHMREC_CAST(uint64_t *, malloc(table->header.geometry.cell_bytes));
    uint64_t before, pause_ns = 1000;
    if (words == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, table->header.geometry.cell_bytes);
    }
    do {
        // As in shmrec_snapshot_begin: the fences of each read stand between the two loads.
        before = shmrec_load(committed);
        for (uint64_t index = 0; index < here && index < there; index++) {
            shmrec_carry(table, old, index, words, task);
        }
        // Only a writer that goes on without a pause, though its table is marked, can be in the way until the deadline.
    } while (shmrec_load(committed) != before && shmrec_pause(&pause_ns, task->deadline_ns));
    free(words);
    return SHMREC_OK;
}

#endif
