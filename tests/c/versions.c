// versions.c: readers of one version of a record on tables of the other, and on the table that takes the place of theirs.

#include "common.h"
#include "next.h"

static void write_old(md_market_data_writer *writer, int64_t volume) {
    md_market_data old;
    memset(&old, 0xff, sizeof old);
    memcpy(old.symbol, "AAPL\0\0\0\0\0", sizeof old.symbol);
    old.price = 127.5;
    old.volume = volume;
    CHECK(md_market_data_write(writer, 1, &old, &error) == SHMREC_OK);
}

static void write_new(next_market_data_writer *writer, int64_t volume) {
    next_market_data new_one;
    memset(&new_one, 0xff, sizeof new_one);
    memcpy(new_one.symbol, "MSFT\0\0\0\0\0", sizeof new_one.symbol);
    new_one.price = 2.5;
    new_one.volume = volume;
    new_one.halted = true;
    new_one.venue = 7;
    CHECK(next_market_data_write(writer, 1, &new_one, &error) == SHMREC_OK);
}

static void is_read_as_old(const md_market_data_reader *reader, const char *symbol, int64_t volume) {
    md_market_data old[2];
    uint64_t version = 0;
    memset(old, 0xee, sizeof old);
    CHECK(md_market_data_read(reader, 1, &old[1], &version, &error) == SHMREC_OK && version == 1);
    CHECK(strcmp(old[1].symbol, symbol) == 0 && old[1].volume == volume);
    CHECK(md_market_data_snapshot(reader, 0, 2, old, &error) == SHMREC_OK);
    CHECK(old[0].volume == 0 && old[1].volume == volume);
    CHECK(md_market_data_read(reader, 2, old, &version, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(md_market_data_has(reader, "volume") && !md_market_data_has(reader, "venue"));
}

static void is_read_as_new(const next_market_data_reader *reader, int64_t volume, bool halted, uint32_t venue) {
    next_market_data new_one;
    memset(&new_one, 0xee, sizeof new_one);
    CHECK(next_market_data_read(reader, 1, &new_one, NULL, &error) == SHMREC_OK);
    CHECK(new_one.volume == volume && new_one.halted == halted && new_one.venue == venue);
    CHECK(next_market_data_has(reader, "price"));
    CHECK(next_market_data_has(reader, "venue") == (venue != 0) && next_market_data_has(reader, "halted") == halted);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    md_market_data_writer old_writer;
    next_market_data_writer new_writer;
    md_market_data_reader old_reader;
    next_market_data_reader new_reader;
    shmrec_options options;
    bool moved;
    memset(&options, 0, sizeof options);
    options.compatible = true;
    CHECK(md_market_data_create(&old_writer, base, 2, NULL, &error) == SHMREC_OK);
    write_old(&old_writer, 100);
    CHECK(md_market_data_open(&old_reader, base, &options, &error) == SHMREC_OK);
    CHECK(next_market_data_open(&new_reader, base, NULL, &error) == SHMREC_LAYOUT_MISMATCH);
    CHECK(next_market_data_open(&new_reader, base, &options, &error) == SHMREC_OK);
    CHECK(next_market_data_open_writer(&new_writer, base, &options, &error) == SHMREC_LAYOUT_MISMATCH);
    is_read_as_old(&old_reader, "AAPL", 100);
    is_read_as_new(&new_reader, 100, false, 0);
    CHECK(next_market_data_refresh(&new_reader, &moved, &error) == SHMREC_OK && !moved);

    for (unsigned cells = 1; cells <= 4; cells *= 4) {
        options.cells = cells;
        CHECK(next_market_data_replace(&new_writer, base, 2, &options, &error) == SHMREC_OK);
        write_new(&new_writer, 200);
        CHECK(md_market_data_refresh(&old_reader, &moved, &error) == SHMREC_OK && moved);
        CHECK(next_market_data_refresh(&new_reader, &moved, &error) == SHMREC_OK && moved);
        is_read_as_old(&old_reader, "MSFT", 200);
        is_read_as_new(&new_reader, 200, true, 7);
        md_market_data_close_writer(&old_writer);
        CHECK(md_market_data_replace(&old_writer, base, 2, &options, &error) == SHMREC_OK);
        write_old(&old_writer, 300);
        CHECK(md_market_data_refresh(&old_reader, &moved, &error) == SHMREC_OK && moved);
        CHECK(next_market_data_refresh(&new_reader, &moved, &error) == SHMREC_OK && moved);
        is_read_as_old(&old_reader, "AAPL", 300);
        is_read_as_new(&new_reader, 300, false, 0);
        next_market_data_close_writer(&new_writer);
    }

    md_market_data_close(&old_reader);
    next_market_data_close(&new_reader);
    CHECK(!md_market_data_has(&old_reader, "price"));
    md_market_data_close_writer(&old_writer);
    CHECK(shmrec_remove(base, NULL, &error) == SHMREC_OK);
    printf("ok: each version reads the other, and goes on with it\n");
    return 0;
}
