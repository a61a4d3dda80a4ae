// vectors.h: what of a processor moves several words at a time, and how wide it is, found once for the program; the twin of
// guard/copy/{avx,sse2}.rs and sync/vectors.rs. Relies on base.h and on GNU assembly; knows no cell: copy.h says why what
// it does with these is sound.

#ifndef SHMRECORD_VECTORS_H
#define SHMRECORD_VECTORS_H

#include "base.h"

#include <stdlib.h>

// Not under sanitizers: they do not see what assembly touches.
#if defined(__has_feature)
#define SHMREC_HAS_FEATURE(feature) __has_feature(feature)
#else
#define SHMREC_HAS_FEATURE(feature) 0
#endif
#if defined(__x86_64__) && defined(__SSE2__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) &&          \
    !SHMREC_HAS_FEATURE(thread_sanitizer) && !SHMREC_HAS_FEATURE(address_sanitizer) && !SHMREC_HAS_FEATURE(memory_sanitizer)
#define SHMREC_VECTORS 1
#else
#define SHMREC_VECTORS 0
#endif

#if SHMREC_VECTORS

// One for the whole program. Until a table is opened what every processor has: at worst something is slow.
__attribute__((weak, visibility("hidden"))) uint64_t shmrec_the_vectors = 16;

// Bytes of the widest vectors that the processor has: 64 with AVX-512, 32 with AVX2, 16.
static inline uint64_t shmrec_widest_vector(void) {
    __builtin_cpu_init(); // for who opens a table before main
    return __builtin_cpu_supports("avx512f") ? 64 : __builtin_cpu_supports("avx2") ? 32 : 16;
}

// Two words in a register; and as they lie in a cell.
typedef uint64_t shmrec_pair __attribute__((vector_size(16)));
typedef uint64_t shmrec_cell_pair __attribute__((vector_size(16), aligned(8), may_alias));

// Where the compiler uses AVX, older instructions between its own would be slow.
#ifdef __AVX__
#define SHMREC_MOVE_PAIR "vmovups"
#else
#define SHMREC_MOVE_PAIR "movups"
#endif

SHMREC_HOT shmrec_pair shmrec_load_pair(const uint64_t *from) {
    const void *at = from;
    shmrec_pair pair;
    __asm__(SHMREC_MOVE_PAIR "\t{%1, %0|%0, %1}" : "=x"(pair) : "m"(*SHMREC_CAST(const shmrec_cell_pair *, at)));
    return pair;
}

SHMREC_HOT void shmrec_store_pair(uint64_t *to, shmrec_pair pair) {
    void *at = to;
    __asm__ volatile(SHMREC_MOVE_PAIR "\t{%1, %0|%0, %1}" : "=m"(*SHMREC_CAST(shmrec_cell_pair *, at)) : "x"(pair));
}

// A loop over lines of 64 bytes. The registers are said to change all of them, for `ends` may clear their upper halves.
#define SHMREC_MOVE_LINES(moves, ends)                                                                                 \
    __asm__ volatile("2:\n\t" moves "add\t{$64, %[from]|%[from], 64}\n\tadd\t{$64, %[to]|%[to], 64}\n\t"               \
                     "dec\t%[lines]\n\tjnz\t2b\n\t" ends                                                               \
                     : [from] "+r"(from), [to] "+r"(to), [lines] "+r"(lines)                                           \
                     :                                                                                                 \
                     : "memory", "cc", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", \
                       "ymm10", "ymm11", "ymm12", "ymm13", "ymm14", "ymm15")
#define SHMREC_IN(move, at, of) move "\t{" #at "(%[from]), %%" of "|" of ", [%[from] + " #at "]}\n\t"
#define SHMREC_OUT(move, at, of) move "\t{%%" of ", " #at "(%[to])|[%[to] + " #at "], " of "}\n\t"
#define SHMREC_64(way) way("vmovdqu64", 0, "zmm0")
#define SHMREC_32(way) way("vmovdqu", 0, "ymm0") way("vmovdqu", 32, "ymm1")
#define SHMREC_16(way)                                                                                                  \
    way(SHMREC_MOVE_PAIR, 0, "xmm0") way(SHMREC_MOVE_PAIR, 16, "xmm1")                                                  \
    way(SHMREC_MOVE_PAIR, 32, "xmm2") way(SHMREC_MOVE_PAIR, 48, "xmm3")

// Copies all whole lines of so many words, one line at least, by vectors of so many bytes, which the processor has. How many
// words these were. Behind wide vectors the upper halves of all registers are cleared, or older instructions would be slow
// from then on.
SHMREC_HOT uint64_t shmrec_copy_lines(uint64_t bytes, void *to, const void *from, uint64_t count) {
    uint64_t lines = count / 8;
    if (bytes == 64) {
        SHMREC_MOVE_LINES(SHMREC_64(SHMREC_IN) SHMREC_64(SHMREC_OUT), "vzeroupper");
    } else if (bytes == 32) {
        SHMREC_MOVE_LINES(SHMREC_32(SHMREC_IN) SHMREC_32(SHMREC_OUT), "vzeroupper");
    } else {
        SHMREC_MOVE_LINES(SHMREC_16(SHMREC_IN) SHMREC_16(SHMREC_OUT), "");
    }
    return count - count % 8;
}

#endif

// Bytes of the widest vectors that are to be used; 8: none.
SHMREC_HOT uint64_t shmrec_vectors(void) {
#if SHMREC_VECTORS
    return shmrec_load(&shmrec_the_vectors);
#else
    return 8;
#endif
}

// Asks the processor how wide its vectors are, before a table is used. SHMRECORD_VECTORS=16 or 32 in the environment keeps
// it from wider ones.
static inline void shmrec_find_vectors(void) {
#if SHMREC_VECTORS
    const char *said = getenv("SHMRECORD_VECTORS");
    const uint64_t most = said == NULL ? 64 : strcmp(said, "16") == 0 ? 16 : strcmp(said, "32") == 0 ? 32 : 64;
    const uint64_t widest = shmrec_widest_vector();
    shmrec_store(&shmrec_the_vectors, widest < most ? widest : most);
#endif
}

#endif
