// fork.h: what fork must not give to a child: the use of its parent's writers, and the open files by which the kernel
// knows who holds a role. Relies on pthread_atfork(3) and madvise(MADV_WIPEONFORK); knows no segment and no guard.
//
// A handle refers to a word of the process that opened it, which is 0 in every child. A child of fork(3) closes its copies
// of the files that are listed here before it does anything else, because their locks would outlive its parent in it.
//
// Every part of a program that is compiled by itself has a state of its own: page, list and handlers. A handle refers to
// memory that is never given back, not to that state, so it may go from one part to another, and a library may be
// unloaded with its handlers. With glibc before 2.34 this needs -pthread.
//
// The handlers may run twice. The one in the child touches nothing but these words and calls nothing but close(2): other
// threads of the parent, which the child does not have, may hold any lock. What goes past them is clone(2) by hand, for
// which the kernel clears the word but closes nothing; and a fork that was already running the handlers of others when
// these here were added, which is when a program writes for the first time. vfork and posix_spawn share the parent's
// memory until exec, which closes everything.
//
// A file is open before it is listed. A child that is made in between has a copy that it does not know of. So who opens a
// file looks whether a fork was under way: shmrec_opening_begin before, shmrec_keep after; if so, the file is closed,
// unlocked yet, and opened again. No fork ever waits for that. Why nothing is missed:
//
// - Let no fork be under way at first, as is found when as many have ended as begun, the ended counted first. Whatever fork
//   takes a copy of the file then begins later, or had begun without being seen yet.
// - That fork counts itself, then a fence, then the kernel copies memory. The opener lists the file, then a fence, then
//   counts again. Of two such fences one is first: either the copy of the memory has the list with the file, or the
//   opener sees the count.
// - The kernel copies descriptors before memory, so a listed number may be one that the child does not have, or that was
//   another file's when the descriptors were copied. That one was closed before the number was used again: in the child
//   as in its memory nobody uses it.
// - A file is taken from the list before it is closed, so a listed number is never somebody else's. A child that is made
//   in between keeps a copy whose locks were let go by name.

#ifndef SHMRECORD_FORK_H
#define SHMRECORD_FORK_H

#include "sys.h"

#include <stdlib.h>

// Bytes to map: the kernel makes a page of them.
#define SHMREC_HOME_BYTES sizeof(uint64_t)
// No descriptor: the next file may have this place.
#define SHMREC_KEPT_FREE (-1)
// The handler of this child has closed it; the place is its owner's until that is closed.
#define SHMREC_KEPT_CLOSED (-2)

// A place in the list of files. Places are added in front, never taken out, and used again: so a handler may walk the list
// at any moment.
typedef struct shmrec_kept {
    struct shmrec_kept *next; // does not change once the place is in the list
    int fd;
    uint8_t reserved[4];
} shmrec_kept;

typedef struct shmrec_forks {
    uint64_t *home; // the word of this process; in a child, its parent's, until it has one of its own
    shmrec_kept *first;
    uint64_t begun, ended; // forks, in this process
    bool installed;
    uint8_t reserved[7];
} shmrec_forks;

static shmrec_forks shmrec_the_forks;

// Before a fork.
static inline void shmrec_fork_begins(void) {
    (void)__atomic_fetch_add(&shmrec_the_forks.begun, 1, __ATOMIC_RELAXED);
    // Pairs with the fence in shmrec_keep: the head of this file.
    shmrec_fence_full();
}

// After it, in the parent, whether it succeeded or not.
static inline void shmrec_fork_ends(void) {
    // Pairs with the acquire in shmrec_opening_begin: the child's memory is copied.
    (void)__atomic_fetch_add(&shmrec_the_forks.ended, 1, __ATOMIC_RELEASE);
}

// After it, in the child, which has one thread.
static inline void shmrec_fork_child(void) {
    uint64_t *home = __atomic_load_n(&shmrec_the_forks.home, __ATOMIC_RELAXED);
    if (home != NULL) {
        shmrec_store(home, 0); // as the kernel has done, unless it cannot
    }
    // Forks of threads that the child does not have never end in it.
    shmrec_store(&shmrec_the_forks.ended, shmrec_load(&shmrec_the_forks.begun));
    shmrec_kept *kept = __atomic_load_n(&shmrec_the_forks.first, __ATOMIC_ACQUIRE);
    for (; kept != NULL; kept = kept->next) {
        const int fd = __atomic_load_n(&kept->fd, __ATOMIC_RELAXED);
        if (fd >= 0) {
            (void)close(fd);
            __atomic_store_n(&kept->fd, SHMREC_KEPT_CLOSED, __ATOMIC_RELAXED);
        }
    }
}

// pthread_atfork(3), the first time. Two threads that come first at once both add the handlers, which then run twice: a
// lock that one of them held during a fork would be held in the child for ever. 0 or the errno.
static inline int shmrec_fork_install(void) {
    // Acquire and release: who sees it set, sees what libc keeps of it.
    if (__atomic_load_n(&shmrec_the_forks.installed, __ATOMIC_ACQUIRE)) {
        return 0;
    }
    const int problem = shmrec_sys_pthread_atfork(shmrec_fork_begins, shmrec_fork_ends, shmrec_fork_child);
    if (problem == 0) {
        __atomic_store_n(&shmrec_the_forks.installed, true, __ATOMIC_RELEASE);
    }
    return problem;
}

// Whether this is a child of the process that has this home. One load; it orders nothing, because the word only changes
// before the child runs.
SHMREC_HOT bool shmrec_is_left(const uint64_t *home) { return shmrec_load(home) == 0; }

// getpid(2): whether this is that process, also where the kernel did not clear the word.
static inline bool shmrec_is_here(const uint64_t *home) {
    return shmrec_load(home) == SHMREC_CAST(uint64_t, getpid());
}

// A page whose word is this process's id.
static inline int shmrec_home_map(uint64_t **home, uint64_t wanted, const shmrec_task *task) {
    void *page = mmap(NULL, SHMREC_HOME_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | SHMREC_MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return shmrec_fail_space(task, "mmap", errno, wanted);
    }
    int result;
    SHMREC_RETRY(result, shmrec_sys_madvise(page, SHMREC_HOME_BYTES, SHMREC_MADV_WIPEONFORK));
    if (result != 0 && errno != EINVAL) { // Linux before 4.14: the handler does it
        const int problem = errno;
        (void)munmap(page, SHMREC_HOME_BYTES);
        return shmrec_fail_space(task, "madvise(MADV_WIPEONFORK)", problem, wanted);
    }
    *home = SHMREC_CAST(uint64_t *, page);
    shmrec_store(*home, SHMREC_CAST(uint64_t, getpid()));
    return SHMREC_OK;
}

// The word of this process, which is its id, and 0 in every child. The first time, pthread_atfork(3), mmap(2) of a page
// and madvise(MADV_WIPEONFORK); a child that writes maps another page, so that what it inherited never looks like its own.
// `wanted`: bytes that it is for, for messages.
static inline int shmrec_home(const uint64_t **home, uint64_t wanted, const shmrec_task *task) {
    const int problem = shmrec_fork_install();
    if (problem != 0) {
        return shmrec_fail_space(task, "pthread_atfork", problem, wanted);
    }
    // Acquire pairs with the exchange below: the word is stored.
    uint64_t *known = __atomic_load_n(&shmrec_the_forks.home, __ATOMIC_ACQUIRE), *made = NULL;
    *home = known;
    if (known != NULL && shmrec_is_here(known)) {
        return SHMREC_OK;
    }
    const int code = shmrec_home_map(&made, wanted, task);
    *home = made;
    // Release: as said above. Acquire: as there.
    if (code == SHMREC_OK && !__atomic_compare_exchange_n(&shmrec_the_forks.home, &known, made, false,
                                                          __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
        (void)munmap(made, SHMREC_HOME_BYTES); // another thread of this process was faster
        *home = known;
    }
    return code;
}

// Before a file is opened. False: a fork is under way.
static inline bool shmrec_opening_begin(uint64_t *begun) {
    // Acquire pairs with the release in shmrec_fork_ends: the forks that have ended are seen to have begun.
    const uint64_t ended = __atomic_load_n(&shmrec_the_forks.ended, __ATOMIC_ACQUIRE);
    *begun = shmrec_load(&shmrec_the_forks.begun);
    return *begun == ended;
}

// A place for a descriptor: one that is free, or a new one. NULL: no memory.
static inline shmrec_kept *shmrec_kept_of(int fd) {
    shmrec_kept *first = __atomic_load_n(&shmrec_the_forks.first, __ATOMIC_ACQUIRE);
    for (shmrec_kept *kept = first; kept != NULL; kept = kept->next) {
        int is_free = SHMREC_KEPT_FREE;
        // Relaxed, as all of it in one process: descriptors are passed on by open and close, which are not reordered with
        // it for who gets the number next, and a child has one thread.
        if (__atomic_compare_exchange_n(&kept->fd, &is_free, fd, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return kept;
        }
    }
    shmrec_kept *kept = SHMREC_CAST(shmrec_kept *, calloc(1, sizeof *kept));
    if (kept != NULL) {
        kept->fd = fd;
        kept->next = first;
        // Release pairs with the acquires of the first: a place in the list is complete.
        while (!__atomic_compare_exchange_n(&shmrec_the_forks.first, &kept->next, kept, false, __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED)) {
        }
    }
    return kept;
}

// Takes a descriptor from the list, before it is closed. False: the handler of this child has closed it.
static inline bool shmrec_kept_take(shmrec_kept *kept) {
    // Release keeps it in front of the close: the number may be another file's at once.
    return __atomic_exchange_n(&kept->fd, SHMREC_KEPT_FREE, __ATOMIC_RELEASE) != SHMREC_KEPT_CLOSED;
}

// Lists the file that was opened since `begun`; `*kept` is NULL, and the file closed, when a child may have a copy, or on
// failure.
static inline int shmrec_keep(shmrec_kept **kept, int fd, uint64_t begun, const shmrec_task *task) {
    *kept = shmrec_kept_of(fd);
    if (*kept == NULL) {
        (void)close(fd);
        return shmrec_fail_space(task, "calloc", ENOMEM, sizeof **kept);
    }
    // Pairs with the fence in shmrec_fork_begins: the head of this file.
    shmrec_fence_full();
    if (shmrec_load(&shmrec_the_forks.begun) != begun) {
        (void)shmrec_kept_take(*kept);
        (void)close(fd);
        *kept = NULL;
    }
    return SHMREC_OK;
}

#endif
