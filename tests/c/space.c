// space.c: a full file system, or the limits of System V, refuse at creation and keep nothing. Needs root, for a small
// file system or an IPC namespace of its own; the address of a file says only how the directory is called.

#include "common.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>

static int entries(const char *directory) {
    DIR *open_directory = opendir(directory);
    CHECK(open_directory != NULL);
    int count = 0;
    while (readdir(open_directory) != NULL) {
        count++;
    }
    (void)closedir(open_directory);
    return count - 2; // . and ..
}

static void full_file_system(const char *directory) {
    // In a namespace of its own, so that the file system is gone with this process.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        skip("no right to mount a file system");
    }
    CHECK(mkdir(directory, 0700) == 0);
    if (mount("tmpfs", directory, "tmpfs", 0, "size=256k") != 0) {
        CHECK(rmdir(directory) == 0);
        skip("no right to mount a file system");
    }
    char address[512], wanted[64];
    (void)snprintf(address, sizeof address, "file:%s/table", directory);
    md_page_writer writer;
    CHECK(md_page_create(&writer, address, 10000, NULL, &error) == SHMREC_NO_SPACE);
    CHECK(error.errno_value == ENOSPC && strstr(error.text, "fallocate: No space left on device") != NULL);
    CHECK(sscanf(error.text + strlen("create ") + strlen(address), ": no space for %63[0-9] bytes", wanted) == 1);
    CHECK(entries(directory) == 0);
    CHECK(md_page_create(&writer, address, 100, NULL, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK && entries(directory) == 0);
    CHECK(umount(directory) == 0 && rmdir(directory) == 0);
    printf("ok: refused %s bytes, nothing left behind\n", wanted);
}

// Sets a limit of this process's IPC namespace.
static void set_limit(const char *path, const char *value) {
    const int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value) && close(fd) == 0);
}

static void limits(const char *address) {
    md_page_writer writer;
    if (unshare(CLONE_NEWIPC) != 0 || access("/proc/sys/kernel/shmmax", W_OK) != 0) {
        skip("no right to make an IPC namespace");
    }
    set_limit("/proc/sys/kernel/shmmax", "100000");
    CHECK(md_page_create(&writer, address, 10000, NULL, &error) == SHMREC_NO_SPACE && error.errno_value == EINVAL);
    CHECK(strstr(error.text, " bytes: shmget: above SHMMAX: ") != NULL);
    CHECK(!segment_exists(address) && !guard_exists(address));
    set_limit("/proc/sys/kernel/shmmni", "0");
    CHECK(md_page_create(&writer, address, 100, NULL, &error) == SHMREC_NO_SPACE && error.errno_value == ENOSPC);
    CHECK(!segment_exists(address) && !guard_exists(address));
    set_limit("/proc/sys/kernel/shmmni", "1");
    set_limit("/proc/sys/kernel/sem", "250 32000 32 0");
    CHECK(md_page_create(&writer, address, 100, NULL, &error) == SHMREC_NO_SPACE && error.errno_value == ENOSPC);
    CHECK(strstr(error.text, ": no space: semget: ") != NULL && !segment_exists(address));
    set_limit("/proc/sys/kernel/sem", "250 32000 32 1");
    CHECK(md_page_create(&writer, address, 100, NULL, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    printf("ok: refused what is above the limits, nothing left behind\n");
}

int main(int argc, char **argv) {
    const char *address = base_address(argc, argv);
    if (is_file(address)) {
        full_file_system(path_of(address, false));
    } else {
        limits(address);
    }
    return 0;
}
