// Of each pair in edits.h, at the address given: whether a reader of the second record attaches to a table of the first,
// as it is and as a version of its own; a line for each, and how the record that was written reads then.

#include "shmrecord/table.h"
#include "edits.h"

#include <stdio.h>

static int fail(const shmrec_error *error) {
    fprintf(stderr, "%s\n", error->text);
    return 1;
}

// Whether it attaches. What it reads then was written, or is zero.
static int attaches(const shmrec_layout *layout, const char *address, bool compatible) {
    static uint64_t words[RECORD_WORDS];
    static shmrec_table reader;
    static shmrec_error error;
    shmrec_options options;
    uint64_t version;
    memset(&options, 0, sizeof options);
    options.compatible = compatible;
    if (shmrec_table_open(&reader, address, layout, &options, &error)) {
        if (error.code != SHMREC_LAYOUT_MISMATCH) {
            exit(fail(&error));
        }
        return 0;
    }
    if (shmrec_read_patiently(&reader, 0, words, (layout->size + 7) / 8, &version, 0, &error)) {
        exit(fail(&error));
    }
    for (uint32_t i = 0; i < layout->size; i++) {
        const unsigned char byte = SHMREC_BYTES(words)[i];
        if (byte != 0 && byte != 0xff) {
            exit(2);
        }
    }
    shmrec_table_close(&reader);
    return 1;
}

int main(int argc, char **argv) {
    static uint64_t ones[RECORD_WORDS];
    static shmrec_table writer;
    static shmrec_error error;
    if (argc != 2) {
        return 2;
    }
    memset(ones, 0xff, sizeof ones);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const shmrec_layout *written = &layouts[pairs[i][0]], *read = &layouts[pairs[i][1]];
        if (shmrec_table_create(&writer, argv[1], written, 1, NULL, &error) ||
            shmrec_table_write(&writer, 0, ones, (written->size + 7) / 8, &error)) {
            return fail(&error);
        }
        printf("%d %d\n", attaches(read, argv[1], false), attaches(read, argv[1], true));
        shmrec_table_close(&writer);
        if (shmrec_remove(argv[1], NULL, &error)) {
            return fail(&error);
        }
    }
    return 0;
}
