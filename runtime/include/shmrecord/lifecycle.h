// lifecycle.h: attach, take over and join. Relies on agreement.h, segment.h, role.h, join.h and options.h; knows of a
// record type only its layout. docs/FORMAT.md lists the same steps; create.h and remove.h have the others.
//
// Every step leaves something that the next one to come can use, wherever its process is killed: a segment has its name
// only when it is complete, or counts as absent until then; locks die with their holder, and a take-over can be
// repeated. Every function that fails leaves nothing open, mapped, locked or allocated.

#ifndef SHMRECORD_LIFECYCLE_H
#define SHMRECORD_LIFECYCLE_H

#include "agreement.h"
#include "batch.h"
#include "join.h"
#include "options.h"
#include "role.h"
#include "segment.h"

// The error that says what is there instead of a segment of ours.
static inline int shmrec_fail_foreign(const shmrec_table *table, const shmrec_task *task) {
    shmrec_facts facts;
    char words[96];
    const int code = shmrec_segment_facts(&facts, table->map.handle, table->map.of_file, table->identity, task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_facts_words(words, &facts);
    return shmrec_fail(task, SHMREC_BAD_MAGIC, 0, "%s: %s", shmrec_code_text(SHMREC_BAD_MAGIC), words);
}

// Validates a private copy of the header of the mapping in `table`; of another boot, and of another version of the
// record, only if these options accept it: a reader's, or NULL. A table that is `*retired` is not compared with the
// layout: whoever finds it removes it. Only this answer counts from then on, for who may write the segment could change
// the word, and what was not compared must not be used.
static inline int shmrec_validate(shmrec_table *table, const shmrec_layout *layout, const shmrec_options *accepted,
                                  bool *retired, const shmrec_task *task) {
    unsigned char bytes[SHMREC_HEADER_BYTES];
    if (shmrec_load(shmrec_table_word(table, SHMREC_HEADER_MAGIC)) == 0) {
        return shmrec_fail_plain(task, SHMREC_NOT_READY);
    }
    // Pairs with the release store of the magic, which its creator makes last.
    shmrec_fence_acquire();
    shmrec_table_copy_out(table, 0, bytes, sizeof bytes);
    const int code = shmrec_header_decode(&table->header, bytes, table->map.bytes, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_BAD_MAGIC ? shmrec_fail_foreign(table, task) : code;
    }
    table->header.of_another_boot = shmrec_of_another_boot(&table->header);
    if (table->header.of_another_boot && (accepted == NULL || !accepted->any_boot)) {
        return shmrec_fail_plain(task, SHMREC_STALE_BOOT);
    }
    if (!shmrec_is_of_this_namespace(&table->address, table->header.guard)) {
        return shmrec_fail_plain(task, SHMREC_NAMESPACE_MISMATCH);
    }
    *retired = shmrec_table_retired(table);
    const bool grown = accepted != NULL && accepted->compatible;
    return *retired ? SHMREC_OK : shmrec_check_layout(table, layout, grown, task);
}

static inline int shmrec_check_size(uint64_t bytes, const shmrec_task *task) {
    if (bytes >= SHMREC_LIVE_END) {
        return SHMREC_OK;
    }
    return shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0, "%llu bytes long, %u expected",
                       SHMREC_CAST(unsigned long long, bytes), SHMREC_LIVE_END);
}

// Finds, maps and validates the segment at the table's address; nothing in the segment is changed. `*retired`: it was
// removed, and is not known to be of this record.
static inline int shmrec_attach(shmrec_table *table, const shmrec_layout *layout, bool writable,
                                const shmrec_options *options, bool *retired, const shmrec_task *task) {
    const shmrec_wishes wishes = shmrec_wish(options->huge_pages, options->lock_memory);
    shmrec_found found;
    *retired = false;
    shmrec_find_vectors();
    int code = shmrec_find(&found, &table->address, writable, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_check_size(found.bytes, task);
    code = code != SHMREC_OK ? code : shmrec_map_found(&table->map, &found, writable, wishes, task);
    if (code == SHMREC_OK) {
        table->identity = found.identity;
        code = shmrec_validate(table, layout, writable ? NULL : options, retired, task);
        // A removed table is about to give way.
        if (code == SHMREC_OK && !*retired) {
            code = shmrec_map_settle(&table->map, wishes, task);
        }
        if (code != SHMREC_OK) {
            shmrec_table_unmap(table);
        }
    }
    shmrec_found_close(&found);
    return code;
}

// Attaches for reading, once the segment is complete.
static inline int shmrec_attach_reader(shmrec_table *table, const shmrec_layout *layout,
                                       const shmrec_options *options, const shmrec_task *task) {
    uint64_t pause_ns = 1000;
    bool retired;
    int code;
    do {
        code = shmrec_attach(table, layout, false, options, &retired, task);
    } while (shmrec_may_pass(&table->address, code) && shmrec_pause(&pause_ns, task->deadline_ns));
    if (code == SHMREC_OK && retired) {
        code = shmrec_let_go(&table->address, table->identity, task);
        return code != SHMREC_OK ? code : shmrec_fail_plain(task, SHMREC_RETIRED);
    }
    return code;
}

// The role is taken: by whom, as far as the segment tells and the process list confirms.
static inline int shmrec_fail_alive(const shmrec_table *table, const shmrec_task *task) {
    const uint64_t pid = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_OWNER_PID));
    const uint64_t start = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_OWNER_START));
    uint64_t now;
    if (!shmrec_is_process(pid, start)) {
        return shmrec_fail_plain(task, SHMREC_WRITER_ALIVE);
    }
    if (pid == SHMREC_CAST(uint64_t, getpid()) && shmrec_own_start(&now) && now == start) {
        return shmrec_fail_plain(task, SHMREC_ALREADY_HELD_HERE);
    }
    const int code = shmrec_fail(task, SHMREC_WRITER_ALIVE, 0, "process %llu holds the role of writer",
                                 SHMREC_CAST(unsigned long long, pid));
    return shmrec_naming(task, SHMREC_CAST(int32_t, pid), code); // there is such a process: it fits
}

// Makes the table this process's: the role and the guard that holds it.
static inline void shmrec_hold_role(shmrec_table *table, const shmrec_guard *guard) {
    table->guard = *guard;
    table->holds_role = true;
    shmrec_prepare_to_write(table);
}

// Finishes the removal of a retired table whose remover was killed between marking and unlinking, under whatever guard
// has the name: its own may be gone.
static inline int shmrec_finish_removal(const shmrec_table *table, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    shmrec_guard guard;
    bool guard_current = false, current = false;
    int code = shmrec_guard_open_or_create(&guard, address, shmrec_private(), task);
    code = code != SHMREC_OK ? code : shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_guard_is_current(&guard, address, &guard_current, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address, table->identity, &current, task);
    if (code == SHMREC_OK && guard_current && current) {
        shmrec_retire(&table->map); // its remover may not have come to tell everybody
        code = shmrec_unlink(address, table->identity, task);
        code = code != SHMREC_OK ? code : shmrec_guard_unlink(&guard, address, task);
    }
    shmrec_guard_close(&guard);
    return code;
}

// Takes the role of the only writer, under the guard's lock for creating and removing, and finishes what the last one
// left.
static inline int shmrec_succeed(shmrec_table *table, shmrec_guard *guard, const shmrec_task *task) {
    bool locked = false;
    const int code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_WRITER, &locked, task);
    if (code != SHMREC_OK || !locked) {
        return code != SHMREC_OK ? code : shmrec_fail_alive(table, task);
    }
    shmrec_table_recover(table);
    shmrec_announce_recovery(table);
    return SHMREC_OK;
}

// Takes the role in an attached table whose guard is open. `*again`: the table was replaced meanwhile.
static inline int shmrec_claim(shmrec_table *table, shmrec_guard *guard, bool *again, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    bool current = false;
    int code = shmrec_guard_lock_create(guard, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address, table->identity, &current, task);
    *again = !current || shmrec_table_retired(table);
    if (code != SHMREC_OK || *again) {
        return code;
    }
    code = table->is_shared ? shmrec_join(table, guard, task) : shmrec_succeed(table, guard, task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_table_begin_epoch(table, shmrec_unix_ns());
    return shmrec_guard_unlock_create(guard, task);
}

// Takes the role of writer in an attached table, which was `retired` then or not. `*again`: the table was replaced
// meanwhile, attach again. The mapping stays only on success.
static inline int shmrec_take_over(shmrec_table *table, bool retired, bool *again, const shmrec_task *task) {
    shmrec_guard guard;
    int code;
    *again = retired;
    if (retired) {
        code = shmrec_finish_removal(table, task);
        shmrec_unmap(&table->map);
        return code;
    }
    code = shmrec_check_writers(table, task);
    code = code != SHMREC_OK ? code : shmrec_find_semaphore(table, &table->header, task);
    if (code != SHMREC_OK) {
        shmrec_unmap(&table->map);
        return code;
    }
    code = shmrec_guard_open(&guard, &table->address, task);
    const bool found = code == SHMREC_OK;
    if (found && shmrec_same(guard.identity, table->header.guard)) {
        code = shmrec_claim(table, &guard, again, task);
        if (code == SHMREC_OK && !*again) {
            shmrec_hold_role(table, &guard);
            return SHMREC_OK;
        }
    } else if (found || code == SHMREC_NOT_FOUND) {
        bool current;
        code = shmrec_leads_to(&table->address, table->identity, &current, task);
        // A replacement marks the segment, then unlinks its guard, and lets it have its name until there are the new
        // values. So, with the kernel's look at the guard in between, who misses the guard of a replaced segment finds
        // the mark.
        *again = !current || shmrec_table_retired(table);
        if (code == SHMREC_OK && !*again) {
            code = shmrec_fail(task, SHMREC_GUARD_LOST, 0, "guard lost: %s",
                               found ? "it is not the one that the segment was made with" : "it was removed");
        }
    }
    shmrec_guard_close(&guard);
    shmrec_unmap(&table->map);
    return code;
}

#endif
