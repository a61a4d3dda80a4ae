// wanted.h: what a new segment is to be, and what a mapping is wanted to have. Relies on base.h; makes no system call.

#ifndef SHMRECORD_WANTED_H
#define SHMRECORD_WANTED_H

#include "base.h"

// How much something is wanted that not every system gives.
enum shmrec_need {
    SHMREC_NO_NEED = 0,
    SHMREC_PREFER = 1, // it is tried; without it everything works the same, and shmrec_table_memory says so
    SHMREC_REQUIRE = 2 // without it the call fails
};

// What a mapping is wanted to have; each an enum shmrec_need.
typedef struct shmrec_wishes {
    int huge_pages;
    int locked;
} shmrec_wishes;

static inline shmrec_wishes shmrec_wish(int huge_pages, int locked) {
    shmrec_wishes wishes;
    wishes.huge_pages = huge_pages;
    wishes.locked = locked;
    return wishes;
}

// Stands for the group that the kernel chooses; chown(2) takes it for "as it is", so that it is no group.
#define SHMREC_NO_GROUP UINT32_MAX

// Who may use a new segment or guard.
typedef struct shmrec_rights {
    uint32_t mode;  // permission bits, whatever the umask
    uint32_t group; // the group they are for, or SHMREC_NO_GROUP
} shmrec_rights;

// What a new segment is to be.
typedef struct shmrec_new_segment {
    uint64_t bytes;
    // Bytes from the start on whose memory is its own before it has its name: all, or, of a sparse one, those that are
    // stored to until then. The kernel finds the others when they are touched.
    uint64_t present_bytes;
    shmrec_rights rights;
    shmrec_wishes wishes; // for its creator's mapping
    bool exclusive;       // once it has its name, nobody may map it for writing any more; only memfds can be
    uint8_t reserved[7];
} shmrec_new_segment;

// Whether some of its memory is only found when it is touched.
static inline bool shmrec_is_sparse(const shmrec_new_segment *segment) {
    return segment->present_bytes < segment->bytes;
}

static inline shmrec_rights shmrec_rights_of(uint32_t mode, uint32_t group) {
    shmrec_rights rights;
    rights.mode = mode;
    rights.group = group;
    return rights;
}

// For its owner only.
static inline shmrec_rights shmrec_private(void) { return shmrec_rights_of(0600u, SHMREC_NO_GROUP); }

#endif
