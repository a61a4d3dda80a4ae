// deadlines.c: whatever waits ends at its deadline, and is late by no more than is promised: one of several attempts, for the
// machine is not ours alone. Each attempt ends soon all the same.

#include "common.h"
#include "share.h"

#define ATTEMPTS 20
#define EXCESS_NS UINT64_C(10000000)
#define GRACE_NS UINT64_C(5000000000)
#define TIMEOUT_MS 50u
// So many that one pass over them takes longer than a deadline may be missed by.
#define MANY UINT64_C(100000)

static const char *address;
static shmrec_options options;
static md_page_writer writer, other;
static md_page_reader reader;

// Does this until it is late by no more than the excess. It takes as long as that at least, unless it says that it need not.
static void ends_at(uint64_t timeout_ms, bool (*call)(void)) {
    const uint64_t timeout_ns = timeout_ms * 1000000;
    uint64_t took = UINT64_MAX;
    for (int attempt = 0; attempt < ATTEMPTS && took > timeout_ns + EXCESS_NS; attempt++) {
        const uint64_t before = shmrec_monotonic_ns();
        const bool in_vain = call();
        took = shmrec_monotonic_ns() - before;
        CHECK(took < timeout_ns + GRACE_NS && (took >= timeout_ns || !in_vain));
    }
    CHECK(took <= timeout_ns + EXCESS_NS);
}

// A version that is odd, and nothing in the log that says why.
static void damage(void) { shmrec_store(shmrec_table_version(&writer.table, 0), 7); }

static bool read_damaged(void) {
    md_page page;
    CHECK(md_page_read(&reader, 0, &page, NULL, &error) == SHMREC_CONTENDED);
    return true;
}

static bool snapshot_damaged(void) {
    md_page pages[CAPACITY];
    CHECK(md_page_snapshot(&reader, 0, CAPACITY, pages, &error) == SHMREC_CONTENDED);
    return true;
}

static bool wait_for_nothing(void) {
    uint64_t version;
    CHECK(md_page_wait(&reader, 1, 0, TIMEOUT_MS, &version, &error) == SHMREC_OK && version == 0);
    return true;
}

static bool wait_for_nothing_of_two(void) {
    const shmrec_seen seen[] = {{1, 0}, {2, 0}};
    size_t which;
    CHECK(md_page_wait_any(&reader, seen, 2, TIMEOUT_MS, &which, &error) == SHMREC_OK && which == 2);
    return true;
}

static bool write_in_vain(void) {
    const md_page page = page_of(1);
    CHECK(md_page_write(&other, 1, &page, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool lock_in_vain(void) {
    CHECK(md_page_lock(&other, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool update_in_vain(void) {
    CHECK(md_page_update(&other, 1, add_one, NULL, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool update_damaged(void) {
    CHECK(md_page_update(&writer, 0, add_one, NULL, &error) == SHMREC_CONTENDED);
    CHECK(strstr(error.text, ": no consistent value in 2 attempts: record 0") != NULL);
    return true;
}

static bool create_in_vain(void) {
    CHECK(md_page_create_shared(&other, address, CAPACITY, &options, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool open_in_vain(void) {
    CHECK(md_page_open_shared(&other, address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool replace_in_vain(void) {
    CHECK(md_page_replace_shared(&other, address, CAPACITY, &options, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static bool remove_in_vain(void) {
    CHECK(shmrec_remove(address, &options, &error) == SHMREC_LOCK_TIMEOUT);
    return true;
}

static void of_reading_and_waiting(void) {
    CHECK(md_page_open(&reader, address, &options, &error) == SHMREC_OK);
    ends_at(TIMEOUT_MS, wait_for_nothing);
    ends_at(TIMEOUT_MS, wait_for_nothing_of_two);
    damage();
    ends_at(TIMEOUT_MS, read_damaged);
    ends_at(TIMEOUT_MS, snapshot_damaged);
    md_page_close(&reader);
}

// Who wants the lock gives up; what is read under it is not waited for.
static void of_turns(void) {
    CHECK(md_page_open_shared(&other, address, &options, &error) == SHMREC_OK);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK);
    ends_at(TIMEOUT_MS, write_in_vain);
    ends_at(TIMEOUT_MS, lock_in_vain);
    ends_at(TIMEOUT_MS, update_in_vain);
    md_page_unlock(&writer);
    md_page_close_writer(&other);
    damage();
    ends_at(0, update_damaged);
}

static void of_coming_and_going(void) {
    shmrec_address parsed;
    shmrec_guard held;
    const shmrec_task task = shmrec_task_of("test", &writer.table, &error);
    CHECK(shmrec_address_parse(&parsed, address, &error) == SHMREC_OK);
    CHECK(shmrec_guard_open(&held, &parsed, &task) == SHMREC_OK);
    CHECK(shmrec_guard_lock_create(&held, &task) == SHMREC_OK);
    ends_at(TIMEOUT_MS, create_in_vain);
    ends_at(TIMEOUT_MS, open_in_vain);
    ends_at(TIMEOUT_MS, replace_in_vain);
    ends_at(TIMEOUT_MS, remove_in_vain);
    shmrec_guard_close(&held);
    shmrec_address_free(&parsed);
}

// Of memory that is new to this process, so that a pass takes its time. It may have been quicker than the next batch.
static bool snapshot_disturbed(void) {
    md_page *many = (md_page *)malloc(MANY * sizeof *many);
    CHECK(many != NULL && md_page_open(&reader, address, &options, &error) == SHMREC_OK);
    const int code = md_page_snapshot(&reader, 0, MANY, many, &error);
    CHECK(code == SHMREC_OK || code == SHMREC_CONTENDED);
    md_page_close(&reader);
    free(many);
    return code == SHMREC_CONTENDED;
}

// A child that publishes batches without a pause until it is killed, or this process has ended.
static pid_t disturb(void) {
    int ready;
    const pid_t parent = getpid();
    const pid_t child = fork_until_ready(&ready);
    if (child == 0) {
        md_page_writer mine;
        md_page_batch batch;
        const md_page page = page_of(1);
        CHECK(md_page_open_writer(&mine, address, NULL, &error) == SHMREC_OK);
        say_ready(ready);
        while (getppid() == parent) {
            CHECK(md_page_batch_begin(&mine, &batch, &error) == SHMREC_OK);
            CHECK(md_page_batch_set(&batch, 0, &page, &error) == SHMREC_OK);
            CHECK(md_page_batch_commit(&batch, &error) == SHMREC_OK);
        }
        _exit(1);
    }
    return child;
}

static void of_snapshots(void) {
    CHECK(md_page_create(&writer, address, MANY, NULL, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    const pid_t child = disturb();
    // Longer than it takes until the child has its turn to run, and shorter than a pass.
    options.timeout_ms = 20;
    ends_at(20, snapshot_disturbed);
    end(child);
    // What nobody disturbs takes its time, whatever there is of it.
    options.timeout_ms = 1;
    CHECK(!snapshot_disturbed());
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    address = base_address(argc, argv);
    for (int doorbell = 0; doorbell <= 1; doorbell++) {
        options = options_of(1, TIMEOUT_MS);
        options.doorbell = doorbell != 0;
        CHECK(md_page_create_shared(&writer, address, CAPACITY, &options, &error) == SHMREC_OK);
        of_reading_and_waiting();
        of_turns();
        of_coming_and_going();
        md_page_close_writer(&writer);
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    }
    of_snapshots();
    printf("ok: every deadline is kept\n");
    return 0;
}
