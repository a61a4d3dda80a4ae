// show.h: what the generated program of random.rs needs: scalars printed, floats by their bits, and the way of a record
// from standard input into a table, and out of one.

#ifndef SHOW_H
#define SHOW_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOW_UNSIGNED(value) printf("%" PRIu64, (uint64_t)(value))
#define SHOW_SIGNED(value) printf("%" PRId64, (int64_t)(value))
#define SHOW_BOOL(value) fputs((value) ? "true" : "false", stdout)
#define SHOW_TEXT(length, value) printf("\"%.*s\"", length, value)

static inline void show_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("%" PRIx32, bits);
}

static inline void show_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("%" PRIx64, bits);
}

// Ends the program unless the call succeeded.
static void must(int code, const shmrec_error *error) {
    if (code != SHMREC_OK) {
        fprintf(stderr, "%s\n", error->text);
        exit(1);
    }
}

// Writes a record from standard input into a table and prints it; reads one from a table and prints that.
#define WRITE_AND_READ(T)                                                                                              \
    static inline void write_##T(const char *address) {                                                                \
        T record;                                                                                                      \
        T##_writer writer;                                                                                             \
        shmrec_error error;                                                                                            \
        if (fread(&record, sizeof record, 1, stdin) != 1) {                                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
        must(T##_create(&writer, address, 1, NULL, &error), &error);                                                   \
        must(T##_write(&writer, 0, &record, &error), &error);                                                          \
        T##_close_writer(&writer);                                                                                     \
        show_##T(&record);                                                                                             \
        putchar('\n');                                                                                                 \
    }                                                                                                                  \
    static inline void read_##T(const char *address) {                                                                 \
        T found;                                                                                                       \
        T##_reader reader;                                                                                             \
        shmrec_error error;                                                                                            \
        must(T##_open(&reader, address, NULL, &error), &error);                                                        \
        must(T##_read(&reader, 0, &found, NULL, &error), &error);                                                      \
        T##_close(&reader);                                                                                            \
        show_##T(&found);                                                                                              \
        putchar('\n');                                                                                                 \
    }

#endif
