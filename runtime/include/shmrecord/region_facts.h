// region_facts.h: what the kernel says of a segment: size, owner, mode, who uses it. Relies on region_sysv.h and
// fstat(2); does not know what the segment holds.

#ifndef SHMRECORD_REGION_FACTS_H
#define SHMRECORD_REGION_FACTS_H

#include "region_sysv.h"

// A number that the kernel does not tell.
#define SHMREC_NOT_TOLD UINT64_MAX

// What the kernel says of a segment at this moment. Nothing in the segment is asked, so nobody who writes it can lie
// here.
typedef struct shmrec_facts {
    uint64_t bytes;           // of the segment
    uint64_t allocated_bytes; // backed by memory or disk; fewer where a file is sparse; SHMREC_NOT_TOLD: System V
    uint64_t attachments;     // how often it is mapped, in all processes together; SHMREC_NOT_TOLD: files
    uint32_t uid;             // the user who owns it
    uint32_t gid;             // the group that owns it
    uint32_t mode;            // permission bits
    // The process that made it. 0 where the kernel does not keep it (files) or has no number for it here (another PID
    // namespace). It may be gone, and its number another process's.
    uint32_t creator_pid;
    uint32_t last_pid; // that last mapped it or let go of it; 0 likewise, and before the first
    uint32_t reserved;
} shmrec_facts;

// Everything below is not for programs.

// fstat(2) into facts that are all zeros.
static inline int shmrec_facts_of_file(shmrec_facts *facts, int fd, const shmrec_task *task) {
    struct stat file;
    if (fstat(fd, &file) != 0) {
        return shmrec_fail_os(task, "fstat", errno);
    }
    facts->bytes = SHMREC_CAST(uint64_t, file.st_size);
    facts->allocated_bytes = SHMREC_CAST(uint64_t, file.st_blocks) * 512; // whatever the file system's blocks are
    facts->attachments = SHMREC_NOT_TOLD;
    facts->uid = file.st_uid;
    facts->gid = file.st_gid;
    facts->mode = file.st_mode & 07777u;
    return SHMREC_OK;
}

// Likewise shmctl(IPC_STAT) of the segment with this id and identity, be it removed, as long as it is mapped. In
// another IPC namespace the id means another segment or none.
static inline int shmrec_facts_of_shm(shmrec_facts *facts, int id, shmrec_identity identity, const shmrec_task *task) {
    struct shmid_ds shm;
    if (!shmrec_ipc_is_here(identity)) {
        return shmrec_fail(task, SHMREC_NAMESPACE_MISMATCH, 0, "%s: this process has entered another one",
                           shmrec_code_text(SHMREC_NAMESPACE_MISMATCH));
    }
    const int code = shmrec_shm_stat(id, &shm, task);
    if (code != SHMREC_OK) {
        return code;
    }
    facts->bytes = shm.shm_segsz;
    facts->allocated_bytes = SHMREC_NOT_TOLD;
    facts->attachments = shm.shm_nattch;
    facts->uid = shm.shm_perm.uid;
    facts->gid = shm.shm_perm.gid;
    facts->mode = shm.shm_perm.mode & 0777u; // the bits above say what the kernel will do with it
    facts->creator_pid = SHMREC_CAST(uint32_t, shm.shm_cpid);
    facts->last_pid = SHMREC_CAST(uint32_t, shm.shm_lpid);
    return SHMREC_OK;
}

// What is there, for the error that says whose it may be: `4096 bytes of user 0, made by process 123`.
static inline void shmrec_facts_words(char words[96], const shmrec_facts *facts) {
    (void)snprintf(words, 96, "%llu bytes of user %u", SHMREC_CAST(unsigned long long, facts->bytes), facts->uid);
    if (facts->creator_pid != 0) {
        const size_t length = strlen(words);
        (void)snprintf(words + length, 96 - length, ", made by process %u", facts->creator_pid);
    }
}

#endif
