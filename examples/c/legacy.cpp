// legacy KEY: a feed handler as there are many: quotes in a System V segment under a key, guarded by a semaphore of its own
// under the same key. It was written long before shmrecord and includes nothing of it; schemas/legacy.toml says where its
// quotes are. It updates them until a signal comes, prints how often, and removes both.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

namespace {

struct quote {
    char symbol[8];
    double bid, ask;
    uint32_t bid_size, ask_size;
};

struct feed {
    char title[64];
    quote quotes[100];
};

const char *const symbols[] = {"AAPL", "AMZN", "GOOG", "MSFT", "NVDA"};
const size_t known = sizeof symbols / sizeof symbols[0];

volatile std::sig_atomic_t stop;

void on_signal(int) { stop = 1; }

int fail(const char *call) {
    std::perror(call);
    return 1;
}

// One semaphore, free at 1.
bool change(int set, short amount) {
    sembuf operation = {};
    operation.sem_op = amount;
    int result;
    do {
        result = semop(set, &operation, 1);
    } while (result == -1 && errno == EINTR);
    return result == 0;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: legacy KEY\n"), 2;
    const key_t key = static_cast<key_t>(std::strtoul(argv[1], nullptr, 0));
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);

    const int set = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
    if (set == -1) return fail("semget");
    const int id = shmget(key, sizeof(feed), IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1) return semctl(set, 0, IPC_RMID), fail("shmget");
    feed *const table = static_cast<feed *>(shmat(id, nullptr, 0));
    std::strcpy(table->title, "FEED 2.1");
    for (size_t i = 0; i < known; i++) {
        quote &q = table->quotes[i];
        std::strcpy(q.symbol, symbols[i]);
        q.bid = 100.0 + 10.0 * static_cast<double>(i);
        q.ask = q.bid + 0.5;
    }
    // From here on others may use it.
    if (!change(set, 1)) return fail("semop");

    unsigned long updates = 0;
    while (!stop && change(set, -1)) {
        table->quotes[updates++ % known].bid_size += 1;
        change(set, 1);
        usleep(100);
    }
    unsigned long total = 0;
    for (const quote &q : table->quotes) total += q.bid_size;
    std::printf("%lu updates of %lu\n", updates, total);
    shmdt(table);
    shmctl(id, IPC_RMID, nullptr);
    semctl(set, 0, IPC_RMID);
    return 0;
}
