// error.h: what can go wrong, as a number for programs (enum shmrec_code) and a sentence for people (shmrec_error).
// Relies on base.h; the twin of error.rs: same numbers, same words.

#ifndef SHMRECORD_ERROR_H
#define SHMRECORD_ERROR_H

#include "base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

// What every function returns: 0, or why not. The numbers are stable.
enum shmrec_code {
    SHMREC_OK = 0,
    SHMREC_BAD_ADDRESS = 1,         // not posix:/name, file:/path, sysv:key or memfd:name
    SHMREC_BAD_NAME = 2,            // the name in the address breaks a rule of its kind
    SHMREC_NOT_FOUND = 3,           // nothing has this name
    SHMREC_NOT_REGULAR = 4,         // a directory, symbolic link, FIFO, socket or device has this name
    SHMREC_BAD_OWNER = 5,           // it belongs to a user that was not named as trusted
    SHMREC_TOO_PERMISSIVE = 6,      // everybody may write it
    SHMREC_PERMISSION_DENIED = 7,   // the system refused access
    SHMREC_NO_SPACE = 8,            // memory or disk space is not to be had
    SHMREC_UNSUPPORTED = 9,         // kernel or file system lacks something
    SHMREC_OS = 10,                 // a system call failed in a way without a code of its own
    SHMREC_NOT_READY = 11,          // its creator has not finished it
    SHMREC_BAD_MAGIC = 12,          // the first word is not that of a segment of ours
    SHMREC_WRONG_ENDIAN = 13,       // written by a machine of the other byte order
    SHMREC_ABI_MISMATCH = 14,       // another format version
    SHMREC_HEADER_CORRUPT = 15,     // the header's checksum does not match its bytes
    SHMREC_BAD_GEOMETRY = 16,       // a size, count or offset in the header is impossible
    SHMREC_SIZE_MISMATCH = 17,      // header and kernel disagree on the size
    SHMREC_DESCRIPTION_CORRUPT = 18, // the description does not match its checksum, or is malformed
    SHMREC_LAYOUT_MISMATCH = 19,    // it holds another record than this program was compiled with
    SHMREC_STALE_BOOT = 20,         // made before the machine last booted
    SHMREC_RETIRED = 21,            // removed or replaced, maybe while it was being opened
    SHMREC_BAD_ARGUMENT = 22,       // an argument is impossible: capacity 0, 3 cells
    SHMREC_SHAPE_MISMATCH = 23,     // it exists with another shape than `create` asked for
    SHMREC_WRITER_ALIVE = 24,       // another process holds the role of writer
    SHMREC_ALREADY_HELD_HERE = 25,  // this process holds it, through another handle
    SHMREC_GUARD_LOST = 26,         // the guard is gone, or is not the one the segment was made with
    SHMREC_LOCK_TIMEOUT = 27,       // a lock was not free before the deadline; adopted tables have `_free_guard` for
                                    // one whose holder died with it
    SHMREC_INDEX_OUT_OF_RANGE = 28, // the index is not below the capacity
    SHMREC_CONTENDED = 29,          // no consistent value before the deadline
    SHMREC_INVALID_BITS = 30,       // the bytes of a record are no value of its type
    SHMREC_VERSION_REGRESSED = 31,  // a version went backwards
    SHMREC_BAD_KEY = 32,            // the System V key in the address is not one
    SHMREC_ALREADY_EXISTS = 33,     // something has this name or key already
    SHMREC_OVERFLOW = 34,           // a semaphore would pass the largest value that can be counted
    SHMREC_REMOVED = 35,            // it was removed while it was in use
    SHMREC_GUARD_MISMATCH = 36,     // a semaphore set under the segment's key is no guard of ours
    SHMREC_UNSEALED = 37,           // the memfd lacks seals that keep it from being cut under its readers
    SHMREC_HUGE_PAGES_UNAVAILABLE = 38, // huge pages were required and are not to be had
    SHMREC_NOT_LOCKED = 39,         // the segment was to be locked in memory and cannot be
    SHMREC_NAMESPACE_MISMATCH = 40, // the System V segment was made in another IPC namespace
    SHMREC_ROLE_LOST = 41,          // this writer no longer holds the role: its guard was removed
    SHMREC_TRUNCATED = 42,          // the segment's file was cut while it was mapped
    SHMREC_BAD_MESSAGE = 43,        // what came over the socket hands over no memfd
    SHMREC_FORKED_HANDLE = 44,      // this handle belongs to the process that this one was forked from
    SHMREC_STALE = 45,              // no writer has given a sign of life for longer than was accepted
    SHMREC_NO_SLOT = 46,            // as many writers as a table may have are there already
    SHMREC_AFTER_DEATH = 47,        // a writer died while it held the lock
    SHMREC_LOCK_CORRUPT = 48        // the lock word names no writer that there can be
};

// An error: its code, the errno of the system call that failed (0: none did), and a complete sentence: the operation,
// the address, what was found and expected, what to do. After success only `code` is set, to 0.
typedef struct shmrec_error {
    int code;
    int errno_value;
    int32_t pid; // the process that SHMREC_LOCK_TIMEOUT or SHMREC_WRITER_ALIVE names; 0: none
    char text[500];
} shmrec_error;

// What a code means, in a few words: "layout mismatch". Never NULL.
static inline const char *shmrec_code_text(int code) {
    switch (code) {
    case SHMREC_OK: return "no error";
    case SHMREC_BAD_ADDRESS: return "bad address";
    case SHMREC_BAD_NAME: return "bad name";
    case SHMREC_NOT_FOUND: return "not found";
    case SHMREC_NOT_REGULAR: return "not a regular file";
    case SHMREC_BAD_OWNER: return "owned by a user who is not trusted";
    case SHMREC_TOO_PERMISSIVE: return "its mode lets everybody write";
    case SHMREC_PERMISSION_DENIED: return "permission denied";
    case SHMREC_NO_SPACE: return "no space";
    case SHMREC_UNSUPPORTED: return "not supported here";
    case SHMREC_OS: return "system call failed";
    case SHMREC_NOT_READY: return "its creator has not finished it";
    case SHMREC_BAD_MAGIC: return "not a segment of shmrecord";
    case SHMREC_WRONG_ENDIAN: return "written by a machine of the other byte order";
    case SHMREC_ABI_MISMATCH: return "another format version";
    case SHMREC_HEADER_CORRUPT: return "header corrupt";
    case SHMREC_BAD_GEOMETRY: return "impossible number in the header";
    case SHMREC_SIZE_MISMATCH: return "its size is not the one in its header";
    case SHMREC_DESCRIPTION_CORRUPT: return "description corrupt";
    case SHMREC_LAYOUT_MISMATCH: return "layout mismatch";
    case SHMREC_STALE_BOOT: return "made before the machine last booted";
    case SHMREC_RETIRED: return "removed meanwhile";
    case SHMREC_BAD_ARGUMENT: return "bad argument";
    case SHMREC_SHAPE_MISMATCH: return "it exists with another shape";
    case SHMREC_WRITER_ALIVE: return "another process holds the role of writer";
    case SHMREC_ALREADY_HELD_HERE: return "this process already holds the role of writer";
    case SHMREC_GUARD_LOST: return "guard lost";
    case SHMREC_LOCK_TIMEOUT: return "the lock is taken";
    case SHMREC_INDEX_OUT_OF_RANGE: return "index out of range";
    case SHMREC_CONTENDED: return "no consistent value before the deadline";
    case SHMREC_INVALID_BITS: return "bytes that are no value of their type";
    case SHMREC_VERSION_REGRESSED: return "a version went backwards";
    case SHMREC_BAD_KEY: return "bad key";
    case SHMREC_ALREADY_EXISTS: return "it exists already";
    case SHMREC_OVERFLOW: return "more than the largest value";
    case SHMREC_REMOVED: return "removed while in use";
    case SHMREC_GUARD_MISMATCH: return "its semaphore set is no guard";
    case SHMREC_UNSEALED: return "not sealed";
    case SHMREC_HUGE_PAGES_UNAVAILABLE: return "no huge pages to be had";
    case SHMREC_NOT_LOCKED: return "not locked in memory";
    case SHMREC_NAMESPACE_MISMATCH: return "made in another IPC namespace";
    case SHMREC_ROLE_LOST: return "the role of writer is lost";
    case SHMREC_TRUNCATED: return "cut while in use";
    case SHMREC_BAD_MESSAGE: return "bad message";
    case SHMREC_FORKED_HANDLE: return "made by the process that this one was forked from";
    case SHMREC_STALE: return "nobody knows when its writer last gave a sign of life";
    case SHMREC_NO_SLOT: return "as many writers as there may be are there already";
    case SHMREC_AFTER_DEATH: return "a writer died while it held the lock";
    case SHMREC_LOCK_CORRUPT: return "the lock word names no writer";
    default: return "unknown code";
    }
}

// What to do about it, in one line. Never NULL.
static inline const char *shmrec_code_hint(int code) {
    switch (code) {
    case SHMREC_OK: return "go on";
    case SHMREC_BAD_ADDRESS: return "write posix:/name, file:/path, sysv:0x1234 or memfd:name";
    case SHMREC_BAD_NAME: return "choose another name";
    case SHMREC_NOT_FOUND: return "start the program that creates it, or check the address";
    case SHMREC_NOT_REGULAR: return "something else has this name: remove it or choose another name";
    case SHMREC_BAD_OWNER: return "name the owner as trusted in the options if that is intended";
    case SHMREC_TOO_PERMISSIVE: return "create it with a narrower mode, or ask for that mode in the options";
    case SHMREC_PERMISSION_DENIED: return "check owner and mode, or run as a user who may";
    case SHMREC_NO_SPACE: return "make the table smaller or free space there";
    case SHMREC_UNSUPPORTED: return "use another file system, or a newer kernel";
    case SHMREC_OS: return "see the errno";
    case SHMREC_NOT_READY: return "try again; if it stays so, another program made it";
    case SHMREC_BAD_MAGIC: return "another program made it: check the address";
    case SHMREC_WRONG_ENDIAN: return "read it on a machine of its own byte order";
    case SHMREC_ABI_MISMATCH: return "build both programs with the same version of shmrecord";
    case SHMREC_HEADER_CORRUPT:
    case SHMREC_BAD_GEOMETRY:
    case SHMREC_DESCRIPTION_CORRUPT: return "remove the segment and let its writer create it again";
    case SHMREC_SIZE_MISMATCH: return "it was cut or extended: remove it and let its writer create it again";
    case SHMREC_LAYOUT_MISMATCH: return "build both programs from the same schema";
    case SHMREC_STALE_BOOT: return "remove it and let its writer create it again";
    case SHMREC_RETIRED: return "open it again, once another one is there";
    case SHMREC_BAD_ARGUMENT: return "choose a value in the range";
    case SHMREC_SHAPE_MISMATCH: return "ask for what exists, or remove it first";
    case SHMREC_WRITER_ALIVE: return "stop that process, or replace the table if it hangs";
    case SHMREC_ALREADY_HELD_HERE: return "share the one writer";
    case SHMREC_GUARD_LOST: return "remove the segment and create it again";
    case SHMREC_LOCK_TIMEOUT:
        return "try again; its holder is stopped, or died with it, for which adopted tables have `free_guard`";
    case SHMREC_INDEX_OUT_OF_RANGE: return "use an index below the capacity";
    case SHMREC_CONTENDED: return "try again, or give the table more cells";
    case SHMREC_INVALID_BITS:
        return "if it was never written, give its enum a value for 0; else the writer stored what is no value";
    case SHMREC_VERSION_REGRESSED: return "the writer breaks the protocol: do not trust this segment";
    case SHMREC_BAD_KEY: return "write sysv:0x1234, sysv:4660 or sysv:ftok(/path,7)";
    case SHMREC_ALREADY_EXISTS: return "open it, or remove it first";
    case SHMREC_OVERFLOW: return "somebody posts more often than is waited for, or the reverse";
    case SHMREC_REMOVED: return "close it and open it again, once somebody has created it again";
    case SHMREC_GUARD_MISMATCH: return "another program uses this key: choose another";
    case SHMREC_UNSEALED: return "let its creator seal it, or accept it unsealed in the options";
    case SHMREC_HUGE_PAGES_UNAVAILABLE:
        return "let the kernel give huge pages to shared memory, or prefer them instead of requiring them";
    case SHMREC_NOT_LOCKED: return "raise the limit (`ulimit -l`), or prefer it instead of requiring it";
    case SHMREC_NAMESPACE_MISMATCH: return "run both in one IPC namespace, or use posix: or file:";
    case SHMREC_ROLE_LOST: return "close this writer, remove the segment and create it again";
    case SHMREC_TRUNCATED: return "remove it and let its writer create it again";
    case SHMREC_BAD_MESSAGE: return "let the other side send with the hand-over of this library, and nothing between";
    case SHMREC_FORKED_HANDLE: return "open the table anew in this process";
    case SHMREC_STALE: return "see whether its writer lives and works";
    case SHMREC_NO_SLOT: return "let one of them close the table";
    case SHMREC_AFTER_DEATH: return "look whether the records belong together, then say so";
    case SHMREC_LOCK_CORRUPT: return "a program stored where it must not: remove the table and create it again";
    default: return "it is none of this version's";
    }
}

// Everything below is not for programs.

// The operation under way: what it is and on what, for messages; on whose terms and until when.
typedef struct shmrec_task {
    const char *operation;  // "open for reading"
    const char *subject;    // an address or a path
    shmrec_error *error;    // NULL: the caller wants only the code
    uint64_t deadline_ns;   // CLOCK_MONOTONIC
    uint32_t trusted_owner; // beside this process's own user and root
    bool world_writable;    // files that everybody may write are accepted
    bool accept_unsealed;   // memfds that could be cut are accepted
    uint8_t reserved[2];
} shmrec_task;

// The same task without words: for what is tidied up behind an error, which stays the one to report.
static inline shmrec_task shmrec_task_quiet(const shmrec_task *task) {
    shmrec_task quiet = *task;
    quiet.error = NULL;
    return quiet;
}

// Fills the task's error and returns `code`. `words` say what happened; the hint follows from the code. However long
// the parts are, the sentence keeps its end: the middle gives way.
SHMREC_COLD SHMREC_PRINTF(4, 5) int shmrec_fail(const shmrec_task *task, int code, int errno_value,
                                               const char *words, ...) {
    shmrec_error *error = task->error;
    if (error == NULL) {
        return code;
    }
    char tail[192];
    if (errno_value != 0) {
        (void)snprintf(tail, sizeof tail, ": %s (os error %d); %s", strerror(errno_value), errno_value,
                       shmrec_code_hint(code));
    } else {
        (void)snprintf(tail, sizeof tail, "; %s", shmrec_code_hint(code));
    }
    const size_t room = sizeof error->text - 1 - strlen(tail);
    const size_t subject_bytes = strlen(task->subject);
    const bool cut = subject_bytes > 160;
    (void)snprintf(error->text, sizeof error->text, "%s %s%s: ", task->operation, cut ? "..." : "",
                   cut ? task->subject + subject_bytes - 157 : task->subject);
    const size_t start = strlen(error->text);
    va_list arguments;
    va_start(arguments, words);
    (void)vsnprintf(error->text + start, sizeof error->text - start, words, arguments);
    va_end(arguments);
    size_t end = strlen(error->text);
    if (end > room) {
        end = room;
        memcpy(error->text + end - 3, "...", 3);
    }
    memcpy(error->text + end, tail, strlen(tail) + 1);
    error->code = code;
    error->errno_value = errno_value;
    error->pid = 0;
    return code;
}

// `code`, which shmrec_fail returned, with the process that its words name.
SHMREC_COLD int shmrec_naming(const shmrec_task *task, int32_t pid, int code) {
    if (task->error != NULL) {
        task->error->pid = pid;
    }
    return code;
}

// The error whose words are those of its code.
SHMREC_COLD int shmrec_fail_plain(const shmrec_task *task, int code) {
    return shmrec_fail(task, code, 0, "%s", shmrec_code_text(code));
}

// The error of a failed system call: errno's that have a code of their own get it, all others are SHMREC_OS.
SHMREC_COLD int shmrec_fail_os(const shmrec_task *task, const char *call, int errno_value) {
    const char *kind = NULL;
    switch (errno_value) {
    case ENOENT: return shmrec_fail(task, SHMREC_NOT_FOUND, errno_value, "not found: %s", call);
    case EACCES:
    case EPERM:
    case EROFS: return shmrec_fail(task, SHMREC_PERMISSION_DENIED, errno_value, "permission denied: %s", call);
    case ELOOP: kind = "symbolic link"; break;
    case EISDIR: kind = "directory"; break;
    case ENXIO: kind = "socket or device"; break;
    default: return shmrec_fail(task, SHMREC_OS, errno_value, "system call failed: %s", call);
    }
    return shmrec_fail(task, SHMREC_NOT_REGULAR, errno_value, "not a regular file but a %s: %s", kind, call);
}

// As shmrec_fail_os, for calls that reserve memory or disk; 0 bytes are wanted where not bytes but objects are counted.
SHMREC_COLD int shmrec_fail_space(const shmrec_task *task, const char *call, int errno_value, uint64_t wanted) {
    switch (errno_value) {
    case ENOSPC:
    case ENOMEM:
    case EDQUOT:
    case EFBIG:
    case EFAULT:
        if (wanted == 0) {
            return shmrec_fail(task, SHMREC_NO_SPACE, errno_value, "no space: %s", call);
        }
        return shmrec_fail(task, SHMREC_NO_SPACE, errno_value, "no space for %llu bytes: %s",
                           SHMREC_CAST(unsigned long long, wanted), call);
    default: return shmrec_fail_os(task, call, errno_value);
    }
}

// Success: what every function returns at its end.
SHMREC_HOT int shmrec_done(shmrec_error *error) {
    if (error != NULL) {
        error->code = SHMREC_OK;
    }
    return SHMREC_OK;
}

#endif
