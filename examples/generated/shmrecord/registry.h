// registry.h: the memfds that this process holds, by name: a directory of its own, whose entries are open descriptors.
// Relies on identity.h and, for what this process was started with, on inherited.h; knows no segment.
//
// A table has two entries, NAME and NAME.guard; who may only read has the first. All parts of a program share one
// registry: it is a weak symbol, which the linker merges. A shared library that hides its symbols has its own.
//
// A child of fork goes on with its parent's entries. The lock says whose it is, so that a child takes it over from a
// thread that it has not. That may be in the midst of a change, so the list is whole at every moment: an entry is
// complete before it is listed, and taken from the list before it is closed and freed. The kernel copies descriptors
// before memory, so an entry may be listed in a child that has no such descriptor, or another one under its number:
// each process first asks what is there, and forgets entries of something else. Of what its parent was just taking in
// for the first time it may lack some.

#ifndef SHMRECORD_REGISTRY_H
#define SHMRECORD_REGISTRY_H

#include "abi.h"
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
    uint32_t holder; // the process whose thread has the lock; 0: none has
    uint32_t ready;  // the process that has asked what is there
    bool opened;     // what the parent process left is taken in
    uint8_t reserved[7];
} shmrec_registry;

#ifdef __cplusplus
extern "C" {
#endif
__attribute__((weak)) shmrec_registry shmrec_the_registry;
#ifdef __cplusplus
}
#endif

// Gives the name to this descriptor, which is the registry's from now on. False: no memory.
static inline bool shmrec_registry_put(const char *name, int fd, shmrec_identity identity) {
    shmrec_entry *entry = SHMREC_CAST(shmrec_entry *, calloc(1, sizeof *entry));
    if (entry == NULL) {
        return false;
    }
    (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->fd = fd;
    entry->identity = identity;
    entry->next = shmrec_the_registry.first;
    __atomic_store_n(&shmrec_the_registry.first, entry, __ATOMIC_RELEASE); // a child that finds it, finds it complete
    return true;
}

// The entry of this name, by what leads to it; its end when there is none.
static inline shmrec_entry **shmrec_registry_at(const char *name) {
    shmrec_entry **at = &shmrec_the_registry.first;
    while (*at != NULL && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

// Closes what has this name. False: nothing has.
static inline bool shmrec_registry_drop(const char *name) {
    shmrec_entry **at = shmrec_registry_at(name), *entry = *at;
    if (entry == NULL) {
        return false;
    }
    __atomic_store_n(at, entry->next, __ATOMIC_RELEASE); // a child that does not, may find it closed or freed
    (void)close(entry->fd);
    free(entry);
    return true;
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
    (void)shmrec_registry_drop(guard);
    return shmrec_registry_drop(name);
}

// Gives a segment that was handed over its name, and its guard, if there is one; what had the name until now goes. The
// descriptors are the registry's from now on; without memory for that (false) they are closed.
static inline bool shmrec_registry_put_both(const char *name, const shmrec_handed *handed) {
    char names[2][SHMREC_ENTRY_NAME];
    bool put = true;
    (void)snprintf(names[0], sizeof names[0], "%s", name);
    shmrec_guard_entry(names[1], name);
    (void)shmrec_registry_drop_both(name);
    for (unsigned i = 0; i < handed->count; i++) {
        if (!shmrec_registry_put(names[i], handed->fds[i], handed->identities[i])) {
            (void)close(handed->fds[i]);
            put = false;
        }
    }
    if (!put) {
        (void)shmrec_registry_drop_both(name);
    }
    return put;
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

// Forgets what is listed and not there. The number may be another file's, whose owner closes it.
static inline void shmrec_registry_check(void) {
    shmrec_entry **at = &shmrec_the_registry.first;
    while (*at != NULL) {
        shmrec_entry *entry = *at;
        shmrec_identity found;
        if (shmrec_identity_of(entry->fd, &found) && shmrec_same(found, entry->identity)) {
            at = &entry->next;
        } else {
            __atomic_store_n(at, entry->next, __ATOMIC_RELEASE); // as where it is dropped
            free(entry);
        }
    }
}

// Takes the lock, unless a thread of this process has it. Acquire pairs with the release of whoever had it.
static inline bool shmrec_registry_try(uint32_t own) {
    uint32_t holder = __atomic_load_n(&shmrec_the_registry.holder, __ATOMIC_RELAXED);
    return holder != own && __atomic_compare_exchange_n(&shmrec_the_registry.holder, &holder, own, false,
                                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

// For a few steps: whoever waits sleeps. The first one takes in what the parent process left.
static inline void shmrec_registry_lock(void) {
    const uint32_t own = SHMREC_CAST(uint32_t, getpid());
    while (!shmrec_registry_try(own)) {
        struct timespec pause;
        pause.tv_sec = 0;
        pause.tv_nsec = 1000;
        (void)shmrec_sys_nanosleep(&pause, NULL);
    }
    if (shmrec_the_registry.ready != own) {
        shmrec_registry_check();
        shmrec_the_registry.ready = own;
    }
    if (shmrec_the_registry.opened) {
        return;
    }
    const char *text = getenv(SHMREC_MEMFD_VARIABLE);
    if (text != NULL) {
        shmrec_registry_open(text);
    }
    shmrec_the_registry.opened = true;
}

// Pairs with the acquire of whoever has it next.
static inline void shmrec_registry_unlock(void) {
    __atomic_store_n(&shmrec_the_registry.holder, 0, __ATOMIC_RELEASE);
}

// F_DUPFD_CLOEXEC of what has this name: a descriptor, -1 with errno, or -1 with errno 0 when nothing has.
static inline int shmrec_registry_duplicate(const char *name) {
    shmrec_registry_lock();
    const shmrec_entry *entry = *shmrec_registry_at(name);
    int fd = -1, problem = 0;
    if (entry != NULL) {
        fd = fcntl(entry->fd, SHMREC_F_DUPFD_CLOEXEC, 3);
        problem = fd < 0 ? errno : 0;
    }
    shmrec_registry_unlock();
    errno = problem;
    return fd;
}

// Which memfd has this name. False: none.
static inline bool shmrec_registry_named(const char *name, shmrec_identity *identity) {
    shmrec_registry_lock();
    const shmrec_entry *entry = *shmrec_registry_at(name);
    memset(identity, 0, sizeof *identity);
    if (entry != NULL) {
        *identity = entry->identity;
    }
    shmrec_registry_unlock();
    return entry != NULL;
}

// Gives this descriptor the name, unless the name is taken; on success it is the registry's. 0 or the errno.
static inline int shmrec_registry_enter(const char *name, int fd, shmrec_identity identity, bool *taken) {
    shmrec_registry_lock();
    *taken = *shmrec_registry_at(name) != NULL;
    const bool full = !*taken && !shmrec_registry_put(name, fd, identity);
    shmrec_registry_unlock();
    return full ? ENOMEM : 0;
}

// Takes the name away from this memfd.
static inline void shmrec_registry_take_out(const char *name, shmrec_identity identity) {
    shmrec_registry_lock();
    const shmrec_entry *entry = *shmrec_registry_at(name);
    if (entry != NULL && shmrec_same(entry->identity, identity)) {
        (void)shmrec_registry_drop(name);
    }
    shmrec_registry_unlock();
}

// Lets go of this segment and of its guard, if the name leads to it.
static inline void shmrec_registry_let_go(const char *name, shmrec_identity identity) {
    shmrec_registry_lock();
    const shmrec_entry *entry = *shmrec_registry_at(name);
    if (entry != NULL && shmrec_same(entry->identity, identity)) {
        (void)shmrec_registry_drop_both(name);
    }
    shmrec_registry_unlock();
}

#endif
