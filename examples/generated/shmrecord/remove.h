// remove.h: how tables go: by name, or as what a creator left that died before it stored the magic. Relies on region.h,
// role.h, abi.h and, for those who wait, doorbell.h; knows no record type.

#ifndef SHMRECORD_REMOVE_H
#define SHMRECORD_REMOVE_H

#include "abi.h"
#include "doorbell.h"
#include "region.h"
#include "role.h"

// The error of what is left alone, for it is not known to be ours: what is there.
static inline int shmrec_fail_kept(const shmrec_facts *facts, int code, const shmrec_task *task) {
    char words[96];
    shmrec_facts_words(words, facts);
    return shmrec_fail(task, code, 0, "%s: %s: it is not removed", shmrec_code_text(code), words);
}

// Maps what must be a segment of ours, however damaged: nothing else is ever removed. On failure nothing is
// mapped.
static inline int shmrec_map_ours(shmrec_map *map, shmrec_found *found, const shmrec_task *task) {
    shmrec_facts facts;
    uint64_t magic = 0;
    map->base = NULL;
    int code = shmrec_segment_facts(&facts, found->handle, found->is_file, found->identity, task);
    if (code == SHMREC_OK && found->bytes < sizeof magic) {
        return shmrec_fail_kept(&facts, SHMREC_BAD_MAGIC, task);
    }
    code = code != SHMREC_OK ? code : shmrec_map_found(map, found, true, shmrec_wish(SHMREC_NO_NEED, SHMREC_NO_NEED), task);
    if (code != SHMREC_OK) {
        return code;
    }
    magic = shmrec_load(shmrec_word(map->base, SHMREC_HEADER_MAGIC));
    if (magic == SHMREC_MAGIC) {
        return SHMREC_OK;
    }
    shmrec_unmap(map);
    // As long as a System V segment has no magic, its guard may know whose it is.
    return shmrec_fail_kept(&facts, magic == 0 && !found->is_file ? SHMREC_NOT_READY : SHMREC_BAD_MAGIC, task);
}

// Marks a segment as removed, and unlinks it and its guard. The caller holds the guard's lock for creating and removing.
static inline int shmrec_take_away(const shmrec_address *address, shmrec_identity identity, const shmrec_map *map,
                                   shmrec_guard *guard, const shmrec_task *task) {
    shmrec_retire(map);
    const int code = shmrec_unlink(address, identity, task);
    return code != SHMREC_OK ? code : shmrec_guard_unlink(guard, address, task);
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
        code = shmrec_take_away(address, found->identity, map, &guard, task);
    }
    shmrec_guard_close(&guard);
    return code;
}

// Removes a guard unless it has a segment. The caller holds its lock for creating and removing.
static inline int shmrec_unlink_lone(const shmrec_address *address, shmrec_guard *guard, const shmrec_task *task) {
    bool taken;
    const int code = shmrec_is_taken(address, &taken, task);
    return code != SHMREC_OK || taken ? code : shmrec_guard_unlink(guard, address, task);
}

// Removes a guard without a segment, which a creator that was killed may leave. A set that is no guard of ours belongs
// to somebody else.
static inline int shmrec_remove_lone_guard(const shmrec_address *address, const shmrec_task *task) {
    shmrec_guard guard;
    int code = shmrec_guard_open(&guard, address, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND || code == SHMREC_GUARD_MISMATCH ? SHMREC_OK : code;
    }
    code = shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_unlink_lone(address, &guard, task);
    shmrec_guard_close(&guard);
    return code;
}

// Whether this segment was left by a creator that died: nobody has it mapped, nobody has the role, and the process that
// made it is the one that last took the role of writer, or died with it; or it has the size that is wanted, if one is,
// which must do where PID namespaces hide the numbers. The caller holds the lock for creating, so no creator is on its
// way.
//
// A creator takes the role before it makes the segment, and nobody takes it after that until the segment is complete:
// those who look, as this function's callers, take the other lock. So the guard remembers a dead creator for as long as
// its segment is unfinished. Another program's segment passes only if that program got the number of a dead creator,
// under the same key, and has let go of its segment.
static inline int shmrec_of_dead_creator(const shmrec_address *address, const shmrec_found *found,
                                         const shmrec_guard *guard, uint64_t wanted, bool *yes,
                                         const shmrec_task *task) {
    shmrec_facts facts;
    uint32_t pid = 0;
    bool known = false, held = true;
    *yes = false;
    int code = shmrec_segment_facts(&facts, found->handle, found->is_file, found->identity, task);
    // A creator's is never too small for a header.
    if (code != SHMREC_OK || facts.attachments != 0 || found->bytes < SHMREC_LIVE_END) {
        return code;
    }
    // Nobody who lives has the role: it is one who lost another segment.
    code = shmrec_guard_held(address, guard->identity, SHMREC_LOCK_BYTE_WRITER, &known, &held, task);
    if (code != SHMREC_OK || !known || held) {
        return code;
    }
    if (wanted != 0 && found->bytes == wanted) {
        *yes = true;
        return SHMREC_OK;
    }
    code = shmrec_guard_last_pid(guard, SHMREC_LOCK_BYTE_WRITER, &pid, task);
    *yes = code == SHMREC_OK && pid != 0 && facts.creator_pid == pid;
    return code;
}

// Under the lock for creating: removes this segment if it is ours and still incomplete, now that nobody completes it.
static inline int shmrec_clear_found(const shmrec_address *address, shmrec_found *found, const shmrec_guard *guard,
                                     uint64_t wanted, bool *cleared, const shmrec_task *task) {
    shmrec_map map;
    bool ours;
    int code = shmrec_of_dead_creator(address, found, guard, wanted, &ours, task);
    if (code != SHMREC_OK || !ours) {
        return code;
    }
    code = shmrec_map_found(&map, found, false, shmrec_wish(SHMREC_NO_NEED, SHMREC_NO_NEED), task);
    if (code != SHMREC_OK) {
        return code;
    }
    const bool unfinished = shmrec_load(shmrec_word(map.base, SHMREC_HEADER_MAGIC)) == 0;
    shmrec_unmap(&map);
    code = unfinished ? shmrec_unlink(address, found->identity, task) : SHMREC_OK;
    *cleared = code == SHMREC_OK && unfinished;
    return code;
}

// Removes a System V segment whose creator died before it stored the magic, under the lock of a guard like ours: one
// whose creator the guard knows, or of the size that is wanted, if one is. Any other is left alone. `*cleared`: it was
// removed; if not, look again what is there.
static inline int shmrec_clear_unfinished(const shmrec_address *address, uint64_t wanted, bool *cleared,
                                          const shmrec_task *task) {
    shmrec_guard guard;
    shmrec_found found;
    bool current = false;
    *cleared = false;
    int code = shmrec_guard_open(&guard, address, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND ? SHMREC_OK : code;
    }
    code = shmrec_guard_lock_create(&guard, task);
    code = code != SHMREC_OK ? code : shmrec_guard_is_current(&guard, address, &current, task);
    if (code == SHMREC_OK && current) {
        code = shmrec_find(&found, address, true, task);
        code = code != SHMREC_OK ? code : shmrec_clear_found(address, &found, &guard, wanted, cleared, task);
        code = code != SHMREC_NOT_FOUND ? code : SHMREC_OK;
    }
    shmrec_guard_close(&guard);
    return code;
}

// The step of removal when what has the name is not finished.
static inline int shmrec_remove_unfinished(const shmrec_address *address, const shmrec_found *found,
                                           const shmrec_task *task) {
    shmrec_facts facts;
    bool cleared;
    int code = shmrec_clear_unfinished(address, 0, &cleared, task);
    if (code == SHMREC_OK && cleared) {
        return shmrec_remove_lone_guard(address, task);
    }
    code = code != SHMREC_OK ? code
                             : shmrec_segment_facts(&facts, found->handle, found->is_file, found->identity, task);
    return code != SHMREC_OK ? code : shmrec_fail_kept(&facts, SHMREC_NOT_READY, task);
}

// One round of removal. `*again`: the names changed meanwhile.
static inline int shmrec_remove_round(const shmrec_address *address, bool *again, const shmrec_task *task) {
    shmrec_found found;
    shmrec_map map;
    *again = false;
    int code = shmrec_find(&found, address, true, task);
    if (code == SHMREC_NOT_FOUND) {
        shmrec_error other;
        shmrec_task lone = *task; // that nothing is there stays said, unless there is worse to say
        lone.error = &other;
        const int trouble = shmrec_remove_lone_guard(address, &lone);
        if (trouble != SHMREC_OK && task->error != NULL) {
            *task->error = other;
        }
        return trouble != SHMREC_OK ? trouble : code;
    }
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_map_ours(&map, &found, task);
    if (code == SHMREC_OK) {
        code = shmrec_remove_found(address, &found, &map, again, task);
        shmrec_unmap(&map);
    } else if (code == SHMREC_NOT_READY) {
        code = shmrec_remove_unfinished(address, &found, task);
    }
    shmrec_found_close(&found);
    return code;
}

#endif
