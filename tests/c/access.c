// access.c: modes are as asked whatever the umask; segments that everybody may write, or of users who are not trusted,
// are refused; another user may read what the mode lets him read, and can lock nobody out. The second half needs root.

#include "common.h"

#define NOBODY 65534
#define SOMEBODY 64321

static void modes(const char *address) {
    static const struct {
        mode_t mask;
        uint32_t segment;
        uint32_t guard;
    } cases[] = {{0, 0600, 0600}, {077, 0644, 0600}, {0, 0664, 0660}, {0777, 0640, 0600}, {077, 0666, 0666}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        md_tiny_writer writer;
        md_tiny_reader reader;
        shmrec_options options;
        memset(&options, 0, sizeof options);
        options.mode = cases[i].segment;
        const mode_t before = umask(cases[i].mask);
        CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_OK);
        (void)umask(before);
        CHECK(mode_of(address, false) == cases[i].segment);
        CHECK(mode_of(address, true) == cases[i].guard);
        const int expected = (cases[i].segment & 2u) != 0 ? SHMREC_TOO_PERMISSIVE : SHMREC_OK;
        CHECK(md_tiny_open(&reader, address, NULL, &error) == expected);
        md_tiny_close(&reader);
        CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_OK);
        md_tiny_close(&reader);
        md_tiny_close_writer(&writer);
        CHECK(shmrec_remove(address, &options, &error) == SHMREC_OK);
    }
}

// Runs `body` as another user, in a child.
static void as_user(uid_t user, void (*body)(const char *), const char *address) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(setgid(user) == 0 && setuid(user) == 0);
        body(address);
        _exit(0);
    }
    CHECK(child_succeeded(child));
}

static void create_readable(const char *address) {
    md_tiny_writer writer;
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.mode = 0644;
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_OK);
    const md_tiny record = {42, {1, 2}};
    CHECK(md_tiny_write(&writer, 0, &record, &error) == SHMREC_OK);
    md_tiny_close_writer(&writer);
}

static void read_only(const char *address) {
    md_tiny_reader reader;
    md_tiny_writer writer;
    md_tiny record;
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_read(&reader, 0, &record, NULL, &error) == SHMREC_OK && record.a == 42);
    md_tiny_close(&reader);
    CHECK(md_tiny_open_writer(&writer, address, NULL, &error) == SHMREC_PERMISSION_DENIED);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_PERMISSION_DENIED);
    if (is_file(address)) {
        CHECK(open(path_of(address, true), O_RDONLY) < 0);
    } else {
        CHECK(shmrec_lockset_take(semget(key_of(address), 0, 0), SHMREC_LOCK_BYTE_CREATE) == EACCES);
    }
}

static void distrust(const char *address) {
    md_tiny_reader reader;
    shmrec_options options;
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_BAD_OWNER);
    CHECK(strstr(error.text, "owned by user 64321, who is not trusted") != NULL);
    memset(&options, 0, sizeof options);
    options.trusted_owner = SOMEBODY;
    CHECK(md_tiny_open(&reader, address, &options, &error) == SHMREC_OK);
    md_tiny_close(&reader);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    modes(base);
    if (geteuid() != 0) {
        skip("only root can become other users");
    }
    create_readable(base);
    as_user(NOBODY, read_only, base);
    CHECK(shmrec_remove(base, NULL, &error) == SHMREC_OK);

    as_user(SOMEBODY, create_readable, base);
    as_user(NOBODY, distrust, base);
    shmrec_options options;
    memset(&options, 0, sizeof options);
    CHECK(shmrec_remove(base, &options, &error) == SHMREC_BAD_OWNER);
    options.trusted_owner = SOMEBODY;
    CHECK(shmrec_remove(base, &options, &error) == SHMREC_OK);
    printf("ok: modes, owners and readers of another user\n");
    return 0;
}
