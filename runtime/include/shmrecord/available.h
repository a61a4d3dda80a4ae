// available.h: whether there is memory for a new segment: no call refuses it where only the kernel's last resort is
// left, which is to end processes. Relies on /proc and /sys/fs/cgroup; what they do not tell is taken to be enough. What
// is asked here may be gone a moment later; it keeps a table from being created that can never fit.

#ifndef SHMRECORD_AVAILABLE_H
#define SHMRECORD_AVAILABLE_H

#include "sys.h"

// Below this nothing is asked.
#define SHMREC_NOTABLE_BYTES (UINT64_C(1) << 20)

// Files of a control group and the line of its memory.stat that counts what the kernel can take back.
typedef struct shmrec_group_files {
    const char *root;
    const char *limit;
    const char *usage;
    const char *reclaimable;
} shmrec_group_files;

// The number at the start of this text. False: there is none, or it is too large.
static inline bool shmrec_number(const char *text, uint64_t *number) {
    const char *at = text;
    for (*number = 0; *at >= '0' && *at <= '9'; at++) {
        const uint64_t digit = SHMREC_CAST(uint64_t, *at - '0');
        if (*number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return at != text;
}

// The number in the line that begins with this word. False: there is none.
static inline bool shmrec_number_behind(const char *text, const char *word, uint64_t *number) {
    const size_t length = strlen(word);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncmp(line, word, length) == 0 && line[length] == ' ') {
            return shmrec_number(line + length + strspn(line + length, " "), number);
        }
    }
    return false;
}

// Bytes of memory that processes could still be given, swap included. UINT64_MAX: nobody tells.
static inline uint64_t shmrec_room_of_machine(void) {
    char text[4096];
    uint64_t available, swap;
    const bool known = shmrec_read_file("/proc/meminfo", text, sizeof text) > 0 &&
                       shmrec_number_behind(text, "MemAvailable:", &available) &&
                       shmrec_number_behind(text, "SwapFree:", &swap);
    return known ? (available + swap) * 1024 : UINT64_MAX;
}

// What this group leaves, whose folder is `path` below the root. UINT64_MAX: it has no limit, or is not there.
static inline uint64_t shmrec_room_of_group(const shmrec_group_files *files, const char *path) {
    char name[4096], text[8192];
    uint64_t limit, usage, reclaimable = 0;
    (void)snprintf(name, sizeof name, "%s%s/%s", files->root, path, files->limit);
    if (shmrec_read_file(name, text, sizeof text) == 0 || !shmrec_number(text, &limit)) {
        return UINT64_MAX;
    }
    (void)snprintf(name, sizeof name, "%s%s/%s", files->root, path, files->usage);
    if (shmrec_read_file(name, text, sizeof text) == 0 || !shmrec_number(text, &usage)) {
        return UINT64_MAX;
    }
    (void)snprintf(name, sizeof name, "%s%s/memory.stat", files->root, path);
    if (shmrec_read_file(name, text, sizeof text) > 0) {
        (void)shmrec_number_behind(text, files->reclaimable, &reclaimable);
    }
    usage = usage > reclaimable ? usage - reclaimable : 0;
    return limit > usage ? limit - usage : 0;
}

// Whether "memory" is among these names with commas between them.
static inline bool shmrec_controls_memory(const char *controllers) {
    for (const char *name = controllers; name != NULL; name = strchr(name, ',')) {
        name += *name == ',' ? 1 : 0;
        if (strncmp(name, "memory", 6) == 0 && (name[6] == ',' || name[6] == '\0')) {
            return true;
        }
    }
    return false;
}

// Likewise of the group in this line of /proc/self/cgroup, NUMBER:CONTROLLERS:/path, and those above it. The line is
// taken apart. In a container the path may be the host's: what is not there is not asked.
static inline uint64_t shmrec_room_of_line(char *line) {
    static const shmrec_group_files second = {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
    static const shmrec_group_files first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                             "memory.usage_in_bytes", "total_inactive_file"};
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL) {
        return UINT64_MAX;
    }
    controllers++;
    *path++ = '\0';
    if (*controllers != '\0' && !shmrec_controls_memory(controllers)) {
        return UINT64_MAX;
    }
    uint64_t least = UINT64_MAX;
    for (;;) {
        const uint64_t room = shmrec_room_of_group(*controllers == '\0' ? &second : &first, path);
        least = room < least ? room : least;
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return least;
        }
        *slash = '\0';
    }
}

// Bytes that this process's control group and those above it leave. UINT64_MAX: nobody tells.
static inline uint64_t shmrec_room_of_groups(void) {
    char text[8192];
    uint64_t least = UINT64_MAX;
    if (shmrec_read_file("/proc/self/cgroup", text, sizeof text) == 0) {
        return least;
    }
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        const uint64_t room = shmrec_room_of_line(line);
        least = room < least ? room : least;
        line = end;
    }
    return least;
}

// Refuses what neither the machine nor this process's control groups have room for.
static inline int shmrec_check_available(uint64_t bytes, const shmrec_task *task) {
    if (bytes < SHMREC_NOTABLE_BYTES) {
        return SHMREC_OK;
    }
    if (bytes > shmrec_room_of_machine()) {
        return shmrec_fail_space(task, "MemAvailable and SwapFree in /proc/meminfo", ENOMEM, bytes);
    }
    if (bytes > shmrec_room_of_groups()) {
        return shmrec_fail_space(task, "the memory limit of a control group", ENOMEM, bytes);
    }
    return SHMREC_OK;
}

#endif
