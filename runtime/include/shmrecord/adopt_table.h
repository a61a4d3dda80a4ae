// adopt_table.h: a mapped foreign table: its handle, and how a record is read and written under the other program's
// guard. Relies on adopt_copy.h, adopt_guard.h, adopt_bounds.h and region.h; knows no types of records.

#ifndef SHMRECORD_ADOPT_TABLE_H
#define SHMRECORD_ADOPT_TABLE_H

#include "adopt_copy.h"
#include "adopt_guard.h"
#include "adopt_bounds.h"
#include "region.h"

// A foreign table, mapped for reading or for writing. All zeros: closed. The members are not for programs.
typedef struct shmrec_adopted {
    shmrec_map map;
    shmrec_address address;
    shmrec_bounds bounds;
    shmrec_foreign_guard guard;
    shmrec_identity identity; // of the segment
} shmrec_adopted;

// Closes a handle: unmaps and frees. What it leads to stays as it is.
static inline void shmrec_adopted_close(shmrec_adopted *table) {
    shmrec_unmap(&table->map);
    shmrec_foreign_guard_close(&table->guard);
    shmrec_address_free(&table->address);
    memset(table, 0, sizeof *table);
}

// Refuses a segment that begins as ours do: it has its own guard, and versions that nothing here would count.
static inline int shmrec_refuse_ours(const shmrec_map *map, const shmrec_task *task) {
    const uint64_t first = map->bytes >= 8 ? shmrec_load(shmrec_word(map->base, SHMREC_HEADER_MAGIC)) : 0;
    if (first == SHMREC_MAGIC || first == __builtin_bswap64(SHMREC_MAGIC)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad address: a table of shmrecord: open it as one");
    }
    return SHMREC_OK;
}

// Finds and maps the segment, then finds the guard. On failure the caller closes the table.
static inline int shmrec_adopted_attach(shmrec_adopted *table, const shmrec_foreign *where, uint64_t size,
                                        bool writable, const shmrec_task *task) {
    // A memfd has mode 0777 unless its maker changes that, and yet nobody gets at it but who is given it.
    shmrec_task foreign = *task;
    foreign.world_writable = task->world_writable || table->address.is_memfd;
    shmrec_found found;
    shmrec_find_vectors();
    int code = shmrec_find(&found, &table->address, writable, &foreign);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_bounds_within(&table->bounds, where, size, found.bytes, task);
    const shmrec_wishes wishes = shmrec_wish(SHMREC_NO_NEED, SHMREC_NO_NEED);
    code = code != SHMREC_OK ? code : shmrec_map_found(&table->map, &found, writable, wishes, task);
    shmrec_found_close(&found);
    table->identity = found.identity;
    code = code != SHMREC_OK ? code : shmrec_refuse_ours(&table->map, task);
    code = code != SHMREC_OK ? code : shmrec_foreign_guard_open(&table->guard, where, task);
    return code;
}

// The task of reading or writing one record.
static inline shmrec_task shmrec_adopted_task(const char *operation, const shmrec_adopted *table, shmrec_error *error) {
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = operation;
    task.subject = table->address.text != NULL ? table->address.text : "a closed handle";
    task.error = error;
    return task;
}

// Where the record at `index` starts in the segment.
SHMREC_HOT uint64_t shmrec_adopted_offset(const shmrec_adopted *table, uint64_t index) {
    return table->bounds.offset + index * table->bounds.stride;
}

// The counter of the record at `index`, if a seqcount is the guard.
SHMREC_HOT shmrec_counter shmrec_adopted_counter(const shmrec_adopted *table, uint64_t index) {
    shmrec_counter counter;
    counter.offset = table->bounds.counter + index * table->bounds.counter_stride;
    counter.at = SHMREC_CAST(char *, table->map.base) + counter.offset;
    counter.bits = table->guard.counter_bits;
    return counter;
}

// One attempt to read the record at `index`. False: try again, take a semaphore first, or there is none.
SHMREC_HOT bool shmrec_adopted_try_read(const shmrec_adopted *table, uint64_t index, void *words, size_t bytes,
                                        size_t align) {
    if (index >= table->bounds.count || shmrec_map_is_forked(&table->map)) {
        return false;
    }
    if (table->guard.kind == SHMREC_GUARD_NONE) {
        // No instruction: without a fence a compiler may load once, in front of a loop that waits for another value.
        __atomic_signal_fence(__ATOMIC_ACQUIRE);
        shmrec_record_out(words, table->map.base, shmrec_adopted_offset(table, index), bytes, align);
        return true;
    }
    if (table->guard.kind != SHMREC_GUARD_SEQCOUNT) {
        return false;
    }
    const shmrec_counter counter = shmrec_adopted_counter(table, index);
    const uint64_t before = shmrec_counter_load(&counter);
    if ((before & 1) != 0) {
        return false;
    }
    // Pairs with the store by which a writer makes the counter even: who sees it sees the whole record.
    shmrec_fence_acquire();
    shmrec_record_out(words, table->map.base, shmrec_adopted_offset(table, index), bytes, align);
    // Pairs with the writer's release fence behind the odd counter.
    shmrec_fence_acquire();
    return shmrec_counter_load(&counter) == before;
}

// Attempts in bursts with growing pauses, until the timeout.
static inline int shmrec_adopted_read_patiently(const shmrec_adopted *table, uint64_t index, uint64_t *words,
                                                size_t bytes, const shmrec_task *task) {
    const uint64_t deadline_ns = shmrec_deadline_ns(table->guard.timeout_ns);
    uint64_t attempts = 0, pause_ns = 1000;
    do {
        for (unsigned i = 0; i < SHMREC_BURST; i++) {
            attempts++;
            if (shmrec_adopted_try_read(table, index, words, bytes, 1)) {
                return SHMREC_OK;
            }
        }
    } while (shmrec_pause(&pause_ns, deadline_ns));
    return shmrec_fail(task, SHMREC_CONTENDED, 0, "no consistent value in %llu attempts: record %llu",
                       SHMREC_CAST(unsigned long long, attempts), SHMREC_CAST(unsigned long long, index));
}

// A writer's table may be used by the process that opened it, and no child of it.
SHMREC_HOT int shmrec_adopted_check_home(const shmrec_adopted *table, const shmrec_task *task) {
    return __builtin_expect(shmrec_map_is_forked(&table->map), 0) ? shmrec_fail_plain(task, SHMREC_FORKED_HANDLE)
                                                                  : SHMREC_OK;
}

static inline int shmrec_adopted_check_index(const shmrec_adopted *table, uint64_t index, const shmrec_task *task) {
    if (index < table->bounds.count) {
        return SHMREC_OK;
    }
    return shmrec_fail(task, SHMREC_INDEX_OUT_OF_RANGE, 0, "index %llu out of range, capacity %llu",
                       SHMREC_CAST(unsigned long long, index), SHMREC_CAST(unsigned long long, table->bounds.count));
}

// Takes the guard of the record at `index`.
static inline int shmrec_adopted_take(const shmrec_adopted *table, uint64_t index, const shmrec_task *task) {
    int code = shmrec_adopted_check_home(table, task);
    code = code != SHMREC_OK ? code : shmrec_adopted_check_index(table, index, task);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_counter counter = shmrec_adopted_counter(table, index);
    return shmrec_foreign_guard_take(&table->guard, &counter, task);
}

// Lets the guard go, whatever happened under it; the first error counts. In a child that was forked meanwhile it stays the
// parent's.
static inline int shmrec_adopted_give(const shmrec_adopted *table, uint64_t index, int code, const shmrec_task *task) {
    if (shmrec_map_is_forked(&table->map)) {
        return code != SHMREC_OK ? code : shmrec_adopted_check_home(table, task);
    }
    const shmrec_counter counter = shmrec_adopted_counter(table, index);
    shmrec_task quiet = *task;
    quiet.error = code == SHMREC_OK ? task->error : NULL;
    const int given = shmrec_foreign_guard_give(&table->guard, &counter, &quiet);
    return code != SHMREC_OK ? code : given;
}

SHMREC_COLD int shmrec_adopted_fail_bits(uint64_t index, const char *record, const char *field,
                                         const shmrec_task *task) {
    return shmrec_fail(task, SHMREC_INVALID_BITS, 0, "%s.%s: bytes that are no value of its type: record %llu", record,
                       field, SHMREC_CAST(unsigned long long, index));
}

// Reads the record at `index`, whatever it takes: the guard, or many attempts.
SHMREC_COLD int shmrec_adopted_read(const shmrec_adopted *table, uint64_t index, uint64_t *words, size_t bytes,
                                    const shmrec_task *task) {
    int code = shmrec_adopted_check_home(table, task);
    code = code != SHMREC_OK ? code : shmrec_adopted_check_index(table, index, task);
    if (code != SHMREC_OK) {
        return code;
    }
    if (table->guard.kind == SHMREC_GUARD_SEQCOUNT) { // taking it would be to write
        return shmrec_adopted_read_patiently(table, index, words, bytes, task);
    }
    code = shmrec_adopted_take(table, index, task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_pieces_out(words, table->map.base, shmrec_adopted_offset(table, index), bytes);
    return shmrec_adopted_give(table, index, SHMREC_OK, task);
}

// Writes the record at `index` under the guard.
SHMREC_HOT int shmrec_adopted_write(const shmrec_adopted *table, uint64_t index, const void *words, size_t bytes,
                                    size_t align, shmrec_error *error) {
    const shmrec_task task = shmrec_adopted_task("write", table, error);
    int code = shmrec_adopted_take(table, index, &task);
    if (code == SHMREC_OK) {
        shmrec_record_in(table->map.base, shmrec_adopted_offset(table, index), words, bytes, align);
        code = shmrec_adopted_give(table, index, SHMREC_OK, &task);
    }
    return code != SHMREC_OK ? code : shmrec_done(error);
}

// Lets the guard go for a process that died without doing so; of seqcounts all that are odd.
static inline int shmrec_adopted_free_guard(const shmrec_adopted *table, int32_t dead, bool *freed,
                                            shmrec_error *error) {
    const shmrec_task task = shmrec_adopted_task("free the guard of", table, error);
    const bool many = table->bounds.counter_stride != 0;
    const uint64_t counters = many || table->bounds.count == 0 ? table->bounds.count : 1; // none of a closed handle
    bool any = false;
    int code = shmrec_adopted_check_home(table, &task);
    for (uint64_t i = 0; i < counters && code == SHMREC_OK; i++) {
        const shmrec_counter counter = shmrec_adopted_counter(table, i);
        bool one;
        code = shmrec_foreign_guard_free(&table->guard, &counter, dead, &one, &task);
        any = any || one;
    }
    if (freed != NULL) {
        *freed = any;
    }
    return code != SHMREC_OK ? code : shmrec_done(error);
}

// What the kernel says of the segment of a reader's or writer's `table`, be it removed: fstat(2) or shmctl(IPC_STAT).
// After a failure all zeros. Errors: as shmrec_table_facts.
static inline int shmrec_adopted_facts(const shmrec_adopted *table, shmrec_facts *facts, shmrec_error *error) {
    const shmrec_task task = shmrec_adopted_task("look up", table, error);
    memset(facts, 0, sizeof *facts);
    if (table->map.base == NULL) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: it is closed");
    }
    const int code = shmrec_segment_facts(facts, table->map.handle, table->map.of_file, table->identity, &task);
    return code != SHMREC_OK ? code : shmrec_done(error);
}

#endif
