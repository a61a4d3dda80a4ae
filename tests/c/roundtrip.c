// roundtrip.c: what is written is read, for every number of cells and arrangement, every kind of field, records shorter
// than a word, and after removal. Valid C and C++; the library's header comes first and no macro is defined.

#include "md.h"

#include <stdio.h>
#include <stdlib.h>

static shmrec_error error;

static void check(bool holds, const char *what, unsigned cells, int arrangement) {
    if (!holds) {
        fprintf(stderr, "%s (cells %u, arrangement %d): %s\n", what, cells, arrangement, error.text);
        exit(1);
    }
}

static bool is_current(const shmrec_table *table) {
    int status;
    return shmrec_table_status(table, &status, &error) == SHMREC_OK && shmrec_status_is_current(status);
}

static md_book book_of(uint64_t i) {
    md_book book;
    memset(&book, 0xff, sizeof book); // padding that must not reach the segment
    book.live = i % 2 == 0;
    for (size_t k = 0; k < 3; k++) {
        book.levels[k].open = (i + k) % 3 == 0;
        book.levels[k].quantity = SHMREC_CAST(uint32_t, i * 10 + k);
        book.levels[k].price = -SHMREC_CAST(int64_t, i);
    }
    for (size_t k = 0; k < 6; k++) {
        book.grid[k / 3][k % 3] = SHMREC_CAST(uint16_t, i + k);
    }
    book.flags[0] = true;
    book.flags[1] = false;
    book.ratio = 0.5f;
    return book;
}

static bool same_book(const md_book *a, const md_book *b) {
    bool same = a->live == b->live && a->flags[0] == b->flags[0] && a->flags[1] == b->flags[1];
    for (size_t k = 0; k < 3; k++) {
        same = same && a->levels[k].open == b->levels[k].open && a->levels[k].quantity == b->levels[k].quantity &&
               a->levels[k].price == b->levels[k].price;
    }
    return same && memcmp(a->grid, b->grid, sizeof a->grid) == 0 && memcmp(&a->ratio, &b->ratio, 4) == 0;
}

static void books(const char *address, const shmrec_options *options) {
    const unsigned cells = options->cells;
    const int arrangement = options->arrangement;
    md_book_writer writer;
    md_book_reader reader;
    md_book book;
    uint64_t version = 99;
    check(md_book_create(&writer, address, 5, options, &error) == SHMREC_OK, "create", cells, arrangement);
    check(md_book_open(&reader, address, NULL, &error) == SHMREC_OK, "open", cells, arrangement);
    check(shmrec_table_capacity(&reader.table) == 5, "capacity", cells, arrangement);
    check(shmrec_table_epoch(&reader.table) == 1, "epoch", cells, arrangement);

    memset(&book, 0xff, sizeof book);
    check(md_book_read(&reader, 4, &book, &version, &error) == SHMREC_OK, "read", cells, arrangement);
    check(version == 0 && !book.live && book.levels[2].price == 0, "never written: zeros", cells, arrangement);

    for (uint64_t round = 1; round <= 20; round++) {
        for (uint64_t i = 0; i < 5; i++) {
            const md_book written = book_of(round * 100 + i);
            check(md_book_write(&writer, i, &written, &error) == SHMREC_OK, "write", cells, arrangement);
        }
        for (uint64_t i = 0; i < 5; i++) {
            const md_book expected = book_of(round * 100 + i);
            check(md_book_read(&reader, i, &book, &version, &error) == SHMREC_OK, "read", cells, arrangement);
            check(same_book(&book, &expected) && version == round, "value and version", cells, arrangement);
        }
    }
    // Padding: the byte behind a level's bool, in the cell that holds the last version.
    const unsigned char *bytes = SHMREC_BYTES(shmrec_table_cells(&reader.table, 3)) +
                                 (20 & (cells - 1)) * reader.table.header.geometry.cell_stride;
    check(bytes[offsetof(md_book, levels) + 1] == 0 && bytes[1] == 0, "padding is zero", cells, arrangement);

    version = 7;
    check(md_book_read(&reader, 5, &book, &version, &error) == SHMREC_INDEX_OUT_OF_RANGE, "bound", cells, arrangement);
    check(version == 7 && error.code == SHMREC_INDEX_OUT_OF_RANGE, "outputs untouched", cells, arrangement);
    check(md_book_read(&reader, UINT64_MAX, &book, NULL, NULL) == SHMREC_INDEX_OUT_OF_RANGE, "no error wanted", cells,
          arrangement);
    check(md_book_write(&writer, 5, &book, &error) == SHMREC_INDEX_OUT_OF_RANGE, "bound", cells, arrangement);

    check(is_current(&reader.table), "current", cells, arrangement);
    check(shmrec_remove(address, NULL, &error) == SHMREC_OK, "remove", cells, arrangement);
    check(!is_current(&reader.table), "not current any more", cells, arrangement);
    check(md_book_read(&reader, 0, &book, &version, &error) == SHMREC_OK && version == 20, "old values stay", cells,
          arrangement);
    md_book_close_writer(&writer);
    md_book_close(&reader);
    md_book_close(&reader);
    check(md_book_read(&reader, 0, &book, NULL, &error) == SHMREC_INDEX_OUT_OF_RANGE, "closed", cells, arrangement);
}

static void tiny(const char *address, const shmrec_options *options) {
    const unsigned cells = options->cells;
    const int arrangement = options->arrangement;
    md_tiny_writer writer;
    md_tiny_reader reader;
    md_tiny record, found;
    check(md_tiny_create(&writer, address, 3, options, &error) == SHMREC_OK, "create", cells, arrangement);
    check(md_tiny_open(&reader, address, NULL, &error) == SHMREC_OK, "open", cells, arrangement);
    for (uint64_t i = 0; i < 9; i++) {
        record.a = SHMREC_CAST(uint8_t, 200 + i);
        record.b[0] = -1;
        record.b[1] = SHMREC_CAST(int8_t, i);
        check(md_tiny_write(&writer, i % 3, &record, &error) == SHMREC_OK, "write", cells, arrangement);
        check(md_tiny_read(&reader, i % 3, &found, NULL, &error) == SHMREC_OK, "read", cells, arrangement);
        check(memcmp(&found, &record, sizeof found) == 0, "three bytes", cells, arrangement);
    }
    md_tiny_close_writer(&writer);
    md_tiny_close(&reader);
    check(shmrec_remove(address, NULL, &error) == SHMREC_OK, "remove", cells, arrangement);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s ADDRESS\n", argv[0]);
        return 2;
    }
    for (uint32_t cells = 1; cells <= 8; cells *= 2) {
        for (int arrangement = SHMREC_LINE; arrangement <= SHMREC_SPLIT; arrangement++) {
            shmrec_options options;
            memset(&options, 0, sizeof options);
            options.cells = cells;
            options.arrangement = arrangement;
            books(argv[1], &options);
            tiny(argv[1], &options);
        }
    }
    printf("ok: 12 shapes, books and three-byte records\n");
    return 0;
}
