// Tables of every record in versions.h, at the addresses given, each with one record of ones; and what a reader of each
// sees of each, that accepts other versions: a line of its own, the error's words or the record's bytes and which fields
// it has.

#include "shmrecord/table.h"
#include "versions.h"

#include <stdio.h>

static int fail(const shmrec_error *error) {
    fprintf(stderr, "%s\n", error->text);
    return 1;
}

static int make(const shmrec_layout *layout, const char *address) {
    static uint64_t ones[RECORD_WORDS];
    static shmrec_table writer;
    static shmrec_error error;
    memset(ones, 0xff, sizeof ones);
    if (shmrec_table_create(&writer, address, layout, 1, NULL, &error) ||
        shmrec_table_write(&writer, 0, ones, (layout->size + 7) / 8, &error)) {
        return fail(&error);
    }
    shmrec_table_close(&writer);
    return 0;
}

static int look(unsigned at, const char *address) {
    static uint64_t words[RECORD_WORDS];
    static shmrec_table reader;
    static shmrec_error error;
    const shmrec_layout *layout = &layouts[at];
    shmrec_options options;
    uint64_t version;
    memset(&options, 0, sizeof options);
    options.compatible = true;
    if (shmrec_table_open(&reader, address, layout, &options, &error)) {
        puts(error.text);
        return 0;
    }
    if (shmrec_read_patiently(&reader, 0, words, (layout->size + 7) / 8, &version, 0, &error)) {
        return fail(&error);
    }
    for (uint32_t i = 0; i < layout->size; i++) {
        printf("%02x", SHMREC_BYTES(words)[i]);
    }
    for (unsigned i = 0; names[at][i] != NULL; i++) {
        printf(" %d", shmrec_table_has(&reader, layout, names[at][i]));
    }
    printf(" %d\n", shmrec_table_has(&reader, layout, "nothing"));
    shmrec_table_close(&reader);
    return 0;
}

int main(int argc, char **argv) {
    const int count = (int)(sizeof layouts / sizeof layouts[0]);
    if (argc != count + 1) {
        return 2;
    }
    for (int i = 0; i < count; i++) {
        if (make(&layouts[i], argv[i + 1])) {
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            if (look((unsigned)j, argv[i + 1])) {
                return 1;
            }
        }
    }
    return 0;
}
