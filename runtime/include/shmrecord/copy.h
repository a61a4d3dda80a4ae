// copy.h: words between a cell and private memory, or another cell: atomic loads and stores of 8 bytes each, in any order;
// the twin of guard/copy.rs. And words of an object. Relies on vectors.h; knows no protocol.
//
// Nothing here makes a copy whole: the version word around it does, with the fences in record.h and log.h.
//
// On x86-64 several words move at a time. A compiler never joins two atomics, so the wide move is inline assembly, and this
// is why it counts as relaxed 8-byte accesses of all its words: the assembly's meaning to the compiler is "something these
// instructions may do", relaxed accesses of the words in any order are such a thing, and the processor does no less. The words
// lie on multiples of 8 because every cell does. That such a word of a wider move is not torn is promised for moves of 8 bytes,
// and for aligned ones of 16 where there is AVX; of all others no processor is known to tear one, and tests/c/copies.c looks
// for it. Loads are not reordered with loads nor stores with stores on this architecture. And the assembly
// is not moved across the fences around it: a fence counts as a store and a load of all memory, and each piece of assembly
// names what it touches, as an operand in memory of so many bytes, or by "memory", which is everything. A load of a pair may
// be left out or moved between two fences, as every relaxed load may; what it gives a read that is whole is the same there.
// Who has no fence around a copy puts one of the compiler's there.
//
// On other machines, and under sanitizers: plain atomics.

#ifndef SHMRECORD_COPY_H
#define SHMRECORD_COPY_H

#include "vectors.h"

// Words from which on they are copied straight from memory to memory, by lines. Fewer go through registers, where the compiler
// sees them; what is stored often lies there yet, in pieces that a wide load would have to wait for.
#define SHMREC_READ_LINES 16u
#define SHMREC_WRITE_LINES 32u
// Whether an object of so many bytes is read straight to its place, or written straight from there.
#define SHMREC_READS_STRAIGHT(bytes) ((bytes) >= 8 * SHMREC_READ_LINES && (bytes) % 8 == 0)
#define SHMREC_WRITES_STRAIGHT(bytes) ((bytes) >= 8 * SHMREC_WRITE_LINES && (bytes) % 8 == 0)
// Words of the room for an object that is read; one that is read straight needs none.
#define SHMREC_READ_ROOM(bytes) (SHMREC_READS_STRAIGHT(bytes) ? 1 : ((bytes) + 7) / 8)

// Copies a cell's words out, by vectors of so many bytes where there are any.
SHMREC_HOT void shmrec_copy_out_by(uint64_t bytes, void *to, const uint64_t *from, uint64_t count) {
    char *out = SHMREC_CAST(char *, to);
    uint64_t at = 0;
#if SHMREC_VECTORS
    at = count < SHMREC_READ_LINES ? 0 : shmrec_copy_lines(bytes, to, from, count);
    SHMREC_UNROLL
    for (; at + 2 <= count; at += 2) {
        const shmrec_pair pair = shmrec_load_pair(from + at);
        memcpy(out + 8 * at, &pair, 16);
    }
#else
    (void)bytes;
#endif
    SHMREC_UNROLL
    for (; at < count; at++) {
        const uint64_t word = shmrec_load(from + at);
        memcpy(out + 8 * at, &word, 8);
    }
}

// Copies private words into a cell, likewise.
SHMREC_HOT void shmrec_copy_in_by(uint64_t bytes, uint64_t *to, const void *words, uint64_t count) {
    const char *from = SHMREC_CAST(const char *, words);
    uint64_t at = 0;
#if SHMREC_VECTORS
    at = count < SHMREC_WRITE_LINES ? 0 : shmrec_copy_lines(bytes, to, words, count);
    SHMREC_UNROLL
    for (; at + 2 <= count; at += 2) {
        uint64_t first, second; // not the pair at once: it is often made of words that were just put there
        memcpy(&first, from + 8 * at, 8);
        memcpy(&second, from + 8 * at + 8, 8);
        const shmrec_pair pair = {first, second};
        shmrec_store_pair(to + at, pair);
    }
#else
    (void)bytes;
#endif
    SHMREC_UNROLL
    for (; at < count; at++) {
        uint64_t word;
        memcpy(&word, from + 8 * at, 8);
        shmrec_store(to + at, word);
    }
}

// Copies a cell's words out, to where they are to stay.
SHMREC_HOT void shmrec_copy_out(void *to, const uint64_t *from, uint64_t count) {
    shmrec_copy_out_by(count < SHMREC_READ_LINES ? 16 : shmrec_vectors(), to, from, count);
}

// Copies private words into a cell.
SHMREC_HOT void shmrec_copy_in(uint64_t *to, const void *words, uint64_t count) {
    shmrec_copy_in_by(count < SHMREC_WRITE_LINES ? 16 : shmrec_vectors(), to, words, count);
}

// Copies a cell's words into another one.
SHMREC_HOT void shmrec_copy_between(uint64_t *to, const uint64_t *from, uint64_t count) {
    uint64_t at = 0;
#if SHMREC_VECTORS
    at = count < SHMREC_READ_LINES ? 0 : shmrec_copy_lines(shmrec_vectors(), to, from, count);
    for (; at + 2 <= count; at += 2) {
        shmrec_store_pair(to + at, shmrec_load_pair(from + at));
    }
#endif
    for (; at < count; at++) {
        shmrec_store(to + at, shmrec_load(from + at));
    }
}

// Copies between an object of `bytes` bytes, a literal, and private words that have room for it, by the pieces that the words
// are copied in from or out by, so that short records stay in registers on their way.

SHMREC_HOT void shmrec_object_to_words(uint64_t *words, const void *object, size_t bytes) {
    const char *from = SHMREC_CAST(const char *, object);
    SHMREC_UNROLL
    for (size_t i = 0; i < bytes / 8; i++) {
        memcpy(words + i, from + 8 * i, 8);
    }
    if (bytes % 8 != 0) {
        words[bytes / 8] = 0;
        memcpy(words + bytes / 8, from + bytes / 8 * 8, bytes % 8);
    }
}

SHMREC_HOT void shmrec_words_to_object(void *object, const uint64_t *words, size_t bytes) {
    char *to = SHMREC_CAST(char *, object);
    size_t at = 0;
#if SHMREC_VECTORS
    SHMREC_UNROLL
    for (; at + 16 <= bytes; at += 16) {
        shmrec_pair pair;
        memcpy(&pair, words + at / 8, 16);
        memcpy(to + at, &pair, 16);
    }
#endif
    SHMREC_UNROLL
    for (; at + 8 <= bytes; at += 8) {
        memcpy(to + at, words + at / 8, 8);
    }
    if (bytes % 8 != 0) {
        memcpy(to + bytes / 8 * 8, words + bytes / 8, bytes % 8);
    }
}

#endif
