// region_sysv.h: System V segments, found, created and removed by key (shmget(2), shmctl(2)). Relies on identity.h,
// wanted.h and sys.h; does not know what the segments hold.

#ifndef SHMRECORD_REGION_SYSV_H
#define SHMRECORD_REGION_SYSV_H

#include "identity.h"
#include "sys.h"
#include "wanted.h"

// The inode of this thread's IPC namespace, which its calls count in; 0 where it cannot be read.
static inline uint64_t shmrec_ipc_namespace(void) {
    struct stat facts;
    return stat("/proc/thread-self/ns/ipc", &facts) == 0 ? facts.st_ino : 0;
}

// An id counts within an IPC namespace; ids are not used again before their sequence number wraps.
static inline shmrec_identity shmrec_ipc_identity(int id) {
    shmrec_identity identity;
    identity.device = shmrec_ipc_namespace();
    identity.inode = SHMREC_CAST(uint64_t, id);
    return identity;
}

// Whether the id in this identity means the same object here, as far as both namespaces are known: keys and ids count
// within an IPC namespace, and this thread may have entered another one.
static inline bool shmrec_ipc_is_here(shmrec_identity identity) {
    const uint64_t here = shmrec_ipc_namespace();
    return here == 0 || identity.device == 0 || here == identity.device;
}

// Whether this errno says that an id leads to nothing any more.
static inline bool shmrec_ipc_gone(int errno_value) { return errno_value == EIDRM || errno_value == EINVAL; }

// shmget(2) without IPC_CREAT: the id under this key; -1 when there is none.
static inline int shmrec_shm_get(int *id, key_t key, const shmrec_task *task) {
    *id = shmget(key, 0, 0);
    return *id >= 0 || errno == ENOENT ? SHMREC_OK : shmrec_fail_os(task, "shmget", errno);
}

// Accepts a System V object by its owner and its creator, who may both change and remove it, and by its mode.
static inline int shmrec_check_ipc(uint32_t uid, uint32_t creator, uint32_t mode, const shmrec_task *task) {
    const int code = shmrec_check_trust(uid, mode & 0777u, task);
    return code != SHMREC_OK ? code : shmrec_check_trust(creator, mode & 0777u, task);
}

// shmctl(IPC_STAT)
static inline int shmrec_shm_stat(int id, struct shmid_ds *facts, const shmrec_task *task) {
    memset(facts, 0, sizeof *facts);
    if (shmctl(id, IPC_STAT, facts) == 0) {
        return SHMREC_OK;
    }
    const int problem = errno;
    if (shmrec_ipc_gone(problem)) { // removed between shmget and now
        return shmrec_fail(task, SHMREC_NOT_FOUND, problem, "not found: shmctl(IPC_STAT)");
    }
    return shmrec_fail_os(task, "shmctl(IPC_STAT)", problem);
}

// Its size, and whether owner and mode are accepted.
static inline int shmrec_shm_check(int id, uint64_t *bytes, const shmrec_task *task) {
    struct shmid_ds facts;
    const int code = shmrec_shm_stat(id, &facts, task);
    if (code != SHMREC_OK) {
        return code;
    }
    *bytes = facts.shm_segsz;
    return shmrec_check_ipc(facts.shm_perm.uid, facts.shm_perm.cuid, facts.shm_perm.mode, task);
}

// The segment under this key, if its owner and mode are accepted.
static inline int shmrec_shm_find(int *id, uint64_t *bytes, key_t key, const shmrec_task *task) {
    const int code = shmrec_shm_get(id, key, task);
    if (code != SHMREC_OK || *id >= 0) {
        return code != SHMREC_OK ? code : shmrec_shm_check(*id, bytes, task);
    }
    return shmrec_fail_os(task, "shmget", ENOENT);
}

// The mode that a System V object of these rights is made with: nothing for the group before it is the right one.
static inline int shmrec_first_mode(shmrec_rights rights) {
    return SHMREC_CAST(int, rights.group == SHMREC_NO_GROUP ? rights.mode : rights.mode & ~0070u);
}

// Group and permission bits of an object that is there, as IPC_SET takes them.
static inline void shmrec_put_rights(struct ipc_perm *permissions, shmrec_rights rights) {
    permissions->mode = SHMREC_CAST(unsigned short, rights.mode);
    if (rights.group != SHMREC_NO_GROUP) {
        permissions->gid = rights.group;
    }
}

// shmctl(IPC_SET): the group that was asked for, and its permissions.
static inline int shmrec_shm_set_group(int id, shmrec_rights rights, const shmrec_task *task) {
    struct shmid_ds facts;
    if (rights.group == SHMREC_NO_GROUP) {
        return SHMREC_OK;
    }
    const int code = shmrec_shm_stat(id, &facts, task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_put_rights(&facts.shm_perm, rights);
    return shmctl(id, IPC_SET, &facts) == 0 ? SHMREC_OK : shmrec_fail_os(task, "shmctl(IPC_SET)", errno);
}

SHMREC_COLD int shmrec_shm_above_max(uint64_t bytes, const shmrec_task *task) {
    return shmrec_fail(task, SHMREC_NO_SPACE, EINVAL, "no space for %llu bytes: shmget: above SHMMAX",
                       SHMREC_CAST(unsigned long long, bytes));
}

// The kernel's struct shminfo and struct shm_info, which <sys/shm.h> hides from strict C.
typedef struct shmrec_shm_limits {
    uint64_t max_bytes, min_bytes, max_ids, max_per_process, max_pages, unused[4];
} shmrec_shm_limits;
typedef struct shmrec_shm_used {
    uint32_t ids, padding;
    uint64_t pages, present, swapped, unused[2];
} shmrec_shm_used;

// shmctl(IPC_INFO) and shmctl(SHM_INFO): whether one more segment keeps within SHMMAX, SHMALL and SHMMNI. Where the
// kernel does not tell it is taken to be so.
static inline int shmrec_shm_check_limits(uint64_t bytes, const shmrec_task *task) {
    union {
        struct shmid_ds any; // what shmctl is declared with
        shmrec_shm_limits limits;
        shmrec_shm_used used;
    } facts;
    memset(&facts, 0, sizeof facts);
    if (shmctl(0, SHMREC_IPC_INFO, &facts.any) < 0) {
        return SHMREC_OK;
    }
    const shmrec_shm_limits limits = facts.limits;
    if (shmctl(0, SHMREC_SHM_INFO, &facts.any) < 0) {
        return SHMREC_OK;
    }
    const shmrec_shm_used used = facts.used;
    if (bytes > limits.max_bytes) {
        return shmrec_shm_above_max(bytes, task);
    }
    const uint64_t page = SHMREC_CAST(uint64_t, sysconf(_SC_PAGESIZE));
    const uint64_t pages = bytes / page + (bytes % page != 0);
    const uint64_t room = limits.max_pages > used.pages ? limits.max_pages - used.pages : 0;
    return used.ids < limits.max_ids && pages <= room ? SHMREC_OK : shmrec_fail_space(task, "shmget", ENOSPC, bytes);
}

// shmget(IPC_CREAT|IPC_EXCL): a new segment of zeros, SHM_NORESERVE if it is sparse. `*taken`: something has the key.
// On failure nothing is made.
static inline int shmrec_shm_create(int *id, key_t key, const shmrec_new_segment *segment, bool *taken,
                                    const shmrec_task *task) {
    const int sparse = shmrec_is_sparse(segment) ? SHMREC_SHM_NORESERVE : 0;
    *id = shmget(key, segment->bytes, IPC_CREAT | IPC_EXCL | sparse | shmrec_first_mode(segment->rights));
    const int problem = *id >= 0 ? 0 : errno;
    *taken = problem == EEXIST;
    if (*taken) {
        return SHMREC_OK;
    }
    if (problem == EINVAL) { // for a new segment: its size
        return shmrec_shm_above_max(segment->bytes, task);
    }
    if (problem != 0) {
        return shmrec_fail_space(task, "shmget", problem, segment->bytes);
    }
    const int code = shmrec_shm_set_group(*id, segment->rights, task);
    if (code != SHMREC_OK) {
        (void)shmctl(*id, IPC_RMID, NULL); // the error to report is the one that led here
    }
    return code;
}

// shmat(2): all of the segment with this id, at this address if nothing is there, else at one of the kernel's choice. One
// that was removed since it was found is not found.
static inline int shmrec_shm_attach(void **base, int id, uint64_t bytes, bool writable, void *address,
                                    const shmrec_task *task) {
    const int flags = writable ? 0 : SHM_RDONLY;
    *base = shmat(id, address, flags);
    if (*base == MAP_FAILED && address != NULL) {
        *base = shmat(id, NULL, flags);
    }
    if (*base != MAP_FAILED) { // the same value as shmat's (void *) -1
        return SHMREC_OK;
    }
    const int problem = errno;
    *base = NULL;
    if (shmrec_ipc_gone(problem)) {
        return shmrec_fail(task, SHMREC_NOT_FOUND, problem, "not found: shmat");
    }
    return shmrec_fail_space(task, "shmat", problem, bytes);
}

// shmctl(IPC_RMID): the key is free at once, the memory when the last process lets go.
static inline int shmrec_shm_remove(int id, const shmrec_task *task) {
    return shmctl(id, IPC_RMID, NULL) == 0 ? SHMREC_OK : shmrec_fail_os(task, "shmctl(IPC_RMID)", errno);
}

#endif
