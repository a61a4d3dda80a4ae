// every.h: values of the record that has every kind of field, made and printed element by element. The twin of every.rs.

#ifndef EVERY_H
#define EVERY_H

#include "twin.h"

#include <inttypes.h>
#include <stdio.h>

// Goes through the elements of a record: fills them with the bits of a value, or prints their bits.
typedef struct walk {
    uint64_t number; // of the value
    uint64_t at;     // elements so far
    bool fills;
    uint8_t reserved[7];
} walk;

// Bits for element `at` of value `number`: every class of bit patterns that an element of this width has.
static uint64_t bits_of(uint64_t number, uint64_t at, unsigned width) {
    const uint64_t all = UINT64_MAX >> (64 - width), sign = UINT64_C(1) << (width - 1);
    const uint64_t infinity = width == 64 ? UINT64_C(0x7ff0000000000000) : width == 32 ? 0x7f800000 : 0;
    switch (number % 8) {
    case 0: return 0;
    case 1: return all;                                // -1, the largest unsigned, a quiet NaN
    case 2: return sign;                               // the smallest signed, -0.0
    case 3: return all ^ sign;                         // the largest signed
    case 4: return 1;                                  // the smallest positive, a subnormal
    case 5: return infinity;
    case 6: return (infinity | sign | (at + 1)) & all; // a signalling NaN with a payload
    default: return ((number + at + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - width);
    }
}

static void elements(walk *w, void *first, size_t bytes, unsigned width) {
    const size_t size = (width + 7) / 8;
    for (size_t i = 0; i < bytes; i += size) {
        unsigned char *element = SHMREC_BYTES(first) + i;
        uint64_t bits = 0;
        if (w->fills) {
            bits = bits_of(w->number, w->at, width);
            memcpy(element, &bits, size);
        } else {
            memcpy(&bits, element, size);
            printf(" %" PRIx64, bits);
        }
        w->at++;
    }
}

#define ELEMENTS(field, width) elements(w, &(field), sizeof(field), width)

static void walk_leg(walk *w, twin_leg *leg) {
    ELEMENTS(leg->on, 1);
    ELEMENTS(leg->ratio, 64);
    ELEMENTS(leg->level, 16);
}

static void walk_every(walk *w, twin_every *every) {
    ELEMENTS(every->unsigned8, 8);
    ELEMENTS(every->unsigned16, 16);
    ELEMENTS(every->unsigned32, 32);
    ELEMENTS(every->unsigned64, 64);
    ELEMENTS(every->signed8, 8);
    ELEMENTS(every->signed16, 16);
    ELEMENTS(every->signed32, 32);
    ELEMENTS(every->signed64, 64);
    ELEMENTS(every->single, 32);
    ELEMENTS(every->double_, 64);
    ELEMENTS(every->on, 1);
    ELEMENTS(every->text, 8);
    ELEMENTS(every->flags, 1);
    ELEMENTS(every->grid, 16);
    ELEMENTS(every->cube, 32);
    walk_leg(w, &every->leg);
    for (size_t i = 0; i < TWIN_LEGS; i++) {
        walk_leg(w, &every->legs[i][0]);
    }
    ELEMENTS(every->last, 8);
}

// Value `number`, with padding that must not reach a segment.
static twin_every every_of(uint64_t number) {
    twin_every every;
    memset(&every, 0xff, sizeof every);
    walk w = {.number = number, .fills = true};
    walk_every(&w, &every);
    return every;
}

// Prints the bits of every element.
static void print_every(twin_every *every) {
    walk w = {.fills = false};
    walk_every(&w, every);
}

#endif
