// options.h: what may be chosen when a table is created or opened, and what a generated header says of its record.
// Relies on error.h and sys.h; opens nothing.

#ifndef SHMRECORD_OPTIONS_H
#define SHMRECORD_OPTIONS_H

#include "abi.h"
#include "error.h"
#include "geometry.h"
#include "sys.h"
#include "wanted.h"

// Where versions and records lie.
enum shmrec_arrangement {
    SHMREC_ARRANGEMENT_ANY = 0, // what fits the record for a new table (Rust: Arrangement::fitting), whatever is there for others
    SHMREC_LINE = 1,            // each record on cache lines of its own: least traffic between cores
    SHMREC_PACKED = 2,          // version right behind the record, no padding: least memory, fastest scans
    SHMREC_SPLIT = 3            // all versions, then all records: good at random access and scans
};

// How to create and open tables. Zero everywhere means the defaults: `shmrec_options o = {0};` in C, `{}` in C++.
typedef struct shmrec_options {
    // Cells in a slot: 1 (with the write-ahead log), 2, 4 or 8; 0: 1 for a new table. More cells take more memory and
    // let readers of large records succeed beside a writer that never pauses.
    uint32_t cells;
    // An enum shmrec_arrangement.
    int arrangement;
    // Permission bits of a new segment, whatever the umask; 0: 0600. Who may write it may also take the role of writer.
    // With the others' write bit, opening accepts segments that everybody may write.
    uint32_t mode;
    // Entries of the write-ahead log of a new table with one cell, up to 65536, each a record and 16 bytes long; 0: 64,
    // or as many as fit in 1 MiB, at least 1. A table with more cells has no log and refuses this.
    uint32_t log_entries;
    // A user id whose segments are trusted, beside this process's own and root; 0: nobody else.
    uint32_t trusted_owner;
    // How long creating, opening, removing and each read may take; 0: 1000.
    uint32_t timeout_ms;
    // Group of a new segment and its guard, for whose members the middle bits of the mode are; without `has_group` the
    // one that the kernel chooses: this process's, or the directory's. Another group than this process's own ones takes
    // privilege, but for System V, where it does not, and where the creator's own group keeps these rights beside it.
    uint32_t group;
    bool has_group;
    // Memory or disk for the records of a new table is taken only when they are touched, instead of all at creation.
    // The price: a touch, a read too, of a page that is not to be had then ends the process with SIGBUS.
    bool sparse;
    // Readers accept a table that was made before the machine last booted, a file: that is kept. Nobody knows whether
    // all its values are whole: what was written last may be on the disk in part. Writers never accept it.
    bool any_boot;
    // A new memfd: table is sealed against writing (F_SEAL_FUTURE_WRITE), so that no process can ever write to it but
    // through the writer that creates it. Nobody can take it over, mark it as removed, or lift this. Other kinds refuse
    // it.
    bool exclusive;
    // Huge pages of 2 MiB under the mapping of this handle, an enum shmrec_need; shmrec_table_memory tells whether they
    // cover every whole 2 MiB of it. For posix: and sysv: no setting of the system is needed (Linux 6.1). A file: on a
    // disk gets them where its file system has them and its creator asked, and a sparse table only where all of it has
    // been touched; one below 2 MiB has none.
    int huge_pages;
    // Pages of this handle's mapping stay in memory from when they are first touched, within what RLIMIT_MEMLOCK
    // allows, which counts all of the table; an enum shmrec_need. shmrec_table_memory tells what was got.
    int lock_memory;
    // Memfds are accepted that lack the seals which keep their size: whoever holds one can cut it, which ends its
    // readers with SIGBUS.
    bool accept_unsealed;
    // A new table gets a doorbell, by which the kernel wakes who waits for its records: one page of memory, and one load
    // in each write, which makes a system call only when somebody waits. One that exists must have it.
    bool doorbell;
    // Every write to a new table stores the time, in the coarse steps of the kernel's clock (1 to 10 ms), so that readers
    // know how old what they read may be; it costs each write a few nanoseconds. One that exists must do so.
    bool stamps;
    // Readers accept a table whose record is an earlier or a later version of theirs: one of the two has all fields of
    // the other, and further ones behind them or, by `since`, in what was a hole (docs/FORMAT.md has the rule). A field
    // that the table lacks reads as its null, or as zeros without one: T_has tells. Reads of such a table take a few
    // steps more; those of one of the very same record do not. Writers never accept it.
    bool compatible;
    uint8_t reserved[4];
    // The writers of a new table of many take turns by this semaphore: key of a System V set that is there and which of
    // it, 1 when free, as other programs use them. It is neither made nor removed here. 0: by a lock in the table, which
    // is a hundred times as fast. One that exists must have the same.
    uint32_t semaphore_key;
    uint32_t semaphore_index;
} shmrec_options;

// A record as a generated header describes it; programs only pass it on.
typedef struct shmrec_layout {
    const char *name;
    uint32_t size;
    uint32_t align;
    uint64_t padded; // 1: some bytes of an object belong to no field
    uint64_t layout_id;
    uint64_t schema_id;
    const unsigned char *description;
    size_t description_bytes;
} shmrec_layout;

// Everything below is not for programs.

// The options with every default in place; NULL stands for all defaults. `cells` and `arrangement` stay as asked.
static inline shmrec_options shmrec_resolve(const shmrec_options *options) {
    shmrec_options resolved;
    memset(&resolved, 0, sizeof resolved);
    if (options != NULL) {
        resolved = *options;
    }
    resolved.mode = resolved.mode != 0 ? resolved.mode : 0600u;
    resolved.timeout_ms = resolved.timeout_ms != 0 ? resolved.timeout_ms : 1000;
    return resolved;
}

// How long an operation with these resolved options may wait.
static inline uint64_t shmrec_timeout_ns(const shmrec_options *options) {
    return options->timeout_ms * UINT64_C(1000000);
}

// A task that starts now, on the terms of these resolved options.
static inline shmrec_task shmrec_task_begin(const char *operation, const char *subject, const shmrec_options *options,
                                            shmrec_error *error) {
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = operation;
    task.subject = subject;
    task.error = error;
    task.deadline_ns = shmrec_deadline_ns(shmrec_timeout_ns(options));
    task.trusted_owner = options->trusted_owner;
    task.world_writable = (options->mode & 0002u) != 0;
    task.accept_unsealed = options->accept_unsealed;
    return task;
}

static inline const char *shmrec_arrangement_name(uint32_t tag) {
    return tag == SHMREC_TAG_LINE ? "line" : tag == SHMREC_TAG_PACKED ? "packed" : "split";
}

// The arrangement of a new table for which none was asked: split, but for records of one cell that fill their lines with their
// version to the last 8 bytes.
static inline uint32_t shmrec_fitting_arrangement(const shmrec_shape *shape) {
    const uint64_t bytes = shmrec_round_up(shape->record_bytes, 8) + 8;
    return shape->cells == 1 && shmrec_round_up(bytes, 64) - bytes <= 8 ? SHMREC_TAG_LINE : SHMREC_TAG_SPLIT;
}

// Entries of the log of a new table for which no number was asked.
static inline uint32_t shmrec_default_log(const shmrec_shape *shape) {
    const uint64_t entry = shmrec_round_up(SHMREC_CAST(uint64_t, shape->record_bytes) + 16, 64);
    const uint64_t fitting = SHMREC_DEFAULT_LOG_BYTES / entry;
    if (shape->cells != 1) {
        return 0;
    }
    if (fitting >= SHMREC_DEFAULT_LOG_ENTRIES) {
        return SHMREC_DEFAULT_LOG_ENTRIES;
    }
    return fitting < 1 ? 1 : SHMREC_CAST(uint32_t, fitting);
}

// SHMREC_BAD_ARGUMENT when the mode of these resolved options is none.
static inline int shmrec_check_mode(const shmrec_options *options, const shmrec_task *task) {
    if ((options->mode & ~0777u) != 0 || (options->mode & 0600u) != 0600u) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad mode: %o, expected 0600 to 0777", options->mode);
    }
    return SHMREC_OK;
}

// How the writers of a new table, one or `shared` by many, take turns, or SHMREC_BAD_ARGUMENT.
static inline int shmrec_plan_turns(uint32_t *guard_kind, bool shared, const shmrec_options *options,
                                    const shmrec_task *task) {
    const uint32_t key = options->semaphore_key, at = options->semaphore_index;
    *guard_kind = !shared ? SHMREC_GUARD_ONE : key != 0 ? SHMREC_GUARD_SEMAPHORE : SHMREC_GUARD_LOCK;
    if (!shared && key != 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad semaphore: for a table of one writer");
    }
    if (at > (key != 0 ? SHMREC_SEMAPHORE_INDEX_MAX : 0u)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad semaphore: not one of a set");
    }
    return SHMREC_OK;
}

// The shape that these resolved options ask for, for one writer or `shared` by many, or SHMREC_BAD_ARGUMENT.
static inline int shmrec_plan(shmrec_shape *shape, shmrec_geometry *geometry, const shmrec_layout *layout,
                              uint64_t capacity, bool shared, const shmrec_options *options, const shmrec_task *task) {
    uint32_t guard_kind = SHMREC_GUARD_ONE;
    int code = shmrec_check_mode(options, task);
    code = code != SHMREC_OK ? code : shmrec_plan_turns(&guard_kind, shared, options, task);
    if (code != SHMREC_OK) {
        return code;
    }
    if (options->has_group && options->group == UINT32_MAX) { // what chown(2) takes for "as it is"
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad group: %u, expected a group id", options->group);
    }
    if (options->arrangement < SHMREC_ARRANGEMENT_ANY || options->arrangement > SHMREC_SPLIT) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad arrangement: %d, expected a value of shmrec_arrangement",
                           options->arrangement);
    }
    memset(shape, 0, sizeof *shape);
    shape->capacity = capacity;
    shape->description_bytes = layout->description_bytes;
    shape->record_bytes = layout->size;
    shape->record_align = layout->align;
    shape->cells = options->cells != 0 ? options->cells : 1;
    shape->arrangement = options->arrangement != SHMREC_ARRANGEMENT_ANY
                             ? SHMREC_CAST(uint32_t, options->arrangement - SHMREC_LINE)
                             : shmrec_fitting_arrangement(shape);
    shape->log_entries = options->log_entries != 0 ? options->log_entries : shmrec_default_log(shape);
    shape->guard_kind = guard_kind;
    shape->wake_policy = options->doorbell ? SHMREC_WAKE_DOORBELL : SHMREC_WAKE_NONE;
    const char *argument = shmrec_geometry_of(geometry, shape);
    if (argument == NULL) {
        return SHMREC_OK;
    }
    if (strcmp(argument, "capacity") == 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad capacity: %llu records of %u bytes",
                           SHMREC_CAST(unsigned long long, capacity), layout->size);
    }
    if (strcmp(argument, "cells") == 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad cells: %u, expected 1, 2, 4 or 8", shape->cells);
    }
    if (strcmp(argument, "log entries") == 0) {
        if (shape->cells > 1) {
            return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                               "bad log entries: %u for a table of %u cells, which has no log", shape->log_entries,
                               shape->cells);
        }
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad log entries: %u, expected 1 to %u", shape->log_entries,
                           SHMREC_MAX_LOG_ENTRIES);
    }
    return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad %s: %u bytes, aligned to %u", argument, layout->size,
                       layout->align);
}

#endif
