// hostile.c: recovery beside a peer that changes the log under it: nothing outside the table is written to.

#include "common.h"

#include <pthread.h>

#define PAGE_WORDS 64u
#define RECOVERIES 200000

typedef struct peer {
    uint64_t *index;
    uint64_t far;
    uint64_t ends;
} peer;

// A valid index and one far outside, in turn.
static void *flip(void *arg) {
    peer *it = (peer *)arg;
    while (__atomic_load_n(&it->ends, __ATOMIC_RELAXED) == 0) {
        __atomic_store_n(it->index, it->far, __ATOMIC_RELAXED);
        __atomic_store_n(it->index, UINT64_C(1), __ATOMIC_RELAXED);
    }
    return NULL;
}

static void recover(const char *address) {
    md_page_writer writer;
    md_page page;
    pthread_t thread;
    peer it;
    memset(&page, 0, sizeof page);
    CHECK(md_page_create(&writer, address, 2, NULL, &error) == SHMREC_OK);
    CHECK(md_page_write(&writer, 1, &page, &error) == SHMREC_OK);
    const shmrec_log log = shmrec_table_log(&writer.table);
    uint64_t *version = shmrec_table_version(&writer.table, 1);
    const uint64_t even = shmrec_load(version);
    it.index = shmrec_log_entry(&log, 0) + PAGE_WORDS;
    it.far = UINT64_C(1) << 40;
    it.ends = 0;
    CHECK(pthread_create(&thread, NULL, flip, &it) == 0);
    for (int i = 0; i < RECOVERIES; i++) {
        shmrec_store(version, even - 1); // as a writer left it that died
        shmrec_table_recover(&writer.table);
    }
    __atomic_store_n(&it.ends, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(thread, NULL) == 0);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    recover(base_address(argc, argv));
    printf("ok: %d recoveries beside a log that changes\n", RECOVERIES);
    return 0;
}
