// copies.c: what moves words between a cell and private memory, by every vector that this processor has: what is copied, what
// is left, that no word is ever torn whatever stores and loads it, and which vectors are chosen. Valid C and C++. The twin
// of guard/copies.rs.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "shmrecord/copy.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Words of the longest copy: records of more than a page, and what is left behind lines of any number.
#define MOST 600u
// Words around it on both sides.
#define AROUND 16u
#define WORDS (MOST + 2 * AROUND)
#define UNTOUCHED UINT64_C(0x5555555555555555)
// Of each pair of vectors: passes over a cell, and how often it was another value.
#define PASSES 5000
#define CHANGES 10
// Longer than that may take, on a busy machine.
#define SECONDS 300u

// The vectors that there may be; 8: words.
static const uint64_t vectors[] = {8, 16, 32, 64};
static size_t here; // of these are

#define CHECK(holds, ...)                                                                                              \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fprintf(stderr, "\n");                                                                                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static void load(uint64_t bytes, void *to, const uint64_t *from, uint64_t count) {
    if (bytes > 8) {
        shmrec_copy_out_by(bytes, to, from, count);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t word = shmrec_load(from + i);
        memcpy(SHMREC_CAST(char *, to) + 8 * i, &word, 8);
    }
}

static void store(uint64_t bytes, uint64_t *to, const void *from, uint64_t count) {
    if (bytes > 8) {
        shmrec_copy_in_by(bytes, to, from, count);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, SHMREC_CAST(const char *, from) + 8 * i, 8);
        shmrec_store(to + i, word);
    }
}

static uint64_t value(uint64_t at) { return (at + 1) * UINT64_C(0x9e3779b97f4a7c15); }

// Whether these bytes are what `count` words, from number `first` on, have become `at` a place among untouched ones.
static bool is_copy(const char *found, size_t at, uint64_t first, uint64_t count) {
    char wanted[8 * WORDS];
    memset(wanted, 0x55, sizeof wanted);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t word = value(first + i);
        memcpy(wanted + at + 8 * i, &word, 8);
    }
    return memcmp(found, wanted, sizeof wanted) == 0;
}

// Eight places on a line for the cell; for the private side any place, be it on no multiple of 8.
static void copy_each_place(uint64_t bytes, uint64_t count) {
    static uint64_t cell[WORDS], target[WORDS];
    static char out[8 * WORDS];
    for (uint64_t i = 0; i < WORDS; i++) {
        cell[i] = value(i);
    }
    for (uint64_t place = 0; place < 8; place++) {
        const size_t at = 8 * AROUND + (place * 13 + 3) % 64;
        memset(out, 0x55, sizeof out);
        load(bytes, out + at, cell + place, count);
        CHECK(is_copy(out, at, place, count), "%u words loaded by %u bytes, from %u", SHMREC_CAST(unsigned, count),
              SHMREC_CAST(unsigned, bytes), SHMREC_CAST(unsigned, place));
        memset(target, 0x55, sizeof target);
        store(bytes, target + AROUND + place, out + at, count);
        memcpy(out, target, sizeof out);
        CHECK(is_copy(out, 8 * (AROUND + place), place, count), "%u words stored by %u bytes, to %u",
              SHMREC_CAST(unsigned, count), SHMREC_CAST(unsigned, bytes), SHMREC_CAST(unsigned, place));
    }
}

// So many words, which the compiler knows.
#define COPY_KNOWN(count)                                                                                              \
    do {                                                                                                               \
        uint64_t cell[WORDS], out[WORDS];                                                                              \
        char bytes[8 * WORDS];                                                                                         \
        memset(out, 0x55, sizeof out);                                                                                 \
        memset(cell, 0x55, sizeof cell);                                                                               \
        for (uint64_t i = 0; i < (count); i++) {                                                                       \
            out[i] = value(i);                                                                                         \
        }                                                                                                              \
        shmrec_copy_in(cell + AROUND, out, count);                                                                     \
        memcpy(bytes, cell, sizeof bytes);                                                                             \
        CHECK(is_copy(bytes, 8 * AROUND, 0, count), "%u words stored", count);                                         \
        memset(bytes, 0x55, sizeof bytes);                                                                             \
        shmrec_copy_out(bytes + 8 * AROUND + 4, cell + AROUND, count);                                                 \
        CHECK(is_copy(bytes, 8 * AROUND + 4, 0, count), "%u words loaded", count);                                     \
        memset(out, 0x55, sizeof out);                                                                                 \
        shmrec_copy_between(out + AROUND + 1, cell + AROUND, count);                                                   \
        memcpy(bytes, out, sizeof bytes);                                                                              \
        CHECK(is_copy(bytes, 8 * AROUND + 8, 0, count), "%u words between cells", count);                              \
    } while (0)

static void copy_known(void) {
    COPY_KNOWN(1u);
    COPY_KNOWN(2u);
    COPY_KNOWN(5u);
    COPY_KNOWN(15u);
    COPY_KNOWN(16u);
    COPY_KNOWN(21u);
    COPY_KNOWN(31u);
    COPY_KNOWN(32u);
    COPY_KNOWN(33u);
    COPY_KNOWN(MOST);
}

// What a cell never holds but whole: a word of eight equal bytes. Any halves of two of them are none.
static void store_for_ever(uint64_t bytes, uint64_t *cell, uint64_t count) {
    uint64_t words[MOST];
    (void)alarm(SECONDS);
    for (uint64_t byte = 0;; byte++) {
        memset(words, SHMREC_CAST(int, byte % 256), 8 * count);
        store(bytes, cell, words, count);
    }
}

// The cell has an odd place on its line, so that vectors lie across lines, too.
static void race(uint64_t *cell, uint64_t count, uint64_t stores, uint64_t loads) {
    const pid_t child = fork();
    CHECK(child >= 0, "fork");
    if (child == 0) {
        store_for_ever(stores, cell, count);
    }
    uint64_t words[MOST], last = 0, changes = 0;
    for (uint64_t passes = 0; passes < PASSES || changes < CHANGES; passes++) { // the other may have to wait for a processor
        load(loads, words, cell, count);
        changes += words[0] != last;
        last = words[0];
        for (uint64_t i = 0; i < count; i++) {
            if (words[i] != (words[i] & 0xff) * UINT64_C(0x0101010101010101)) {
                (void)kill(child, SIGKILL);
                CHECK(false, "%llx stored by %u bytes, loaded by %u", SHMREC_CAST(unsigned long long, words[i]),
                      SHMREC_CAST(unsigned, stores), SHMREC_CAST(unsigned, loads));
            }
        }
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child, "the child");
}

static void choose(const char *said, uint64_t most) {
    const uint64_t widest = vectors[here - 1];
    CHECK(setenv("SHMRECORD_VECTORS", said, 1) == 0, "setenv");
    shmrec_find_vectors();
    CHECK(shmrec_vectors() == (widest < most ? widest : most), "SHMRECORD_VECTORS=%s: %u", said,
          SHMREC_CAST(unsigned, shmrec_vectors()));
}

int main(void) {
    static const uint64_t longer[] = {192, 200, 255, 256, 257, 511, 512, 513, MOST};
    uint64_t widest = 8;
#if SHMREC_VECTORS
    widest = shmrec_widest_vector();
#endif
    while (here < sizeof vectors / sizeof vectors[0] && vectors[here] <= widest) {
        here++;
    }
    for (size_t i = 0; i < here; i++) {
        for (uint64_t count = 0; count <= 136; count++) {
            copy_each_place(vectors[i], count);
        }
        for (size_t k = 0; k < sizeof longer / sizeof longer[0]; k++) {
            copy_each_place(vectors[i], longer[k]);
        }
    }
    const uint64_t limits[] = {16, 32, 64};
    const char *names[] = {"16", "32", ""};
    for (size_t i = 0; i < 3; i++) {
        choose(names[i], limits[i]);
        copy_known();
    }
    void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED, "mmap");
    for (size_t stores = 0; stores < here; stores++) {
        for (size_t loads = 0; loads < here; loads++) {
            memset(shared, 0, 4096);
            race(SHMREC_CAST(uint64_t *, shared) + 3, 67, vectors[stores], vectors[loads]);
        }
    }
    printf("ok: %u kinds of moves, each beside each", SHMREC_CAST(unsigned, here));
    for (size_t i = here; i < sizeof vectors / sizeof vectors[0]; i++) {
        printf("; skipped: %u bytes, which this processor or build does not have", SHMREC_CAST(unsigned, vectors[i]));
    }
    printf("\n");
    return 0;
}
