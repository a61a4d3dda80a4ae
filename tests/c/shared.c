// shared.c: many writers of one table, by the lock and by a System V semaphore: they take turns, one that is killed with
// the lock holds up nobody and is told of, one that is stopped is named, and what a batch or an update was about stays
// whole.

#include "common.h"
#include "share.h"

#define WRITERS 4
#define ROUNDS 500
#define KILLS 60

static void take_and_write(md_page_writer *writer) {
    const md_page page = page_of(7);
    CHECK(md_page_lock(writer, &error) == SHMREC_OK);
    CHECK(md_page_write(writer, 1, &page, &error) == SHMREC_OK);
}

// Everything but the last two steps of a write: the slot is as it was, and marked.
static void stop_in_a_write(md_page_writer *writer) {
    const shmrec_table *table = &writer->table;
    const md_page page = page_of(11);
    const shmrec_log log = shmrec_table_log(table);
    uint64_t *version = shmrec_table_version(table, 3), words[sizeof page / 8];
    CHECK(md_page_lock(writer, &error) == SHMREC_OK);
    memcpy(words, &page, sizeof page);
    shmrec_log_stage(&log, 3, shmrec_load(version) + 2, words, sizeof words / 8);
    shmrec_store(version, shmrec_load(version) + 1);
}

static void fill_a_batch(md_page_writer *writer) {
    static md_page_batch batch;
    const md_page page = page_of(9);
    CHECK(md_page_batch_begin(writer, &batch, &error) == SHMREC_OK);
    CHECK(md_page_batch_set(&batch, 2, &page, &error) == SHMREC_OK);
}

// Who comes as the wrong kind of writer is told so.
static void numbers_of_writers(const char *address) {
    md_page_writer one, many, other;
    const shmrec_options options = options_of(1, 1000), plain = {.cells = 1};
    CHECK(md_page_open_shared(&many, address, NULL, &error) == SHMREC_NOT_FOUND);
    CHECK(md_page_create(&one, address, CAPACITY, &plain, &error) == SHMREC_OK);
    CHECK(md_page_create_shared(&many, address, CAPACITY, &options, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(md_page_open_shared(&many, address, NULL, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(strstr(error.text, "it exists with another number of writers: one found, many asked for") != NULL);
    CHECK(md_page_lock(&one, &error) == SHMREC_BAD_ARGUMENT);
    md_page_unlock(&one);
    CHECK(md_page_update(&one, 0, add_one, NULL, &error) == SHMREC_OK);
    CHECK(md_page_update(&one, CAPACITY, add_one, NULL, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    md_page_close_writer(&one);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);

    join(&many, address, 1000);
    CHECK(shmrec_table_epoch(&many.table) == 1);
    CHECK(md_page_create(&one, address, CAPACITY, &plain, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(md_page_open_writer(&one, address, NULL, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(strstr(error.text, "it exists with another number of writers: many found, one asked for") != NULL);
    CHECK(md_page_open_shared(&other, address, NULL, &error) == SHMREC_OK && shmrec_table_epoch(&other.table) == 2);
    md_page_close_writer(&many);
    md_page_close_writer(&other);
    CHECK(md_page_open_writer(&one, address, NULL, &error) == SHMREC_SHAPE_MISMATCH);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(!segment_exists(address) && !guard_exists(address));
}

// As many as there may be, in one process; a slot that is given back is the next one's.
static void slots(const char *address) {
    static md_page_writer writers[SHMREC_PARTICIPANTS];
    md_page_writer another;
    for (uint32_t i = 0; i < SHMREC_PARTICIPANTS; i++) {
        join(&writers[i], address, 1000);
        CHECK(writers[i].table.me == i + 1);
    }
    CHECK(md_page_open_shared(&another, address, NULL, &error) == SHMREC_NO_SLOT);
    md_page_close_writer(&writers[17]);
    join(&another, address, 1000);
    CHECK(another.table.me == 18);
    md_page_close_writer(&another);
    // Somebody writes, until the last one goes.
    md_page_reader reader;
    int status = 0;
    CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
    CHECK(shmrec_table_status(&writers[3].table, &status, &error) == SHMREC_OK && status == SHMREC_STATUS_ALIVE);
    for (uint32_t i = 0; i < SHMREC_PARTICIPANTS; i++) {
        CHECK(shmrec_table_status(&reader.table, &status, &error) == SHMREC_OK && status == SHMREC_STATUS_ALIVE);
        md_page_close_writer(&writers[i]);
    }
    CHECK(shmrec_table_status(&reader.table, &status, &error) == SHMREC_OK && status == SHMREC_STATUS_DEAD);
    md_page_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// Nobody's addition is lost, and batches move what they move at once.
static void turns(const char *address) {
    md_page_writer writer;
    md_page_reader reader;
    join(&writer, address, 10000);
    CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
    for (int child = 0; child < WRITERS; child++) {
        if (fork() != 0) {
            continue;
        }
        md_page_writer mine;
        join(&mine, address, 10000);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            CHECK(md_page_update(&mine, round % 2, add_one, NULL, &error) == SHMREC_OK);
            CHECK(md_page_lock(&mine, &error) == SHMREC_OK);
            CHECK(md_page_update(&mine, 2, add_one, NULL, &error) == SHMREC_OK);
            CHECK(md_page_update(&mine, 2, add_one, NULL, &error) == SHMREC_OK);
            md_page_unlock(&mine);
            md_page_batch batch;
            const md_page page = page_of(round);
            CHECK(md_page_batch_begin(&mine, &batch, &error) == SHMREC_OK);
            CHECK(md_page_batch_set(&batch, 3, &page, &error) == SHMREC_OK);
            CHECK(md_page_batch_commit(&batch, &error) == SHMREC_OK);
        }
        md_page_close_writer(&mine);
        exit(0);
    }
    for (int child = 0; child < WRITERS; child++) {
        int status;
        CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    uint64_t versions[CAPACITY];
    CHECK(value_of(&reader, 0, &versions[0]) == WRITERS * ROUNDS / 2 && versions[0] == WRITERS * ROUNDS / 2);
    CHECK(value_of(&reader, 1, &versions[1]) == WRITERS * ROUNDS / 2);
    CHECK(value_of(&reader, 2, &versions[2]) == WRITERS * ROUNDS * 2 && versions[2] == WRITERS * ROUNDS * 2);
    CHECK(value_of(&reader, 3, &versions[3]) == ROUNDS - 1 && versions[3] == WRITERS * ROUNDS);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK);
    md_page_close(&reader);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A holder that is killed holds up nobody; who wants several writes to belong together is told.
static void death_with_the_lock(const char *address) {
    md_page_writer writer, late;
    md_page_reader reader;
    const md_page page = page_of(3);
    uint64_t version;
    join(&writer, address, 1000);
    CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
    end(start(address, take_and_write));
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK); // does not ask
    CHECK(value_of(&reader, 1, &version) == 7 && value_of(&reader, 0, &version) == 3);
    CHECK(md_page_lock(&writer, &error) == SHMREC_AFTER_DEATH);
    CHECK(md_page_lock(&writer, &error) == SHMREC_AFTER_DEATH); // and was not held
    md_page_clear_death(&writer);                               // so this does nothing
    CHECK(md_page_lock(&writer, &error) == SHMREC_AFTER_DEATH);
    CHECK(md_page_lock_after_death(&writer, &error) == SHMREC_OK);
    md_page_clear_death(&writer);
    md_page_unlock(&writer);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK);
    md_page_unlock(&writer);

    // Killed while a batch was being filled: nothing of it is seen, and the log is used again.
    end(start(address, fill_a_batch));
    CHECK(md_page_update(&writer, 2, add_one, NULL, &error) == SHMREC_OK);
    CHECK(value_of(&reader, 2, &version) == 1 && version == 1);
    CHECK(md_page_lock_after_death(&writer, &error) == SHMREC_OK);
    md_page_clear_death(&writer);
    md_page_unlock(&writer);

    // Killed in a write: the next holder finishes it.
    end(start(address, stop_in_a_write));
    CHECK(value_of(&reader, 3, &version) == 11 && version == 1);
    CHECK((shmrec_load(shmrec_table_version(&reader.table, 3)) & 1) == 1);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    CHECK(value_of(&reader, 3, &version) == 11 && version == 1);
    CHECK(shmrec_load(shmrec_table_version(&reader.table, 3)) == 2);
    CHECK(md_page_lock_after_death(&writer, &error) == SHMREC_OK);
    md_page_clear_death(&writer);
    md_page_unlock(&writer);

    // Its slot is taken again before anybody asks for the lock: nobody could tell then.
    end(start(address, take_and_write));
    join(&late, address, 1000);
    CHECK(late.table.me == 2);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_lock(&late, &error) == SHMREC_AFTER_DEATH && md_page_lock(&writer, &error) == SHMREC_AFTER_DEATH);
    md_page_close_writer(&late);
    md_page_close(&reader);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A holder that is stopped keeps the lock, and is named.
static void a_stopped_holder(const char *address) {
    md_page_writer writer;
    const md_page page = page_of(3);
    int status;
    join(&writer, address, 100);
    const pid_t child = start(address, take_and_write);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    const uint64_t before = shmrec_monotonic_ns();
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_LOCK_TIMEOUT && error.pid == child);
    CHECK(shmrec_monotonic_ns() - before >= UINT64_C(100000000));
    CHECK(md_page_update(&writer, 0, add_one, NULL, &error) == SHMREC_LOCK_TIMEOUT);
    md_page_batch batch;
    CHECK(md_page_batch_begin(&writer, &batch, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(md_page_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_lock(&writer, &error) == SHMREC_LOCK_TIMEOUT && error.code == SHMREC_LOCK_TIMEOUT);
    end(child);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// Writers that are killed anywhere: what they wrote is whole, and nobody waits for long.
static void random_kills(const char *address, uint32_t cells) {
    md_page_writer writer;
    md_page_reader reader;
    pid_t children[WRITERS] = {0};
    uint64_t seen[CAPACITY] = {0};
    const shmrec_options options = options_of(cells, 10000);
    CHECK(md_page_create_shared(&writer, address, CAPACITY, &options, &error) == SHMREC_OK);
    CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
    for (int round = 0; round < KILLS + WRITERS; round++) {
        pid_t *child = &children[round % WRITERS];
        if (*child != 0) {
            end(*child);
        }
        *child = 0;
        if (round < KILLS && (*child = fork()) == 0) {
            md_page_writer mine;
            CHECK(md_page_open_shared(&mine, address, &options, &error) == SHMREC_OK);
            for (uint64_t i = 0;; i++) {
                CHECK(md_page_update(&mine, i % CAPACITY, add_one, NULL, &error) == SHMREC_OK);
            }
        }
        usleep((useconds_t)(round * 37 % 900));
        for (uint64_t i = 0; i < CAPACITY; i++) {
            uint64_t version;
            const uint64_t value = value_of(&reader, i, &version);
            CHECK(value == version && version >= seen[i]);
            seen[i] = version;
        }
        CHECK(md_page_update(&writer, 0, add_one, NULL, &error) == SHMREC_OK);
    }
    md_page_close(&reader);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// The semaphore must be there, and be the one that the table has.
static void semaphores(const char *address) {
    md_page_writer writer, other;
    shmrec_options options = options_of(1, 1000);
    options.semaphore_index = 2;
    CHECK(md_page_create_shared(&writer, address, CAPACITY, &options, &error) == SHMREC_GUARD_MISMATCH);
    options.semaphore_index = 32768;
    CHECK(md_page_create_shared(&writer, address, CAPACITY, &options, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_create(&writer, address, CAPACITY, &options, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(!segment_exists(address) && !guard_exists(address));
    join(&writer, address, 50);
    options.semaphore_index = 0;
    CHECK(md_page_create_shared(&other, address, CAPACITY, &options, &error) == SHMREC_SHAPE_MISMATCH);
    // Another program has it.
    struct sembuf taken = {.sem_num = 1, .sem_op = -1}, given = {.sem_num = 1, .sem_op = 1};
    const md_page page = page_of(5);
    CHECK(semop(semaphore_set, &taken, 1) == 0);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_LOCK_TIMEOUT && error.pid == getpid());
    CHECK(semop(semaphore_set, &given, 1) == 0);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK && semctl(semaphore_set, 1, GETVAL) == 0);
    md_page_unlock(&writer);
    CHECK(semctl(semaphore_set, 1, GETVAL) == 1);
    // It goes.
    CHECK(semctl(semaphore_set, 0, IPC_RMID) == 0);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_REMOVED);
    CHECK(md_page_open_shared(&other, address, NULL, &error) == SHMREC_NOT_FOUND);
    char name[32];
    CHECK(snprintf(name, sizeof name, "sysv:0x%x[1]", semaphore_key) > 0 && strstr(error.text, name) != NULL);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    for (int round = 0; round < 2; round++) {
        numbers_of_writers(base);
        slots(base);
        turns(base);
        death_with_the_lock(base);
        a_stopped_holder(base);
        random_kills(base, 1);
        random_kills(base, 4);
        if (round == 0) {
            make_set();
        }
    }
    semaphores(base);
    printf("ok: many writers took turns, %d were killed\n", 4 * KILLS);
    return 0;
}
