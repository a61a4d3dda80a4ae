// geometry.h: where everything lies in a segment: pure arithmetic from a shape to offsets and strides, every step
// checked. Relies on abi.h; knows no memory. docs/FORMAT.md has the same tables in prose.

#ifndef SHMRECORD_GEOMETRY_H
#define SHMRECORD_GEOMETRY_H

#include "abi.h"
#include "base.h"

// The largest record, in bytes, its largest alignment, and the largest capacity.
#define SHMREC_MAX_RECORD_BYTES (1u << 31)
#define SHMREC_MAX_ALIGN 4096u
#define SHMREC_MAX_CAPACITY (UINT64_C(1) << 48)
// Segments stay below this, so that no offset or sum of offsets overflows a signed 64-bit integer.
#define SHMREC_MAX_SEGMENT_BYTES (UINT64_C(1) << 62)
// The largest number of a semaphore in its set.
#define SHMREC_SEMAPHORE_INDEX_MAX 0x7fffu
// Cache lines of every machine this runs on.
#define SHMREC_LINE_BYTES 64u

// Tags of the arrangements in a header.
#define SHMREC_TAG_LINE 0u
#define SHMREC_TAG_PACKED 1u
#define SHMREC_TAG_SPLIT 2u

// What decides a geometry.
typedef struct shmrec_shape {
    uint64_t capacity;
    uint64_t description_bytes;
    uint32_t record_bytes;
    uint32_t record_align;
    uint32_t cells;
    uint32_t arrangement; // a tag
    uint32_t log_entries; // 0 exactly when cells > 1
    uint32_t guard_kind;  // a tag
    uint32_t wake_policy; // a tag
    uint32_t reserved;
} shmrec_shape;

// Every offset and stride of a segment, in bytes from its start.
typedef struct shmrec_geometry {
    uint64_t capacity;
    uint64_t quick; // index bound of a read that looks at nothing else: the capacity; 0 in a table that has a view
    uint64_t versions_offset;
    uint64_t versions_stride;
    uint64_t cells_offset;
    uint64_t record_stride;
    uint64_t cell_stride;
    uint64_t cell_bytes; // copied per record: its size rounded up to 8
    uint64_t log_offset;
    uint64_t log_entry_bytes;
    uint64_t description_offset;
    uint64_t description_bytes;
    uint64_t segment_bytes;
    uint32_t cells;
    uint32_t log_entries;
} shmrec_geometry;

// `value` rounded up to a multiple of `unit`, a power of two. Callers stay far below 2^64.
static inline uint64_t shmrec_round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

static inline bool shmrec_is_power_of_two(uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

// The areas of the records, behind `base`. NULL, or the name of the number that makes them impossible.
// Nothing before the products overflows: sizes are below 2^32, so a slot of 8 cells is below 2^36.
static inline const char *shmrec_place_records(shmrec_geometry *g, const shmrec_shape *shape, uint64_t base) {
    const uint64_t unit = shape->record_align > 8 ? shape->record_align : 8;
    const uint64_t line = unit > SHMREC_LINE_BYTES ? unit : SHMREC_LINE_BYTES;
    const bool apart = shape->cells > 1 && shape->arrangement == SHMREC_TAG_LINE;
    g->cell_stride = shmrec_round_up(g->cell_bytes, apart ? line : unit);
    const uint64_t cells_end = (shape->cells - 1) * g->cell_stride + g->cell_bytes;
    if (shape->arrangement == SHMREC_TAG_SPLIT) {
        g->versions_offset = base;
        g->versions_stride = 8;
        g->cells_offset = shmrec_round_up(base + 8 * shape->capacity, line); // capacity is at most 2^48
        g->record_stride = shape->cells * g->cell_stride;
    } else {
        g->cells_offset = base;
        g->versions_offset = base + cells_end;
        g->record_stride = shmrec_round_up(cells_end + 8, shape->arrangement == SHMREC_TAG_LINE ? line : unit);
        g->versions_stride = g->record_stride;
    }
    uint64_t area, end;
    if (__builtin_mul_overflow(shape->capacity, g->record_stride, &area) ||
        __builtin_add_overflow(area, g->cells_offset, &end) || end > SHMREC_MAX_SEGMENT_BYTES) {
        return "capacity";
    }
    g->segment_bytes = shmrec_round_up(end, SHMREC_LINE_BYTES);
    return g->segment_bytes > SHMREC_MAX_SEGMENT_BYTES ? "capacity" : NULL;
}

// Where the live words and what belongs to them end.
static inline uint64_t shmrec_live_end(const shmrec_shape *shape) {
    return shape->wake_policy != SHMREC_WAKE_NONE  ? SHMREC_LIVE_WAITING_END
           : shape->guard_kind != SHMREC_GUARD_ONE ? SHMREC_LIVE_PARTICIPANTS_END
                                                   : SHMREC_LIVE_END;
}

// The geometry of this shape. NULL, or the name of the number that makes it impossible.
static inline const char *shmrec_geometry_of(shmrec_geometry *g, const shmrec_shape *shape) {
    memset(g, 0, sizeof *g);
    if (shape->record_bytes == 0 || shape->record_bytes > SHMREC_MAX_RECORD_BYTES) {
        return "record size";
    }
    if (!shmrec_is_power_of_two(shape->record_align) || shape->record_align > SHMREC_MAX_ALIGN) {
        return "record alignment";
    }
    if (shape->capacity == 0 || shape->capacity > SHMREC_MAX_CAPACITY) {
        return "capacity";
    }
    if (!shmrec_is_power_of_two(shape->cells) || shape->cells > 8) {
        return "cells";
    }
    if ((shape->log_entries == 0) != (shape->cells > 1) || shape->log_entries > SHMREC_MAX_LOG_ENTRIES) {
        return "log entries";
    }
    if (shape->description_bytes > SHMREC_MAX_DESCRIPTION_BYTES || shape->description_bytes % 8 != 0) {
        return "description bytes";
    }
    g->capacity = shape->capacity;
    g->quick = shape->capacity;
    g->cells = shape->cells;
    g->log_entries = shape->log_entries;
    g->description_bytes = shape->description_bytes;
    g->cell_bytes = shmrec_round_up(shape->record_bytes, 8);
    g->description_offset = shmrec_live_end(shape);
    if (shape->cells == 1) {
        g->log_offset = g->description_offset;
        g->log_entry_bytes = shmrec_round_up(g->cell_bytes + 16, SHMREC_LINE_BYTES);
        g->description_offset += SHMREC_LOG_ENTRIES + shape->log_entries * g->log_entry_bytes;
    }
    const uint64_t line = shape->record_align > SHMREC_LINE_BYTES ? shape->record_align : SHMREC_LINE_BYTES;
    return shmrec_place_records(g, shape, shmrec_round_up(g->description_offset + g->description_bytes, line));
}

#endif
