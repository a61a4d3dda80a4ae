// segment.h: a mapped table: its handle, its live words, its log, and where version and cells of a record lie. Relies
// on header.h, log.h, options.h, region.h and, to give the role back, role.h; knows no names.

#ifndef SHMRECORD_SEGMENT_H
#define SHMRECORD_SEGMENT_H

#include "header.h"
#include "log.h"
#include "options.h"
#include "region.h"
#include "role.h"

// A mapped table, for reading or for writing. All zeros: closed. The members are not for programs.
typedef struct shmrec_table {
    shmrec_map map;
    shmrec_header header;     // a validated private copy: nothing of it is read from the segment again
    shmrec_identity identity; // of the segment
    shmrec_address address;
    shmrec_guard guard; // holds the role: the kernel takes it back when this is closed
    shmrec_options options; // resolved: as it was opened, and will be opened again
    uint64_t timeout_ns;
    bool holds_role;
    uint8_t reserved[7];
} shmrec_table;

// The word at an offset that abi.h names, or that the validated geometry gives.
SHMREC_HOT uint64_t *shmrec_table_word(const shmrec_table *table, uint64_t offset) {
    return shmrec_word(table->map.base, offset);
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

// Stores a sign of life. The caller holds the role.
static inline void shmrec_table_stamp(const shmrec_table *table) {
    // Pairs with the acquire fence in shmrec_age_ns: who sees it sees what was published, or recovered, before.
    shmrec_store_release(shmrec_table_word(table, SHMREC_LIVE_STAMP), shmrec_coarse_ns());
}

// Names this process as the writer and stores the epoch. The caller holds the role.
static inline void shmrec_table_begin_epoch(const shmrec_table *table, uint64_t epoch, uint64_t now_unix_ns) {
    const uint64_t pid = SHMREC_CAST(uint64_t, getpid());
    uint64_t start;
    (void)shmrec_own_start(&start);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_PID), pid);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_START), start);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_OWNER_SINCE_UNIX_NS), now_unix_ns);
    shmrec_table_stamp(table);
    // Whoever acquires the new epoch sees the owner and all that recovery finished.
    shmrec_store_release(shmrec_table_word(table, SHMREC_LIVE_EPOCH), epoch);
}

// Writes description, live words and header into a new mapping without a name; the magic last.
static inline void shmrec_table_format(const shmrec_table *table, const unsigned char *description) {
    const shmrec_header *header = &table->header;
    unsigned char bytes[SHMREC_HEADER_BYTES];
    shmrec_table_copy_in(table, header->geometry.description_offset, description, header->geometry.description_bytes);
    shmrec_store(shmrec_table_word(table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_LIVE);
    shmrec_table_begin_epoch(table, 1, header->created_unix_ns);
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

// Unmaps, gives the role back, frees. A child of the process that holds the role has neither its mapping nor its role:
// it only closes its copy of the segment's descriptor.
static inline void shmrec_table_release(shmrec_table *table) {
    shmrec_unmap(&table->map);
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
