// fuzz.c: the C runtime, given hostile input by a test and run under sanitizers: says what it makes of each. Relies on the
// suite languages' records; knows no test.
//
// A request is `LENGTH WORDS...`, a line, then LENGTH bytes. Each is answered by one line: see `answer`.

#define _GNU_SOURCE
#include "describe.h"
#include "every.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmrecord/handover.h"

// How many records of a table are looked at.
#define LOOKED_AT 4u
// A read of what can never be read ends after this, and so does every other wait.
#define TIMEOUT_MS 1u

// No answer takes a hundredth of this: whoever does has lost its deadline.
#define PATIENCE_S 15u

static shmrec_error error;

// Number and text of what happened; the number alone where Rust says it differently.
static void say(int code) {
    if (code == SHMREC_OK) {
        printf("ok");
    } else if (code == SHMREC_CONTENDED || code == SHMREC_INVALID_BITS) {
        printf("%d", code);
    } else {
        printf("%d ", code);
        print_line(error.text);
    }
}

static void say_records(const twin_every_reader *reader) {
    const uint64_t capacity = shmrec_table_capacity(&reader->table);
    for (uint64_t i = 0; i < capacity && i < LOOKED_AT; i++) {
        twin_every every;
        uint64_t version;
        const int code = twin_every_read(reader, i, &every, &version, &error);
        printf("; ");
        if (code == SHMREC_OK) {
            printf("%" PRIu64, version);
            print_every(&every);
        } else {
            say(code);
        }
    }
}

// A copy of a table's memory where every byte beside it is known not to be its own.
typedef struct apart {
    void *mapped;
    void *copy;
} apart;

static apart set_apart(shmrec_table *table) {
    const apart both = {table->map.base, malloc(table->map.bytes)};
    if (both.copy == NULL) {
        exit(3);
    }
    memcpy(both.copy, both.mapped, table->map.bytes);
    table->map.base = both.copy;
    return both;
}

static void put_back(shmrec_table *table, apart both) {
    table->map.base = both.mapped;
    free(both.copy);
}

static shmrec_options impatient(void) {
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.timeout_ms = TIMEOUT_MS;
    return options;
}

static void read_table(const char *address, bool compatible) {
    shmrec_options options = impatient();
    options.compatible = compatible;
    twin_every_reader reader;
    const int code = twin_every_open(&reader, address, &options, &error);
    say(code);
    if (code == SHMREC_OK) {
        const apart both = set_apart(&reader.table);
        say_records(&reader);
        put_back(&reader.table, both);
    }
    twin_every_close(&reader);
}

static void write_table(const char *address, uint64_t number) {
    const shmrec_options options = impatient();
    twin_every_writer writer;
    const int code = twin_every_open_writer(&writer, address, &options, &error);
    say(code);
    if (code == SHMREC_OK) {
        twin_every_reader reader;
        const twin_every every = every_of(number);
        const uint64_t index = number % (shmrec_table_capacity(&writer.table) + 1);
        reader.table = writer.table; // for this moment only, and never closed
        const apart both = set_apart(&writer.table);
        shmrec_table_recover(&writer.table); // once more, where its every access is looked at
        (void)twin_every_write(&writer, index, &every, &error);
        put_back(&writer.table, both);
        say_records(&reader);
        printf("; ");
        say(twin_every_write(&writer, index, &every, &error));
        say_records(&reader);
    }
    twin_every_close_writer(&writer);
}

// Reads and writes a table that somebody else changes all the time: whether each call ended as it may.
static void work_beside(const char *address) {
    const shmrec_options options = impatient();
    twin_every_reader reader;
    twin_every_writer writer;
    const twin_every every = every_of(7);
    if (twin_every_open(&reader, address, &options, &error) == SHMREC_OK) {
        for (uint64_t i = 0; i < 200; i++) {
            twin_every found;
            const int code = twin_every_read(&reader, i % 3, &found, NULL, &error);
            if (code != SHMREC_OK && code != SHMREC_CONTENDED && code != SHMREC_INVALID_BITS) {
                say(code);
            }
        }
    }
    twin_every_close(&reader);
    if (twin_every_open_writer(&writer, address, &options, &error) == SHMREC_OK) {
        for (uint64_t i = 0; i < 50; i++) {
            const int code = twin_every_write(&writer, i % 3, &every, &error);
            if (code != SHMREC_OK) {
                say(code);
            }
        }
    }
    twin_every_close_writer(&writer);
    printf("done");
}

// Receives these bytes with so many descriptors, the first of which are memfds.
static void receive(const unsigned char *bytes, size_t length, unsigned memfds, unsigned others) {
    int ends[2];
    char address[SHMREC_HANDOVER_ADDRESS];
    shmrec_handed handed;
    union {
        struct cmsghdr header;
        unsigned char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    int fds[16];
    unsigned count = 0;
    memset(&handed, 0, sizeof handed);
    memset(&control, 0, sizeof control);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        exit(3);
    }
    while (count < memfds + others) {
        fds[count] = count < memfds ? memfd_create("fuzz", MFD_CLOEXEC) : dup(2);
        count++;
    }
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    }
    if (sendmsg(ends[1], &message, MSG_NOSIGNAL) != (ssize_t)length) {
        exit(3);
    }
    (void)close(ends[1]);
    while (count > 0) {
        (void)close(fds[--count]);
    }
    const int code = shmrec_handover_receive(ends[0], TIMEOUT_MS * UINT64_C(1000000), address, sizeof address, &error);
    (void)close(ends[0]);
    say(code);
    if (code == SHMREC_OK) {
        shmrec_error ignored;
        printf(" %s", address);
        (void)shmrec_handover_forget(address, &ignored);
    }
}

// What can be adopted where, and what is read there.
static void adopt(const char *address, const char *line) {
    twin_everys_reader reader;
    shmrec_foreign where;
    unsigned each = 0;
    memset(&where, 0, sizeof where);
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu32 " %u", &where.offset, &where.count,
               &where.stride, &where.counter_offset, &where.counter_bits, &each) != 6) {
        exit(3);
    }
    where.address = address;
    where.guard = SHMREC_GUARD_SEQCOUNT;
    where.mode = 0600u;
    where.timeout_ns = TIMEOUT_MS * UINT64_C(1000000);
    where.counter_per_record = each != 0;
    const int code = twin_everys_open(&reader, &where, &error);
    say(code);
    if (code == SHMREC_OK) {
        void *mapped = reader.table.map.base, *copy = malloc(reader.table.map.bytes);
        if (copy == NULL) {
            exit(3);
        }
        memcpy(copy, mapped, reader.table.map.bytes);
        reader.table.map.base = copy;
        const uint64_t count = twin_everys_count(&reader), indices[3] = {0, count - 1, count};
        for (unsigned i = 0; i < 3; i++) {
            twin_every every;
            const int read = twin_everys_read(&reader, indices[i], &every, &error);
            printf("; ");
            say(read);
            if (read == SHMREC_OK) {
                print_every(&every);
            }
        }
        reader.table.map.base = mapped;
        free(copy);
    }
    twin_everys_close(&reader);
}

// A table that this process was started with: its first record says which.
static void say_table(const char *name) {
    const shmrec_entry *entry = *shmrec_registry_at(name);
    struct stat facts;
    const unsigned char *map = MAP_FAILED;
    if (entry != NULL && fstat(entry->fd, &facts) == 0 && facts.st_size >= SHMREC_HEADER_BYTES) {
        map = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_SHARED, entry->fd, 0);
    }
    if (map == MAP_FAILED) {
        printf(" -");
        return;
    }
    const uint64_t cells = shmrec_u64_at(map, SHMREC_HEADER_CELLS_OFFSET);
    printf(" %" PRIu64, shmrec_u64_at(map, cells + 24)); // its volume
    (void)munmap((void *)(uintptr_t)map, (size_t)facts.st_size);
}

// Takes in what this text names, of descriptors that are as they were left each time: what became of each of these, and
// which tables have these names.
static void inherit(char *words, const char *text) {
    static int left[16];
    int fds[16];
    unsigned count = 0;
    char *next = NULL, *word = strtok_r(words, " ", &next);
    for (; word != NULL && word[0] >= '0' && word[0] <= '9' && count < 16; word = strtok_r(NULL, " ", &next)) {
        fds[count] = (int)strtol(word, NULL, 10);
        if (left[count] == 0) {
            left[count] = fcntl(fds[count], F_DUPFD_CLOEXEC, 100);
        }
        if (dup2(left[count], fds[count]) < 0) {
            exit(3);
        }
        count++;
    }
    shmrec_registry_open(text);
    for (unsigned i = 0; i < count; i++) {
        const int flags = fcntl(fds[i], F_GETFD);
        printf("%s%s", i > 0 ? " " : "", flags < 0 ? "closed" : (flags & FD_CLOEXEC) != 0 ? "taken" : "kept");
    }
    for (; word != NULL; word = strtok_r(NULL, " ", &next)) {
        say_table(word);
    }
    while (shmrec_the_registry.first != NULL) {
        (void)shmrec_registry_drop(shmrec_the_registry.first->name);
    }
}

// What replacing it by a table of `cells` cells says, and the records then.
static void replace_table(const char *address, uint32_t cells) {
    shmrec_options options = impatient();
    twin_every_writer writer;
    twin_every_reader reader;
    options.timeout_ms = 20;
    options.cells = cells;
    const int code = twin_every_replace(&writer, address, 4, &options, &error);
    say(code);
    if (code == SHMREC_OK && twin_every_open(&reader, address, &options, &error) == SHMREC_OK) {
        say_records(&reader);
        twin_every_close(&reader);
    }
    twin_every_close_writer(&writer);
}

// Answers the request: `read ADDRESS` with what opening says and, of the first records, versions and elements, or
// failures; `versions ADDRESS` likewise by who accepts other versions of the record; `write NUMBER ADDRESS` with what
// taking it over says, the records then, what writing that value says, and the records again; `beside ADDRESS` with
// `done` after reading and writing it often, behind whatever must not happen then; `remove ADDRESS` with what that says;
// `replace CELLS ADDRESS` with what that says, and the records then; `describe FIRST` with what is wrong with the first
// so many bytes, or different in those behind them; `receive MEMFDS OTHERS` with what receiving the bytes with so many
// descriptors says; `adopt ADDRESS` with what opening at the numbers in the bytes says; `inherit FD... NAME...` with what
// became of these and which tables those are, of the text in the bytes.
static void answer(char *request, const unsigned char *bytes, size_t length) {
    char address[512] = "";
    uint64_t number = 0;
    unsigned memfds = 0, others = 0;
    if (sscanf(request, "read %511s", address) == 1) {
        read_table(address, false);
    } else if (sscanf(request, "versions %511s", address) == 1) {
        read_table(address, true);
    } else if (sscanf(request, "write %" SCNu64 " %511s", &number, address) == 2) {
        write_table(address, number);
    } else if (sscanf(request, "beside %511s", address) == 1) {
        work_beside(address);
    } else if (sscanf(request, "remove %511s", address) == 1) {
        const shmrec_options options = impatient();
        say(shmrec_remove(address, &options, &error));
    } else if (sscanf(request, "replace %" SCNu64 " %511s", &number, address) == 2) {
        replace_table(address, (uint32_t)number);
    } else if (sscanf(request, "describe %" SCNu64, &number) == 1) {
        describe(bytes, length, number);
    } else if (sscanf(request, "receive %u %u", &memfds, &others) == 2) {
        receive(bytes, length, memfds, others);
    } else if (sscanf(request, "adopt %511s", address) == 1) {
        adopt(address, (const char *)(const void *)bytes);
    } else if (strncmp(request, "inherit ", 8) == 0) {
        request[strcspn(request, "\n")] = '\0';
        inherit(request + 8, (const char *)(const void *)bytes);
    } else {
        exit(2);
    }
    putchar('\n');
    (void)fflush(stdout);
}

int main(void) {
    char line[1024];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *request;
        const size_t length = strtoull(line, &request, 10);
        unsigned char *bytes = malloc(length); // of exactly this length, so that nothing behind it is read unseen
        if (bytes == NULL || fread(bytes, 1, length, stdin) != length) {
            return 2;
        }
        (void)alarm(PATIENCE_S);
        answer(request + 1, bytes, length);
        free(bytes);
    }
    return 0;
}
