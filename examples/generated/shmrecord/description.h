// description.h: the parts of a description that was checked: records, fields, enums, values and their strings. Relies on
// base.h; checks nothing, which is describe.h's.

#ifndef SHMRECORD_DESCRIPTION_H
#define SHMRECORD_DESCRIPTION_H

#include "base.h"

#define SHMREC_DESCRIPTION_HEADER_BYTES 64u
#define SHMREC_DESCRIPTION_RECORD_BYTES 64u
#define SHMREC_DESCRIPTION_FIELD_BYTES 112u
#define SHMREC_DESCRIPTION_ENUM_BYTES 40u
#define SHMREC_DESCRIPTION_VALUE_BYTES 24u
// No record, and no enum.
#define SHMREC_DESCRIPTION_NONE UINT32_MAX
#define SHMREC_MAX_RANK 4u
#define SHMREC_KIND_U8 1u
#define SHMREC_KIND_I8 5u
#define SHMREC_KIND_I64 8u
#define SHMREC_KIND_F32 9u
#define SHMREC_KIND_BOOL 11u
#define SHMREC_KIND_RECORD 12u
#define SHMREC_FORM_CLOSED 1u
#define SHMREC_FORM_FLAGS 3u
#define SHMREC_TIMES 5u
#define SHMREC_FIELD_TEXT 1u
#define SHMREC_FIELD_NULL 2u
#define SHMREC_FIELD_MIN 4u
#define SHMREC_FIELD_MAX 8u

// The areas of a description, inside the bytes that it was opened on.
typedef struct shmrec_description {
    const unsigned char *records;
    const unsigned char *fields;
    const unsigned char *enums;
    const unsigned char *values;
    const unsigned char *strings;
    uint32_t record_count;
    uint32_t field_count;
    uint32_t enum_count;
    uint32_t value_count;
    uint32_t record_bytes;
    uint32_t field_bytes;
    uint32_t enum_bytes;
    uint32_t value_bytes;
    uint64_t string_bytes;
    uint64_t text_left;
} shmrec_description;

// A piece of the string pool; not terminated.
typedef struct shmrec_string {
    const unsigned char *bytes;
    uint64_t length;
} shmrec_string;

// The name of a kind as schemas write it, "" for a tag that nothing has.
static inline const char *shmrec_kind_name(uint32_t tag) {
    static const char *const names[] = {"",    "u8",  "u16", "u32", "u64",  "i8",    "i16",
                                        "i32", "i64", "f32", "f64", "bool", "record"};
    return tag <= SHMREC_KIND_RECORD ? names[tag] : names[0];
}

// Bytes of one element of a scalar kind, 0 for all others.
static inline uint32_t shmrec_kind_size(uint32_t tag) {
    static const unsigned char sizes[] = {0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1};
    return tag < sizeof sizes ? sizes[tag] : 0;
}

static inline bool shmrec_kind_is_signed(uint32_t tag) { return tag >= SHMREC_KIND_I8 && tag <= SHMREC_KIND_I64; }
static inline bool shmrec_kind_is_integer(uint32_t tag) { return tag >= SHMREC_KIND_U8 && tag <= SHMREC_KIND_I64; }

// Whether these bits are a number of this kind, as number.rs has it. Any bits are a float's.
static inline bool shmrec_is_number(uint32_t kind, uint64_t bits) {
    if (!shmrec_kind_is_integer(kind)) {
        return kind != SHMREC_KIND_BOOL && kind != SHMREC_KIND_RECORD;
    }
    const unsigned above = 64 - 8 * shmrec_kind_size(kind);
    uint64_t extended = bits << above >> above;
    if (shmrec_kind_is_signed(kind) && (bits << above) >> 63 != 0) {
        extended |= ~(UINT64_MAX >> above);
    }
    return extended == bits;
}

// Stores a number of this kind, in the 64 bits that number.rs has, little-endian.
static inline void shmrec_put_number(uint32_t kind, uint64_t bits, unsigned char *bytes) {
    if (kind == SHMREC_KIND_F32) {
        double wide;
        memcpy(&wide, &bits, sizeof wide);
        const float number = SHMREC_CAST(float, wide);
        memcpy(bytes, &number, sizeof number);
    } else {
        memcpy(bytes, &bits, shmrec_kind_size(kind)); // on a little-endian machine
    }
}

// Entries and parts of them, once checked.

static inline const unsigned char *shmrec_record_entry(const shmrec_description *d, uint32_t index) {
    return d->records + SHMREC_CAST(size_t, index) * d->record_bytes;
}

static inline const unsigned char *shmrec_field_entry(const shmrec_description *d, const unsigned char *record,
                                                      uint32_t index) {
    return d->fields + (SHMREC_CAST(size_t, shmrec_u32_at(record, 24)) + index) * d->field_bytes;
}

static inline const unsigned char *shmrec_enum_entry(const shmrec_description *d, uint32_t index) {
    return d->enums + SHMREC_CAST(size_t, index) * d->enum_bytes;
}

static inline const unsigned char *shmrec_value_entry(const shmrec_description *d, const unsigned char *named,
                                                      uint32_t index) {
    return d->values + (SHMREC_CAST(size_t, shmrec_u32_at(named, 20)) + index) * d->value_bytes;
}

// The table's own.
static inline const unsigned char *shmrec_root_record(const shmrec_description *d) {
    return shmrec_record_entry(d, d->record_count - 1);
}

static inline uint32_t shmrec_record_version(const unsigned char *record) { return shmrec_u32_at(record, 48); }
static inline uint32_t shmrec_record_size(const unsigned char *record) { return shmrec_u32_at(record, 16); }
static inline uint32_t shmrec_record_align(const unsigned char *record) { return shmrec_u32_at(record, 20); }
static inline uint32_t shmrec_record_fields(const unsigned char *record) { return shmrec_u32_at(record, 28); }
static inline uint32_t shmrec_field_kind(const unsigned char *field) { return field[24]; }
static inline uint32_t shmrec_field_rank(const unsigned char *field) { return field[25]; }
static inline uint32_t shmrec_field_offset(const unsigned char *field) { return shmrec_u32_at(field, 28); }
static inline uint32_t shmrec_field_elem_size(const unsigned char *field) { return shmrec_u32_at(field, 32); }
// Of its record, or of its enum.
static inline uint32_t shmrec_field_index(const unsigned char *field) { return shmrec_u32_at(field, 36); }
// The version that brought it; 0: it was always there.
static inline uint32_t shmrec_field_since(const unsigned char *field) { return shmrec_u32_at(field, 76); }
static inline uint32_t shmrec_field_time(const unsigned char *field) { return field[73]; }
static inline uint32_t shmrec_enum_form(const unsigned char *named) { return named[16]; }
static inline uint32_t shmrec_enum_kind(const unsigned char *named) { return named[17]; }
static inline uint32_t shmrec_enum_values(const unsigned char *named) { return shmrec_u32_at(named, 24); }
static inline uint64_t shmrec_value_number(const unsigned char *value) { return shmrec_u64_at(value, 16); }

// Its numbers count units of ten to this power.
static inline int shmrec_field_exp(const unsigned char *field) {
    return field[72] < 0x80 ? field[72] : SHMREC_CAST(int, field[72]) - 0x100;
}

// Whether this flag of a field is set.
static inline bool shmrec_field_has(const unsigned char *field, uint32_t flag) {
    return (shmrec_u16_at(field, 26) & flag) != 0;
}

// The enum or flags that its integers are values of; NULL: none.
static inline const unsigned char *shmrec_field_enum(const shmrec_description *d, const unsigned char *field) {
    const bool none =
        shmrec_field_kind(field) == SHMREC_KIND_RECORD || shmrec_field_index(field) == SHMREC_DESCRIPTION_NONE;
    return none ? NULL : shmrec_enum_entry(d, shmrec_field_index(field));
}

static inline uint32_t shmrec_field_dim(const unsigned char *field, uint32_t dimension) {
    return shmrec_u32_at(field, 40 + 4 * SHMREC_CAST(size_t, dimension));
}

// Of all its elements, which lie in its record.
static inline uint64_t shmrec_field_bytes(const unsigned char *field) {
    uint64_t bytes = shmrec_field_elem_size(field);
    for (uint32_t i = 0; i < shmrec_field_rank(field); i++) {
        bytes *= shmrec_field_dim(field, i);
    }
    return bytes;
}

// Whether the bytes are to be shown as NUL-padded text.
static inline bool shmrec_field_is_text(const unsigned char *field) {
    return shmrec_field_has(field, SHMREC_FIELD_TEXT) && shmrec_field_kind(field) == SHMREC_KIND_U8 &&
           shmrec_field_rank(field) == 1 && shmrec_field_index(field) == SHMREC_DESCRIPTION_NONE;
}

// The string whose place in the pool stands at `at` of an entry: 0 name, 16 a field's unit.
static inline shmrec_string shmrec_entry_string(const shmrec_description *d, const unsigned char *entry, uint64_t at) {
    shmrec_string string;
    string.bytes = d->strings + shmrec_u32_at(entry, at);
    string.length = shmrec_u32_at(entry, at + 4);
    return string;
}

#endif
