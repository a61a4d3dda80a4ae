// sys.h: the system calls that the C library hides under -std=c11, the numbers it hides with them, time and pauses.
// Relies on libc's symbols; knows no file of ours.
//
// Feature test macros work only before the first system header, and a header cannot know whether it comes first. So
// nothing here depends on them: each hidden function is declared under a name of our own that stands for libc's symbol.

#ifndef SHMRECORD_SYS_H
#define SHMRECORD_SYS_H

#include "error.h"

#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Without a feature test macro <sys/ipc.h> warns, but declares everything.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcpp"
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#pragma GCC diagnostic pop

#ifdef __cplusplus
extern "C" {
#endif
int shmrec_sys_lstat(const char *path, struct stat *facts) __asm__("lstat");
int shmrec_sys_fchmod(int fd, uint32_t mode) __asm__("fchmod");
int shmrec_sys_fchown(int fd, uint32_t user, uint32_t group) __asm__("fchown");
int shmrec_sys_ftruncate(int fd, int64_t bytes) __asm__("ftruncate");
int shmrec_sys_fallocate(int fd, int mode, int64_t start, int64_t bytes) __asm__("fallocate");
int shmrec_sys_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) __asm__("linkat");
int shmrec_sys_mlock2(const void *start, size_t bytes, unsigned flags) __asm__("mlock2");
int shmrec_sys_memfd_create(const char *label, unsigned flags) __asm__("memfd_create");
int shmrec_sys_setenv(const char *name, const char *value, int replace) __asm__("setenv");
int shmrec_sys_madvise(void *start, size_t bytes, int advice) __asm__("madvise");
int shmrec_sys_clock_gettime(int clock, struct timespec *now) __asm__("clock_gettime");
int shmrec_sys_nanosleep(const struct timespec *pause, struct timespec *rest) __asm__("nanosleep");
int64_t shmrec_sys_getrandom(void *to, size_t bytes, unsigned flags) __asm__("getrandom");
int shmrec_sys_kill(int pid, int signal) __asm__("kill");
int shmrec_sys_semtimedop(int id, struct sembuf *operations, size_t count, const struct timespec *timeout)
    __asm__("semtimedop");
// For calls that the C library has no function for.
long shmrec_sys_call(long number, ...) __asm__("syscall");
// glibc 2.30
int shmrec_sys_sem_clockwait(sem_t *semaphore, int clock, const struct timespec *end) __asm__("sem_clockwait");
int shmrec_sys_pthread_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
    __asm__("pthread_atfork");
#ifdef __cplusplus
}
#endif

// Flags of open(2) differ between architectures: taken from libc, whose private names are always there in glibc.
#if defined(O_NOFOLLOW) && defined(O_CLOEXEC)
#define SHMREC_O_NOFOLLOW O_NOFOLLOW
#define SHMREC_O_CLOEXEC O_CLOEXEC
#elif defined(__O_NOFOLLOW) && defined(__O_CLOEXEC)
#define SHMREC_O_NOFOLLOW __O_NOFOLLOW
#define SHMREC_O_CLOEXEC __O_CLOEXEC
#else
#error "<fcntl.h> hides O_NOFOLLOW and O_CLOEXEC: compile with -std=gnu11, or define _GNU_SOURCE"
#endif
#if defined(O_TMPFILE)
#define SHMREC_O_TMPFILE O_TMPFILE
#elif defined(__O_TMPFILE)
#define SHMREC_O_TMPFILE __O_TMPFILE
#else
#error "<fcntl.h> hides O_TMPFILE: compile with -std=gnu11, or define _GNU_SOURCE"
#endif

// So do those of mmap(2).
#if defined(MAP_ANONYMOUS)
#define SHMREC_MAP_ANONYMOUS MAP_ANONYMOUS
#elif defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)
#define SHMREC_MAP_ANONYMOUS 0x20
#else
#error "<sys/mman.h> hides MAP_ANONYMOUS: compile with -std=gnu11, or define _GNU_SOURCE"
#endif

// The fourth argument of semctl(2), which callers have to define themselves (POSIX).
union shmrec_semun {
    int value;
    struct semid_ds *facts;
};

// The same numbers on every Linux architecture that is 64-bit and little-endian.
#define SHMREC_F_OFD_GETLK 36
#define SHMREC_F_OFD_SETLK 37
#define SHMREC_F_DUPFD_CLOEXEC 1030
#define SHMREC_F_ADD_SEALS 1033
#define SHMREC_F_GET_SEALS 1034
#define SHMREC_F_SEAL_SEAL 0x1
#define SHMREC_F_SEAL_SHRINK 0x2
#define SHMREC_F_SEAL_GROW 0x4
#define SHMREC_F_SEAL_WRITE 0x8
#define SHMREC_F_SEAL_FUTURE_WRITE 0x10
#define SHMREC_MFD_CLOEXEC 0x1u
#define SHMREC_MFD_ALLOW_SEALING 0x2u
#define SHMREC_MFD_NOEXEC_SEAL 0x8u
#define SHMREC_MFD_EXEC 0x10u
#define SHMREC_AT_FDCWD (-100)
#define SHMREC_AT_SYMLINK_FOLLOW 0x400
#define SHMREC_MADV_DONTFORK 10
#define SHMREC_MADV_HUGEPAGE 14
#define SHMREC_MADV_WIPEONFORK 18
#define SHMREC_MADV_POPULATE_READ 22
#define SHMREC_MADV_POPULATE_WRITE 23
#define SHMREC_MADV_COLLAPSE 25
#define SHMREC_MLOCK_ONFAULT 1u
#define SHMREC_SHM_NORESERVE 010000
#define SHMREC_IPC_INFO 3
#define SHMREC_SHM_INFO 14
#define SHMREC_FUTEX_WAIT_BITSET 9
#define SHMREC_FUTEX_WAKE_BITSET 10
#define SHMREC_FUTEX_ANY UINT32_MAX // the bits of who waits for, or wakes, whatever the others'
#define SHMREC_MEMBARRIER_GLOBAL_EXPEDITED 2
#define SHMREC_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED 4
#define SHMREC_CLOCK_REALTIME 0
#define SHMREC_CLOCK_MONOTONIC 1
#define SHMREC_CLOCK_MONOTONIC_COARSE 6
#define SHMREC_S_IFMT 0170000u
#define SHMREC_S_IFSOCK 0140000u
#define SHMREC_S_IFREG 0100000u
#define SHMREC_S_IFDIR 0040000u
#define SHMREC_S_IFIFO 0010000u

// Repeats a system call that a signal interrupted.
#define SHMREC_RETRY(result, call)                                                                                    \
    do {                                                                                                              \
        (result) = (call);                                                                                            \
    } while ((result) < 0 && errno == EINTR)

#define SHMREC_SECOND_NS UINT64_C(1000000000)
// Attempts between two pauses, where one is short.
#define SHMREC_BURST 64u

static inline uint64_t shmrec_clock_ns(int clock) {
    struct timespec now;
    if (shmrec_sys_clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return SHMREC_CAST(uint64_t, now.tv_sec) * SHMREC_SECOND_NS + SHMREC_CAST(uint64_t, now.tv_nsec);
}

// What no clock step moves: all deadlines.
static inline uint64_t shmrec_monotonic_ns(void) { return shmrec_clock_ns(SHMREC_CLOCK_MONOTONIC); }

// Nanoseconds of the clock that all processes of this machine share (but for those in time namespaces), in steps of 1 to
// 10 ms. No system call.
static inline uint64_t shmrec_coarse_ns(void) { return shmrec_clock_ns(SHMREC_CLOCK_MONOTONIC_COARSE); }

// Nanoseconds since 1970 (UTC): for people, nothing is decided by it.
static inline uint64_t shmrec_unix_ns(void) { return shmrec_clock_ns(SHMREC_CLOCK_REALTIME); }

// When so much time will have passed; one past what the clock can count never comes.
static inline uint64_t shmrec_deadline_ns(uint64_t timeout_ns) {
    const uint64_t now = shmrec_monotonic_ns();
    return timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
}

static inline struct timespec shmrec_timespec(uint64_t ns) {
    struct timespec time;
    time.tv_sec = SHMREC_CAST(time_t, ns / SHMREC_SECOND_NS);
    time.tv_nsec = SHMREC_CAST(long, ns % SHMREC_SECOND_NS);
    return time;
}

// Sleeps between two attempts: `*pause_ns`, then twice as long the next time, up to 1 ms. False: the deadline has
// passed.
SHMREC_COLD bool shmrec_pause(uint64_t *pause_ns, uint64_t deadline_ns) {
    const uint64_t now = shmrec_monotonic_ns();
    if (now >= deadline_ns) {
        return false;
    }
    const uint64_t left = deadline_ns - now;
    struct timespec pause;
    pause.tv_sec = 0;
    pause.tv_nsec = SHMREC_CAST(long, *pause_ns < left ? *pause_ns : left);
    (void)shmrec_sys_nanosleep(&pause, NULL); // a signal only makes the next attempt come sooner
    *pause_ns = *pause_ns < UINT64_C(500000) ? *pause_ns * 2 : UINT64_C(1000000);
    return true;
}

// futex(FUTEX_WAIT_BITSET): sleeps while the word has this value, until somebody wakes one of these bits, or until this
// time; or not at all. The caller looks again. False: there is no such sleeping here.
SHMREC_COLD bool shmrec_futex_wait(const uint32_t *word, uint32_t value, uint64_t until_ns, uint32_t bits) {
    const struct timespec until = shmrec_timespec(until_ns);
    const long result = shmrec_sys_call(SYS_futex, word, SHMREC_FUTEX_WAIT_BITSET, value, &until, NULL, bits);
    return result == 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT;
}

// futex(FUTEX_WAKE_BITSET): wakes so many of those who sleep on the word for one of these bits.
SHMREC_COLD void shmrec_futex_wake(const uint32_t *word, int sleepers, uint32_t bits) {
    (void)shmrec_sys_call(SYS_futex, word, SHMREC_FUTEX_WAKE_BITSET, sleepers, NULL, NULL, bits);
}

// membarrier(2). False: the kernel refuses.
SHMREC_COLD bool shmrec_membarrier(int command) { return shmrec_sys_call(SYS_membarrier, command, 0, 0) == 0; }

// Reads the start of a small file of the kernel's, with a NUL behind it. Bytes read; 0 when that fails.
static inline size_t shmrec_read_file(const char *path, char *to, size_t room) {
    int fd;
    SHMREC_RETRY(fd, open(path, O_RDONLY | SHMREC_O_CLOEXEC));
    if (fd < 0) {
        return 0;
    }
    ssize_t got;
    SHMREC_RETRY(got, read(fd, to, room - 1));
    (void)close(fd);
    const size_t bytes = got > 0 ? SHMREC_CAST(size_t, got) : 0;
    to[bytes] = '\0';
    return bytes;
}

// The id of the running kernel's boot as 16 bytes; zeros where it cannot be read.
static inline void shmrec_boot_id(unsigned char id[16]) {
    char text[64];
    memset(id, 0, 16);
    if (shmrec_read_file("/proc/sys/kernel/random/boot_id", text, sizeof text) == 0) {
        return;
    }
    unsigned digits = 0;
    for (const char *at = text; *at != '\0' && digits < 32; at++) {
        const char *const hex = "0123456789abcdef";
        const char *digit = strchr(hex, *at);
        if (digit != NULL) {
            const unsigned value = SHMREC_CAST(unsigned, digit - hex);
            id[digits / 2] = SHMREC_CAST(unsigned char, id[digits / 2] << 4 | SHMREC_CAST(int, value));
            digits++;
        }
    }
    if (digits != 32) {
        memset(id, 0, 16);
    }
}

// When a process started, in clock ticks since boot: field 22 of /proc/PID/stat. False: no such process, or no /proc.
static inline bool shmrec_start_of(const char *process, uint64_t *ticks) {
    char path[48], text[1024];
    *ticks = 0;
    (void)snprintf(path, sizeof path, "/proc/%s/stat", process);
    if (shmrec_read_file(path, text, sizeof text) == 0) {
        return false;
    }
    const char *at = strrchr(text, ')'); // the command's name, field 2, may hold anything, parentheses too
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) {
        return false;
    }
    for (at++; *at >= '0' && *at <= '9'; at++) {
        *ticks = *ticks * 10 + SHMREC_CAST(uint64_t, *at - '0');
    }
    return true;
}

// As before, by number.
static inline bool shmrec_process_start(uint64_t pid, uint64_t *ticks) {
    char process[24];
    (void)snprintf(process, sizeof process, "%llu", SHMREC_CAST(unsigned long long, pid));
    return shmrec_start_of(process, ticks);
}

// Whether the process with this number, as it was stored, is still there. A number counts within a PID namespace, the start
// of a process everywhere. 0: whoever stored it could not read it.
static inline bool shmrec_is_process(uint64_t pid, uint64_t start) {
    uint64_t now;
    return start != 0 && shmrec_process_start(pid, &now) && now == start;
}

// When this process itself started. Not by its pid: /proc may be that of another PID namespace, where the pid is
// another process's.
static inline bool shmrec_own_start(uint64_t *ticks) { return shmrec_start_of("self", ticks); }

// getrandom(2): 16 bytes that nobody else has. 0 or the errno.
static inline int shmrec_random(unsigned char bytes[16]) {
    int64_t got;
    SHMREC_RETRY(got, shmrec_sys_getrandom(bytes, 16, 0));
    return got == 16 ? 0 : got < 0 ? errno : EIO; // 16 bytes come whole
}

#endif
