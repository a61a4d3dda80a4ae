// registry.h: the memfds that this process holds, by name: a directory of its own, whose entries are open descriptors.
// Relies on fork.h and, for what this process was started with, on inherited.h; knows no segment.
//
// A table has two entries, NAME and NAME.guard; who may only read has the first. All parts of a program share one
// registry: it is a weak symbol, which the linker merges. A shared library that hides its symbols has its own.
//
// A child of fork goes on with its parent's entries. The lock says whose it is, by a word that children find cleared, so
// that a child takes it over from a thread that it has not. That may be in the midst of a change, so the list is whole at
// every moment: an entry is complete before it is listed, and taken from the list before it is closed and freed. What is
// handed over comes by one store, segment and guard, in front of what had their names, which then goes. They go segment
// first: a guard may be left alone, as a killed creator leaves it, a segment not.
//
// The kernel copies descriptors before memory, so an entry may be listed in a child that has no such descriptor, or
// another one under its number: each process first asks what is there, and forgets entries of something else; and it
// closes what its parent was about to close behind a newer one of the name. Of what its parent was just taking in for
// the first time it may lack some.

#ifndef SHMRECORD_REGISTRY_H
#define SHMRECORD_REGISTRY_H

#include "abi.h"
#include "fork.h"
#include "inherited.h"

#include <stdlib.h>

// Bytes of the longest name of a guard, and its NUL.
#define SHMREC_ENTRY_NAME 256

// A memfd that has a name here.
typedef struct shmrec_entry {
    struct shmrec_entry *next;
    shmrec_identity identity;
    int fd;
    char name[SHMREC_ENTRY_NAME + 4]; // with the padding
} shmrec_entry;

typedef struct shmrec_registry {
    shmrec_entry *first;
    const uint64_t *holder; // the home of the process whose thread has the lock; NULL: none has
    const uint64_t *ready;  // that of the process that has asked what is there
    bool opened;            // what the parent process left is taken in
    uint8_t reserved[7];
} shmrec_registry;

#ifdef __cplusplus
extern "C" {
#endif
__attribute__((weak)) shmrec_registry shmrec_the_registry;
#ifdef __cplusplus
}
#endif

// An entry in front of `next`, not listed yet. NULL: no memory.
static inline shmrec_entry *shmrec_entry_of(const char *name, int fd, shmrec_identity identity, shmrec_entry *next) {
    shmrec_entry *entry = SHMREC_CAST(shmrec_entry *, calloc(1, sizeof *entry));
    if (entry != NULL) {
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
        entry->fd = fd;
        entry->identity = identity;
        entry->next = next;
    }
    return entry;
}

// Gives the name to this descriptor, which is the registry's from now on. False: no memory.
static inline bool shmrec_registry_put(const char *name, int fd, shmrec_identity identity) {
    shmrec_entry *entry = shmrec_entry_of(name, fd, identity, shmrec_the_registry.first);
    if (entry == NULL) {
        return false;
    }
    __atomic_store_n(&shmrec_the_registry.first, entry, __ATOMIC_RELEASE); // a child that finds it, finds it complete
    return true;
}

// The first entry of this name from there on, by what leads to it; the list's end when there is none.
static inline shmrec_entry **shmrec_registry_from(shmrec_entry **at, const char *name) {
    while (*at != NULL && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static inline shmrec_entry **shmrec_registry_at(const char *name) {
    return shmrec_registry_from(&shmrec_the_registry.first, name);
}

// Closes the first of this name from there on. False: there is none.
static inline bool shmrec_registry_drop_from(shmrec_entry **from, const char *name) {
    shmrec_entry **at = shmrec_registry_from(from, name), *entry = *at;
    if (entry == NULL) {
        return false;
    }
    __atomic_store_n(at, entry->next, __ATOMIC_RELEASE); // a child that does not, may find it closed or freed
    (void)close(entry->fd);
    free(entry);
    return true;
}

// Closes what has this name. False: nothing has.
static inline bool shmrec_registry_drop(const char *name) {
    return shmrec_registry_drop_from(&shmrec_the_registry.first, name);
}

static inline void shmrec_guard_entry(char name[SHMREC_ENTRY_NAME], const char *segment) {
    const size_t most = SHMREC_ENTRY_NAME - sizeof SHMREC_GUARD_SUFFIX, bytes = strlen(segment);
    const size_t kept = bytes < most ? bytes : most; // no name is longer
    memcpy(name, segment, kept);
    memcpy(name + kept, SHMREC_GUARD_SUFFIX, sizeof SHMREC_GUARD_SUFFIX);
}

// Closes segment and guard of this name. False: there is no segment.
static inline bool shmrec_registry_drop_both(const char *name) {
    char guard[SHMREC_ENTRY_NAME];
    shmrec_guard_entry(guard, name);
    const bool dropped = shmrec_registry_drop(name);
    (void)shmrec_registry_drop(guard);
    return dropped;
}

// Gives a segment that was handed over its name, and its guard, if there is one; what had the name until now goes. The
// descriptors are the registry's from now on; without memory for that (false) they are closed, and nothing else is.
static inline bool shmrec_registry_put_both(const char *name, shmrec_handed *handed) {
    char names[2][SHMREC_ENTRY_NAME];
    shmrec_entry *entries[2] = {NULL, NULL}, *first = shmrec_the_registry.first;
    (void)snprintf(names[0], sizeof names[0], "%s", name);
    shmrec_guard_entry(names[1], name);
    for (unsigned i = handed->count; i > 0; i--) {
        entries[i - 1] = shmrec_entry_of(names[i - 1], handed->fds[i - 1], handed->identities[i - 1], first);
        if (entries[i - 1] == NULL) {
            free(entries[1]);
            shmrec_handed_close(handed);
            return false;
        }
        first = entries[i - 1];
    }
    __atomic_store_n(&shmrec_the_registry.first, first, __ATOMIC_RELEASE); // as where one is put
    // What had the names. Without a new guard a child may find the old one beside the new segment, whose header names
    // another one or none.
    shmrec_entry **older = &entries[handed->count - 1]->next;
    (void)shmrec_registry_drop_from(older, names[0]);
    (void)shmrec_registry_drop_from(older, names[1]);
    return true;
}

// Takes in what the parent process left. The newest entry of a name, which stands last, counts; the others are closed.
static inline void shmrec_registry_open(const char *text) {
    const char *end = text + strlen(text);
    while (end != NULL) {
        const char *at = end;
        while (at > text && at[-1] != '/') {
            at--;
        }
        shmrec_handed handed;
        char name[SHMREC_ENTRY_NAME + 1 - sizeof SHMREC_GUARD_SUFFIX]; // of a longer one the guard's could be another's
        if (shmrec_take_in(at, end, &handed, name, sizeof name)) {
            if (*shmrec_registry_at(name) == NULL) {
                (void)shmrec_registry_put_both(name, &handed);
            } else {
                shmrec_handed_close(&handed);
            }
        }
        end = at > text ? at - 1 : NULL;
    }
}

// Whether this process has the file of this entry, which ends at exec from now on: the descriptor may have been copied
// before the parent claimed it, the memory once it was listed, and what is not claimed would be taken in again.
static inline bool shmrec_entry_is_there(const shmrec_entry *entry) {
    shmrec_identity found;
    return shmrec_identity_of(entry->fd, &found) && shmrec_same(found, entry->identity) &&
           fcntl(entry->fd, F_SETFD, FD_CLOEXEC) == 0;
}

// Forgets what is listed and not there, whose number may be another file's, which its owner closes; then closes what a
// newer one of its name hides.
static inline void shmrec_registry_check(void) {
    shmrec_entry **at = &shmrec_the_registry.first;
    while (*at != NULL) {
        shmrec_entry *entry = *at;
        if (shmrec_entry_is_there(entry)) {
            at = &entry->next;
        } else {
            __atomic_store_n(at, entry->next, __ATOMIC_RELEASE); // as where it is dropped
            free(entry);
        }
    }
    for (shmrec_entry *entry = shmrec_the_registry.first; entry != NULL; entry = entry->next) {
        while (shmrec_registry_drop_from(&entry->next, entry->name)) {
        }
    }
}

// Takes the lock, unless a thread of this process has it.
static inline bool shmrec_registry_try(const uint64_t *own) {
    // Acquire pairs with the exchange: the word of whoever has it is stored.
    const uint64_t *holder = __atomic_load_n(&shmrec_the_registry.holder, __ATOMIC_ACQUIRE);
    const bool held = holder != NULL && shmrec_is_here(holder);
    // Release: as said. Acquire pairs with the release of whoever had it.
    return !held && __atomic_compare_exchange_n(&shmrec_the_registry.holder, &holder, own, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED);
}

// For a few steps: whoever waits sleeps. The first one takes in what the parent process left. Not locked on failure,
// which is shmrec_home's.
static inline int shmrec_registry_lock(const shmrec_task *task) {
    const uint64_t *own;
    const int code = shmrec_home(&own, 0, task);
    if (code != SHMREC_OK) {
        return code;
    }
    while (!shmrec_registry_try(own)) {
        struct timespec pause;
        pause.tv_sec = 0;
        pause.tv_nsec = 1000;
        (void)shmrec_sys_nanosleep(&pause, NULL);
    }
    // Each part of a program has a home of its own in the one process.
    const uint64_t *ready = shmrec_the_registry.ready;
    if (ready != own && (ready == NULL || !shmrec_is_here(ready))) {
        shmrec_registry_check();
        shmrec_the_registry.ready = own;
    }
    const char *text = shmrec_the_registry.opened ? NULL : getenv(SHMREC_MEMFD_VARIABLE);
    if (text != NULL) {
        shmrec_registry_open(text);
    }
    shmrec_the_registry.opened = true;
    return SHMREC_OK;
}

// Pairs with the acquire of whoever has it next.
static inline void shmrec_registry_unlock(void) {
    const uint64_t *const nobody = NULL;
    __atomic_store_n(&shmrec_the_registry.holder, nobody, __ATOMIC_RELEASE);
}

// F_DUPFD_CLOEXEC of what has this name: a descriptor, or -1 when nothing has.
static inline int shmrec_registry_duplicate(const char *name, int *fd, const shmrec_task *task) {
    *fd = -1;
    const int code = shmrec_registry_lock(task);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_entry *entry = *shmrec_registry_at(name);
    int problem = 0;
    if (entry != NULL) {
        *fd = fcntl(entry->fd, SHMREC_F_DUPFD_CLOEXEC, 3);
        problem = *fd < 0 ? errno : 0;
    }
    shmrec_registry_unlock();
    return problem == 0 ? SHMREC_OK : shmrec_fail_os(task, "fcntl(F_DUPFD_CLOEXEC)", problem);
}

// Which memfd has this name. `*taken`: any at all.
static inline int shmrec_registry_named(const char *name, shmrec_identity *identity, bool *taken,
                                        const shmrec_task *task) {
    memset(identity, 0, sizeof *identity);
    *taken = false;
    const int code = shmrec_registry_lock(task);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_entry *entry = *shmrec_registry_at(name);
    if (entry != NULL) {
        *identity = entry->identity;
        *taken = true;
    }
    shmrec_registry_unlock();
    return SHMREC_OK;
}

// Gives this descriptor the name, unless the name is taken; on success it is the registry's.
static inline int shmrec_registry_enter(const char *name, int fd, shmrec_identity identity, bool *taken,
                                        const shmrec_task *task) {
    *taken = false;
    const int code = shmrec_registry_lock(task);
    if (code != SHMREC_OK) {
        return code;
    }
    *taken = *shmrec_registry_at(name) != NULL;
    const bool full = !*taken && !shmrec_registry_put(name, fd, identity);
    shmrec_registry_unlock();
    return full ? shmrec_fail_space(task, "calloc", ENOMEM, sizeof(shmrec_entry)) : SHMREC_OK;
}

// Takes the name away from this memfd.
static inline int shmrec_registry_take_out(const char *name, shmrec_identity identity, const shmrec_task *task) {
    const int code = shmrec_registry_lock(task);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_entry *entry = *shmrec_registry_at(name);
    if (entry != NULL && shmrec_same(entry->identity, identity)) {
        (void)shmrec_registry_drop(name);
    }
    shmrec_registry_unlock();
    return SHMREC_OK;
}

// Lets go of this segment and of its guard, if the name leads to it.
static inline int shmrec_registry_let_go(const char *name, shmrec_identity identity, const shmrec_task *task) {
    const int code = shmrec_registry_lock(task);
    if (code != SHMREC_OK) {
        return code;
    }
    const shmrec_entry *entry = *shmrec_registry_at(name);
    if (entry != NULL && shmrec_same(entry->identity, identity)) {
        (void)shmrec_registry_drop_both(name);
    }
    shmrec_registry_unlock();
    return SHMREC_OK;
}

#endif
