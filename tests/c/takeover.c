// takeover.c: one writer at a time; after kill -9 the next one takes over, values whole and never older than seen.
// Forked children neither write nor give the role away.

#include "common.h"

#define PAGE_WORDS 64u
#define KILLS 40

static bool is_whole(const md_page *page) {
    for (size_t i = 1; i < PAGE_WORDS; i++) {
        if (page->words[i] != page->words[0]) {
            return false;
        }
    }
    return true;
}

// A child that takes the role, says so, and writes its version number until it is killed.
static void write_until_killed(const char *address, const shmrec_options *options, int ready) {
    md_page_writer writer;
    CHECK(md_page_create(&writer, address, 4, options, &error) == SHMREC_OK);
    say_ready(ready);
    for (uint64_t i = 0;; i++) {
        const md_page page = page_of(i);
        CHECK(md_page_write(&writer, i % 4, &page, &error) == SHMREC_OK);
    }
}

static void kill_writers(const char *address, const shmrec_options *options) {
    md_page_reader reader;
    md_page_writer writer;
    uint64_t seen[4] = {0};
    bool opened = false;
    for (uint64_t round = 1; round <= KILLS; round++) {
        int ready;
        const pid_t child = fork_until_ready(&ready);
        if (child == 0) {
            write_until_killed(address, options, ready);
        }
        if (!opened) {
            CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
            opened = true;
        }
        CHECK(shmrec_table_epoch(&reader.table) == 2 * round - 1);
        CHECK(md_page_open_writer(&writer, address, NULL, &error) == SHMREC_WRITER_ALIVE);
        CHECK(error.pid == child && strstr(error.text, " holds the role of writer") != NULL);
        usleep((useconds_t)(round * 37 % 900)); // so that kills hit different places
        end(child);

        for (int after_take_over = 0; after_take_over < 2; after_take_over++) {
            for (uint64_t i = 0; i < 4; i++) {
                md_page page;
                uint64_t version;
                CHECK(md_page_read(&reader, i, &page, &version, &error) == SHMREC_OK);
                CHECK(is_whole(&page) && version >= seen[i]);
                seen[i] = version;
            }
            if (after_take_over == 0) {
                CHECK(md_page_open_writer(&writer, address, NULL, &error) == SHMREC_OK);
                CHECK(shmrec_table_epoch(&writer.table) == 2 * round);
            }
        }
        md_page_close_writer(&writer);
    }
    md_page_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A child closes its copy of the parent's handle: the role stays; the parent's own second handle is refused.
static void forked_handles(const char *address) {
    md_page_writer writer, second;
    const md_page page = page_of(1);
    CHECK(md_page_create(&writer, address, 4, NULL, &error) == SHMREC_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_page_close_writer(&writer);
        CHECK(md_page_open_writer(&second, address, NULL, &error) == SHMREC_WRITER_ALIVE);
        _exit(0);
    }
    CHECK(child_succeeded(child));
    CHECK(md_page_open_writer(&second, address, NULL, &error) == SHMREC_ALREADY_HELD_HERE);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(md_page_open_writer(&second, address, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_epoch(&second.table) == 2);
    md_page_close_writer(&second);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    shmrec_options options;
    memset(&options, 0, sizeof options);
    kill_writers(base, &options);
    options.cells = 4;
    kill_writers(base, &options);
    forked_handles(base);
    printf("ok: %d writers killed, each taken over\n", 2 * KILLS);
    return 0;
}
