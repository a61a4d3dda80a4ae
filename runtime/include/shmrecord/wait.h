// wait.h: readers wait for what is published: asleep, when the table has a doorbell and may be asked to ring it, else
// awake now and then. Relies on segment.h, log.h, futex(2) and membarrier(2); does not know how writers ring: doorbell.h
// does.
//
// A reader's mapping cannot be written, so one that waits maps one page more, where nothing lies but the word by which
// it asks for attention. Where that is refused, or the kernel has no barrier for it, it looks again and again.
//
// For an event loop, let a thread of the program's own call shmrec_table_wait, or T_wait, with a timeout below what its end
// may take, write an eventfd(2) when that returns a change, and end when it returns SHMREC_RETIRED. A helper here would
// bring threads into every program.

#ifndef SHMRECORD_WAIT_H
#define SHMRECORD_WAIT_H

#include "doorbell.h"
#include "log.h"
#include "segment.h"

// The longest sleep: what a writer can delay that dies between publishing and ringing.
#define SHMREC_SLEEP_NS UINT64_C(100000000)
// The first pause between two looks without a doorbell.
#define SHMREC_FIRST_LOOK_NS UINT64_C(20000)

// A version of a record that was seen.
typedef struct shmrec_seen {
    uint64_t index;
    uint64_t version;
} shmrec_seen;

// Everything below is not for programs, but the functions that say what they return.

// open(/proc/self/fd/N, O_RDWR), mmap(2): the page of `waiting` of a mapped file. MAP_FAILED: it may not be written.
static inline void *shmrec_waiting_of_file(int fd) {
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int writable;
    SHMREC_RETRY(writable, open(path, O_RDWR | SHMREC_O_CLOEXEC));
    if (writable < 0) {
        return MAP_FAILED;
    }
    void *page =
        mmap(NULL, SHMREC_WAITING_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, writable, SHMREC_LIVE_WAITING);
    (void)close(writable);
    return page;
}

// shmat(2), munmap(2): likewise of a System V segment, which is only mapped as a whole.
static inline void *shmrec_waiting_of_shm(const shmrec_table *table) {
    if (!shmrec_ipc_is_here(table->identity)) {
        return MAP_FAILED;
    }
    void *base = shmat(table->map.handle, NULL, 0);
    if (base == MAP_FAILED) {
        return base;
    }
    unsigned char *start = SHMREC_BYTES(base);
    const uint64_t mapped = shmrec_round_up(table->map.bytes, SHMREC_WAITING_PAGE);
    const bool alone =
        munmap(start, SHMREC_LIVE_WAITING) == 0 &&
        (mapped == SHMREC_LIVE_WAITING_END ||
         munmap(start + SHMREC_LIVE_WAITING_END, mapped - SHMREC_LIVE_WAITING_END) == 0);
    if (!alone) {
        (void)shmdt(base);
        return MAP_FAILED;
    }
    return start + SHMREC_LIVE_WAITING;
}

// The page of `waiting` for a reader, and the barrier. MAP_FAILED: it looks again and again instead.
static inline void *shmrec_waiting_page(const shmrec_table *table) {
    if (table->header.shape.wake_policy != SHMREC_WAKE_DOORBELL ||
        sysconf(_SC_PAGESIZE) != SHMREC_CAST(long, SHMREC_WAITING_PAGE) ||
        !shmrec_membarrier(SHMREC_MEMBARRIER_GLOBAL_EXPEDITED)) {
        return MAP_FAILED;
    }
    return table->map.of_file ? shmrec_waiting_of_file(table->map.handle) : shmrec_waiting_of_shm(table);
}

// The word by which this handle asks for attention; NULL: it cannot. The first call finds out, in whatever thread.
static inline uint32_t *shmrec_waiting_word(shmrec_table *table) {
    if (table->attention != NULL) { // a writer's
        return table->header.shape.wake_policy == SHMREC_WAKE_DOORBELL ? table->attention : NULL;
    }
    void *page = __atomic_load_n(&table->waiting, __ATOMIC_ACQUIRE), *none = NULL;
    if (page == NULL) {
        page = shmrec_waiting_page(table);
        // Pairs with the acquire above, though only the kernel has touched the page.
        if (!__atomic_compare_exchange_n(&table->waiting, &none, page, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            shmrec_waiting_unmap(page);
            page = none;
        }
    }
    return page != MAP_FAILED ? SHMREC_CAST(uint32_t *, page) : NULL;
}

// One look at the version of the record at `index`, which is below the capacity. False: it is being written, look again.
static inline bool shmrec_try_version(const shmrec_table *table, uint64_t index, uint64_t *version) {
    const uint64_t *at = shmrec_table_version(table, index);
    const uint64_t word = shmrec_load(at);
    uint64_t even = word;
    // Pairs with the writer's release store of the version, and as in shmrec_read_under_way.
    shmrec_fence_acquire();
    if (table->header.geometry.cells != 1) {
        *version = word;
        return true;
    }
    if ((word & 1) != 0) {
        const shmrec_log log = shmrec_table_log(table);
        if (!shmrec_log_read(&log, index, word, NULL, NULL, table->header.geometry.cell_bytes / 8, &even) ||
            shmrec_load(at) != word) {
            return false;
        }
    }
    *version = even / 2;
    return true;
}

// What is waited for: any of these records to have another version, or, without any, the table another count of changes.
typedef struct shmrec_awaited {
    const shmrec_seen *seen;
    size_t count;
    size_t which;     // of them has
    uint64_t changes; // or version of that one, now
    uint64_t since;
    uint32_t groups; // that the records are in
    bool unclear;    // the last look found a record that is being written
    bool over;       // the deadline came during it
    uint8_t reserved[2];
} shmrec_awaited;

// Whether it has happened.
static inline bool shmrec_awaited_came(shmrec_awaited *awaited, const shmrec_table *table) {
    awaited->unclear = false;
    if (awaited->count == 0) {
        awaited->changes = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_CHANGES));
        // Pairs with the release in shmrec_table_count: who sees it counted sees it published.
        shmrec_fence_acquire();
        return awaited->changes != awaited->since;
    }
    for (size_t i = 0; i < awaited->count; i++) {
        bool clear = false;
        for (unsigned attempt = 0; attempt < SHMREC_BURST && !clear; attempt++) {
            clear = shmrec_try_version(table, awaited->seen[i].index, &awaited->changes);
        }
        if (clear && awaited->changes != awaited->seen[i].version) {
            awaited->which = i;
            return true;
        }
        awaited->unclear = awaited->unclear || !clear;
    }
    return false;
}

// Asks for attention and sleeps, unless it has happened meanwhile. False: there is no sleeping here.
static inline bool shmrec_awaited_sleep(shmrec_awaited *awaited, const shmrec_table *table, uint32_t *waiting,
                                     uint64_t deadline_ns) {
    const uint32_t *doorbell = shmrec_table_word32(table, SHMREC_LIVE_DOORBELL);
    const uint32_t seen = shmrec_load32(doorbell);
    shmrec_set_bits32(waiting, awaited->groups);
    // A full barrier here and on the processors of all writers. A writer that has not seen the bits by its own look has
    // published before it: the look below finds that. And who rang before `seen` was loaded has published before that.
    if (!shmrec_membarrier(SHMREC_MEMBARRIER_GLOBAL_EXPEDITED)) {
        return false;
    }
    if (shmrec_awaited_came(awaited, table) || shmrec_table_retired(table)) {
        return true;
    }
    const uint64_t until_ns = shmrec_deadline_ns(SHMREC_SLEEP_NS);
    if (until_ns - SHMREC_SLEEP_NS >= deadline_ns) {
        awaited->over = true; // what comes now comes too late: no second look
        return true;
    }
    return shmrec_futex_wait(doorbell, seen, until_ns < deadline_ns ? until_ns : deadline_ns, awaited->groups);
}

// When a wait of so long, from now on, ends.
static inline uint64_t shmrec_wait_deadline_ns(uint64_t timeout_ms) {
    return shmrec_deadline_ns(timeout_ms < UINT64_MAX / 1000000 ? timeout_ms * 1000000 : UINT64_MAX);
}

// Waits until it happens, or until the deadline. Each look is a whole one, whatever the time: it ends one look behind the
// deadline at most. Errors: SHMREC_RETIRED; SHMREC_CONTENDED.
static inline int shmrec_awaited_wait(shmrec_awaited *awaited, shmrec_table *table, uint64_t deadline_ns, bool *came,
                                   const shmrec_task *task) {
    uint64_t pause_ns = SHMREC_FIRST_LOOK_NS;
    uint32_t *waiting = NULL;
    bool first = true;
    for (;;) {
        *came = shmrec_awaited_came(awaited, table);
        if (*came) {
            return SHMREC_OK;
        }
        if (shmrec_table_retired(table)) {
            return shmrec_fail_plain(task, SHMREC_RETIRED);
        }
        if (shmrec_monotonic_ns() >= deadline_ns) {
            break;
        }
        if (first) {
            first = false;
            waiting = shmrec_waiting_word(table);
        }
        if (waiting != NULL && !shmrec_awaited_sleep(awaited, table, waiting, deadline_ns)) {
            waiting = NULL; // nobody rings for sure, so none is asked to again
        }
        if (awaited->over) {
            break;
        }
        if (waiting == NULL) {
            (void)shmrec_pause(&pause_ns, deadline_ns);
        }
    }
    if (awaited->unclear) {
        return shmrec_fail(task, SHMREC_CONTENDED, 0, "no version that is published or not");
    }
    return SHMREC_OK;
}

static inline int shmrec_wait_for_any(shmrec_table *table, const shmrec_seen *seen, size_t count, uint64_t timeout_ms,
                                      shmrec_awaited *awaited, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("wait", table, error);
    const uint64_t deadline_ns = shmrec_wait_deadline_ns(timeout_ms);
    bool came;
    memset(awaited, 0, sizeof *awaited);
    awaited->seen = seen;
    awaited->count = count;
    if (count == 0) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad count: no record to wait for");
    }
    for (size_t i = 0; i < count; i++) {
        if (seen[i].index >= table->header.geometry.capacity) {
            return shmrec_fail_index("wait", table, seen[i].index, error);
        }
        awaited->groups |= shmrec_group_of(seen[i].index);
    }
    const int code = shmrec_awaited_wait(awaited, table, deadline_ns, &came, &task);
    if (!came) {
        awaited->which = count;
    }
    return code != SHMREC_OK ? code : shmrec_done(error);
}

static inline int shmrec_check_changes(const shmrec_table *table, const shmrec_task *task) {
    if (table->map.base == NULL) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad handle: it is closed");
    }
    const int code = shmrec_check_home(task->operation, table, task->error);
    if (code != SHMREC_OK) {
        return code;
    }
    if (table->header.shape.wake_policy != SHMREC_WAKE_DOORBELL) {
        return shmrec_fail(task, SHMREC_UNSUPPORTED, 0,
                           "waiting for a whole table without a doorbell is not supported here");
    }
    return SHMREC_OK;
}

// Waits until anything is published in a table with a doorbell, by whomever: until its count of changes is not `since`,
// or, with the same count, until the timeout. `*changes` is the count then. Any number of threads at once. Errors:
// SHMREC_RETIRED as soon as the table is removed; SHMREC_UNSUPPORTED without a doorbell; SHMREC_BAD_ARGUMENT for a
// closed handle; SHMREC_FORKED_HANDLE for a writer in a child process.
static inline int shmrec_table_wait(shmrec_table *table, uint64_t since, uint64_t timeout_ms, uint64_t *changes,
                                    shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("wait", table, error);
    shmrec_awaited awaited;
    bool came;
    memset(&awaited, 0, sizeof awaited);
    awaited.since = since;
    awaited.groups = UINT32_MAX;
    int code = shmrec_check_changes(table, &task);
    code = code != SHMREC_OK ? code : shmrec_awaited_wait(&awaited, table, shmrec_wait_deadline_ns(timeout_ms), &came, &task);
    if (code != SHMREC_OK) {
        return code;
    }
    *changes = awaited.changes;
    return shmrec_done(error);
}

// How often anything was published in a table with a doorbell; what was counted is visible afterwards. A batch counts
// once. Errors: as shmrec_table_wait, but for a removed table, whose count stays.
static inline int shmrec_table_changes(const shmrec_table *table, uint64_t *changes, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("wait", table, error);
    shmrec_awaited awaited;
    memset(&awaited, 0, sizeof awaited);
    const int code = shmrec_check_changes(table, &task);
    if (code != SHMREC_OK) {
        return code;
    }
    (void)shmrec_awaited_came(&awaited, table);
    *changes = awaited.changes;
    return shmrec_done(error);
}

// Part of SHMREC_DEFINE_TABLE, of a record T. Who waits sleeps if the table has a doorbell and this process may write to
// it, though it opened it for reading; if not, it looks again up to every millisecond. Any number of threads at once.
//
//   T_wait               waits until the version of the record at `index` is not `since` (as T_read gave it; 0: never
//                        written), at most so long; 0: only looks. `*version` is the one it is then, `since` at the
//                        timeout. What its writer did before publishing it is visible afterwards. Errors:
//                        SHMREC_RETIRED as soon as the table is removed; SHMREC_INDEX_OUT_OF_RANGE; SHMREC_CONTENDED
//                        when until the timeout nobody could tell.
//   T_wait_any           likewise for any of these records; `*which` is the first that has another version, `count` at
//                        the timeout, behind which it may end one look at all of them, some 7 ms for a million. Errors:
//                        those of T_wait; SHMREC_BAD_ARGUMENT without a record.
#define SHMREC_DEFINE_WAIT(T)                                                                                         \
    static inline int T##_wait(T##_reader *reader, uint64_t index, uint64_t since, uint64_t timeout_ms,               \
                               uint64_t *version, shmrec_error *error) {                                              \
        shmrec_seen seen;                                                                                             \
        shmrec_awaited awaited;                                                                                       \
        seen.index = index;                                                                                           \
        seen.version = since;                                                                                         \
        const int code = shmrec_wait_for_any(&reader->table, &seen, 1, timeout_ms, &awaited, error);                  \
        if (code == SHMREC_OK) {                                                                                      \
            *version = awaited.which == 0 ? awaited.changes : since;                                                  \
        }                                                                                                             \
        return code;                                                                                                  \
    }                                                                                                                 \
    static inline int T##_wait_any(T##_reader *reader, const shmrec_seen *seen, size_t count, uint64_t timeout_ms,    \
                                   size_t *which, shmrec_error *error) {                                              \
        shmrec_awaited awaited;                                                                                       \
        const int code = shmrec_wait_for_any(&reader->table, seen, count, timeout_ms, &awaited, error);               \
        if (code == SHMREC_OK) {                                                                                      \
            *which = awaited.which;                                                                                   \
        }                                                                                                             \
        return code;                                                                                                  \
    }

#endif
