// log.h: the write-ahead log: what the writer is about to put into slots, complete before it touches them. Relies on
// abi.h and copy.h; borrows its words, knows no mapping. One-cell tables only.
//
// Before the even sequence is stored the write has not happened; from the odd version on it has, though the cell may
// never be finished. While the writer fills the log the slots stand still, and the other way round. When the log holds a
// batch, the odd version alone does not say that it has happened: `committed` does, for all its slots at once. How
// batches are written, and how both are recovered, is in batch.h.

#ifndef SHMRECORD_LOG_H
#define SHMRECORD_LOG_H

#include "abi.h"
#include "copy.h"

// The log's words, borrowed: its head, then entries.
typedef struct shmrec_log {
    uint64_t *words;
    uint64_t stride;     // words from one entry to the next
    uint64_t capacity;   // entries that fit
    uint64_t *committed; // the number of the last batch that is committed
} shmrec_log;

// Entry number `at`: the record's words, then index, then target.
SHMREC_HOT uint64_t *shmrec_log_entry(const shmrec_log *log, uint64_t at) {
    return log->words + SHMREC_LOG_ENTRIES / 8 + at * log->stride;
}

// A store of a value that is nearly always there already: the load is cheaper.
SHMREC_HOT void shmrec_log_set(uint64_t *word, uint64_t value) {
    if (__builtin_expect(shmrec_load(word) != value, 0)) {
        shmrec_store(word, value);
    }
}

// The sequence: odd while the log is being filled.
SHMREC_HOT uint64_t shmrec_log_sequence(const shmrec_log *log) {
    return shmrec_load(log->words + SHMREC_LOG_SEQ / 8);
}

// Begins to fill the log, which says nothing from this odd sequence on until shmrec_log_end.
SHMREC_HOT void shmrec_log_begin(const shmrec_log *log, uint64_t odd) {
    shmrec_store(log->words + SHMREC_LOG_SEQ / 8, odd);
    // Pairs with the acquire fence behind a reader's copy of the entry: a reader that saw a word of the new entry sees
    // the odd sequence too. It also keeps these stores behind those that finished the slot before.
    shmrec_fence_release();
}

// Fills entry number `at`.
SHMREC_HOT void shmrec_log_put(const shmrec_log *log, uint64_t at, uint64_t index, uint64_t target,
                               const void *words, uint64_t count) {
    uint64_t *entry = shmrec_log_entry(log, at);
    shmrec_copy_in(entry, words, count);
    shmrec_store(entry + count, index);
    shmrec_store(entry + count + 1, target);
}

// Ends what began with this odd sequence: so many entries, of this batch, or of 0 for a single write.
SHMREC_HOT void shmrec_log_end(const shmrec_log *log, uint64_t odd, uint64_t entries, uint64_t batch) {
    shmrec_log_set(log->words + SHMREC_LOG_COUNT / 8, entries);
    shmrec_log_set(log->words + SHMREC_LOG_BATCH_ID / 8, batch);
    // Pairs with the acquire fence behind a reader's load of the sequence: who sees it even sees the whole entry.
    shmrec_store_release(log->words + SHMREC_LOG_SEQ / 8, odd + 1);
}

// Makes one write known: after this the value is complete here, whatever happens to the writer.
SHMREC_HOT void shmrec_log_stage(const shmrec_log *log, uint64_t index, uint64_t target, const void *words,
                                 uint64_t count) {
    const uint64_t odd = shmrec_log_sequence(log) | 1;
    shmrec_log_begin(log, odd);
    shmrec_log_put(log, 0, index, target, words, count);
    shmrec_log_end(log, odd, 1, 0);
}

// Empties the log if its filling never ended: what it was to hold never happens, and every slot was finished before.
// False: it is whole.
static inline bool shmrec_log_empty(const shmrec_log *log) {
    const uint64_t seq = shmrec_log_sequence(log);
    const bool is_odd = (seq & 1) != 0;
    if (is_odd) {
        shmrec_log_end(log, seq, 0, 0);
    }
    return is_odd;
}

// The number of entries in use. It comes from the segment and is bounded by what fits.
static inline uint64_t shmrec_log_count(const shmrec_log *log) {
    const uint64_t count = shmrec_load(log->words + SHMREC_LOG_COUNT / 8);
    return count < log->capacity ? count : log->capacity;
}

// The batch that the entries are of; 0 for a single write.
static inline uint64_t shmrec_log_batch(const shmrec_log *log) {
    return shmrec_load(log->words + SHMREC_LOG_BATCH_ID / 8);
}

// Whether what the log holds of this batch has happened. A single write has.
static inline bool shmrec_log_is_committed(const shmrec_log *log, uint64_t batch) {
    return batch <= shmrec_load(log->committed);
}

// The entry of record `index` with this target, or NULL.
static inline const uint64_t *shmrec_log_find(const shmrec_log *log, uint64_t index, uint64_t target, uint64_t count) {
    const uint64_t entries = shmrec_log_count(log);
    for (uint64_t at = 0; at < entries; at++) {
        const uint64_t *entry = shmrec_log_entry(log, at);
        if (shmrec_load(entry + count) == index && shmrec_load(entry + count + 1) == target) {
            return entry;
        }
    }
    return NULL;
}

// Copies the value out (`out` may be NULL) that record `index` has while its version word is this odd one: the logged
// one, or that of its `cell` when it belongs to a batch that is not committed. `*word` is then the even version word of
// that value. False: the log holds nothing of this, or moved meanwhile.
static inline bool shmrec_log_read(const shmrec_log *log, uint64_t index, uint64_t odd, const uint64_t *cell,
                                   uint64_t *out, uint64_t count, uint64_t *word) {
    const uint64_t seen = shmrec_log_sequence(log);
    // Pairs with the release store of the even sequence in shmrec_log_end.
    shmrec_fence_acquire();
    if ((seen & 1) != 0) {
        return false;
    }
    const uint64_t batch = shmrec_log_batch(log);
    const bool committed = shmrec_log_is_committed(log, batch);
    const uint64_t *entry = shmrec_log_find(log, index, odd + 1, count);
    if (entry == NULL) {
        return false;
    }
    *word = committed ? odd + 1 : odd - 1;
    if (out != NULL) {
        shmrec_copy_out(out, committed ? entry : cell, count);
    }
    // Pairs with the release fence behind the odd sequence in shmrec_log_begin: who saw a word of the next entries sees
    // that sequence. And with the one in front of the cell's words in shmrec_log_finish: who saw one sees the batch
    // committed.
    shmrec_fence_acquire();
    return shmrec_log_sequence(log) == seen && shmrec_log_is_committed(log, batch) == committed;
}

#endif
