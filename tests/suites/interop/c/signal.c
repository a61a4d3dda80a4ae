// signal KEY|/NAME make|open wait|post: as tutorials do it: one process waits for a semaphore, another posts it; System V
// with a key, POSIX with a name. Says so before and after. Knows nothing of shmrecord.

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void fail(const char *call) {
    perror(call);
    exit(1);
}

static void by_key(const char *text, int make, int amount) {
    key_t key = (key_t)strtoul(text, NULL, 0);
    int id = semget(key, make ? 1 : 0, make ? IPC_CREAT | 0666 : 0);
    if (id == -1) {
        fail("semget");
    }
    if (make) {
        union semun zero;
        zero.val = 0;
        if (semctl(id, 0, SETVAL, zero) == -1) {
            fail("semctl");
        }
    }
    printf("ready\n");
    fflush(stdout);
    struct sembuf operation;
    operation.sem_num = 0;
    operation.sem_op = (short)amount;
    operation.sem_flg = 0;
    if (semop(id, &operation, 1) == -1) {
        fail("semop");
    }
}

static void by_name(const char *name, int make, int amount) {
    sem_t *semaphore = make ? sem_open(name, O_CREAT, 0644, 0) : sem_open(name, 0);
    if (semaphore == SEM_FAILED) {
        fail("sem_open");
    }
    printf("ready\n");
    fflush(stdout);
    if ((amount < 0 ? sem_wait(semaphore) : sem_post(semaphore)) == -1) {
        fail(amount < 0 ? "sem_wait" : "sem_post");
    }
    sem_close(semaphore);
}

int main(int argc, char *argv[]) {
    if (argc != 4) {
        return 2;
    }
    int make = strcmp(argv[2], "make") == 0;
    int amount = strcmp(argv[3], "wait") == 0 ? -1 : 1;
    if (argv[1][0] == '/') {
        by_name(argv[1], make, amount);
    } else {
        by_key(argv[1], make, amount);
    }
    printf("done\n");
    return 0;
}
