// adopt.h: tables in segments that another program made and laid out, without a header of ours, under that program's
// own guard. Header-only, as table.h. Relies on adopt_table.h and options.h; knows no header and no role.
//
// Include the header that `ipcgen` makes from a schema with a section `[segment.quotes]`; it includes this one and
// defines, for a schema `md` with a record `md_quote`:
//
//     md_quotes_writer quotes;
//     shmrec_error error;
//     md_quote quote;
//     if (md_quotes_open_writer(&quotes, NULL, &error) != SHMREC_OK)         // NULL: where the schema says
//         fprintf(stderr, "%s\n", error.text);
//     md_quotes_read(&quotes.reader, 7, &quote, &error);
//     md_quotes_update(&quotes, 7, double_it, NULL, &error);                 // void double_it(md_quote *, void *)
//     md_quotes_close_writer(&quotes);
//
// Caveats first:
//
// - Nothing here creates, resizes or removes anything: the other program does. What it keeps beside the records is not
//   touched; padding inside a record is written as zeros.
// - There is no version and no log. A writer that is killed inside a write, ours or theirs, leaves a half-written
//   record, and a guard that is not let go: the kernel gives a System V semaphore back where SEM_UNDO was used, as is
//   done here; everything else stays taken until md_quotes_free_guard.
// - Without a guard a record may be torn; each aligned word of up to 8 bytes is whole.
// - A writer is for one thread at a time. A reader serves any number of threads at once. Open and close are for one
//   thread. In a child process its parent's writer says SHMREC_FORKED_HANDLE: its memory is not in the child.
// - Reading takes a semaphore too, so readers need its write permission. A seqcount is only read by readers.
// - A seqcount keeps readers from torn records, and writers apart that look before they make it odd, as ours do. A
//   program that only adds one has to be its only writer.
// - POSIX semaphores need glibc 2.30; before 2.34, programs that use them link with -pthread.
// - A segment that its owner cuts short under a mapping gives SIGBUS, as with every mapping; so a memfd must be sealed
//   against that unless `accept_unsealed` is said.
//
// Every function returns 0 (SHMREC_OK) or an enum shmrec_code (error.h), as those of table.h do.

#ifndef SHMRECORD_ADOPT_H
#define SHMRECORD_ADOPT_H

#include "adopt_bounds.h"
#include "adopt_table.h"
#include "options.h"

// Opens the table that `where` describes, of records of this size and alignment. Errors: SHMREC_BAD_ADDRESS,
// SHMREC_BAD_NAME and SHMREC_BAD_KEY for names that are none; SHMREC_BAD_ARGUMENT for numbers that cannot be, and for a
// table of ours, which is opened as one; SHMREC_NOT_FOUND for a segment or a guard that does not exist,
// SHMREC_BAD_OWNER, SHMREC_TOO_PERMISSIVE, SHMREC_PERMISSION_DENIED for one that is not to be trusted or used;
// SHMREC_UNSEALED for a memfd that could be cut; SHMREC_SIZE_MISMATCH for a segment that is too small, by the kernel's
// account; SHMREC_GUARD_MISMATCH for a set with too few semaphores. A failed call leaves nothing open, mapped or made.
static inline int shmrec_adopted_open(shmrec_adopted *table, const shmrec_foreign *where, uint64_t size, uint64_t align,
                                      bool writable, shmrec_error *error) {
    memset(table, 0, sizeof *table);
    int code = shmrec_address_parse(&table->address, where->address, error);
    if (code == SHMREC_OK) {
        shmrec_options said;
        memset(&said, 0, sizeof said);
        said.mode = where->mode;
        said.trusted_owner = where->has_owner ? where->owner : 0;
        said.accept_unsealed = where->accept_unsealed;
        const shmrec_options options = shmrec_resolve(&said);
        const shmrec_task task = shmrec_task_begin(writable ? "open for writing" : "open for reading",
                                                   table->address.text, &options, error);
        code = shmrec_check_mode(&options, &task);
        code = code != SHMREC_OK ? code : shmrec_foreign_check(where, size, align, &task);
        code = code != SHMREC_OK ? code : shmrec_foreign_guard_name(&table->guard, where, &task);
        code = code != SHMREC_OK ? code : shmrec_adopted_attach(table, where, size, writable, &task);
    }
    if (code != SHMREC_OK) {
        shmrec_adopted_close(table);
        return code;
    }
    if (error != NULL) {
        memset(error, 0, sizeof *error);
    }
    return SHMREC_OK;
}

// Defines the handles and functions of a foreign table S of records T, whose struct, T_layout, T_check and T_zero_padding
// stand before it, and S_foreign, which says where it is:
//
//   S_writer, S_reader   handles; the `.reader` of a writer reads
//   S_open, S_open_writer   as shmrec_adopted_open; `where` NULL: S_foreign
//   S_count              number of records; 0 for a closed handle
//   S_read               copies the record at `index` out, under the guard. On failure *record stays as it was, but for large
//                        ones, as T_read says (table.h). Errors:
//                        SHMREC_INDEX_OUT_OF_RANGE; SHMREC_LOCK_TIMEOUT for a semaphore that was not free in time,
//                        naming who took it last (`pid`) where the kernel tells; SHMREC_CONTENDED for a counter that was
//                        not still; SHMREC_REMOVED for a semaphore set that is gone; SHMREC_INVALID_BITS for bytes that are
//                        no value of the type.
//   S_write              writes the record at `index` under the guard. Errors: as S_read; SHMREC_LOCK_TIMEOUT for a
//                        counter that stayed odd, too.
//   S_update             reads, lets `change` change and writes the record at `index`, all under one hold of the guard.
//                        `change` must return: a longjmp or exception out of it would leave the guard taken. It must
//                        not use the table. Errors: as S_read and S_write; then `change` was not called, or the record
//                        is written and the guard lost.
//   S_free_guard         lets the guard go for a process that died without doing so. `dead_pid`: for a System V
//                        semaphore the process that SHMREC_LOCK_TIMEOUT named, which must have ended; for the others 0,
//                        and the caller vouches that the holder is dead. What it was writing may be torn. `*freed`
//                        (may be NULL): whether the guard was taken. One process at a time. Error: SHMREC_BAD_ARGUMENT
//                        saying what was found instead.
//   shmrec_adopted_facts(&reader.table, ...)   what the kernel says of the segment (adopt_table.h)
//   S_close, S_close_writer   closes; to close a handle whose opening failed, or one of all zeros, does nothing
#define SHMREC_DEFINE_ADOPTED(S, T, NAME)                                                                             \
    typedef struct S##_reader {                                                                                       \
        shmrec_adopted table;                                                                                         \
    } S##_reader;                                                                                                     \
    typedef struct S##_writer {                                                                                       \
        S##_reader reader;                                                                                            \
    } S##_writer;                                                                                                     \
    static inline int S##_open(S##_reader *reader, const shmrec_foreign *where, shmrec_error *error) {                \
        return shmrec_adopted_open(&reader->table, where != NULL ? where : &S##_foreign, sizeof(T),                   \
                                   SHMREC_ALIGNOF(T), false, error);                                                  \
    }                                                                                                                 \
    static inline int S##_open_writer(S##_writer *writer, const shmrec_foreign *where, shmrec_error *error) {         \
        return shmrec_adopted_open(&writer->reader.table, where != NULL ? where : &S##_foreign, sizeof(T),            \
                                   SHMREC_ALIGNOF(T), true, error);                                                   \
    }                                                                                                                 \
    static inline uint64_t S##_count(const S##_reader *reader) { return reader->table.bounds.count; }                  \
    SHMREC_COLD int S##_read_patiently(const S##_reader *reader, uint64_t index, T *record, shmrec_error *error) {    \
        const shmrec_task task = shmrec_adopted_task("read", &reader->table, error);                                  \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        const int code = shmrec_adopted_read(&reader->table, index, words, sizeof(T), &task);                         \
        if (code != SHMREC_OK) {                                                                                      \
            return code;                                                                                              \
        }                                                                                                             \
        const char *field = T##_check(SHMREC_BYTES(words));                                                           \
        if (field != NULL) {                                                                                          \
            return shmrec_adopted_fail_bits(index, NAME, field, &task);                                               \
        }                                                                                                             \
        shmrec_words_to_object(record, words, sizeof(T));                                                             \
        return shmrec_done(error);                                                                                    \
    }                                                                                                                 \
    static inline int S##_read(const S##_reader *reader, uint64_t index, T *record, shmrec_error *error) {            \
        uint64_t words[SHMREC_READ_ROOM(sizeof(T))];                                                                  \
        void *to = words;                                                                                             \
        if (SHMREC_READS_STRAIGHT(sizeof(T))) {                                                                       \
            to = record;                                                                                              \
        }                                                                                                             \
        if (__builtin_expect(!shmrec_adopted_try_read(&reader->table, index, to, sizeof(T), SHMREC_ALIGNOF(T)), 0) || \
            __builtin_expect(T##_check(SHMREC_CAST(const unsigned char *, to)) != NULL, 0)) {                         \
            return S##_read_patiently(reader, index, record, error);                                                  \
        }                                                                                                             \
        if (!SHMREC_READS_STRAIGHT(sizeof(T))) {                                                                      \
            shmrec_words_to_object(record, words, sizeof(T));                                                         \
        }                                                                                                             \
        return shmrec_done(error);                                                                                    \
    }                                                                                                                 \
    static inline int S##_write(S##_writer *writer, uint64_t index, const T *record, shmrec_error *error) {           \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        if (SHMREC_WRITES_STRAIGHT(sizeof(T)) && T##_layout.padded == 0) {                                            \
            return shmrec_adopted_write(&writer->reader.table, index, record, sizeof(T), SHMREC_ALIGNOF(T), error);   \
        }                                                                                                             \
        shmrec_object_to_words(words, record, sizeof(T));                                                             \
        T##_zero_padding(SHMREC_BYTES(words));                                                                        \
        return shmrec_adopted_write(&writer->reader.table, index, words, sizeof(T), SHMREC_ALIGNOF(T), error);        \
    }                                                                                                                 \
    static inline int S##_update(S##_writer *writer, uint64_t index, void (*change)(T *record, void *context),        \
                                 void *context, shmrec_error *error) {                                                \
        const shmrec_adopted *table = &writer->reader.table;                                                          \
        const shmrec_task task = shmrec_adopted_task("update", table, error);                                         \
        uint64_t words[(sizeof(T) + 7) / 8];                                                                          \
        int code = shmrec_adopted_take(table, index, &task);                                                          \
        if (code != SHMREC_OK) {                                                                                      \
            return code;                                                                                              \
        }                                                                                                             \
        const uint64_t offset = shmrec_adopted_offset(table, index);                                                  \
        shmrec_record_out(words, table->map.base, offset, sizeof(T), SHMREC_ALIGNOF(T));                              \
        const char *field = T##_check(SHMREC_BYTES(words));                                                           \
        if (field != NULL) {                                                                                          \
            code = shmrec_adopted_fail_bits(index, NAME, field, &task);                                               \
        } else {                                                                                                      \
            T record;                                                                                                 \
            shmrec_words_to_object(&record, words, sizeof(T));                                                        \
            change(&record, context);                                                                                 \
            shmrec_object_to_words(words, &record, sizeof(T));                                                        \
            T##_zero_padding(SHMREC_BYTES(words));                                                                    \
            code = shmrec_adopted_check_home(table, &task); /* it may have forked */                                  \
        }                                                                                                             \
        if (code == SHMREC_OK) {                                                                                      \
            shmrec_record_in(table->map.base, offset, words, sizeof(T), SHMREC_ALIGNOF(T));                           \
        }                                                                                                             \
        code = shmrec_adopted_give(table, index, code, &task);                                                        \
        return code != SHMREC_OK ? code : shmrec_done(error);                                                         \
    }                                                                                                                 \
    static inline int S##_free_guard(S##_writer *writer, int32_t dead_pid, bool *freed, shmrec_error *error) {        \
        return shmrec_adopted_free_guard(&writer->reader.table, dead_pid, freed, error);                              \
    }                                                                                                                 \
    static inline void S##_close(S##_reader *reader) { shmrec_adopted_close(&reader->table); }                        \
    static inline void S##_close_writer(S##_writer *writer) { shmrec_adopted_close(&writer->reader.table); }

#endif
