// status.c: what handles tell: whether the writer lives, whether their table can still be found, what the kernel says
// of it. Writers are killed and stopped, tables removed, unlinked and created again; another user may not look at the
// guard, and in another IPC namespace it is not there. The last two need root.

#include "common.h"

#include <sched.h>

#define NOBODY 65534

static int told(const shmrec_table *table) {
    int status = 0;
    CHECK(shmrec_table_status(table, &status, &error) == SHMREC_OK && error.code == SHMREC_OK);
    return status;
}

// A child that takes the role and holds it until it is killed.
static pid_t start_writer(const char *address) {
    int ready;
    const pid_t child = fork_until_ready(&ready);
    if (child == 0) {
        md_tiny_writer writer;
        CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
        say_ready(ready);
        for (;;) {
            (void)pause();
        }
    }
    return child;
}

static void killed_and_stopped(const char *address) {
    md_tiny_reader reader;
    memset(&reader, 0, sizeof reader);
    for (int round = 0; round < 5; round++) {
        const pid_t writer = start_writer(address);
        if (round == 0) {
            CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
        }
        CHECK(told(&reader.table) == SHMREC_STATUS_ALIVE);
        int status;
        CHECK(kill(writer, SIGSTOP) == 0 && waitpid(writer, &status, WUNTRACED) == writer && WIFSTOPPED(status));
        CHECK(told(&reader.table) == SHMREC_STATUS_ALIVE);
        end(writer);
        CHECK(told(&reader.table) == SHMREC_STATUS_DEAD);
    }
    md_tiny_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void gone(const char *address, bool unlinked) {
    md_tiny_writer writer, next;
    md_tiny_reader reader;
    const int expected = unlinked ? SHMREC_STATUS_ORPHANED : SHMREC_STATUS_RETIRED;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(told(&writer.table) == SHMREC_STATUS_ALIVE && shmrec_status_is_current(SHMREC_STATUS_ALIVE));
    if (unlinked) {
        remove_segment(address);
    } else {
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
    CHECK(told(&writer.table) == expected && told(&reader.table) == expected && !shmrec_status_is_current(expected));
    md_tiny_close_writer(&writer);
    CHECK(md_tiny_create(&next, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(told(&next.table) == SHMREC_STATUS_ALIVE && told(&reader.table) == expected);
    md_tiny_close(&reader);
    md_tiny_close_writer(&next);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void without_a_guard(const char *address) {
    md_tiny_writer writer, second;
    md_tiny_reader reader;
    int status;
    CHECK(md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    remove_guard(address);
    for (int replaced = 0; replaced < 2; replaced++) {
        CHECK(shmrec_table_status(&writer.table, &status, &error) == SHMREC_ROLE_LOST);
        CHECK(status == SHMREC_STATUS_UNKNOWN);
        CHECK(strstr(error.text, "the role of writer is lost: its guard was removed or replaced") != NULL);
        CHECK(told(&reader.table) == SHMREC_STATUS_UNKNOWN);
        CHECK(md_tiny_open_writer(&second, address, NULL, &error) == SHMREC_GUARD_LOST);
        if (replaced == 0) {
            make_guard(address);
        }
    }
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(told(&writer.table) == SHMREC_STATUS_RETIRED && told(&reader.table) == SHMREC_STATUS_RETIRED);
    CHECK(md_tiny_create(&second, address, 1, NULL, &error) == SHMREC_OK);
    md_tiny_close_writer(&second);
    md_tiny_close_writer(&writer);
    md_tiny_close(&reader);
    CHECK(shmrec_table_status(&reader.table, &status, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(status == SHMREC_STATUS_UNKNOWN);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void facts_of(const char *address) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    shmrec_facts facts;
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.mode = 0640;
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_facts(&writer.table, &facts, &error) == SHMREC_OK);
    CHECK(facts.bytes == writer.table.map.bytes && facts.mode == 0640);
    CHECK(facts.uid == geteuid() && facts.gid == getegid());
    remove_segment(address);
    md_tiny_close_writer(&writer);
    CHECK(shmrec_table_facts(&reader.table, &facts, &error) == SHMREC_OK);
    if (is_file(address)) {
        CHECK(facts.allocated_bytes >= facts.bytes && facts.attachments == SHMREC_NOT_TOLD);
        CHECK(facts.creator_pid == 0 && facts.last_pid == 0);
    } else {
        CHECK(facts.allocated_bytes == SHMREC_NOT_TOLD && facts.attachments == 1);
        CHECK(facts.creator_pid == (uint32_t)getpid() && facts.last_pid == (uint32_t)getpid());
    }
    md_tiny_close(&reader);
    CHECK(shmrec_table_facts(&reader.table, &facts, &error) == SHMREC_BAD_ARGUMENT);
    remove_guard(address);
}

// The guard's mode lets writers open it, and nobody else.
static void to_another_user(const char *address) {
    shmrec_options options;
    md_tiny_writer writer;
    memset(&options, 0, sizeof options);
    options.mode = 0644;
    CHECK(md_tiny_create(&writer, address, 1, &options, &error) == SHMREC_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_tiny_reader reader;
        CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
        CHECK(told(&reader.table) == SHMREC_STATUS_UNKNOWN && shmrec_status_is_current(SHMREC_STATUS_UNKNOWN));
        _exit(0);
    }
    CHECK(child_succeeded(child));
    md_tiny_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// In another IPC namespace the ids of a System V table mean others; here those of the second table, for both namespaces
// are new. The end of the old handle leaves its role alone.
static void in_another_namespace(const char *address) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_tiny_writer writer, next;
        md_tiny_reader reader;
        int status;
        CHECK(unshare(CLONE_NEWIPC) == 0 && md_tiny_create(&writer, address, 1, NULL, &error) == SHMREC_OK);
        CHECK(unshare(CLONE_NEWIPC) == 0 && md_tiny_create(&next, address, 1, NULL, &error) == SHMREC_OK);
        CHECK(writer.table.guard.handle == next.table.guard.handle);
        CHECK(shmrec_table_status(&writer.table, &status, &error) == SHMREC_ROLE_LOST);
        md_tiny_close_writer(&writer);
        CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
        CHECK(told(&reader.table) == SHMREC_STATUS_ALIVE);
        _exit(0);
    }
    CHECK(child_succeeded(child));
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    killed_and_stopped(base);
    gone(base, false);
    gone(base, true);
    without_a_guard(base);
    facts_of(base);
    if (geteuid() != 0) {
        skip("only root can become another user and enter another IPC namespace");
    }
    to_another_user(base);
    if (!is_file(base)) {
        in_another_namespace(base);
    }
    printf("ok: writers alive and dead, tables here and gone\n");
    return 0;
}
