// quotes KEY: as tutorials do it: 100 quotes in 1 MB of System V memory. For each index on its input it prints that quote.
// Knows nothing of shmrecord.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#define SIZE (1024 * 1024)
#define COUNT 100

struct MarketData {
    char symbol[10];
    double price;
    long volume;
};

int main(int argc, char *argv[]) {
    if (argc != 2) {
        return 2;
    }
    int id = shmget((key_t)strtoul(argv[1], NULL, 0), SIZE, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1) {
        perror("shmget");
        return 1;
    }
    struct MarketData *quotes = (struct MarketData *)shmat(id, NULL, 0);
    if (quotes == (void *)-1) {
        perror("shmat");
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(quotes[i].symbol, sizeof quotes[i].symbol, "SYM%d", i);
        quotes[i].price = 100 + i / 4.0;
        quotes[i].volume = 1000L * i;
    }
    printf("written\n");
    fflush(stdout);

    int i;
    while (scanf("%d", &i) == 1 && i >= 0 && i < COUNT) {
        printf("%.10s %.2f %ld\n", quotes[i].symbol, quotes[i].price, quotes[i].volume);
        fflush(stdout);
    }
    shmdt(quotes);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}
