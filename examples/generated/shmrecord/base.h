// base.h: what the other headers ask of compiler and machine: casts and keywords that C and C++ share, static asserts,
// atomics, little-endian loads, FNV-1a. Relies on gcc's or clang's builtins; knows no segment and no system call.

#ifndef SHMRECORD_BASE_H
#define SHMRECORD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(__GNUC__)
#error "shmrecord needs gcc or clang: their __atomic builtins work on plain integers in C and C++ alike"
#endif
#if !defined(__linux__)
#error "shmrecord needs Linux: O_TMPFILE, open-file-description locks, /dev/shm"
#endif
#if !defined(__LP64__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "shmrecord needs a 64-bit little-endian machine: the segment's words are 8-byte little-endian atomics"
#endif

#ifdef __cplusplus
#define SHMREC_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define SHMREC_ALIGNAS(bytes) alignas(bytes)
#define SHMREC_ALIGNOF(type) alignof(type)
#define SHMREC_CAST(type, value) (static_cast<type>(value))
#define SHMREC_BYTES(pointer) (reinterpret_cast<unsigned char *>(pointer))
#define SHMREC_CONST_BYTES(pointer) (reinterpret_cast<const unsigned char *>(pointer))
#define SHMREC_ADDRESS(pointer) (reinterpret_cast<uint64_t>(pointer))
#else
#define SHMREC_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define SHMREC_ALIGNAS(bytes) _Alignas(bytes)
#define SHMREC_ALIGNOF(type) _Alignof(type)
#define SHMREC_CAST(type, value) ((type)(value))
// The bytes of an object: the one type that may look at every other.
#define SHMREC_BYTES(pointer) ((unsigned char *)(pointer))
#define SHMREC_CONST_BYTES(pointer) ((const unsigned char *)(pointer))
#define SHMREC_ADDRESS(pointer) ((uint64_t)(pointer))
#endif

// Short and on the hot path: inlined always, so that a record's size is a literal where its words are copied.
#define SHMREC_HOT static inline __attribute__((always_inline))
// In front of a loop over a record's words, whose number is a literal: clang unrolls it unasked.
#if !defined(__clang__) && __GNUC__ >= 8
#define SHMREC_UNROLL _Pragma("GCC unroll 32")
#else
#define SHMREC_UNROLL
#endif
// Nearly as hot, but with calls of its own: never inlined into what has none.
#define SHMREC_APART static __attribute__((noinline, unused))
// Off the hot path: never inlined into it.
#define SHMREC_COLD static __attribute__((cold, noinline, unused))
// On a member that is out of use: who names it is told. Around assertions on it, which name it too, there is silence.
#define SHMREC_DEPRECATED(words) __attribute__((deprecated(words)))
#define SHMREC_USE_DEPRECATED \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
#define SHMREC_USED_DEPRECATED _Pragma("GCC diagnostic pop")
#define SHMREC_PRINTF(words, first) __attribute__((__format__(__printf__, words, first)))

// __atomic_always_lock_free would say the same, but is no constant expression to a pedantic C compiler.
SHMREC_STATIC_ASSERT(__GCC_ATOMIC_LONG_LOCK_FREE == 2, "words of 8 bytes are loaded and stored at once");
SHMREC_STATIC_ASSERT(sizeof(void *) == 8 && sizeof(size_t) == 8, "a mapping may be larger than 4 GiB");

// The only door to the words of a segment of ours, and to fences. Each caller says what its fence, acquire or release
// pairs with.

SHMREC_HOT uint64_t shmrec_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

SHMREC_HOT void shmrec_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

SHMREC_HOT void shmrec_store_release(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

// The words that the kernel compares too are half as long, and no part of a longer one.

SHMREC_HOT uint32_t shmrec_load32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

SHMREC_HOT void shmrec_store32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

SHMREC_HOT void shmrec_store32_release(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

// From `old` to `next`. False: it is another.
SHMREC_HOT bool shmrec_swap32_acquire(uint32_t *word, uint32_t old, uint32_t next) {
    return __atomic_compare_exchange_n(word, &old, next, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

SHMREC_HOT bool shmrec_swap32_acquire_release(uint32_t *word, uint32_t old, uint32_t next) {
    return __atomic_compare_exchange_n(word, &old, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

SHMREC_HOT uint32_t shmrec_exchange32_release(uint32_t *word, uint32_t next) {
    return __atomic_exchange_n(word, next, __ATOMIC_RELEASE);
}

SHMREC_HOT void shmrec_add32_release(uint32_t *word, uint32_t more) {
    (void)__atomic_fetch_add(word, more, __ATOMIC_RELEASE);
}

SHMREC_HOT void shmrec_set_bits32(uint32_t *word, uint32_t bits) {
    (void)__atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
}

SHMREC_HOT void shmrec_set_bits32_release(uint32_t *word, uint32_t bits) {
    (void)__atomic_fetch_or(word, bits, __ATOMIC_RELEASE);
}

SHMREC_HOT void shmrec_clear_bits32_acquire(uint32_t *word, uint32_t bits) {
    (void)__atomic_fetch_and(word, ~bits, __ATOMIC_ACQUIRE);
}

SHMREC_HOT void shmrec_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }

SHMREC_HOT void shmrec_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

SHMREC_HOT void shmrec_fence_full(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// Keeps the compiler from moving what stands on one side to the other; the processor's part is done by others.
SHMREC_HOT void shmrec_fence_compiler(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

// The word `offset` bytes behind `base`. Both are multiples of 8, which header validation has checked.
SHMREC_HOT uint64_t *shmrec_word(void *base, uint64_t offset) {
    return SHMREC_CAST(uint64_t *, SHMREC_CAST(void *, SHMREC_CAST(char *, base) + offset));
}

// Likewise one of 4 bytes; the offset is a multiple of 4.
SHMREC_HOT uint32_t *shmrec_word32(void *base, uint64_t offset) {
    return SHMREC_CAST(uint32_t *, SHMREC_CAST(void *, SHMREC_CAST(char *, base) + offset));
}

// Integers in a private copy of bytes, whose bounds the caller has checked.

static inline uint16_t shmrec_u16_at(const unsigned char *bytes, uint64_t offset) {
    uint16_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

static inline uint32_t shmrec_u32_at(const unsigned char *bytes, uint64_t offset) {
    uint32_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

static inline uint64_t shmrec_u64_at(const unsigned char *bytes, uint64_t offset) {
    uint64_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

static inline void shmrec_put_u32(unsigned char *bytes, uint64_t offset, uint32_t value) {
    memcpy(bytes + offset, &value, sizeof value);
}

static inline void shmrec_put_u64(unsigned char *bytes, uint64_t offset, uint64_t value) {
    memcpy(bytes + offset, &value, sizeof value);
}

// Makes all bits of a word zero but these, at once: a word that is in a register stays there.
SHMREC_HOT void shmrec_mask(unsigned char *bytes, uint64_t bits) {
    shmrec_put_u64(bytes, 0, shmrec_u64_at(bytes, 0) & bits);
}

// Whether UTF-8 text holds a control character (U+0000 to U+001F, U+007F to U+009F) other than `but`.
static inline bool shmrec_has_control(const unsigned char *text, uint64_t length, unsigned char but) {
    for (uint64_t i = 0; i < length; i++) {
        const bool second = i > 0 && text[i - 1] == 0xc2 && text[i] >= 0x80 && text[i] <= 0x9f;
        if (second || ((text[i] < 0x20 || text[i] == 0x7f) && text[i] != but)) {
            return true;
        }
    }
    return false;
}

// FNV-1a 64: finds accidents, is no defence.
static inline uint64_t shmrec_fnv1a(const unsigned char *bytes, uint64_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint64_t i = 0; i < length; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
