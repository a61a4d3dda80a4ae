// segment.h: a mapped table: its handle, its live words, its log, and where version and cells of a record lie. Relies
// on header.h, log.h, options.h, region.h, view.h, adopt_sysv.h for a semaphore that is not ours and, to give the role
// back, role.h; knows no names.

#ifndef SHMRECORD_SEGMENT_H
#define SHMRECORD_SEGMENT_H

#include "adopt_sysv.h"
#include "header.h"
#include "log.h"
#include "options.h"
#include "region.h"
#include "role.h"
#include "view.h"

// What a write has to do beside storing: take the lock and give it back; count changes; store the time; have a fence of
// its own in front of its look at who waits, in place of their barrier.
#define SHMREC_CHORE_TURN 1u
#define SHMREC_CHORE_COUNT 2u
#define SHMREC_CHORE_STAMP 4u
#define SHMREC_CHORE_FENCE 8u

// What one of many writers holds the lock for.
enum shmrec_turn {
    SHMREC_TURN_NONE = 0,
    SHMREC_TURN_LOCK = 1,  // T_lock
    SHMREC_TURN_WITHIN = 2 // an update or a batch
};

// A mapped table, for reading or for writing. All zeros: closed. The members are not for programs.
typedef struct shmrec_table {
    shmrec_map map;
    shmrec_header header;     // a validated private copy: nothing of it is read from the segment again
    shmrec_identity identity; // of the segment
    shmrec_address address;
    shmrec_guard guard; // holds the role: the kernel takes it back when this is closed
    shmrec_options options; // resolved: as it was opened, and will be opened again
    uint32_t *attention;          // what a writer looks at once it has published
    void *waiting;                // the page that a reader waits with: see wait.h
    shmrec_view *view;            // how its records are read as those of another version; NULL: as they are
    uint64_t turn_batch;          // the log's sequence of the batch that holds the lock; 0: none does
    shmrec_foreign_set semaphore; // that many writers take turns by, where they do
    char semaphore_name[32];      // `sysv:0x1234[0]`
    uint32_t me;                  // in the lock word: the slot of one of many writers, and 1; 0: one alone, or a reader
    uint8_t chores;               // SHMREC_CHORE_ of each write
    uint8_t turn;                 // an enum shmrec_turn
    bool is_shared;               // opened to be one of many writers
    bool holds_role;
} shmrec_table;

// The word at an offset that abi.h names, or that the validated geometry gives.
SHMREC_HOT uint64_t *shmrec_table_word(const shmrec_table *table, uint64_t offset) {
    return shmrec_word(table->map.base, offset);
}

// Likewise one that the kernel compares.
SHMREC_HOT uint32_t *shmrec_table_word32(const shmrec_table *table, uint64_t offset) {
    return shmrec_word32(table->map.base, offset);
}

SHMREC_HOT uint64_t *shmrec_table_version(const shmrec_table *table, uint64_t index) {
    const shmrec_geometry *g = &table->header.geometry;
    return shmrec_word(table->map.base, g->versions_offset + index * g->versions_stride);
}

// Cell 0 of a record.
SHMREC_HOT uint64_t *shmrec_table_cells(const shmrec_table *table, uint64_t index) {
    const shmrec_geometry *g = &table->header.geometry;
    return shmrec_word(table->map.base, g->cells_offset + index * g->record_stride);
}

SHMREC_HOT shmrec_log shmrec_table_log(const shmrec_table *table) {
    const shmrec_geometry *g = &table->header.geometry;
    shmrec_log log;
    log.words = shmrec_word(table->map.base, g->log_offset);
    log.stride = g->log_entry_bytes / 8;
    log.capacity = g->log_entries;
    log.committed = shmrec_word(table->map.base, SHMREC_LIVE_COMMIT_SEQ);
    return log;
}

// How long what this handle does may wait.
static inline uint64_t shmrec_table_timeout_ns(const shmrec_table *table) { return shmrec_timeout_ns(&table->options); }

// The task of what is done with an open table. No table: a closed one.
static inline shmrec_task shmrec_task_of(const char *operation, const shmrec_table *table, shmrec_error *error) {
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = operation;
    task.subject = table != NULL && table->address.text != NULL ? table->address.text : "a closed handle";
    task.error = error;
    return task;
}

// Whether the table was removed.
static inline bool shmrec_table_retired(const shmrec_table *table) {
    return shmrec_load(shmrec_table_word(table, SHMREC_LIVE_STATE)) == SHMREC_LIVE_STATE_RETIRED;
}

// Copies `bytes`, a multiple of 8, between private memory and the segment.
static inline void shmrec_table_copy_out(const shmrec_table *table, uint64_t offset, unsigned char *to,
                                         uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += 8) {
        shmrec_put_u64(to, at, shmrec_load(shmrec_table_word(table, offset + at)));
    }
}

static inline void shmrec_table_copy_in(const shmrec_table *table, uint64_t offset, const unsigned char *from,
                                        uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += 8) {
        shmrec_store(shmrec_table_word(table, offset + at), shmrec_u64_at(from, at));
    }
}

// Stores a sign of life. The caller holds a writer's role. Behind a write it has the lock, too, if there is one; who joins
// others or only says that it lives has not: of two such stores at once either may stay, for both writers were alive.
SHMREC_APART void shmrec_table_stamp(const shmrec_table *table) {
    // Pairs with the acquire fence in shmrec_age_ns: who sees it sees what was published, or recovered, before.
    shmrec_store_release(shmrec_table_word(table, SHMREC_LIVE_STAMP), shmrec_coarse_ns());
}

// Counts what was published, in a table with a doorbell. The caller holds the role, or the lock.
SHMREC_HOT void shmrec_table_count(const shmrec_table *table) {
    uint64_t *changes = shmrec_table_word(table, SHMREC_LIVE_CHANGES);
    // Pairs with the acquire fence behind a waiting reader's load: who sees it counted sees it published.
    shmrec_store_release(changes, shmrec_load(changes) + 1);
}

// Who has which slot: process id, and start time behind it.
SHMREC_HOT uint64_t *shmrec_table_participant(const shmrec_table *table, uint32_t slot) {
    return shmrec_table_word(table, SHMREC_LIVE_PARTICIPANTS + 16 * SHMREC_CAST(uint64_t, slot));
}

// How far a table that replaces another one begins above the changes of that one: further than an old writer that goes on
// gets there, so that who waits for changes finds one.
#define SHMREC_CHANGES_OF_A_TABLE (UINT64_C(1) << 32)

// Goes on with what the table counted that this new one replaces, and with this poison. Before shmrec_table_format.
static inline void shmrec_table_succeed(const shmrec_table *table, const shmrec_table *old, uint64_t poison) {
    const uint64_t changes = shmrec_load(shmrec_table_word(old, SHMREC_LIVE_CHANGES));
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_EPOCH), shmrec_load(shmrec_table_word(old, SHMREC_LIVE_EPOCH)));
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_CHANGES), changes + SHMREC_CHANGES_OF_A_TABLE);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_POISON_EPOCH), poison);
}

// Names this process as the writer and counts the epoch up: to 1 in a new table that replaces none. The caller holds the role, and the
// guard's lock for creating and removing.
static inline void shmrec_table_begin_epoch(const shmrec_table *table, uint64_t now_unix_ns) {
    uint64_t *epoch = shmrec_table_word(table, SHMREC_LIVE_EPOCH);
    const uint64_t pid = SHMREC_CAST(uint64_t, getpid());
    uint64_t start;
    (void)shmrec_own_start(&start);
    if (table->me != 0) {
        uint64_t *participant = shmrec_table_participant(table, table->me - 1);
        shmrec_store(participant, pid);
        shmrec_store(participant + 1, start);
    }
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_PID), pid);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_START), start);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_SINCE_UNIX_NS), now_unix_ns);
    shmrec_table_stamp(table);
    // Last, so that an epoch that is seen was taken by an owner that is named, and its recovery was counted. Nobody
    // acquires it: it is for people.
    shmrec_store_release(epoch, shmrec_load(epoch) + 1);
}

// Writes description, live words and header into a new mapping without a name; the magic last.
static inline void shmrec_table_format(const shmrec_table *table, const unsigned char *description) {
    const shmrec_header *header = &table->header;
    unsigned char bytes[SHMREC_HEADER_BYTES];
    shmrec_table_copy_in(table, header->geometry.description_offset, description, header->geometry.description_bytes);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_LIVE);
    shmrec_table_begin_epoch(table, header->created_unix_ns);
    shmrec_header_encode(bytes, header);
    shmrec_table_copy_in(table, 8, bytes + 8, SHMREC_HEADER_BYTES - 8);
    // Pairs with the acquire fence behind an attacher's copy of the header.
    shmrec_store_release(shmrec_table_word(table, SHMREC_HEADER_MAGIC), SHMREC_MAGIC);
}

SHMREC_COLD int shmrec_fail_forked(const char *operation, const shmrec_table *table, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of(operation, table, error);
    return shmrec_fail_plain(&task, SHMREC_FORKED_HANDLE);
}

SHMREC_COLD int shmrec_fail_index(const char *operation, const shmrec_table *table, uint64_t index,
                                  shmrec_error *error) {
    const shmrec_task task = shmrec_task_of(operation, table, error);
    return shmrec_fail(&task, SHMREC_INDEX_OUT_OF_RANGE, 0, "index %llu out of range, capacity %llu",
                       SHMREC_CAST(unsigned long long, index),
                       SHMREC_CAST(unsigned long long, table->header.geometry.capacity));
}

// A writer's table may be used by the process that opened it, and no child of it.
SHMREC_HOT int shmrec_check_home(const char *operation, const shmrec_table *table, shmrec_error *error) {
    return __builtin_expect(shmrec_map_is_forked(&table->map), 0) ? shmrec_fail_forked(operation, table, error)
                                                                  : SHMREC_OK;
}

// The page that a reader waits with: the only size of pages that gives its word a page of its own.
#define SHMREC_WAITING_PAGE (SHMREC_LIVE_WAITING_END - SHMREC_LIVE_WAITING)

// munmap(2): gives that page back, if there is one.
static inline void shmrec_waiting_unmap(void *page) {
    if (page != NULL && page != MAP_FAILED) {
        (void)munmap(page, SHMREC_WAITING_PAGE);
    }
}

// Unmaps, and frees what was needed to read.
static inline void shmrec_table_unmap(shmrec_table *table) {
    shmrec_unmap(&table->map);
    free(table->view);
    table->view = NULL;
}

// Unmaps, gives the role back, frees. A child of the process that holds the role has neither its mapping nor its role:
// it only closes its copy of the segment's descriptor.
static inline void shmrec_table_release(shmrec_table *table) {
    shmrec_table_unmap(table);
    shmrec_waiting_unmap(table->waiting);
    shmrec_guard_close(&table->guard);
    shmrec_address_free(&table->address);
    memset(table, 0, sizeof *table);
}

// Where an opening or closing function ends: a failed one leaves the handle closed, a successful one no error behind.
static inline int shmrec_finish(shmrec_table *table, int code, shmrec_error *error) {
    if (code != SHMREC_OK) {
        shmrec_table_release(table);
    } else if (error != NULL) {
        memset(error, 0, sizeof *error);
    }
    return code;
}

#endif
