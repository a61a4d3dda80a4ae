// record.h: one record's protocol: a version word and its cells. Relies on copy.h and, for one cell, log.h; knows no
// mapping.
//
// With one cell the version word is even when the cell is whole, odd while it is overwritten; its half is the version.
// A write completes the new value in the log first, so that one of the two can be read at every moment, for ever if the
// writer dies there. With K cells the version word is the version; version `v` lies in cell `v mod K`, so that a write
// touches the cell that has been out of use the longest. docs/FORMAT.md has both in pseudo-code.
//
// Why a read that passes its check is whole: had it loaded a word of a later write, that word's relaxed store would lie
// behind the writer's release fence, so the load followed by the reader's acquire fence would make what the writer
// stored before visible: the log's odd sequence, the odd version, or for K cells a version at least `a + K - 1`. The
// check behind the fence would then fail.

#ifndef SHMRECORD_RECORD_H
#define SHMRECORD_RECORD_H

#include "copy.h"
#include "log.h"

// Publishes `words` as the next version of record `index`, one cell. Only the holder of the role may call this.
SHMREC_HOT void shmrec_write_logged(uint64_t *version, uint64_t *cell, const shmrec_log *log, uint64_t index,
                                    const void *words, uint64_t count) {
    // Only this writer stores here. Recovery leaves it even; the mask keeps a word that somebody else made odd usable.
    const uint64_t now = shmrec_load(version) & ~UINT64_C(1);
    shmrec_log_stage(log, index, now + 2, words, count);
    shmrec_store(version, now + 1);
    // Pairs with the acquire fence behind a reader's copy of the cell: a reader that saw a word of the new value sees
    // the odd version too.
    shmrec_fence_release();
    shmrec_copy_in(cell, words, count);
    // Pairs with the acquire fence behind a reader's first load: who sees this version sees the whole cell.
    shmrec_store_release(version, now + 2);
}

// One attempt to read the cell, one cell. True: `out` holds version `*seen`. False: try again, or try the log.
SHMREC_HOT bool shmrec_read_cell(const uint64_t *version, const uint64_t *cell, void *out, uint64_t count,
                                 uint64_t *seen) {
    const uint64_t before = shmrec_load(version);
    // Pairs with the writer's release store of the version.
    shmrec_fence_acquire();
    shmrec_copy_out(out, cell, count);
    // Pairs with the writer's release fence between the odd version and the cell's words.
    shmrec_fence_acquire();
    *seen = before / 2;
    return (before & 1) == 0 && shmrec_load(version) == before;
}

// One attempt to read a slot that is being written, or whose writer died there: with the log's help. True: `out` holds
// version `*seen`. False: it is at rest, or the log holds something else.
static inline bool shmrec_read_under_way(const uint64_t *version, const uint64_t *cell, const shmrec_log *log,
                                         uint64_t index, uint64_t *out, uint64_t count, uint64_t *seen) {
    const uint64_t odd = shmrec_load(version);
    uint64_t word;
    // Pairs with the release fence in shmrec_log_begin, which stands in front of the odd version: the loads from the log
    // find that sequence or a later one.
    shmrec_fence_acquire();
    if ((odd & 1) == 0 || !shmrec_log_read(log, index, odd, cell, out, count, &word)) {
        return false;
    }
    *seen = word / 2;
    return true;
}

// Publishes `words` as the next version, K cells `stride` words apart. Only the holder of the role may call this.
SHMREC_HOT void shmrec_write_cells(uint64_t *version, uint64_t *cells, uint64_t cell_count, uint64_t stride,
                                   const void *words, uint64_t count) {
    const uint64_t next = shmrec_load(version) + 1;
    // Pairs with the acquire fence behind a reader's copy: a reader that saw a word of this write sees the version that
    // was published before it, which is too far from the one it started from.
    shmrec_fence_release();
    shmrec_copy_in(cells + (next & (cell_count - 1)) * stride, words, count);
    // Pairs with the acquire fence behind a reader's first load.
    shmrec_store_release(version, next);
}

// One attempt to read, K cells. True: `out` holds version `*seen`. False: try again.
SHMREC_HOT bool shmrec_read_cells(const uint64_t *version, const uint64_t *cells, uint64_t cell_count, uint64_t stride,
                                  void *out, uint64_t count, uint64_t *seen) {
    const uint64_t before = shmrec_load(version);
    // Pairs with the writer's release store of the version.
    shmrec_fence_acquire();
    shmrec_copy_out(out, cells + (before & (cell_count - 1)) * stride, count);
    // Pairs with the writer's release fence in front of the words.
    shmrec_fence_acquire();
    *seen = before;
    // The cell of version `a` is next overwritten by the write of `a + K`, which starts once `a + K - 1` is published.
    return shmrec_load(version) - before <= cell_count - 2;
}

#endif
