// lifecycle.h: create, attach, take over, remove: how tables come and go. Relies on segment.h, role.h, options.h and
// compat.h; knows of a record type only its layout. docs/FORMAT.md lists the same steps.
//
// Every step leaves something that the next one to come can use, wherever its process is killed: a segment has its name
// only when it is complete, locks die with their holder, and a take-over can be repeated. Every function that fails
// leaves nothing open, mapped, locked or allocated.

#ifndef SHMRECORD_LIFECYCLE_H
#define SHMRECORD_LIFECYCLE_H

#include "compat.h"
#include "options.h"
#include "role.h"
#include "segment.h"

// The error that names the first difference between the segment's record, whose description is in `bytes`, and ours.
static inline int shmrec_fail_layout(const shmrec_table *table, const shmrec_layout *layout, const unsigned char *bytes,
                                     const shmrec_task *task) {
    const shmrec_header *header = &table->header;
    shmrec_description segment, here;
    const char *fault = "its checksum does not match";
    if (shmrec_fnv1a(bytes, header->geometry.description_bytes) == header->description_checksum) {
        fault = shmrec_description_open(&segment, bytes, header->geometry.description_bytes);
    }
    fault = fault != NULL ? fault : shmrec_description_open(&here, layout->description, layout->description_bytes);
    if (fault != NULL) {
        return shmrec_fail(task, SHMREC_DESCRIPTION_CORRUPT, 0, "description corrupt: %s", fault);
    }
    shmrec_text words;
    if (!shmrec_first_difference(&words, &segment, &here)) {
        shmrec_append(&words, "schema %016llx in the segment, %016llx here",
                      SHMREC_CAST(unsigned long long, header->schema_id),
                      SHMREC_CAST(unsigned long long, layout->schema_id));
    }
    return shmrec_fail(task, SHMREC_LAYOUT_MISMATCH, 0, "layout mismatch: %s", words.bytes);
}

// The segment's record must be this program's, in layout and in meaning.
static inline int shmrec_check_layout(const shmrec_table *table, const shmrec_layout *layout, const shmrec_task *task) {
    const shmrec_header *header = &table->header;
    if (header->schema_id == layout->schema_id && header->layout_id == layout->layout_id &&
        header->shape.record_bytes == layout->size && header->shape.record_align == layout->align) {
        return SHMREC_OK;
    }
    const uint64_t length = header->geometry.description_bytes;
    unsigned char *bytes = SHMREC_CAST(unsigned char *, malloc(length + 1)); // never a length of 0
    if (bytes == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, length);
    }
    shmrec_table_copy_out(table, header->geometry.description_offset, bytes, length);
    const int code = shmrec_fail_layout(table, layout, bytes, task);
    free(bytes);
    return code;
}

// Validates a private copy of the header of the mapping in `table`. A retired table is not compared with the layout:
// whoever finds it removes it.
static inline int shmrec_validate(shmrec_table *table, const shmrec_layout *layout, const shmrec_task *task) {
    unsigned char bytes[SHMREC_HEADER_BYTES], boot_id[16];
    const unsigned char unknown[16] = {0};
    shmrec_table_copy_out(table, 0, bytes, sizeof bytes);
    // Pairs with the release store of the magic, which its creator makes last.
    shmrec_fence_acquire();
    const int code = shmrec_header_decode(&table->header, bytes, table->bytes, task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_boot_id(boot_id);
    const unsigned char *made = table->header.boot_id;
    if (memcmp(made, unknown, 16) != 0 && memcmp(boot_id, unknown, 16) != 0 && memcmp(made, boot_id, 16) != 0) {
        return shmrec_fail_plain(task, SHMREC_STALE_BOOT);
    }
    return shmrec_table_retired(table) ? SHMREC_OK : shmrec_check_layout(table, layout, task);
}

static inline int shmrec_check_size(uint64_t bytes, const shmrec_task *task) {
    if (bytes >= SHMREC_LIVE_END) {
        return SHMREC_OK;
    }
    return shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0, "%llu bytes long, %u expected",
                       SHMREC_CAST(unsigned long long, bytes), SHMREC_LIVE_END);
}

// Opens, maps and validates the file at the table's address; nothing in the segment is changed.
static inline int shmrec_attach(shmrec_table *table, const shmrec_layout *layout, bool writable,
                                const shmrec_task *task) {
    shmrec_file file;
    int code = shmrec_file_open(&file, table->address.path, writable, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_check_size(file.bytes, task);
    code = code != SHMREC_OK ? code : shmrec_map(&table->base, &file, writable, task);
    shmrec_file_close(&file);
    if (code != SHMREC_OK) {
        return code;
    }
    table->bytes = file.bytes;
    table->identity = file.identity;
    code = shmrec_validate(table, layout, task);
    if (code != SHMREC_OK) {
        shmrec_table_unmap(table);
    }
    return code;
}

// The role is taken: by whom, as far as the segment tells and the process list confirms.
static inline int shmrec_fail_alive(const shmrec_table *table, const shmrec_task *task) {
    const uint64_t pid = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_OWNER_PID));
    const uint64_t start = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_OWNER_START));
    uint64_t now;
    if (!shmrec_process_start(pid, &now) || now != start) {
        return shmrec_fail_plain(task, SHMREC_WRITER_ALIVE);
    }
    if (pid == SHMREC_CAST(uint64_t, getpid())) {
        return shmrec_fail_plain(task, SHMREC_ALREADY_HELD_HERE);
    }
    return shmrec_fail(task, SHMREC_WRITER_ALIVE, 0, "process %llu holds the role of writer",
                       SHMREC_CAST(unsigned long long, pid));
}

// Makes the table this process's: the role and the guard that holds it.
static inline void shmrec_hold_role(shmrec_table *table, const shmrec_file *guard) {
    table->guard = *guard;
    table->process = SHMREC_CAST(uint64_t, getpid());
    table->holds_role = true;
}

// Takes the role in an attached table whose guard is open. `*again`: the table was replaced meanwhile.
static inline int shmrec_claim(shmrec_table *table, shmrec_file *guard, bool *again, const shmrec_task *task) {
    const shmrec_address *address = &table->address;
    bool current = false, locked = false;
    int code = shmrec_guard_lock_create(guard, address->guard, task);
    if (code == SHMREC_OK) {
        code = shmrec_leads_to(address->path, table->identity, &current, task);
    }
    if (code != SHMREC_OK || !current) {
        *again = true;
        return code;
    }
    if (shmrec_table_retired(table)) {
        // Its remover was killed between marking and unlinking: finish that.
        *again = true;
        code = shmrec_unlink(address->path, table->identity, task);
        return code != SHMREC_OK ? code : shmrec_unlink(address->guard, guard->identity, task);
    }
    code = shmrec_guard_try_lock(guard, SHMREC_LOCK_BYTE_WRITER, &locked, task);
    if (code != SHMREC_OK || !locked) {
        return code != SHMREC_OK ? code : shmrec_fail_alive(table, task);
    }
    shmrec_table_recover(table);
    const uint64_t epoch = shmrec_load(shmrec_table_word(table, SHMREC_LIVE_EPOCH));
    shmrec_table_begin_epoch(table, epoch + 1, shmrec_unix_ns());
    return shmrec_guard_unlock_create(guard, task);
}

// Takes the role of writer in an attached table. `*again`: the table was replaced meanwhile, attach again. The mapping
// stays only on success.
static inline int shmrec_take_over(shmrec_table *table, bool *again, const shmrec_task *task) {
    shmrec_file guard;
    *again = false;
    int code = shmrec_guard_open(&guard, table->address.guard, task);
    const bool found = code == SHMREC_OK;
    if (found && shmrec_same_file(guard.identity, table->header.guard)) {
        code = shmrec_claim(table, &guard, again, task);
        if (code == SHMREC_OK && !*again) {
            shmrec_hold_role(table, &guard);
            return SHMREC_OK;
        }
    } else if (found || code == SHMREC_NOT_FOUND) {
        bool current;
        code = shmrec_leads_to(table->address.path, table->identity, &current, task);
        *again = !current;
        if (code == SHMREC_OK && current) {
            code = shmrec_fail(task, SHMREC_GUARD_LOST, 0, "guard file lost: %s",
                               found ? "another file has its name" : "it was removed");
        }
    }
    shmrec_file_close(&guard);
    shmrec_table_unmap(table);
    return code;
}

// Whether this file is a segment of ours, however damaged: nothing else is ever removed.
static inline int shmrec_check_ours(const shmrec_file *file, const shmrec_task *task) {
    uint64_t magic = 0;
    ssize_t got;
    SHMREC_RETRY(got, read(file->fd, &magic, sizeof magic));
    if (got < 0) {
        return shmrec_fail_os(task, "read", errno);
    }
    if (got != SHMREC_CAST(ssize_t, sizeof magic) || magic != SHMREC_MAGIC) {
        return shmrec_fail(task, SHMREC_BAD_MAGIC, 0, "%s: it is not removed", shmrec_code_text(SHMREC_BAD_MAGIC));
    }
    return SHMREC_OK;
}

// Marks the segment in this file as retired. One that was cut too short for a state has no handle that could ask.
static inline int shmrec_retire(const shmrec_file *file, const shmrec_task *task) {
    void *base;
    if (file->bytes < SHMREC_LIVE_END) {
        return SHMREC_OK;
    }
    const int code = shmrec_map(&base, file, true, task);
    if (code == SHMREC_OK) {
        shmrec_store_release(shmrec_word(base, SHMREC_LIVE_STATE), SHMREC_LIVE_STATE_RETIRED);
        (void)munmap(base, file->bytes);
    }
    return code;
}

// Retires and unlinks the segment in this file, then its guard. `*again`: the names changed meanwhile.
static inline int shmrec_remove_file(const shmrec_address *address, const shmrec_file *file, bool *again,
                                     const shmrec_task *task) {
    shmrec_file guard;
    bool guard_current = false, current = false;
    int code = shmrec_guard_open_or_create(&guard, address->guard, address->directory, 0600, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_guard_lock_create(&guard, address->guard, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address->guard, guard.identity, &guard_current, task);
    code = code != SHMREC_OK ? code : shmrec_leads_to(address->path, file->identity, &current, task);
    *again = !guard_current || !current;
    if (code == SHMREC_OK && !*again) {
        code = shmrec_retire(file, task);
        code = code != SHMREC_OK ? code : shmrec_unlink(address->path, file->identity, task);
        code = code != SHMREC_OK ? code : shmrec_unlink(address->guard, guard.identity, task);
    }
    shmrec_file_close(&guard);
    return code;
}

// Unlinks a guard without a segment, which a creator that was killed may leave.
static inline int shmrec_remove_lone_guard(const shmrec_address *address, const shmrec_task *task) {
    struct stat facts;
    shmrec_file guard;
    if (shmrec_sys_lstat(address->guard, &facts) != 0) {
        return SHMREC_OK;
    }
    int code = shmrec_guard_open(&guard, address->guard, task);
    if (code != SHMREC_OK) {
        return code == SHMREC_NOT_FOUND ? SHMREC_OK : code;
    }
    code = shmrec_guard_lock_create(&guard, address->guard, task);
    if (code == SHMREC_OK && shmrec_sys_lstat(address->path, &facts) != 0) {
        code = shmrec_unlink(address->guard, guard.identity, task);
    }
    shmrec_file_close(&guard);
    return code;
}

// One round of removal. `*again`: the names changed meanwhile.
static inline int shmrec_remove_round(const shmrec_address *address, bool *again, const shmrec_task *task) {
    shmrec_file file;
    *again = false;
    int code = shmrec_file_open(&file, address->path, true, task);
    if (code == SHMREC_NOT_FOUND) {
        code = shmrec_remove_lone_guard(address, task);
        return code != SHMREC_OK ? code : shmrec_fail_os(task, "open", ENOENT);
    }
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_check_ours(&file, task);
    code = code != SHMREC_OK ? code : shmrec_remove_file(address, &file, again, task);
    shmrec_file_close(&file);
    return code;
}

#endif
