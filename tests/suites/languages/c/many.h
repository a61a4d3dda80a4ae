// many.h: what the actor answers as one of many writers, and as one who waits. Relies on every.h.

#ifndef MANY_H
#define MANY_H

#include "every.h"

#include <stdlib.h>

static void count_one(twin_every *every, void *context) {
    (void)context;
    every->unsigned64++;
}

// What is chosen, a letter each: a doorbell, stamps, exclusive, to give up quickly or after two seconds and not only
// after a minute, the number of cells, or `-` for nothing; and a semaphore, by key and number, or 0 0.
static shmrec_options many_options(const char *letters, uint64_t key, uint64_t index) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.doorbell = strchr(letters, 'd') != NULL;
    options.stamps = strchr(letters, 't') != NULL;
    options.exclusive = strchr(letters, 'x') != NULL;
    options.timeout_ms = strchr(letters, 'q') != NULL ? 50 : strchr(letters, 's') != NULL ? 2000 : 60000;
    options.cells = SHMREC_CAST(uint32_t, strtoul(letters + strcspn(letters, "1248"), NULL, 10));
    options.semaphore_key = (uint32_t)key;
    options.semaphore_index = (uint32_t)index;
    return options;
}

// Prints the answer, or gives the code of what went wrong.
static int say(int code, const char *answer) { return code != SHMREC_OK ? code : (puts(answer), SHMREC_OK); }

static int say_number(int code, const char *answer, uint64_t number) {
    return code != SHMREC_OK ? code : (printf("%s %" PRIu64 "\n", answer, number), SHMREC_OK);
}

static int say_epoch(int code, const twin_every_writer *writer) {
    return code != SHMREC_OK ? code : say_number(code, "holds", shmrec_table_epoch(&writer->table));
}

// Answers the line, if it is one of these: `share ADDRESS CAPACITY LETTERS KEY INDEX` (as `many_options` says), `lone`
// like it, but with one writer, `replace` likewise for many in place of what is there, and `join ADDRESS LETTERS` with `holds EPOCH`; `lock`, `lock after death` with `locked`,
// `clear death` with `cleared`, `unlock` with `unlocked`; `update INDEX TIMES`, which adds 1 so often to `unsigned64`,
// with `updated`; `wait INDEX SINCE MS` with `version VERSION`, `wait any MS INDEX SINCE INDEX SINCE` with `which
// NUMBER`, `changes` and `wait all SINCE MS` with `changes COUNT`.
static bool answer_of_many(const char *line, twin_every_writer *writer, twin_every_reader *reader, int *code,
                           shmrec_error *error) {
    char kind[8] = "", address[512] = "", letters[16] = "";
    uint64_t a = 0, b = 0, c = 0;
    shmrec_seen seen[2] = {{0, 0}, {0, 0}};
    if (sscanf(line, "%7s %511s %" SCNu64 " %15s %" SCNu64 " %" SCNu64, kind, address, &a, letters, &b, &c) == 6 &&
        (strcmp(kind, "share") == 0 || strcmp(kind, "lone") == 0 || strcmp(kind, "replace") == 0)) {
        const shmrec_options options = many_options(letters, b, c);
        *code = kind[0] == 's'   ? twin_every_create_shared(writer, address, a, &options, error)
                : kind[0] == 'l' ? twin_every_create(writer, address, a, &options, error)
                                 : twin_every_replace_shared(writer, address, a, &options, error);
        *code = say_epoch(*code, writer);
    } else if (sscanf(line, "join %511s %15s", address, letters) == 2) {
        const shmrec_options options = many_options(letters, 0, 0);
        *code = say_epoch(twin_every_open_shared(writer, address, &options, error), writer);
    } else if (strcmp(line, "lock\n") == 0) {
        *code = say(twin_every_lock(writer, error), "locked");
    } else if (strcmp(line, "lock after death\n") == 0) {
        *code = say(twin_every_lock_after_death(writer, error), "locked");
    } else if (strcmp(line, "clear death\n") == 0) {
        twin_every_clear_death(writer);
        *code = say(SHMREC_OK, "cleared");
    } else if (strcmp(line, "unlock\n") == 0) {
        twin_every_unlock(writer);
        *code = say(SHMREC_OK, "unlocked");
    } else if (sscanf(line, "update %" SCNu64 " %" SCNu64, &a, &b) == 2) {
        for (*code = SHMREC_OK; b > 0 && *code == SHMREC_OK; b--) {
            *code = twin_every_update(writer, a, count_one, NULL, error);
        }
        *code = say(*code, "updated");
    } else if (sscanf(line, "wait %" SCNu64 " %" SCNu64 " %" SCNu64, &a, &b, &c) == 3) {
        *code = twin_every_wait(reader, a, b, c, &b, error);
        *code = say_number(*code, "version", b);
    } else if (sscanf(line, "wait any %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &a, &seen[0].index,
                      &seen[0].version, &seen[1].index, &seen[1].version) == 5) {
        size_t which = 0;
        *code = twin_every_wait_any(reader, seen, 2, a, &which, error);
        *code = say_number(*code, "which", which);
    } else if (sscanf(line, "wait all %" SCNu64 " %" SCNu64, &a, &b) == 2) {
        *code = shmrec_table_wait(&reader->table, a, b, &c, error);
        *code = say_number(*code, "changes", c);
    } else if (strcmp(line, "changes\n") == 0) {
        *code = shmrec_table_changes(&reader->table, &c, error);
        *code = say_number(*code, "changes", c);
    } else {
        return false;
    }
    return true;
}

#endif
