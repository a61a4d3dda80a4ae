// adopt_place.h: what a program says of a segment that another program laid out, where its records are and how it guards
// them, and whether that can be. Relies on error.h; opens nothing.

#ifndef SHMRECORD_ADOPT_PLACE_H
#define SHMRECORD_ADOPT_PLACE_H

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
    const char *address;     // posix:/name, file:/path or sysv:key
    const char *guard_name;  // a key as behind `sysv:`, or the name given to sem_open, `/name`; NULL for other guards
    uint64_t offset;         // of record 0 from the start of the segment, in bytes
    uint64_t count;          // records, or SHMREC_REST
    uint64_t stride;         // from one record to the next, in bytes; the record's size when nothing is between them
    uint64_t counter_offset; // of a seqcount: from the start of the segment, or from that of each record
    uint64_t timeout_ns;     // how long each access may wait for the guard; 0: not at all
    uint32_t guard;          // an enum shmrec_guard_kind
    uint32_t guard_index;    // which semaphore of a System V set
    uint32_t counter_bits;   // of a seqcount: 32 or 64
    uint32_t mode;           // as in shmrec_options: with the others' write bit, what everybody may write is accepted
    uint32_t owner;          // a user id that is trusted beside this process's own and root, if `has_owner`
    bool has_owner;
    bool counter_per_record; // each record has a seqcount of its own
    uint8_t reserved[2];
} shmrec_foreign;

// Everything below is not for programs.

// Where the records and counters of a foreign segment are, checked; in bytes from the start of the segment.
typedef struct shmrec_place {
    uint64_t offset;
    uint64_t stride;
    uint64_t count;
    uint64_t counter;        // of a seqcount: that of record 0, if each record has one
    uint64_t counter_stride; // 0: one for all records
} shmrec_place;

static inline uint64_t shmrec_counter_bytes(const shmrec_foreign *where) { return where->counter_bits / 8; }

// What is needed of a record, from its start: its bytes, and the counter behind it if each record has one.
static inline uint64_t shmrec_extent(const shmrec_foreign *where, uint64_t size) {
    return where->guard == SHMREC_GUARD_SEQCOUNT && where->counter_per_record
               ? where->counter_offset + shmrec_counter_bytes(where)
               : size;
}

// A seqcount's numbers, as far as they can be judged without the segment. Offset and stride have been checked.
static inline int shmrec_counter_check(const shmrec_foreign *where, uint64_t size, const shmrec_task *task) {
    const uint64_t width = shmrec_counter_bytes(where);
    const unsigned long long offset = where->counter_offset;
    if (where->counter_bits != 32 && where->counter_bits != 64) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: a counter of %u bits, expected 32 or 64",
                           where->counter_bits);
    }
    // Widths are powers of two, so sums that overflow keep the rests that count.
    const bool aligned = where->counter_per_record
                             ? (where->offset + offset) % width == 0 && where->stride % width == 0
                             : offset % width == 0;
    if (!aligned) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu, not a multiple of %llu", offset,
                           SHMREC_CAST(unsigned long long, width));
    }
    if (!where->counter_per_record) {
        return SHMREC_OK;
    }
    if (offset < size) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu lies in the record of %llu bytes",
                           offset, SHMREC_CAST(unsigned long long, size));
    }
    if (where->stride < width || offset > where->stride - width) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad guard: counter at %llu does not end within the stride of %llu", offset,
                           SHMREC_CAST(unsigned long long, where->stride));
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
    if (where->stride % align != 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad stride: %llu bytes, not a multiple of %llu, the record's alignment",
                           SHMREC_CAST(unsigned long long, where->stride), SHMREC_CAST(unsigned long long, align));
    }
    if (where->offset % align != 0) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad offset: %llu bytes, not a multiple of %llu, the record's alignment",
                           SHMREC_CAST(unsigned long long, where->offset), SHMREC_CAST(unsigned long long, align));
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

// Whether the `width` bytes at `counter` touch a record of `size` bytes, and which.
static inline bool shmrec_touches(const shmrec_place *place, uint64_t size, uint64_t counter, uint64_t width,
                                  uint64_t *index) {
    if (counter < place->offset) {
        *index = 0;
        return counter + width > place->offset;
    }
    const uint64_t distance = counter - place->offset, within = distance % place->stride;
    const bool spills = within >= size && within + width > place->stride; // into the next record
    *index = distance / place->stride + (spills ? 1 : 0);
    return (within < size || spills) && *index < place->count;
}

// Where everything is in a segment of `bytes` bytes, or why it cannot be there. The numbers have passed
// shmrec_foreign_check.
static inline int shmrec_place_in(shmrec_place *place, const shmrec_foreign *where, uint64_t size, uint64_t bytes,
                                  const shmrec_task *task) {
    const uint64_t extent = shmrec_extent(where, size), least = where->count == SHMREC_REST ? 1 : where->count;
    uint64_t needed;
    if (__builtin_mul_overflow(least - 1, where->stride, &needed) ||
        __builtin_add_overflow(needed, where->offset, &needed) || __builtin_add_overflow(needed, extent, &needed)) {
        needed = UINT64_MAX; // more than any segment has
    }
    if (needed > bytes) {
        return shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0,
                           "%llu bytes long, %llu expected: offset %llu + %llu records of %llu bytes",
                           SHMREC_CAST(unsigned long long, bytes), SHMREC_CAST(unsigned long long, needed),
                           SHMREC_CAST(unsigned long long, where->offset), SHMREC_CAST(unsigned long long, least),
                           SHMREC_CAST(unsigned long long, where->stride));
    }
    memset(place, 0, sizeof *place);
    place->offset = where->offset;
    place->stride = where->stride;
    place->count = where->count != SHMREC_REST ? where->count
                                               : (bytes - where->offset - extent) / where->stride + 1;
    if (where->guard != SHMREC_GUARD_SEQCOUNT) {
        return SHMREC_OK;
    }
    place->counter = where->counter_offset;
    if (where->counter_per_record) {
        place->counter += where->offset;
        place->counter_stride = where->stride;
        return SHMREC_OK;
    }
    const uint64_t width = shmrec_counter_bytes(where);
    uint64_t index;
    if (bytes < width || place->counter > bytes - width) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                           "bad guard: counter at %llu does not end within the segment of %llu bytes",
                           SHMREC_CAST(unsigned long long, place->counter), SHMREC_CAST(unsigned long long, bytes));
    }
    if (shmrec_touches(place, size, place->counter, width, &index)) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad guard: counter at %llu lies in record %llu",
                           SHMREC_CAST(unsigned long long, place->counter), SHMREC_CAST(unsigned long long, index));
    }
    return SHMREC_OK;
}

#endif
