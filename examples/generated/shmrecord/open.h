// open.h: tables opened, closed and removed by their addresses, whatever their record. Relies on create.h, lifecycle.h and
// remove.h; the typed functions are in table.h and shared.h.

#ifndef SHMRECORD_OPEN_H
#define SHMRECORD_OPEN_H

#include "create.h"
#include "lifecycle.h"
#include "options.h"
#include "remove.h"

// As shmrec_table_create, for one writer or `shared` by many, who it joins.
static inline int shmrec_table_create_as(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                         uint64_t capacity, bool shared, const shmrec_options *options,
                                         shmrec_error *error) {
    shmrec_build build;
    shmrec_task task;
    int code = shmrec_build_begin(&build, table, "create", address, layout, capacity, shared, options, &task, error);
    code = code != SHMREC_OK ? code : shmrec_create_rounds(table, &build, &task);
    return shmrec_finish(table, code, error);
}

// Creates the table at `address` (posix:/name, file:/path, sysv:key, memfd:name) with `capacity` records, complete or
// not at all; or takes over the one that is there, with its values, when it holds the same record in the same number
// and its writer is gone. Cells and arrangement are compared only when the options name them.
//
// Errors: SHMREC_WRITER_ALIVE while another process writes, SHMREC_ALREADY_HELD_HERE while this one does,
// SHMREC_LAYOUT_MISMATCH naming the first field that differs, SHMREC_SHAPE_MISMATCH, SHMREC_BAD_ARGUMENT,
// SHMREC_NO_SPACE, and every other code that says why something is not a table of this record that may be trusted.
static inline int shmrec_table_create(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                      uint64_t capacity, const shmrec_options *options, shmrec_error *error) {
    return shmrec_table_create_as(table, address, layout, capacity, false, options, error);
}

// As shmrec_table_open_writer, as the one writer or as one of many, who share it.
static inline int shmrec_table_open_writer_as(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                              bool shared, const shmrec_options *options, shmrec_error *error) {
    memset(table, 0, sizeof *table);
    table->is_shared = shared;
    int code = shmrec_address_parse(&table->address, address, error);
    if (code == SHMREC_OK) {
        const shmrec_options resolved = shmrec_resolve(options);
        const shmrec_task task = shmrec_task_begin("open for writing", table->address.text, &resolved, error);
        uint64_t pause_ns = 0;
        bool again = true, retired;
        table->options = resolved;
        while (code == SHMREC_OK && again) {
            code = shmrec_attach(table, layout, true, &resolved, &retired, &task);
            code = code != SHMREC_OK ? code : shmrec_take_over(table, retired, &again, &task);
            code = shmrec_again(code, &again, &pause_ns, &table->address, &task);
        }
    }
    return shmrec_finish(table, code, error);
}

// Takes over the table at `address`, whatever its capacity, when its writer is gone. What the last writer left
// half-written is finished; the epoch is counted up. Errors: SHMREC_NOT_FOUND, SHMREC_GUARD_LOST, and as
// shmrec_table_create.
static inline int shmrec_table_open_writer(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                           const shmrec_options *options, shmrec_error *error) {
    return shmrec_table_open_writer_as(table, address, layout, false, options, error);
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
        const shmrec_task task = shmrec_task_begin("open for reading", table->address.text, &table->options, error);
        code = shmrec_attach_reader(table, layout, &table->options, &task);
    }
    return shmrec_finish(table, code, error);
}

// Closes a handle: gives a lock back that it holds, unmaps, gives the role back, frees. The table stays.
static inline void shmrec_table_close(shmrec_table *table) {
    shmrec_turn_drop(table);
    shmrec_table_release(table);
}

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
        uint64_t pause_ns = 0;
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

#endif
