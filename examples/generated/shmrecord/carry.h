// carry.h: the values and versions of one table into another one of the same record, that nobody sees yet: what
// replacement.rs calls carry_over. Relies on reader.h and segment.h; knows no names.

#ifndef SHMRECORD_CARRY_H
#define SHMRECORD_CARRY_H

#include "reader.h"
#include "segment.h"

#include <stdlib.h>

// Makes these words of a cell the value of a record in this version, in a table that nobody sees before its magic, which
// is stored last, with release.
static inline void shmrec_carry_put(const shmrec_table *table, uint64_t index, uint64_t version, const uint64_t *words) {
    const shmrec_geometry *g = &table->header.geometry;
    const uint64_t cell = g->cells == 1 ? 0 : version % g->cells;
    if (version != 0) {
        shmrec_copy_in(shmrec_table_cells(table, index) + cell * (g->cell_stride / 8), words, g->cell_bytes / 8);
    }
    shmrec_store(shmrec_table_version(table, index), g->cells == 1 ? version * 2 : version);
}

// First what is at rest, however long that takes; then, until the timeout, what a writer left half-written or still
// writes. A record that cannot be read begins anew. `words` have room for a cell.
static inline void shmrec_carry_all(const shmrec_table *table, const shmrec_table *old, uint64_t *words) {
    const uint64_t here = table->header.geometry.capacity, there = old->header.geometry.capacity;
    const uint64_t records = here < there ? here : there, count = table->header.geometry.cell_bytes / 8;
    uint64_t version;
    bool all_there = true;
    for (uint64_t index = 0; index < records; index++) {
        // So that a sparse table stays one.
        if (shmrec_load(shmrec_table_version(old, index)) != 0) {
            const bool read = shmrec_try_read(old, index, words, count, &version);
            all_there = all_there && read;
            shmrec_carry_put(table, index, read ? version : 0, words);
        }
    }
    // One attempt for each in turn, so that none keeps the others from theirs.
    const uint64_t end_ns = shmrec_deadline_ns(shmrec_table_timeout_ns(table)), at_once = 1;
    uint64_t pause_ns = 1000;
    while (!all_there) {
        all_there = true;
        for (uint64_t index = 0; index < records; index++) {
            const bool is_there = shmrec_load(shmrec_table_version(table, index)) != 0;
            if (is_there || shmrec_load(shmrec_table_version(old, index)) == 0) {
                continue;
            }
            const int code = shmrec_read_patiently(old, index, words, count, &version, at_once, NULL);
            if (code == SHMREC_OK) {
                shmrec_carry_put(table, index, version, words);
            }
            all_there = all_there && code == SHMREC_OK;
            if (shmrec_monotonic_ns() >= end_ns) {
                return;
            }
        }
        if (!all_there && !shmrec_pause(&pause_ns, end_ns)) {
            return;
        }
    }
}

// Stores values and versions of the old table, up to the capacity of the new one, in one state with respect to batches.
static inline int shmrec_carry_over(const shmrec_table *table, const shmrec_table *old, const shmrec_task *task) {
    const uint64_t *committed = shmrec_table_word(old, SHMREC_LIVE_COMMIT_SEQ);
    uint64_t *words = SHMREC_CAST(uint64_t *, malloc(table->header.geometry.cell_bytes));
    uint64_t before, end_ns = 0, pause_ns = 1000;
    bool again;
    if (words == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, table->header.geometry.cell_bytes);
    }
    do {
        // As in shmrec_snapshot_begin: the fences of each read stand between the two loads.
        before = shmrec_load(committed);
        shmrec_carry_all(table, old, words);
        again = shmrec_load(committed) != before;
        // A writer may end the batch in which the mark met it. So there is a second attempt, however long the first one
        // took; only one that goes on without a pause, though its table is marked, can be in the way until the end.
        if (again && end_ns == 0) {
            end_ns = shmrec_deadline_ns(shmrec_table_timeout_ns(table));
        } else {
            again = again && shmrec_pause(&pause_ns, end_ns);
        }
    } while (again);
    free(words);
    return SHMREC_OK;
}

#endif
