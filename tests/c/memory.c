// memory.c: what of a table is in memory, in huge pages, locked, and whose group it is for, as was asked for; tables of
// another boot; syncing. What needs another account or another group needs root.

#include "common.h"

#include <sys/resource.h>

#define NOBODY 65534
#define GROUP 23456
#define MANY (UINT64_C(1) << 28) // of md_tiny: 4 GiB with their versions
#define PAGES (UINT64_C(1) << 14) // of md_page: 8 MiB and their versions

static shmrec_options options_of(int huge_pages, int lock_memory, bool sparse) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.huge_pages = huge_pages;
    options.lock_memory = lock_memory;
    options.sparse = sparse;
    return options;
}

static bool nothing_there(const char *address) { return !segment_exists(address) && !guard_exists(address); }

// Bytes of disk or memory that a file takes.
static uint64_t taken_bytes(const char *address) {
    struct stat facts;
    CHECK(lstat(path_of(address, false), &facts) == 0);
    return (uint64_t)facts.st_blocks * 512;
}

static void sparse(const char *address) {
    const shmrec_options options = options_of(0, 0, true);
    const md_tiny record = {42, {1, 2}};
    md_tiny_writer writer;
    md_tiny_reader reader;
    md_tiny found;
    uint64_t version;
    CHECK(md_tiny_create(&writer, address, MANY, &options, &error) == SHMREC_OK);
    CHECK(!shmrec_table_memory(&writer.table).huge_pages && !shmrec_table_memory(&writer.table).locked);
    CHECK(writer.table.map.bytes > UINT64_C(4) << 30);
    CHECK(md_tiny_write(&writer, MANY - 1, &record, &error) == SHMREC_OK);
    CHECK(!is_file(address) || taken_bytes(address) < 1 << 20);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_read(&reader, MANY - 1, &found, &version, &error) == SHMREC_OK && found.a == 42 && version == 1);
    CHECK(md_tiny_read(&reader, MANY / 2, &found, &version, &error) == SHMREC_OK && found.a == 0 && version == 0);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(!is_file(address) || taken_bytes(address) < 1 << 20);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// Page faults that reading a word of every page takes.
static long faults_of_touching(const shmrec_table *table) {
    struct rusage before, after;
    CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    for (uint64_t at = 0; at < table->map.bytes; at += 4096) {
        (void)shmrec_load(shmrec_table_word(table, at));
    }
    CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    return after.ru_minflt - before.ru_minflt;
}

// A file that is wanted in huge pages is read for that, since Linux 5.14, whatever it then has.
static void read_for_huge_pages(const char *address) {
    const shmrec_options preferred = options_of(SHMREC_PREFER, 0, false);
    md_page_writer writer;
    md_page_reader reader;
    CHECK(md_page_create(&writer, address, PAGES, NULL, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(md_page_open(&reader, address, &preferred, &error) == SHMREC_OK);
    const bool populates = shmrec_sys_madvise(reader.table.map.base, 4096, SHMREC_MADV_POPULATE_READ) == 0;
    CHECK(!is_file(address) || !populates || faults_of_touching(&reader.table) < 16);
    md_page_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// Memory is taken from nobody, should the kernel map more than there is room for, as it does with SHM_HUGETLB.
static void neighbours(void) {
    const shmrec_task task = {.operation = "attach", .subject = "a test", .error = &error};
    const uint64_t bytes = 2 * SHMREC_HUGE_PAGE;
    void *first, *second;
    const int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    CHECK(id >= 0 && shmrec_shm_attach(&first, id, bytes, false, shmrec_find_gap(bytes), &task) == SHMREC_OK);
    CHECK(SHMREC_ADDRESS(first) % SHMREC_HUGE_PAGE == 0);
    CHECK(shmrec_shm_attach(&second, id, bytes, false, first, &task) == SHMREC_OK && first != second);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0 && shmdt(first) == 0 && shmdt(second) == 0);
}

// Whether shared memory has huge pages here.
static bool huge_pages(const char *address) {
    const shmrec_options required = options_of(SHMREC_REQUIRE, 0, false);
    const shmrec_options preferred = options_of(SHMREC_PREFER, 0, false);
    md_tiny_writer small;
    md_page_writer writer;
    md_page_reader reader;
    CHECK(md_tiny_create(&small, address, 1, &required, &error) == SHMREC_HUGE_PAGES_UNAVAILABLE);
    CHECK(strstr(error.text, "no huge pages to be had: ") != NULL);
    CHECK(strstr(error.text, " bytes, a huge page has 2097152; let the kernel") != NULL);
    CHECK(nothing_there(address));
    CHECK(md_page_create(&writer, address, PAGES, &preferred, &error) == SHMREC_OK);
    const bool got = shmrec_table_memory(&writer.table).huge_pages;
    CHECK(md_page_open(&reader, address, &preferred, &error) == SHMREC_OK);
    // What a disk's file has depends on its file system and on how it came into memory each time.
    const bool on_disk = strncmp(address, "file:", 5) == 0;
    CHECK(on_disk || shmrec_table_memory(&reader.table).huge_pages == got);
    md_page_close(&reader);
    md_page_close_writer(&writer);
    const int code = md_page_open_writer(&writer, address, &required, &error);
    CHECK(code == SHMREC_OK || code == SHMREC_HUGE_PAGES_UNAVAILABLE);
    CHECK(on_disk || (code == SHMREC_OK) == got);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    return got;
}

// As another account, with a small limit, in a child.
static void locked_memory(const char *address) {
    const shmrec_options required = options_of(0, SHMREC_REQUIRE, false);
    const shmrec_options preferred = options_of(0, SHMREC_PREFER, false);
    md_page_writer writer;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0) {
        CHECK(child_succeeded(child));
        return;
    }
    const struct rlimit limit = {65536, 65536};
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0));
    CHECK(md_page_create(&writer, address, PAGES, &required, &error) == SHMREC_NOT_LOCKED);
    CHECK(error.errno_value == ENOMEM && nothing_there(address));
    CHECK(strstr(error.text, "not locked in memory: RLIMIT_MEMLOCK is 65536 bytes: mlock2: Cannot allocate") != NULL);
    CHECK(md_page_create(&writer, address, PAGES, &preferred, &error) == SHMREC_OK);
    CHECK(!shmrec_table_memory(&writer.table).locked);
    md_page_close_writer(&writer);
    CHECK(md_page_open_writer(&writer, address, &required, &error) == SHMREC_NOT_LOCKED);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    md_tiny_writer small;
    CHECK(md_tiny_create(&small, address, 1, &required, &error) == SHMREC_OK);
    CHECK(shmrec_table_memory(&small.table).locked);
    md_tiny_close_writer(&small);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    _exit(0);
}

static void another_boot(const char *address) {
    shmrec_options options = options_of(0, 0, false);
    md_tiny_writer writer;
    md_tiny_reader reader;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    md_tiny_close_writer(&writer);
    size_t bytes;
    unsigned char *map = map_segment(address, &bytes);
    memset(map + SHMREC_HEADER_BOOT_ID, 0xa5, 16);
    const uint64_t sum = shmrec_fnv1a(map, SHMREC_HEADER_CHECKSUM);
    memcpy(map + SHMREC_HEADER_CHECKSUM, &sum, sizeof sum);
    unmap_segment(address, map, bytes);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_STALE_BOOT);
    options.any_boot = true;
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_OK);
    md_tiny_close(&reader);
    CHECK(md_tiny_open_writer(&writer, address, &options, &error) == SHMREC_STALE_BOOT);
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_STALE_BOOT);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void syncing(const char *address) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    const int code = shmrec_table_sync(&writer.table, &error);
    if (strncmp(address, "file:", 5) == 0) {
        CHECK(code == SHMREC_OK);
    } else {
        CHECK(code == SHMREC_UNSUPPORTED);
        CHECK(strstr(error.text, ": syncing a table without a file on disk is not supported here; ") != NULL);
    }
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_sync(&reader.table, &error) == SHMREC_BAD_ARGUMENT);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(shmrec_table_sync(&writer.table, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// The group of the segment, or of its guard.
static gid_t group_of(const char *address, bool guard) {
    struct stat facts;
    if (is_file(address)) {
        CHECK(lstat(path_of(address, guard), &facts) == 0);
        return facts.st_gid;
    }
    struct shmid_ds segment;
    struct semid_ds set;
    const union shmrec_semun argument = {.facts = &set};
    CHECK(shmctl(shmget(key_of(address), 0, 0), IPC_STAT, &segment) == 0);
    CHECK(semctl(semget(key_of(address), 0, 0), 0, IPC_STAT, argument) == 0);
    return guard ? set.sem_perm.gid : segment.shm_perm.gid;
}

static void groups(const char *address) {
    shmrec_options options = options_of(0, 0, false);
    md_tiny_writer writer;
    options.has_group = true;
    options.group = UINT32_MAX;
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_BAD_ARGUMENT && nothing_there(address));
    CHECK(strstr(error.text, "bad group: 4294967295, expected a group id; ") != NULL);
    options.group = GROUP;
    if (geteuid() == 0) {
        options.mode = 0660;
        CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_OK);
        md_tiny_close_writer(&writer);
        CHECK(group_of(address, false) == GROUP && group_of(address, true) == GROUP);
        CHECK(mode_of(address, false) == 0660 && mode_of(address, true) == 0660);
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
    const pid_t child = is_file(address) ? fork() : 0; // System V gives any group
    CHECK(child >= 0);
    if (child > 0) {
        CHECK(child_succeeded(child));
    } else if (is_file(address)) {
        CHECK(geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0));
        CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_PERMISSION_DENIED);
        CHECK(strstr(error.text, "permission denied: fchown: ") != NULL && error.errno_value == EPERM);
        CHECK(nothing_there(address));
        _exit(0);
    }
}

int main(int argc, char **argv) {
    const char *address = base_address(argc, argv);
    sparse(address);
    locked_memory(address);
    another_boot(address);
    syncing(address);
    groups(address);
    read_for_huge_pages(address);
    neighbours();
    const bool got = huge_pages(address);
    if (!got && strncmp(address, "file:", 5) != 0) {
        skip("no huge pages for shared memory: MADV_COLLAPSE is missing or denied");
    }
    printf("ok: sparse, %s huge pages, locked, other boots, groups\n", got ? "with" : "without");
    return 0;
}
