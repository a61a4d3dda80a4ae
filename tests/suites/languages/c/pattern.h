// pattern.h: values from which a torn or wrongly counted record is seen: the twin of the patterns in records.rs.

#ifndef PATTERN_H
#define PATTERN_H

#include "twin.h"

// The only right value of record `index` in this version; all zeros for version 0.
static inline twin_pattern256 pattern_of(uint64_t index, uint64_t version) {
    twin_pattern256 pattern;
    memset(&pattern, 0, sizeof pattern);
    uint64_t word = (version * UINT64_C(0x9e3779b97f4a7c15)) ^ index;
    for (size_t i = 0; version > 0 && i < sizeof pattern.words / sizeof pattern.words[0]; i++) {
        word = ((word << 7) | (word >> 57)) + UINT64_C(0x2545f4914f6cdd1d);
        pattern.words[i] = word;
    }
    return pattern;
}

#endif
