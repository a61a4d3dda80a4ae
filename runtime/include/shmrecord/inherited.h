// inherited.h: memfds from parent to child: open descriptors that survive exec, and an environment variable that says
// which ones. Relies on identity.h, fcntl(2) and fstat(2); knows no segment. docs/FORMAT.md has the text's form.
//
// A number in the variable is believed only with the device and inode beside it: a child of a child may have the
// variable still, and something else under the number. And only of a descriptor that survives exec: once it is taken in
// it does not, so that no other runtime in this process takes it in too.

#ifndef SHMRECORD_INHERITED_H
#define SHMRECORD_INHERITED_H

#include "identity.h"

#include <stdlib.h>

// The variable: FD:DEVICE:INODE[,FD:DEVICE:INODE]=NAME for each table, with / between them.
#define SHMREC_MEMFD_VARIABLE "SHMRECORD_MEMFD"
// Bytes of the longest entry: two descriptors, a name, what stands between them, and NUL.
#define SHMREC_MEMFD_ENTRY 512

// The descriptors of a table that is handed over: the segment and, for a writer, its guard.
typedef struct shmrec_handed {
    shmrec_identity identities[2];
    int fds[2];
    unsigned count;
    uint32_t reserved;
} shmrec_handed;

static inline void shmrec_handed_close(shmrec_handed *handed) {
    while (handed->count > 0) {
        handed->count--;
        (void)close(handed->fds[handed->count]);
    }
}

// fstat(2): which file this is. False, with errno, when that fails.
static inline bool shmrec_identity_of(int fd, shmrec_identity *identity) {
    struct stat facts;
    memset(identity, 0, sizeof *identity);
    if (fstat(fd, &facts) != 0) {
        return false;
    }
    identity->device = facts.st_dev;
    identity->inode = facts.st_ino;
    return true;
}

// Reads a decimal number up to `most`, and what stands behind it when that is `end`. False: something else is there.
static inline bool shmrec_read_number(const char **at, uint64_t most, char end, uint64_t *number) {
    const char *start = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        const uint64_t digit = SHMREC_CAST(uint64_t, **at - '0');
        if (*number > (most - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    if (*at == start || (end != '\0' && **at != end)) {
        return false;
    }
    *at += end != '\0' ? 1 : 0;
    return true;
}

// Reads FD:DEVICE:INODE, and makes that descriptor end at exec, if it is the one that was meant.
static inline bool shmrec_claim_inherited(const char **at, int *fd, shmrec_identity *identity) {
    uint64_t number;
    shmrec_identity meant, found;
    if (!shmrec_read_number(at, INT32_MAX, ':', &number) ||
        !shmrec_read_number(at, UINT64_MAX, ':', &meant.device) ||
        !shmrec_read_number(at, UINT64_MAX, '\0', &meant.inode)) {
        return false;
    }
    *fd = SHMREC_CAST(int, number);
    const int flags = *fd > 2 ? fcntl(*fd, F_GETFD) : -1;
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || !shmrec_identity_of(*fd, &found) || !shmrec_same(meant, found)) {
        return false;
    }
    *identity = meant;
    return fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

// Takes in the table that the next entry names, and goes behind that entry. False: it is not for this process.
static inline bool shmrec_take_in(const char **at, shmrec_handed *handed, char *name, size_t room) {
    const char *word = *at, *end = strchr(*at, '/');
    const size_t bytes = end != NULL ? SHMREC_CAST(size_t, end - *at) : strlen(*at);
    const char *stop = *at + bytes;
    *at = end != NULL ? end + 1 : stop;
    memset(handed, 0, sizeof *handed);
    bool good = true;
    while (good && handed->count < 2) {
        good = shmrec_claim_inherited(&word, &handed->fds[handed->count], &handed->identities[handed->count]);
        handed->count += good ? 1 : 0;
        if (!good || *word != ',') {
            break;
        }
        word++;
    }
    const size_t named = good && *word == '=' ? SHMREC_CAST(size_t, stop - word) - 1 : 0;
    if (named == 0 || named >= room) {
        shmrec_handed_close(handed);
        return false;
    }
    memcpy(name, word + 1, named);
    name[named] = '\0';
    return true;
}

// Adds an entry for these descriptors to this process's environment. 0 or the errno.
static inline int shmrec_leave(const char *name, const shmrec_handed *handed) {
    const char *before = getenv(SHMREC_MEMFD_VARIABLE);
    const size_t room = (before != NULL ? strlen(before) : 0) + SHMREC_MEMFD_ENTRY;
    char *text = SHMREC_CAST(char *, malloc(room));
    if (text == NULL) {
        return ENOMEM;
    }
    (void)snprintf(text, room, "%s%s", before != NULL ? before : "", before != NULL && *before != '\0' ? "/" : "");
    for (unsigned i = 0; i < handed->count; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, room - used, "%s%d:%llu:%llu", i > 0 ? "," : "", handed->fds[i],
                       SHMREC_CAST(unsigned long long, handed->identities[i].device),
                       SHMREC_CAST(unsigned long long, handed->identities[i].inode));
    }
    const size_t used = strlen(text);
    (void)snprintf(text + used, room - used, "=%s", name);
    const int problem = shmrec_sys_setenv(SHMREC_MEMFD_VARIABLE, text, 1) == 0 ? 0 : errno;
    free(text);
    return problem;
}

#endif
