// compat_growth.h: whether one of two records has grown out of the other, so that a program with either can read what is
// written with the other; the twin of compat/growth.rs, which has the rule, as docs/FORMAT.md has. Relies on compat.h.

#ifndef SHMRECORD_COMPAT_GROWTH_H
#define SHMRECORD_COMPAT_GROWTH_H

#include "compat.h"

// Whether a part of our field, which the segment does not have, cannot be zero: a closed enum without a value for 0.
static inline bool shmrec_has_no_zero(const shmrec_comparison *c, const char *path, const unsigned char *field) {
    const shmrec_text name = shmrec_text_of(shmrec_entry_string(c->here, field, 0));
    if (shmrec_field_kind(field) == SHMREC_KIND_RECORD) {
        const unsigned char *record = shmrec_record_entry(c->here, shmrec_field_index(field));
        shmrec_text inner;
        inner.length = 0;
        shmrec_append(&inner, "%s%s.", path, name.bytes);
        for (uint32_t i = 0; i < shmrec_record_fields(record); i++) {
            if (shmrec_has_no_zero(c, inner.bytes, shmrec_field_entry(c->here, record, i))) {
                return true;
            }
        }
        return false;
    }
    const unsigned char *named = shmrec_field_enum(c->here, field);
    if (named == NULL || shmrec_enum_form(named) != SHMREC_FORM_CLOSED) {
        return false;
    }
    for (uint32_t i = 0; i < shmrec_enum_values(named); i++) {
        if (shmrec_value_number(shmrec_value_entry(c->here, named, i)) == 0) {
            return false;
        }
    }
    shmrec_append(c->words, "%s%s: absent in the segment, %s without a value for 0 here", path, name.bytes,
                  shmrec_field_place(c->here, field).bytes);
    return true;
}

// Whether a field of the newer record is none that the older one has, whose next one is `next`.
static inline bool shmrec_is_further(const shmrec_description *newer, const unsigned char *field,
                                     const shmrec_description *older, const unsigned char *record,
                                     const unsigned char *next) {
    if (next == NULL) {
        return true;
    }
    const shmrec_string name = shmrec_entry_string(newer, field, 0), other = shmrec_entry_string(older, next, 0);
    return !shmrec_same_string(name, other) && shmrec_field_since(field) > shmrec_record_version(record);
}

// Which fields of our record the segment's record has too: sets those of `has`, which has a zero for each. False: neither
// has grown out of the other, and `words` say why.
static inline bool shmrec_common_fields(shmrec_text *words, unsigned char *has, const shmrec_description *segment,
                                        const shmrec_description *here) {
    const shmrec_comparison c = shmrec_compare(words, segment, here, true);
    const unsigned char *theirs = shmrec_root_record(segment), *mine = shmrec_root_record(here);
    const bool segment_is_newer = shmrec_record_fields(theirs) > shmrec_record_fields(mine);
    const shmrec_description *newer_of = segment_is_newer ? segment : here;
    const shmrec_description *older_of = segment_is_newer ? here : segment;
    const unsigned char *newer = segment_is_newer ? theirs : mine, *older = segment_is_newer ? mine : theirs;
    const uint32_t older_fields = shmrec_record_fields(older);
    uint32_t common = 0;
    for (uint32_t at = 0; at < shmrec_record_fields(newer); at++) {
        const unsigned char *field = shmrec_field_entry(newer_of, newer, at);
        const unsigned char *next = common < older_fields ? shmrec_field_entry(older_of, older, common) : NULL;
        if (shmrec_is_further(newer_of, field, older_of, older, next)) {
            if (!segment_is_newer && shmrec_has_no_zero(&c, "", field)) {
                return false;
            }
            continue;
        }
        if (shmrec_fields_differ(&c, "", at, segment_is_newer ? field : next, segment_is_newer ? next : field)) {
            return false;
        }
        has[segment_is_newer ? common : at] = 1;
        common++;
    }
    if (common < older_fields) {
        const unsigned char *left = shmrec_field_entry(older_of, older, common);
        shmrec_say_absent(&c, "", segment_is_newer ? NULL : left, segment_is_newer ? left : NULL);
        return false;
    }
    if (common == 0) {
        shmrec_say_absent(&c, "", NULL, shmrec_field_entry(newer_of, newer, 0)); // a record of ours has fields
        return false;
    }
    return !shmrec_names_differ(&c, "record", 6, theirs, mine);
}

#endif
