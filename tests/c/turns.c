// turns.c: calls of one of many writers in whatever order, on whatever stands in the lock word: others are held up no longer
// than it holds the lock, and no index goes astray.

#include "common.h"
#include "share.h"

// Calls in an order that nobody needs do no harm to others.
static void wrong_orders(const char *address) {
    md_page_writer writer, other;
    md_page_batch first, second;
    const md_page page = page_of(5);
    join(&writer, address, 1000);
    join(&other, address, 50);
    md_page_unlock(&writer);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK);
    CHECK(md_page_lock(&writer, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_LOCK_TIMEOUT && error.pid == getpid());
    // A batch between lock and unlock is under that lock, before and after its end, and lost when it goes.
    CHECK(md_page_batch_begin(&writer, &first, &error) == SHMREC_OK);
    CHECK(md_page_batch_set(&first, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_batch_commit(&first, &error) == SHMREC_OK);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(md_page_batch_begin(&writer, &first, &error) == SHMREC_OK);
    md_page_unlock(&writer);
    CHECK(md_page_batch_set(&first, 0, &page, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_batch_commit(&first, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_OK);
    // One that is begun in place of another has its lock, which the other does not give back.
    CHECK(md_page_batch_begin(&writer, &first, &error) == SHMREC_OK);
    CHECK(md_page_batch_begin(&writer, &second, &error) == SHMREC_OK);
    md_page_batch_abandon(&first);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_LOCK_TIMEOUT);
    md_page_unlock(&writer);
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_LOCK_TIMEOUT);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_batch_commit(&second, &error) == SHMREC_BAD_ARGUMENT); // a write came in between
    CHECK(md_page_write(&other, 0, &page, &error) == SHMREC_OK);
    // Closing gives back what is held.
    CHECK(md_page_batch_begin(&writer, &first, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(md_page_batch_commit(&first, &error) == SHMREC_BAD_ARGUMENT);
    CHECK(md_page_lock(&other, &error) == SHMREC_OK);
    md_page_close_writer(&other);
    join(&writer, address, 50);
    CHECK(md_page_lock(&writer, &error) == SHMREC_OK);
    // A removed table takes what is written to it in the turn that is under way; the next one says that it is gone.
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK && error.code == SHMREC_OK);
    CHECK(md_page_update(&writer, 0, add_one, NULL, &error) == SHMREC_OK);
    CHECK(md_page_unlock(&writer) == SHMREC_RETIRED);
    CHECK(md_page_unlock(&writer) == SHMREC_OK);
    CHECK(md_page_lock(&writer, &error) == SHMREC_RETIRED && error.code == SHMREC_RETIRED);
    CHECK(md_page_lock_after_death(&writer, &error) == SHMREC_RETIRED);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_RETIRED);
    CHECK(md_page_update(&writer, 0, add_one, NULL, &error) == SHMREC_RETIRED);
    CHECK(md_page_batch_begin(&writer, &first, &error) == SHMREC_OK);
    CHECK(md_page_batch_set(&first, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_batch_commit(&first, &error) == SHMREC_RETIRED);
    md_page_close_writer(&writer);
}

// A lock word that names nobody, or us, who have not taken it.
static void hostile_words(const char *address) {
    md_page_writer writer;
    const md_page page = page_of(5);
    const uint32_t garbage[] = {63, 64, UINT32_C(0x8000003f), UINT32_MAX};
    size_t bytes;
    join(&writer, address, 1000);
    unsigned char *map = map_segment(address, &bytes);
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        shmrec_put_u32(map, SHMREC_LIVE_LOCK, garbage[i]);
        const int code = md_page_write(&writer, 0, &page, &error);
        CHECK(code == (semaphore_key != 0 ? SHMREC_OK : SHMREC_LOCK_CORRUPT));
    }
    for (uint32_t holder = 0; holder <= SHMREC_PARTICIPANTS; holder++) { // nobody, us, and slots of nobody
        shmrec_put_u32(map, SHMREC_LIVE_LOCK, holder | (holder == 0 ? SHMREC_LIVE_LOCK_WAITERS : 0u));
        CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
        CHECK(shmrec_u32_at(map, SHMREC_LIVE_LOCK) == 0);
    }
    unmap_segment(address, map, bytes);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    wrong_orders(base);
    hostile_words(base);
    make_set();
    wrong_orders(base);
    hostile_words(base);
    CHECK(semctl(semaphore_set, 0, IPC_RMID) == 0);
    printf("ok: turns taken and given back\n");
    return 0;
}
