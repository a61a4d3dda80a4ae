// compat_words.h: what is said of a described field when it is compared: its place, its unit, what its numbers mean.
// Relies on description.h; compares nothing, which is compat.h's.

#ifndef SHMRECORD_COMPAT_WORDS_H
#define SHMRECORD_COMPAT_WORDS_H

#include "base.h"
#include "description.h"

#include <stdarg.h>
#include <stdio.h>

// Text of bounded length, always terminated; what does not fit is left out.
typedef struct shmrec_text {
    size_t length;
    char bytes[256];
} shmrec_text;

static inline SHMREC_PRINTF(2, 3) void shmrec_append(shmrec_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int added = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, arguments);
    va_end(arguments);
    const size_t wanted = text->length + (added > 0 ? SHMREC_CAST(size_t, added) : 0);
    text->length = wanted < sizeof text->bytes ? wanted : sizeof text->bytes - 1;
}

static inline shmrec_text shmrec_text_of(shmrec_string string) {
    shmrec_text text;
    text.length = 0;
    text.bytes[0] = '\0';
    const void *bytes = string.bytes;
    shmrec_append(&text, "%.*s", SHMREC_CAST(int, string.length), SHMREC_CAST(const char *, bytes));
    return text;
}

static inline bool shmrec_same_string(shmrec_string a, shmrec_string b) {
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

// `f64 at 16`, `[Level; 10] at 40`
static inline shmrec_text shmrec_field_place(const shmrec_description *d, const unsigned char *field) {
    shmrec_text text;
    text.length = 0;
    for (uint32_t i = 0; i < shmrec_field_rank(field); i++) {
        shmrec_append(&text, "[");
    }
    const unsigned char *named = shmrec_field_enum(d, field);
    if (shmrec_field_kind(field) == SHMREC_KIND_RECORD) {
        named = shmrec_record_entry(d, shmrec_field_index(field));
    }
    if (named != NULL) {
        shmrec_append(&text, "%s", shmrec_text_of(shmrec_entry_string(d, named, 0)).bytes);
    } else {
        shmrec_append(&text, "%s", shmrec_field_is_text(field) ? "char" : shmrec_kind_name(shmrec_field_kind(field)));
    }
    for (uint32_t i = shmrec_field_rank(field); i > 0; i--) {
        shmrec_append(&text, "; %u]", shmrec_field_dim(field, i - 1));
    }
    shmrec_append(&text, " at %u", shmrec_field_offset(field));
    return text;
}

// "unit `USD`", "no unit"
static inline shmrec_text shmrec_field_unit(const shmrec_description *d, const unsigned char *field) {
    shmrec_text text;
    text.length = 0;
    const shmrec_string unit = shmrec_entry_string(d, field, 16);
    if (unit.length == 0) {
        shmrec_append(&text, "no unit");
    } else {
        shmrec_append(&text, "unit `%s`", shmrec_text_of(unit).bytes);
    }
    return text;
}

// "exponent -9", "no exponent"
static inline shmrec_text shmrec_field_exponent(const unsigned char *field) {
    shmrec_text text;
    text.length = 0;
    if (shmrec_field_exp(field) == 0) {
        shmrec_append(&text, "no exponent");
    } else {
        shmrec_append(&text, "exponent %d", shmrec_field_exp(field));
    }
    return text;
}

// "time unix_ns", "no time"
static inline shmrec_text shmrec_field_moment(const unsigned char *field) {
    static const char *const names[] = {"",        "time unix_s",  "time unix_ms",
                                        "time unix_us", "time unix_ns", "time monotonic_ns"};
    shmrec_text text;
    text.length = 0;
    shmrec_append(&text, "%s", shmrec_field_time(field) == 0 ? "no time" : names[shmrec_field_time(field)]);
    return text;
}

static inline void shmrec_append_number(shmrec_text *text, uint32_t kind, uint64_t bits) {
    if (shmrec_kind_is_signed(kind)) {
        int64_t number;
        memcpy(&number, &bits, sizeof number);
        shmrec_append(text, "%lld", SHMREC_CAST(long long, number));
    } else {
        shmrec_append(text, "%llu", SHMREC_CAST(unsigned long long, bits));
    }
}

// "null -1", "no null"; of a float that is no whole number the bits, which every language writes alike.
static inline shmrec_text shmrec_field_null(const unsigned char *field) {
    shmrec_text text;
    text.length = 0;
    if (!shmrec_field_has(field, SHMREC_FIELD_NULL)) {
        shmrec_append(&text, "no null");
        return text;
    }
    const uint64_t bits = shmrec_u64_at(field, 88);
    shmrec_append(&text, "null ");
    if (shmrec_kind_is_integer(shmrec_field_kind(field))) {
        shmrec_append_number(&text, shmrec_field_kind(field), bits);
        return text;
    }
    if ((bits & INT64_MAX) > UINT64_C(0x7ff) << 52) {
        shmrec_append(&text, "NaN");
        return text;
    }
    double number;
    memcpy(&number, &bits, sizeof number);
    if (number >= INT32_MIN && number <= INT32_MAX) {
        const int32_t whole = SHMREC_CAST(int32_t, number);
        const double again = whole;
        if (memcmp(&again, &number, sizeof number) == 0) {
            shmrec_append(&text, "%d", whole);
            return text;
        }
    }
    shmrec_append(&text, "0x%016llx", SHMREC_CAST(unsigned long long, bits));
    return text;
}

#endif
