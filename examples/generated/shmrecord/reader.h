// reader.h: one record out of a table, in the one attempt that nearly always does, or patiently. Relies on segment.h,
// record.h and, for how long attempts go on, snapshot.h; knows no record type.

#ifndef SHMRECORD_READER_H
#define SHMRECORD_READER_H

#include "record.h"
#include "segment.h"
#include "snapshot.h"

SHMREC_COLD int shmrec_fail_bits(const shmrec_table *table, uint64_t index, const char *record, const char *field,
                                 shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("read", table, error);
    return shmrec_fail(&task, SHMREC_INVALID_BITS, 0, "%s.%s: bytes that are no value of its type: record %llu", record,
                       field, SHMREC_CAST(unsigned long long, index));
}

// One attempt to read the record at `index` into `count` words, those of a cell. False: try again, or nothing is there.
SHMREC_HOT bool shmrec_try_read(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                uint64_t *version) {
    const shmrec_geometry *g = &table->header.geometry;
    if (index >= g->capacity) {
        return false;
    }
    const uint64_t *word = shmrec_table_version(table, index), *cells = shmrec_table_cells(table, index);
    if (g->cells == 1) {
        return shmrec_read_cell(word, cells, words, count, version);
    }
    return shmrec_read_cells(word, cells, g->cells, g->cell_stride / 8, words, count, version);
}

// When the first attempt failed: says why there can be no other, or makes them in bursts with growing pauses, until the
// deadline, 0 for the table's timeout from now; now a half-written cell's value is taken from the log. Beside a writer
// that never pauses an attempt succeeds when the slot's cache lines are already here, which the attempts before it have
// seen to: hence bursts.
SHMREC_COLD int shmrec_read_patiently(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                      uint64_t *version, uint64_t deadline_ns, shmrec_error *error) {
    if (index >= table->header.geometry.capacity) {
        return shmrec_fail_index("read", table, index, error);
    }
    const bool logged = table->header.geometry.cells == 1;
    const uint64_t *word = shmrec_table_version(table, index), *cell = shmrec_table_cells(table, index);
    const shmrec_log log = shmrec_table_log(table);
    deadline_ns = deadline_ns != 0 ? deadline_ns : shmrec_deadline_ns(shmrec_table_timeout_ns(table));
    uint64_t attempts = 0, pause_ns = 1000;
    do {
        for (unsigned i = 0; i < SHMREC_BURST; i++) {
            attempts++;
            if (shmrec_try_read(table, index, words, count, version) ||
                (logged && shmrec_read_under_way(word, cell, &log, index, words, count, version))) {
                return shmrec_done(error);
            }
            // Asked each time: what a log claims to hold can make an attempt long.
            if (shmrec_monotonic_ns() >= deadline_ns) {
                break;
            }
        }
    } while (shmrec_pause(&pause_ns, deadline_ns));
    const shmrec_task task = shmrec_task_of("read", table, error);
    return shmrec_fail(&task, SHMREC_CONTENDED, 0, "no consistent value in %llu attempts: record %llu",
                       SHMREC_CAST(unsigned long long, attempts), SHMREC_CAST(unsigned long long, index));
}

#endif
