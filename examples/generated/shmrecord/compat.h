// compat.h: the first difference between two described records, in the words of compat.rs:
// `price: f64 at 16 in the segment, i64 at 16 here`. Relies on describe.h; decides nothing by itself.

#ifndef SHMRECORD_COMPAT_H
#define SHMRECORD_COMPAT_H

#include "base.h"
#include "describe.h"

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
    if (shmrec_field_kind(field) == SHMREC_KIND_RECORD) {
        const unsigned char *record = shmrec_record_entry(d, shmrec_field_record(field));
        shmrec_append(&text, "%s", shmrec_text_of(shmrec_entry_string(d, record, 0)).bytes);
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

static inline bool shmrec_same_shape(const unsigned char *a, const unsigned char *b) {
    bool same = shmrec_field_kind(a) == shmrec_field_kind(b) && shmrec_field_rank(a) == shmrec_field_rank(b) &&
                shmrec_field_elem_size(a) == shmrec_field_elem_size(b) &&
                shmrec_field_offset(a) == shmrec_field_offset(b);
    for (uint32_t i = 0; same && i < shmrec_field_rank(a); i++) {
        same = shmrec_field_dim(a, i) == shmrec_field_dim(b, i);
    }
    return same;
}

// Two descriptions being compared.
typedef struct shmrec_comparison {
    const shmrec_description *segment;
    const shmrec_description *here;
    shmrec_text *words; // the difference
} shmrec_comparison;

static inline bool shmrec_records_differ(const shmrec_comparison *c, const char *path, const unsigned char *segment,
                                         const unsigned char *here);

// Whether two fields, number `at` of their records, differ. `path` leads to the records: empty, or `bids.`.
static inline bool shmrec_fields_differ(const shmrec_comparison *c, const char *path, uint32_t at,
                                        const unsigned char *segment, const unsigned char *here) {
    const shmrec_text theirs = shmrec_field_place(c->segment, segment), mine = shmrec_field_place(c->here, here);
    const shmrec_string their_name = shmrec_entry_string(c->segment, segment, 0);
    const shmrec_string my_name = shmrec_entry_string(c->here, here, 0);
    const shmrec_text name = shmrec_text_of(their_name);
    if (!shmrec_same_string(their_name, my_name)) {
        shmrec_append(c->words, "%sfield %u: `%s` (%s) in the segment, `%s` (%s) here", path, at, name.bytes,
                      theirs.bytes, shmrec_text_of(my_name).bytes, mine.bytes);
        return true;
    }
    if (!shmrec_same_shape(segment, here)) {
        shmrec_append(c->words, "%s%s: %s in the segment, %s here", path, name.bytes, theirs.bytes, mine.bytes);
        return true;
    }
    if (shmrec_field_kind(segment) == SHMREC_KIND_RECORD) {
        shmrec_text inner;
        inner.length = 0;
        shmrec_append(&inner, "%s%s.", path, name.bytes);
        if (shmrec_records_differ(c, inner.bytes, shmrec_record_entry(c->segment, shmrec_field_record(segment)),
                                  shmrec_record_entry(c->here, shmrec_field_record(here)))) {
            return true;
        }
    }
    if (!shmrec_same_string(shmrec_entry_string(c->segment, segment, 16), shmrec_entry_string(c->here, here, 16))) {
        shmrec_append(c->words, "%s%s: %s in the segment, %s here", path, name.bytes,
                      shmrec_field_unit(c->segment, segment).bytes, shmrec_field_unit(c->here, here).bytes);
        return true;
    }
    return false;
}

// Fields in declaration order, then size, alignment, name. Records nest at most 64 deep: the recursion is bounded.
static inline bool shmrec_records_differ(const shmrec_comparison *c, const char *path, const unsigned char *segment,
                                         const unsigned char *here) {
    const uint32_t theirs = shmrec_record_fields(segment), mine = shmrec_record_fields(here);
    for (uint32_t at = 0; at < theirs || at < mine; at++) {
        if (at < theirs && at < mine) {
            if (shmrec_fields_differ(c, path, at, shmrec_field_entry(c->segment, segment, at),
                                     shmrec_field_entry(c->here, here, at))) {
                return true;
            }
            continue;
        }
        const bool in_segment = at < theirs;
        const shmrec_description *d = in_segment ? c->segment : c->here;
        const unsigned char *field = shmrec_field_entry(d, in_segment ? segment : here, at);
        const shmrec_text name = shmrec_text_of(shmrec_entry_string(d, field, 0)), place = shmrec_field_place(d, field);
        shmrec_append(c->words, "%s%s: %s in the segment, %s here", path, name.bytes,
                      in_segment ? place.bytes : "absent", in_segment ? "absent" : place.bytes);
        return true;
    }
    const size_t path_bytes = strlen(path);
    const int whole = path_bytes == 0 ? 6 : SHMREC_CAST(int, path_bytes) - 1; // without the dot
    const char *what = path_bytes == 0 ? "record" : path;
    if (shmrec_record_size(segment) != shmrec_record_size(here)) {
        shmrec_append(c->words, "%.*s: size %u in the segment, %u here", whole, what, shmrec_record_size(segment),
                      shmrec_record_size(here));
        return true;
    }
    if (shmrec_record_align(segment) != shmrec_record_align(here)) {
        shmrec_append(c->words, "%.*s: alignment %u in the segment, %u here", whole, what, shmrec_record_align(segment),
                      shmrec_record_align(here));
        return true;
    }
    const shmrec_string a = shmrec_entry_string(c->segment, segment, 0), b = shmrec_entry_string(c->here, here, 0);
    if (!shmrec_same_string(a, b)) {
        shmrec_append(c->words, "%.*s: name `%s` in the segment, `%s` here", whole, what, shmrec_text_of(a).bytes,
                      shmrec_text_of(b).bytes);
        return true;
    }
    return false;
}

// Whether the tables' own records differ, and the first difference in `words`.
static inline bool shmrec_first_difference(shmrec_text *words, const shmrec_description *segment,
                                           const shmrec_description *here) {
    words->length = 0;
    words->bytes[0] = '\0';
    shmrec_comparison c;
    c.segment = segment;
    c.here = here;
    c.words = words;
    return shmrec_records_differ(&c, "", shmrec_record_entry(segment, segment->record_count - 1),
                                 shmrec_record_entry(here, here->record_count - 1));
}

#endif
