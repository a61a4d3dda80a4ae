// many.h: what the program step.c does as one of many writers, and as one who waits: the twin of those operations in
// src/bin/step.rs, in C. Relies on pattern.h; knows no test.

#ifndef STEP_MANY_H
#define STEP_MANY_H

#include "pattern.h"

#include <signal.h>
#include <stdlib.h>

// How long it is waited for what does not come, shorter than a waiting reader sleeps, and for what does.
#define PATIENCE_MS 20u
#define LONG_PATIENCE_MS 100000u

// Stops this process for its tracer; without one it ends here.
static void mark(void) { (void)raise(SIGTRAP); }

typedef struct updated {
    const twin_pattern256 *next;
} updated;

static void become(twin_pattern256 *record, void *context) { *record = *((const updated *)context)->next; }

// The next version of a record, as its pattern says.
static int next_of(const twin_pattern256_reader *reader, uint64_t index, twin_pattern256 *next, shmrec_error *error) {
    uint64_t version = 0;
    const int code = twin_pattern256_read(reader, index, next, &version, error);
    *next = pattern_of(index, version + 1);
    return code;
}

static int both(twin_pattern256_writer *writer, const twin_pattern256 next[2], shmrec_error *error) {
    const int code = twin_pattern256_write(writer, 0, &next[0], error);
    return code != SHMREC_OK ? code : twin_pattern256_write(writer, 2, &next[1], error);
}

static int both_at_once(twin_pattern256_writer *writer, const twin_pattern256 next[2], shmrec_error *error) {
    twin_pattern256_batch batch;
    int code = twin_pattern256_batch_begin(writer, &batch, error);
    if (code != SHMREC_OK) {
        return code;
    }
    code = twin_pattern256_batch_set(&batch, 0, &next[0], error);
    code = code != SHMREC_OK ? code : twin_pattern256_batch_set(&batch, 2, &next[1], error);
    if (code != SHMREC_OK) {
        twin_pattern256_batch_abandon(&batch);
        return code;
    }
    return twin_pattern256_batch_commit(&batch, error);
}

// What a writer does, one of many or a lone one: records 0 and 2 become their next versions. False: it is none of these.
static bool take_turn(const char *operation, twin_pattern256_writer *writer, const twin_pattern256 next[2], int *code,
                      shmrec_error *error) {
    updated change = {&next[0]};
    if (strcmp(operation, "turn") == 0 || strcmp(operation, "write-next") == 0) {
        *code = twin_pattern256_write(writer, 0, &next[0], error);
    } else if (strcmp(operation, "turn-update") == 0) {
        *code = twin_pattern256_update(writer, 0, become, &change, error);
    } else if (strcmp(operation, "turn-batch") == 0 || strcmp(operation, "batch") == 0) {
        *code = both_at_once(writer, next, error);
    } else if (strcmp(operation, "turns") == 0) {
        *code = both(writer, next, error);
    } else if (strcmp(operation, "turn-locked") == 0) {
        *code = twin_pattern256_lock_after_death(writer, error);
        if (*code == SHMREC_OK) {
            *code = both(writer, next, error);
            twin_pattern256_unlock(writer);
        }
    } else if (strcmp(operation, "leave") == 0) {
        twin_pattern256_close_writer(writer);
        *code = SHMREC_OK;
    } else {
        return false;
    }
    return true;
}

// Runs an operation of one writer of `shared` or of one between the marks.
static bool run_turn(const char *operation, const char *address, bool shared, int *code, shmrec_error *error) {
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    twin_pattern256 next[2];
    shmrec_options options;
    memset(&writer, 0, sizeof writer);
    memset(&reader, 0, sizeof reader);
    memset(&options, 0, sizeof options);
    options.timeout_ms = LONG_PATIENCE_MS;
    *code = shared ? twin_pattern256_open_shared(&writer, address, &options, error)
                   : twin_pattern256_open_writer(&writer, address, &options, error);
    *code = *code != SHMREC_OK ? *code : twin_pattern256_open(&reader, address, NULL, error);
    *code = *code != SHMREC_OK ? *code : next_of(&reader, 0, &next[0], error);
    *code = *code != SHMREC_OK ? *code : next_of(&reader, 2, &next[1], error);
    twin_pattern256_close(&reader);
    bool known = true;
    if (*code == SHMREC_OK) {
        mark();
        known = take_turn(operation, &writer, next, code, error);
        mark();
    }
    twin_pattern256_close_writer(&writer);
    return known;
}

// Runs the operation between the marks, if it is one of many writers or of waiting; what it gives is closed behind the
// second. False: it is none.
static bool run_many(const char *operation, const char *address, uint64_t capacity, int *code, shmrec_error *error) {
    const char by[] = "share-by-";
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    shmrec_options options;
    memset(&writer, 0, sizeof writer);
    memset(&reader, 0, sizeof reader);
    memset(&options, 0, sizeof options);
    const bool lone = strcmp(operation, "write-next") == 0 || strcmp(operation, "batch") == 0;
    if (lone || strncmp(operation, "turn", 4) == 0 || strcmp(operation, "leave") == 0) {
        return run_turn(operation, address, !lone, code, error);
    } else if (strcmp(operation, "create-doorbell") == 0) {
        options.doorbell = true;
        mark();
        *code = twin_pattern256_create(&writer, address, capacity, &options, error);
        mark();
    } else if (strcmp(operation, "share") == 0) {
        options.doorbell = true;
        mark();
        *code = twin_pattern256_create_shared(&writer, address, capacity, &options, error);
        mark();
    } else if (strcmp(operation, "displace") == 0) {
        options.doorbell = true;
        mark();
        *code = twin_pattern256_replace_shared(&writer, address, capacity, &options, error);
        mark();
    } else if (strncmp(operation, by, sizeof by - 1) == 0) {
        options.semaphore_key = SHMREC_CAST(uint32_t, strtoul(operation + sizeof by - 1, NULL, 10));
        mark();
        *code = twin_pattern256_create_shared(&writer, address, capacity, &options, error);
        mark();
    } else if (strcmp(operation, "join") == 0) {
        mark();
        *code = twin_pattern256_open_shared(&writer, address, NULL, error);
        mark();
    } else if (strcmp(operation, "wait") == 0) {
        twin_pattern256 value;
        uint64_t version = 0, now = 0;
        *code = twin_pattern256_open(&reader, address, NULL, error);
        *code = *code != SHMREC_OK ? *code : twin_pattern256_read(&reader, 0, &value, &version, error);
        if (*code == SHMREC_OK) {
            mark();
            *code = twin_pattern256_wait(&reader, 0, version, PATIENCE_MS, &now, error);
            mark();
        }
    } else if (strcmp(operation, "wait-for") == 0) {
        uint64_t now = 0;
        *code = twin_pattern256_open(&reader, address, NULL, error);
        if (*code == SHMREC_OK) {
            mark();
            *code = twin_pattern256_wait(&reader, 0, 0, LONG_PATIENCE_MS, &now, error);
            mark();
        }
    } else {
        return false;
    }
    twin_pattern256_close_writer(&writer);
    twin_pattern256_close(&reader);
    return true;
}

#endif
