// names.c: addresses that are none; symbolic links, FIFOs, sockets and directories under the name of segment and guard;
// guards that are gone or replaced; removals that were interrupted.

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
        {"file:", "the name is empty", SHMREC_BAD_NAME, 0},
        {"file:/tmp/", "the name is empty", SHMREC_BAD_NAME, 0},
        {"file:/no such directory/x", "not found", SHMREC_NOT_FOUND, 0},
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

static void guards(const char *address) {
    const char *path = path_of(address, false), *guard = path_of(address, true);
    md_tiny_writer writer, second;
    md_tiny_reader reader;
    shmrec_options options;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(unlink(guard) == 0);
    CHECK(md_tiny_open_writer(&second, address, NULL, &error) == SHMREC_GUARD_LOST);
    CHECK(md_tiny_create(&second, address, 1, NULL, &error) == SHMREC_GUARD_LOST);
    const int fd = open(guard, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && md_tiny_open_writer(&second, address, NULL, &error) == SHMREC_GUARD_LOST);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK && !exists(path) && !exists(guard));
    CHECK(!shmrec_is_current(&writer.table));
    md_tiny_close_writer(&writer);
    (void)close(fd);

    // A creator that was killed may leave its guard alone.
    CHECK(close(open(guard, O_CREAT | O_RDWR, 0600)) == 0);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_NOT_FOUND && !exists(guard));

    // A remover that was killed between marking and unlinking: readers say so, the next creator finishes it.
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    shmrec_store(shmrec_table_word(&writer.table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_RETIRED);
    md_page_writer page, second_page; // even of another record
    CHECK(md_page_create(&page, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_epoch(&page.table) == 1);
    md_tiny_close_writer(&writer);

    // The lock for creating and removing is held: by a deadline at most.
    shmrec_file held;
    memset(&held, 0, sizeof held);
    held.fd = open(guard, O_RDWR);
    CHECK(held.fd >= 0 && shmrec_guard_set(&held, SHMREC_LOCK_BYTE_CREATE, F_WRLCK) == 0);
    memset(&options, 0, sizeof options);
    options.timeout_ms = 20;
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(strstr(error.text, guard) != NULL);
    CHECK(md_page_open_writer(&second_page, address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    shmrec_file_close(&held);
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_OK);
    md_page_close_writer(&page);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    addresses();
    other_files(base);
    guards(base);
    printf("ok: addresses, other files, guards and removals\n");
    return 0;
}
