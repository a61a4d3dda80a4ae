// legacy: a program as there are many: accounts in a System V segment under a key, with a guard of its own choice. Knows
// nothing of shmrecord. Compiles as C and as C++.
//
//   legacy KEY sysv SEMKEY      a semaphore of its own, taken and given back by semop without SEM_UNDO
//   legacy KEY posix /NAME      a semaphore of its own, by sem_open
//   legacy KEY seqcount -       a counter in the segment, odd while somebody writes
//   legacy KEY seqcounts -      such a counter behind each account
//
// It makes what is not there, prints `ready` and obeys:
//
//   add TIMES          adds 1 to the first account, then to the next and so on, so many times; prints `added`
//   sum                prints the balance of all accounts
//   check TIMES        reads accounts, so many times; prints `N bad`: those whose two columns do not cancel out
//   hold INDEX         begins a change and stops in the middle of it; prints `holding`
//   remove             removes segment and semaphore; prints `removed`

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define ACCOUNTS 8

struct account {
    char owner[12];
    int number;
    long balance;
    long negated;
};

struct slot {
    struct account account;
    volatile unsigned sequence;
    unsigned unused;
};

struct bank {
    char title[16];
    volatile unsigned long sequence;
    char unused[40];
    struct slot slots[ACCOUNTS];
};

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

enum guard { SYSV, POSIX, SEQCOUNT, SEQCOUNTS };
static const char *const guards[] = {"sysv", "posix", "seqcount", "seqcounts"};

static struct bank *bank;
static int guard;
static int set;
static sem_t *semaphore;

static void fail(const char *call) {
    perror(call);
    exit(1);
}

static void operate(short amount) {
    struct sembuf operation;
    operation.sem_num = 0;
    operation.sem_op = amount;
    operation.sem_flg = 0;
    while (semop(set, &operation, 1) == -1) {
        if (errno != EINTR) {
            fail("semop");
        }
    }
}

static void lock(int index) {
    unsigned long all;
    unsigned one;
    switch (guard) {
    case SYSV:
        operate(-1);
        break;
    case POSIX:
        while (sem_wait(semaphore) == -1) {
            if (errno != EINTR) {
                fail("sem_wait");
            }
        }
        break;
    case SEQCOUNT:
        while (all = bank->sequence & ~1UL, !__sync_bool_compare_and_swap(&bank->sequence, all, all + 1)) {
            sched_yield();
        }
        break;
    case SEQCOUNTS:
        while (one = bank->slots[index].sequence & ~1U,
               !__sync_bool_compare_and_swap(&bank->slots[index].sequence, one, one + 1)) {
            sched_yield();
        }
        break;
    }
    __sync_synchronize();
}

static void unlock(int index) {
    __sync_synchronize();
    switch (guard) {
    case SYSV:
        operate(1);
        break;
    case POSIX:
        sem_post(semaphore);
        break;
    case SEQCOUNT:
        bank->sequence = bank->sequence + 1;
        break;
    case SEQCOUNTS:
        bank->slots[index].sequence = bank->slots[index].sequence + 1;
        break;
    }
}

static unsigned long sequence_of(int index) {
    return guard == SEQCOUNT ? bank->sequence : bank->slots[index].sequence;
}

// Under a semaphore, or again and again until no counter moved meanwhile.
static struct account read_account(int index) {
    struct account copy;
    if (guard == SYSV || guard == POSIX) {
        lock(index);
        copy = bank->slots[index].account;
        unlock(index);
        return copy;
    }
    for (;;) {
        unsigned long before = sequence_of(index);
        __sync_synchronize();
        copy = bank->slots[index].account;
        __sync_synchronize();
        if (before % 2 == 0 && sequence_of(index) == before) {
            return copy;
        }
    }
}

// What there is to do between the two columns: who looks now sees half a change.
static void book(void) {
    static volatile unsigned booked;
    for (int i = 0; i < 20; i++) {
        booked = booked + 1;
    }
    __sync_synchronize();
}

static void add(int times) {
    for (int i = 0; i < times; i++) {
        struct account *account = &bank->slots[i % ACCOUNTS].account;
        lock(i % ACCOUNTS);
        account->balance += 1;
        book();
        account->negated -= 1;
        unlock(i % ACCOUNTS);
        // Others get a turn.
        sched_yield();
    }
}

static void open_bank(key_t key) {
    int id = shmget(key, sizeof(struct bank), IPC_CREAT | 0600);
    if (id == -1) {
        fail("shmget");
    }
    bank = (struct bank *)shmat(id, NULL, 0);
    if (bank == (void *)-1) {
        fail("shmat");
    }
    if (bank->title[0] == '\0') {
        strcpy(bank->title, "BANK 1.0");
        for (int i = 0; i < ACCOUNTS; i++) {
            snprintf(bank->slots[i].account.owner, sizeof bank->slots[i].account.owner, "owner %d", i);
            bank->slots[i].account.number = 1000 + i;
        }
    }
}

static void open_guard(const char *place) {
    if (guard == SYSV) {
        key_t key = (key_t)strtoul(place, NULL, 0);
        set = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
        if (set != -1) {
            union semun one;
            one.val = 1;
            if (semctl(set, 0, SETVAL, one) == -1) {
                fail("semctl");
            }
        } else if ((set = semget(key, 1, 0)) == -1) {
            fail("semget");
        }
    } else if (guard == POSIX) {
        semaphore = sem_open(place, O_CREAT, 0600, 1);
        if (semaphore == SEM_FAILED) {
            fail("sem_open");
        }
    }
}

static void remove_all(key_t key, const char *place) {
    shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
    if (guard == SYSV) {
        semctl(set, 0, IPC_RMID);
    } else if (guard == POSIX) {
        sem_unlink(place);
    }
}

int main(int argc, char *argv[]) {
    while (argc == 4 && guard <= SEQCOUNTS && strcmp(argv[2], guards[guard]) != 0) {
        guard++;
    }
    if (argc != 4 || guard > SEQCOUNTS) {
        fprintf(stderr, "usage: legacy KEY sysv|posix|seqcount|seqcounts PLACE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    key_t key = (key_t)strtoul(argv[1], NULL, 0);
    open_bank(key);
    open_guard(argv[3]);
    printf("ready\n");

    char line[80];
    int index, times;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "add %d", &times) == 1) {
            add(times);
            printf("added\n");
        } else if (strncmp(line, "sum", 3) == 0) {
            long sum = 0;
            for (int i = 0; i < ACCOUNTS; i++) {
                sum += read_account(i).balance;
            }
            printf("%ld\n", sum);
        } else if (sscanf(line, "check %d", &times) == 1) {
            int bad = 0;
            for (int i = 0; i < times; i++) {
                struct account account = read_account(i % ACCOUNTS);
                bad += account.balance + account.negated != 0 || account.number != 1000 + i % ACCOUNTS;
            }
            printf("%d bad\n", bad);
        } else if (sscanf(line, "hold %d", &index) == 1) {
            lock(index);
            bank->slots[index].account.balance += 1;
            printf("holding\n");
        } else if (strncmp(line, "remove", 6) == 0) {
            remove_all(key, argv[3]);
            printf("removed\n");
        }
    }
    return 0;
}
