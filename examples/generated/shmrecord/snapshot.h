// snapshot.h: several records in one state: how long a reader's attempts at that go on. Relies on segment.h and sys.h; the
// reads themselves are those of table.h.

#ifndef SHMRECORD_SNAPSHOT_H
#define SHMRECORD_SNAPSHOT_H

#include "segment.h"
#include "sys.h"

// What is copied of a snapshot between two looks at whether it is in vain: some ten microseconds.
#define SHMREC_LOOK_BYTES UINT64_C(65536)
// As many records at most, for those who make more of each than a copy.
#define SHMREC_LOOK_RECORDS UINT64_C(1024)

// Reads of several records, repeated until no batch was committed meanwhile: one state.
typedef struct shmrec_snapshot {
    const shmrec_table *table;
    uint64_t first, count;
    uint64_t committed; // batches at the start of this attempt
    uint64_t attempts;  // that have ended
    uint64_t deadline_ns;
    uint64_t pause_ns;
    uint64_t step; // records between two looks
    uint64_t look; // the record, counted from the first, in front of which the next one is
    bool stopped;  // this attempt, before its end
    uint8_t reserved[7];
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
    const uint64_t step = SHMREC_LOOK_BYTES / table->header.geometry.cell_bytes;
    snapshot->step = step == 0 ? 1 : step < SHMREC_LOOK_RECORDS ? step : SHMREC_LOOK_RECORDS;
    snapshot->look = snapshot->step;
    // The fences of each read stand behind this load and pair with the release store of a commit: its check fails for a
    // slot that it found as it was before that batch. They stand in front of the load in shmrec_snapshot_again, too: who
    // read a value of a later batch sees its number there.
    snapshot->committed = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_COMMIT_SEQ));
    return shmrec_done(error);
}

// In front of a record that a look is due at: whether the attempt goes on. The first one ends early only where a batch came
// between: as long as none does nobody is waited for, and copying takes as long as it takes. Every other one ends at the
// deadline, too.
SHMREC_COLD bool shmrec_snapshot_goes_on(shmrec_snapshot *snapshot) {
    const uint64_t committed = shmrec_load(shmrec_table_word(snapshot->table, SHMREC_LIVE_COMMIT_SEQ));
    snapshot->look += snapshot->step;
    snapshot->stopped = committed != snapshot->committed ||
                        (snapshot->attempts != 0 && shmrec_monotonic_ns() >= snapshot->deadline_ns);
    return !snapshot->stopped;
}

// Behind an attempt that ended with `*code`: true when it was in vain and there is time for another one.
static inline bool shmrec_snapshot_again(shmrec_snapshot *snapshot, int *code, shmrec_error *error) {
    const uint64_t committed = shmrec_load(shmrec_table_word(snapshot->table, SHMREC_LIVE_COMMIT_SEQ));
    snapshot->attempts++;
    if (!snapshot->stopped && committed == snapshot->committed) {
        return false;
    }
    snapshot->committed = committed;
    snapshot->look = snapshot->step;
    snapshot->stopped = false;
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
