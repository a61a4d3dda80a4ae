// describe.h: the description that a segment carries, read from a private copy of its bytes with every count, offset,
// kind and string checked. Relies on description.h for its parts; the twin of describe/decode.rs, whose words it uses; the
// first lines of describe/mod.rs give every offset. Knows no mapping.

#ifndef SHMRECORD_DESCRIBE_H
#define SHMRECORD_DESCRIBE_H

#include "description.h"

#include <stdlib.h>

// Records inside records inside records: more are refused, so that walking a foreign description is bounded.
#define SHMREC_DESCRIPTION_MAX_DEPTH 32u
// Bytes of text in all strings together, which may share bytes of the pool.
#define SHMREC_DESCRIPTION_MAX_TEXT (UINT64_C(1) << 24)

// Whether these bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
static inline bool shmrec_is_utf8(shmrec_string text) {
    uint64_t at = 0;
    while (at < text.length) {
        const uint32_t lead = text.bytes[at++];
        const uint64_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        if ((lead >= 0x80 && lead < 0xc2) || lead >= 0xf5 || more > text.length - at) {
            return false;
        }
        uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
        for (uint64_t i = 0; i < more; i++) {
            const uint32_t next = text.bytes[at++];
            if ((next & 0xc0u) != 0x80) {
                return false;
            }
            point = point << 6 | (next & 0x3fu);
        }
        if ((more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
            (more == 3 && (point < 0x10000 || point > 0x10ffff))) {
            return false;
        }
    }
    return true;
}

// What is wrong with the string at this place of an entry; NULL: nothing.
static inline const char *shmrec_check_string(shmrec_description *d, const unsigned char *entry, uint64_t at) {
    const uint64_t start = shmrec_u32_at(entry, at), length = shmrec_u32_at(entry, at + 4);
    if (start + length > d->string_bytes) {
        return "a string passes the end of the pool";
    }
    if (length > d->text_left) {
        return "its strings add up to more than 16 MiB";
    }
    d->text_left -= length;
    const shmrec_string text = shmrec_entry_string(d, entry, at);
    if (!shmrec_is_utf8(text)) {
        return "a string is not UTF-8";
    }
    // What a segment says of itself is printed: it must not steer a terminal.
    return shmrec_has_control(text.bytes, text.length, '\n') ? "a string holds control characters" : NULL;
}

// Where a field lies in its record, for finding overlaps.
typedef struct shmrec_span {
    uint64_t start;
    uint64_t end;
} shmrec_span;

// What is wrong with enum number `index`; NULL: nothing. `*used` counts the values of all enums, each of which belongs to
// one.
static inline const char *shmrec_check_enum(shmrec_description *d, uint32_t index, uint64_t *used) {
    const unsigned char *named = shmrec_enum_entry(d, index);
    const uint32_t form = shmrec_enum_form(named), kind = shmrec_enum_kind(named), count = shmrec_enum_values(named);
    if (form == 0 || form > SHMREC_FORM_FLAGS) {
        return "an enum's form is unknown";
    }
    if (!shmrec_kind_is_integer(kind)) {
        return "an enum's kind is no integer";
    }
    *used += count;
    if (*used > d->value_count) {
        return "its enums share values";
    }
    if (SHMREC_CAST(uint64_t, shmrec_u32_at(named, 20)) + count > d->value_count) {
        return "an enum's values pass the end of the value table";
    }
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *value = shmrec_value_entry(d, named, i);
        const uint64_t number = shmrec_value_number(value);
        if (form == SHMREC_FORM_FLAGS ? number >= 8 * shmrec_kind_size(kind) : !shmrec_is_number(kind, number)) {
            return "an enum's value does not fit its kind";
        }
        const char *fault = shmrec_check_string(d, value, 0);
        fault = fault != NULL ? fault : shmrec_check_string(d, value, 8);
        if (fault != NULL) {
            return fault;
        }
    }
    const char *fault = shmrec_check_string(d, named, 0);
    return fault != NULL ? fault : shmrec_check_string(d, named, 8);
}

// What is wrong with what is said of a field's numbers; NULL: nothing.
static inline const char *shmrec_check_numbers(const shmrec_description *d, const unsigned char *field) {
    const uint32_t kind = shmrec_field_kind(field), index = shmrec_field_index(field);
    if (kind != SHMREC_KIND_RECORD && index != SHMREC_DESCRIPTION_NONE &&
        (index >= d->enum_count || shmrec_enum_kind(shmrec_enum_entry(d, index)) != kind)) {
        return "a field's enum is not there, or of another kind";
    }
    if (shmrec_field_time(field) > SHMREC_TIMES) {
        return "a field's time is unknown";
    }
    bool fits = shmrec_kind_is_integer(kind) || (shmrec_field_exp(field) == 0 && shmrec_field_time(field) == 0);
    for (uint32_t i = 0; i < 3; i++) {
        const bool given = shmrec_field_has(field, SHMREC_FIELD_NULL << i);
        fits = fits && (!given || shmrec_is_number(kind, shmrec_u64_at(field, 88 + 8 * SHMREC_CAST(uint64_t, i))));
    }
    return fits ? NULL : "what is said of a field's numbers does not fit its kind";
}

// What is wrong with a field of record number `owner`; NULL: nothing, and where it lies. `depths` are those of the
// records before; `*depth` grows to that of the deepest record inside.
static inline const char *shmrec_check_field(shmrec_description *d, const unsigned char *field, uint32_t owner,
                                             shmrec_span *span, const unsigned char *depths, unsigned *depth) {
    const uint32_t kind = shmrec_field_kind(field);
    uint32_t elem_size = shmrec_kind_size(kind);
    if (kind == 0 || kind > SHMREC_KIND_RECORD) {
        return "a field's kind is unknown";
    }
    if (shmrec_field_rank(field) > SHMREC_MAX_RANK) {
        return "a field has more than four dimensions";
    }
    if (kind == SHMREC_KIND_RECORD) {
        const uint32_t nested = shmrec_field_index(field); // only backwards, so that nothing contains itself
        elem_size = nested < owner ? shmrec_record_size(shmrec_record_entry(d, nested)) : 0;
        if (nested < owner && depths[nested] > *depth) {
            *depth = depths[nested];
        }
    }
    if (elem_size == 0 || elem_size != shmrec_field_elem_size(field)) {
        return "a field's element size is not that of its type";
    }
    uint64_t size = elem_size;
    bool fits = true;
    for (uint32_t i = 0; i < shmrec_field_rank(field); i++) {
        fits = fits && !__builtin_mul_overflow(size, SHMREC_CAST(uint64_t, shmrec_field_dim(field, i)), &size);
    }
    span->start = shmrec_field_offset(field);
    fits = fits && size > 0 && !__builtin_add_overflow(size, span->start, &span->end);
    if (!fits || span->end > shmrec_record_size(shmrec_record_entry(d, owner))) {
        return "a field passes the end of its record";
    }
    const char *fault = shmrec_check_numbers(d, field);
    fault = fault != NULL ? fault : shmrec_check_string(d, field, 16);
    fault = fault != NULL ? fault : shmrec_check_string(d, field, 0);
    return fault != NULL ? fault : shmrec_check_string(d, field, 8);
}

static inline int shmrec_compare_spans(const void *left, const void *right) {
    const shmrec_span *a = SHMREC_CAST(const shmrec_span *, left);
    const shmrec_span *b = SHMREC_CAST(const shmrec_span *, right);
    return a->start < b->start ? -1 : a->start > b->start ? 1 : a->end < b->end ? -1 : a->end > b->end ? 1 : 0;
}

// What is wrong with record number `index`; NULL: nothing. `spans` has room for all its fields; `*used` counts the
// fields of all records, each of which belongs to one.
static inline const char *shmrec_check_record(shmrec_description *d, uint32_t index, shmrec_span *spans, uint64_t *used,
                                              unsigned char *depths) {
    const unsigned char *record = shmrec_record_entry(d, index);
    const uint32_t size = shmrec_record_size(record), align = shmrec_record_align(record);
    if (size == 0 || align == 0 || (align & (align - 1)) != 0 || size % align != 0) {
        return "a record's size or alignment is impossible";
    }
    const uint64_t first = shmrec_u32_at(record, 24), count = shmrec_record_fields(record);
    *used += count;
    if (*used > d->field_count) {
        return "its records share fields";
    }
    if (first + count > d->field_count) {
        return "a record's fields pass the end of the field table";
    }
    unsigned depth = 0;
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *field = shmrec_field_entry(d, record, i);
        const char *fault = shmrec_check_field(d, field, index, &spans[i], depths, &depth);
        if (fault != NULL) {
            return fault;
        }
    }
    qsort(spans, count, sizeof *spans, shmrec_compare_spans);
    for (uint64_t i = 1; i < count; i++) {
        if (spans[i].start < spans[i - 1].end) {
            return "two fields overlap";
        }
    }
    const char *fault = shmrec_check_string(d, record, 0);
    fault = fault != NULL ? fault : shmrec_check_string(d, record, 8);
    if (fault == NULL && depth + 1 > SHMREC_DESCRIPTION_MAX_DEPTH) {
        return "records are nested more than 32 deep";
    }
    depths[index] = SHMREC_CAST(unsigned char, depth + 1);
    return fault;
}

// Cuts the areas out of `bytes`; NULL, or what is wrong.
static inline const char *shmrec_description_cut(shmrec_description *d, const unsigned char *bytes, uint64_t length) {
    memset(d, 0, sizeof *d);
    if (length < SHMREC_DESCRIPTION_HEADER_BYTES) {
        return "shorter than its header";
    }
    if (shmrec_u32_at(bytes, 0) != length) {
        return "its length is not the one in its header";
    }
    d->record_count = shmrec_u32_at(bytes, 4);
    d->field_count = shmrec_u32_at(bytes, 8);
    d->enum_count = shmrec_u32_at(bytes, 12);
    d->value_count = shmrec_u32_at(bytes, 16);
    d->record_bytes = shmrec_u32_at(bytes, 24);
    d->field_bytes = shmrec_u32_at(bytes, 28);
    d->enum_bytes = shmrec_u32_at(bytes, 32);
    d->value_bytes = shmrec_u32_at(bytes, 36);
    d->text_left = SHMREC_DESCRIPTION_MAX_TEXT;
    if (d->record_bytes < SHMREC_DESCRIPTION_RECORD_BYTES || d->field_bytes < SHMREC_DESCRIPTION_FIELD_BYTES ||
        d->enum_bytes < SHMREC_DESCRIPTION_ENUM_BYTES || d->value_bytes < SHMREC_DESCRIPTION_VALUE_BYTES) {
        return "entries are smaller than those of this version";
    }
    // Records, fields, enums, values, strings: a count and the bytes of an entry. No product of u32 overflows.
    const uint64_t areas[5] = {
        SHMREC_CAST(uint64_t, d->record_count) * d->record_bytes,
        SHMREC_CAST(uint64_t, d->field_count) * d->field_bytes,
        SHMREC_CAST(uint64_t, d->enum_count) * d->enum_bytes,
        SHMREC_CAST(uint64_t, d->value_count) * d->value_bytes,
        shmrec_u32_at(bytes, 20),
    };
    uint64_t starts[5], at = SHMREC_DESCRIPTION_HEADER_BYTES;
    for (unsigned i = 0; i < 5; i++) {
        if (areas[i] > length - at) {
            return "a table passes the end";
        }
        starts[i] = at;
        at += areas[i];
    }
    d->records = bytes + starts[0];
    d->fields = bytes + starts[1];
    d->enums = bytes + starts[2];
    d->values = bytes + starts[3];
    d->strings = bytes + starts[4];
    d->string_bytes = areas[4];
    return d->record_count == 0 ? "no record" : NULL;
}

// Opens the description in a private copy of its bytes, which must outlive it. NULL, or what is wrong with them.
static inline const char *shmrec_description_open(shmrec_description *d, const unsigned char *bytes, uint64_t length) {
    const char *fault = shmrec_description_cut(d, bytes, length);
    if (fault != NULL) {
        return fault;
    }
    uint64_t values = 0;
    for (uint32_t i = 0; i < d->enum_count; i++) {
        fault = shmrec_check_enum(d, i, &values);
        if (fault != NULL) {
            return fault;
        }
    }
    const size_t span_bytes = (SHMREC_CAST(size_t, d->field_count) + 1) * sizeof(shmrec_span);
    shmrec_span *spans = SHMREC_CAST(shmrec_span *, malloc(span_bytes));
    unsigned char *depths = SHMREC_CAST(unsigned char *, calloc(d->record_count, 1));
    uint64_t used = 0;
    fault = spans == NULL || depths == NULL ? "too large for this process's memory" : NULL;
    for (uint32_t i = 0; i < d->record_count && fault == NULL; i++) {
        fault = shmrec_check_record(d, i, spans, &used, depths);
    }
    free(spans);
    free(depths);
    return fault;
}

#endif
