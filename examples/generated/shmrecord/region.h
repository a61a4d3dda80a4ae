// region.h: segments by place: files with a name, System V segments and memfds, so that nothing above tells them apart.
// Relies on address.h, fork.h and the region_*.h; knows neither header nor records.

#ifndef SHMRECORD_REGION_H
#define SHMRECORD_REGION_H

#include "address.h"
#include "fork.h"
#include "region_facts.h"
#include "region_memfd.h"
#include "region_memory.h"
#include "region_named.h"
#include "region_sysv.h"

// A segment that is there, not mapped yet.
typedef struct shmrec_found {
    shmrec_identity identity;
    uint64_t bytes; // according to the kernel
    int handle;     // a file's descriptor, which is to be closed (-1: none), or a System V id
    bool is_file;
    uint8_t reserved[3];
} shmrec_found;

// One shared mapping of a whole segment.
typedef struct shmrec_map {
    void *base; // NULL: none
    // The process that may write it, which a child does not have; NULL: it is only read, by children too.
    const uint64_t *home;
    uint64_t bytes;
    int handle;   // a file's descriptor, which is the mapping's own, or a System V id: to ask the kernel about it
    bool of_file; // munmap(2) gives it back, otherwise shmdt(2)
    shmrec_memory memory;
    uint8_t reserved[1];
} shmrec_map;

static inline void shmrec_found_close(shmrec_found *found) {
    if (found->is_file && found->handle >= 0) {
        (void)close(found->handle);
    }
    found->handle = -1;
}

// What the kernel says of the segment with this handle and identity; after a failure all zeros.
static inline int shmrec_segment_facts(shmrec_facts *facts, int handle, bool is_file, shmrec_identity identity,
                                       const shmrec_task *task) {
    memset(facts, 0, sizeof *facts);
    return is_file ? shmrec_facts_of_file(facts, handle, task) : shmrec_facts_of_shm(facts, handle, identity, task);
}

// Whether this error may pass by itself: a System V segment has its key before it is complete.
static inline bool shmrec_may_pass(const shmrec_address *address, int code) {
    return code == SHMREC_NOT_READY && !address->is_file;
}

// Between two rounds of an operation that ended with `code`: a pause when the next one may end otherwise, because the
// names changed (`*again`) or the error may pass. SHMREC_OK: another round, if `*again`; otherwise what there is to
// say. `*pause_ns` is 0 at first: once the operation begins anew at once, whatever the time, for what it took away itself
// is no reason to give up.
static inline int shmrec_again(int code, bool *again, uint64_t *pause_ns, const shmrec_address *address,
                               const shmrec_task *task) {
    if (code == SHMREC_OK && !*again) {
        return SHMREC_OK;
    }
    if (code != SHMREC_OK && !shmrec_may_pass(address, code)) {
        return code;
    }
    const bool at_once = code == SHMREC_OK && *pause_ns == 0;
    *pause_ns = *pause_ns == 0 ? 1000 : *pause_ns;
    if (!at_once && !shmrec_pause(pause_ns, task->deadline_ns)) {
        return code != SHMREC_OK ? code : shmrec_fail_plain(task, SHMREC_RETIRED);
    }
    *again = true;
    return SHMREC_OK;
}

// The segment that is there, if its owner and mode are accepted. Never waits. On failure nothing is open.
static inline int shmrec_find(shmrec_found *found, const shmrec_address *address, bool writable,
                              const shmrec_task *task) {
    memset(found, 0, sizeof *found);
    found->is_file = address->is_file;
    if (!address->is_file) {
        const int code = shmrec_shm_find(&found->handle, &found->bytes, address->key, task);
        found->identity = shmrec_ipc_identity(found->handle);
        return code;
    }
    shmrec_file file;
    const int code = address->is_memfd
                         ? shmrec_memfd_open(&file, shmrec_memfd_name(address->path), writable, task)
                         : shmrec_file_open(&file, address->path, writable, task);
    found->handle = file.fd;
    found->bytes = file.bytes;
    found->identity = file.identity;
    return code;
}

// Which segment the name leads to. `*taken`: to any at all.
static inline int shmrec_named(const shmrec_address *address, shmrec_identity *identity, bool *taken,
                               const shmrec_task *task) {
    if (address->is_memfd) {
        return shmrec_registry_named(shmrec_memfd_name(address->path), identity, taken, task);
    }
    if (address->is_file) {
        return shmrec_file_named(address->path, identity, taken, task);
    }
    int id;
    const int code = shmrec_shm_get(&id, address->key, task);
    *identity = shmrec_ipc_identity(id);
    *taken = id >= 0;
    return code;
}

// Whether the name leads to anything at all.
static inline int shmrec_is_taken(const shmrec_address *address, bool *taken, const shmrec_task *task) {
    shmrec_identity ignored;
    return shmrec_named(address, &ignored, taken, task);
}

// Whether the name leads to this segment.
static inline int shmrec_leads_to(const shmrec_address *address, shmrec_identity identity, bool *leads,
                                  const shmrec_task *task) {
    shmrec_identity now;
    const int code = shmrec_named(address, &now, leads, task);
    *leads = code == SHMREC_OK && *leads && shmrec_same(now, identity);
    return code;
}

// Whether a segment or guard of this kind and identity could be found from here at all.
static inline bool shmrec_is_of_this_namespace(const shmrec_address *address, shmrec_identity identity) {
    return address->is_file || shmrec_ipc_is_here(identity);
}

// Takes the name away from this segment. Callers hold the lock under which names change.
static inline int shmrec_unlink(const shmrec_address *address, shmrec_identity identity, const shmrec_task *task) {
    bool leads;
    const int code = shmrec_leads_to(address, identity, &leads, task);
    if (code != SHMREC_OK || !leads) {
        return code;
    }
    if (address->is_memfd) {
        return shmrec_registry_take_out(shmrec_memfd_name(address->path), identity, task);
    }
    return address->is_file ? shmrec_file_unlink(address->path, task)
                            : shmrec_shm_remove(SHMREC_CAST(int, identity.inode), task);
}

// Whether this is a child of the process that opened the mapping for writing: then it is not there.
SHMREC_HOT bool shmrec_map_is_forked(const shmrec_map *map) { return map->home != NULL && shmrec_is_left(map->home); }

// Closes a mapping's descriptor, and leaves its memory alone: all that there is of a writer's in a child process.
static inline void shmrec_map_close(shmrec_map *map) {
    if (map->base != NULL && map->of_file && map->handle >= 0) {
        (void)close(map->handle);
    }
    map->handle = -1;
}

// What a reader does that finds this segment removed: a memfd has a name here for as long as this process holds it.
static inline int shmrec_let_go(const shmrec_address *address, shmrec_identity identity, const shmrec_task *task) {
    return address->is_memfd ? shmrec_registry_let_go(shmrec_memfd_name(address->path), identity, task) : SHMREC_OK;
}

// Gives a mapping back. A child does not have one that its parent may write, and may have other memory in its place.
static inline void shmrec_unmap(shmrec_map *map) {
    shmrec_map_close(map);
    if (map->home != NULL && !shmrec_is_here(map->home)) {
        return;
    }
    if (map->base != NULL && map->of_file) {
        (void)munmap(map->base, map->bytes);
    } else if (map->base != NULL) {
        (void)shmdt(map->base);
    }
    map->base = NULL;
}

// mmap(2): all of the file, at this address if nothing is there, else at one of the kernel's choice. No descriptor: as much
// memory that is in no segment.
static inline int shmrec_file_map(void **base, int fd, uint64_t bytes, bool writable, void *address,
                                  const shmrec_task *task) {
    const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    *base = mmap(address, bytes, protection, MAP_SHARED | (fd < 0 ? SHMREC_MAP_ANONYMOUS : 0), fd, 0);
    if (*base != MAP_FAILED) {
        return SHMREC_OK;
    }
    *base = NULL;
    return shmrec_fail_space(task, "mmap", errno, bytes);
}

// Maps all of it, for huge pages, where there can be any, at an address that allows them, and makes a file's descriptor
// the mapping's own. Child processes do not inherit a writable mapping: the role of writer stays here. On failure
// nothing is mapped, and the descriptor stays with what was found.
static inline int shmrec_map_found(shmrec_map *map, shmrec_found *found, bool writable, shmrec_wishes wishes,
                                   const shmrec_task *task) {
    const bool huge = wishes.huge_pages != SHMREC_NO_NEED;
    void *address = huge ? shmrec_find_gap(found->bytes) : NULL;
    memset(map, 0, sizeof *map);
    map->bytes = found->bytes;
    map->handle = -1;
    map->of_file = found->is_file;
    int code = writable ? shmrec_home(&map->home, found->bytes, task) : SHMREC_OK;
    if (code != SHMREC_OK) {
        return code;
    }
    code = found->is_file ? shmrec_file_map(&map->base, found->handle, found->bytes, writable, address, task)
                       : shmrec_shm_attach(&map->base, found->handle, found->bytes, writable, address, task);
    if (code != SHMREC_OK) {
        return code;
    }
    int result = 0;
    if (writable) {
        SHMREC_RETRY(result, shmrec_sys_madvise(map->base, map->bytes, SHMREC_MADV_DONTFORK));
    }
    if (result != 0) {
        const int problem = errno;
        shmrec_unmap(map);
        return shmrec_fail_space(task, "madvise(MADV_DONTFORK)", problem, found->bytes);
    }
    if (huge) {
        // A wish that a kernel without huge pages refuses; what came of it is looked at when the pages are there.
        (void)shmrec_sys_madvise(map->base, map->bytes, SHMREC_MADV_HUGEPAGE);
    }
    map->handle = found->handle;
    if (found->is_file) {
        found->handle = -1;
    }
    return SHMREC_OK;
}

// Gives the mapping what is wished for, which it was made for, or says why what is required is not to be had.
static inline int shmrec_map_settle(shmrec_map *map, shmrec_wishes wishes, const shmrec_task *task) {
    return shmrec_settle(&map->memory, map->base, map->bytes, map->of_file ? map->handle : -1, wishes, task);
}

// Every page of the first `bytes` bytes present now, or an error now instead of a SIGBUS later (MAP_POPULATE hides the
// failure). A kernel before 5.14 answers EINVAL, which counts as done: their space is reserved already.
static inline int shmrec_populate(const shmrec_map *map, uint64_t bytes, const shmrec_task *task) {
    int result;
    SHMREC_RETRY(result, shmrec_sys_madvise(map->base, bytes, SHMREC_MADV_POPULATE_WRITE));
    if (result != 0 && errno != EINVAL) {
        return shmrec_fail_space(task, "madvise(MADV_POPULATE_WRITE)", errno, bytes);
    }
    return SHMREC_OK;
}

#endif
