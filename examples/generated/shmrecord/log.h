// log.h: the write-ahead log: what the writer is about to put into a slot, and recovery from it after its death. Relies
// on abi.h; borrows its words, knows no mapping. One-cell tables only.
//
// Before the even sequence is stored the write has not happened; from the odd version on it has, though the cell may
// never be finished. While the writer fills the log the slots stand still, and the other way round.

#ifndef SHMRECORD_LOG_H
#define SHMRECORD_LOG_H

#include "abi.h"
#include "base.h"

// The log's words, borrowed: its head, then entries.
typedef struct shmrec_log {
    uint64_t *words;
    uint64_t stride;   // words from one entry to the next
    uint64_t capacity; // entries that fit
} shmrec_log;

// Copies a cell's words out, in any order: the version word around it makes the copy whole, with its fences.
SHMREC_HOT void shmrec_copy_out(uint64_t *to, const uint64_t *from, uint64_t count) {
    SHMREC_UNROLL
    for (uint64_t i = 0; i < count; i++) {
        to[i] = shmrec_load(from + i);
    }
}

// Copies private words into a cell, in any order.
SHMREC_HOT void shmrec_copy_in(uint64_t *to, const uint64_t *from, uint64_t count) {
    SHMREC_UNROLL
    for (uint64_t i = 0; i < count; i++) {
        shmrec_store(to + i, from[i]);
    }
}

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

// Makes one write known: after this the value is complete here, whatever happens to the writer.
SHMREC_HOT void shmrec_log_stage(const shmrec_log *log, uint64_t index, uint64_t target, const uint64_t *words,
                                 uint64_t count) {
    uint64_t *entry = shmrec_log_entry(log, 0);
    uint64_t *seq = log->words + SHMREC_LOG_SEQ / 8;
    const uint64_t odd = shmrec_load(seq) | 1;
    shmrec_store(seq, odd);
    // Pairs with the acquire fence behind a reader's copy of the entry: a reader that saw a word of the new entry sees
    // the odd sequence too. It also keeps these stores behind those that finished the slot before.
    shmrec_fence_release();
    shmrec_copy_in(entry, words, count);
    shmrec_store(entry + count, index);
    shmrec_store(entry + count + 1, target);
    shmrec_log_set(log->words + SHMREC_LOG_COUNT / 8, 1);
    shmrec_log_set(log->words + SHMREC_LOG_BATCH_ID / 8, 0);
    // Pairs with the acquire fence behind a reader's load of the sequence: who sees it even sees the whole entry.
    shmrec_store_release(seq, odd + 1);
}

// The number of entries in use. It comes from the segment and is bounded by what fits.
static inline uint64_t shmrec_log_count(const shmrec_log *log) {
    const uint64_t count = shmrec_load(log->words + SHMREC_LOG_COUNT / 8);
    return count < log->capacity ? count : log->capacity;
}

// Copies the logged value for this index and target out. False: it is not here, or the log moved meanwhile.
static inline bool shmrec_log_read(const shmrec_log *log, uint64_t index, uint64_t target, uint64_t *out,
                                 uint64_t count) {
    const uint64_t *seq = log->words + SHMREC_LOG_SEQ / 8;
    const uint64_t seen = shmrec_load(seq);
    // Pairs with the release store of the even sequence in shmrec_log_stage.
    shmrec_fence_acquire();
    if ((seen & 1) != 0) {
        return false;
    }
    const uint64_t entries = shmrec_log_count(log);
    for (uint64_t at = 0; at < entries; at++) {
        const uint64_t *entry = shmrec_log_entry(log, at);
        if (shmrec_load(entry + count) == index && shmrec_load(entry + count + 1) == target) {
            shmrec_copy_out(out, entry, count);
            // Pairs with the release fence behind the odd sequence in shmrec_log_stage.
            shmrec_fence_acquire();
            return shmrec_load(seq) == seen;
        }
    }
    return false;
}

// Recovery, first half: a log that a dead writer left half-filled is emptied; its write never happened, and every slot
// was finished before. True: the log is whole, its entries may have to be finished.
static inline bool shmrec_log_settle(const shmrec_log *log) {
    uint64_t *seq = log->words + SHMREC_LOG_SEQ / 8;
    const uint64_t left = shmrec_load(seq);
    if ((left & 1) == 0) {
        return true;
    }
    shmrec_store(log->words + SHMREC_LOG_COUNT / 8, 0);
    // Pairs with the acquire fence behind a reader's load of the sequence.
    shmrec_store_release(seq, left + 1);
    return false;
}

// Recovery, second half: finishes the slot of one entry, if its writer died between the odd version and the even one.
// May itself die anywhere and be repeated.
static inline void shmrec_log_finish(uint64_t *version, uint64_t *cell, const uint64_t *entry, uint64_t count) {
    const uint64_t target = shmrec_load(entry + count + 1);
    if ((target & 1) != 0 || shmrec_load(version) != target - 1) {
        return;
    }
    // Readers take the value from the log until the version is even again, so the cell may be overwritten. Pairs with
    // the acquire fence behind a reader's copy of the cell: who saw a word of these stores sees the odd version that
    // was just loaded, too.
    shmrec_fence_release();
    for (uint64_t i = 0; i < count; i++) {
        shmrec_store(cell + i, shmrec_load(entry + i));
    }
    // Pairs with the acquire fence behind a reader's first load.
    shmrec_store_release(version, target);
}

#endif
