// prefix.c: a writer may die behind any of its stores. Its stores are made here one by one, in the order of
// docs/FORMAT.md; behind each of them a reader must find the old value or the new one whole, and a take-over must keep
// what was found.

#include "common.h"

// Stores made so far, and how many the dead writer made.
static uint64_t made, limit;

static void store(uint64_t *word, uint64_t value) {
    if (made++ < limit) {
        shmrec_store(word, value);
    }
}

// One write of the one-cell protocol that ends after `limit` stores. The number of stores of a whole one.
static uint64_t dying_write(const shmrec_table *table, uint64_t index, const uint64_t *words, uint64_t count) {
    const shmrec_log log = shmrec_table_log(table);
    uint64_t *version = shmrec_table_version(table, index), *cell = shmrec_table_cells(table, index);
    uint64_t *entry = shmrec_log_entry(&log, 0), *seq = log.words;
    const uint64_t s = shmrec_load(version), u = shmrec_load(seq);
    made = 0;
    store(seq, u + 1);
    for (uint64_t i = 0; i < count; i++) {
        store(entry + i, words[i]);
    }
    store(entry + count, index);
    store(entry + count + 1, s + 2);
    store(seq + 1, 1);
    store(seq + 2, 0);
    store(seq, u + 2);
    store(version, s + 1);
    for (uint64_t i = 0; i < count; i++) {
        store(cell + i, words[i]);
    }
    store(version, s + 2);
    return made;
}

static md_market_data trade(int64_t volume) {
    md_market_data record;
    memset(&record, 0, sizeof record);
    record.price = (double)volume / 2;
    record.volume = volume;
    return record;
}

// The volume of record 1, which must be one of these two, with its version.
static int64_t volume(const md_market_data_reader *reader, int64_t old, int64_t new_one, uint64_t old_version) {
    md_market_data found;
    uint64_t version;
    CHECK(md_market_data_read(reader, 1, &found, &version, &error) == SHMREC_OK);
    CHECK(found.volume == old || found.volume == new_one);
    CHECK(memcmp(&found.price, &(double){(double)found.volume / 2}, sizeof found.price) == 0);
    CHECK(version == old_version + (found.volume == new_one));
    return found.volume;
}

int main(int argc, char **argv) {
    const char *address = base_address(argc, argv);
    md_market_data_writer writer;
    md_market_data_reader reader;
    uint64_t stores = 1;
    int64_t now = 7;
    uint64_t version = 1;
    bool old_seen = false, new_seen = false;
    CHECK(md_market_data_create(&writer, address, 3, NULL, &error) == SHMREC_OK);
    CHECK(md_market_data_open(&reader, address, NULL, &error) == SHMREC_OK);
    md_market_data record = trade(now);
    CHECK(md_market_data_write(&writer, 1, &record, &error) == SHMREC_OK);
    for (uint64_t at = 0; at <= stores; at++) {
        const int64_t next = now + 1;
        uint64_t words[sizeof record / 8];
        record = trade(next);
        memcpy(words, &record, sizeof record);
        limit = at;
        stores = dying_write(&writer.table, 1, words, sizeof words / 8);
        const int64_t found = volume(&reader, now, next, version);
        md_market_data_close_writer(&writer);
        CHECK(md_market_data_open_writer(&writer, address, NULL, &error) == SHMREC_OK);
        CHECK(volume(&reader, now, next, version) == found);
        CHECK((shmrec_load(shmrec_table_version(&writer.table, 1)) & 1) == 0);
        CHECK((shmrec_load(shmrec_table_log(&writer.table).words) & 1) == 0);
        old_seen = old_seen || found == now;
        new_seen = new_seen || found == next;
        version += found == next;
        now = found;
        // The next writer's write is like any other.
        record = trade(++now);
        CHECK(md_market_data_write(&writer, 1, &record, &error) == SHMREC_OK);
        CHECK(volume(&reader, now - 1, now, version) == now);
        version++;
    }
    CHECK(old_seen && new_seen);
    md_market_data_close_writer(&writer);
    md_market_data_close(&reader);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    printf("ok: death behind each of %d stores\n", (int)stores);
    return 0;
}
