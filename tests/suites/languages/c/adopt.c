// adopt.c: a process that adopts tables, for tests to talk to and to kill: the C side of adoption/. Knows no test.
//
//   hold                  answers commands: see `answer`
//   update WHERE TIMES    prints `ready`, waits for a line, counts record 1 up so often, prints `B bad`
//   verify WHERE          prints `ready`, reads record 1 until its input ends, prints `N reads, B bad`
//
// WHERE is one argument: ADDRESS MODE UNSEALED TIMEOUT_MS OFFSET COUNT STRIDE GUARD NAME INDEX COUNTER BITS EACH, where
// a name of `-` is none. All words of a record that is counted up are equal.

#define _GNU_SOURCE
#include "every.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "shmrecord/handover.h"

#define WORDS 32u
// How long a hand-over may take.
#define PATIENCE_NS UINT64_C(10000000000)

static shmrec_error error;

typedef struct parsed {
    char address[512];
    char name[512];
    shmrec_foreign where;
} parsed;

static void parse(parsed *to, const char *text) {
    unsigned each = 0, unsealed = 0;
    shmrec_foreign *w = &to->where;
    memset(to, 0, sizeof *to);
    const int found = sscanf(text,
                             "%511s %" SCNo32 " %u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu32
                             " %511s %" SCNu32 " %" SCNu64 " %" SCNu32 " %u",
                             to->address, &w->mode, &unsealed, &w->timeout_ns, &w->offset, &w->count, &w->stride, &w->guard,
                             to->name, &w->guard_index, &w->counter_offset, &w->counter_bits, &each);
    if (found != 13) {
        fprintf(stderr, "adopt.c: %d parts: %s\n", found, text);
        exit(1);
    }
    w->address = to->address;
    w->guard_name = strcmp(to->name, "-") != 0 ? to->name : NULL;
    w->timeout_ns *= 1000000;
    w->counter_per_record = each != 0;
    w->accept_unsealed = unsealed != 0;
}

static void must(int code) {
    if (code != SHMREC_OK) {
        fprintf(stderr, "adopt.c: %s\n", error.text);
        exit(1);
    }
}

static bool is_whole(const twin_pattern256 *pattern) {
    for (size_t i = 1; i < WORDS; i++) {
        if (pattern->words[i] != pattern->words[0]) {
            return false;
        }
    }
    return true;
}

static void count_up(twin_pattern256 *pattern, void *bad) {
    *(uint64_t *)bad += is_whole(pattern) ? 0 : 1;
    for (size_t i = 0; i < WORDS; i++) {
        pattern->words[i]++;
    }
}

static int update(const shmrec_foreign *where, uint64_t times) {
    twin_patterns_writer writer;
    uint64_t bad = 0;
    must(twin_patterns_open_writer(&writer, where, &error));
    puts("ready");
    (void)getchar();
    for (uint64_t i = 0; i < times; i++) {
        must(twin_patterns_update(&writer, 1, count_up, &bad, &error));
    }
    twin_patterns_close_writer(&writer);
    printf("%" PRIu64 " bad\n", bad);
    return 0;
}

static int verify(const shmrec_foreign *where) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    twin_patterns_reader reader;
    uint64_t reads = 0, bad = 0, seen = 0;
    must(twin_patterns_open(&reader, where, &error));
    puts("ready");
    while (poll(&input, 1, 0) == 0) {
        for (unsigned i = 0; i < 100; i++) {
            twin_pattern256 pattern;
            must(twin_patterns_read(&reader, 1, &pattern, &error));
            bad += is_whole(&pattern) && pattern.words[0] >= seen ? 0 : 1;
            seen = pattern.words[0];
            reads++;
        }
    }
    twin_patterns_close(&reader);
    printf("%" PRIu64 " reads, %" PRIu64 " bad\n", reads, bad);
    return 0;
}

static void replace(twin_every *every, void *number) { *every = every_of(*(uint64_t *)number); }

static void never_return(twin_every *every, void *context) {
    (void)every;
    (void)context;
    puts("inside");
    for (;;) {
        (void)pause();
    }
}

// Answers the line: `attach WHERE` with `sees COUNT`, `open WHERE` with `holds COUNT`, `read INDEX` with ` ELEMENTS` of
// what is attached, `write INDEX NUMBER` with `written`, `update INDEX NUMBER` with `updated`, `hang INDEX` with `inside`
// and nothing more from the midst of an update, `free PID` with `freed 0` or `freed 1`, `receive` as actor.c, `drop` with
// `dropped`; every failure with `CODE TEXT`.
static int answer(const char *line, twin_everys_writer *writer, twin_everys_reader *reader) {
    parsed place;
    char received[512];
    uint64_t index = 0, number = 0;
    int32_t pid = 0;
    int code;
    if (strncmp(line, "attach ", 7) == 0) {
        parse(&place, line + 7);
        code = twin_everys_open(reader, &place.where, &error);
        return code != SHMREC_OK ? code : (printf("sees %" PRIu64 "\n", twin_everys_count(reader)), 0);
    }
    if (strncmp(line, "open ", 5) == 0) {
        parse(&place, line + 5);
        code = twin_everys_open_writer(writer, &place.where, &error);
        return code != SHMREC_OK ? code : (printf("holds %" PRIu64 "\n", twin_everys_count(&writer->reader)), 0);
    }
    if (sscanf(line, "read %" SCNu64, &index) == 1) {
        twin_every every;
        code = twin_everys_read(reader, index, &every, &error);
        if (code == SHMREC_OK) {
            print_every(&every);
            puts("");
        }
        return code;
    }
    if (sscanf(line, "write %" SCNu64 " %" SCNu64, &index, &number) == 2) {
        const twin_every every = every_of(number);
        code = twin_everys_write(writer, index, &every, &error);
        return code != SHMREC_OK ? code : (puts("written"), 0);
    }
    if (sscanf(line, "update %" SCNu64 " %" SCNu64, &index, &number) == 2) {
        code = twin_everys_update(writer, index, replace, &number, &error);
        return code != SHMREC_OK ? code : (puts("updated"), 0);
    }
    if (sscanf(line, "hang %" SCNu64, &index) == 1) {
        return twin_everys_update(writer, index, never_return, NULL, &error);
    }
    if (strcmp(line, "receive\n") == 0) {
        puts("receiving");
        code = shmrec_handover_receive(0, PATIENCE_NS, received, sizeof received, &error);
        return code != SHMREC_OK ? code : (printf("received %s\n", received), 0);
    }
    if (sscanf(line, "free %" SCNd32, &pid) == 1) {
        bool freed;
        code = twin_everys_free_guard(writer, pid, &freed, &error);
        return code != SHMREC_OK ? code : (printf("freed %d\n", freed ? 1 : 0), 0);
    }
    twin_everys_close_writer(writer);
    twin_everys_close(reader);
    puts("dropped");
    return SHMREC_OK;
}

static int hold(void) {
    twin_everys_writer writer;
    twin_everys_reader reader;
    char line[2048];
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
    parsed place;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "hold") == 0) {
        return hold();
    }
    if (argc > 2) {
        parse(&place, argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "update") == 0) {
        return update(&place.where, strtoull(argv[3], NULL, 10));
    }
    if (argc == 3 && strcmp(argv[1], "verify") == 0) {
        return verify(&place.where);
    }
    fprintf(stderr, "unknown role\n");
    return 2;
}
