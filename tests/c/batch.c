// batch.c: batches end as a whole or not at all, however they are used; a snapshot is one state.

#include "common.h"

#define CAPACITY 4u

static md_market_data trade(int64_t volume) {
    md_market_data record;
    memset(&record, 0, sizeof record);
    record.volume = volume;
    return record;
}

static void set(md_market_data_batch *batch, uint64_t index, int64_t volume, int code) {
    const md_market_data record = trade(volume);
    CHECK(md_market_data_batch_set(batch, index, &record, &error) == code);
    CHECK(error.code == code);
}

// The volumes of all records, one by one and as a snapshot.
static void expect(const md_market_data_reader *reader, int64_t a, int64_t b, int64_t c, int64_t d) {
    const int64_t volumes[CAPACITY] = {a, b, c, d};
    md_market_data all[CAPACITY], one;
    CHECK(md_market_data_snapshot(reader, 0, CAPACITY, all, &error) == SHMREC_OK);
    for (uint64_t i = 0; i < CAPACITY; i++) {
        CHECK(all[i].volume == volumes[i]);
        CHECK(md_market_data_read(reader, i, &one, NULL, &error) == SHMREC_OK && one.volume == volumes[i]);
    }
}

static void batches(md_market_data_writer *writer, const md_market_data_reader *reader) {
    md_market_data_batch batch, other;
    md_market_data record = trade(9);
    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
    set(&batch, 2, 3, SHMREC_OK);
    set(&batch, 0, 1, SHMREC_OK);
    expect(reader, 0, 0, 0, 0);
    CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_OK);
    expect(reader, 1, 0, 3, 0);
    // It has ended.
    set(&batch, 1, 2, SHMREC_BAD_ARGUMENT);
    CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
    md_market_data_batch_abandon(&batch);

    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
    set(&batch, 1, 2, SHMREC_OK);
    md_market_data_batch_abandon(&batch);
    expect(reader, 1, 0, 3, 0);

    // A refused record, whatever becomes of its error.
    for (uint64_t refused = 3; refused <= CAPACITY; refused++) {
        CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
        set(&batch, 3, 4, SHMREC_OK);
        set(&batch, refused, 4, refused == 3 ? SHMREC_BAD_ARGUMENT : SHMREC_INDEX_OUT_OF_RANGE);
        CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
        expect(reader, 1, 0, 3, 0);
    }

    // Another write, or another batch, ends one that was begun before.
    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
    set(&batch, 3, 4, SHMREC_OK);
    CHECK(md_market_data_write(writer, 1, &record, &error) == SHMREC_OK);
    set(&batch, 2, 4, SHMREC_BAD_ARGUMENT);
    CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
    expect(reader, 1, 9, 3, 0);
    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
    set(&batch, 3, 4, SHMREC_OK);
    CHECK(md_market_data_batch_begin(writer, &other, &error) == SHMREC_OK);
    CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
    set(&other, 3, 5, SHMREC_OK);
    CHECK(md_market_data_batch_commit(&other, &error) == SHMREC_OK);
    expect(reader, 1, 9, 3, 5);
    CHECK(shmrec_load(shmrec_table_log(&writer->table).committed) == 2);

    // Closed in the middle: the next writer finds nothing of it.
    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_OK);
    set(&batch, 0, 7, SHMREC_OK);
    md_market_data_close_writer(writer);
    set(&batch, 1, 7, SHMREC_BAD_ARGUMENT);
    CHECK(md_market_data_batch_commit(&batch, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_market_data_batch_begin(writer, &batch, &error) == SHMREC_BAD_ARGUMENT);
    expect(reader, 1, 9, 3, 5);
}

int main(int argc, char **argv) {
    const char *address = base_address(argc, argv);
    md_market_data_writer writer;
    md_market_data_reader reader;
    md_market_data all[CAPACITY];
    CHECK(md_market_data_create(&writer, address, CAPACITY, NULL, &error) == SHMREC_OK);
    CHECK(md_market_data_open(&reader, address, NULL, &error) == SHMREC_OK);
    batches(&writer, &reader);
    CHECK(md_market_data_open_writer(&writer, address, NULL, &error) == SHMREC_OK);
    expect(&reader, 1, 9, 3, 5);
    CHECK((shmrec_load(shmrec_table_log(&writer.table).words) & 1) == 0);
    CHECK(md_market_data_snapshot(&reader, 1, CAPACITY, all, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(md_market_data_snapshot(&reader, 1, UINT64_MAX, all, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    CHECK(md_market_data_snapshot(&reader, CAPACITY, 0, all, &error) == SHMREC_OK);
    md_market_data_close(&reader);
    CHECK(md_market_data_snapshot(&reader, 0, 1, all, &error) == SHMREC_INDEX_OUT_OF_RANGE);
    md_market_data_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    printf("ok: batches are whole or nothing\n");
    return 0;
}
