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
// - A writer is for one thread at a time. A reader serves any number of threads at once. Open and close are for one
//   thread.
// - fork: a child may use its parent's readers, and open the table anew. A writer stays its parent's: in the child it says
//   SHMREC_FORKED_HANDLE, and to close it there takes nothing away. The role ends with the parent, however long the child
//   lives, but for a child of clone(2) by hand (fork.h). exec ends the role; of a System V table the process ends it.
// - A System V segment that ipcrm removes stays readable for who has it open, and is not found any more. Who creates it
//   again makes another one. systemd removes those of a user who logs out (RemoveIPC), unless it is a system user.
// - A memfd: name counts in this process only; handover.h gives it to others.
// - A file that its owner cuts short under a mapping gives SIGBUS, as with every mapping. Trust the owner, or do not
//   open.
// - A reader's handle stays valid when the table is removed or created again: it then reads the last values of the old
//   one. shmrec_table_status tells (status.h); T_refresh goes on with what took its place (follow.h).
// - write and read hold one record on the stack. Give threads that move very large records a stack to match.
// - An open table of a file holds a descriptor, a writer's a second one, of its guard.
// - Never copy a handle: close the original and the copy would unmap twice.
//
// Every function returns 0 (SHMREC_OK) or an enum shmrec_code (error.h), and puts it into `*error` together with a
// sentence for people, where `error` is not NULL. Options (options.h) may be NULL: then the defaults hold. A handle
// whose opening failed is closed; to close a closed handle, or one of all zeros, does nothing.

#ifndef SHMRECORD_TABLE_H
#define SHMRECORD_TABLE_H

#include "batch.h"
#include "create.h"
#include "follow.h"
#include "life.h"
#include "lifecycle.h"
#include "options.h"
#include "reader.h"
#include "record.h"
#include "remove.h"
#include "replace.h"
#include "segment.h"
#include "snapshot.h"
#include "status.h"

// Creates the table at `address` (posix:/name, file:/path, sysv:key, memfd:name) with `capacity` records, complete or
// not at all; or takes over the one that is there, with its values, when it holds the same record in the same number
// and its writer is gone. Cells and arrangement are compared only when the options name them.
//
// Errors: SHMREC_WRITER_ALIVE while another process writes, SHMREC_ALREADY_HELD_HERE while this one does,
// SHMREC_LAYOUT_MISMATCH naming the first field that differs, SHMREC_SHAPE_MISMATCH, SHMREC_BAD_ARGUMENT,
// SHMREC_NO_SPACE, and every other code that says why something is not a table of this record that may be trusted.
static inline int shmrec_table_create(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                      uint64_t capacity, const shmrec_options *options, shmrec_error *error) {
    shmrec_build build;
    shmrec_task task;
    int code = shmrec_build_begin(&build, table, "create", address, layout, capacity, options, &task, error);
    code = code != SHMREC_OK ? code : shmrec_create_rounds(table, &build, &task);
    return shmrec_finish(table, code, error);
}

// Takes over the table at `address`, whatever its capacity, when its writer is gone. What the last writer left
// half-written is finished; the epoch is counted up. Errors: SHMREC_NOT_FOUND, SHMREC_GUARD_LOST, and as
// shmrec_table_create.
static inline int shmrec_table_open_writer(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                           const shmrec_options *options, shmrec_error *error) {
    memset(table, 0, sizeof *table);
    int code = shmrec_address_parse(&table->address, address, error);
    if (code == SHMREC_OK) {
        const shmrec_options resolved = shmrec_resolve(options);
        const shmrec_task task = shmrec_task_begin("open for writing", table->address.text, &resolved, error);
        uint64_t pause_ns = 1000;
        bool again = true;
        table->options = resolved;
        table->timeout_ns = resolved.timeout_ms * UINT64_C(1000000);
        while (code == SHMREC_OK && again) {
            code = shmrec_attach(table, layout, true, &resolved, &task);
            code = code != SHMREC_OK ? code : shmrec_take_over(table, &again, &task);
            code = shmrec_again(code, &again, &pause_ns, &table->address, &task);
        }
    }
    return shmrec_finish(table, code, error);
}

// Opens the table at `address` for reading: a mapping that cannot be written, no lock, nothing stored. Errors:
// SHMREC_NOT_FOUND, SHMREC_LAYOUT_MISMATCH, SHMREC_RETIRED, and every code that says why something is not a table of
// this record that may be trusted.
static inline int shmrec_table_open(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                    const shmrec_options *options, shmrec_error *error) {
    memset(table, 0, sizeof *table);
    int code = shmrec_address_parse(&table->address, address, error);
    if (code == SHMREC_OK) {
        table->options = shmrec_resolve(options);
        table->timeout_ns = table->options.timeout_ms * UINT64_C(1000000);
        const shmrec_task task = shmrec_task_begin("open for reading", table->address.text, &table->options, error);
        code = shmrec_attach_reader(table, layout, &table->options, &task);
    }
    return shmrec_finish(table, code, error);
}

// Closes a handle: unmaps, gives the role back, frees. The table stays.
static inline void shmrec_table_close(shmrec_table *table) { shmrec_table_release(table); }

// Removes the table at `address`, however damaged: marks it as removed, unlinks it and its guard. Who has it open keeps
// the old values. Never removes what is not a segment of ours. Errors: SHMREC_NOT_FOUND, SHMREC_BAD_MAGIC,
// SHMREC_LOCK_TIMEOUT, SHMREC_PERMISSION_DENIED, and those of the file.
static inline int shmrec_remove(const char *address, const shmrec_options *options, shmrec_error *error) {
    shmrec_table table; // only its address is used
    memset(&table, 0, sizeof table);
    int code = shmrec_address_parse(&table.address, address, error);
    if (code == SHMREC_OK) {
        const shmrec_options resolved = shmrec_resolve(options);
        const shmrec_task task = shmrec_task_begin("remove", table.address.text, &resolved, error);
        uint64_t pause_ns = 1000;
        bool again = true;
        while (code == SHMREC_OK && again) {
            code = shmrec_remove_round(&table.address, &again, &task);
            code = shmrec_again(code, &again, &pause_ns, &table.address, &task);
        }
    }
    code = shmrec_finish(&table, code, error);
    shmrec_table_release(&table);
    return code;
}

// Number of records; 0 for a closed handle.
static inline uint64_t shmrec_table_capacity(const shmrec_table *table) { return table->header.geometry.capacity; }

// How often the role of writer was taken: 1 for the creator, one more for each take-over; 0 for a closed handle, and for a
// writer in a child process.
static inline uint64_t shmrec_table_epoch(const shmrec_table *table) {
    return table->map.base != NULL && !shmrec_map_is_forked(&table->map) ? shmrec_load(shmrec_table_word(table, SHMREC_LIVE_EPOCH)) : 0;
}

// What this mapping got of the huge pages and the locking that the options asked for; nothing for a closed handle.
static inline shmrec_memory shmrec_table_memory(const shmrec_table *table) { return table->map.memory; }

// msync(MS_SYNC): what this writer wrote until now is on the disk when this returns. Only file: tables are on one. It is
// the kernel's copy that is whole at every moment; after a crash of the machine the disk's need not be. Errors:
// SHMREC_UNSUPPORTED for the other kinds, SHMREC_BAD_ARGUMENT for a handle that is not a writer's, SHMREC_FORKED_HANDLE in
// a child process, SHMREC_OS when the disk fails or is full.
static inline int shmrec_table_sync(const shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("sync", table, error);
    if (!table->holds_role) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: not open for writing");
    }
    const int code = shmrec_check_home(task.operation, table, error);
    if (code != SHMREC_OK) {
        return code;
    }
    if (strncmp(table->address.text, "file:", 5) != 0) {
        return shmrec_fail(&task, SHMREC_UNSUPPORTED, 0,
                           "syncing a table without a file on disk is not supported here");
    }
    return msync(table->map.base, table->map.bytes, MS_SYNC) == 0 ? shmrec_done(error)
                                                                   : shmrec_fail_os(&task, "msync", errno);
}

// Publishes `count` words, those of a cell. For the typed functions below.
SHMREC_HOT int shmrec_table_write(const shmrec_table *table, uint64_t index, const uint64_t *words, uint64_t count,
                                  shmrec_error *error) {
    const shmrec_geometry *g = &table->header.geometry;
    if (__builtin_expect(index >= g->capacity, 0)) {
        return shmrec_fail_index("write", table, index, error);
    }
    if (__builtin_expect(shmrec_is_left(table->map.home), 0)) {
        return shmrec_fail_forked("write", table, error);
    }
    uint64_t *word = shmrec_table_version(table, index), *cells = shmrec_table_cells(table, index);
    if (g->cells == 1) {
        const shmrec_log log = shmrec_table_log(table);
        shmrec_write_logged(word, cells, &log, index, words, count);
    } else {
        shmrec_write_cells(word, cells, g->cells, g->cell_stride / 8, words, count);
    }
    return shmrec_done(error);
}

// Defines the handles and functions of a record T, whose struct, T_layout, T_check and T_zero_padding stand before it:
//
//   T_writer, T_reader   handles; `.table` of either is for shmrec_table_capacity, _epoch, _status and _facts
//   T_create             as shmrec_table_create
//   T_open_writer        as shmrec_table_open_writer
//   T_write              publishes *record as the next version of the record at `index`. Readers see the old value or
//                        the new one, whole, whenever this process is killed; who sees the new one sees everything that
//                        happened before this call. No system call. Errors: SHMREC_INDEX_OUT_OF_RANGE;
//                        SHMREC_FORKED_HANDLE in a child process.
//   T_batch_begin        begins a batch: new values for several records, which become visible at one instant or not at
//                        all, whenever this process is killed. It is for this writer alone, which must write nothing
//                        else until its end, or the batch is lost. Errors: SHMREC_BAD_ARGUMENT for a table with several
//                        cells; SHMREC_FORKED_HANDLE in a child process, of this and what follows.
//   T_batch_set          adds *record as the next version of the record at `index`. Every record may be set once. A batch
//                        that refused a record publishes nothing. Errors: SHMREC_INDEX_OUT_OF_RANGE;
//                        SHMREC_BAD_ARGUMENT when it has this record already, or as many as the log has entries.
//   T_batch_commit       publishes all of it, and ends it. Errors: SHMREC_BAD_ARGUMENT, and nothing is published.
//   T_batch_abandon      ends it, nothing is published; does nothing to one that has ended
//   T_replace            as shmrec_table_replace (replace.h)
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
//   T_read_fresh         as T_read, if a writer has given a sign of life lately (life.h)
//   T_refresh            as shmrec_table_refresh (follow.h)
//   T_close              closes
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
        return shmrec_batch_begin(&batch->batch, &writer->table, error);                                              \
    }                                                                                                                 \
    static inline int T##_batch_set(T##_batch *batch, uint64_t index, const T *record, shmrec_error *error) {         \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        shmrec_object_to_words(words, record, sizeof(T));                                                             \
        T##_zero_padding(SHMREC_BYTES(words));                                                                        \
        return shmrec_batch_set(&batch->batch, index, words, sizeof words / 8, error);                                \
    }                                                                                                                 \
    static inline int T##_batch_commit(T##_batch *batch, shmrec_error *error) {                                       \
        return shmrec_batch_commit(&batch->batch, error);                                                             \
    }                                                                                                                 \
    static inline void T##_batch_abandon(T##_batch *batch) { shmrec_batch_abandon(&batch->batch); }                   \
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
    SHMREC_DEFINE_LIFE(T)                                                                                             \
    SHMREC_DEFINE_REPLACE(T)                                                                                          \
    SHMREC_DEFINE_FOLLOW(T)

#endif
