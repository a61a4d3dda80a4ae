// create.h: a new table, complete or absent, or the one that is there. Relies on carry.h, draft.h, lifecycle.h and
// remove.h; docs/FORMAT.md has the steps.

#ifndef SHMRECORD_CREATE_H
#define SHMRECORD_CREATE_H

#include "carry.h"
#include "draft.h"
#include "lifecycle.h"
#include "remove.h"

// A new table as asked for, and as far as it is made; its header lacks only the guard's identity.
typedef struct shmrec_build {
    const shmrec_layout *layout;
    shmrec_options options; // resolved
    shmrec_new_segment segment;
    shmrec_header header;
    shmrec_draft draft;
    shmrec_table *old; // gives way to it; NULL: nothing does
    uint64_t poison;   // what became of its turns, once they are closed
    bool carries;      // its values are carried over
    bool is_closed;
    uint8_t reserved[6];
} shmrec_build;

// The segment that the geometry and these options ask for. Behind the description there are only records, all zeros.
static inline void shmrec_build_segment(shmrec_build *build) {
    const shmrec_geometry *g = &build->header.geometry;
    const shmrec_options *options = &build->options;
    build->segment.bytes = g->segment_bytes;
    build->segment.present_bytes =
        options->sparse ? g->description_offset + g->description_bytes : g->segment_bytes;
    build->segment.exclusive = options->exclusive;
    build->segment.rights = shmrec_rights_of(options->mode, options->has_group ? options->group : SHMREC_NO_GROUP);
    build->segment.wishes = shmrec_wish(options->huge_pages, options->lock_memory);
}

// What is asked for, at an address that is parsed into the handle, if it can be. The task begins.
static inline int shmrec_build_begin(shmrec_build *build, shmrec_table *table, const char *operation,
                                     const char *address, const shmrec_layout *layout, uint64_t capacity,
                                     bool shared, const shmrec_options *options, shmrec_task *task,
                                     shmrec_error *error) {
    memset(table, 0, sizeof *table);
    table->is_shared = shared;
    memset(build, 0, sizeof *build);
    int code = shmrec_address_parse(&table->address, address, error);
    if (code != SHMREC_OK) {
        return code;
    }
    build->layout = layout;
    build->options = shmrec_resolve(options);
    *task = shmrec_task_begin(operation, table->address.text, &build->options, error);
    table->options = build->options;
    if (build->options.exclusive && (!table->address.is_memfd || shared)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad option: only a memfd%s can be exclusive",
                           table->address.is_memfd ? " of one writer" : "");
    }
    code = shmrec_plan(&build->header.shape, &build->header.geometry, layout, capacity, shared, &build->options, task);
    build->header.semaphore_key = build->options.semaphore_key;
    build->header.semaphore_index = build->options.semaphore_index;
    code = code != SHMREC_OK ? code : shmrec_find_semaphore(table, &build->header, task);
    if (code == SHMREC_OK) {
        shmrec_build_segment(build);
        build->header.layout_id = layout->layout_id;
        build->header.schema_id = layout->schema_id;
        build->header.description_checksum = shmrec_fnv1a(layout->description, layout->description_bytes);
    }
    return code;
}

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
    if (build->options.doorbell && found->wake_policy != SHMREC_WAKE_DOORBELL) {
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another way of waking: none found, a doorbell asked for");
    }
    if (build->options.stamps && !table->header.stamps) {
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another way of keeping time: none found, stamps asked for");
    }
    const shmrec_header *header = &table->header;
    const uint32_t key = build->options.semaphore_key, at = build->options.semaphore_index;
    if (key != 0 && found->guard_kind != SHMREC_GUARD_ONE &&
        (header->semaphore_key != key || header->semaphore_index != at)) {
        char name[32] = "none";
        if (header->semaphore_key != 0) {
            (void)snprintf(name, sizeof name, "0x%x[%u]", header->semaphore_key, header->semaphore_index);
        }
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another semaphore: %s found, 0x%x[%u] asked for", name, key, at);
    }
    if (build->options.exclusive) { // an exclusive one cannot have been opened for writing
        return shmrec_fail(task, SHMREC_SHAPE_MISMATCH, 0,
                           "it exists with another sealing: shared found, exclusive asked for");
    }
    return SHMREC_OK;
}

// What the header says of this moment: boot, time, generation.
static inline int shmrec_build_date(shmrec_build *build, const shmrec_task *task) {
    shmrec_boot_id(build->header.boot_id);
    build->header.created_unix_ns = shmrec_unix_ns();
    build->header.stamps = build->options.stamps;
    const int problem = shmrec_random(build->header.generation);
    return problem == 0 ? SHMREC_OK : shmrec_fail_os(task, "getrandom", problem);
}

// Takes the name away from the old table, if one gives way.
static inline int shmrec_build_make_room(const shmrec_build *build, const shmrec_address *address,
                                         const shmrec_task *task) {
    return build->old != NULL ? shmrec_unlink(address, build->old->identity, task) : SHMREC_OK;
}

// Fills the new segment in, its magic last.
static inline int shmrec_build_fill(shmrec_table *table, shmrec_build *build, const shmrec_guard *guard,
                                    const shmrec_task *task) {
    build->header.guard = guard->identity;
    table->map = build->draft.map;
    table->identity = build->draft.found.identity;
    table->header = build->header;
    int code = SHMREC_OK;
    if (build->carries) {
        shmrec_table_succeed(table, build->old, build->poison);
        code = shmrec_carry_over(table, build->old, task);
    }
    if (code == SHMREC_OK) {
        shmrec_table_format(table, build->layout->description);
    }
    return code;
}

// Under the guard's locks, with nothing at the address but what gives way: makes the segment complete and gives it its
// name. `*again`: something else has the name now.
static inline int shmrec_build_complete(shmrec_table *table, shmrec_build *build, const shmrec_guard *guard,
                                        bool *again, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    int code = shmrec_build_date(build, task);
    // A System V segment cannot be made without its key.
    if (code == SHMREC_OK && !address->is_file) {
        code = shmrec_build_make_room(build, address, task);
    }
    code = code != SHMREC_OK ? code : shmrec_draft_begin(&build->draft, address, &build->segment, again, task);
    if (code != SHMREC_OK || *again) {
        return code;
    }
    code = shmrec_build_fill(table, build, guard, task);
    // A file is complete before the old one loses its name, so that there is no more than a moment without one.
    if (code == SHMREC_OK && address->is_file) {
        code = shmrec_build_make_room(build, address, task);
    }
    code = code != SHMREC_OK ? code : shmrec_draft_publish(&build->draft, address, &build->segment, again, task);
    if (code != SHMREC_OK || *again) {
        table->map.base = NULL; // still the draft's
        shmrec_draft_drop(&build->draft, task); // the next round needs one that is not sealed
    }
    return code;
}

// Under a guard whose lock for creating is held, and let go on success: gives the new segment its writer and its name.
// `*again`: something else was there first.
static inline int shmrec_build_locked(shmrec_table *table, shmrec_build *build, shmrec_guard *guard, bool *again,
                                      const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    bool current = false, gives_way = false, taken = false, locked = false;
    int code = shmrec_guard_is_current(guard, address, &current, task);
    if (code == SHMREC_OK && current && build->old != NULL) {
        code = shmrec_leads_to(address, build->old->identity, &gives_way, task);
    }
    if (code == SHMREC_OK && current && !gives_way) {
        code = shmrec_is_taken(address, &taken, task);
    }
    *again = !current || taken;
    if (code != SHMREC_OK || *again) {
        return code;
    }
    code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_WRITER, &locked, task);
    if (code == SHMREC_OK && !locked) {
        code = shmrec_fail(task, SHMREC_WRITER_ALIVE, 0, "%s: it writes to a segment that lost this name",
                           shmrec_code_text(SHMREC_WRITER_ALIVE));
    }
    code = code != SHMREC_OK || !table->is_shared ? code : shmrec_take_first_slot(table, guard, task);
    code = code != SHMREC_OK ? code : shmrec_guard_set_rights(guard, address, build->segment.rights, task);
    code = code != SHMREC_OK ? code : shmrec_build_complete(table, build, guard, again, task);
    if (code != SHMREC_OK || *again) {
        return code;
    }
    code = table->is_shared ? shmrec_guard_try_share(guard, &locked, task) : SHMREC_OK; // held alone until now
    code = code != SHMREC_OK ? code : shmrec_guard_unlock_create(guard, task);
    if (code != SHMREC_OK) {
        const shmrec_task quiet = shmrec_task_quiet(task);
        (void)shmrec_take_away(address, table->identity, &table->map, guard, &quiet);
    }
    return code;
}

// Gives the new segment its guard, which is open, its writer and its name. `*again`: something else was there first.
static inline int shmrec_build_name(shmrec_table *table, shmrec_build *build, shmrec_guard *guard, bool *again,
                                    const shmrec_task *task) {
    int code = shmrec_guard_lock_create(guard, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_build_locked(table, build, guard, again, task);
    if (code != SHMREC_OK && code != SHMREC_WRITER_ALIVE) { // nothing is left behind but the guard of another writer
        const shmrec_task quiet = shmrec_task_quiet(task);
        (void)shmrec_unlink_lone(&table->address, guard, &quiet);
    }
    return code;
}

// The step of creation when nothing has the name.
static inline int shmrec_build_publish(shmrec_table *table, shmrec_build *build, bool *again, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    shmrec_guard guard;
    int code = shmrec_draft_prepare(&build->draft, address, &build->segment, task);
    code = code != SHMREC_OK ? code : shmrec_guard_open_or_create(&guard, address, build->segment.rights, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_build_name(table, build, &guard, again, task);
    if (code == SHMREC_OK && !*again) {
        shmrec_hold_role(table, &guard);
    } else {
        shmrec_guard_close(&guard);
    }
    return code;
}

// The step of creation when what has the name is not finished. `*again`: it is gone now.
static inline int shmrec_create_instead(const shmrec_address *address, const shmrec_build *build, bool *again,
                                        const shmrec_task *task) {
    if (!shmrec_may_pass(address, SHMREC_NOT_READY)) {
        return shmrec_fail_plain(task, SHMREC_NOT_READY);
    }
    const int code = shmrec_clear_unfinished(address, build->header.geometry.segment_bytes, again, task);
    return code == SHMREC_OK && !*again ? shmrec_fail_plain(task, SHMREC_NOT_READY) : code;
}

// One round: takes the table that is there, or names a new one. `*again`: neither, for somebody was faster.
static inline int shmrec_create_round(shmrec_table *table, shmrec_build *build, bool *again, const shmrec_task *task) {
    bool retired;
    *again = false;
    int code = shmrec_attach(table, build->layout, true, &build->options, &retired, task);
    if (code == SHMREC_NOT_FOUND) {
        return shmrec_build_publish(table, build, again, task);
    }
    if (code == SHMREC_NOT_READY) {
        return shmrec_create_instead(&table->address, build, again, task);
    }
    if (code == SHMREC_OK && !retired) {
        code = shmrec_check_shape(table, build, task);
        if (code != SHMREC_OK) {
            shmrec_unmap(&table->map);
        }
    }
    return code != SHMREC_OK ? code : shmrec_take_over(table, retired, again, task);
}

// Rounds until one succeeds, fails, or the deadline has passed.
static inline int shmrec_create_rounds(shmrec_table *table, shmrec_build *build, const shmrec_task *task) {
    uint64_t pause_ns = 0;
    bool again = true;
    int code = SHMREC_OK;
    while (code == SHMREC_OK && again) {
        code = shmrec_create_round(table, build, &again, task);
        code = shmrec_again(code, &again, &pause_ns, &table->address, task);
    }
    shmrec_draft_drop(&build->draft, task);
    return code;
}

#endif
