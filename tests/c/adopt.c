// adopt.c: tables that another program laid out: where records and counters may be and what is said where they cannot
// be; what is read and written, and that nothing beside it is touched; that failures leave nothing behind.

#include "common.h"

#define BYTES 1024u

static shmrec_foreign at(const char *address, shmrec_foreign where) {
    where.address = address;
    return where;
}

// Opening for reading and writing fails so, leaves nothing open or mapped, and the handle can be closed.
static void refused(const shmrec_foreign *where, int code, const char *words) {
    md_quotes_reader reader;
    md_quotes_writer writer;
    const int before = descriptors();
    CHECK(md_quotes_open(&reader, where, &error) == code && strstr(error.text, words) != NULL);
    CHECK(md_quotes_open_writer(&writer, where, &error) == code && strstr(error.text, words) != NULL);
    CHECK(md_quotes_open_writer(&writer, where, NULL) == code);
    CHECK(descriptors() == before);
    CHECK(where->address == NULL || mappings(where->address) == 0);
    CHECK(md_quotes_count(&reader) == 0 && md_quotes_count(&writer.reader) == 0);
    md_quotes_close(&reader);
    md_quotes_close_writer(&writer);
    md_quotes_close_writer(&writer);
}

static void places(const char *address) {
    const struct {
        uint64_t offset, count, stride, counter, bits;
        int each, code;
        const char *words;
    } cases[] = {
        {0, 1, 31, 512, 32, false, SHMREC_BAD_ARGUMENT, "bad stride: 31 bytes for records of 32"},
        {0, 1, 36, 512, 32, false, SHMREC_BAD_ARGUMENT, "bad stride: 36 bytes, not a multiple of 8, the record's"},
        {4, 1, 32, 512, 32, false, SHMREC_BAD_ARGUMENT, "bad offset: 4 bytes, not a multiple of 8, the record's"},
        {0, 0, 32, 512, 32, false, SHMREC_BAD_ARGUMENT, "bad count: 0"},
        {0, 1, 32, 512, 16, false, SHMREC_BAD_ARGUMENT, "bad guard: a counter of 16 bits, expected 32 or 64"},
        {0, 1, 32, 516, 64, false, SHMREC_BAD_ARGUMENT, "bad guard: counter at 516, not a multiple of 8"},
        {0, 2, 40, 32, 64, true, SHMREC_OK, ""},
        {8, 2, 40, 0, 64, true, SHMREC_OK, ""},
        {0, 2, 40, 36, 32, true, SHMREC_OK, ""},
        {0, 2, 40, 28, 32, true, SHMREC_BAD_ARGUMENT, "bad guard: counter at 28 lies in the record of 32 bytes"},
        {64, 2, 40, 0, 32, true, SHMREC_BAD_ARGUMENT, "bad guard: counter at 0 lies in the record of 32 bytes"},
        {64, 2, 32, 0, 32, true, SHMREC_BAD_ARGUMENT, "bad guard: counter at 0 lies in the record of 32 bytes"},
        {64, 2, 40, 24, 32, true, SHMREC_BAD_ARGUMENT, "bad guard: counter at 24 lies in the record of 32 bytes"},
        {0, 1, 32, 1024, 32, false, SHMREC_BAD_ARGUMENT, "counter at 1024 does not end within the segment of 1024"},
        {0, 1, 32, UINT64_MAX - 7, 64, false, SHMREC_BAD_ARGUMENT, "does not end within the segment of 1024 bytes"},
        {8, 30, 32, 0, 64, false, SHMREC_OK, ""},
        {4 * 8, 4, 40, 32 + 32, 32, false, SHMREC_OK, ""},
        {64, 4, 32, 188, 32, false, SHMREC_BAD_ARGUMENT, "bad guard: counter at 188 lies in record 3"},
        {64, 4, 32, 192, 32, false, SHMREC_OK, ""},
        {64, 4, 32, 60, 32, false, SHMREC_OK, ""},
        {64, 4, 32, 64, 32, false, SHMREC_BAD_ARGUMENT, "bad guard: counter at 64 lies in record 0"},
        {0, 32, 32, 0, 0, false, SHMREC_OK, ""},
        {0, 33, 32, 0, 0, false, SHMREC_SIZE_MISMATCH,
         "1024 bytes long, 1056 expected: offset 0 + 33 records of 32 bytes; "},
        {8, 26, 40, 0, 0, false, SHMREC_SIZE_MISMATCH,
         "1024 bytes long, 1040 expected: offset 8 + 26 records of 32 bytes, 40 apart; "},
        {24, 25, 40, 56, 64, true, SHMREC_OK, ""},
        {32, 25, 40, 64, 64, true, SHMREC_SIZE_MISMATCH,
         "1024 bytes long, 1032 expected: offset 32 + 25 records of 32 bytes, 40 apart; "},
        {1000, SHMREC_REST, 32, 0, 0, false, SHMREC_SIZE_MISMATCH,
         "1024 bytes long, 1032 expected: offset 1000 + 1 records of 32 bytes; "},
        {UINT64_MAX - 7, SHMREC_REST, 32, 0, 0, false, SHMREC_SIZE_MISMATCH, "18446744073709551615 expected"},
        {64, UINT64_MAX / 16, 32, 0, 0, false, SHMREC_SIZE_MISMATCH, "18446744073709551615 expected"},
        {0, 2, UINT64_MAX - 7, 0, 0, false, SHMREC_SIZE_MISMATCH, "18446744073709551615 expected"},
        {0, 2, 40, UINT64_MAX / 40 * 40 - 8, 64, true, SHMREC_SIZE_MISMATCH, "18446744073709551615 expected"},
    };
    make_segment(address, BYTES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shmrec_foreign where = at(address, md_quotes_foreign);
        where.offset = cases[i].offset;
        where.count = cases[i].count;
        where.stride = cases[i].stride;
        where.guard = cases[i].bits != 0 ? SHMREC_GUARD_SEQCOUNT : SHMREC_GUARD_NONE;
        where.counter_offset = cases[i].counter;
        where.counter_bits = (uint32_t)cases[i].bits;
        where.counter_per_record = cases[i].each != 0;
        if (cases[i].code != SHMREC_OK) {
            refused(&where, cases[i].code, cases[i].words);
            continue;
        }
        md_quotes_writer writer;
        CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK && error.text[0] == '\0');
        CHECK(md_quotes_count(&writer.reader) == where.count);
        md_quotes_close_writer(&writer);
    }
    shmrec_foreign where = at(address, md_quotes_foreign);
    where.guard = 0;
    refused(&where, SHMREC_BAD_ARGUMENT, "bad guard: 0, expected a value of shmrec_guard_kind");
    where = at(address, md_quotes_foreign);
    where.mode = 01777;
    refused(&where, SHMREC_BAD_ARGUMENT, "bad mode: 1777, expected 0600 to 0777");
    remove_segment(address);
}

static void names(const char *address) {
    shmrec_foreign where = at(address, md_quotes_foreign);
    refused(&where, SHMREC_NOT_FOUND, "not found");
    where.address = NULL;
    refused(&where, SHMREC_BAD_ADDRESS, "parse address NULL: bad address");
    where = at(address, md_quotes_foreign);
    make_segment(address, BYTES);
    where.guard = SHMREC_GUARD_SYSV;
    refused(&where, SHMREC_BAD_KEY, "parse address sysv:[0]: bad key: `` is not a number");
    where.guard_name = "0";
    refused(&where, SHMREC_BAD_KEY, "0 is IPC_PRIVATE");
    where.guard = SHMREC_GUARD_POSIX;
    where.guard_name = "/a/b";
    refused(&where, SHMREC_BAD_NAME, "parse address posix:/a/b: bad name: a slash inside the name");
    where.guard_name = NULL;
    refused(&where, SHMREC_BAD_NAME, "bad name: the name is empty");
    where.guard_name = "no-such-semaphore";
    refused(&where, SHMREC_NOT_FOUND, " posix:/no-such-semaphore: not found: open: No such file");
    remove_segment(address);
}

// What is written lies where it was said, as bytes of the struct; nothing beside it changes; padding is zeros.
static void bytes_in_place(const char *address, const shmrec_foreign *base) {
    const shmrec_foreign where = at(address, *base);
    const md_market_data quote = {"ACME", {9, 9, 9, 9, 9, 9}, 127.5, -3};
    md_market_data expected = quote, found;
    unsigned char before[BYTES];
    size_t bytes;
    memset(expected._pad0, 0, sizeof expected._pad0);
    make_segment(address, BYTES);
    unsigned char *map = map_segment(address, &bytes);
    memset(map, 0xa4, BYTES); // no bit of a counter set that makes it odd
    memcpy(before, map, BYTES);
    md_quotes_writer writer;
    md_quotes_reader reader;
    CHECK(md_quotes_open_writer(&writer, &where, &error) == SHMREC_OK);
    CHECK(md_quotes_open(&reader, &where, &error) == SHMREC_OK);
    CHECK(md_quotes_count(&reader) == where.count);
    const uint64_t last = where.count - 1, start = where.offset + last * where.stride;
    CHECK(md_quotes_write(&writer, last, &quote, &error) == SHMREC_OK);
    memcpy(before + start, &expected, sizeof expected);
    if (where.guard == SHMREC_GUARD_SEQCOUNT) { // twice further
        before[where.counter_offset + (where.counter_per_record ? last * where.stride : 0)] += 2;
    }
    CHECK(memcmp(map, before, BYTES) == 0);
    CHECK(md_quotes_read(&reader, last, &found, &error) == SHMREC_OK && memcmp(&found, &expected, sizeof found) == 0);
    CHECK(md_quotes_read(&writer.reader, last, &found, NULL) == SHMREC_OK);
    CHECK(md_quotes_read(&reader, where.count, &found, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(strstr(error.text, "out of range, capacity") != NULL && strstr(error.text, "read ") == error.text);
    CHECK(md_quotes_write(&writer, UINT64_MAX, &found, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(memcmp(map, before, BYTES) == 0);
    md_quotes_close(&reader);
    md_quotes_close_writer(&writer);
    CHECK(md_quotes_read(&reader, 0, &found, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    bool freed = true;
    CHECK(md_quotes_free_guard(&writer, 0, &freed, &error) == SHMREC_OK && !freed);
    unmap_segment(address, map, bytes);
    remove_segment(address);
}

// Records of 3 bytes, one behind the other at every address: each neighbour keeps its bytes.
static void odd_sizes(const char *address) {
    const shmrec_foreign where = at(address, md_tinies_foreign);
    size_t bytes;
    make_segment(address, 100);
    unsigned char *map = map_segment(address, &bytes);
    memset(map, 7, bytes);
    md_tinies_writer writer;
    CHECK(md_tinies_open_writer(&writer, &where, &error) == SHMREC_OK);
    CHECK(md_tinies_count(&writer.reader) == bytes / 3);
    for (uint64_t i = 0; i < bytes / 3; i++) {
        const md_tiny tiny = {(uint8_t)(100 + i), {(int8_t)i, -1}};
        md_tiny found;
        CHECK(md_tinies_write(&writer, i, &tiny, &error) == SHMREC_OK);
        CHECK(md_tinies_read(&writer.reader, i, &found, &error) == SHMREC_OK);
        CHECK(memcmp(&found, &tiny, sizeof tiny) == 0 && memcmp(map + 3 * i, &tiny, sizeof tiny) == 0);
        for (size_t k = 3 * i + 3; k < bytes; k++) {
            CHECK(map[k] == 7);
        }
    }
    md_tinies_close_writer(&writer);
    unmap_segment(address, map, bytes);
    remove_segment(address);
}

static void open_the_market(md_book *book, void *opened) {
    book->live = true;
    *(int *)opened += 1;
}

// Bytes that are no value are neither read nor changed.
static void no_values(const char *address) {
    const shmrec_foreign where = at(address, md_books_foreign);
    size_t bytes;
    int opened = 0;
    make_segment(address, sizeof(md_book));
    unsigned char *map = map_segment(address, &bytes);
    md_books_writer writer;
    md_book book;
    CHECK(md_books_open_writer(&writer, &where, &error) == SHMREC_OK);
    map[offsetof(md_book, levels) + sizeof(md_level)] = 2;
    CHECK(md_books_read(&writer.reader, 0, &book, &error) == SHMREC_INVALID_BITS);
    CHECK(strstr(error.text, "Book.levels: bytes that are no value of its type: record 0") != NULL);
    CHECK(md_books_update(&writer, 0, open_the_market, &opened, &error) == SHMREC_INVALID_BITS);
    CHECK(opened == 0 && map[0] == 0);
    map[offsetof(md_book, levels) + sizeof(md_level)] = 1;
    CHECK(md_books_update(&writer, 0, open_the_market, &opened, &error) == SHMREC_OK);
    CHECK(opened == 1 && map[0] == 1);
    md_books_close_writer(&writer);
    unmap_segment(address, map, bytes);
    remove_segment(address);
}

// Modes as in the options.
static void trust(const char *address) {
    if (!is_file(address)) {
        return;
    }
    shmrec_foreign where = at(address, md_books_foreign);
    md_books_reader reader;
    make_segment(address, BYTES);
    CHECK(chmod(path_of(address, false), 0666) == 0);
    CHECK(md_books_open(&reader, &where, &error) == SHMREC_TOO_PERMISSIVE);
    where.mode = 0666;
    CHECK(md_books_open(&reader, &where, &error) == SHMREC_OK);
    md_books_close(&reader);
    remove_segment(address);
}

// A table of ours is opened as one, whichever byte order it has; sizes are looked at before, guards after.
static void ours(const char *address) {
    shmrec_foreign where = at(address, md_books_foreign);
    uint64_t first = SHMREC_MAGIC;
    size_t bytes;
    make_segment(address, BYTES);
    for (int i = 0; i < 2; i++, first = __builtin_bswap64(first)) {
        unsigned char *map = map_segment(address, &bytes);
        memcpy(map, &first, sizeof first);
        unmap_segment(address, map, bytes);
        where.guard = SHMREC_GUARD_POSIX;
        where.guard_name = "/no-such-semaphore";
        where.count = 1;
        refused(&where, SHMREC_BAD_ARGUMENT, "bad address: a table of shmrecord: open it as one");
        where.count = BYTES;
        refused(&where, SHMREC_SIZE_MISMATCH, "1024 bytes long");
    }
    remove_segment(address);
}

// What the kernel says of the segment, be it removed, and of none when the handle is closed.
static void facts(const char *address) {
    const shmrec_foreign where = at(address, md_tinies_foreign);
    md_tinies_writer writer;
    shmrec_facts found;
    make_segment(address, BYTES);
    CHECK(md_tinies_open_writer(&writer, &where, &error) == SHMREC_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(shmrec_adopted_facts(&writer.reader.table, &found, &error) == SHMREC_OK);
        CHECK(found.bytes == BYTES && found.uid == geteuid() && (found.mode & 0777u) == 0600);
        CHECK(found.attachments == (is_file(address) ? SHMREC_NOT_TOLD : 1));
        if (i == 0) {
            remove_segment(address);
        }
    }
    md_tinies_close_writer(&writer);
    CHECK(shmrec_adopted_facts(&writer.reader.table, &found, &error) == SHMREC_BAD_ARGUMENT && found.bytes == 0);
    CHECK(strstr(error.text, "look up a closed handle: bad handle: it is closed") != NULL);
}

// A child has no mapping of its parent's writer. It closes the descriptor, and touches no memory in its place.
static void in_a_child(const char *address) {
    const shmrec_foreign where = at(address, md_tinies_foreign);
    const md_tiny tiny = {1, {2, 3}};
    md_tinies_writer writer;
    make_segment(address, BYTES);
    const int before = descriptors();
    CHECK(md_tinies_open_writer(&writer, &where, &error) == SHMREC_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        void *other = writer.reader.table.map.base;
        CHECK(mmap(other, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == other);
        md_tinies_close_writer(&writer);
        CHECK(descriptors() == before);
        memset(other, 7, BYTES); // still there
        _exit(0);
    }
    CHECK(child_succeeded(child));
    CHECK(md_tinies_write(&writer, 0, &tiny, &error) == SHMREC_OK);
    md_tinies_close_writer(&writer);
    CHECK(descriptors() == before);
    remove_segment(address);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    shmrec_foreign none = md_quotes_foreign, wide = md_quotes_foreign, front = md_quotes_foreign;
    none.guard = SHMREC_GUARD_NONE;
    wide.counter_bits = 64;
    front.counter_per_record = true;
    front.counter_offset = 56; // in front of each record
    names(base);
    places(base);
    bytes_in_place(base, &none);
    bytes_in_place(base, &md_quotes_foreign);
    bytes_in_place(base, &wide);
    bytes_in_place(base, &front);
    front.counter_offset = 64 + 32; // behind it
    bytes_in_place(base, &front);
    odd_sizes(base);
    no_values(base);
    trust(base);
    ours(base);
    facts(base);
    in_a_child(base);
    CHECK(!segment_exists(base) && !guard_exists(base));
    printf("ok: adopted tables lie where they are said to\n");
    return 0;
}
