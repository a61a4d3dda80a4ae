// space.c: a full file system refuses at creation and keeps nothing. Needs root, for a small file system of its own;
// the address says only how the directory is called.

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

int main(int argc, char **argv) {
    const char *directory = path_of(base_address(argc, argv), false);
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
    return 0;
}
