// torn.c: a writer publishes without a pause while a reader reads: every record is whole, versions never go back. Ends
// after a number of reads, not after a time. A contended read is no failure: it is what a deadline is for.

#include "common.h"

#define PAGE_WORDS 64u
#define READS 300000
#define CHANGES 100

static void publish(const char *address, int ready) {
    md_page_writer writer;
    CHECK(md_page_open_writer(&writer, address, NULL, &error) == SHMREC_OK);
    say_ready(ready);
    for (uint64_t i = 1;; i++) {
        const md_page page = page_of(i);
        CHECK(md_page_write(&writer, i % 2, &page, &error) == SHMREC_OK);
    }
}

static unsigned read_against_writer(const char *address, uint32_t cells, int arrangement) {
    shmrec_options options;
    md_page_writer writer;
    md_page_reader reader;
    memset(&options, 0, sizeof options);
    options.cells = cells;
    options.arrangement = arrangement;
    CHECK(md_page_create(&writer, address, 2, &options, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    options.timeout_ms = 5000;
    CHECK(md_page_open(&reader, address, &options, &error) == SHMREC_OK);
    int ready;
    const pid_t child = fork_until_ready(&ready);
    if (child == 0) {
        publish(address, ready);
    }
    uint64_t seen[2] = {0};
    unsigned changes = 0;
    for (uint64_t i = 0; i < READS || changes < CHANGES; i++) { // the writer may have to wait for a processor
        md_page page;
        uint64_t version;
        CHECK(md_page_read(&reader, i % 2, &page, &version, &error) == SHMREC_OK);
        for (size_t k = 1; k < PAGE_WORDS; k++) {
            CHECK(page.words[k] == page.words[0]);
        }
        CHECK(version >= seen[i % 2]);
        changes += version != seen[i % 2];
        seen[i % 2] = version;
    }
    end(child);
    md_page_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    return changes;
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    const unsigned one = read_against_writer(base, 1, SHMREC_SPLIT);
    const unsigned four = read_against_writer(base, 4, SHMREC_LINE);
    printf("ok: 0 torn in %d reads or more, %u and %u of them new versions\n", 2 * READS, one, four);
    return 0;
}
