// compat_enums.h: where two enums of one name part, in the words of compat/enums.rs. Relies on compat_words.h; values are
// compared in ascending order, which is that of every description that this library writes: of another order more differ.

#ifndef SHMRECORD_COMPAT_ENUMS_H
#define SHMRECORD_COMPAT_ENUMS_H

#include "compat_words.h"

// Two descriptions being compared.
typedef struct shmrec_comparison {
    const shmrec_description *segment;
    const shmrec_description *here;
    shmrec_text *words; // the difference
    bool enums_may_grow; // further values are a difference only where they keep somebody from reading
    uint8_t reserved[7];
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

// Adds what a value is called on either side; NULL: it is not there. One of them is.
static inline void shmrec_say_value(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                    const unsigned char *named, const unsigned char *theirs,
                                    const unsigned char *mine) {
    const bool is_flag = shmrec_enum_form(named) == SHMREC_FORM_FLAGS;
    shmrec_append(c->words, "%s%s: %s", path, name->bytes, is_flag ? "bit " : "");
    shmrec_append_number(c->words, shmrec_enum_kind(named), shmrec_value_number(theirs != NULL ? theirs : mine));
    shmrec_append(c->words, " is %s in the segment, %s here", shmrec_value_words(c->segment, theirs, is_flag).bytes,
                  shmrec_value_words(c->here, mine, is_flag).bytes);
}

// Whether two values, the first one of the segment, are the same: number and name.
static inline bool shmrec_same_value(const shmrec_comparison *c, const unsigned char *theirs,
                                     const unsigned char *mine) {
    return shmrec_value_number(theirs) == shmrec_value_number(mine) &&
           shmrec_same_string(shmrec_entry_string(c->segment, theirs, 0), shmrec_entry_string(c->here, mine, 0));
}

// Whether two enums of one form differ in a value: the first one, in ascending order, that one has and the other has not,
// or calls otherwise.
static inline bool shmrec_values_differ(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                        const unsigned char *segment, const unsigned char *here) {
    // Flipped, it orders signed numbers too.
    const uint64_t sign = shmrec_kind_is_signed(shmrec_enum_kind(segment)) ? UINT64_C(1) << 63 : 0;
    const uint32_t their_count = shmrec_enum_values(segment), my_count = shmrec_enum_values(here);
    for (uint32_t i = 0; i < their_count || i < my_count; i++) {
        const unsigned char *theirs = i < their_count ? shmrec_value_entry(c->segment, segment, i) : NULL;
        const unsigned char *mine = i < my_count ? shmrec_value_entry(c->here, here, i) : NULL;
        if (theirs != NULL && mine != NULL) {
            const uint64_t their_number = shmrec_value_number(theirs), my_number = shmrec_value_number(mine);
            if (shmrec_same_value(c, theirs, mine)) {
                continue;
            }
            // Of two different numbers the smaller one is not there on the other side.
            if ((their_number ^ sign) < (my_number ^ sign)) {
                mine = NULL;
            } else if ((my_number ^ sign) < (their_number ^ sign)) {
                theirs = NULL;
            }
        }
        shmrec_say_value(c, path, name, segment, theirs, mine);
        return true;
    }
    return false;
}

// The first value of the segment's enum that ours lacks behind those before it, or the other way round; NULL: none.
static inline const unsigned char *shmrec_first_missing(const shmrec_comparison *c, const unsigned char *segment,
                                                        const unsigned char *here, bool missing_here) {
    const shmrec_description *some_of = missing_here ? c->segment : c->here;
    const shmrec_description *all_of = missing_here ? c->here : c->segment;
    const unsigned char *some = missing_here ? segment : here, *all = missing_here ? here : segment;
    uint32_t at = 0;
    for (uint32_t i = 0; i < shmrec_enum_values(some); i++) {
        const unsigned char *value = shmrec_value_entry(some_of, some, i);
        bool found = false;
        while (!found && at < shmrec_enum_values(all)) {
            const unsigned char *other = shmrec_value_entry(all_of, all, at++);
            found = missing_here ? shmrec_same_value(c, value, other) : shmrec_same_value(c, other, value);
        }
        if (!found) {
            return value;
        }
    }
    return NULL;
}

// Whether a value of the segment's enum keeps us from reading it: of a closed one any that is not known here; of an open
// one, and of flags, one that is not known here while the segment's lacks one that is, for then neither has only grown.
static inline bool shmrec_values_obstruct(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                          const unsigned char *segment, const unsigned char *here) {
    const unsigned char *unknown = shmrec_first_missing(c, segment, here, true), *other = NULL;
    if (unknown == NULL || (shmrec_enum_form(segment) != SHMREC_FORM_CLOSED &&
                            shmrec_first_missing(c, segment, here, false) == NULL)) {
        return false;
    }
    for (uint32_t i = 0; other == NULL && i < shmrec_enum_values(here); i++) {
        const unsigned char *mine = shmrec_value_entry(c->here, here, i);
        other = shmrec_value_number(mine) == shmrec_value_number(unknown) ? mine : NULL;
    }
    shmrec_say_value(c, path, name, segment, unknown, other);
    return true;
}

// Whether two enums of one name and kind differ: in their form or in a value.
static inline bool shmrec_enums_differ(const shmrec_comparison *c, const char *path, const shmrec_text *name,
                                       const unsigned char *segment, const unsigned char *here) {
    static const char *const forms[] = {"", "closed enum", "open enum", "flags"};
    if (shmrec_enum_form(segment) != shmrec_enum_form(here)) {
        shmrec_say_difference(c, path, name, forms[shmrec_enum_form(segment)], forms[shmrec_enum_form(here)]);
        return true;
    }
    return c->enums_may_grow ? shmrec_values_obstruct(c, path, name, segment, here)
                             : shmrec_values_differ(c, path, name, segment, here);
}

#endif
