// hostile.c: beside a peer that changes words under us: recovery writes to nothing outside the table, and no handle is of
// another record than its segment.

#include "common.h"

#include <pthread.h>

#define PAGE_WORDS 64u
#define RECOVERIES 200000
#define OPENINGS 5000
#define TAKE_OVERS 100

typedef struct peer {
    uint64_t *word;
    uint64_t bad, good; // what it stores there
    uint64_t ends;
    pthread_t thread;
} peer;

// A bad value and a good one, in turn.
static void *flip(void *arg) {
    peer *it = (peer *)arg;
    while (__atomic_load_n(&it->ends, __ATOMIC_RELAXED) == 0) {
        __atomic_store_n(it->word, it->bad, __ATOMIC_RELAXED);
        __atomic_store_n(it->word, it->good, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void begin(peer *it, uint64_t *word, uint64_t bad, uint64_t good) {
    it->word = word;
    it->bad = bad;
    it->good = good;
    it->ends = 0;
    CHECK(pthread_create(&it->thread, NULL, flip, it) == 0);
}

static void join(peer *it) {
    __atomic_store_n(&it->ends, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(it->thread, NULL) == 0);
}

static void recover(const char *address) {
    md_page_writer writer;
    md_page page;
    peer it;
    memset(&page, 0, sizeof page);
    CHECK(md_page_create(&writer, address, 2, NULL, &error) == SHMREC_OK);
    CHECK(md_page_write(&writer, 1, &page, &error) == SHMREC_OK);
    const shmrec_log log = shmrec_table_log(&writer.table);
    uint64_t *version = shmrec_table_version(&writer.table, 1);
    const uint64_t even = shmrec_load(version);
    begin(&it, shmrec_log_entry(&log, 0) + PAGE_WORDS, UINT64_C(1) << 40, 1);
    for (int i = 0; i < RECOVERIES; i++) {
        shmrec_store(version, even - 1); // as a writer left it that died
        shmrec_table_recover(&writer.table);
    }
    join(&it);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A table of a smaller record, mapped, whose peer says in turn that it was removed and that it was not.
static unsigned char *small(peer *it, const char *address, size_t *bytes) {
    md_tiny_writer writer;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    md_tiny_close_writer(&writer);
    unsigned char *map = map_segment(address, bytes);
    begin(it, shmrec_word(map, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED, SHMREC_LIVE_STATE_LIVE);
    return map;
}

// Whatever the state is when it is looked at: a removed table is not compared, so it never becomes a handle.
static void open_another_record(const char *address) {
    md_page_reader reader;
    md_page_writer writer;
    size_t bytes;
    peer it;
    unsigned char *map = small(&it, address, &bytes);
    for (int i = 0; i < OPENINGS; i++) {
        CHECK(md_page_open(&reader, address, NULL, &error) != SHMREC_OK);
    }
    join(&it);
    unmap_segment(address, map, bytes);
    for (int i = 0; i < TAKE_OVERS; i++) {
        map = small(&it, address, &bytes);
        int code = SHMREC_LAYOUT_MISMATCH;
        while (code == SHMREC_LAYOUT_MISMATCH) { // until it has finished what looked like a removal
            code = md_page_open_writer(&writer, address, NULL, &error);
        }
        CHECK(code == SHMREC_NOT_FOUND);
        join(&it);
        unmap_segment(address, map, bytes);
    }
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    recover(base);
    open_another_record(base);
    printf("ok: %d recoveries beside a log that changes, %d openings beside a state that does\n", RECOVERIES, OPENINGS);
    return 0;
}
