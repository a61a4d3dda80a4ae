// draft.h: a new segment on its way to its name: as much as can be made without one, then the rest. Relies on
// available.h and region.h; does not know what is filled in between.
//
// A file is complete before it has its name. A System V segment has its key from the first moment, and counts as absent
// until its magic is stored.

#ifndef SHMRECORD_DRAFT_H
#define SHMRECORD_DRAFT_H

#include "available.h"
#include "region.h"

// A new segment; all zeros: nothing is made yet.
typedef struct shmrec_draft {
    shmrec_found found;
    shmrec_map map;
    bool made; // it is this value's own: to be closed or removed
    uint8_t reserved[7];
} shmrec_draft;

// Gives everything back that has no name to keep it.
static inline void shmrec_draft_drop(shmrec_draft *draft, const shmrec_task *task) {
    shmrec_unmap(&draft->map);
    if (draft->made && !draft->found.is_file) {
        const shmrec_task quiet = shmrec_task_quiet(task);
        (void)shmrec_shm_remove(draft->found.handle, &quiet);
    } else if (draft->made) {
        shmrec_found_close(&draft->found);
    }
    draft->made = false;
}

static inline int shmrec_draft_map(shmrec_draft *draft, const shmrec_new_segment *segment, const shmrec_task *task) {
    shmrec_find_vectors();
    int code = shmrec_map_found(&draft->map, &draft->found, true, segment->wishes, task);
    code = code != SHMREC_OK ? code : shmrec_populate(&draft->map, segment->present_bytes, task);
    code = code != SHMREC_OK ? code : shmrec_map_settle(&draft->map, segment->wishes, task);
    if (code != SHMREC_OK) {
        shmrec_draft_drop(draft, task);
    }
    return code;
}

// Before the guard exists: makes a file without a name, its space reserved and its pages present, so that a failure for
// want of space leaves nothing at all. On failure nothing is made.
static inline int shmrec_draft_prepare(shmrec_draft *draft, const shmrec_address *address,
                                       const shmrec_new_segment *segment, const shmrec_task *task) {
    if (draft->made) {
        return SHMREC_OK;
    }
    // Of a disk's file the kernel can take the memory back.
    int code = SHMREC_OK;
    if (!address->is_file || address->is_memfd ||
        strncmp(address->path, SHMREC_POSIX_DIRECTORY, sizeof SHMREC_POSIX_DIRECTORY - 1) == 0) {
        code = shmrec_check_available(segment->present_bytes, task);
    }
    if (code != SHMREC_OK || !address->is_file) {
        return code;
    }
    shmrec_file file;
    const shmrec_rights rights = segment->rights;
    code = address->is_memfd
               ? shmrec_memfd_create(&file, shmrec_memfd_name(address->path), rights, segment->present_bytes, task)
               : shmrec_file_unnamed(&file, address->directory, rights, segment->bytes, task);
    if (code != SHMREC_OK) {
        return code;
    }
    draft->made = true;
    draft->found.is_file = true;
    draft->found.handle = file.fd;
    draft->found.identity = file.identity;
    draft->found.bytes = segment->bytes;
    code = shmrec_file_reserve(&file, segment, task);
    if (code != SHMREC_OK) {
        shmrec_draft_drop(draft, task);
        return code;
    }
    return shmrec_draft_map(draft, segment, task);
}

// Behind shmrec_draft_prepare: whether there is room for a new segment of which that could make nothing, because the old
// one has its key. That much memory is made elsewhere and let go again. Somebody else may have it a moment later. But what
// is never to be had is refused while the old one is whole.
static inline int shmrec_draft_rehearse(const shmrec_address *address, const shmrec_new_segment *segment,
                                        const shmrec_task *task) {
    shmrec_found nothing;
    shmrec_map map;
    if (address->is_file) {
        return SHMREC_OK;
    }
    memset(&nothing, 0, sizeof nothing);
    nothing.is_file = true;
    nothing.handle = -1;
    nothing.bytes = segment->bytes;
    int code = shmrec_shm_check_limits(segment->bytes, task);
    // The kernel keeps both kinds of memory alike, and of this one nothing is left behind by whoever is killed.
    code = code != SHMREC_OK ? code : shmrec_map_found(&map, &nothing, true, segment->wishes, task);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_populate(&map, segment->present_bytes, task);
    code = code != SHMREC_OK ? code : shmrec_map_settle(&map, segment->wishes, task);
    shmrec_unmap(&map);
    return code;
}

// Under the guard's locks: makes a System V segment, which has its key now. `*taken`: something else has it. On failure
// nothing is made.
static inline int shmrec_draft_begin(shmrec_draft *draft, const shmrec_address *address,
                                     const shmrec_new_segment *segment, bool *taken, const shmrec_task *task) {
    *taken = false;
    if (draft->made) {
        return SHMREC_OK;
    }
    const int code = shmrec_shm_create(&draft->found.handle, address->key, segment, taken, task);
    if (code != SHMREC_OK || *taken) {
        return code;
    }
    draft->made = true;
    draft->found.identity = shmrec_ipc_identity(draft->found.handle);
    draft->found.bytes = segment->bytes;
    return shmrec_draft_map(draft, segment, task);
}

// When it is filled, its magic last: names a file or memfd. `*taken`: something else has the name. Otherwise, on
// success, the segment stays, and the mapping is the caller's.
static inline int shmrec_draft_publish(shmrec_draft *draft, const shmrec_address *address,
                                       const shmrec_new_segment *segment, bool *taken, const shmrec_task *task) {
    const int fd = draft->map.handle;
    *taken = false;
    if (draft->found.is_file) {
        int code;
        if (address->is_memfd) {
            const char *name = shmrec_memfd_name(address->path);
            code = shmrec_memfd_seal(fd, segment->exclusive, task);
            code = code != SHMREC_OK ? code
                                     : shmrec_memfd_publish(fd, draft->found.identity, name, taken, task);
        } else {
            code = shmrec_file_publish(fd, draft->found.bytes, address->path, taken, task);
        }
        if (code != SHMREC_OK || *taken) {
            return code;
        }
    }
    draft->made = false;
    draft->map.base = NULL;
    return SHMREC_OK;
}

#endif
