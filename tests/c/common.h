// common.h: what the C tests share: a check that says where it failed, addresses below a base name, children, raw
// access to a segment's file. Tests other than roundtrip.c need POSIX functions that -std=c11 hides; the library does
// not.

#ifndef SHMRECORD_TESTS_COMMON_H
#define SHMRECORD_TESTS_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "md.h"
#include "old.h"

// Ends the test with the place, the condition and the last error's text.
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n    last error: %s\n", __FILE__, __LINE__, #condition, error.text);           \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

// The error that CHECK prints; every test uses this one.
static shmrec_error error;

// Room for a name; the last eight names given out stay valid.
static inline char *name_room(void) {
    static char names[8][512];
    static unsigned next;
    return names[next++ % 8];
}

// `base` with a suffix, for a second segment of one test.
static inline const char *address_of(const char *base, const char *suffix) {
    char *address = name_room();
    CHECK(snprintf(address, 512, "%s%s", base, suffix) < 512);
    return address;
}

// The files behind an address: the segment's, or its guard's.
static inline const char *path_of(const char *address, bool guard) {
    shmrec_address parsed;
    char *path = name_room();
    CHECK(shmrec_address_parse(&parsed, address, &error) == SHMREC_OK);
    CHECK(snprintf(path, 512, "%s", guard ? parsed.guard : parsed.path) < 512);
    shmrec_address_free(&parsed);
    return path;
}

static inline bool exists(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0;
}

// Maps the file of a segment for writing, behind the library's back.
static inline unsigned char *map_file(const char *path, size_t *bytes) {
    struct stat facts;
    const int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    *bytes = (size_t)facts.st_size;
    void *map = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    (void)close(fd);
    return map;
}

// Waits for a child; true when it ended with status 0.
static inline bool child_succeeded(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The test cannot run here. Fails instead where everything must run.
static inline void skip(const char *why) {
    const char *required = getenv("SHMRECORD_REQUIRE_TOOLS");
    const bool fail = required != NULL && strcmp(required, "1") == 0;
    printf("skipped: %s\n", why);
    exit(fail ? 1 : 0);
}

// The base address in argv[1].
static inline const char *base_address(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s ADDRESS\n", argv[0]);
        exit(2);
    }
    return argv[1];
}

#endif
