// turn.h: many writers take turns: how one of them gets the lock, from one who gives it back or from one who died, what
// it does then, and how turns end for good. Relies on lock.h or, where that was asked for, on a System V semaphore, on the guard's locks for
// who lives, and on batch.h for what a dead writer left; does not know how writers come and go: join.h does.
//
// Only the kernel says that a writer is dead: its slot's lock is free. Nobody takes a slot meanwhile, for that too takes
// the guard's lock for creating and removing.

#ifndef SHMRECORD_TURN_H
#define SHMRECORD_TURN_H

#include "batch.h"
#include "doorbell.h"
#include "lock.h"

// When a writer that waits asks whether the lock's holder lives: so long after its first look, then so long after each
// question, whatever ends its sleeps.
#define SHMREC_FIRST_NAP_NS UINT64_C(1000000)
#define SHMREC_NAP_NS UINT64_C(10000000)

static inline bool shmrec_turns_by_semaphore(const shmrec_table *table) {
    return table->header.shape.guard_kind == SHMREC_GUARD_SEMAPHORE;
}

static inline uint32_t *shmrec_lock_word(const shmrec_table *table) {
    return shmrec_table_word32(table, SHMREC_LIVE_LOCK);
}

// Behind a holder that died: says so, and finishes or takes back what it left. The caller holds the lock. May itself die
// anywhere: the lock word still names the dead, or names the caller, who is dead then.
static inline void shmrec_come_after_death(const shmrec_table *table) {
    const uint64_t epoch = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_EPOCH));
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH), epoch);
    shmrec_table_recover(table);
    shmrec_announce_recovery(table);
}

// The lock stayed taken: by whom, as far as the segment tells and the process list confirms.
SHMREC_COLD int shmrec_fail_taken(const shmrec_table *table, uint32_t holder, const shmrec_task *task) {
    const uint64_t *participant = shmrec_table_participant(table, holder - 1);
    const uint64_t pid = shmrec_load(participant), start = shmrec_load(participant + 1);
    if (!shmrec_is_process(pid, start)) {
        return shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0, "%s: by the writer with slot %u",
                           shmrec_code_text(SHMREC_LOCK_TIMEOUT), holder - 1);
    }
    const int code = shmrec_fail(task, SHMREC_LOCK_TIMEOUT, 0,
                                 "%s, last by process %llu: by the writer with slot %u",
                                 shmrec_code_text(SHMREC_LOCK_TIMEOUT), SHMREC_CAST(unsigned long long, pid),
                                 holder - 1);
    return shmrec_naming(task, SHMREC_CAST(int32_t, pid), code); // there is such a process: it fits
}

// Takes the lock from its holder, if the word still is `value` and the holder is dead. Under the guard's lock for
// creating and removing, so that nobody gets the holder's slot meanwhile.
static inline int shmrec_lock_take_from_dead(shmrec_table *table, uint32_t value, bool *taken,
                                             const shmrec_task *task) {
    const int slot_lock = SHMREC_LOCK_BYTE_PARTICIPANT + SHMREC_CAST(int, shmrec_lock_holder(value)) - 1;
    uint32_t *word = shmrec_lock_word(table);
    bool lives = true;
    *taken = false;
    int code = shmrec_guard_taken(&table->guard, slot_lock, &lives, task);
    if (code != SHMREC_OK || lives) {
        return code;
    }
    code = shmrec_guard_lock_create(&table->guard, task);
    if (code == SHMREC_OK && shmrec_load32(word) == value) {
        code = shmrec_guard_taken(&table->guard, slot_lock, &lives, task);
        *taken = code == SHMREC_OK && !lives && shmrec_lock_try_marked(word, value, table->me);
    }
    const shmrec_task quiet = shmrec_task_quiet(task);
    const int let_go =
        shmrec_guard_unlock_create(&table->guard, code == SHMREC_OK && !*taken ? task : &quiet);
    if (*taken) { // whoever has the lock must recover, come what may
        shmrec_come_after_death(table);
        return SHMREC_OK;
    }
    return code != SHMREC_OK ? code : let_go; // the first error is the one to report
}

// Sleeps for the lock.
typedef struct shmrec_naps {
    uint64_t question_ns; // when it is asked next whether the holder is dead
    uint64_t end_ns;
    uint64_t pause_ns; // the next one, where the kernel permits no sleep
    bool are_over;     // the end has come
    uint8_t reserved[7];
} shmrec_naps;

static inline shmrec_naps shmrec_naps_until(uint64_t end_ns) {
    shmrec_naps naps;
    memset(&naps, 0, sizeof naps);
    naps.question_ns = shmrec_deadline_ns(SHMREC_FIRST_NAP_NS);
    naps.end_ns = end_ns;
    naps.pause_ns = 1000;
    return naps;
}

// Sleeps while the word has this value, but not for long. False: it is time to ask whether the holder is dead, at the end
// too.
static inline bool shmrec_nap(shmrec_naps *naps, uint32_t *word, uint32_t value) {
    const uint64_t now = shmrec_monotonic_ns();
    const uint64_t until_ns = naps->question_ns < naps->end_ns ? naps->question_ns : naps->end_ns;
    if (now < until_ns) {
        if (!shmrec_futex_wait(word, value, until_ns, SHMREC_FUTEX_ANY)) {
            (void)shmrec_pause(&naps->pause_ns, until_ns);
        }
        return true;
    }
    naps->are_over = now >= naps->end_ns;
    naps->question_ns = shmrec_deadline_ns(SHMREC_NAP_NS);
    return false;
}

// Waits for the lock word until the deadline.
SHMREC_COLD int shmrec_lock_wait(shmrec_table *table, const shmrec_task *task) {
    uint32_t *word = shmrec_lock_word(table);
    shmrec_naps naps = shmrec_naps_until(task->deadline_ns);
    for (;;) {
        uint32_t value = shmrec_load32(word);
        const uint32_t holder = shmrec_lock_holder(value);
        if (holder == 0 && shmrec_lock_try_marked(word, value, table->me)) {
            return SHMREC_OK;
        }
        if (holder == table->me) { // not by us: we have just asked for it
            shmrec_come_after_death(table);
            return SHMREC_OK;
        }
        if (holder > SHMREC_PARTICIPANTS) {
            return shmrec_fail(task, SHMREC_LOCK_CORRUPT, 0, "lock word 0x%x names no writer", value);
        }
        if (holder == 0 || !shmrec_lock_mark(word, &value)) {
            continue;
        }
        if (shmrec_table_retired(table)) {
            return shmrec_fail_plain(task, SHMREC_RETIRED);
        }
        if (shmrec_nap(&naps, word, value)) {
            continue;
        }
        // At the deadline, too: another holder may have come meanwhile.
        bool taken;
        const int code = shmrec_lock_take_from_dead(table, value, &taken, task);
        if (code != SHMREC_OK || taken) {
            return code;
        }
        if (naps.are_over) {
            return shmrec_fail_taken(table, holder, task);
        }
    }
}

// By the semaphore, and the lock word as a mark.
SHMREC_COLD int shmrec_semaphore_wait(shmrec_table *table, const shmrec_task *task) {
    const shmrec_task here = shmrec_task_on(task, table->semaphore_name);
    uint32_t *word = shmrec_lock_word(table);
    const int code = shmrec_foreign_set_take(&table->semaphore, shmrec_table_timeout_ns(table), &here);
    if (code != SHMREC_OK) {
        return code;
    }
    const uint32_t found = shmrec_load32(word);
    shmrec_store32(word, table->me);
    // Our first store: whoever finds another of ours once the kernel has given our semaphore back finds this one.
    shmrec_fence_release();
    if (found != 0) {
        shmrec_come_after_death(table);
    }
    return SHMREC_OK;
}

SHMREC_COLD int shmrec_turn_wait(shmrec_table *table, const char *operation, shmrec_error *error) {
    shmrec_task task = shmrec_task_of(operation, table, error);
    task.deadline_ns = shmrec_deadline_ns(shmrec_table_timeout_ns(table));
    // Of a semaphore the kernel keeps the time.
    const int code =
        shmrec_turns_by_semaphore(table) ? shmrec_semaphore_wait(table, &task) : shmrec_lock_wait(table, &task);
    // Why there was no turn: of a table that is gone that matters more, and what the kernel says of its guard does not.
    // Pairs with the release of who closed the lock: the mark came before.
    shmrec_fence_acquire();
    return code != SHMREC_OK && shmrec_table_retired(table) ? shmrec_fail_plain(&task, SHMREC_RETIRED) : code;
}

// Takes the lock, waiting until the handle's timeout. What a dead holder left is whole again then.
SHMREC_HOT int shmrec_turn_take(shmrec_table *table, const char *operation, shmrec_error *error) {
    if (__builtin_expect(!shmrec_turns_by_semaphore(table) && shmrec_lock_try(shmrec_lock_word(table), table->me), 1)) {
        return SHMREC_OK;
    }
    return shmrec_turn_wait(table, operation, error);
}

// Likewise, where the lock is not all that there is to do.
SHMREC_APART int shmrec_turn_take_apart(shmrec_table *table, const char *operation, shmrec_error *error) {
    return shmrec_turn_take(table, operation, error);
}

SHMREC_COLD int shmrec_semaphore_give(const shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("unlock", table, error);
    const shmrec_task here = shmrec_task_on(&task, table->semaphore_name);
    // Our last store. Pairs with nothing but the kernel's order: the next holder looks once it has the semaphore.
    shmrec_store32_release(shmrec_lock_word(table), 0);
    return shmrec_foreign_set_give(&table->semaphore, &here);
}

// Gives the lock back. Only a semaphore can fail, one that was removed.
SHMREC_HOT int shmrec_turn_give(const shmrec_table *table, shmrec_error *error) {
    if (__builtin_expect(shmrec_turns_by_semaphore(table), 0)) {
        return shmrec_semaphore_give(table, error);
    }
    shmrec_lock_release(shmrec_lock_word(table));
    return SHMREC_OK;
}

// Takes the lock for more than one store, unless this handle has it. `*entered`: it is to be given back.
SHMREC_HOT int shmrec_turn_enter(shmrec_table *table, const char *operation, bool *entered, shmrec_error *error) {
    *entered = (table->chores & SHMREC_CHORE_TURN) != 0;
    if (!*entered) {
        return SHMREC_OK;
    }
    const int code = shmrec_turn_take(table, operation, error);
    *entered = code == SHMREC_OK;
    if (code == SHMREC_OK) {
        table->chores = SHMREC_CAST(uint8_t, table->chores & ~SHMREC_CHORE_TURN);
        table->turn = SHMREC_TURN_WITHIN;
    }
    return code;
}

// Gives back what was entered, with a log that is whole: a batch that was forgotten in it is lost.
SHMREC_HOT int shmrec_turn_leave(shmrec_table *table, shmrec_error *error) {
    if (__builtin_expect(shmrec_map_is_forked(&table->map), 0)) {
        return SHMREC_OK; // a child that was forked in the turn has none
    }
    if (table->header.geometry.cells == 1) {
        const shmrec_log log = shmrec_table_log(table);
        (void)shmrec_log_empty(&log);
    }
    table->turn = SHMREC_TURN_NONE;
    table->turn_batch = 0;
    table->chores = SHMREC_CAST(uint8_t, table->chores | SHMREC_CHORE_TURN);
    return shmrec_turn_give(table, error);
}

// The poison of a table of which a turn was not whole: not 0, whatever its words say.
static inline uint64_t shmrec_poison_of(const shmrec_table *table) {
    const uint64_t known = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH));
    const uint64_t epoch = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_EPOCH));
    return known > epoch ? known : epoch > 0 ? epoch : 1;
}

// Takes the lock for good, from who gives it back or from who died with it. `guard`: the table's, whose lock for creating
// the caller holds; NULL: it is lost, and with it who lives. False: a turn was not whole, or may not have been.
static inline bool shmrec_lock_close(const shmrec_table *table, const shmrec_guard *guard, uint64_t end_ns) {
    uint32_t *word = shmrec_lock_word(table);
    shmrec_naps naps = shmrec_naps_until(end_ns);
    for (;;) {
        uint32_t value = shmrec_load32(word);
        const uint32_t holder = shmrec_lock_holder(value);
        if (holder == SHMREC_LIVE_LOCK_CLOSED ||
            (holder == 0 && shmrec_lock_try_marked(word, value, SHMREC_LIVE_LOCK_CLOSED))) {
            return true; // who closed it has said before what there was to say of the dead
        }
        if (holder > SHMREC_PARTICIPANTS) {
            return false;
        }
        if (holder == 0 || !shmrec_lock_mark(word, &value)) {
            continue;
        }
        if (shmrec_nap(&naps, word, value)) {
            continue;
        }
        const int slot_lock = SHMREC_LOCK_BYTE_PARTICIPANT + SHMREC_CAST(int, holder) - 1;
        const shmrec_task quiet = shmrec_task_of("replace", table, NULL);
        bool lives = true;
        const int code = guard == NULL ? SHMREC_OK : shmrec_guard_taken(guard, slot_lock, &lives, &quiet);
        if (code == SHMREC_OK && !lives) {
            // Before the word says nothing of it any more: whoever replaces the table in our place finds it. Nobody takes
            // the lock from the dead meanwhile, for that takes the guard's lock for creating.
            shmrec_store(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH), shmrec_poison_of(table));
            if (shmrec_lock_try_marked(word, value, SHMREC_LIVE_LOCK_CLOSED)) {
                return false;
            }
        }
        if (code != SHMREC_OK || naps.are_over) {
            return false;
        }
    }
}

// Ends the turns of a table that is marked as removed: waits for the one that is under way, until this time, and lets
// nobody begin another. Gives the epoch of a death in a turn that nobody has cleared, or of a turn that was not waited for;
// 0: all turns were whole. The caller holds the lock for creating of the guard at the table's address, and has looked for
// the semaphore, which may not be `found`.
//
// Who does not end its turn until then, because it died in it, is stopped or hangs, may leave half of it, and so its turn
// counts as a death. So does whatever the kernel does not tell. Who has a semaphore from now on finds the mark, and begins
// no turn of several writes.
static inline uint64_t shmrec_turns_close(const shmrec_table *table, const shmrec_guard *guard, bool found,
                                          uint64_t end_ns) {
    bool whole = true;
    if (shmrec_turns_by_semaphore(table)) {
        const shmrec_task quiet = shmrec_task_of("replace", table, NULL);
        const uint64_t now = shmrec_monotonic_ns();
        whole = found && shmrec_foreign_set_take(&table->semaphore, now < end_ns ? end_ns - now : 0, &quiet) == SHMREC_OK;
        if (whole) {
            whole = shmrec_load32(shmrec_lock_word(table)) == 0;
            (void)shmrec_foreign_set_give(&table->semaphore, &quiet); // it fails when it was removed
        }
    } else if (table->header.shape.guard_kind == SHMREC_GUARD_LOCK) {
        whole = shmrec_lock_close(table, shmrec_same(guard->identity, table->header.guard) ? guard : NULL, end_ns);
    }
    // Behind the lock, under which it is stored.
    return whole ? shmrec_load(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH)) : shmrec_poison_of(table);
}

// Gives the lock back, whatever it is held for, before the handle is closed. A child process holds nothing.
static inline void shmrec_turn_drop(shmrec_table *table) {
    if (table->turn != SHMREC_TURN_NONE && !shmrec_map_is_forked(&table->map)) {
        (void)shmrec_turn_leave(table, NULL);
    }
}

#endif
