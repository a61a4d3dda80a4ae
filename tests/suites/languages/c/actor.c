// actor.c: a process for tests to talk to and to kill: the twin of src/bin/actor.rs, in C. Knows no test.
//
//   hold                                        answers commands: see `hold`
//   write ADDRESS CAPACITY CELLS ARRANGEMENT    takes the role, prints `ready EPOCH`, writes the pattern at full speed
//   transfer ADDRESS CAPACITY                   takes the role, prints `ready EPOCH`, moves amounts between accounts in
//                                               batches
//   audit ADDRESS                               prints `ready`, adds up snapshots of all accounts all the time, prints at
//                                               last `N snapshots, B bad`
//   turns ADDRESS [KEY]                         joins a table's writers, who take turns by a semaphore if one is named,
//                                               prints `ready EPOCH`, takes the turns of turns.h
//   verify ADDRESS                              prints `ready`, reads everything all the time, prints at last
//                                               `N reads, B bad`
//
// Each goes on until its input ends.

#define _GNU_SOURCE
#include "every.h"
#include "many.h"
#include "pattern.h"
#include "turns.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "shmrecord/handover.h"

#define MAX_CAPACITY 64u
// How long a hand-over may take.
#define PATIENCE_NS UINT64_C(10000000000)

static shmrec_error error;

static void must(int code) {
    if (code != SHMREC_OK) {
        fprintf(stderr, "actor.c: %s\n", error.text);
        exit(1);
    }
}

static bool input_ended(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) != 0;
}

static shmrec_options options_of(const char *cells, const char *arrangement) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.cells = (uint32_t)strtoul(cells, NULL, 10);
    options.arrangement = strcmp(arrangement, "line") == 0     ? SHMREC_LINE
                          : strcmp(arrangement, "packed") == 0 ? SHMREC_PACKED
                          : strcmp(arrangement, "split") == 0  ? SHMREC_SPLIT
                                                               : SHMREC_ARRANGEMENT_ANY;
    return options;
}

static int write_pattern(char **arguments) {
    const uint64_t capacity = strtoull(arguments[1], NULL, 10);
    const shmrec_options options = options_of(arguments[2], arguments[3]);
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    uint64_t versions[MAX_CAPACITY];
    if (capacity > MAX_CAPACITY) {
        return 2;
    }
    must(twin_pattern256_create(&writer, arguments[0], capacity, &options, &error));
    must(twin_pattern256_open(&reader, arguments[0], NULL, &error));
    for (uint64_t i = 0; i < capacity; i++) {
        twin_pattern256 ignored;
        must(twin_pattern256_read(&reader, i, &ignored, &versions[i], &error));
    }
    printf("ready %" PRIu64 "\n", shmrec_table_epoch(&writer.table));
    while (!input_ended()) {
        for (uint64_t i = 0; i < 1000 * capacity; i++) {
            const uint64_t index = i % capacity;
            const twin_pattern256 pattern = pattern_of(index, ++versions[index]);
            must(twin_pattern256_write(&writer, index, &pattern, &error));
        }
    }
    return 0;
}

static int verify_pattern(char **arguments) {
    twin_pattern256_reader reader;
    uint64_t seen[MAX_CAPACITY] = {0}, reads = 0, bad = 0;
    must(twin_pattern256_open(&reader, arguments[0], NULL, &error));
    printf("ready\n");
    while (!input_ended()) {
        for (uint64_t i = 0; i < shmrec_table_capacity(&reader.table) && i < MAX_CAPACITY; i++) {
            twin_pattern256 found;
            uint64_t version = 0;
            const int code = twin_pattern256_read(&reader, i, &found, &version, &error);
            const twin_pattern256 expected = pattern_of(i, version);
            reads++;
            if (code != SHMREC_OK || version < seen[i] || memcmp(&found, &expected, sizeof found) != 0) {
                fprintf(stderr, "record %" PRIu64 ", version %" PRIu64 " after %" PRIu64 ": %d\n", i, version, seen[i],
                        code);
                bad++;
            }
            seen[i] = version;
        }
    }
    printf("%" PRIu64 " reads, %" PRIu64 " bad\n", reads, bad);
    return 0;
}

static void print_facts(const shmrec_facts *facts) {
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %o %u %u\n", facts->bytes, facts->allocated_bytes,
           facts->attachments, facts->uid, facts->gid, facts->mode, facts->creator_pid, facts->last_pid);
}

// What the calls after it are to ask for: a letter each for huge pages, locked memory, sparse, any boot, no group.
static shmrec_options chosen(const char *letters) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.huge_pages = strchr(letters, 'h') != NULL ? SHMREC_REQUIRE : SHMREC_NO_NEED;
    options.lock_memory = strchr(letters, 'l') != NULL ? SHMREC_REQUIRE : SHMREC_NO_NEED;
    options.sparse = strchr(letters, 's') != NULL;
    options.any_boot = strchr(letters, 'b') != NULL;
    options.has_group = strchr(letters, 'g') != NULL;
    options.group = UINT32_MAX;
    return options;
}

// Fifty batches, then a pause, in which a snapshot of all accounts succeeds.
static int transfer(char **arguments) {
    const uint64_t capacity = strtoull(arguments[1], NULL, 10);
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    must(twin_pattern256_create(&writer, arguments[0], capacity, NULL, &error));
    must(twin_pattern256_open(&reader, arguments[0], NULL, &error));
    printf("ready %" PRIu64 "\n", shmrec_table_epoch(&writer.table));
    for (uint64_t number = 0; number % 50 != 0 || !input_ended(); number++) {
        const uint64_t from = number % capacity, to = (from + 1 + number / capacity % (capacity - 1)) % capacity;
        twin_pattern256_batch batch;
        twin_pattern256 debit, credit;
        must(twin_pattern256_read(&reader, from, &debit, NULL, &error));
        must(twin_pattern256_read(&reader, to, &credit, NULL, &error));
        debit = amount_of(debit.words[0] - number);
        credit = amount_of(credit.words[0] + number);
        must(twin_pattern256_batch_begin(&writer, &batch, &error));
        must(twin_pattern256_batch_set(&batch, from, &debit, &error));
        must(twin_pattern256_batch_set(&batch, to, &credit, &error));
        must(twin_pattern256_batch_commit(&batch, &error));
        if (number % 50 == 0) {
            usleep(10);
        }
    }
    return 0;
}

static int take_turns(char **arguments) {
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    const uint32_t key = arguments[1] != NULL ? SHMREC_CAST(uint32_t, strtoul(arguments[1], NULL, 0)) : 0;
    must(turns_join(&writer, &reader, arguments[0], key, &error));
    printf("ready %" PRIu64 "\n", shmrec_table_epoch(&writer.table));
    for (uint64_t number = 0; number % 50 != 0 || !input_ended(); number++) {
        must(turns_round(&writer, &reader, number, &error));
        if (number % 50 == 0) {
            usleep(50);
        }
    }
    return 0;
}

static int audit(char **arguments) {
    static twin_pattern256 accounts[MAX_CAPACITY];
    twin_pattern256_reader reader;
    uint64_t snapshots = 0, bad = 0;
    must(twin_pattern256_open(&reader, arguments[0], NULL, &error));
    const uint64_t capacity = shmrec_table_capacity(&reader.table);
    printf("ready\n");
    while (capacity <= MAX_CAPACITY && !input_ended()) {
        uint64_t sum = 0;
        const int code = twin_pattern256_snapshot(&reader, 0, capacity, accounts, &error);
        bool whole = code == SHMREC_OK;
        for (uint64_t i = 0; i < capacity; i++) {
            const twin_pattern256 expected = amount_of(accounts[i].words[0]);
            whole = whole && memcmp(&expected, &accounts[i], sizeof expected) == 0;
            sum += accounts[i].words[0];
        }
        snapshots++;
        if (!whole || sum != 0) {
            fprintf(stderr, "snapshot %" PRIu64 ": sum %" PRIu64 ", %d %s\n", snapshots, sum, code, error.text);
            bad++;
        }
    }
    printf("%" PRIu64 " snapshots, %" PRIu64 " bad\n", snapshots, bad);
    return 0;
}

// Publishes value 7 in these records, at one instant; the first error ends it.
static int publish(const char *indices, twin_every_writer *writer) {
    const twin_every every = every_of(7);
    twin_every_batch batch;
    int code = twin_every_batch_begin(writer, &batch, &error);
    char *end;
    for (uint64_t index = strtoull(indices, &end, 10); code == SHMREC_OK && end != indices;
         indices = end, index = strtoull(indices, &end, 10)) {
        code = twin_every_batch_set(&batch, index, &every, &error);
    }
    if (code != SHMREC_OK) {
        twin_every_batch_abandon(&batch);
        return code;
    }
    return twin_every_batch_commit(&batch, &error);
}

// Answers the line: `create ADDRESS CAPACITY [CELLS ARRANGEMENT]`, `replace` like it, `exclusive ADDRESS CAPACITY` and `open ADDRESS` with
// `holds EPOCH`, `attach ADDRESS` with `sees CAPACITY`, `mistake ADDRESS` like it, but as a table of another record,
// `with LETTERS ADDRESS [CAPACITY]`, which attaches, or creates, with what is chosen, like them; `write INDEX NUMBER`
// with `written`, `read INDEX` and `fresh INDEX MILLISECONDS` with `VERSION ELEMENTS`, `beat` with `beats`, `age` with the
// reader's in nanoseconds, `refresh` with `moved` or `stays`, `batch INDEX...` with `published` (value 7 in each), `snapshot
// FIRST COUNT` with `whole`, `fork` with `forked`, and a child goes on, `exec` with `becoming`, and it begins anew in the
// same process, `sync` with `synced`, `remove ADDRESS` with `removed`, `forget ADDRESS` with `forgotten`,
// `receive` with `receiving` and, when a
// memfd has come over the input, with `received ADDRESS`, `send ADDRESS` and `lend ADDRESS` with a writer's or reader's
// share over the input, then `sent`, `become PROGRAM ADDRESS` with `becoming`, then as that program with what is held
// there, `status` with the reader's and `own status` with the writer's number, `facts` with the reader's as `BYTES
// ALLOCATED ATTACHMENTS UID GID MODE CREATOR LAST`, `leave` (the IPC namespace) with `left`, `drop` with `dropped`;
// every failure with `CODE TEXT`. And what many.h says.
static int answer(const char *line, twin_every_writer *writer, twin_every_reader *reader) {
    char address[512] = "", program[512] = "", cells[16] = "0", arrangement[16] = "any", letters[16] = "";
    uint64_t index = 0, number = 0;
    int code = SHMREC_OK;
    if (answer_of_many(line, writer, reader, &code, &error)) {
        return code;
    }
    if (sscanf(line, "exclusive %511s %" SCNu64, address, &number) == 2) {
        shmrec_options options = options_of(cells, arrangement);
        options.exclusive = true;
        code = twin_every_create(writer, address, number, &options, &error);
    } else if (sscanf(line, "create %511s %" SCNu64 " %15s %15s", address, &number, cells, arrangement) >= 2) {
        const shmrec_options options = options_of(cells, arrangement);
        code = twin_every_create(writer, address, number, &options, &error);
    } else if (sscanf(line, "with %15s %511s %" SCNu64, letters, address, &number) == 3) {
        const shmrec_options options = chosen(letters);
        code = twin_every_create(writer, address, number, &options, &error);
    } else if (sscanf(line, "with %15s %511s", letters, address) == 2) {
        const shmrec_options options = chosen(letters);
        code = twin_every_open(reader, address, &options, &error);
        return code != SHMREC_OK ? code : (printf("sees %" PRIu64 "\n", shmrec_table_capacity(&reader->table)), 0);
    } else if (strcmp(line, "sync\n") == 0) {
        code = shmrec_table_sync(&writer->table, &error);
        return code != SHMREC_OK ? code : (puts("synced"), 0);
    } else if (sscanf(line, "replace %511s %" SCNu64 " %15s %15s", address, &number, cells, arrangement) >= 2) {
        const shmrec_options options = options_of(cells, arrangement);
        code = twin_every_replace(writer, address, number, &options, &error);
    } else if (strcmp(line, "beat\n") == 0) {
        code = shmrec_table_beat(&writer->table, &error);
        return code != SHMREC_OK ? code : (puts("beats"), 0);
    } else if (strcmp(line, "age\n") == 0) {
        code = shmrec_table_age_ns(&reader->table, &number, &error);
        return code != SHMREC_OK ? code : (printf("%" PRIu64 "\n", number), 0);
    } else if (strcmp(line, "refresh\n") == 0) {
        bool moved;
        code = twin_every_refresh(reader, &moved, &error);
        return code != SHMREC_OK ? code : (puts(moved ? "moved" : "stays"), 0);
    } else if (sscanf(line, "fresh %" SCNu64 " %" SCNu64, &index, &number) == 2) {
        twin_every every;
        code = twin_every_read_fresh(reader, index, number, &every, &number, &error);
        if (code == SHMREC_OK) {
            printf("%" PRIu64, number);
            print_every(&every);
            puts("");
        }
        return code;
    } else if (sscanf(line, "open %511s", address) == 1) {
        code = twin_every_open_writer(writer, address, NULL, &error);
    } else if (sscanf(line, "attach %511s", address) == 1) {
        code = twin_every_open(reader, address, NULL, &error);
        return code != SHMREC_OK ? code : (printf("sees %" PRIu64 "\n", shmrec_table_capacity(&reader->table)), 0);
    } else if (sscanf(line, "mistake %511s", address) == 1) {
        twin_pattern256_reader other;
        code = twin_pattern256_open(&other, address, NULL, &error);
        return code != SHMREC_OK ? code : (printf("sees %" PRIu64 "\n", shmrec_table_capacity(&other.table)), 0);
    } else if (sscanf(line, "write %" SCNu64 " %" SCNu64, &index, &number) == 2) {
        const twin_every every = every_of(number);
        code = twin_every_write(writer, index, &every, &error);
        return code != SHMREC_OK ? code : (puts("written"), 0);
    } else if (sscanf(line, "read %" SCNu64, &index) == 1) {
        twin_every every;
        code = twin_every_read(reader, index, &every, &number, &error);
        if (code == SHMREC_OK) {
            printf("%" PRIu64, number);
            print_every(&every);
            puts("");
        }
        return code;
    } else if (strcmp(line, "status\n") == 0 || strcmp(line, "own status\n") == 0) {
        int status;
        code = shmrec_table_status(line[0] == 's' ? &reader->table : &writer->table, &status, &error);
        return code != SHMREC_OK ? code : (printf("%d\n", status), 0);
    } else if (strcmp(line, "facts\n") == 0) {
        shmrec_facts facts;
        code = shmrec_table_facts(&reader->table, &facts, &error);
        return code != SHMREC_OK ? code : (print_facts(&facts), 0);
    } else if (strcmp(line, "leave\n") == 0) {
        puts(unshare(CLONE_NEWIPC) == 0 ? "left" : strerror(errno));
        return SHMREC_OK;
    } else if (strcmp(line, "fork\n") == 0) {
        if (fork() != 0) {
            for (;;) {
                pause();
            }
        }
        puts("forked");
        return SHMREC_OK;
    } else if (strcmp(line, "exec\n") == 0) {
        puts("becoming");
        return execl("/proc/self/exe", "actor", "hold", (char *)NULL);
    } else if (sscanf(line, "become %511s %511s", program, address) == 2) {
        code = shmrec_handover_inherit(address, SHMREC_SHARE_WRITER, &error);
        return code != SHMREC_OK ? code : (puts("becoming"), execl(program, program, "hold", (char *)NULL));
    } else if (sscanf(line, "forget %511s", address) == 1) {
        code = shmrec_handover_forget(address, &error);
        return code != SHMREC_OK ? code : (puts("forgotten"), 0);
    } else if (strcmp(line, "receive\n") == 0) {
        puts("receiving");
        code = shmrec_handover_receive(0, PATIENCE_NS, address, sizeof address, &error);
        return code != SHMREC_OK ? code : (printf("received %s\n", address), 0);
    } else if (sscanf(line, "send %511s", address) == 1) {
        code = shmrec_handover_send(0, address, SHMREC_SHARE_WRITER, &error);
        return code != SHMREC_OK ? code : (puts("sent"), 0);
    } else if (sscanf(line, "lend %511s", address) == 1) {
        code = shmrec_handover_send(0, address, SHMREC_SHARE_READER, &error);
        return code != SHMREC_OK ? code : (puts("sent"), 0);
    } else if (strncmp(line, "batch", 5) == 0) {
        code = publish(line + 5, writer);
        return code != SHMREC_OK ? code : (puts("published"), 0);
    } else if (sscanf(line, "snapshot %" SCNu64 " %" SCNu64, &index, &number) == 2) {
        static twin_every records[MAX_CAPACITY];
        code = twin_every_snapshot(reader, index, number, records, &error);
        return code != SHMREC_OK ? code : (puts("whole"), 0);
    } else if (sscanf(line, "remove %511s", address) == 1) {
        code = shmrec_remove(address, NULL, &error);
        return code != SHMREC_OK ? code : (puts("removed"), 0);
    } else {
        twin_every_close_writer(writer);
        twin_every_close(reader);
        puts("dropped");
        return SHMREC_OK;
    }
    return code != SHMREC_OK ? code : (printf("holds %" PRIu64 "\n", shmrec_table_epoch(&writer->table)), 0);
}

static int hold(void) {
    twin_every_writer writer;
    twin_every_reader reader;
    char line[640];
    memset(&writer, 0, sizeof writer);
    memset(&reader, 0, sizeof reader);
    while (fgets(line, sizeof line, stdin) != NULL) {
        const int code = answer(line, &writer, &reader);
        if (code != SHMREC_OK) {
            printf("%d %s\n", code, error.text);
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "hold") == 0) {
        return hold();
    }
    if (argc == 6 && strcmp(argv[1], "write") == 0) {
        return write_pattern(argv + 2);
    }
    if (argc == 4 && strcmp(argv[1], "transfer") == 0) {
        return transfer(argv + 2);
    }
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "turns") == 0) {
        return take_turns(argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "audit") == 0) {
        return audit(argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "verify") == 0) {
        return verify_pattern(argv + 2);
    }
    fprintf(stderr, "unknown role\n");
    return 2;
}
