// adopt_posix.h: a guard that is a semaphore of another program's sem_open(3): 1 when free, in the file where glibc keeps
// it. Relies on region_named.h and on glibc for the sem_t; knows no segment.
//
// The file is opened here and not by sem_open, which may create one and says nothing of what it opened: the file that
// was checked is the one that is mapped.

#ifndef SHMRECORD_ADOPT_POSIX_H
#define SHMRECORD_ADOPT_POSIX_H

#include "region_named.h"

#include <limits.h>

// Where glibc keeps named semaphores (sem_overview(7)).
#define SHMREC_SEM_DIRECTORY "/dev/shm/sem."
// What file systems allow for one component of a path (255), less `sem.`.
#define SHMREC_SEM_NAME_MAX 251

// SHMREC_BAD_NAME when this, without its leading slash, is no name of a semaphore.
static inline int shmrec_sem_check_name(const char *name, const shmrec_task *task) {
    if (name[0] == '\0') {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: the name is empty");
    }
    if (strchr(name, '/') != NULL) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: a slash inside the name");
    }
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0, "bad name: `%s` is a directory", name);
    }
    if (strlen(name) > SHMREC_SEM_NAME_MAX) {
        return shmrec_fail(task, SHMREC_BAD_NAME, 0,
                           "bad name: %zu bytes, at most %d fit behind the `sem.` of its file", strlen(name),
                           SHMREC_SEM_NAME_MAX);
    }
    return SHMREC_OK;
}

// open(2) and mmap(2) of the semaphore with this checked name, if its owner and mode are accepted. On failure nothing is
// open or mapped.
static inline int shmrec_sem_map(sem_t **semaphore, const char *name, const shmrec_task *task) {
    char path[sizeof SHMREC_SEM_DIRECTORY + SHMREC_SEM_NAME_MAX];
    shmrec_file file;
    *semaphore = NULL;
    (void)snprintf(path, sizeof path, "%s%s", SHMREC_SEM_DIRECTORY, name);
    int code = shmrec_file_open(&file, path, true, task);
    if (code != SHMREC_OK) {
        return code;
    }
    if (file.bytes != sizeof(sem_t)) {
        code = shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0, "%llu bytes long, %zu expected: %s is no semaphore",
                           SHMREC_CAST(unsigned long long, file.bytes), sizeof(sem_t), path);
    } else {
        void *base = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
        if (base == MAP_FAILED) {
            code = shmrec_fail_space(task, "mmap", errno, sizeof(sem_t));
        } else {
            *semaphore = SHMREC_CAST(sem_t *, base);
        }
    }
    shmrec_file_close(&file);
    return code;
}

// sem_clockwait(3) on the monotonic clock, which no signal ends or prolongs.
static inline int shmrec_sem_take(sem_t *semaphore, uint64_t timeout_ns, const shmrec_task *task) {
    int result;
    SHMREC_RETRY(result, sem_trywait(semaphore));
    if (result != 0 && errno == EAGAIN) {
        const struct timespec end = shmrec_timespec(shmrec_deadline_ns(timeout_ns));
        SHMREC_RETRY(result, shmrec_sys_sem_clockwait(semaphore, SHMREC_CLOCK_MONOTONIC, &end));
    }
    if (result == 0) {
        return SHMREC_OK;
    }
    return errno == ETIMEDOUT ? shmrec_fail_plain(task, SHMREC_LOCK_TIMEOUT)
                              : shmrec_fail_os(task, "sem_clockwait", errno);
}

// sem_post(3)
static inline int shmrec_sem_give(sem_t *semaphore, const shmrec_task *task) {
    if (sem_post(semaphore) == 0) {
        return SHMREC_OK;
    }
    if (errno == EOVERFLOW) {
        return shmrec_fail(task, SHMREC_OVERFLOW, EOVERFLOW, "more than %d, the largest value: sem_post", INT_MAX);
    }
    return shmrec_fail_os(task, "sem_post", errno);
}

// Lets go for whoever took the semaphore, if it is taken: nobody knows who did, the caller vouches that he is dead.
static inline int shmrec_sem_free(sem_t *semaphore, bool *freed, const shmrec_task *task) {
    int value = 0;
    if (sem_getvalue(semaphore, &value) != 0) {
        return shmrec_fail_os(task, "sem_getvalue", errno);
    }
    *freed = value == 0;
    return *freed ? shmrec_sem_give(semaphore, task) : SHMREC_OK;
}

#endif
