// remove.h: how tables go: by name, or as what a creator left that died before it stored the magic. Relies on region.h,
// role.h and abi.h; knows no record type.

#ifndef SHMRECORD_REMOVE_H
#define SHMRECORD_REMOVE_H

#include "abi.h"
#include "region.h"
#include "role.h"

// Maps what must be a segment of ours, however damaged: nothing else is ever removed.
static inline int shmrec_map_ours(shmrec_map *map, const shmrec_found *found, const shmrec_task *task) {
    map->base = NULL;
    uint64_t magic = 0;
    if (found->bytes >= sizeof magic) {
        const int code = shmrec_map_found(map, found, true, task);
        if (code != SHMREC_OK) {
            return code;
        }
        magic = shmrec_load(shmrec_word(map->base, SHMREC_HEADER_MAGIC));
    }
    if (magic == SHMREC_MAGIC) {
        return SHMREC_OK;
    }
    shmrec_unmap(map);
    // As long as a System V segment has no magic, nobody knows whose it is.
    const int code = magic == 0 && !found->is_file ? SHMREC_NOT_READY : SHMREC_BAD_MAGIC;
    return shmrec_fail(task, code, 0, "%s: it is not removed", shmrec_code_text(code));
}

// Retires and unlinks this segment, then its guard. `*again`: the names changed meanwhile.
static inline int shmrec_remove_found(const shmrec_address *address, const shmrec_found *found, const shmrec_map *map,
                                      bool *again, const shmrec_task *task) {
    shmrec_guard guard;
    bool guard_current = false, current = false;
    int code = shmrec_guard_open_or_create(&guard, address, shmrec_private(), task);
    code = code != SHMREC_OK ? code : shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_guard_is_current(&guard, address, &guard_current, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address, found->identity, &current, task);
    *again = !guard_current || !current;
    if (code == SHMREC_OK && !*again) {
        // One that was cut too short for a state has no handle that could ask for it.
        if (map->bytes >= SHMREC_LIVE_END) {
            shmrec_store_release(shmrec_word(map->base, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
        }
        code = shmrec_unlink(address, found->identity, task);
        code = code != SHMREC_OK ? code : shmrec_guard_unlink(&guard, address, task);
    }
    shmrec_guard_close(&guard);
    return code;
}

// Removes a guard without a segment, which a creator that was killed may leave. A set that is no guard of ours belongs
// to somebody else.
static inline int shmrec_remove_lone_guard(const shmrec_address *address, const shmrec_task *task) {
    shmrec_guard guard;
    bool taken;
    int code = shmrec_guard_open(&guard, address, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND || code == SHMREC_GUARD_MISMATCH ? SHMREC_OK : code;
    }
    code = shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_is_taken(address, &taken, task);
    if (code == SHMREC_OK && !taken) {
        code = shmrec_guard_unlink(&guard, address, task);
    }
    shmrec_guard_close(&guard);
    return code;
}

// One round of removal. `*again`: the names changed meanwhile.
static inline int shmrec_remove_round(const shmrec_address *address, bool *again, const shmrec_task *task) {
    shmrec_found found;
    shmrec_map map;
    *again = false;
    int code = shmrec_find(&found, address, true, task);
    if (code == SHMREC_NOT_FOUND) {
        code = shmrec_remove_lone_guard(address, task);
        if (code != SHMREC_OK) {
            return code;
        }
        return address->is_memfd ? shmrec_memfd_absent(task)
                                 : shmrec_fail_os(task, address->is_file ? "open" : "shmget", ENOENT);
    }
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_map_ours(&map, &found, task);
    if (code == SHMREC_OK) {
        code = shmrec_remove_found(address, &found, &map, again, task);
        shmrec_unmap(&map);
    }
    shmrec_found_close(&found);
    return code;
}

// Under the lock for creating: removes this segment if it is still incomplete, now that nobody completes it.
// `*again`: it is gone, or complete.
static inline int shmrec_clear_found(const shmrec_address *address, const shmrec_found *found,
                                     const shmrec_guard *guard, uint64_t bytes, bool *again, const shmrec_task *task) {
    shmrec_map map;
    bool current;
    int code = shmrec_map_found(&map, found, false, task);
    if (code != SHMREC_OK) {
        return code;
    }
    *again = shmrec_load(shmrec_word(map.base, SHMREC_HEADER_MAGIC)) != 0;
    shmrec_unmap(&map);
    if (*again) {
        return SHMREC_OK;
    }
    code = shmrec_guard_is_current(guard, address, &current, task);
    if (code == SHMREC_OK && (found->bytes != bytes || !current)) {
        return shmrec_fail_plain(task, SHMREC_NOT_READY);
    }
    *again = true;
    return code != SHMREC_OK ? code : shmrec_unlink(address, found->identity, task);
}

// Removes a System V segment whose creator died before it stored the magic: one of the size that is wanted, with a
// guard like ours. `*again`: look again what is there. A file gets its name when it is complete, so that it is not
// ours.
static inline int shmrec_clear_unfinished(const shmrec_address *address, uint64_t bytes, bool *again,
                                          const shmrec_task *task) {
    shmrec_guard guard;
    shmrec_found found;
    if (!shmrec_may_pass(address, SHMREC_NOT_READY)) {
        return shmrec_fail_plain(task, SHMREC_NOT_READY);
    }
    int code = shmrec_guard_open(&guard, address, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND ? shmrec_fail_plain(task, SHMREC_NOT_READY) : code;
    }
    code = shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_find(&found, address, true, task);
    if (code == SHMREC_OK) {
        code = shmrec_clear_found(address, &found, &guard, bytes, again, task);
    } else if (code == SHMREC_NOT_FOUND) {
        *again = true;
        code = SHMREC_OK;
    }
    shmrec_guard_close(&guard);
    return code;
}

#endif
