// identity.h: what tells one segment or guard from every other, whose segments and guards are accepted, and what a new
// one is to be. Relies on error.h and geteuid(2); opens nothing.

#ifndef SHMRECORD_IDENTITY_H
#define SHMRECORD_IDENTITY_H

#include "error.h"
#include "sys.h"

// Which one: device and inode of a file; the inode of the IPC namespace and the id of a System V object.
typedef struct shmrec_identity {
    uint64_t device;
    uint64_t inode;
} shmrec_identity;

static inline bool shmrec_same(shmrec_identity a, shmrec_identity b) {
    return a.device == b.device && a.inode == b.inode;
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
    bool exclusive; // once it has its name, nobody may map it for writing any more; only memfds can be
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

// Accepts an object of this owner and these permission bits, or says why not.
static inline int shmrec_check_trust(uint32_t owner, uint32_t mode, const shmrec_task *task) {
    if (owner != 0 && owner != geteuid() && owner != task->trusted_owner) {
        return shmrec_fail(task, SHMREC_BAD_OWNER, 0, "owned by user %u, who is not trusted", owner);
    }
    if ((mode & 0002u) != 0 && !task->world_writable) {
        return shmrec_fail(task, SHMREC_TOO_PERMISSIVE, 0, "mode %04o lets everybody write", mode);
    }
    return SHMREC_OK;
}

#endif
