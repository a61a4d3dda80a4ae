// adopt_copy.h: a record's bytes out of a foreign segment and back in, by the widest aligned pieces of up to 8 bytes.
// Relies on copy.h; knows no guard and no segment.
//
// Where a record lies in the segment decides how it is cut, so every process touches the same bytes with the same
// width; and no byte beside the record is touched. Every order between the pieces comes from the guard.

#ifndef SHMRECORD_ADOPT_COPY_H
#define SHMRECORD_ADOPT_COPY_H

#include "copy.h"

// The widest piece at this offset in the segment, whose start is aligned to a page, of at most `left` bytes.
static inline size_t shmrec_piece_bytes(uint64_t offset, size_t left) {
    size_t bytes = 8;
    while (offset % bytes != 0 || bytes > left) {
        bytes /= 2;
    }
    return bytes;
}

SHMREC_HOT void shmrec_piece_out(void *to, const void *from, size_t bytes) {
    if (bytes == 8) {
        const uint64_t value = __atomic_load_n(SHMREC_CAST(const uint64_t *, from), __ATOMIC_RELAXED);
        memcpy(to, &value, 8);
    } else if (bytes == 4) {
        const uint32_t value = __atomic_load_n(SHMREC_CAST(const uint32_t *, from), __ATOMIC_RELAXED);
        memcpy(to, &value, 4);
    } else if (bytes == 2) {
        const uint16_t value = __atomic_load_n(SHMREC_CAST(const uint16_t *, from), __ATOMIC_RELAXED);
        memcpy(to, &value, 2);
    } else {
        const uint8_t value = __atomic_load_n(SHMREC_CAST(const uint8_t *, from), __ATOMIC_RELAXED);
        memcpy(to, &value, 1);
    }
}

SHMREC_HOT void shmrec_piece_in(void *to, const void *from, size_t bytes) {
    if (bytes == 8) {
        uint64_t value;
        memcpy(&value, from, 8);
        __atomic_store_n(SHMREC_CAST(uint64_t *, to), value, __ATOMIC_RELAXED);
    } else if (bytes == 4) {
        uint32_t value;
        memcpy(&value, from, 4);
        __atomic_store_n(SHMREC_CAST(uint32_t *, to), value, __ATOMIC_RELAXED);
    } else if (bytes == 2) {
        uint16_t value;
        memcpy(&value, from, 2);
        __atomic_store_n(SHMREC_CAST(uint16_t *, to), value, __ATOMIC_RELAXED);
    } else {
        uint8_t value;
        memcpy(&value, from, 1);
        __atomic_store_n(SHMREC_CAST(uint8_t *, to), value, __ATOMIC_RELAXED);
    }
}

// Copies the `bytes` bytes at this offset out of the segment at `base`.
static inline void shmrec_pieces_out(void *to, const void *base, uint64_t offset, size_t bytes) {
    for (size_t at = 0; at < bytes;) {
        const size_t piece = shmrec_piece_bytes(offset + at, bytes - at);
        shmrec_piece_out(SHMREC_CAST(char *, to) + at, SHMREC_CAST(const char *, base) + offset + at, piece);
        at += piece;
    }
}

// Copies `bytes` bytes in at this offset of the segment at `base`.
static inline void shmrec_pieces_in(void *base, uint64_t offset, const void *from, size_t bytes) {
    for (size_t at = 0; at < bytes;) {
        const size_t piece = shmrec_piece_bytes(offset + at, bytes - at);
        shmrec_piece_in(SHMREC_CAST(char *, base) + offset + at, SHMREC_CAST(const char *, from) + at, piece);
        at += piece;
    }
}

// As shmrec_pieces_out, for a record whose size and alignment are literals: the compiler cuts one that starts at a
// multiple of 8.
SHMREC_HOT void shmrec_record_out(void *to, void *base, uint64_t offset, size_t bytes, size_t align) {
    const size_t whole = bytes - bytes % 8;
    if (align < 8 && offset % 8 != 0) {
        shmrec_pieces_out(to, base, offset, bytes);
        return;
    }
    shmrec_copy_out(to, shmrec_word(base, offset), whole / 8);
    shmrec_pieces_out(SHMREC_CAST(char *, to) + whole, base, offset + whole, bytes - whole);
}

// As shmrec_pieces_in, for a record whose size and alignment are literals.
SHMREC_HOT void shmrec_record_in(void *base, uint64_t offset, const void *from, size_t bytes, size_t align) {
    const size_t whole = bytes - bytes % 8;
    if (align < 8 && offset % 8 != 0) {
        shmrec_pieces_in(base, offset, from, bytes);
        return;
    }
    shmrec_copy_in(shmrec_word(base, offset), from, whole / 8);
    shmrec_pieces_in(base, offset + whole, SHMREC_CAST(const char *, from) + whole, bytes - whole);
}

#endif
