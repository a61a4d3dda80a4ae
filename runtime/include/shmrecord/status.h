// status.h: what a handle can tell of its table: whether its writer lives, whether anybody new finds it, what the
// kernel says of it. Relies on segment.h and the guard's locks; takes no lock and stores nothing.

#ifndef SHMRECORD_STATUS_H
#define SHMRECORD_STATUS_H

#include "segment.h"

// How a table is at this moment.
enum shmrec_status {
    SHMREC_STATUS_ALIVE = 1,   // somebody holds the role of writer, be it stopped or dumping core
    SHMREC_STATUS_DEAD = 2,    // nobody holds it: the next one may take over
    // It cannot be told from here: the guard may not be read, was not handed over, is gone or another one.
    SHMREC_STATUS_UNKNOWN = 3,
    SHMREC_STATUS_RETIRED = 4, // it was removed: nobody new finds it; close, and open again
    SHMREC_STATUS_ORPHANED = 5 // its address leads to it no more, and nobody said so: close, and open again
};

// Whether who opens the address now gets this very table, as far as can be told. If not: close, and open again.
static inline bool shmrec_status_is_current(int status) {
    return status != SHMREC_STATUS_RETIRED && status != SHMREC_STATUS_ORPHANED;
}

// How the table went: 0 when it did not.
static inline int shmrec_gone(int *status, const shmrec_table *table, const shmrec_task *task) {
    bool leads = true;
    *status = 0;
    if (shmrec_table_retired(table)) {
        *status = SHMREC_STATUS_RETIRED;
        return SHMREC_OK;
    }
    if (!shmrec_is_of_this_namespace(&table->address, table->identity)) {
        return SHMREC_OK;
    }
    const int code = shmrec_leads_to(&table->address, table->identity, &leads, task);
    if (code == SHMREC_OK && !leads) {
        // A remover marks the table before it takes the name.
        *status = shmrec_table_retired(table) ? SHMREC_STATUS_RETIRED : SHMREC_STATUS_ORPHANED;
    }
    return code;
}

// How the table of an open handle went: 0 when it did not, and who opens the address now gets this very table.
static inline int shmrec_look_up(int *status, const shmrec_table *table, const shmrec_task *task) {
    *status = 0;
    if (table->map.base == NULL) {
        return shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0, "bad handle: it is closed");
    }
    const int code = shmrec_check_home(task->operation, table, task->error);
    return code != SHMREC_OK ? code : shmrec_gone(status, table, task);
}

// The status of a table that is not gone: of the writer's own guard, or of the one that has the name. 0: none.
static inline int shmrec_role_status(int *status, const shmrec_table *table, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    bool known = false, held = false;
    int code;
    if (table->holds_role) {
        code = shmrec_guard_is_current(&table->guard, address, &known, task);
        held = known;
    } else {
        code = shmrec_guard_held(address, table->header.guard, SHMREC_LOCK_BYTE_WRITER, &known, &held, task);
    }
    *status = !known ? 0 : held ? SHMREC_STATUS_ALIVE : SHMREC_STATUS_DEAD;
    return code;
}

// Whether the table's writer lives, and whether the address still leads to the table: lstat(2) and fcntl(F_OFD_GETLK),
// or shmget(2) and semctl(GETVAL). Nothing is locked or written. `*status` is an enum shmrec_status; for a writer's own
// handle SHMREC_STATUS_ALIVE, SHMREC_STATUS_RETIRED or SHMREC_STATUS_ORPHANED; after a failure SHMREC_STATUS_UNKNOWN. A
// relative file: path counts from the present working directory.
//
// Errors: SHMREC_ROLE_LOST for a writer whose guard was removed or replaced, or, for System V, that has entered another
// IPC namespace: the role may be another's; SHMREC_FORKED_HANDLE for a writer in a child process; SHMREC_BAD_ARGUMENT for
// a closed handle; SHMREC_OS and SHMREC_PERMISSION_DENIED when the kernel does not tell.
static inline int shmrec_table_status(const shmrec_table *table, int *status, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("look up", table, error);
    int found = 0;
    *status = SHMREC_STATUS_UNKNOWN;
    int code = shmrec_look_up(&found, table, &task);
    if (code == SHMREC_OK && found == 0) {
        code = shmrec_role_status(&found, table, &task);
        if (code == SHMREC_OK && found == 0) {
            // A remover takes the guard last: it may have begun since the first look.
            code = shmrec_gone(&found, table, &task);
        }
    }
    if (code == SHMREC_OK && found == 0 && table->holds_role) {
        return shmrec_fail(&task, SHMREC_ROLE_LOST, 0, "%s: its guard was removed or replaced",
                           shmrec_code_text(SHMREC_ROLE_LOST));
    }
    if (code != SHMREC_OK) {
        return code;
    }
    *status = found != 0 ? found : SHMREC_STATUS_UNKNOWN;
    return shmrec_done(error);
}

// What the kernel says of the segment, be it removed: fstat(2) or shmctl(IPC_STAT). After a failure all zeros. Errors:
// SHMREC_NAMESPACE_MISMATCH when this process has entered another IPC namespace; SHMREC_BAD_ARGUMENT for a closed
// handle; SHMREC_OS.
static inline int shmrec_table_facts(const shmrec_table *table, shmrec_facts *facts, shmrec_error *error) {
    const shmrec_task task = shmrec_task_of("look up", table, error);
    memset(facts, 0, sizeof *facts);
    if (table->map.base == NULL) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad handle: it is closed");
    }
    const int code = shmrec_segment_facts(facts, table->map.handle, table->map.of_file, table->identity, &task);
    return code != SHMREC_OK ? code : shmrec_done(error);
}

#endif
