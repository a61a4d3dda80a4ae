/* subscriber ADDRESS: prints every record once. subscriber ADDRESS verify [READS]: checks the verification pattern until
 * READS or a signal, prints how many records were torn, and fails if any was. */
#include "pattern.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stop;
static void on_signal(int number) { (void)number; stop = 1; }

int main(int argc, char **argv) {
    md_market_data_reader reader;
    md_market_data record;
    shmrec_error error;
    uint64_t version, reads = 0, torn = 0;
    if (argc < 2) return fprintf(stderr, "usage: subscriber ADDRESS [verify [READS]]\n"), 2;
    int verify = argc > 2;
    uint64_t wanted = argc > 3 ? pattern_number(argv[3]) : UINT64_MAX;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);

    if (md_market_data_open(&reader, argv[1], NULL, &error)) return fprintf(stderr, "subscriber: %s\n", error.text), 1;
    do {
        for (uint64_t i = 0; i < shmrec_table_capacity(&reader.table) && reads < wanted && !stop; i++) {
            if (md_market_data_read(&reader, i, &record, &version, &error)) return fprintf(stderr, "subscriber: %s\n", error.text), 1;
            if (version == 0) continue;
            if (verify) reads++, torn += !pattern_is_whole(&record);
            else printf("%" PRIu64 "  %" PRIu64 "  %.10s  %g  %" PRId64 "\n", i, version, record.symbol, record.price, record.volume);
        }
    } while (verify && reads < wanted && !stop);
    md_market_data_close(&reader);
    if (verify) printf("%" PRIu64 " reads, %" PRIu64 " torn\n", reads, torn);
    return torn > 0;
}
