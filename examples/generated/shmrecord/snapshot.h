// snapshot.h: several records in one state: how long a reader's attempts at that go on. Relies on segment.h and sys.h; the
// reads themselves are those of table.h.

#ifndef SHMRECORD_SNAPSHOT_H
#define SHMRECORD_SNAPSHOT_H

#include "segment.h"
#include "sys.h"

// Reads of several records, repeated until no batch was committed meanwhile: one state.
typedef struct shmrec_snapshot {
    const shmrec_table *table;
    uint64_t first, count;
    uint64_t committed; // batches at the start of this attempt
    uint64_t attempts;
    uint64_t deadline_ns;
    uint64_t pause_ns;
} shmrec_snapshot;

static inline int shmrec_snapshot_begin(shmrec_snapshot *snapshot, const shmrec_table *table, uint64_t first,
                                        uint64_t count, shmrec_error *error) {
    const uint64_t capacity = table->header.geometry.capacity;
    memset(snapshot, 0, sizeof *snapshot);
    if (first > capacity || count > capacity - first || table->map.base == NULL) {
        return shmrec_fail_index("read", table, first + count - 1, error);
    }
    snapshot->table = table;
    snapshot->first = first;
    snapshot->count = count;
    snapshot->deadline_ns = shmrec_deadline_ns(shmrec_table_timeout_ns(table));
    snapshot->pause_ns = 1000;
    // The fences of each read stand behind this load and pair with the release store of a commit: its check fails for a
    // slot that it found as it was before that batch. They stand in front of the load in shmrec_snapshot_again, too: who
    // read a value of a later batch sees its number there.
    snapshot->committed = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_COMMIT_SEQ));
    return shmrec_done(error);
}

// Behind an attempt that ended with `*code`: true when it was in vain and there is time for another one.
static inline bool shmrec_snapshot_again(shmrec_snapshot *snapshot, int *code, shmrec_error *error) {
    const uint64_t committed = shmrec_load(shmrec_table_word(snapshot->table, SHMREC_LIVE_COMMIT_SEQ));
    snapshot->attempts++;
    if (committed == snapshot->committed) {
        return false;
    }
    snapshot->committed = committed;
    if (shmrec_monotonic_ns() < snapshot->deadline_ns) {
        if (snapshot->attempts % SHMREC_BURST == 0) {
            (void)shmrec_pause(&snapshot->pause_ns, snapshot->deadline_ns);
        }
        return true;
    }
    const shmrec_task task = shmrec_task_of("read", snapshot->table, error);
    *code = shmrec_fail(&task, SHMREC_CONTENDED, 0, "no consistent value in %llu attempts: records %llu..%llu",
                        SHMREC_CAST(unsigned long long, snapshot->attempts),
                        SHMREC_CAST(unsigned long long, snapshot->first),
                        SHMREC_CAST(unsigned long long, snapshot->first + snapshot->count));
    return false;
}

#endif
