// role_name.h: the name of a guard that can be opened: a path, or a name in this process's registry of memfds. Relies
// on address.h, region_named.h and region_memfd.h; knows nothing of locks.

#ifndef SHMRECORD_ROLE_NAME_H
#define SHMRECORD_ROLE_NAME_H

#include "address.h"
#include "region_memfd.h"
#include "region_named.h"

// What has the guard's name, opened anew, if it is accepted. On failure nothing is open.
static inline int shmrec_guardname_open(shmrec_file *file, const shmrec_address *address, const shmrec_task *task) {
    if (!address->is_memfd) {
        return shmrec_file_open(file, address->guard, true, task);
    }
    // Its duplicate's locks would be everybody's.
    const int code = shmrec_memfd_open(file, shmrec_memfd_name(address->guard), true, task);
    return code != SHMREC_OK ? code : shmrec_memfd_reopen(&file->fd, true, task);
}

// Makes an empty guard with these rights and opens it. `*taken`: something has the name. On failure nothing is open, and
// nothing has the name.
static inline int shmrec_guardname_create(shmrec_file *file, const shmrec_address *address, shmrec_rights rights,
                                          bool *taken, const shmrec_task *task) {
    int code;
    *taken = false;
    if (address->is_memfd) {
        const char *name = shmrec_memfd_name(address->guard);
        code = shmrec_memfd_create(file, name, rights, 0, task);
        code = code != SHMREC_OK ? code : shmrec_memfd_seal(file->fd, false, task);
        code = code != SHMREC_OK ? code : shmrec_memfd_publish(file->fd, file->identity, name, taken, task);
        if (code == SHMREC_OK && !*taken) {
            code = shmrec_memfd_reopen(&file->fd, true, task);
            if (code != SHMREC_OK) {
                (void)shmrec_registry_take_out(name, file->identity, task); // its home is there since it has the name
            }
        }
    } else {
        code = shmrec_file_unnamed(file, address->directory, rights, 0, task);
        code = code != SHMREC_OK ? code : shmrec_file_publish(file->fd, 0, address->guard, taken, task);
    }
    if (code != SHMREC_OK || *taken) {
        shmrec_file_close(file);
    }
    return code;
}

// What has the guard's name, only to be asked: whatever it is. On failure nothing is open.
static inline int shmrec_guardname_look(shmrec_file *file, const shmrec_address *address, const shmrec_task *task) {
    if (!address->is_memfd) {
        return shmrec_file_open_any(file, address->guard, false, task);
    }
    memset(file, 0, sizeof *file);
    int code = shmrec_memfd_held(&file->fd, shmrec_memfd_name(address->guard), task);
    code = code != SHMREC_OK ? code : shmrec_file_stat(file, task);
    if (code != SHMREC_OK) {
        shmrec_file_close(file);
    }
    return code;
}

// Which guard the name leads to. `*taken`: to any at all.
static inline int shmrec_guardname_named(const shmrec_address *address, shmrec_identity *identity, bool *taken,
                                         const shmrec_task *task) {
    if (address->is_memfd) {
        return shmrec_registry_named(shmrec_memfd_name(address->guard), identity, taken, task);
    }
    return shmrec_file_named(address->guard, identity, taken, task);
}

// Takes the name away from this guard, which the caller has just seen to have it.
static inline int shmrec_guardname_unlink(const shmrec_address *address, shmrec_identity identity,
                                          const shmrec_task *task) {
    if (address->is_memfd) {
        return shmrec_registry_take_out(shmrec_memfd_name(address->guard), identity, task);
    }
    return shmrec_file_unlink(address->guard, task);
}

#endif
