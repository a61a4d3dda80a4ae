// compat.h: the first difference between two described records, in the words of compat.rs:
// `price: f64 at 16 in the segment, i64 at 16 here`. Relies on describe.h and compat_words.h; decides nothing by itself.

#ifndef SHMRECORD_COMPAT_H
#define SHMRECORD_COMPAT_H

#include "compat_words.h"
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

// Two descriptions being compared.
typedef struct shmrec_comparison {
    const shmrec_description *segment;
    const shmrec_description *here;
    shmrec_text *words; // the difference
} shmrec_comparison;

// Adds `PATHNAME: THEIRS in the segment, MINE here`.
static inline void shmrec_say_difference(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                         const char *theirs, const char *mine) {
    shmrec_append(c->words, "%s%s: %s in the segment, %s here", path, name->bytes, theirs, mine);
}

// The name of a value in quotes, or that there is none.
static inline shmrec_text shmrec_value_words(const shmrec_description *d, const unsigned char *value, bool is_flag) {
    shmrec_text text;
    text.length = 0;
    if (value == NULL) {
        shmrec_append(&text, "%s", is_flag ? "no flag" : "no value");
    } else {
        shmrec_append(&text, "`%s`", shmrec_text_of(shmrec_entry_string(d, value, 0)).bytes);
    }
    return text;
}

// Whether two enums of one name and kind differ: the form, or the first value, in ascending order, that one has and the
// other has not, or calls otherwise.
static inline bool shmrec_enums_differ(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                       const unsigned char *segment, const unsigned char *here) {
    static const char *const forms[] = {"", "closed enum", "open enum", "flags"};
    const uint32_t form = shmrec_enum_form(segment), kind = shmrec_enum_kind(segment);
    if (form != shmrec_enum_form(here)) {
        shmrec_say_difference(c, path, name, forms[form], forms[shmrec_enum_form(here)]);
        return true;
    }
    const uint64_t sign = shmrec_kind_is_signed(kind) ? UINT64_C(1) << 63 : 0; // flipped, it orders signed numbers too
    const uint32_t their_count = shmrec_enum_values(segment), my_count = shmrec_enum_values(here);
    for (uint32_t i = 0; i < their_count || i < my_count; i++) {
        const unsigned char *theirs = i < their_count ? shmrec_value_entry(c->segment, segment, i) : NULL;
        const unsigned char *mine = i < my_count ? shmrec_value_entry(c->here, here, i) : NULL;
        if (theirs != NULL && mine != NULL) {
            const uint64_t their_number = shmrec_value_number(theirs), my_number = shmrec_value_number(mine);
            if (their_number == my_number && shmrec_same_string(shmrec_entry_string(c->segment, theirs, 0),
                                                                shmrec_entry_string(c->here, mine, 0))) {
                continue;
            }
            // Of two different numbers the smaller one is not there on the other side.
            if ((their_number ^ sign) < (my_number ^ sign)) {
                mine = NULL;
            } else if ((my_number ^ sign) < (their_number ^ sign)) {
                theirs = NULL;
            }
        }
        const bool is_flag = form == SHMREC_FORM_FLAGS;
        shmrec_append(c->words, "%s%s: %s", path, name->bytes, is_flag ? "bit " : "");
        shmrec_append_number(c->words, kind, shmrec_value_number(theirs != NULL ? theirs : mine));
        shmrec_append(c->words, " is %s in the segment, %s here",
                      shmrec_value_words(c->segment, theirs, is_flag).bytes,
                      shmrec_value_words(c->here, mine, is_flag).bytes);
        return true;
    }
    return false;
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
