// key.h: System V keys, 0x1234, 4660 and ftok(/path,7), parsed. Relies on error.h and on ftok(3); knows neither
// segments nor semaphores.
//
// A key is what the user wrote, or what ftok makes of a file that exists. It is never a hash of a name: two names with
// one hash would silently be one object.

#ifndef SHMRECORD_KEY_H
#define SHMRECORD_KEY_H

#include "error.h"
#include "sys.h"

#include <stdlib.h>

// The value of a digit in base 10 or 16; `base` itself when it is none.
static inline unsigned shmrec_digit(char digit, unsigned base) {
    const char *const digits = "0123456789abcdef";
    const char lower = SHMREC_CAST(char, digit >= 'A' && digit <= 'F' ? digit + ('a' - 'A') : digit);
    const char *at = lower != '\0' ? strchr(digits, lower) : NULL;
    const unsigned value = at != NULL ? SHMREC_CAST(unsigned, at - digits) : base;
    return value < base ? value : base;
}

// A decimal or hexadecimal number of 32 bits: the `length` bytes at `text`.
static inline int shmrec_key_number(uint32_t *number, const char *text, size_t length, const shmrec_task *task) {
    const int shown = length < 128 ? SHMREC_CAST(int, length) : 128;
    const bool hex = length >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const unsigned base = hex ? 16 : 10;
    const size_t start = hex ? 2 : 0;
    uint64_t value = 0;
    for (size_t i = start; i < length; i++) {
        const unsigned digit = shmrec_digit(text[i], base);
        if (digit == base) {
            value = 0;
            length = start; // as if nothing stood there
            break;
        }
        value = value > UINT32_MAX ? value : value * base + digit; // stays too large
    }
    if (length == start) {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0,
                           "bad key: `%.*s` is not a number without sign, such as 0x1234 or 4660", shown, text);
    }
    if (!hex && length > 1 && text[0] == '0') {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0,
                           "bad key: `%.*s` is octal in C and decimal elsewhere: write it without the leading 0", shown,
                           text);
    }
    if (value > UINT32_MAX) {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0, "bad key: `%.*s` has more than 32 bits", shown, text);
    }
    *number = SHMREC_CAST(uint32_t, value);
    return SHMREC_OK;
}

// ftok(3) of the first `length` bytes of `path`.
static inline int shmrec_key_of_file(uint32_t *key, const char *path, size_t length, uint32_t project,
                                     const shmrec_task *task) {
    char *copy = SHMREC_CAST(char *, malloc(length + 1));
    if (copy == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, length + 1);
    }
    memcpy(copy, path, length);
    copy[length] = '\0';
    const key_t made = ftok(copy, SHMREC_CAST(int, project));
    const int problem = made == -1 ? errno : 0;
    free(copy);
    *key = SHMREC_CAST(uint32_t, made);
    return problem == 0 ? SHMREC_OK : shmrec_fail_os(task, "stat of the path in ftok", problem);
}

// What stands behind `ftok(`. 8 bits of the key are the number, 8 of the file's device, 16 of its inode: the file must
// exist and stay the same file, and two files may have one key.
static inline int shmrec_key_ftok(uint32_t *key, const char *text, const shmrec_task *task) {
    const size_t length = strlen(text);
    const char *comma = strrchr(text, ',');
    if (length == 0 || text[length - 1] != ')' || comma == NULL) {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0, "bad key: expected ftok(/path,7)");
    }
    const size_t path_length = SHMREC_CAST(size_t, comma - text);
    uint32_t project = 0;
    const int code = shmrec_key_number(&project, comma + 1, length - path_length - 2, task);
    if (code != SHMREC_OK) {
        return code;
    }
    if (project < 1 || project > 255) {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0, "bad key: the number in ftok is %u, expected 1 to 255", project);
    }
    return shmrec_key_of_file(key, text, path_length, project, task);
}

// Parses what stands behind `sysv:`: any 32 bits but 0.
static inline int shmrec_key_parse(key_t *key, const char *text, const shmrec_task *task) {
    uint32_t bits = 0;
    const int code = strncmp(text, "ftok(", 5) == 0 ? shmrec_key_ftok(&bits, text + 5, task)
                                                    : shmrec_key_number(&bits, text, strlen(text), task);
    if (code == SHMREC_OK && bits == 0) {
        return shmrec_fail(task, SHMREC_BAD_KEY, 0, "bad key: 0 is IPC_PRIVATE, which names nothing");
    }
    *key = SHMREC_CAST(key_t, bits);
    return code;
}

#endif
