/* The verification pattern: records whose fields determine one another. The same as src/pattern.rs. */
#ifndef PATTERN_H
#define PATTERN_H

#include "md.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline md_market_data pattern_record(int64_t n) {
    md_market_data record;
    uint64_t rest = (uint64_t)n;
    int digit;
    memset(&record, 0, sizeof record);
    for (digit = 9; digit >= 0; digit--, rest /= 10)
        record.symbol[digit] = (char)('0' + (int)(rest % 10));
    record.price = (double)(n & INT64_C(0xfffffffffffff)) / 2.0;
    record.volume = n;
    return record;
}

/* The number in an argument; what is none ends the program with status 2. */
static inline uint64_t pattern_number(const char *text) {
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        fprintf(stderr, "`%s` is not a number\n", text);
        exit(2);
    }
    return number;
}

static inline int pattern_is_whole(const md_market_data *found) {
    md_market_data expected = pattern_record(found->volume);
    return memcmp(found->symbol, expected.symbol, sizeof expected.symbol) == 0 && found->price == expected.price;
}

#endif
