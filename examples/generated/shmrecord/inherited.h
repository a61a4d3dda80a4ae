// inherited.h: memfds from parent to child: open descriptors that survive exec, and an environment variable that says
// which ones. Relies on identity.h, fcntl(2) and fstat(2), and on describe.h for what text is; knows no segment. docs/FORMAT.md has the text's form.
//
// A number in the variable is believed only with the device and inode beside it: a child of a child may have the
// variable still, and something else under the number. And only of a descriptor that survives exec: once it is taken in
// it does not, so that no other runtime in this process takes it in too.

#ifndef SHMRECORD_INHERITED_H
#define SHMRECORD_INHERITED_H

#include "describe.h"
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

// Reads FD:DEVICE:INODE. False: that is not what stands there, or the descriptor is not one that was left for this
// process and that nobody here has taken in.
static inline bool shmrec_read_heirloom(const char **at, int *fd, shmrec_identity *meant) {
    uint64_t number;
    shmrec_identity found;
    if (!shmrec_read_number(at, INT32_MAX, ':', &number) ||
        !shmrec_read_number(at, UINT64_MAX, ':', &meant->device) ||
        !shmrec_read_number(at, UINT64_MAX, '\0', &meant->inode)) {
        return false;
    }
    *fd = SHMREC_CAST(int, number);
    const int flags = *fd > 2 ? fcntl(*fd, F_GETFD) : -1;
    return flags >= 0 && (flags & FD_CLOEXEC) == 0 && shmrec_identity_of(*fd, &found) &&
           meant->device == found.device && meant->inode == found.inode;
}

// Takes in the table that the entry from `at` to `end` names: all its descriptors or none, for an old entry may have a
// number in common with a new one. They end at exec from now on. False: it is not for this process.
static inline bool shmrec_take_in(const char *at, const char *end, shmrec_handed *handed, char *name, size_t room) {
    memset(handed, 0, sizeof *handed);
    unsigned count = 0;
    for (bool more = true; more && count < 2; at += more ? 1 : 0) {
        if (!shmrec_read_heirloom(&at, &handed->fds[count], &handed->identities[count])) {
            return false;
        }
        count++;
        more = *at == ',';
    }
    const size_t named = *at == '=' && at < end ? SHMREC_CAST(size_t, end - at) - 1 : 0;
    if (named == 0 || named >= room || (count == 2 && handed->fds[0] == handed->fds[1])) {
        return false;
    }
    shmrec_string text;
    text.bytes = SHMREC_CAST(const unsigned char *, SHMREC_CAST(const void *, at + 1));
    text.length = named;
    if (!shmrec_is_utf8(text)) {
        return false;
    }
    memcpy(name, at + 1, named);
    name[named] = '\0';
    for (handed->count = 0; handed->count < count; handed->count++) {
        if (fcntl(handed->fds[handed->count], F_SETFD, FD_CLOEXEC) != 0) {
            shmrec_handed_close(handed);
            return false;
        }
    }
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
