// leaks.c: whatever fails, nothing stays open, mapped or named. Descriptors and mappings are counted around every
// failure, creation is tried with too few descriptors for each of its steps, and what needs none with none.

#include "common.h"

#include <sys/resource.h>

static void failures(const char *address) {
    md_tiny_writer writer, second;
    md_tiny_reader reader;
    md_page_reader page;
    md_page_writer page_writer;
    shmrec_options huge;
    memset(&huge, 0, sizeof huge);
    huge.huge_pages = SHMREC_REQUIRE;
    CHECK(md_tiny_create(&writer, address, 1, &huge, &error) == SHMREC_HUGE_PAGES_UNAVAILABLE);
    CHECK(!segment_exists(address) && !guard_exists(address));
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_NOT_FOUND);
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_create(&second, address, 1, NULL, &error) == SHMREC_ALREADY_HELD_HERE);
    CHECK(md_tiny_create(&second, address, 2, NULL, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(md_tiny_open(&reader, address, &huge, &error) == SHMREC_HUGE_PAGES_UNAVAILABLE);
    CHECK(md_page_open(&page, address, NULL, &error) == SHMREC_LAYOUT_MISMATCH);
    CHECK(md_page_open_writer(&page_writer, address, NULL, &error) == SHMREC_LAYOUT_MISMATCH);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(mappings(address) >= 1);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(md_tiny_open_writer(&writer, address, &huge, &error) == SHMREC_HUGE_PAGES_UNAVAILABLE);
    resize_segment(address, 100);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_SIZE_MISMATCH);
    CHECK(md_tiny_open_writer(&writer, address, NULL, &error) == SHMREC_SIZE_MISMATCH);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK); // however damaged
    CHECK(!segment_exists(address) && !guard_exists(address));
}

// Leaves this process so many descriptors more than it has, and gives the limit of before.
static struct rlimit leave(int free_descriptors) {
    struct rlimit before, few;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    few = before;
    few.rlim_cur = (rlim_t)(next + free_descriptors);
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    return before;
}

// Creation succeeds or says EMFILE; what it leaves can be used by the next one.
static bool create_with(const char *address, int free_descriptors) {
    md_tiny_writer writer;
    const struct rlimit before = leave(free_descriptors);
    const int code = md_tiny_create(&writer, address, 1, NULL, &error);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(code == SHMREC_OK || (code == SHMREC_OS && error.errno_value == EMFILE));
    CHECK(code == SHMREC_OK || !segment_exists(address));
    md_tiny_close_writer(&writer);
    return code == SHMREC_OK;
}

// Whether the table is current is asked of its name: nothing is opened for that. Only a reader asks.
static void refresh_without(const char *address) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    bool moved = true;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    const struct rlimit before = leave(0);
    CHECK(md_tiny_refresh(&reader, &moved, &error) == SHMREC_OK && !moved);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(shmrec_table_refresh(&writer.table, &md_tiny_layout, &moved, &error) == SHMREC_BAD_ARGUMENT && !moved);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
}

int main(int argc, char **argv) {
    const char *address = base_address(argc, argv);
    failures(address);
    const int before = descriptors();
    for (int i = 0; i < 50; i++) {
        failures(address);
    }
    int needed = 0;
    while (!create_with(address, needed)) {
        needed++;
        CHECK(needed < 10);
    }
    refresh_without(address);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(descriptors() == before);
    CHECK(mappings(address) == 0);
    printf("ok: nothing leaked; creation needs %d descriptors\n", needed);
    return 0;
}
