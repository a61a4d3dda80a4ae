// adopt_bounds.h: what a program says of a segment that another program laid out, where its records are and how it
// guards them, and whether that can be. Relies on error.h; opens nothing.

#ifndef SHMRECORD_ADOPT_BOUNDS_H
#define SHMRECORD_ADOPT_BOUNDS_H

#include "error.h"

// As a count: as many records as fit.
#define SHMREC_REST UINT64_MAX

// How the other program keeps others out while it writes. Always said: no value stands for a default.
enum shmrec_guard_kind {
    SHMREC_GUARD_NONE = 1,    // not at all: torn records are possible, each aligned word of up to 8 bytes is whole
    SHMREC_GUARD_SYSV = 2,    // a semaphore of a System V set, 1 when free
    SHMREC_GUARD_POSIX = 3,   // a semaphore of sem_open(3), 1 when free
    SHMREC_GUARD_SEQCOUNT = 4 // a counter in the segment, odd while its writer writes
};

// A table in a segment of another program. Generated headers define one for each section `[segment.name]` of a schema,
// with every member given in this order.
typedef struct shmrec_foreign {
    const char *address;     // posix:/name, file:/path, sysv:key or memfd:name
    const char *guard_name;  // a key as behind `sysv:`, or the name given to sem_open, `/name`; NULL for other guards
    uint64_t offset;         // of record 0 from the start of the segment, in bytes
    uint64_t count;          // records, or SHMREC_REST
    uint64_t stride;         // from one record to the next, in bytes; the record's size when nothing is between them
    uint64_t counter_offset; // of a seqcount, from the start of the segment; of record 0's, if each has one
    uint64_t timeout_ns;     // how long each access may wait for the guard; 0: not at all
    uint32_t guard;          // an enum shmrec_guard_kind
    uint32_t guard_index;    // which semaphore of a System V set
    uint32_t counter_bits;   // of a seqcount: 32 or 64
    uint32_t mode;           // with the others' write bit, what everybody may write is accepted; memfds always are
    uint32_t owner;          // a user id that is trusted beside this process's own and root, if `has_owner`
    bool has_owner;
    bool counter_per_record; // each record has a seqcount of its own, `stride` bytes from one to the next
    bool accept_unsealed;    // a memfd that can be cut, which ends who accesses it with SIGBUS, is accepted
    uint8_t reserved[1];
} shmrec_foreign;

// Everything below is not for programs.

// Where the records and counters of a foreign segment are, checked; in bytes from the start of the segment.
typedef struct shmrec_bounds {
    uint64_t offset;
    uint64_t stride;
    uint64_t count;
    uint64_t counter;        // of a seqcount: that of record 0, if each record has one
    uint64_t counter_stride; // 0: one for all records
} shmrec_bounds;

static inline bool shmrec_counter_each(const shmrec_foreign *where) {
    return where->guard == SHMREC_GUARD_SEQCOUNT && where->counter_per_record;
}

// A seqcount's numbers, as far as they can be judged without the segment. Offset and stride have been checked.
static inline int shmrec_counter_check(const shmrec_foreign *where, uint64_t size, const shmrec_task *task) {
    const uint64_t width = where->counter_bits / 8, offset = where->counter_offset, stride = where->stride;
    if (where->counter_bits != 32 && where->counter_bits != 64) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: a counter of %u bits, expected 32 or 64",
                           where->counter_bits);
    }
    if (offset % width != 0 || (where->counter_per_record && stride % width != 0)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu, not a multiple of %llu",
                           SHMREC_CAST(unsigned long long, offset), SHMREC_CAST(unsigned long long, width));
    }
    if (!where->counter_per_record) {
        return SHMREC_OK;
    }
    // How far a counter is behind the start of the record before it, its own or the one before that.
    const uint64_t behind = offset >= where->offset ? (offset - where->offset) % stride
                                                    : (stride - (where->offset - offset) % stride) % stride;
    if (behind < size) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu lies in the record of %llu bytes",
                           SHMREC_CAST(unsigned long long, offset), SHMREC_CAST(unsigned long long, size));
    }
    if (width > stride - behind) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad guard: counter at %llu does not end within the stride of %llu",
                           SHMREC_CAST(unsigned long long, offset), SHMREC_CAST(unsigned long long, stride));
    }
    return SHMREC_OK;
}

// The numbers that can be judged without the segment, for records of this size and alignment.
static inline int shmrec_foreign_check(const shmrec_foreign *where, uint64_t size, uint64_t align,
                                       const shmrec_task *task) {
    if (where->stride < size) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad stride: %llu bytes for records of %llu",
                           SHMREC_CAST(unsigned long long, where->stride), SHMREC_CAST(unsigned long long, size));
    }
    if (where->stride % align != 0 || where->offset % align != 0) {
        const bool stride = where->stride % align != 0;
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad %s: %llu bytes, not a multiple of %llu, the record's alignment",
                           stride ? "stride" : "offset",
                           SHMREC_CAST(unsigned long long, stride ? where->stride : where->offset),
                           SHMREC_CAST(unsigned long long, align));
    }
    if (where->count == 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad count: 0");
    }
    if (where->guard < SHMREC_GUARD_NONE || where->guard > SHMREC_GUARD_SEQCOUNT) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: %u, expected a value of shmrec_guard_kind",
                           where->guard);
    }
    return where->guard == SHMREC_GUARD_SEQCOUNT ? shmrec_counter_check(where, size, task) : SHMREC_OK;
}

// Where record 0 ends, and the counter that it has for itself; UINT64_MAX where nothing ends.
static inline uint64_t shmrec_first_end(const shmrec_foreign *where, uint64_t size) {
    uint64_t record, counter = 0;
    if (__builtin_add_overflow(where->offset, size, &record) ||
        (shmrec_counter_each(where) &&
         __builtin_add_overflow(where->counter_offset, where->counter_bits / 8, &counter))) {
        return UINT64_MAX;
    }
    return record > counter ? record : counter;
}

// That a counter for all records lies in the segment and in no record. The records do.
static inline int shmrec_counter_within(const shmrec_bounds *bounds, const shmrec_foreign *where, uint64_t size,
                                        uint64_t bytes, const shmrec_task *task) {
    const uint64_t width = where->counter_bits / 8, counter = where->counter_offset;
    if (bytes < width || counter > bytes - width) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad guard: counter at %llu does not end within the segment of %llu bytes",
                           SHMREC_CAST(unsigned long long, counter), SHMREC_CAST(unsigned long long, bytes));
    }
    const uint64_t last_byte = counter + width - 1;
    if (last_byte < bounds->offset) {
        return SHMREC_OK;
    }
    // Of the records that start before the counter ends, the last ends last.
    const uint64_t before = (last_byte - bounds->offset) / bounds->stride;
    const uint64_t record = before < bounds->count ? before : bounds->count - 1;
    if (bounds->offset + record * bounds->stride + size > counter) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu lies in record %llu",
                           SHMREC_CAST(unsigned long long, counter), SHMREC_CAST(unsigned long long, record));
    }
    return SHMREC_OK;
}

// Where everything is in a segment of `bytes` bytes, or why it cannot be there. What was said has passed
// shmrec_foreign_check.
static inline int shmrec_bounds_within(shmrec_bounds *bounds, const shmrec_foreign *where, uint64_t size,
                                       uint64_t bytes, const shmrec_task *task) {
    const uint64_t stride = where->stride, first_end = shmrec_first_end(where, size);
    memset(bounds, 0, sizeof *bounds);
    bounds->offset = where->offset;
    bounds->stride = stride;
    bounds->counter = where->counter_offset;
    bounds->counter_stride = shmrec_counter_each(where) ? stride : 0;
    bounds->count = where->count;
    if (bounds->count == SHMREC_REST) { // at least one: if there is no room for it, that is said below
        bounds->count = first_end <= bytes ? (bytes - first_end) / stride + 1 : 1;
    }
    uint64_t end;
    if (__builtin_mul_overflow(bounds->count - 1, stride, &end) || __builtin_add_overflow(end, first_end, &end)) {
        end = UINT64_MAX;
    }
    if (end > bytes) {
        char apart[32] = "";
        if (stride != size) {
            (void)snprintf(apart, sizeof apart, ", %llu apart", SHMREC_CAST(unsigned long long, stride));
        }
        return shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0,
                           "%llu bytes long, %llu expected: offset %llu + %llu records of %llu bytes%s",
                           SHMREC_CAST(unsigned long long, bytes), SHMREC_CAST(unsigned long long, end),
                           SHMREC_CAST(unsigned long long, where->offset),
                           SHMREC_CAST(unsigned long long, bounds->count), SHMREC_CAST(unsigned long long, size),
                           apart);
    }
    const bool one_counter = where->guard == SHMREC_GUARD_SEQCOUNT && !where->counter_per_record;
    return one_counter ? shmrec_counter_within(bounds, where, size, bytes, task) : SHMREC_OK;
}

#endif
