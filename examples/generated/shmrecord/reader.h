// reader.h: one record out of a table, in the one attempt that nearly always does, or patiently, as is every one that
// is read through a view. Relies on segment.h, record.h and, for how long attempts go on, snapshot.h; knows no record
// type.

#ifndef SHMRECORD_READER_H
#define SHMRECORD_READER_H

#include "record.h"
#include "segment.h"
#include "snapshot.h"

// For a record of this version: zeros, as one that was never written is, may be no value either.
SHMREC_COLD int shmrec_fail_bits(const shmrec_table *table, uint64_t index, uint64_t version, const char *record,
                                 const char *field, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("read", table, error);
    return shmrec_fail(&task, SHMREC_INVALID_BITS, 0, "%s.%s: bytes that are no value of its type: record %llu%s", record,
                       field, SHMREC_CAST(unsigned long long, index), version == 0 ? ", never written" : "");
}

// One attempt to read the record at `index`, which is below the capacity, into `count` words, at most those of a cell.
// False: try again.
SHMREC_HOT bool shmrec_try_at_rest(const shmrec_table *table, uint64_t index, void *words, uint64_t count,
                                   uint64_t *version) {
    const shmrec_geometry *g = &table->header.geometry;
    const uint64_t *word = shmrec_table_version(table, index), *cells = shmrec_table_cells(table, index);
    if (g->cells == 1) {
        return shmrec_read_cell(word, cells, words, count, version);
    }
    return shmrec_read_cells(word, cells, g->cells, g->cell_stride / 8, words, count, version);
}

// As shmrec_try_at_rest, for a record that is read as it is. False: try patiently, or nothing is there.
SHMREC_HOT bool shmrec_try_read(const shmrec_table *table, uint64_t index, void *words, uint64_t count,
                                uint64_t *version) {
    return index < table->header.geometry.quick && shmrec_try_at_rest(table, index, words, count, version);
}

// As shmrec_try_at_rest, of a table with a view or without one, and whatever state the writer left the slot in: then
// the value is taken from the log. `count` words are all written.
static inline bool shmrec_try_any_state(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                        uint64_t *version) {
    const uint64_t copied = table->view != NULL ? table->view->words : count;
    if (!shmrec_try_at_rest(table, index, words, copied, version)) {
        if (table->header.geometry.cells != 1) {
            return false;
        }
        const shmrec_log log = shmrec_table_log(table);
        if (!shmrec_read_under_way(shmrec_table_version(table, index), shmrec_table_cells(table, index), &log, index,
                                   words, copied, version)) {
            return false;
        }
    }
    if (table->view != NULL) {
        shmrec_view_complete(table->view, SHMREC_BYTES(words));
    }
    return true;
}

// When there was no quick attempt, or it failed: says why there can be no other, or makes them in bursts with growing
// pauses, until the deadline, 0 for the table's timeout from now. Beside a writer that never pauses an attempt succeeds
// when the slot's cache lines are already here, which the attempts before it have seen to: hence bursts.
SHMREC_COLD int shmrec_read_patiently(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                      uint64_t *version, uint64_t deadline_ns, shmrec_error *error) {
    if (index >= table->header.geometry.capacity) {
        return shmrec_fail_index("read", table, index, error);
    }
    // For reads that are patient by rule and not by need: it costs less than asking the clock.
    if (shmrec_try_any_state(table, index, words, count, version)) {
        return shmrec_done(error);
    }
    deadline_ns = deadline_ns != 0 ? deadline_ns : shmrec_deadline_ns(shmrec_table_timeout_ns(table));
    uint64_t attempts = 1, pause_ns = 1000;
    do {
        for (unsigned i = 0; i < SHMREC_BURST; i++) {
            attempts++;
            if (shmrec_try_any_state(table, index, words, count, version)) {
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

// As shmrec_read_patiently, to an object of `bytes` bytes, if they are a value: `check` gives the first field that is none.
// `words` is room for them. One function for all records: a header of thousands is to compile fast.
SHMREC_COLD int shmrec_read_checked(const shmrec_table *table, uint64_t index, uint64_t *words, uint64_t count,
                                    void *record, size_t bytes, const char *(*check)(const unsigned char *bytes),
                                    const char *name, uint64_t *version, uint64_t deadline_ns, shmrec_error *error) {
    uint64_t seen = 0;
    const int code = shmrec_read_patiently(table, index, words, count, &seen, deadline_ns, error);
    if (code != SHMREC_OK) {
        return code;
    }
    const char *field = check(SHMREC_BYTES(words));
    if (field != NULL) {
        return shmrec_fail_bits(table, index, seen, name, field, error);
    }
    shmrec_words_to_object(record, words, bytes);
    if (version != NULL) {
        *version = seen;
    }
    return SHMREC_OK;
}

// Whether the record of the table that is open has the field with this name of ours, whose layout this is.
static inline bool shmrec_table_has(const shmrec_table *table, const shmrec_layout *layout, const char *field) {
    shmrec_description here;
    if (table->map.base == NULL ||
        shmrec_description_cut(&here, layout->description, layout->description_bytes) != NULL) {
        return false;
    }
    const unsigned char *record = shmrec_root_record(&here);
    for (uint32_t i = 0; i < shmrec_record_fields(record); i++) {
        const shmrec_string name = shmrec_entry_string(&here, shmrec_field_entry(&here, record, i), 0);
        if (name.length == strlen(field) && memcmp(name.bytes, field, name.length) == 0) {
            return table->view == NULL || table->view->has[i] != 0;
        }
    }
    return false;
}

#endif
