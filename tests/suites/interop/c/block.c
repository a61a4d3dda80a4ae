// block KEY: as tutorials do it: 64 MB of System V memory under a key, a greeting in its first bytes, and a status word at
// its end, which it waits for. Knows nothing of shmrecord.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#define SIZE (64 * 1024 * 1024)
#define STATUS (SIZE - 4)

int main(int argc, char *argv[]) {
    if (argc != 2) {
        return 2;
    }
    key_t key = (key_t)strtoul(argv[1], NULL, 0);
    int id = shmget(key, SIZE, IPC_CREAT | 0666);
    if (id == -1) {
        perror("shmget");
        return 1;
    }
    char *memory = (char *)shmat(id, NULL, 0);
    if (memory == (char *)-1) {
        perror("shmat");
        return 1;
    }
    strcpy(memory, "Hello from C");
    printf("written\n");
    fflush(stdout);

    volatile int *status = (volatile int *)(memory + STATUS);
    for (int tries = 0; *status == 0 && tries < 10000; tries++) {
        usleep(1000);
    }
    printf("status %d\n", *status);

    shmdt(memory);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}
