// replace.h: how a table gives way to another one at its address, whoever writes to it: a writer that is stopped, hangs,
// dumps core or has lost its guard cannot be proven dead, so nobody else ever writes to its segment. Relies on create.h
// and remove.h, of whose steps it consists; docs/FORMAT.md lists them.

#ifndef SHMRECORD_REPLACE_H
#define SHMRECORD_REPLACE_H

#include "create.h"
#include "lifecycle.h"
#include "remove.h"

// Whether what is mapped, whose magic was seen, is a table of this record and this boot whose header can be believed; its
// values are carried over then.
static inline bool shmrec_is_same(shmrec_table *old, const shmrec_address *address, const shmrec_layout *layout,
                                  const shmrec_task *task) {
    const shmrec_task quiet = shmrec_task_quiet(task);
    unsigned char bytes[SHMREC_HEADER_BYTES];
    if (old->map.bytes < SHMREC_LIVE_END) {
        return false;
    }
    // Pairs with the release store of the magic, which its creator makes last.
    shmrec_fence_acquire();
    shmrec_table_copy_out(old, 0, bytes, sizeof bytes);
    return shmrec_header_decode(&old->header, bytes, old->map.bytes, &quiet) == SHMREC_OK &&
           shmrec_is_of(&old->header, layout) && !shmrec_of_another_boot(&old->header) &&
           shmrec_is_of_this_namespace(address, old->header.guard);
}

// What is there now, mapped to be written to. No mapping: nothing, or nothing finished.
static inline int shmrec_find_old(shmrec_table *old, const shmrec_address *address, const shmrec_task *task) {
    shmrec_found found;
    memset(old, 0, sizeof *old);
    int code = shmrec_find(&found, address, true, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND ? SHMREC_OK : code;
    }
    old->identity = found.identity;
    code = shmrec_map_ours(&old->map, &found, task);
    shmrec_found_close(&found);
    return code == SHMREC_NOT_FOUND || shmrec_may_pass(address, code) ? SHMREC_OK : code;
}

// Ends the turns of the old table's writers, so that what one of them does in several writes is carried over whole, or
// counts as a death's. It takes at most half of the time that is left: names are to be changed in the rest.
static inline void shmrec_replace_turns(shmrec_build *build, const shmrec_guard *guard, const shmrec_task *task) {
    const uint64_t now = shmrec_monotonic_ns(), end_ns = task->deadline_ns;
    const shmrec_task quiet = shmrec_task_quiet(task);
    if (build->carries && !build->is_closed) {
        // Where the semaphore is not found nobody is known to be out of a turn.
        const bool found = shmrec_find_semaphore(build->old, &build->old->header, &quiet) == SHMREC_OK;
        build->poison =
            shmrec_turns_close(build->old, guard, found, now < end_ns ? now + (end_ns - now) / 2 : now);
        build->is_closed = true;
    }
}

// One round: the old table gives way. `*begun`: it is marked. `*again`: not yet. `*gone`: somebody else has taken it away,
// or has the name that it gave away.
static inline int shmrec_replace_round(shmrec_table *table, shmrec_build *build, bool *begun, bool *again, bool *gone,
                                       const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    shmrec_guard guard;
    bool leads = false, taken = true, current = false;
    int code = shmrec_guard_open_or_create(&guard, address, shmrec_private(), task);
    code = code != SHMREC_OK ? code : shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address, build->old->identity, &leads, task);
    if (code == SHMREC_OK && !leads && *begun) {
        code = shmrec_is_taken(address, &taken, task);
    }
    *gone = code == SHMREC_OK && !leads && taken;
    if (code == SHMREC_OK && !*gone) {
        code = shmrec_guard_is_current(&guard, address, &current, task);
    }
    *again = !*gone && !current;
    if (code == SHMREC_OK && current) {
        *begun = true;
        shmrec_retire(&build->old->map);
        shmrec_replace_turns(build, &guard, task);
        // Its lock for writing may be taken for ever. From here on the segment is one whose remover was killed.
        code = shmrec_guard_unlink(&guard, address, task);
        code = code != SHMREC_OK ? code : shmrec_build_publish(table, build, again, task);
    }
    shmrec_guard_close(&guard);
    return code;
}

// Replaces what is mapped in `old`; or what somebody else has put there meanwhile is taken over.
static inline int shmrec_replace_old(shmrec_table *table, shmrec_build *build, shmrec_table *old,
                                     const shmrec_task *task) {
    uint64_t pause_ns = 1000;
    bool begun = false, again = true, gone = false;
    build->old = old;
    build->carries = shmrec_is_same(old, &table->address, build->layout, task);
    // Before anything is touched, so that a failure for want of space changes nothing.
    int code = shmrec_draft_prepare(&build->draft, &table->address, &build->segment, task);
    code = code != SHMREC_OK ? code : shmrec_draft_rehearse(&table->address, &build->segment, task);
    while (code == SHMREC_OK && again) {
        code = shmrec_replace_round(table, build, &begun, &again, &gone, task);
        if (code == SHMREC_OK && again && !shmrec_pause(&pause_ns, task->deadline_ns)) {
            code = shmrec_fail_plain(task, SHMREC_RETIRED);
        }
    }
    build->old = NULL;
    build->carries = false;
    if (code == SHMREC_OK && gone) {
        return shmrec_create_rounds(table, build, task);
    }
    shmrec_draft_drop(&build->draft, task);
    return code;
}

// Makes a table at `address` that takes the place of the one that is there, whoever writes to that: for a writer that is
// stopped, hangs, dumps core, or whose guard was lost, and who cannot be proven dead. Who has the role gives it up without
// being asked: shmrec_table_status tells SHMREC_STATUS_RETIRED. Where nothing is there, as shmrec_table_create; so it is
// where another process replaces the same table at the same time, and the faster one is the writer.
//
// The new table begins with the last values and versions of the old one, when that is of the same record, of this boot
// and not damaged: up to its capacity, whatever cells and arrangement either has. A batch is in it or not, unless the
// old writer goes on to publish batches without a pause until the timeout. Only a record that cannot be read until the
// timeout begins anew. Otherwise all do. What the old writer still publishes, should it go
// on, stays in the old table, and who read it there may see another value of the same version.
//
// There is memory for both tables, until the last process closes the old one. Killed, or failing, this leaves either
// the old table, or the old one marked as removed, with its values, which the next call to this replaces with them and
// the next shmrec_table_create without; or, between two system calls in which the new file takes the name of the old
// one, nothing. A System V segment has its key before its contents, so there this moment begins before the new one is
// made and lasts until the values are copied. Whether there is memory for it, and may be locked, is tried before on
// memory that has no key: only if somebody else takes that meanwhile are the values lost. Who creates a table at the
// address while this is under way, the old writer that starts anew for one, may be the faster one, without the values:
// then this says SHMREC_WRITER_ALIVE.
//
// The timeout is for locks, and again for what a writer keeps from being copied, which may be for each attempt to copy a
// state that no batch changes. Copying what is at rest takes as long as it takes, as does memory until it is there: that is
// work, for which nobody is waited for.
//
// Errors: as shmrec_table_create; SHMREC_BAD_MAGIC when something is there that is not ours.
//
// `shared`: the new one is for many writers, whatever the old one was for.
static inline int shmrec_table_replace(shmrec_table *table, const char *address, const shmrec_layout *layout,
                                       uint64_t capacity, bool shared, const shmrec_options *options,
                                       shmrec_error *error) {
    shmrec_build build;
    shmrec_table old; // only its mapping, identity and header are used
    shmrec_task task;
    memset(&old, 0, sizeof old);
    int code = shmrec_build_begin(&build, table, "replace", address, layout, capacity, shared, options, &task,
                                  error);
    code = code != SHMREC_OK ? code : shmrec_find_old(&old, &table->address, &task);
    if (code == SHMREC_OK) {
        code = old.map.base != NULL ? shmrec_replace_old(table, &build, &old, &task)
                                    : shmrec_create_rounds(table, &build, &task);
    }
    shmrec_unmap(&old.map);
    return shmrec_finish(table, code, error);
}

// For SHMREC_DEFINE_TABLE.
#define SHMREC_DEFINE_REPLACE(T)                                                                                      \
    static inline int T##_replace(T##_writer *writer, const char *address, uint64_t capacity,                         \
                                  const shmrec_options *options, shmrec_error *error) {                               \
        return shmrec_table_replace(&writer->table, address, &T##_layout, capacity, false, options, error);           \
    }                                                                                                                 \
    static inline int T##_replace_shared(T##_writer *writer, const char *address, uint64_t capacity,                  \
                                         const shmrec_options *options, shmrec_error *error) {                        \
        return shmrec_table_replace(&writer->table, address, &T##_layout, capacity, true, options, error);            \
    }

#endif
