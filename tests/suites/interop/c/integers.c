// integers NAME: as tutorials do it: a POSIX segment, of 4 GB here, with three integers in it. When a line comes, it prints
// what they are then. Knows nothing of shmrecord.

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (4L * 1024 * 1024 * 1024)

int main(int argc, char *argv[]) {
    if (argc != 2) {
        return 2;
    }
    int fd = shm_open(argv[1], O_CREAT | O_RDWR, 0666);
    if (fd == -1) {
        perror("shm_open");
        return 1;
    }
    if (ftruncate(fd, SIZE) == -1) {
        perror("ftruncate");
        return 1;
    }
    int *numbers = (int *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (numbers == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    numbers[0] = 10;
    numbers[1] = 20;
    numbers[2] = 30;
    printf("written\n");
    fflush(stdout);

    while (getchar() == '\n') {
        printf("%d %d %d\n", numbers[0], numbers[1], numbers[2]);
        fflush(stdout);
    }
    munmap(numbers, SIZE);
    close(fd);
    shm_unlink(argv[1]);
    return 0;
}
