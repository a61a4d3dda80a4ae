// counter KEY INDEX SEGMENT: a program that takes turns by semaphore INDEX of the System V set with this key, which the kernel
// gives back when it dies, and counts in the first eight bytes of the System V segment with that key. `add N` adds one so
// often, then prints `added`; `take` prints `taken` and keeps its turn until `give`, which prints `given`. Knows nothing of
// shmrecord.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <unistd.h>

static int set;
static unsigned short number;

static void change(short by) {
    struct sembuf operation;
    operation.sem_num = number;
    operation.sem_op = by;
    operation.sem_flg = SEM_UNDO;
    if (semop(set, &operation, 1) == -1) {
        perror("semop");
        exit(1);
    }
}

static void say(const char *word) {
    printf("%s\n", word);
    fflush(stdout);
}

int main(int argc, char *argv[]) {
    if (argc != 4) {
        return 2;
    }
    set = semget((key_t)strtoul(argv[1], NULL, 0), 0, 0);
    number = (unsigned short)atoi(argv[2]);
    int segment = shmget((key_t)strtoul(argv[3], NULL, 0), 0, 0);
    if (set == -1 || segment == -1) {
        perror("semget, shmget");
        return 1;
    }
    volatile uint64_t *count = (volatile uint64_t *)shmat(segment, NULL, 0);
    if (count == (void *)-1) {
        perror("shmat");
        return 1;
    }
    char line[80];
    say("ready");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "add ", 4) == 0) {
            for (int times = atoi(line + 4); times > 0; times--) {
                change(-1);
                uint64_t now = *count;
                if (times % 16 == 0) {
                    usleep(50); // long enough for somebody who does not wait for his turn
                }
                *count = now + 1;
                change(1);
            }
            say("added");
        } else if (strcmp(line, "take\n") == 0) {
            change(-1);
            say("taken");
        } else {
            change(1);
            say("given");
        }
    }
    return 0;
}
