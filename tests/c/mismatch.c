// mismatch.c: another record, another shape, arguments that are none: each refused with the words that help. And the
// arrangement that is had without asking.

#include "common.h"

// The error's text is exactly: operation, the address, these words.
static void says(int line, int code, int expected, const char *operation, const char *address, const char *words) {
    char text[600];
    (void)snprintf(text, sizeof text, "%s %s: %s", operation, address, words);
    if (code != expected || error.code != expected || strcmp(error.text, text) != 0) {
        fprintf(stderr, "%s:%d: code %d\n    found:    %s\n    expected: %s\n", __FILE__, line, code, error.text, text);
        exit(1);
    }
}
#define SAYS(code, expected, operation, address, words) says(__LINE__, code, expected, operation, address, words)

// Where nobody asks: the sizes that runtime/src/geometry.rs has in its test.
static void default_arrangements(void) {
    shmrec_shape shape;
    memset(&shape, 0, sizeof shape);
    for (uint32_t bytes = 1; bytes <= 192; bytes++) {
        const bool fills = (bytes >= 41 && bytes <= 56) || (bytes >= 105 && bytes <= 120) || (bytes >= 169 && bytes <= 184);
        shape.record_bytes = bytes;
        shape.cells = 1;
        CHECK(shmrec_fitting_arrangement(&shape) == (fills ? SHMREC_TAG_LINE : SHMREC_TAG_SPLIT));
        shape.cells = 2;
        CHECK(shmrec_fitting_arrangement(&shape) == SHMREC_TAG_SPLIT);
    }
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv), *other = second_address(base);
    md_market_data_writer writer;
    old_market_data_writer old_writer;
    old_market_data_reader old_reader;
    md_book_reader book_reader;
    shmrec_options options;
    CHECK(md_market_data_create(&writer, base, 10, NULL, &error) == SHMREC_OK);
    md_market_data_close_writer(&writer);

    const char *fields = "layout mismatch: price: f64 at 16 in the segment, i64 at 16 here; build both programs from "
                         "the same schema";
    SAYS(old_market_data_open(&old_reader, base, NULL, &error), SHMREC_LAYOUT_MISMATCH, "open for reading", base,
         fields);
    SAYS(old_market_data_open_writer(&old_writer, base, NULL, &error), SHMREC_LAYOUT_MISMATCH, "open for writing", base,
         fields);
    SAYS(old_market_data_create(&old_writer, base, 10, NULL, &error), SHMREC_LAYOUT_MISMATCH, "create", base, fields);
    SAYS(md_book_open(&book_reader, base, NULL, &error), SHMREC_LAYOUT_MISMATCH, "open for reading", base,
         "layout mismatch: field 0: `symbol` ([char; 10] at 0) in the segment, `live` (bool at 0) here; build both "
         "programs from the same schema");

    SAYS(md_market_data_create(&writer, base, 11, NULL, &error), SHMREC_SHAPE_MISMATCH, "create", base,
         "it exists with another capacity: 10 found, 11 asked for; ask for what exists, or remove it first");
    memset(&options, 0, sizeof options);
    options.cells = 4;
    SAYS(md_market_data_create(&writer, base, 10, &options, &error), SHMREC_SHAPE_MISMATCH, "create", base,
         "it exists with another number of cells: 1 found, 4 asked for; ask for what exists, or remove it first");
    options.cells = 1;
    options.arrangement = SHMREC_LINE;
    SAYS(md_market_data_create(&writer, base, 10, &options, &error), SHMREC_SHAPE_MISMATCH, "create", base,
         "it exists with another arrangement: split found, line asked for; ask for what exists, or remove it first");
    options.arrangement = SHMREC_SPLIT;
    CHECK(md_market_data_create(&writer, base, 10, &options, &error) == SHMREC_OK);
    md_market_data_close_writer(&writer);
    CHECK(shmrec_remove(base, NULL, &error) == SHMREC_OK);

    SAYS(md_market_data_create(&writer, other, 0, NULL, &error), SHMREC_BAD_ARGUMENT, "create", other,
         "bad capacity: 0 records of 32 bytes; choose a value in the range");
    SAYS(md_market_data_create(&writer, other, UINT64_MAX, NULL, &error), SHMREC_BAD_ARGUMENT, "create", other,
         "bad capacity: 18446744073709551615 records of 32 bytes; choose a value in the range");
    memset(&options, 0, sizeof options);
    options.cells = 3;
    SAYS(md_market_data_create(&writer, other, 1, &options, &error), SHMREC_BAD_ARGUMENT, "create", other,
         "bad cells: 3, expected 1, 2, 4 or 8; choose a value in the range");
    options.cells = 1;
    options.log_entries = 65537;
    SAYS(md_market_data_create(&writer, other, 1, &options, &error), SHMREC_BAD_ARGUMENT, "create", other,
         "bad log entries: 65537, expected 1 to 65536; choose a value in the range");
    options.log_entries = 0;
    options.arrangement = 4;
    CHECK(md_market_data_create(&writer, other, 1, &options, &error) == SHMREC_BAD_ARGUMENT);
    options.arrangement = SHMREC_ARRANGEMENT_ANY;
    options.mode = 01600;
    SAYS(md_market_data_create(&writer, other, 1, &options, &error), SHMREC_BAD_ARGUMENT, "create", other,
         "bad mode: 1600, expected 0600 to 0777; choose a value in the range");
    CHECK(!segment_exists(other) && !guard_exists(other));
    default_arrangements();
    printf("ok: layouts, shapes and arguments\n");
    return 0;
}
