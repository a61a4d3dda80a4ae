// signal ADDRESS: creates a table of one Signal, red and green, and ends.

#include "fixture.h"

int main(int argc, char **argv) {
    fixture_signal_writer writer;
    shmrec_error error;
    const fixture_signal signal = {5, {FIXTURE_COLOUR_RED, FIXTURE_COLOUR_GREEN}};
    if (argc != 2 || fixture_signal_create(&writer, argv[1], 1, NULL, &error) != 0 ||
        fixture_signal_write(&writer, 0, &signal, &error) != 0) {
        return 1;
    }
    fixture_signal_close_writer(&writer);
    return 0;
}
