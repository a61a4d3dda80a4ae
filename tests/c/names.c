// names.c: addresses that are none; symbolic links, FIFOs, sockets and directories under the name of segment and guard,
// or segments and semaphores of other programs; guards that are gone or replaced; removals that were interrupted.

#include "common.h"

#include <sys/socket.h>
#include <sys/un.h>

static void addresses(void) {
    static const struct {
        const char *address;
        const char *words;
        int code;
        int reserved;
    } cases[] = {
        {"", "no kind before a colon", SHMREC_BAD_ADDRESS, 0},
        {"quotes", "no kind before a colon", SHMREC_BAD_ADDRESS, 0},
        {"shm:/quotes", "kind `shm` is unknown", SHMREC_BAD_ADDRESS, 0},
        {"posix:", "the name is empty", SHMREC_BAD_NAME, 0},
        {"posix:/", "the name is empty", SHMREC_BAD_NAME, 0},
        {"posix:/a/b", "a slash inside the name", SHMREC_BAD_NAME, 0},
        {"posix://", "a slash inside the name", SHMREC_BAD_NAME, 0},
        {"posix:/..", "`..` is a directory", SHMREC_BAD_NAME, 0},
        {"posix:/a.guard", "belong to guard files", SHMREC_BAD_NAME, 0},
        {"posix:sem.a", "belong to POSIX semaphores", SHMREC_BAD_NAME, 0},
        {"file:", "the name is empty", SHMREC_BAD_NAME, 0},
        {"file:/tmp/", "the name is empty", SHMREC_BAD_NAME, 0},
        {"file:/no such directory/x", "not found", SHMREC_NOT_FOUND, 0},
        {"sysv:", "`` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:0x", "`0x` is not a number without sign, such as 0x1234 or 4660", SHMREC_BAD_KEY, 0},
        {"sysv:0", "0 is IPC_PRIVATE, which names nothing", SHMREC_BAD_KEY, 0},
        {"sysv:0x0", "0 is IPC_PRIVATE, which names nothing", SHMREC_BAD_KEY, 0},
        {"sysv:-1", "`-1` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv: 5", "` 5` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:quotes", "`quotes` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:12ab", "`12ab` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:01234", "`01234` is octal in C", SHMREC_BAD_KEY, 0},
        {"sysv:4294967296", "`4294967296` has more than 32 bits", SHMREC_BAD_KEY, 0},
        {"sysv:0x100000000", "`0x100000000` has more than 32 bits", SHMREC_BAD_KEY, 0},
        {"sysv:99999999999999999999999999", "has more than 32 bits", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(", "expected ftok(/path,7)", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/)", "expected ftok(/path,7)", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/,7", "expected ftok(/path,7)", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/,)", "`` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/, 7)", "` 7` is not a number", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/,0)", "the number in ftok is 0, expected 1 to 255", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/,256)", "the number in ftok is 256, expected 1 to 255", SHMREC_BAD_KEY, 0},
        {"sysv:ftok(/no such file,7)", "stat of the path in ftok", SHMREC_NOT_FOUND, 0},
    };
    md_tiny_reader reader;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int code = md_tiny_open(&reader, cases[i].address, NULL, &error);
        CHECK(code == cases[i].code && strstr(error.text, cases[i].words) != NULL);
    }
    char name[300] = "posix:/";
    memset(name + 7, 'n', 250);
    CHECK(md_tiny_open(&reader, name, NULL, &error) == SHMREC_BAD_NAME);
    name[7 + 249] = '\0';
    CHECK(md_tiny_open(&reader, name, NULL, &error) == SHMREC_NOT_FOUND);
    CHECK(strlen(error.text) < sizeof error.text && strstr(error.text, "; start the program that creates it") != NULL);
    CHECK(md_tiny_open(&reader, NULL, NULL, &error) == SHMREC_BAD_ADDRESS);
}

static void keys(void) {
    static const struct {
        const char *address;
        uint32_t key;
        int reserved;
    } cases[] = {
        {"sysv:0x1234", 0x1234, 0},         {"sysv:0X12Ab", 0x12ab, 0},
        {"sysv:4660", 0x1234, 0},           {"sysv:2147483648", 0x80000000, 0},
        {"sysv:0xffffffff", 0xffffffff, 0}, {"sysv:0x0000000000001234", 0x1234, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK((uint32_t)key_of(cases[i].address) == cases[i].key);
    }
    CHECK(key_of("sysv:ftok(/,7)") == ftok("/", 7));
}

static void make_socket(const char *path) {
    struct sockaddr_un where;
    memset(&where, 0, sizeof where);
    where.sun_family = AF_UNIX;
    CHECK(strlen(path) < sizeof where.sun_path);
    memcpy(where.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&where, sizeof where) == 0);
    (void)close(fd);
}

// Whatever stands there is refused by everybody, and left as it was.
static void refused(const char *address, const char *path, const char *words) {
    md_tiny_reader reader;
    md_tiny_writer writer;
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_NOT_REGULAR && strstr(error.text, words) != NULL);
    CHECK(md_tiny_open_writer(&writer, address, NULL, &error) == SHMREC_NOT_REGULAR);
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_NOT_REGULAR);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_NOT_REGULAR);
    CHECK(exists(path));
}

static void other_files(const char *address) {
    const char *path = path_of(address, false), *guard = path_of(address, true);
    CHECK(symlink("/etc/passwd", path) == 0);
    refused(address, path, "symbolic link");
    CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
    refused(address, path, "not a regular file but a FIFO");
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0);
    refused(address, path, "directory");
    CHECK(rmdir(path) == 0);
    make_socket(path);
    refused(address, path, "socket");
    CHECK(unlink(path) == 0);

    md_tiny_writer writer;
    CHECK(symlink("/dev/null", guard) == 0);
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_NOT_REGULAR);
    CHECK(strstr(error.text, guard) != NULL && !exists(path));
    CHECK(unlink(guard) == 0);

    // A file of somebody else's making is not removed.
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0 && write(fd, "SQLite format 3", 15) == 15 && close(fd) == 0);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_BAD_MAGIC);
    CHECK(exists(path) && !exists(guard) && unlink(path) == 0);
}

// Segments and semaphores of other programs: refused by everybody, and left as they were.
static void other_segments(const char *address) {
    const key_t key = key_of(address);
    md_tiny_writer writer;
    md_tiny_reader reader;
    shmrec_options options;
    size_t bytes;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 20;
    make_segment(address, 4096);
    const int id = shmget(key, 0, 0);
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_NOT_READY);
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_NOT_READY && !guard_exists(address));
    make_guard(address); // even so: it has another size than ours would have
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_NOT_READY);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_NOT_READY);
    unsigned char *map = map_segment(address, &bytes);
    memcpy(map, "SQLite format 3", 15);
    unmap_segment(address, map, bytes);
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_BAD_MAGIC);
    CHECK(md_tiny_open_writer(&writer, address, &options, &error) == SHMREC_BAD_MAGIC);
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_BAD_MAGIC);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_BAD_MAGIC);
    CHECK(shmget(key, 0, 0) == id);
    remove_segment(address);
    remove_guard(address);

    make_segment(address, 100);
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_SIZE_MISMATCH);
    CHECK(strstr(error.text, "100 bytes long, 640 expected") != NULL);
    remove_segment(address);

    const int set = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
    CHECK(set >= 0 && md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_GUARD_MISMATCH);
    CHECK(strstr(error.text, "its semaphore set is no guard: 3 semaphores, 64 expected; another program") != NULL);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_NOT_FOUND);
    CHECK(!segment_exists(address) && semget(key, 0, 0) == set);
    remove_guard(address);
}

// A creator of System V that died before it stored the magic: the next one starts again.
static void unfinished(const char *address) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    shmrec_options options;
    size_t bytes;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 20;
    CHECK(md_tiny_create(&writer, address, 5, NULL, &error) == SHMREC_OK);
    md_tiny_close_writer(&writer);
    unsigned char *map = map_segment(address, &bytes);
    memset(map, 0, 8);
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_NOT_READY);
    CHECK(md_tiny_open_writer(&writer, address, &options, &error) == SHMREC_NOT_READY);
    CHECK(md_tiny_create(&writer, address, 5, &options, &error) == SHMREC_NOT_READY); // the dead map nothing
    unmap_segment(address, map, bytes);
    CHECK(md_tiny_create(&writer, address, 5, &options, &error) == SHMREC_OK);
    CHECK(shmrec_table_epoch(&writer.table) == 1);
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_OK);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void guards(const char *address) {
    md_tiny_writer writer, second;
    md_tiny_reader reader;
    shmrec_options options;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    remove_guard(address);
    CHECK(md_tiny_open_writer(&second, address, NULL, &error) == SHMREC_GUARD_LOST);
    CHECK(md_tiny_create(&second, address, 1, NULL, &error) == SHMREC_GUARD_LOST);
    CHECK(strstr(error.text, "guard lost: it was removed; remove the segment") != NULL);
    make_guard(address);
    CHECK(md_tiny_open_writer(&second, address, NULL, &error) == SHMREC_GUARD_LOST);
    CHECK(strstr(error.text, "guard lost: it is not the one that the segment was made with") != NULL);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK && !segment_exists(address) && !guard_exists(address));
    int status;
    CHECK(shmrec_table_status(&writer.table, &status, &error) == SHMREC_OK && status == SHMREC_STATUS_RETIRED);
    md_tiny_close_writer(&writer);

    // A creator that was killed may leave its guard alone.
    make_guard(address);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_NOT_FOUND && !guard_exists(address));

    // A remover that was killed between marking and unlinking: readers say so, the next creator finishes it.
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    shmrec_store(shmrec_table_word(&writer.table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_RETIRED);
    md_page_writer page, second_page; // even of another record
    CHECK(md_page_create(&page, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_epoch(&page.table) == 1);
    md_tiny_close_writer(&writer);

    md_page_close_writer(&page);

    // The same with its guard lost; the new guard has the mode of the new table.
    for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
        CHECK(md_page_create(&page, address, 1, NULL, &error) == SHMREC_OK);
        shmrec_store(shmrec_table_word(&page.table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
        md_page_close_writer(&page);
        remove_guard(address);
        if (is_replaced != 0) {
            make_guard(address);
        }
        memset(&options, 0, sizeof options);
        options.mode = 0660;
        CHECK(md_page_create(&page, address, 1, &options, &error) == SHMREC_OK);
        CHECK(shmrec_table_epoch(&page.table) == 1);
        md_page_close_writer(&page);
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
    make_guard(address);
    CHECK(md_page_create(&page, address, 1, &options, &error) == SHMREC_OK);
    CHECK(mode_of(address, true) == 0660);

    // The lock for creating and removing is held: by a deadline at most.
    shmrec_address parsed;
    shmrec_guard held;
    const shmrec_task task = shmrec_task_of("test", &page.table, &error);
    CHECK(shmrec_address_parse(&parsed, address, &error) == SHMREC_OK);
    CHECK(shmrec_guard_open(&held, &parsed, &task) == SHMREC_OK);
    CHECK(shmrec_guard_lock_create(&held, &task) == SHMREC_OK);
    memset(&options, 0, sizeof options);
    options.timeout_ms = 20;
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(md_page_open_writer(&second_page, address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(strstr(error.text, "the lock is taken: by a process that creates, replaces or removes it: `") != NULL);
    CHECK(strstr(error.text, is_file(address) ? ": `fuser` names those that have its guard open; try again"
                                              : "` names who took semaphore 0 last; try again") != NULL);
    shmrec_guard_close(&held);
    shmrec_address_free(&parsed);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_OK);
    md_page_close_writer(&page);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    addresses();
    keys();
    if (is_file(base)) {
        other_files(base);
    } else {
        other_segments(base);
        unfinished(base);
    }
    guards(base);
    printf("ok: addresses, other programs' objects, guards and removals\n");
    return 0;
}
