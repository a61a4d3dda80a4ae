// address.h: addresses, posix:/name, file:/path, sysv:key and memfd:name, and the files and keys behind them. Relies on
// error.h and key.h; opens nothing.

#ifndef SHMRECORD_ADDRESS_H
#define SHMRECORD_ADDRESS_H

#include "abi.h"
#include "error.h"
#include "key.h"

#include <stdlib.h>

// Where POSIX shared memory is mounted on Linux (shm_overview(7)).
#define SHMREC_POSIX_DIRECTORY "/dev/shm/"
// What file systems allow for one component of a path (255), less the suffix of the guard.
#define SHMREC_NAME_MAX 249
// What stands before a name in this process's registry of memfds.
#define SHMREC_MEMFD_KIND "memfd:"

// Where a segment is: four strings in one allocation, which starts at `text`; or a key.
typedef struct shmrec_address {
    char *text;      // the address, for messages
    char *path;      // the file of the segment, or the name of a memfd behind its kind; empty for System V
    char *guard;     // the same of the guard beside it
    char *directory; // the directory of both files
    key_t key;       // of a System V segment and of the semaphore set that is its guard
    bool is_file;  // its segment and guard are open files: a memfd's too
    bool is_memfd; // their names count in this process only
    uint8_t reserved[2];
} shmrec_address;

static inline void shmrec_address_free(shmrec_address *address) {
    free(address->text);
    memset(address, 0, sizeof *address);
}

// SHMREC_BAD_NAME when the last component of a name or path breaks a rule.
static inline int shmrec_check_component(const char *path, const shmrec_task *task) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const size_t bytes = strlen(name);
    const size_t suffix = sizeof SHMREC_GUARD_SUFFIX - 1;
    // NUL, which ends the text, stands for "no exception".
    if (shmrec_has_control(SHMREC_CAST(const unsigned char *, SHMREC_CAST(const void *, path)), strlen(path), 0)) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: a control character inside the name");
    }
    if (bytes == 0) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: the name is empty");
    }
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: `%s` is a directory", name);
    }
    if (bytes > SHMREC_NAME_MAX) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0,
                           "bad name: %zu bytes, at most %d fit beside the %s of its guard file", bytes,
                           SHMREC_NAME_MAX, SHMREC_GUARD_SUFFIX);
    }
    if (bytes >= suffix && strcmp(name + bytes - suffix, SHMREC_GUARD_SUFFIX) == 0) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: names ending in %s belong to guard files",
                           SHMREC_GUARD_SUFFIX);
    }
    return SHMREC_OK;
}

// Writes the strings of a parsed address. On success the caller frees it.
static inline int shmrec_address_fill(shmrec_address *address, const char *kind, const char *prefix, const char *rest,
                                      const shmrec_task *task) {
    const size_t room = strlen(kind) + strlen(prefix) + strlen(rest) + sizeof SHMREC_GUARD_SUFFIX;
    char *block = SHMREC_CAST(char *, calloc(4, room));
    if (block == NULL) {
        return shmrec_fail_space(task, "calloc", ENOMEM, 4 * room);
    }
    address->text = block;
    address->path = block + room;
    address->guard = block + 2 * room;
    address->directory = block + 3 * room;
    (void)snprintf(address->text, room, "%s%s", kind, rest);
    if (!address->is_file) {
        return SHMREC_OK;
    }
    (void)snprintf(address->path, room, "%s%s", prefix, rest);
    (void)snprintf(address->guard, room, "%s%s%s", prefix, rest, SHMREC_GUARD_SUFFIX);
    (void)snprintf(address->directory, room, "%s%s", prefix, rest);
    char *slash = strrchr(address->directory, '/');
    if (slash == NULL) {
        memcpy(address->directory, ".", 2);
    } else {
        slash[slash == address->directory ? 1 : 0] = '\0';
    }
    return SHMREC_OK;
}

// Parses posix:/name (or posix:name), file:/path, memfd:name, or sysv: and a key. On success the caller frees the
// address.
static inline int shmrec_address_parse(shmrec_address *address, const char *text, shmrec_error *error) {
    memset(address, 0, sizeof *address);
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = "parse address";
    task.subject = text != NULL ? text : "NULL";
    task.error = error;
    const char *colon = text != NULL ? strchr(text, ':') : NULL;
    if (colon == NULL) {
        return shmrec_fail(&task, SHMREC_BAD_ADDRESS, 0, "bad address: no kind before a colon");
    }
    const char *rest = colon + 1;
    const bool posix = strncmp(text, "posix:", 6) == 0, sysv = strncmp(text, "sysv:", 5) == 0;
    const bool memfd = strncmp(text, SHMREC_MEMFD_KIND, sizeof SHMREC_MEMFD_KIND - 1) == 0;
    if (!posix && !sysv && !memfd && strncmp(text, "file:", 5) != 0) {
        const int bytes = colon - text < 32 ? SHMREC_CAST(int, colon - text) : 32;
        return shmrec_fail(&task, SHMREC_BAD_ADDRESS, 0, "bad address: kind `%.*s` is unknown", bytes, text);
    }
    if (posix && rest[0] == '/') {
        rest++;
    }
    if ((posix || memfd) && strchr(rest, '/') != NULL) {
        return shmrec_fail(&task, SHMREC_BAD_NAME, 0, "bad name: a slash inside the name");
    }
    if (posix && strncmp(rest, "sem.", 4) == 0) {
        return shmrec_fail(&task, SHMREC_BAD_NAME, 0,
                           "bad name: names starting with sem. belong to POSIX semaphores");
    }
    address->is_file = !sysv;
    address->is_memfd = memfd;
    int code = sysv ? shmrec_key_parse(&address->key, rest, &task) : shmrec_check_component(rest, &task);
    if (code == SHMREC_OK) {
        const char *kind = posix ? "posix:/" : sysv ? "sysv:" : memfd ? SHMREC_MEMFD_KIND : "file:";
        const char *prefix = posix ? SHMREC_POSIX_DIRECTORY : memfd ? SHMREC_MEMFD_KIND : "";
        code = shmrec_address_fill(address, kind, prefix, rest, &task);
    }
    return code != SHMREC_OK ? code : shmrec_done(error);
}

#endif
