// compat.h: the first difference between two described records, in the words of compat.rs:
// `price: f64 at 16 in the segment, i64 at 16 here`. Relies on describe.h and compat_enums.h; decides nothing by itself.

#ifndef SHMRECORD_COMPAT_H
#define SHMRECORD_COMPAT_H

#include "compat_enums.h"
#include "describe.h"

static inline bool shmrec_same_shape(const unsigned char *a, const unsigned char *b) {
    bool same = shmrec_field_kind(a) == shmrec_field_kind(b) && shmrec_field_rank(a) == shmrec_field_rank(b) &&
                shmrec_field_elem_size(a) == shmrec_field_elem_size(b) &&
                shmrec_field_offset(a) == shmrec_field_offset(b);
    for (uint32_t i = 0; same && i < shmrec_field_rank(a); i++) {
        same = shmrec_field_dim(a, i) == shmrec_field_dim(b, i);
    }
    return same;
}

// Whether what two fields of one shape mean differs: their enums, units, exponents, times, nulls.
static inline bool shmrec_meanings_differ(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                          const unsigned char *segment, const unsigned char *here) {
    const unsigned char *their_enum = shmrec_field_enum(c->segment, segment);
    const unsigned char *my_enum = shmrec_field_enum(c->here, here);
    if ((their_enum == NULL) != (my_enum == NULL) ||
        (their_enum != NULL && !shmrec_same_string(shmrec_entry_string(c->segment, their_enum, 0),
                                                   shmrec_entry_string(c->here, my_enum, 0)))) {
        shmrec_say_difference(c, path, name, shmrec_field_place(c->segment, segment).bytes,
                              shmrec_field_place(c->here, here).bytes);
        return true;
    }
    if (their_enum != NULL && shmrec_enums_differ(c, path, name, their_enum, my_enum)) {
        return true;
    }
    const bool their_null = shmrec_field_has(segment, SHMREC_FIELD_NULL);
    const bool my_null = shmrec_field_has(here, SHMREC_FIELD_NULL);
    shmrec_text theirs, mine;
    if (!shmrec_same_string(shmrec_entry_string(c->segment, segment, 16), shmrec_entry_string(c->here, here, 16))) {
        theirs = shmrec_field_unit(c->segment, segment);
        mine = shmrec_field_unit(c->here, here);
    } else if (shmrec_field_exp(segment) != shmrec_field_exp(here)) {
        theirs = shmrec_field_exponent(segment);
        mine = shmrec_field_exponent(here);
    } else if (shmrec_field_time(segment) != shmrec_field_time(here)) {
        theirs = shmrec_field_moment(segment);
        mine = shmrec_field_moment(here);
    } else if (their_null != my_null || (my_null && shmrec_u64_at(segment, 88) != shmrec_u64_at(here, 88))) {
        theirs = shmrec_field_null(segment);
        mine = shmrec_field_null(here);
    } else {
        return false;
    }
    shmrec_say_difference(c, path, name, theirs.bytes, mine.bytes);
    return true;
}

// Adds that a field is on one side only; NULL: it is not there.
static inline void shmrec_say_absent(const shmrec_comparison *c, const char *path, const unsigned char *theirs,
                                     const unsigned char *mine) {
    const shmrec_description *d = theirs != NULL ? c->segment : c->here;
    const unsigned char *field = theirs != NULL ? theirs : mine;
    const shmrec_text name = shmrec_text_of(shmrec_entry_string(d, field, 0)), place = shmrec_field_place(d, field);
    shmrec_say_difference(c, path, &name, theirs != NULL ? place.bytes : "absent",
                          theirs != NULL ? "absent" : place.bytes);
}

// Whether the names of two records differ, for which the first `whole` bytes of `what` stand.
static inline bool shmrec_names_differ(const shmrec_comparison *c, const char *what, int whole,
                                       const unsigned char *segment, const unsigned char *here) {
    const shmrec_string a = shmrec_entry_string(c->segment, segment, 0), b = shmrec_entry_string(c->here, here, 0);
    if (shmrec_same_string(a, b)) {
        return false;
    }
    shmrec_append(c->words, "%.*s: name `%s` in the segment, `%s` here", whole, what, shmrec_text_of(a).bytes,
                  shmrec_text_of(b).bytes);
    return true;
}

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
        shmrec_say_difference(c, path, &name, theirs.bytes, mine.bytes);
        return true;
    }
    if (shmrec_field_kind(segment) == SHMREC_KIND_RECORD) {
        shmrec_text inner;
        inner.length = 0;
        shmrec_append(&inner, "%s%s.", path, name.bytes);
        if (shmrec_records_differ(c, inner.bytes, shmrec_record_entry(c->segment, shmrec_field_index(segment)),
                                  shmrec_record_entry(c->here, shmrec_field_index(here)))) {
            return true;
        }
    }
    return shmrec_meanings_differ(c, path, &name, segment, here);
}

// Fields in declaration order, then size, alignment, name. Records nest at most 32 deep: the recursion is bounded.
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
        shmrec_say_absent(c, path, at < theirs ? shmrec_field_entry(c->segment, segment, at) : NULL,
                          at < mine ? shmrec_field_entry(c->here, here, at) : NULL);
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
    return shmrec_names_differ(c, what, whole, segment, here);
}

// A comparison that nothing has been said of yet.
static inline shmrec_comparison shmrec_compare(shmrec_text *words, const shmrec_description *segment,
                                               const shmrec_description *here, bool enums_may_grow) {
    shmrec_comparison c;
    words->length = 0;
    words->bytes[0] = '\0';
    c.segment = segment;
    c.here = here;
    c.words = words;
    c.enums_may_grow = enums_may_grow;
    memset(c.reserved, 0, sizeof c.reserved);
    return c;
}

// Whether the tables' own records differ, and the first difference in `words`.
static inline bool shmrec_first_difference(shmrec_text *words, const shmrec_description *segment,
                                           const shmrec_description *here) {
    const shmrec_comparison c = shmrec_compare(words, segment, here, false);
    return shmrec_records_differ(&c, "", shmrec_root_record(segment), shmrec_root_record(here));
}

#endif
