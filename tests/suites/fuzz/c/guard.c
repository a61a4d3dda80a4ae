// guard.c: a library that is loaded before all others: around every shared mapping there is a page that nobody may touch, so
// that an access outside ends the process. Relies on the system calls; knows no segment.

#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
// Mappings at a time; for more there are no guards.
#define MOST 64

// Where mappings with guards are; NULL: free. Taken and given back by compare-exchange, for there are threads.
static void *guarded[MOST];

static size_t pages(size_t length) { return (length + PAGE - 1) / PAGE * PAGE; }

static bool exchange(void **place, void *from, void *to) {
    return __atomic_compare_exchange_n(place, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void *map(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    if (at != NULL || fd < 0 || (flags & MAP_SHARED) == 0 || length > SIZE_MAX / 4) {
        return map(at, length, protection, flags, fd, offset);
    }
    const size_t room = pages(length) + 2 * PAGE;
    char *all = map(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) {
        return MAP_FAILED;
    }
    for (unsigned i = 0; i < MOST; i++) {
        if (exchange(&guarded[i], NULL, all + PAGE)) {
            void *inside = map(all + PAGE, length, protection, flags | MAP_FIXED, fd, offset);
            if (inside == MAP_FAILED) {
                guarded[i] = NULL;
                (void)syscall(SYS_munmap, all, room);
            }
            return inside;
        }
    }
    (void)syscall(SYS_munmap, all, room);
    return map(at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(at, length, protection, flags, fd, offset);
}

int munmap(void *at, size_t length) {
    for (unsigned i = 0; at != NULL && i < MOST; i++) {
        if (exchange(&guarded[i], at, NULL)) {
            return (int)syscall(SYS_munmap, (char *)at - PAGE, pages(length) + 2 * PAGE);
        }
    }
    return (int)syscall(SYS_munmap, at, length);
}
