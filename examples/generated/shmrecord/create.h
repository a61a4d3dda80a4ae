// create.h: a new table, complete or absent, or the one that is there. Relies on lifecycle.h; docs/FORMAT.md has the
// steps.

#ifndef SHMRECORD_CREATE_H
#define SHMRECORD_CREATE_H

#include "lifecycle.h"

// A new table as asked for, and as far as it is made: a complete segment without a name, whose header lacks only the
// guard's identity.
typedef struct shmrec_build {
    const shmrec_layout *layout;
    shmrec_options options; // resolved
    shmrec_header header;
    shmrec_file file;
    void *base; // NULL: not made yet
} shmrec_build;

// An existing table must have what was asked for; what was not asked for may be anything.
static inline int shmrec_check_shape(const shmrec_table *table, const shmrec_build *build, const shmrec_task *task) {
    const shmrec_shape *found = &table->header.shape, *asked = &build->header.shape;
    if (found->capacity != asked->capacity) {
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another capacity: %llu found, %llu asked for",
                           SHMREC_CAST(unsigned long long, found->capacity),
                           SHMREC_CAST(unsigned long long, asked->capacity));
    }
    if (build->options.cells != 0 && found->cells != asked->cells) {
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another number of cells: %u found, %u asked for", found->cells,
                           asked->cells);
    }
    if (build->options.arrangement != SHMREC_ARRANGEMENT_ANY && found->arrangement != asked->arrangement) {
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0, "it exists with another arrangement: %s found, %s asked for",
                           shmrec_arrangement_name(found->arrangement), shmrec_arrangement_name(asked->arrangement));
    }
    return SHMREC_OK;
}

static inline void shmrec_build_drop(shmrec_build *build) {
    if (build->base != NULL) {
        (void)munmap(build->base, build->file.bytes);
        build->base = NULL;
        shmrec_file_close(&build->file);
    }
}

// Makes the segment without a name, its space reserved and every page present, so that a failure for want of space
// leaves nothing at all.
static inline int shmrec_build_make(shmrec_build *build, const char *directory, const shmrec_task *task) {
    const uint64_t bytes = build->header.geometry.segment_bytes;
    shmrec_boot_id(build->header.boot_id);
    build->header.created_unix_ns = shmrec_unix_ns();
    int code = shmrec_file_unnamed(&build->file, directory, build->options.mode, task);
    if (code != SHMREC_OK) {
        return code;
    }
    build->file.bytes = bytes;
    code = shmrec_file_reserve(&build->file, bytes, task);
    code = code != SHMREC_OK ? code : shmrec_map(&build->base, &build->file, true, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(&build->file);
        return code;
    }
    code = shmrec_populate(build->base, bytes, task);
    const int problem = code == SHMREC_OK ? shmrec_random(build->header.generation) : 0;
    if (problem != 0) {
        code = shmrec_fail_os(task, "getrandom", problem);
    }
    if (code != SHMREC_OK) {
        shmrec_build_drop(build);
    }
    return code;
}

// Gives the built segment its writer and its name, under the locks of a guard that is open. `*again`: something else
// was there first.
static inline int shmrec_build_name(shmrec_table *table, shmrec_build *build, const shmrec_file *guard, bool *again,
                                    const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    bool current = false, locked = false, taken = false;
    int code = shmrec_guard_lock_create(guard, address->guard, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address->guard, guard->identity, &current, task);
    if (code != SHMREC_OK || !current) {
        *again = true;
        return code;
    }
    code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_WRITER, &locked, task);
    if (code == SHMREC_OK && !locked) {
        struct stat facts;
        if (shmrec_sys_lstat(address->path, &facts) == 0) {
            *again = true; // somebody created it meanwhile: its writer's name is there
            return SHMREC_OK;
        }
        return shmrec_fail(task, SHMREC_WRITER_ALIVE, 0, "%s: it writes to a segment that lost this name",
                           shmrec_code_text(SHMREC_WRITER_ALIVE));
    }
    if (code != SHMREC_OK) {
        return code;
    }
    build->header.guard = guard->identity;
    table->base = build->base;
    table->bytes = build->file.bytes;
    table->identity = build->file.identity;
    table->header = build->header;
    shmrec_table_format(table, build->layout->description);
    code = shmrec_file_publish(&build->file, address->path, &taken, task);
    *again = taken;
    code = code != SHMREC_OK || taken ? code : shmrec_guard_unlock_create(guard, task);
    if (code != SHMREC_OK || taken) {
        table->base = NULL; // still the build's
    }
    return code;
}

// The step of creation when nothing has the name.
static inline int shmrec_build_publish(shmrec_table *table, shmrec_build *build, bool *again, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    shmrec_file guard;
    int code = build->base != NULL ? SHMREC_OK : shmrec_build_make(build, address->directory, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_guard_open_or_create(&guard, address->guard, address->directory, build->options.mode, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_build_name(table, build, &guard, again, task);
    if (code == SHMREC_OK && !*again) {
        shmrec_hold_role(table, &guard);
        build->base = NULL; // now the table's
        shmrec_file_close(&build->file);
    } else {
        shmrec_file_close(&guard);
    }
    return code;
}

// One round: takes the table that is there, or names a new one. `*again`: neither, for somebody was faster.
static inline int shmrec_create_round(shmrec_table *table, shmrec_build *build, bool *again, const shmrec_task *task) {
    *again = false;
    int code = shmrec_attach(table, build->layout, true, task);
    if (code == SHMREC_NOT_FOUND) {
        return shmrec_build_publish(table, build, again, task);
    }
    if (code == SHMREC_OK && !shmrec_table_retired(table)) {
        code = shmrec_check_shape(table, build, task);
        if (code != SHMREC_OK) {
            shmrec_table_unmap(table);
        }
    }
    return code != SHMREC_OK ? code : shmrec_take_over(table, again, task);
}

// Rounds until one succeeds, fails, or the deadline has passed.
static inline int shmrec_create_rounds(shmrec_table *table, shmrec_build *build, const shmrec_task *task) {
    uint64_t pause_ns = 1000;
    bool again = true;
    int code = SHMREC_OK;
    while (again) {
        code = shmrec_create_round(table, build, &again, task);
        if (code != SHMREC_OK) {
            break;
        }
        if (again && !shmrec_pause(&pause_ns, task->deadline_ns)) {
            code = shmrec_fail_plain(task, SHMREC_RETIRED);
            break;
        }
    }
    shmrec_build_drop(build);
    return code;
}

#endif
