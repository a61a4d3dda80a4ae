// creation.c: creators, removers and writers are killed at random moments: whatever they leave, the next create works,
// and readers meanwhile see a complete table or none. A System V segment that was left without contents gives way to
// one of any size, and is removed. Then many create and remove at once: one writes, none is confused.

#include "common.h"

#define KILLS 150
#define ROUNDS 60
#define CREATORS 4

// Creates, writes and removes until it is killed.
static void come_and_go(const char *address) {
    md_page_writer writer;
    md_page page;
    memset(&page, 0, sizeof page);
    for (;;) {
        const int code = md_page_create(&writer, address, 4, NULL, &error);
        CHECK(code == SHMREC_OK);
        CHECK(md_page_write(&writer, 1, &page, &error) == SHMREC_OK);
        md_page_close_writer(&writer);
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
}

static void kill_creators(const char *address) {
    for (unsigned round = 0; round < KILLS; round++) {
        md_page_writer writer;
        md_page_reader reader;
        md_page page;
        shmrec_options options;
        memset(&options, 0, sizeof options);
        options.timeout_ms = 1;
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            come_and_go(address);
        }
        usleep((useconds_t)(round * 397 % 3000));
        const int seen = md_page_open(&reader, address, &options, &error);
        CHECK(seen == SHMREC_OK || seen == SHMREC_NOT_FOUND || seen == SHMREC_RETIRED || seen == SHMREC_NOT_READY);
        md_page_close(&reader);
        CHECK(kill(child, SIGKILL) == 0 && !child_succeeded(child));
        CHECK(md_page_create(&writer, address, 4, NULL, &error) == SHMREC_OK);
        CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
        CHECK(md_page_read(&reader, 1, &page, NULL, &error) == SHMREC_OK);
        md_page_close(&reader);
        md_page_close_writer(&writer);
    }
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A child is killed between the making of a System V segment and its magic. The table is large: that takes it long.
static void leave_unfinished(const char *address) {
    for (;;) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            md_page_writer writer;
            CHECK(md_page_create(&writer, address, 100000, NULL, &error) == SHMREC_OK);
            (void)pause();
        }
        while (!segment_exists(address)) {
            usleep(50);
        }
        CHECK(kill(child, SIGKILL) == 0 && !child_succeeded(child));
        size_t bytes;
        unsigned char *map = map_segment(address, &bytes);
        const bool unfinished = map[0] == 0;
        unmap_segment(address, map, bytes);
        if (unfinished) {
            return;
        }
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
}

static void unfinished_segments(const char *address) {
    md_page_writer writer;
    md_page_reader reader;
    shmrec_options options;
    size_t bytes;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 5;
    leave_unfinished(address);
    CHECK(md_page_open(&reader, address, &options, &error) == SHMREC_NOT_READY);
    unsigned char *map = map_segment(address, &bytes); // as long as somebody has it, it is not known to be a dead one's
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_NOT_READY && segment_exists(address));
    CHECK(md_page_create(&writer, address, 4, &options, &error) == SHMREC_NOT_READY && segment_exists(address));
    unmap_segment(address, map, bytes);
    CHECK(md_page_create(&writer, address, 4, &options, &error) == SHMREC_OK);
    CHECK(shmrec_table_epoch(&writer.table) == 1);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    leave_unfinished(address);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(!segment_exists(address) && !guard_exists(address));

    make_segment(address, 4096); // another program's
    make_guard(address);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_NOT_READY && segment_exists(address));
    CHECK(md_page_create(&writer, address, 4, &options, &error) == SHMREC_NOT_READY && segment_exists(address));
    remove_segment(address);
    remove_guard(address);
}

// Each creates and removes: it gets the role, or is told that somebody else has it.
static void crowd(const char *address) {
    md_page_writer writer;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const int created = md_page_create(&writer, address, 4, NULL, &error);
        CHECK(created == SHMREC_OK || created == SHMREC_WRITER_ALIVE);
        md_page_close_writer(&writer);
        const int removed = shmrec_remove(address, NULL, &error);
        CHECK(removed == SHMREC_OK || removed == SHMREC_NOT_FOUND);
    }
    _exit(0);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    pid_t creators[CREATORS];
    kill_creators(base);
    if (!is_file(base)) {
        unfinished_segments(base);
    }
    for (unsigned i = 0; i < CREATORS; i++) {
        creators[i] = fork();
        CHECK(creators[i] >= 0);
        if (creators[i] == 0) {
            crowd(base);
        }
    }
    for (unsigned i = 0; i < CREATORS; i++) {
        CHECK(child_succeeded(creators[i]));
    }
    CHECK(!segment_exists(base) && !guard_exists(base));
    printf("ok: %d creators killed, %d at once\n", KILLS, CREATORS);
    return 0;
}
