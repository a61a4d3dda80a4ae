// adopt_guard.c: the guards of other programs: two processes that update under one never lose a change; a guard that is
// taken, freed, removed or left by the dead is waited for, named and given back as it has to be.

#include "common.h"

#include <semaphore.h>
#include <time.h>

#define UPDATES 20000

// A semaphore as another program makes it, 1 and free.
typedef struct foreign_guard {
    char name[56];
    int set;
    uint32_t kind;
} foreign_guard;

static foreign_guard make_set(void) {
    foreign_guard guard = {"", -1, SHMREC_GUARD_SYSV};
    key_t key = 0x5f000000 | (key_t)(getpid() % 0x10000) << 8;
    const union shmrec_semun free_value = {.value = 1};
    while (guard.set < 0) {
        guard.set = semget(++key, 2, IPC_CREAT | IPC_EXCL | 0600);
        CHECK(guard.set >= 0 || errno == EEXIST);
    }
    CHECK(snprintf(guard.name, sizeof guard.name, "0x%x", (unsigned)key) > 0);
    CHECK(semctl(guard.set, 1, SETVAL, free_value) == 0);
    return guard;
}

static foreign_guard make_sem(void) {
    foreign_guard guard = {"", -1, SHMREC_GUARD_POSIX};
    CHECK(snprintf(guard.name, sizeof guard.name, "/shmrecord-test-%d-adopt", (int)getpid()) > 0);
    sem_t *semaphore = sem_open(guard.name, O_CREAT | O_EXCL, 0600, 1);
    CHECK(semaphore != SEM_FAILED && sem_close(semaphore) == 0);
    return guard;
}

static foreign_guard make_nothing(void) {
    const foreign_guard guard = {"", -1, SHMREC_GUARD_SEQCOUNT};
    return guard;
}

static void remove_it(const foreign_guard *guard) {
    if (guard->kind == SHMREC_GUARD_SYSV) {
        CHECK(semctl(guard->set, 0, IPC_RMID) == 0);
    } else if (guard->kind == SHMREC_GUARD_POSIX) {
        CHECK(sem_unlink(guard->name) == 0);
    }
}

static shmrec_foreign guarded(const char *address, const foreign_guard *guard) {
    shmrec_foreign where = md_quotes_foreign;
    where.address = address;
    where.guard = guard->kind;
    where.guard_name = guard->name;
    where.guard_index = 1;
    where.timeout_ns = UINT64_C(60000000000); // for slow machines
    return where;
}

static void count(md_market_data *quote, void *by) { quote->volume += *(int *)by; }

// Two processes, each with a handle of its own, change one record.
static void updates(const char *address, const foreign_guard *guard) {
    const shmrec_foreign where = guarded(address, guard);
    md_quotes_writer writer;
    md_market_data quote;
    int one = 1;
    const pid_t child = fork();
    CHECK(child >= 0);
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    for (int i = 0; i < UPDATES; i++) {
        CHECK(md_quotes_update(&writer, 3, count, &one, &error) == SHMREC_OK);
    }
    if (child == 0) {
        _exit(0);
    }
    CHECK(child_succeeded(child));
    CHECK(md_quotes_read(&writer.reader, 3, &quote, &error) == SHMREC_OK && quote.volume == 2 * UPDATES);
    md_quotes_close_writer(&writer);
}

// Runs `change` under the guard in a child that dies there, and gives the child's pid.
static void die(md_market_data *quote, void *context) {
    (void)quote, (void)context;
    (void)raise(SIGKILL);
}

static pid_t killed_inside(const shmrec_foreign *where) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_quotes_writer writer;
        CHECK(md_quotes_open_writer(&writer, where, &error) == SHMREC_OK);
        (void)md_quotes_update(&writer, 3, die, NULL, &error);
        _exit(1);
    }
    CHECK(!child_succeeded(child));
    return child;
}

// A legacy holder: takes the semaphore without SEM_UNDO, and dies.
static pid_t legacy_death(const foreign_guard *guard) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct sembuf take = {1, -1, 0};
        _exit(semop(guard->set, &take, 1) == 0 ? 0 : 1);
    }
    CHECK(child_succeeded(child));
    return child;
}

static void reads_and_writes(md_quotes_writer *writer, int read_code, int write_code, const char *words) {
    md_market_data quote;
    int one = 1;
    memset(&quote, 0, sizeof quote);
    CHECK(md_quotes_read(&writer->reader, 3, &quote, &error) == read_code);
    CHECK(md_quotes_write(writer, 3, &quote, &error) == write_code && strstr(error.text, words) != NULL);
    CHECK(md_quotes_update(writer, 3, count, &one, &error) == write_code && strstr(error.text, words) != NULL);
    CHECK(write_code == SHMREC_OK || quote.volume == 0);
}

static void refuses_to_free(md_quotes_writer *writer, int32_t dead, const char *words) {
    bool freed = true;
    CHECK(md_quotes_free_guard(writer, dead, &freed, &error) == SHMREC_BAD_ARGUMENT && !freed);
    CHECK(strncmp(error.text, "free the guard of ", 18) == 0 && strstr(error.text, words) != NULL);
}

static void dead_holders_of_sets(const char *address) {
    foreign_guard guard = make_set();
    shmrec_foreign where = guarded(address, &guard);
    md_quotes_writer writer;
    bool freed = false;
    (void)killed_inside(&where); // and undone
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    reads_and_writes(&writer, SHMREC_OK, SHMREC_OK, "");
    refuses_to_free(&writer, 1, "bad dead process: 1, but the semaphore is 1");
    md_quotes_close_writer(&writer);

    where.timeout_ns = 1000000;
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    const pid_t dead = legacy_death(&guard);
    reads_and_writes(&writer, SHMREC_LOCK_TIMEOUT, SHMREC_LOCK_TIMEOUT, ": which does not exist any more; try again");
    CHECK(error.pid == dead && strstr(error.text, guard.name) != NULL);
    refuses_to_free(&writer, 0, "bad dead process: 0, name the process that LockTimeout named");
    refuses_to_free(&writer, getpid(), "changed it last");
    CHECK(error.pid == 0);
    CHECK(md_quotes_free_guard(&writer, dead, &freed, &error) == SHMREC_OK && freed);
    CHECK(semctl(guard.set, 1, GETVAL) == 1);
    reads_and_writes(&writer, SHMREC_OK, SHMREC_OK, "");

    struct sembuf take = {1, -1, 0}; // now it is this process, which lives
    CHECK(semop(guard.set, &take, 1) == 0);
    reads_and_writes(&writer, SHMREC_LOCK_TIMEOUT, SHMREC_LOCK_TIMEOUT, ": which still exists; try again");
    CHECK(error.pid == getpid());
    refuses_to_free(&writer, getpid(), ", which still exists");

    where.guard_index = 2;
    md_quotes_reader reader;
    CHECK(md_quotes_open(&reader, &where, &error) == SHMREC_GUARD_MISMATCH);
    CHECK(strstr(error.text, "[2]: its semaphore set is no guard: 2 semaphores, number 2 asked for") != NULL);
    remove_it(&guard);
    reads_and_writes(&writer, SHMREC_REMOVED, SHMREC_REMOVED, "[1]: removed while in use: semtimedop");
    CHECK(md_quotes_free_guard(&writer, dead, NULL, &error) == SHMREC_REMOVED);
    CHECK(md_quotes_open(&reader, &where, &error) == SHMREC_NOT_FOUND);
    CHECK(mappings(address) == 1);
    md_quotes_close_writer(&writer);
    CHECK(mappings(address) == 0);
}

static void dead_holders_of_sems(const char *address) {
    const foreign_guard guard = make_sem();
    shmrec_foreign where = guarded(address, &guard);
    md_quotes_writer writer;
    bool freed = true;
    const int before = descriptors();
    where.timeout_ns = 1000000;
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    CHECK(md_quotes_free_guard(&writer, 0, &freed, &error) == SHMREC_OK && !freed);
    const pid_t dead = killed_inside(&where);
    reads_and_writes(&writer, SHMREC_LOCK_TIMEOUT, SHMREC_LOCK_TIMEOUT, "-adopt: the lock is taken; try again");
    CHECK(error.pid == 0); // nobody knows
    refuses_to_free(&writer, dead, "but nobody knows who holds this guard");
    CHECK(md_quotes_free_guard(&writer, 0, &freed, &error) == SHMREC_OK && freed);
    reads_and_writes(&writer, SHMREC_OK, SHMREC_OK, "");
    remove_it(&guard); // who has it open keeps it
    reads_and_writes(&writer, SHMREC_OK, SHMREC_OK, "");
    md_quotes_close_writer(&writer);
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_NOT_FOUND);
    CHECK(descriptors() == before && mappings(address) == 0);

    char path[96];
    CHECK(snprintf(path, sizeof path, "/dev/shm/sem.%s", guard.name + 1) > 0);
    const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_SIZE_MISMATCH);
    CHECK(strstr(error.text, "-adopt: 0 bytes long, 32 expected: /dev/shm/sem.shmrecord-test-") != NULL);
    CHECK(unlink(path) == 0);
}

static void dead_holders_of_counters(const char *address, uint32_t bits, bool each) {
    const foreign_guard guard = make_nothing();
    shmrec_foreign where = guarded(address, &guard);
    md_quotes_writer writer;
    size_t bytes;
    bool freed = true;
    unsigned char *map = map_segment(address, &bytes);
    where.timeout_ns = 1000000;
    where.counter_bits = bits;
    where.counter_per_record = each;
    where.counter_offset = each ? 56 : 8;
    unsigned char *counter = map + where.counter_offset + (each ? 3 * where.stride : 0);
    memset(map, 0, bytes);
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    CHECK(md_quotes_free_guard(&writer, 0, &freed, &error) == SHMREC_OK && !freed);
    memset(counter, 0xff, bits / 8); // about to wrap
    counter[0] = 0xfe;
    const pid_t dead = killed_inside(&where);
    CHECK(counter[0] == 0xff);
    char words[64];
    CHECK(snprintf(words, sizeof words, "the lock is taken: the counter at %td stays odd", counter - map) > 0);
    reads_and_writes(&writer, SHMREC_CONTENDED, SHMREC_LOCK_TIMEOUT, words);
    refuses_to_free(&writer, dead, "but nobody knows who holds this guard");
    CHECK(md_quotes_free_guard(&writer, 0, &freed, &error) == SHMREC_OK && freed);
    for (size_t i = 0; i < 8; i++) {
        CHECK(counter[i] == 0); // nothing behind a counter of 32 bits
    }
    reads_and_writes(&writer, SHMREC_OK, SHMREC_OK, "");
    CHECK(counter[0] == 4);
    md_quotes_close_writer(&writer);
    unmap_segment(address, map, bytes);
}

static void on_signal(int number) { (void)number; }

// Signals neither end nor prolong the wait.
static void signals(const char *address, const foreign_guard *guard) {
    shmrec_foreign where = guarded(address, guard);
    md_quotes_writer writer;
    md_market_data quote;
    struct sigaction action;
    struct timespec before, after;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    where.timeout_ns = UINT64_C(100000000);
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    sem_t *semaphore = guard->kind == SHMREC_GUARD_POSIX ? sem_open(guard->name, 0) : NULL;
    struct sembuf take = {1, -1, 0};
    CHECK(semaphore != NULL ? sem_wait(semaphore) == 0 : semop(guard->set, &take, 1) == 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    const pid_t me = getpid(), child = fork();
    CHECK(child >= 0);
    if (child == 0) { // until it is killed
        const struct timespec pause = {0, 10000000};
        while (kill(me, SIGUSR1) == 0) {
            (void)nanosleep(&pause, NULL);
        }
        _exit(0);
    }
    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    CHECK(md_quotes_read(&writer.reader, 0, &quote, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 100000000);
    CHECK(kill(child, SIGKILL) == 0 && !child_succeeded(child));
    CHECK(semaphore == NULL || sem_close(semaphore) == 0);
    md_quotes_close_writer(&writer);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    foreign_guard (*const make[])(void) = {make_set, make_sem, make_nothing};
    for (size_t i = 0; i < sizeof make / sizeof *make; i++) {
        const foreign_guard guard = make[i]();
        make_segment(base, 1024);
        updates(base, &guard);
        if (guard.kind != SHMREC_GUARD_SEQCOUNT) {
            signals(base, &guard);
        }
        remove_segment(base);
        remove_it(&guard);
    }
    make_segment(base, 1024);
    dead_holders_of_sets(base);
    dead_holders_of_sems(base);
    dead_holders_of_counters(base, 32, false);
    dead_holders_of_counters(base, 64, false);
    dead_holders_of_counters(base, 32, true);
    dead_holders_of_counters(base, 64, true);
    remove_segment(base);
    printf("ok: the guards of other programs are kept, and given back for the dead\n");
    return 0;
}
