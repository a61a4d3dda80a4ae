// corrupt.c: nothing in a segment is believed. Every byte of the header changed, every header field forged with a right
// checksum, the description and the log filled with nonsense, the segment cut and extended: an error or a whole record
// each time, never a crash. Meant to be run with -fsanitize=address,undefined too.

#include "common.h"

static const char *address;
static unsigned char *bytes;
static size_t length;

// What opening says; soon, for a segment of System V without a magic may become one.
static int open_code(void) {
    md_book_reader reader;
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 1;
    const int code = md_book_open(&reader, address, &options, &error);
    md_book_close(&reader);
    return code;
}

// Makes the header's checksum right again, as a hostile creator would.
static void seal(void) { shmrec_put_u64(bytes, SHMREC_HEADER_CHECKSUM, shmrec_fnv1a(bytes, SHMREC_HEADER_CHECKSUM)); }

static void header_bytes(void) {
    for (size_t at = 0; at < SHMREC_HEADER_BYTES; at++) {
        for (unsigned change = 1; change < 256; change = change * 2 + 1) {
            bytes[at] ^= (unsigned char)change;
            CHECK(open_code() != SHMREC_OK);
            bytes[at] ^= (unsigned char)change;
        }
    }
    CHECK(open_code() == SHMREC_OK);
}

static void one_code_each(void) {
    const struct {
        size_t at;
        const char *with;
        size_t size;
        int code;
        int reserved;
    } cases[] = {
        {0, "\0\0\0\0\0\0\0\0", 8, SHMREC_NOT_READY, 0},
        {0, "DRCERMHS", 8, SHMREC_WRONG_ENDIAN, 0},
        {0, "SQLite f", 8, SHMREC_BAD_MAGIC, 0},
        {SHMREC_HEADER_ABI_VERSION, "\2", 1, SHMREC_ABI_MISMATCH, 0},
        {SHMREC_HEADER_HEADER_BYTES, "\1", 1, SHMREC_ABI_MISMATCH, 0},
        {SHMREC_HEADER_SEGMENT_BYTES, "\1", 1, SHMREC_SIZE_MISMATCH, 0},
        {SHMREC_HEADER_RECORD_BYTES, "\0\0\0\0", 4, SHMREC_BAD_GEOMETRY, 0},
        {SHMREC_HEADER_CAPACITY, "\377\377\377\377\377\377\377\377", 8, SHMREC_BAD_GEOMETRY, 0},
        {SHMREC_HEADER_CELLS, "\3", 1, SHMREC_BAD_GEOMETRY, 0},
        {SHMREC_HEADER_CELLS_OFFSET, "\1", 1, SHMREC_BAD_GEOMETRY, 0},
        {SHMREC_HEADER_GUARD_KIND, "\1", 1, SHMREC_BAD_GEOMETRY, 0},
        {SHMREC_HEADER_BOOT_ID, "another boot id!", 16, SHMREC_STALE_BOOT, 0},
        {SHMREC_HEADER_SCHEMA_ID, "\1\2\3", 3, SHMREC_LAYOUT_MISMATCH, 0},
    };
    unsigned char saved[SHMREC_HEADER_BYTES];
    memcpy(saved, bytes, sizeof saved);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(bytes + cases[i].at, cases[i].with, cases[i].size);
        seal();
        const int code = open_code();
        if (code != cases[i].code) {
            fprintf(stderr, "case %zu: code %d: %s\n", i, code, error.text);
            exit(1);
        }
        memcpy(bytes, saved, sizeof saved);
    }
}

// Every aligned half of the header forged with extremes, checksum right: an error, but where nothing depends on it.
static void forged_fields(void) {
    const uint32_t values[] = {0, 1, 3, 63, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned char saved[SHMREC_HEADER_BYTES];
    memcpy(saved, bytes, sizeof saved);
    for (size_t at = 8; at < SHMREC_HEADER_CHECKSUM; at += 4) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            shmrec_put_u32(bytes, at, values[i]);
            const bool changed = memcmp(bytes, saved, SHMREC_HEADER_CHECKSUM) != 0;
            seal();
            const bool decides = at < SHMREC_HEADER_DESCRIPTION_CHECKSUM ||
                                 (at >= SHMREC_HEADER_GUARD_KIND && at < SHMREC_HEADER_GENERATION);
            const int code = open_code();
            CHECK(!changed || !decides || code != SHMREC_OK);
            memcpy(bytes, saved, sizeof saved);
        }
    }
}

// A description that another program compares with its own: with a wrong checksum, then as nonsense with a right one.
static void descriptions(void) {
    old_market_data_reader reader;
    unsigned char saved[4096];
    const size_t start = (size_t)shmrec_u64_at(bytes, SHMREC_HEADER_DESCRIPTION_OFFSET);
    const size_t size = (size_t)shmrec_u64_at(bytes, SHMREC_HEADER_DESCRIPTION_BYTES);
    CHECK(size <= sizeof saved);
    memcpy(saved, bytes + start, size);
    bytes[start + 70] ^= 1;
    CHECK(old_market_data_open(&reader, address, NULL, &error) == SHMREC_DESCRIPTION_CORRUPT);
    memcpy(bytes + start, saved, size);
    const unsigned char values[] = {0, 1, 0x0c, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[start + at] = values[i];
            shmrec_put_u64(bytes, SHMREC_HEADER_DESCRIPTION_CHECKSUM, shmrec_fnv1a(bytes + start, size));
            seal();
            const int code = old_market_data_open(&reader, address, NULL, &error);
            CHECK(code == SHMREC_LAYOUT_MISMATCH || code == SHMREC_DESCRIPTION_CORRUPT);
        }
        memcpy(bytes + start, saved, size);
    }
    shmrec_put_u64(bytes, SHMREC_HEADER_DESCRIPTION_CHECKSUM, shmrec_fnv1a(bytes + start, size));
    seal();
}

// An odd version and a log full of nonsense: a deadline, or a refusal, and a take-over that touches nothing outside.
static void hostile_words(const char *base) {
    md_book_reader reader;
    md_book_writer writer;
    md_book book;
    shmrec_options options;
    memset(&options, 0, sizeof options);
    options.timeout_ms = 5;
    CHECK(md_book_open(&reader, base, &options, &error) == SHMREC_OK);
    uint64_t *version = (uint64_t *)(void *)(bytes + shmrec_u64_at(bytes, SHMREC_HEADER_VERSIONS_OFFSET));
    const size_t log = (size_t)shmrec_u64_at(bytes, SHMREC_HEADER_LOG_OFFSET);
    *version = 1;
    CHECK(md_book_read(&reader, 0, &book, NULL, &error) == SHMREC_CONTENDED);
    CHECK(strstr(error.text, "no consistent value in ") != NULL);
    memset(bytes + log, 0xff, 64 + 3 * 128);
    shmrec_put_u64(bytes, log, 2);
    CHECK(md_book_read(&reader, 0, &book, NULL, &error) == SHMREC_CONTENDED);
    CHECK(md_book_open_writer(&writer, base, NULL, &error) == SHMREC_OK);
    memset(&book, 0, sizeof book);
    CHECK(md_book_write(&writer, 0, &book, &error) == SHMREC_OK);
    CHECK(md_book_read(&reader, 0, &book, NULL, &error) == SHMREC_OK);
    md_book_close_writer(&writer);

    unsigned char *cell = bytes + shmrec_u64_at(bytes, SHMREC_HEADER_CELLS_OFFSET);
    cell[offsetof(md_book, levels) + 2 * sizeof(md_level)] = 2;
    CHECK(md_book_read(&reader, 0, &book, NULL, &error) == SHMREC_INVALID_BITS);
    CHECK(strstr(error.text, ": Book.levels: bytes that are no value of its type: record 0; ") != NULL);
    md_book_close(&reader);
}

static void sizes(const char *base) {
    const size_t cuts[] = {length + 4096, length + 1, length - 1, length - 64, 4096, 640, 639, 256, 255, 1, 0};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        if (cuts[i] == 0 && !is_file(base)) {
            continue; // no System V segment is empty
        }
        resize_segment(base, cuts[i]);
        CHECK(open_code() == SHMREC_SIZE_MISMATCH);
    }
}

int main(int argc, char **argv) {
    address = base_address(argc, argv);
    md_book_writer writer;
    CHECK(md_book_create(&writer, address, 3, NULL, &error) == SHMREC_OK);
    md_book_close_writer(&writer);
    bytes = map_segment(address, &length);
    header_bytes();
    one_code_each();
    forged_fields();
    descriptions();
    CHECK(open_code() == SHMREC_OK);
    hostile_words(address);
    unmap_segment(address, bytes, length);
    sizes(address);
    remove_segment(address);
    remove_guard(address);
    printf("ok: header, description, log and size\n");
    return 0;
}
