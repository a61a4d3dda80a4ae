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
// - write and read hold one record on the stack, read of up to 127 bytes two. Give threads that move very large records a stack to match.
// - An open table of a file holds a descriptor, a writer's a second one, of its guard.
// - Never copy a handle: close the original and the copy would unmap twice.
//
// Every function returns 0 (SHMREC_OK) or an enum shmrec_code (error.h), and puts it into `*error` together with a
// sentence for people, where `error` is not NULL. Options (options.h) may be NULL: then the defaults hold. A handle
// whose opening failed is closed; to close a closed handle, or one of all zeros, does nothing.

#ifndef SHMRECORD_TABLE_H
#define SHMRECORD_TABLE_H

#include "follow.h"
#include "life.h"
#include "open.h"
#include "options.h"
#include "reader.h"
#include "record.h"
#include "replace.h"
#include "segment.h"
#include "shared.h"
#include "snapshot.h"
#include "status.h"
#include "wait.h"

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

// Defines the handles and functions of a record T, whose struct, T_layout, T_check and T_zero_padding stand before it:
//
//   T_writer, T_reader   handles; `.table` of either is for shmrec_table_capacity, _epoch, _status and _facts
//   T_create             as shmrec_table_create
//   T_open_writer        as shmrec_table_open_writer
//   T_write              publishes *record as the next version of the record at `index`. Readers see the old value or
//                        the new one, whole, whenever this process is killed; who sees the new one sees everything that
//                        happened before this call. No system call, unless somebody sleeps until this. Errors:
//                        SHMREC_INDEX_OUT_OF_RANGE; SHMREC_FORKED_HANDLE in a child process; SHMREC_RETIRED, when the
//                        table was removed: the value was stored into what its readers still have open, and nobody new
//                        will find it.
//   T_batch_begin        begins a batch: new values for several records, which become visible at one instant or not at
//                        all, whenever this process is killed. It is for this writer alone, which must write nothing
//                        else until its end, or the batch is lost. Errors: SHMREC_BAD_ARGUMENT for a table with several
//                        cells; SHMREC_FORKED_HANDLE in a child process, of this and what follows.
//   T_batch_set          adds *record as the next version of the record at `index`. Every record may be set once. A batch
//                        that refused a record publishes nothing. Errors: SHMREC_INDEX_OUT_OF_RANGE;
//                        SHMREC_BAD_ARGUMENT when it has this record already, or as many as the log has entries.
//   T_batch_commit       publishes all of it, and ends it. Errors: SHMREC_BAD_ARGUMENT, and nothing is published;
//                        SHMREC_RETIRED, as T_write.
//   T_batch_abandon      ends it, nothing is published; does nothing to one that has ended
//   T_replace            as shmrec_table_replace (replace.h), by a table of one writer
//   T_replace_shared     likewise, by a table of many: what a writer has half done in a turn that does not end within half
//                        of the timeout is told by T_lock as SHMREC_AFTER_DEATH
//   T_close_writer       closes, gives the role back
//   T_open               as shmrec_table_open
//   T_read               copies the record at `index` out, whole: one that was published, or all zeros with version 0
//                        when none was. What its writer did before publishing it is visible afterwards. `version` (may
//                        be NULL): how often it was published. On failure *record and *version stay as they were; but one
//                        of whole words, 16 or more, is copied there straight from the segment, so that after an error
//                        *record may be a mixture.
//                        Errors: SHMREC_INDEX_OUT_OF_RANGE; SHMREC_CONTENDED when the writer overwrites it without a
//                        pause until the timeout; SHMREC_INVALID_BITS when its bytes are no value of the type.
//   T_snapshot           copies `count` records from `first` on to `records`, as they were at one instant with respect to
//                        batches: of each batch all or nothing. A single write beside it is in it or not. The timeout is
//                        for batches that come between: a first attempt without one goes on for as long as copying
//                        takes. Errors: those of T_read, SHMREC_CONTENDED also when batches were committed during every
//                        attempt until the timeout; then what is in `records` is of no use.
//   T_read_fresh         as T_read, if a writer has given a sign of life lately (life.h)
//   T_has                whether the record of the table that this reads now has the field of T with this name. False: it
//                        reads as its null, or as zeros without one, because the table is of an earlier version of T
//                        (`compatible` in options.h), or T has no such field.
//   T_refresh            as shmrec_table_refresh (follow.h)
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
        if (SHMREC_WRITES_STRAIGHT(sizeof(T)) && T##_layout.padded == 0) {                                            \
            return shmrec_table_write(&writer->table, index, record, sizeof words / 8, error);                        \
        }                                                                                                             \
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
        if (SHMREC_WRITES_STRAIGHT(sizeof(T)) && T##_layout.padded == 0) {                                            \
            return shmrec_batch_set(&batch->batch, index, record, sizeof words / 8, error);                           \
        }                                                                                                             \
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
    SHMREC_HOT int T##_read_until(const T##_reader *reader, uint64_t index, T *record, uint64_t *version,             \
                                  uint64_t deadline_ns, shmrec_error *error) {                                        \
        const uint64_t count = (sizeof(T) + 7) / 8;                                                                   \
        uint64_t words[SHMREC_READ_ROOM(sizeof(T))], seen;                                                            \
        void *to = words;                                                                                             \
        if (SHMREC_READS_STRAIGHT(sizeof(T))) {                                                                       \
            to = record;                                                                                              \
        }                                                                                                             \
        if (__builtin_expect(!shmrec_try_read(&reader->table, index, to, count, &seen), 0) ||                         \
            __builtin_expect(T##_check(SHMREC_CAST(const unsigned char *, to)) != NULL, 0)) {                         \
            uint64_t room[(sizeof(T) + 7) / 8]; /* another one: whose address is given away stays in no register */   \
            return shmrec_read_checked(&reader->table, index, room, count, record, sizeof(T), T##_check, NAME, version,\
                                       deadline_ns, error);                                                           \
        }                                                                                                             \
        if (!SHMREC_READS_STRAIGHT(sizeof(T))) {                                                                      \
            shmrec_words_to_object(record, words, sizeof(T));                                                         \
        }                                                                                                             \
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
                if (__builtin_expect(i == snapshot.look, 0) && !shmrec_snapshot_goes_on(&snapshot)) {                 \
                    break;                                                                                            \
                }                                                                                                     \
                code = T##_read_until(reader, first + i, records + i, NULL, snapshot.deadline_ns, error);             \
            }                                                                                                         \
        } while (shmrec_snapshot_again(&snapshot, &code, error));                                                     \
        return code;                                                                                                  \
    }                                                                                                                 \
    static inline bool T##_has(const T##_reader *reader, const char *field) {                                         \
        return shmrec_table_has(&reader->table, &T##_layout, field);                                                  \
    }                                                                                                                 \
    static inline void T##_close(T##_reader *reader) { shmrec_table_close(&reader->table); }                          \
    SHMREC_DEFINE_SHARED(T, NAME)                                                                                     \
    SHMREC_DEFINE_WAIT(T)                                                                                             \
    SHMREC_DEFINE_LIFE(T)                                                                                             \
    SHMREC_DEFINE_REPLACE(T)                                                                                          \
    SHMREC_DEFINE_FOLLOW(T)

#endif
