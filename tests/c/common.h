// common.h: what the C tests share: a check that says where it failed, pages, children, segments and guards of every
// kind behind the library's back. Tests other than roundtrip.c need POSIX functions that -std=c11 hides; the library
// does not.

#ifndef SHMRECORD_TESTS_COMMON_H
#define SHMRECORD_TESTS_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
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

// A page whose words are all this.
static inline md_page page_of(uint64_t value) {
    md_page page;
    for (size_t i = 0; i < sizeof page.words / sizeof page.words[0]; i++) {
        page.words[i] = value;
    }
    return page;
}

// Room for a name; the last eight names given out stay valid.
static inline char *name_room(void) {
    static char names[8][512];
    static unsigned next;
    return names[next++ % 8];
}

static inline bool is_file(const char *address) { return strncmp(address, "sysv:", 5) != 0; }

// A second address of the same kind: another name, or the next key.
static inline const char *second_address(const char *base) {
    char *address = name_room();
    if (is_file(base)) {
        CHECK(snprintf(address, 512, "%s-other", base) < 512);
    } else {
        CHECK(snprintf(address, 512, "sysv:0x%lx", strtoul(base + 5, NULL, 0) + 1) < 512);
    }
    return address;
}

// The key behind an address of System V.
static inline key_t key_of(const char *address) {
    shmrec_address parsed;
    CHECK(shmrec_address_parse(&parsed, address, &error) == SHMREC_OK && !parsed.is_file);
    const key_t key = parsed.key;
    shmrec_address_free(&parsed);
    return key;
}

// The files behind an address: the segment's, or its guard's.
static inline const char *path_of(const char *address, bool guard) {
    shmrec_address parsed;
    char *path = name_room();
    CHECK(shmrec_address_parse(&parsed, address, &error) == SHMREC_OK && parsed.is_file);
    CHECK(snprintf(path, 512, "%s", guard ? parsed.guard : parsed.path) < 512);
    shmrec_address_free(&parsed);
    return path;
}

static inline bool exists(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static inline bool segment_exists(const char *address) {
    return is_file(address) ? exists(path_of(address, false)) : shmget(key_of(address), 0, 0) >= 0;
}

static inline bool guard_exists(const char *address) {
    return is_file(address) ? exists(path_of(address, true)) : semget(key_of(address), 0, 0) >= 0;
}

// A segment of zeros, as another program would make it.
static inline void make_segment(const char *address, size_t bytes) {
    if (is_file(address)) {
        const int fd = open(path_of(address, false), O_CREAT | O_EXCL | O_WRONLY, 0600);
        CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 && close(fd) == 0);
    } else {
        CHECK(shmget(key_of(address), bytes, IPC_CREAT | IPC_EXCL | 0600) >= 0);
    }
}

static inline void remove_segment(const char *address) {
    if (is_file(address)) {
        CHECK(unlink(path_of(address, false)) == 0);
    } else {
        CHECK(shmctl(shmget(key_of(address), 0, 0), IPC_RMID, NULL) == 0);
    }
}

// A guard without locks taken.
static inline void make_guard(const char *address) {
    if (is_file(address)) {
        const int fd = open(path_of(address, true), O_CREAT | O_EXCL | O_RDWR, 0600);
        CHECK(fd >= 0 && close(fd) == 0);
    } else {
        CHECK(semget(key_of(address), (int)SHMREC_SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600) >= 0);
    }
}

static inline void remove_guard(const char *address) {
    if (is_file(address)) {
        CHECK(unlink(path_of(address, true)) == 0);
    } else {
        CHECK(semctl(semget(key_of(address), 0, 0), 0, IPC_RMID) == 0);
    }
}

// Maps a segment for writing.
static inline unsigned char *map_segment(const char *address, size_t *bytes) {
    if (!is_file(address)) {
        struct shmid_ds facts;
        const int id = shmget(key_of(address), 0, 0);
        CHECK(shmctl(id, IPC_STAT, &facts) == 0);
        *bytes = facts.shm_segsz;
        void *map = shmat(id, NULL, 0);
        CHECK(map != MAP_FAILED);
        return map;
    }
    struct stat facts;
    const int fd = open(path_of(address, false), O_RDWR);
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    *bytes = (size_t)facts.st_size;
    void *map = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    (void)close(fd);
    return map;
}

static inline void unmap_segment(const char *address, unsigned char *map, size_t bytes) {
    CHECK((is_file(address) ? munmap(map, bytes) : shmdt(map)) == 0);
}

// Cuts or extends a file; a System V segment has one size, so another takes its place, with as much of its contents.
static inline void resize_segment(const char *address, size_t bytes) {
    if (is_file(address)) {
        CHECK(truncate(path_of(address, false), (off_t)bytes) == 0);
        return;
    }
    size_t before, now;
    unsigned char *old = map_segment(address, &before);
    remove_segment(address);
    make_segment(address, bytes);
    unsigned char *map = map_segment(address, &now);
    memcpy(map, old, before < now ? before : now);
    unmap_segment(address, map, now);
    unmap_segment(address, old, before);
}

// Permission bits of the segment or its guard.
static inline uint32_t mode_of(const char *address, bool guard) {
    struct stat facts;
    if (is_file(address)) {
        CHECK(lstat(path_of(address, guard), &facts) == 0);
        return facts.st_mode & 07777u;
    }
    struct shmid_ds segment;
    struct semid_ds set;
    const union shmrec_semun argument = {.facts = &set};
    CHECK(shmctl(shmget(key_of(address), 0, 0), IPC_STAT, &segment) == 0);
    CHECK(semctl(semget(key_of(address), 0, 0), 0, IPC_STAT, argument) == 0);
    return (guard ? set.sem_perm.mode : segment.shm_perm.mode) & 0777u;
}

// How many descriptors are open.
static inline int descriptors(void) {
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

// How often a segment stands in the list of mappings.
static inline int mappings(const char *address) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096], path[512];
    int count = 0;
    CHECK(maps != NULL);
    if (is_file(address)) {
        CHECK(snprintf(path, sizeof path, "%s", path_of(address, false)) > 0);
    } else {
        CHECK(snprintf(path, sizeof path, "/SYSV%08x", (unsigned)key_of(address)) > 0);
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        count += strstr(line, path) != NULL;
    }
    (void)fclose(maps);
    return count;
}

// Waits for a child; true when it ended with status 0.
static inline bool child_succeeded(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Kills a child that does not end by itself.
static inline void end(pid_t child) { CHECK(kill(child, SIGKILL) == 0 && !child_succeeded(child)); }

// fork(): 0 in the child, which says with `ready` when it is; its number here, once it has said so.
static inline pid_t fork_until_ready(int *ready) {
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    *ready = ends[1];
    if (child != 0) {
        (void)close(ends[1]);
        CHECK(read(ends[0], &byte, 1) == 1);
        (void)close(ends[0]);
    }
    return child;
}

static inline void say_ready(int ready) { CHECK(write(ready, "r", 1) == 1); }

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
