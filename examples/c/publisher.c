/* publisher ADDRESS RECORDS [UPDATES]: writes the verification pattern, without a pause, until UPDATES or a signal. */
#include "pattern.h"

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stop;
static void on_signal(int number) { (void)number; stop = 1; }

int main(int argc, char **argv) {
    md_market_data_writer writer;
    shmrec_error error;
    if (argc < 3) return fprintf(stderr, "usage: publisher ADDRESS RECORDS [UPDATES]\n"), 2;
    uint64_t records = pattern_number(argv[2]), updates = argc > 3 ? pattern_number(argv[3]) : UINT64_MAX;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);

    if (md_market_data_create(&writer, argv[1], records, NULL, &error)) return fprintf(stderr, "publisher: %s\n", error.text), 1;
    for (uint64_t n = 0; n < updates && !stop; n++) {
        md_market_data record = pattern_record((int64_t)n);
        if (md_market_data_write(&writer, n % records, &record, &error)) return fprintf(stderr, "publisher: %s\n", error.text), 1;
    }
    md_market_data_close_writer(&writer);
    return 0;
}
