// step.c: one operation of the runtime between two marks, for a tracer: the twin of src/bin/step.rs, in C. Knows no test.
//
//   step OPERATION ADDRESS
//
// It prints `ok`, or the error as `CODE ERRNO TEXT`; then `left D M`: how many descriptors and shared mappings are more
// than before. It goes on until its input ends.

#define _GNU_SOURCE
#include "twin.h"

#include "many.h"

#include "shmrecord/handover.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// Records in a table.
#define CAPACITY 4u
// Longer than any operation may take, stepped on a busy machine.
#define SECONDS 300u

static shmrec_error error;

static int descriptors(void) {
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    while (directory != NULL && readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static int shared_mappings(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096], rights[5];
    int count = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        count += sscanf(line, "%*s %4s", rights) == 1 && rights[3] == 's';
    }
    (void)fclose(maps);
    return count;
}

// Hands the memfd over, to this very process, with the sending or the receiving between the marks.
static int hand_over(const char *operation, const char *address) {
    const bool receives = strcmp(operation, "receive") == 0;
    const int share = strcmp(operation, "lend") == 0 ? SHMREC_SHARE_READER : SHMREC_SHARE_WRITER;
    char received[512];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        exit(2);
    }
    int code = receives ? shmrec_handover_send(ends[0], address, share, &error) : SHMREC_OK;
    if (code == SHMREC_OK) {
        mark();
        code = receives ? shmrec_handover_receive(ends[1], UINT64_C(1000000000), received, sizeof received, &error)
                        : shmrec_handover_send(ends[0], address, share, &error);
        mark();
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    return code;
}

// Record 0 becomes what record 1 is.
#define WRITE(record)                                                                                                  \
    static int write_##record(const char *address) {                                                                   \
        twin_##record value;                                                                                           \
        twin_##record##_writer writer;                                                                                 \
        twin_##record##_reader reader;                                                                                 \
        memset(&writer, 0, sizeof writer);                                                                             \
        memset(&reader, 0, sizeof reader);                                                                             \
        int code = twin_##record##_open_writer(&writer, address, NULL, &error);                                        \
        code = code != SHMREC_OK ? code : twin_##record##_open(&reader, address, NULL, &error);                        \
        code = code != SHMREC_OK ? code : twin_##record##_read(&reader, 1, &value, NULL, &error);                      \
        if (code == SHMREC_OK) {                                                                                       \
            mark();                                                                                                    \
            code = twin_##record##_write(&writer, 0, &value, &error);                                                  \
            mark();                                                                                                    \
        }                                                                                                              \
        twin_##record##_close_writer(&writer);                                                                         \
        twin_##record##_close(&reader);                                                                                \
        return code;                                                                                                   \
    }

WRITE(pattern256)
WRITE(pattern64)
WRITE(quote)

// Runs the operation between the marks; what it gives is closed behind the second.
static int run(const char *operation, const char *address) {
    twin_pattern256 pattern;
    twin_pattern256_writer writer;
    twin_pattern256_reader reader;
    memset(&pattern, 0, sizeof pattern);
    memset(&writer, 0, sizeof writer);
    memset(&reader, 0, sizeof reader);
    if (strcmp(operation, "send") == 0 || strcmp(operation, "lend") == 0 || strcmp(operation, "receive") == 0) {
        return hand_over(operation, address);
    } else if (strcmp(operation, "write") == 0) {
        return write_pattern256(address);
    } else if (strcmp(operation, "write-64") == 0) {
        return write_pattern64(address);
    } else if (strcmp(operation, "write-padded") == 0) {
        return write_quote(address);
    }
    int many;
    if (run_many(operation, address, CAPACITY, &many, &error)) {
        return many;
    }
    const bool closes = strcmp(operation, "close") == 0;
    const bool refreshes = strcmp(operation, "refresh") == 0;
    const bool reads = refreshes || strcmp(operation, "read") == 0 || strcmp(operation, "detach") == 0;
    bool moved = false;
    int code = closes  ? twin_pattern256_open_writer(&writer, address, NULL, &error)
               : reads ? twin_pattern256_open(&reader, address, NULL, &error)
                       : SHMREC_OK;
    if (code == SHMREC_OK && refreshes) {
        code = shmrec_remove(address, NULL, &error);
        code = code != SHMREC_OK ? code : twin_pattern256_create(&writer, address, CAPACITY, NULL, &error);
        twin_pattern256_close_writer(&writer);
    }
    if (code != SHMREC_OK) {
        return code;
    }
    mark();
    if (strcmp(operation, "create") == 0) {
        code = twin_pattern256_create(&writer, address, CAPACITY, NULL, &error);
    } else if (strcmp(operation, "replace") == 0) {
        code = twin_pattern256_replace(&writer, address, CAPACITY, NULL, &error);
    } else if (refreshes) {
        code = twin_pattern256_refresh(&reader, &moved, &error);
    } else if (strcmp(operation, "open") == 0) {
        code = twin_pattern256_open_writer(&writer, address, NULL, &error);
    } else if (strcmp(operation, "attach") == 0) {
        code = twin_pattern256_open(&reader, address, NULL, &error);
    } else if (strcmp(operation, "remove") == 0) {
        code = shmrec_remove(address, NULL, &error);
    } else if (strcmp(operation, "read") == 0) {
        code = twin_pattern256_read(&reader, 0, &pattern, NULL, &error);
    } else if (strcmp(operation, "close") == 0) {
        twin_pattern256_close_writer(&writer);
    } else if (strcmp(operation, "detach") == 0) {
        twin_pattern256_close(&reader);
    } else {
        exit(2);
    }
    mark();
    twin_pattern256_close_writer(&writer);
    twin_pattern256_close(&reader);
    return code;
}

int main(int argc, char **argv) {
    (void)alarm(SECONDS);
    if (argc != 3) {
        return 2;
    }
    // What was inherited is taken in when a memfd is first asked for, for which this process gets its home.
    if (strncmp(argv[2], "memfd:", 6) == 0) {
        (void)shmrec_handover_forget("memfd:none", NULL);
    }
    const int descriptors_before = descriptors(), mappings_before = shared_mappings();
    const int code = run(argv[1], argv[2]);
    const int descriptors_left = descriptors() - descriptors_before;
    const int mappings_left = shared_mappings() - mappings_before;
    if (code == SHMREC_OK) {
        puts("ok");
    } else {
        printf("%d %d %s\n", code, error.errno_value, error.text);
    }
    printf("left %d %d\n", descriptors_left, mappings_left);
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
