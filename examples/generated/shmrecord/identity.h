// identity.h: what tells one segment or guard from every other, and whose segments and guards are accepted. Relies on
// error.h and geteuid(2); opens nothing.

#ifndef SHMRECORD_IDENTITY_H
#define SHMRECORD_IDENTITY_H

#include "error.h"
#include "sys.h"

// Which one: device and inode of a file; the inode of the IPC namespace and the id of a System V object.
typedef struct shmrec_identity {
    uint64_t device;
    uint64_t inode;
} shmrec_identity;

// Whether both are one object. A device of 0 is an IPC namespace that could not be asked for, then or now: within one
// namespace ids tell enough.
static inline bool shmrec_same(shmrec_identity a, shmrec_identity b) {
    const bool unknown = a.device == 0 || b.device == 0;
    return a.inode == b.inode && (unknown || a.device == b.device);
}

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
