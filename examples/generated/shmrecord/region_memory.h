// region_memory.h: how a mapping is backed: huge pages and locking, as far as they were asked for and are to be had.
// Relies on wanted.h, sys.h and /proc/self/smaps, which alone tells what was got; knows neither names nor what the
// memory holds.

#ifndef SHMRECORD_REGION_MEMORY_H
#define SHMRECORD_REGION_MEMORY_H

#include "sys.h"
#include "wanted.h"

#include <stdlib.h>

// Bytes of a huge page.
#define SHMREC_HUGE_PAGE (UINT64_C(2) << 20)

// What a handle's mapping got of what was asked for.
typedef struct shmrec_memory {
    bool huge_pages; // every whole 2 MiB of it lay in a huge page when it was mapped
    bool locked;     // its pages stay in memory from when they are first touched
} shmrec_memory;

// A multiple of SHMREC_HUGE_PAGE where so many bytes were free a moment ago: mmap(PROT_NONE), larger by a huge page, and
// munmap. NULL: none is of use for this length, or is to be had.
//
// It is found, not held: with pages that are always huge (SHM_HUGETLB, hugetlbfs) the kernel maps more than the size that
// it tells, and would take what lies behind a reservation. It is asked for this address, and is free to choose another.
static inline void *shmrec_find_gap(uint64_t bytes) {
    if (bytes < SHMREC_HUGE_PAGE || bytes > UINT64_MAX - SHMREC_HUGE_PAGE) {
        return NULL;
    }
    const uint64_t larger = bytes + SHMREC_HUGE_PAGE;
    void *start = mmap(NULL, larger, PROT_NONE, MAP_PRIVATE | SHMREC_MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    (void)munmap(start, larger);
    return SHMREC_BYTES(start) + (SHMREC_HUGE_PAGE - SHMREC_ADDRESS(start) % SHMREC_HUGE_PAGE) % SHMREC_HUGE_PAGE;
}

// fstat(2): whether all of the file is there.
static inline bool shmrec_is_whole(int fd) {
    struct stat facts;
    return fstat(fd, &facts) == 0 && facts.st_blocks >= (facts.st_size + 511) / 512;
}

// Kilobytes in a line `NAME   1234 kB` of this name; 0 for another.
static inline uint64_t shmrec_smaps_kib(const char *line, const char *name) {
    return strncmp(line, name, strlen(name)) == 0 ? strtoull(line + strlen(name), NULL, 10) : 0;
}

// Bytes of the mapping that lie in huge pages, according to /proc/self/smaps: each mapping begins with a line
// `START-END ...`, and behind it stand lines `Name:   1234 kB`. 0 or the errno.
static inline int shmrec_huge_bytes(const void *base, uint64_t bytes, uint64_t *huge) {
    const uint64_t start = SHMREC_ADDRESS(base);
    bool is_inside = false, is_start = true;
    char line[256];
    FILE *smaps = fopen("/proc/self/smaps", "re");
    *huge = 0;
    if (smaps == NULL) {
        return errno;
    }
    while (fgets(line, sizeof line, smaps) != NULL) {
        char *end;
        const uint64_t address = strtoull(line, &end, 16);
        if (is_start && end != line && *end == '-') {
            is_inside = address >= start && address - start < bytes;
        } else if (is_start && is_inside) {
            *huge += 1024 * (shmrec_smaps_kib(line, "ShmemPmdMapped:") + shmrec_smaps_kib(line, "FilePmdMapped:"));
        }
        is_start = strchr(line, '\n') != NULL; // the rest of a long line is no line
    }
    (void)fclose(smaps);
    return 0;
}

// Puts every whole 2 MiB of a mapping that was made for it into a huge page. `fd` is the file that it maps, or -1.
static inline int shmrec_use_huge_pages(void *base, uint64_t bytes, int fd, const shmrec_task *task) {
    const uint64_t pages = bytes / SHMREC_HUGE_PAGE;
    const char *text = shmrec_code_text(SHMREC_HUGE_PAGES_UNAVAILABLE);
    uint64_t huge;
    if (pages == 0) {
        return shmrec_fail(task, SHMREC_HUGE_PAGES_UNAVAILABLE, 0, "%s: %llu bytes, a huge page has %llu", text,
                           SHMREC_CAST(unsigned long long, bytes), SHMREC_CAST(unsigned long long, SHMREC_HUGE_PAGE));
    }
    // A disk's file comes in huge pages when it is read; what is not there must not be made here. What comes of it, and
    // of the next call, which does not know disks, is seen below.
    int result;
    if (fd >= 0 && shmrec_is_whole(fd)) {
        SHMREC_RETRY(result, shmrec_sys_madvise(base, bytes, SHMREC_MADV_POPULATE_READ));
    }
    SHMREC_RETRY(result, shmrec_sys_madvise(base, pages * SHMREC_HUGE_PAGE, SHMREC_MADV_COLLAPSE));
    const int problem = result == 0 ? 0 : errno;
    const int unreadable = shmrec_huge_bytes(base, bytes, &huge);
    if (unreadable != 0) {
        return shmrec_fail(task, SHMREC_HUGE_PAGES_UNAVAILABLE, unreadable, "%s: open /proc/self/smaps", text);
    }
    if (huge / SHMREC_HUGE_PAGE == pages) {
        return SHMREC_OK;
    }
    return shmrec_fail(task, SHMREC_HUGE_PAGES_UNAVAILABLE, problem, "%s: %llu of %llu%s", text,
                       SHMREC_CAST(unsigned long long, huge / SHMREC_HUGE_PAGE),
                       SHMREC_CAST(unsigned long long, pages), problem != 0 ? ": madvise(MADV_COLLAPSE)" : "");
}

// mlock2(MLOCK_ONFAULT): pages that are present stay so, others from when they are touched. munmap(2) undoes it.
static inline int shmrec_lock_memory(void *base, uint64_t bytes, const shmrec_task *task) {
    if (shmrec_sys_mlock2(base, bytes, SHMREC_MLOCK_ONFAULT) == 0) {
        return SHMREC_OK;
    }
    const int problem = errno;
    struct rlimit limit;
    memset(&limit, 0, sizeof limit);
    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    return shmrec_fail(task, SHMREC_NOT_LOCKED, problem, "not locked in memory: RLIMIT_MEMLOCK is %llu bytes: mlock2",
                       SHMREC_CAST(unsigned long long, limit.rlim_cur));
}

// Gives the mapping what is wished for, or says why what is required is not to be had. `fd` is the file that it maps,
// or -1.
static inline int shmrec_settle(shmrec_memory *got, void *base, uint64_t bytes, int fd, shmrec_wishes wishes,
                                const shmrec_task *task) {
    const shmrec_task quiet = shmrec_task_quiet(task);
    memset(got, 0, sizeof *got);
    if (wishes.huge_pages != SHMREC_NO_NEED) {
        const bool required = wishes.huge_pages != SHMREC_PREFER;
        const int code = shmrec_use_huge_pages(base, bytes, fd, required ? task : &quiet);
        got->huge_pages = code == SHMREC_OK;
        if (required && code != SHMREC_OK) {
            return code;
        }
    }
    if (wishes.locked != SHMREC_NO_NEED) {
        const bool required = wishes.locked != SHMREC_PREFER;
        const int code = shmrec_lock_memory(base, bytes, required ? task : &quiet);
        got->locked = code == SHMREC_OK;
        if (required && code != SHMREC_OK) {
            return code;
        }
    }
    return SHMREC_OK;
}

#endif
