// describe.h: what fuzz.c says of the bytes of a description, and of their difference from others, on one line. Relies on
// the runtime's header alone.

#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "shmrecord/table.h"

#include <stdio.h>
#include <stdlib.h>

// Prints text without ending the line.
static void print_line(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        putchar(*at == '\n' ? '|' : *at);
    }
}

// Which fields of ours the other record has, too, if they are versions of each other.
static void print_common(const shmrec_description *described, const shmrec_description *ours) {
    shmrec_text words;
    shmrec_view *view = shmrec_view_new(ours);
    if (view == NULL) {
        exit(2);
    }
    printf("; ");
    if (!shmrec_common_fields(&words, view->has, described, ours)) {
        print_line(words.bytes);
    } else {
        const char *before = "versions of each other by [";
        for (uint32_t i = 0; i < shmrec_record_fields(shmrec_root_record(ours)); i++) {
            if (view->has[i] != 0) {
                printf("%s%u", before, i);
                before = ", ";
            }
        }
        printf("]");
    }
    free(view);
}

// What is wrong with a description, the first so many of these bytes; or how it differs from the one behind it, and
// whether they are versions of each other.
static void describe(const unsigned char *bytes, size_t length, size_t first) {
    shmrec_description described, ours;
    shmrec_text words;
    unsigned char *alone = malloc(first); // of exactly this length, so that nothing behind it is read unseen
    if (alone == NULL || first > length || shmrec_description_open(&ours, bytes + first, length - first) != NULL) {
        exit(2);
    }
    memcpy(alone, bytes, first);
    const char *fault = shmrec_description_open(&described, alone, first);
    if (fault != NULL) {
        print_line(fault);
    } else {
        print_line(shmrec_first_difference(&words, &described, &ours) ? words.bytes : "the same");
        print_common(&described, &ours);
    }
    free(alone);
}

#endif
