// The published sizes of perf_event_attr: `sizes READ... WRITTEN...` prints record 1 of each of the first tables as every
// size, and publishes the first one's own in the others; `often ADDRESS` prints a busy record as the least size and as the
// largest.

#include "perf.h"

#include <stdio.h>
#include <stdlib.h>

#define VERSIONS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define COUNT 8

static shmrec_error error;

static void must(int code) {
    if (code != SHMREC_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static void print(const void *record, size_t bytes, uint64_t version) {
    const unsigned char *byte = (const unsigned char *)record;
    for (size_t i = 0; i < bytes; i++) {
        printf("%02x", byte[i]);
    }
    printf(" %llu\n", (unsigned long long)version);
}

// A record is read all over a value that it must leave nothing of.
#define READER(N)                                                                                                      \
    static void read_##N(const char *address, int times) {                                                             \
        static ver##N##_perf_event_attr_reader reader;                                                                 \
        ver##N##_perf_event_attr record;                                                                               \
        shmrec_options options;                                                                                        \
        uint64_t version;                                                                                              \
        memset(&options, 0, sizeof options);                                                                           \
        options.compatible = true;                                                                                     \
        must(ver##N##_perf_event_attr_open(&reader, address, &options, &error));                                       \
        for (int i = 0; i < times; i++) {                                                                              \
            memset(&record, 0xee, sizeof record);                                                                      \
            must(ver##N##_perf_event_attr_read(&reader, 1, &record, &version, &error));                                \
            print(&record, sizeof record, version);                                                                    \
        }                                                                                                              \
        must(ver##N##_perf_event_attr_snapshot(&reader, 1, 1, &record, &error));                                       \
        ver##N##_perf_event_attr_close(&reader);                                                                       \
    }                                                                                                                  \
    static void copy_##N(const char *from, const char *to) {                                                           \
        static ver##N##_perf_event_attr_reader reader;                                                                 \
        static ver##N##_perf_event_attr_writer writer;                                                                 \
        ver##N##_perf_event_attr record;                                                                               \
        must(ver##N##_perf_event_attr_open(&reader, from, NULL, &error));                                              \
        must(ver##N##_perf_event_attr_read(&reader, 1, &record, NULL, &error));                                        \
        must(ver##N##_perf_event_attr_create(&writer, to, 2, NULL, &error));                                           \
        must(ver##N##_perf_event_attr_write(&writer, 1, &record, &error));                                             \
        ver##N##_perf_event_attr_close(&reader);                                                                       \
        ver##N##_perf_event_attr_close_writer(&writer);                                                                \
    }
VERSIONS(READER)

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "often") == 0) {
        read_0(argv[2], 2000);
        read_7(argv[2], 2000);
        return 0;
    }
    if (argc != 2 + 2 * COUNT || strcmp(argv[1], "sizes") != 0) {
        return 2;
    }
    for (int i = 0; i < COUNT; i++) {
#define READ(N) read_##N(argv[2 + i], 1);
        VERSIONS(READ)
    }
#define COPY(N) copy_##N(argv[2 + (N)], argv[2 + COUNT + (N)]);
    VERSIONS(COPY)
    return 0;
}
