// wait.c: readers that wait for records and tables, asleep and awake, are told of every new version and of removal; by
// writers alone and among many, through signals, and where the page that they ask with may not be written.

#include "common.h"

#include <pthread.h>
#include <sys/time.h>

#define CAPACITY 40u // more than there are groups
#define ROUNDS 2000
#define THREADS 4
// Longer than any of these waits takes.
#define LONG_MS 60000

static shmrec_options with_doorbell(bool doorbell) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.doorbell = doorbell;
    return options;
}

static void create(md_tiny_writer *writer, const char *address, bool doorbell, bool shared) {
    const shmrec_options options = with_doorbell(doorbell);
    if (shared) {
        CHECK(md_tiny_create_shared(writer, address, CAPACITY, &options, &error) == SHMREC_OK);
    } else {
        CHECK(md_tiny_create(writer, address, CAPACITY, &options, &error) == SHMREC_OK);
    }
}

static void put(md_tiny_writer *writer, uint64_t index) {
    const md_tiny tiny = {1, {2, 3}};
    CHECK(md_tiny_write(writer, index, &tiny, &error) == SHMREC_OK);
}

// The version of a record that it gets within this time.
static uint64_t await(md_tiny_reader *reader, uint64_t index, uint64_t since, uint64_t timeout_ms) {
    uint64_t version = UINT64_MAX;
    CHECK(md_tiny_wait(reader, index, since, timeout_ms, &version, &error) == SHMREC_OK && error.code == SHMREC_OK);
    return version;
}

// A child that writes this record after a while, or removes the table; the parent has the only writer otherwise.
static pid_t later(const char *address, uint64_t index, bool removes) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child != 0) {
        return child;
    }
    usleep(30000);
    if (removes) {
        CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    } else {
        md_tiny_writer writer;
        CHECK(md_tiny_open_writer(&writer, address, NULL, &error) == SHMREC_OK);
        put(&writer, index);
    }
    _exit(0);
}

static void versions(const char *address, bool doorbell) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    uint64_t version, changes, before = shmrec_monotonic_ns();
    size_t which;
    create(&writer, address, doorbell, false);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    // Nothing happens, or has happened.
    CHECK(await(&reader, 3, 0, 0) == 0 && await(&reader, 3, 0, 30) == 0);
    CHECK(shmrec_monotonic_ns() - before >= UINT64_C(30000000));
    put(&writer, 3);
    CHECK(await(&reader, 3, 0, 0) == 1 && await(&reader, 3, 0, UINT64_MAX) == 1 && await(&reader, 3, 1, 1) == 1);
    CHECK(md_tiny_wait(&reader, CAPACITY, 0, 0, &version, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    const shmrec_seen seen[] = {{3, 1}, {35, 0}, {4, 0}}, far = {CAPACITY, 0};
    CHECK(md_tiny_wait_any(&reader, seen, 3, 1, &which, &error) == SHMREC_OK && which == 3);
    CHECK(md_tiny_wait_any(&reader, seen, 0, 1, &which, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_tiny_wait_any(&reader, &far, 1, 1, &which, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    const int known = shmrec_table_changes(&reader.table, &changes, &error);
    CHECK(known == (doorbell ? SHMREC_OK : SHMREC_UNSUPPORTED) && (!doorbell || changes == 1));
    CHECK(shmrec_table_wait(&reader.table, 0, 1, &changes, &error) == known);
    if (!doorbell) {
        CHECK(strstr(error.text, "waiting for a whole table without a doorbell is not supported here") != NULL);
    }
    // Another process writes: a record, one of several, any.
    md_tiny_close_writer(&writer);
    pid_t child = later(address, 3, false);
    CHECK(await(&reader, 3, 1, LONG_MS) == 2 && child_succeeded(child));
    child = later(address, 35, false);
    CHECK(md_tiny_wait_any(&reader, (const shmrec_seen[]){{3, 2}, {35, 0}, {4, 0}}, 3, LONG_MS, &which, &error) ==
          SHMREC_OK);
    CHECK(which == 1 && child_succeeded(child));
    if (doorbell) {
        CHECK(shmrec_table_changes(&reader.table, &changes, &error) == SHMREC_OK && changes == 5); // take-overs, too
        child = later(address, 9, false);
        do {
            before = changes;
            CHECK(shmrec_table_wait(&reader.table, before, LONG_MS, &changes, &error) == SHMREC_OK && changes > before);
        } while (changes < 7);
        CHECK(child_succeeded(child));
    }
    // And removes it.
    const uint32_t rung = shmrec_load32(shmrec_table_word32(&reader.table, SHMREC_LIVE_DOORBELL));
    child = later(address, 0, true);
    CHECK(md_tiny_wait(&reader, 3, 2, LONG_MS, &version, &error) == SHMREC_RETIRED && child_succeeded(child));
    CHECK(shmrec_load32(shmrec_table_word32(&reader.table, SHMREC_LIVE_DOORBELL)) == rung + (doorbell ? 1 : 0));
    CHECK(await(&reader, 3, 0, LONG_MS) == 2); // what has happened has
    CHECK(md_tiny_wait_any(&reader, seen + 2, 1, LONG_MS, &which, &error) == SHMREC_RETIRED);
    if (doorbell) {
        CHECK(shmrec_table_wait(&reader.table, changes, LONG_MS, &changes, &error) == SHMREC_RETIRED);
    }
    md_tiny_close(&reader);
    CHECK(md_tiny_wait(&reader, 3, 0, 0, &version, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(shmrec_table_wait(&reader.table, 0, 0, &changes, &error) == SHMREC_BAD_ARGUMENT);
}

// Two processes take turns, each asleep until the other has written. A wake that is lost costs 100 ms, and so may a busy
// machine: that most rounds are quick shows only that wakes happen at all. That none is lost is shown by
// concurrency::no_wake_is_lost.
static void to_and_fro(const char *address, bool shared, bool fences) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    create(&writer, address, true, shared);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    // The other's record is written by the other, so one writer alone needs a second table.
    const char *second = shared ? address : second_address(address);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_tiny_writer mine;
        md_tiny_reader theirs;
        create(&mine, second, true, shared);
        mine.table.chores |= fences ? SHMREC_CHORE_FENCE : 0u;
        CHECK(md_tiny_open(&theirs, address, NULL, &error) == SHMREC_OK);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            CHECK(await(&theirs, 0, round, LONG_MS) == round + 1);
            put(&mine, 1);
        }
        exit(0);
    }
    md_tiny_reader answers;
    while (md_tiny_open(&answers, second, NULL, &error) != SHMREC_OK) {
        CHECK(waitpid(child, NULL, WNOHANG) == 0); // without it there will never be a table
        usleep(1000);
    }
    writer.table.chores |= fences ? SHMREC_CHORE_FENCE : 0u;
    int slow = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const uint64_t before = shmrec_monotonic_ns();
        put(&writer, 0);
        CHECK(await(&answers, 1, round, LONG_MS) == round + 1);
        slow += shmrec_monotonic_ns() - before >= SHMREC_SLEEP_NS;
    }
    CHECK(child_succeeded(child) && slow < ROUNDS / 4);
    CHECK(answers.table.waiting != MAP_FAILED && answers.table.waiting != NULL);
    md_tiny_close(&answers);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(shared || shmrec_remove(second, NULL, &error) == SHMREC_OK);
}

static void *await_the_end(void *reader) {
    uint64_t version = 0;
    int code;
    do {
        code = md_tiny_wait(reader, 5, version, LONG_MS, &version, NULL);
    } while (code == SHMREC_OK);
    return code == SHMREC_RETIRED && version == 100 ? reader : NULL;
}

// One reader's threads all wait, the first of them at once, and are all told.
static void threads(const char *address) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    pthread_t waiting[THREADS];
    const int files = descriptors();
    create(&writer, address, true, false);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&waiting[i], NULL, await_the_end, &reader) == 0);
    }
    for (int i = 0; i < 100; i++) {
        put(&writer, 5);
        usleep(100);
    }
    // The writer, which never looks at the state, is told too.
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    const md_tiny tiny = {1, {2, 3}};
    for (int i = 0; i < THREADS; i++) {
        void *told;
        CHECK(pthread_join(waiting[i], &told) == 0 && told == &reader);
    }
    CHECK(md_tiny_write(&writer, 0, &tiny, &error) == SHMREC_RETIRED);
    CHECK(md_tiny_write(&writer, 0, &tiny, &error) == SHMREC_RETIRED);
    CHECK(strstr(error.text, "removed meanwhile") != NULL);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
    CHECK(descriptors() == files && mappings(address) == 0);
}

static void interrupt(int signal) { (void)signal; }

// Signals all the time: every wait takes as long as it was to.
static void signals(const char *address) {
    md_tiny_writer writer, other;
    md_tiny_reader reader;
    const shmrec_options impatient = {.timeout_ms = 50, .doorbell = true};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt; // without SA_RESTART
    create(&writer, address, true, true);
    CHECK(md_tiny_open_shared(&other, address, &impatient, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK);
    const struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    const uint64_t before = shmrec_monotonic_ns();
    CHECK(await(&reader, 5, 0, 150) == 0);
    CHECK(shmrec_monotonic_ns() - before >= UINT64_C(150000000));
    CHECK(md_tiny_lock(&writer, &error) == SHMREC_OK);
    CHECK(md_tiny_lock(&other, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(shmrec_monotonic_ns() - before >= UINT64_C(200000000));
    md_tiny_unlock(&writer);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    md_tiny_close(&reader);
    md_tiny_close_writer(&other);
    md_tiny_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A memfd that nobody may write any more but its writer: who waits for it looks again and again.
static void without_the_page(void) {
    md_tiny_writer writer;
    md_tiny_reader reader;
    shmrec_options options = with_doorbell(true);
    pthread_t waiting;
    void *told;
    options.exclusive = true;
    CHECK(md_tiny_create(&writer, "memfd:waiting", CAPACITY, &options, &error) == SHMREC_OK);
    CHECK(md_tiny_open(&reader, "memfd:waiting", NULL, &error) == SHMREC_OK);
    CHECK(pthread_create(&waiting, NULL, await_the_end, &reader) == 0);
    for (int i = 0; i < 100; i++) {
        put(&writer, 5);
        usleep(100);
    }
    CHECK(await(&reader, 5, 99, LONG_MS) == 100 && await(&reader, 5, 100, 1) == 100);
    CHECK(reader.table.waiting == MAP_FAILED);
    // Nobody can remove it either, so its writer does it here.
    shmrec_store(shmrec_table_word(&writer.table, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
    CHECK(pthread_join(waiting, &told) == 0 && told == &reader);
    md_tiny_close(&reader);
    md_tiny_close_writer(&writer);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    versions(base, false);
    versions(base, true);
    to_and_fro(base, false, false);
    to_and_fro(base, true, false);
    to_and_fro(base, true, true);
    threads(base);
    signals(base);
    without_the_page();
    printf("ok: nobody waited in vain\n");
    return 0;
}
