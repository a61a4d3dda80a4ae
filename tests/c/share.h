// share.h: what the tests of many writers share: a writer among others, by the lock or by a semaphore, in this process or
// in one that is killed.

#ifndef SHMRECORD_TESTS_SHARE_H
#define SHMRECORD_TESTS_SHARE_H

#include "common.h"

#define CAPACITY 4u

// The set that writers take turns by; 0: the lock.
static uint32_t semaphore_key;
static int semaphore_set;

static inline shmrec_options options_of(uint32_t cells, uint32_t timeout_ms) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.cells = cells;
    options.timeout_ms = timeout_ms;
    options.semaphore_key = semaphore_key;
    options.semaphore_index = semaphore_key != 0 ? 1 : 0;
    return options;
}

// A writer among others; creates the table if need be.
static inline void join(md_page_writer *writer, const char *address, uint32_t timeout_ms) {
    const shmrec_options options = options_of(1, timeout_ms);
    CHECK(md_page_create_shared(writer, address, CAPACITY, &options, &error) == SHMREC_OK);
}

static inline void add_one(md_page *page, void *context) {
    (void)context;
    for (size_t i = 0; i < sizeof page->words / sizeof page->words[0]; i++) {
        page->words[i]++;
    }
}

// The one value of a record's words.
static inline uint64_t value_of(const md_page_reader *reader, uint64_t index, uint64_t *version) {
    md_page page;
    CHECK(md_page_read(reader, index, &page, version, &error) == SHMREC_OK);
    for (size_t i = 1; i < sizeof page.words / sizeof page.words[0]; i++) {
        CHECK(page.words[i] == page.words[0]);
    }
    return page.words[0];
}

// A child that does this with a writer of its own, says so, and then waits to be killed.
static inline pid_t start(const char *address, void (*work)(md_page_writer *writer)) {
    int ready;
    const pid_t child = fork_until_ready(&ready);
    if (child == 0) {
        md_page_writer writer;
        join(&writer, address, 10000);
        work(&writer);
        say_ready(ready);
        for (;;) {
            (void)pause();
        }
    }
    return child;
}

// A set of another program, all of its semaphores free.
static inline void make_set(void) {
    key_t key = 0x5e000000 | (key_t)(getpid() % 0x10000) << 8;
    do {
        semaphore_set = semget(++key, 2, IPC_CREAT | IPC_EXCL | 0600);
    } while (semaphore_set < 0 && errno == EEXIST);
    const union shmrec_semun one = {.value = 1};
    CHECK(semaphore_set >= 0 && semctl(semaphore_set, 0, SETVAL, one) == 0 && semctl(semaphore_set, 1, SETVAL, one) == 0);
    semaphore_key = (uint32_t)key;
}

#endif
