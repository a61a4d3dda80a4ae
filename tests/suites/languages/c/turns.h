// turns.h: what one of many writers does until it is killed: the twin of turns.rs, in C. Amounts move between accounts in
// batches, a record counts what was added to it, two records are equal whenever nobody has the lock. Knows no test.

#ifndef TURNS_H
#define TURNS_H

#include "twin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// Accounts, from record 0 on; then the counter, and the pair.
#define TURNS_ACCOUNTS 6u
#define TURNS_COUNTER TURNS_ACCOUNTS
#define TURNS_FIRST (TURNS_ACCOUNTS + 1)
#define TURNS_SECOND (TURNS_ACCOUNTS + 2)
#define TURNS_CAPACITY (TURNS_ACCOUNTS + 3)

#define TURNS_WORDS (sizeof(twin_pattern256) / sizeof(uint64_t))

// A record whose every word is the amount.
static twin_pattern256 amount_of(uint64_t amount) {
    twin_pattern256 record;
    for (size_t i = 0; i < TURNS_WORDS; i++) {
        record.words[i] = amount;
    }
    return record;
}

static void add_one(twin_pattern256 *record, void *context) {
    (void)context;
    *record = amount_of(record->words[0] + 1);
}

// The amount in a record. Ends the process when there is none.
static uint64_t turns_amount(const twin_pattern256_reader *reader, uint64_t index, shmrec_error *error) {
    twin_pattern256 record;
    if (twin_pattern256_read(reader, index, &record, NULL, error) != SHMREC_OK) {
        fprintf(stderr, "turns.h: %s\n", error->text);
        exit(1);
    }
    return record.words[0];
}

// Moves an amount from one account to another.
static int turns_transfer(twin_pattern256_writer *writer, const twin_pattern256_reader *reader, uint64_t number,
                          shmrec_error *error) {
    const uint64_t from = number % TURNS_ACCOUNTS;
    const uint64_t to = (number + 1 + number / TURNS_ACCOUNTS % (TURNS_ACCOUNTS - 1)) % TURNS_ACCOUNTS;
    twin_pattern256_batch batch;
    int code = twin_pattern256_batch_begin(writer, &batch, error);
    if (code != SHMREC_OK) {
        return code;
    }
    // Under the lock from here on: nobody changes them meanwhile.
    const twin_pattern256 debit = amount_of(turns_amount(reader, from, error) - number);
    const twin_pattern256 credit = amount_of(turns_amount(reader, to, error) + number);
    code = twin_pattern256_batch_set(&batch, from, &debit, error);
    code = code != SHMREC_OK ? code : twin_pattern256_batch_set(&batch, to, &credit, error);
    return code != SHMREC_OK ? code : twin_pattern256_batch_commit(&batch, error);
}

// Adds one to both of the pair, which somebody may have left half-done.
static int turns_pair(twin_pattern256_writer *writer, const twin_pattern256_reader *reader, shmrec_error *error) {
    int code = twin_pattern256_lock(writer, error);
    if (code == SHMREC_AFTER_DEATH) {
        code = twin_pattern256_lock_after_death(writer, error);
        if (code == SHMREC_OK) {
            const twin_pattern256 first = amount_of(turns_amount(reader, TURNS_FIRST, error));
            code = twin_pattern256_write(writer, TURNS_SECOND, &first, error);
            twin_pattern256_clear_death(writer);
        }
    }
    if (code != SHMREC_OK) {
        return code;
    }
    const uint64_t first = turns_amount(reader, TURNS_FIRST, error), second = turns_amount(reader, TURNS_SECOND, error);
    if (first != second) {
        fprintf(stderr, "turns.h: nobody died, and yet half a turn was made: %" PRIu64 ", %" PRIu64 "\n", first, second);
        exit(1);
    }
    const twin_pattern256 next = amount_of(first + 1);
    code = twin_pattern256_write(writer, TURNS_FIRST, &next, error);
    code = code != SHMREC_OK ? code : twin_pattern256_write(writer, TURNS_SECOND, &next, error);
    twin_pattern256_unlock(writer);
    return code;
}

// Joins the writers of the table. They take turns by semaphore 0 of the set with this key, if it is not 0.
static int turns_join(twin_pattern256_writer *writer, twin_pattern256_reader *reader, const char *address, uint32_t key,
                      shmrec_error *error) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 20000;
    options.doorbell = true;
    options.semaphore_key = key;
    const int code = twin_pattern256_create_shared(writer, address, TURNS_CAPACITY, &options, error);
    return code != SHMREC_OK ? code : twin_pattern256_open(reader, address, NULL, error);
}

// One of each kind of turn.
static int turns_round(twin_pattern256_writer *writer, const twin_pattern256_reader *reader, uint64_t number,
                       shmrec_error *error) {
    int code = turns_transfer(writer, reader, number, error);
    code = code != SHMREC_OK ? code : twin_pattern256_update(writer, TURNS_COUNTER, add_one, NULL, error);
    return code != SHMREC_OK ? code : turns_pair(writer, reader, error);
}

#endif
