// follow.h: reading on when a table is replaced. Relies on lifecycle.h and status.h.
//
// A reader that is to follow by itself looks before it reads, by one load; nothing there yet is no error, so that a program
// that reads all the time refreshes every few milliseconds at most:
//
//     if (shmrec_table_retired(&reader.table) && now_ms >= next_look_ms) {
//         code = md_quote_refresh(&reader, &moved, &error);
//         next_look_ms = moved ? 0 : now_ms + 5;
//     }
//     code = md_quote_read(&reader, 7, &quote, NULL, &error); // the last values, until there are others
//
// What takes a table away without saying so (rm, ipcrm) shows in no load: refreshing now and then asks the kernel.

#ifndef SHMRECORD_FOLLOW_H
#define SHMRECORD_FOLLOW_H

#include "lifecycle.h"
#include "status.h"

// Goes on with what was attached at the table's address, if it is another table. The caller has no other use for `next`.
static inline bool shmrec_move_to(shmrec_table *table, shmrec_table *next) {
    if (shmrec_same(next->identity, table->identity)) {
        shmrec_table_unmap(next);
        return false;
    }
    shmrec_waiting_unmap(table->waiting);
    next->options = table->options;
    shmrec_table_unmap(table);
    *table = *next;
    return true;
}

// lstat(2) or shmget(2): opens a reader's address again when its table is no longer this one, as it was opened, without
// waiting. `*moved`: it now reads another table, which may have another capacity. Otherwise it reads the one that it did,
// because that is current, or because nothing is there yet; a memfd: must have been handed over. As opening and closing,
// for one thread, while no other one reads.
//
// Errors: SHMREC_OS when the kernel does not tell, and as shmrec_table_open; SHMREC_BAD_ARGUMENT for a closed handle, and
// for one that is not a reader's. The handle then goes on with the table that it has.
static inline int shmrec_table_refresh(shmrec_table *table, const shmrec_layout *layout, bool *moved,
                                       shmrec_error *error) {
    const shmrec_task look_up = shmrec_task_of("look up", table, error);
    int gone;
    *moved = false;
    if (table->holds_role) {
        return shmrec_fail(&look_up, SHMREC_BAD_ARGUMENT, 0, "bad handle: not open for reading");
    }
    int code = shmrec_look_up(&gone, table, &look_up);
    if (code != SHMREC_OK || gone == 0) {
        return code != SHMREC_OK ? code : shmrec_done(error);
    }
    shmrec_options at_once = table->options;
    at_once.timeout_ms = 0;
    const shmrec_task task = shmrec_task_begin("open for reading", table->address.text, &at_once, error);
    shmrec_table next;
    memset(&next, 0, sizeof next);
    next.address = table->address; // its words stay the handle's
    code = shmrec_attach_reader(&next, layout, &at_once, &task);
    if (code == SHMREC_OK) {
        *moved = shmrec_move_to(table, &next);
        return shmrec_done(error);
    }
    shmrec_table_unmap(&next);
    return code == SHMREC_NOT_FOUND || code == SHMREC_NOT_READY || code == SHMREC_RETIRED ? shmrec_done(error) : code;
}

// For SHMREC_DEFINE_TABLE.
#define SHMREC_DEFINE_FOLLOW(T)                                                                                       \
    static inline int T##_refresh(T##_reader *reader, bool *moved, shmrec_error *error) {                             \
        return shmrec_table_refresh(&reader->table, &T##_layout, moved, error);                                       \
    }

#endif
