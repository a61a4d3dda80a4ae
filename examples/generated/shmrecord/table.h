// table.h: tables of fixed-layout records in shared memory, between processes in C, C++ and Rust. Header-only: nothing
// to link, no macro to define, C11 or C++11 and later, gcc or clang, 64-bit little-endian Linux.
//
// Include the header that `ipcgen` makes from a schema; it includes this one and defines, for a record `md_quote`:
//
//     #include "md.h"
//
//     md_quote_writer writer;                                     md_quote_reader reader;
//     shmrec_error error;                                         shmrec_error error;
//     if (md_quote_create(&writer, "posix:/quotes", 100,          if (md_quote_open(&reader, "posix:/quotes",
//                         NULL, &error) != SHMREC_OK)                               NULL, &error) != SHMREC_OK)
//         fprintf(stderr, "%s\n", error.text);                        fprintf(stderr, "%s\n", error.text);
//     md_quote quote = {...};                                     md_quote quote;
//     md_quote_write(&writer, 7, &quote, &error);                 md_quote_read(&reader, 7, &quote, NULL, &error);
//     md_quote_close_writer(&writer);                             md_quote_close(&reader);
//
// Caveats first:
//
// - Names outlive processes. Closing keeps the table and its records; shmrec_remove ends them.
// - One process writes a table. Its role is a kernel lock that ends with the process, however it dies; the next
//   md_quote_create or md_quote_open_writer takes over, values kept. No pid and no time decides that a writer is gone.
//   Many write a table that was made for many (md_quote_create_shared, in shared.h); they take turns.
// - A writer is for one thread at a time. A reader serves any number of threads at once. Open and close are for one
//   thread.
// - fork: a child must not use its parent's writer. Its memory is not in the child, so a write ends it with SIGSEGV; to
//   close the handle there is safe and recommended, for the kernel keeps the role until every copy of it is closed.
// - A System V segment that ipcrm removes stays readable for who has it open, and is not found any more. Who creates it
//   again makes another one. systemd removes those of a user who logs out (RemoveIPC), unless it is a system user.
// - A memfd: name counts in this process only; handover.h gives it to others.
// - A file that its owner cuts short under a mapping gives SIGBUS, as with every mapping. Trust the owner, or do not
//   open.
// - A reader's handle stays valid when the table is removed or created again: it then reads the last values of the old
//   one. shmrec_table_status tells (status.h); close it and open again.
// - write and read hold one record on the stack. Give threads that move very large records a stack to match.
// - An open table of a file holds a descriptor, a writer's a second one, of its guard.
// - Never copy a handle: close the original and the copy would unmap twice.
//
// Every function returns 0 (SHMREC_OK) or an enum shmrec_code (error.h), and puts it into `*error` together with a
// sentence for people, where `error` is not NULL. Options (options.h) may be NULL: then the defaults hold. A handle
// whose opening failed is closed; to close a closed handle, or one of all zeros, does nothing.

#ifndef SHMRECORD_TABLE_H
#define SHMRECORD_TABLE_H

#include "open.h"
#include "options.h"
#include "record.h"
#include "segment.h"
#include "shared.h"
#include "snapshot.h"
#include "status.h"
#include "wait.h"

// Number of records; 0 for a closed handle.
static inline uint64_t shmrec_table_capacity(const shmrec_table *table) { return table->header.geometry.capacity; }

// How often the role of writer was taken: 1 for the creator, one more for each take-over; 0 for a closed handle.
static inline uint64_t shmrec_table_epoch(const shmrec_table *table) {
    return table->map.base != NULL ? shmrec_load(shmrec_table_word(table, SHMREC_LIVE_EPOCH)) : 0;
}

// What this mapping got of the huge pages and the locking that the options asked for; nothing for a closed handle.
static inline shmrec_memory shmrec_table_memory(const shmrec_table *table) { return table->map.memory; }

// msync(MS_SYNC): what this writer wrote until now is on the disk when this returns. Only file: tables are on one. It is
// the kernel's copy that is whole at every moment; after a crash of the machine the disk's need not be. Errors:
// SHMREC_UNSUPPORTED for the other kinds, SHMREC_BAD_ARGUMENT for a handle that is not a writer's, SHMREC_OS when the
// disk fails or is full.
static inline int shmrec_table_sync(const shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("sync", table, error);
    if (!table->holds_role) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: not open for writing");
    }
    if (strncmp(table->address.text, "file:", 5) != 0) {
        return shmrec_fail(&task, SHMREC_UNSUPPORTED, 0,
                           "syncing a table without a file on disk is not supported here");
    }
    return msync(table->map.base, table->map.bytes, MS_SYNC) == 0 ? shmrec_done(error)
                                                                   : shmrec_fail_os(&task, "msync", errno);
}

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
    if (index >= shmrec_table_capacity(table)) {
        return shmrec_fail_index("read", table, index, error);
    }
    const bool logged = table->header.geometry.cells == 1;
    const uint64_t *word = shmrec_table_version(table, index), *cell = shmrec_table_cells(table, index);
    const shmrec_log log = shmrec_table_log(table);
    deadline_ns = deadline_ns != 0 ? deadline_ns : shmrec_monotonic_ns() + table->timeout_ns;
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

// Defines the handles and functions of a record T, whose struct, T_layout, T_check and T_zero_padding stand before it:
//
//   T_writer, T_reader   handles; `.table` of either is for shmrec_table_capacity, _epoch, _status and _facts
//   T_create             as shmrec_table_create
//   T_open_writer        as shmrec_table_open_writer
//   T_write              publishes *record as the next version of the record at `index`. Readers see the old value or
//                        the new one, whole, whenever this process is killed; who sees the new one sees everything that
//                        happened before this call. No system call, unless somebody sleeps until this. Errors:
//                        SHMREC_INDEX_OUT_OF_RANGE; SHMREC_RETIRED, when the table was removed: the value was stored
//                        into what its readers still have open, and nobody new will find it.
//   T_batch_begin        begins a batch: new values for several records, which become visible at one instant or not at
//                        all, whenever this process is killed. It is for this writer alone, which must write nothing
//                        else until its end, or the batch is lost. Error: SHMREC_BAD_ARGUMENT for a table with several
//                        cells.
//   T_batch_set          adds *record as the next version of the record at `index`. Every record may be set once. A batch
//                        that refused a record publishes nothing. Errors: SHMREC_INDEX_OUT_OF_RANGE;
//                        SHMREC_BAD_ARGUMENT when it has this record already, or as many as the log has entries.
//   T_batch_commit       publishes all of it, and ends it. Errors: SHMREC_BAD_ARGUMENT, and nothing is published;
//                        SHMREC_RETIRED, as T_write.
//   T_batch_abandon      ends it, nothing is published; does nothing to one that has ended
//   T_close_writer       closes, gives the role back
//   T_open               as shmrec_table_open
//   T_read               copies the record at `index` out, whole: one that was published, or all zeros with version 0
//                        when none was. What its writer did before publishing it is visible afterwards. `version` (may
//                        be NULL): how often it was published. On failure *record and *version stay as they were.
//                        Errors: SHMREC_INDEX_OUT_OF_RANGE; SHMREC_CONTENDED when the writer overwrites it without a
//                        pause until the timeout; SHMREC_INVALID_BITS when its bytes are no value of the type.
//   T_snapshot           copies `count` records from `first` on to `records`, as they were at one instant with respect to
//                        batches: of each batch all or nothing. A single write beside it is in it or not. Errors: those
//                        of T_read, SHMREC_CONTENDED also when batches were committed during every attempt until the
//                        timeout; then what is in `records` is of no use.
//   T_close              closes
//
// and what SHMREC_DEFINE_SHARED (shared.h) and SHMREC_DEFINE_WAIT (wait.h) say.
#define SHMREC_DEFINE_TABLE(T, NAME)                                                                                  \
    typedef struct T##_writer {                                                                                       \
        shmrec_table table;                                                                                           \
    } T##_writer;                                                                                                     \
    typedef struct T##_reader {                                                                                       \
        shmrec_table table;                                                                                           \
    } T##_reader;                                                                                                     \
    static inline int T##_create(T##_writer *writer, const char *address, uint64_t capacity,                          \
                                 const shmrec_options *options, shmrec_error *error) {                                \
        return shmrec_table_create(&writer->table, address, &T##_layout, capacity, options, error);                   \
    }                                                                                                                 \
    static inline int T##_open_writer(T##_writer *writer, const char *address, const shmrec_options *options,         \
                                      shmrec_error *error) {                                                          \
        return shmrec_table_open_writer(&writer->table, address, &T##_layout, options, error);                        \
    }                                                                                                                 \
    static inline int T##_write(T##_writer *writer, uint64_t index, const T *record, shmrec_error *error) {           \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        shmrec_object_to_words(words, record, sizeof(T));                                                             \
        T##_zero_padding(SHMREC_BYTES(words));                                                                        \
        return shmrec_table_write(&writer->table, index, words, sizeof words / 8, error);                             \
    }                                                                                                                 \
    typedef struct T##_batch {                                                                                        \
        shmrec_batch batch;                                                                                           \
    } T##_batch;                                                                                                      \
    static inline int T##_batch_begin(T##_writer *writer, T##_batch *batch, shmrec_error *error) {                    \
        return shmrec_table_batch_begin(&batch->batch, &writer->table, error);                                        \
    }                                                                                                                 \
    static inline int T##_batch_set(T##_batch *batch, uint64_t index, const T *record, shmrec_error *error) {         \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        shmrec_object_to_words(words, record, sizeof(T));                                                             \
        T##_zero_padding(SHMREC_BYTES(words));                                                                        \
        return shmrec_batch_set(&batch->batch, index, words, sizeof words / 8, error);                                \
    }                                                                                                                 \
    static inline int T##_batch_commit(T##_batch *batch, shmrec_error *error) {                                       \
        return shmrec_table_batch_commit(&batch->batch, error);                                                       \
    }                                                                                                                 \
    static inline void T##_batch_abandon(T##_batch *batch) { shmrec_table_batch_abandon(&batch->batch); }             \
    static inline void T##_close_writer(T##_writer *writer) { shmrec_table_close(&writer->table); }                   \
    static inline int T##_open(T##_reader *reader, const char *address, const shmrec_options *options,                \
                               shmrec_error *error) {                                                                 \
        return shmrec_table_open(&reader->table, address, &T##_layout, options, error);                               \
    }                                                                                                                 \
    SHMREC_COLD int T##_read_patiently(const T##_reader *reader, uint64_t index, T *record, uint64_t *version,        \
                                       uint64_t deadline_ns, shmrec_error *error) {                                   \
        uint64_t words[(sizeof(T) + 7) / 8], seen = 0;                                                                \
        const int code =                                                                                              \
            shmrec_read_patiently(&reader->table, index, words, sizeof words / 8, &seen, deadline_ns, error);         \
        if (code != SHMREC_OK) {                                                                                      \
            return code;                                                                                              \
        }                                                                                                             \
        const char *field = T##_check(SHMREC_BYTES(words));                                                           \
        if (field != NULL) {                                                                                          \
            return shmrec_fail_bits(&reader->table, index, NAME, field, error);                                       \
        }                                                                                                             \
        shmrec_words_to_object(record, words, sizeof(T));                                                             \
        if (version != NULL) {                                                                                        \
            *version = seen;                                                                                          \
        }                                                                                                             \
        return SHMREC_OK;                                                                                             \
    }                                                                                                                 \
    SHMREC_HOT int T##_read_until(const T##_reader *reader, uint64_t index, T *record, uint64_t *version,             \
                                  uint64_t deadline_ns, shmrec_error *error) {                                        \
        uint64_t words[(sizeof(T) + 7) / 8], seen;                                                                    \
        if (__builtin_expect(!shmrec_try_read(&reader->table, index, words, sizeof words / 8, &seen), 0) ||           \
            __builtin_expect(T##_check(SHMREC_BYTES(words)) != NULL, 0)) {                                            \
            return T##_read_patiently(reader, index, record, version, deadline_ns, error);                            \
        }                                                                                                             \
        shmrec_words_to_object(record, words, sizeof(T));                                                             \
        if (version != NULL) {                                                                                        \
            *version = seen;                                                                                          \
        }                                                                                                             \
        return shmrec_done(error);                                                                                    \
    }                                                                                                                 \
    static inline int T##_read(const T##_reader *reader, uint64_t index, T *record, uint64_t *version,                \
                               shmrec_error *error) {                                                                 \
        return T##_read_until(reader, index, record, version, 0, error);                                              \
    }                                                                                                                 \
    static inline int T##_snapshot(const T##_reader *reader, uint64_t first, uint64_t count, T *records,              \
                                   shmrec_error *error) {                                                             \
        shmrec_snapshot snapshot;                                                                                     \
        int code = shmrec_snapshot_begin(&snapshot, &reader->table, first, count, error);                             \
        if (code != SHMREC_OK) {                                                                                      \
            return code;                                                                                              \
        }                                                                                                             \
        do {                                                                                                          \
            code = SHMREC_OK;                                                                                         \
            for (uint64_t i = 0; i < count && code == SHMREC_OK; i++) {                                               \
                code = T##_read_until(reader, first + i, records + i, NULL, snapshot.deadline_ns, error);             \
            }                                                                                                         \
        } while (shmrec_snapshot_again(&snapshot, &code, error));                                                     \
        return code;                                                                                                  \
    }                                                                                                                 \
    static inline void T##_close(T##_reader *reader) { shmrec_table_close(&reader->table); }                          \
    SHMREC_DEFINE_SHARED(T, NAME)                                                                                     \
    SHMREC_DEFINE_WAIT(T)

#endif
