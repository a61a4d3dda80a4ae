// header.h: the header of a segment: written once, and validated on a private copy before anything else is believed.
// Relies on abi.h's numbers, geometry.h and identity.h; knows no mapping and no record type.

#ifndef SHMRECORD_HEADER_H
#define SHMRECORD_HEADER_H

#include "abi.h"
#include "geometry.h"
#include "identity.h"
#include "sys.h"

// A header, in fields.
typedef struct shmrec_header {
    shmrec_shape shape;
    shmrec_geometry geometry;
    uint64_t layout_id;
    uint64_t schema_id;
    uint64_t description_checksum;
    uint64_t created_unix_ns;
    shmrec_identity guard;
    unsigned char generation[16];
    unsigned char boot_id[16];
    uint32_t semaphore_key; // of the set that many writers take turns by; 0: none
    uint32_t semaphore_index;
    bool stamps; // every write stores the time
    bool of_another_boot; // not of the segment: what shmrec_of_another_boot said when it was attached
    uint8_t reserved[6];
} shmrec_header;

// A number in the header that the shape decides: where, what it must be, its name.
typedef struct shmrec_header_field {
    const char *name;
    uint64_t value;
    uint32_t offset;
    uint32_t bytes;
} shmrec_header_field;

#define SHMREC_HEADER_FIELDS 21u

static inline shmrec_header_field shmrec_header_field_of(const char *name, uint32_t offset, uint32_t bytes,
                                                         uint64_t value) {
    shmrec_header_field field;
    field.name = name;
    field.value = value;
    field.offset = offset;
    field.bytes = bytes;
    return field;
}

// The fields that the shape and this version decide, in the order in which they are checked.
static inline void shmrec_header_fields(shmrec_header_field fields[SHMREC_HEADER_FIELDS], const shmrec_header *header) {
    const shmrec_geometry *g = &header->geometry;
    const shmrec_shape *s = &header->shape;
    unsigned n = 0;
#define SHMREC_FIELD_(name, offset, bytes, value) fields[n++] = shmrec_header_field_of(name, offset, bytes, value)
    SHMREC_FIELD_("segment size", SHMREC_HEADER_SEGMENT_BYTES, 8, g->segment_bytes);
    SHMREC_FIELD_("capacity", SHMREC_HEADER_CAPACITY, 8, g->capacity);
    SHMREC_FIELD_("versions offset", SHMREC_HEADER_VERSIONS_OFFSET, 8, g->versions_offset);
    SHMREC_FIELD_("versions stride", SHMREC_HEADER_VERSIONS_STRIDE, 8, g->versions_stride);
    SHMREC_FIELD_("cells offset", SHMREC_HEADER_CELLS_OFFSET, 8, g->cells_offset);
    SHMREC_FIELD_("record stride", SHMREC_HEADER_RECORD_STRIDE, 8, g->record_stride);
    SHMREC_FIELD_("cell stride", SHMREC_HEADER_CELL_STRIDE, 8, g->cell_stride);
    SHMREC_FIELD_("log offset", SHMREC_HEADER_LOG_OFFSET, 8, g->log_offset);
    SHMREC_FIELD_("description offset", SHMREC_HEADER_DESCRIPTION_OFFSET, 8, g->description_offset);
    SHMREC_FIELD_("description size", SHMREC_HEADER_DESCRIPTION_BYTES, 8, g->description_bytes);
    SHMREC_FIELD_("record size", SHMREC_HEADER_RECORD_BYTES, 4, s->record_bytes);
    SHMREC_FIELD_("record alignment", SHMREC_HEADER_RECORD_ALIGN, 4, s->record_align);
    SHMREC_FIELD_("cells", SHMREC_HEADER_CELLS, 4, s->cells);
    SHMREC_FIELD_("arrangement", SHMREC_HEADER_ARRANGEMENT, 4, s->arrangement);
    SHMREC_FIELD_("log entries", SHMREC_HEADER_LOG_ENTRIES, 4, s->log_entries);
    SHMREC_FIELD_("log entry bytes", SHMREC_HEADER_LOG_ENTRY_BYTES, 4, g->log_entry_bytes);
    SHMREC_FIELD_("guard kind", SHMREC_HEADER_GUARD_KIND, 4, s->guard_kind);
    SHMREC_FIELD_("wake policy", SHMREC_HEADER_WAKE_POLICY, 4, s->wake_policy);
    SHMREC_FIELD_("stamps", SHMREC_HEADER_STAMPS, 4, header->stamps);
    SHMREC_FIELD_("semaphore", SHMREC_HEADER_SEMAPHORE_KEY, 4, header->semaphore_key);
    SHMREC_FIELD_("semaphore", SHMREC_HEADER_SEMAPHORE_INDEX, 4, header->semaphore_index);
#undef SHMREC_FIELD_
}

// The bytes of this header, magic and checksum included.
static inline void shmrec_header_encode(unsigned char bytes[SHMREC_HEADER_BYTES], const shmrec_header *header) {
    memset(bytes, 0, SHMREC_HEADER_BYTES);
    shmrec_header_field fields[SHMREC_HEADER_FIELDS];
    shmrec_header_fields(fields, header);
    for (unsigned i = 0; i < SHMREC_HEADER_FIELDS; i++) {
        memcpy(bytes + fields[i].offset, &fields[i].value, fields[i].bytes); // little-endian: the low half comes first
    }
    shmrec_put_u64(bytes, SHMREC_HEADER_MAGIC, SHMREC_MAGIC);
    shmrec_put_u32(bytes, SHMREC_HEADER_ABI_VERSION, SHMREC_ABI_VERSION);
    shmrec_put_u32(bytes, SHMREC_HEADER_HEADER_BYTES, SHMREC_HEADER_BYTES);
    shmrec_put_u64(bytes, SHMREC_HEADER_LAYOUT_ID, header->layout_id);
    shmrec_put_u64(bytes, SHMREC_HEADER_SCHEMA_ID, header->schema_id);
    shmrec_put_u64(bytes, SHMREC_HEADER_DESCRIPTION_CHECKSUM, header->description_checksum);
    memcpy(bytes + SHMREC_HEADER_GENERATION, header->generation, sizeof header->generation);
    memcpy(bytes + SHMREC_HEADER_BOOT_ID, header->boot_id, sizeof header->boot_id);
    shmrec_put_u64(bytes, SHMREC_HEADER_GUARD_DEVICE, header->guard.device);
    shmrec_put_u64(bytes, SHMREC_HEADER_GUARD_INODE, header->guard.inode);
    shmrec_put_u64(bytes, SHMREC_HEADER_CREATED_UNIX_NS, header->created_unix_ns);
    shmrec_put_u64(bytes, SHMREC_HEADER_CHECKSUM, shmrec_fnv1a(bytes, SHMREC_HEADER_CHECKSUM));
}

// Magic, version, checksum and size: whether these bytes are a header of ours at all.
static inline int shmrec_header_recognise(const unsigned char bytes[SHMREC_HEADER_BYTES], uint64_t actual_bytes,
                                          const shmrec_task *task) {
    const uint64_t magic = shmrec_u64_at(bytes, SHMREC_HEADER_MAGIC);
    if (magic != SHMREC_MAGIC) {
        return shmrec_fail_plain(task, magic == 0                                 ? SHMREC_NOT_READY
                                       : magic == __builtin_bswap64(SHMREC_MAGIC) ? SHMREC_WRONG_ENDIAN
                                                                                  : SHMREC_BAD_MAGIC);
    }
    const uint32_t version = shmrec_u32_at(bytes, SHMREC_HEADER_ABI_VERSION);
    if (version != SHMREC_ABI_VERSION || shmrec_u32_at(bytes, SHMREC_HEADER_HEADER_BYTES) != SHMREC_HEADER_BYTES) {
        return shmrec_fail(task, SHMREC_ABI_MISMATCH, 0, "format version %u, this library reads %u", version,
                           SHMREC_ABI_VERSION);
    }
    if (shmrec_fnv1a(bytes, SHMREC_HEADER_CHECKSUM) != shmrec_u64_at(bytes, SHMREC_HEADER_CHECKSUM)) {
        return shmrec_fail_plain(task, SHMREC_HEADER_CORRUPT);
    }
    const uint64_t segment_bytes = shmrec_u64_at(bytes, SHMREC_HEADER_SEGMENT_BYTES);
    if (segment_bytes != actual_bytes) {
        return shmrec_fail(task, SHMREC_SIZE_MISMATCH, 0, "%llu bytes long, %llu expected",
                           SHMREC_CAST(unsigned long long, actual_bytes),
                           SHMREC_CAST(unsigned long long, segment_bytes));
    }
    return SHMREC_OK;
}

// The header in this private copy of a segment's first bytes, if every part of it can be believed.
static inline int shmrec_header_decode(shmrec_header *header, const unsigned char bytes[SHMREC_HEADER_BYTES],
                                       uint64_t actual_bytes, const shmrec_task *task) {
    const int code = shmrec_header_recognise(bytes, actual_bytes, task);
    if (code != SHMREC_OK) {
        return code;
    }
    memset(header, 0, sizeof *header);
    shmrec_shape *shape = &header->shape;
    shape->record_bytes = shmrec_u32_at(bytes, SHMREC_HEADER_RECORD_BYTES);
    shape->record_align = shmrec_u32_at(bytes, SHMREC_HEADER_RECORD_ALIGN);
    shape->capacity = shmrec_u64_at(bytes, SHMREC_HEADER_CAPACITY);
    shape->cells = shmrec_u32_at(bytes, SHMREC_HEADER_CELLS);
    shape->arrangement = shmrec_u32_at(bytes, SHMREC_HEADER_ARRANGEMENT);
    shape->log_entries = shmrec_u32_at(bytes, SHMREC_HEADER_LOG_ENTRIES);
    shape->description_bytes = shmrec_u64_at(bytes, SHMREC_HEADER_DESCRIPTION_BYTES);
    shape->guard_kind = shmrec_u32_at(bytes, SHMREC_HEADER_GUARD_KIND);
    shape->wake_policy = shmrec_u32_at(bytes, SHMREC_HEADER_WAKE_POLICY);
    const char *impossible = shape->arrangement > SHMREC_TAG_SPLIT          ? "arrangement"
                             : shape->guard_kind > SHMREC_GUARD_SEMAPHORE   ? "guard kind"
                             : shape->wake_policy > SHMREC_WAKE_DOORBELL    ? "wake policy"
                                                                            : NULL;
    if (impossible == NULL) {
        impossible = shmrec_geometry_of(&header->geometry, shape);
    }
    header->semaphore_key = shmrec_u32_at(bytes, SHMREC_HEADER_SEMAPHORE_KEY);
    header->semaphore_index = shmrec_u32_at(bytes, SHMREC_HEADER_SEMAPHORE_INDEX);
    const bool by_semaphore = shape->guard_kind == SHMREC_GUARD_SEMAPHORE;
    if (impossible == NULL && (by_semaphore != (header->semaphore_key != 0) ||
                               header->semaphore_index > (by_semaphore ? SHMREC_SEMAPHORE_INDEX_MAX : 0u))) {
        impossible = "semaphore";
    }
    if (impossible == NULL && shmrec_u32_at(bytes, SHMREC_HEADER_STAMPS) > 1) {
        impossible = "stamps";
    }
    header->stamps = shmrec_u32_at(bytes, SHMREC_HEADER_STAMPS) == 1;
    // What the shape decides is not read but compared: no offset in the segment is ever used.
    shmrec_header_field fields[SHMREC_HEADER_FIELDS];
    shmrec_header_fields(fields, header);
    for (unsigned i = 0; i < SHMREC_HEADER_FIELDS && impossible == NULL; i++) {
        uint64_t found = 0;
        memcpy(&found, bytes + fields[i].offset, fields[i].bytes);
        impossible = found != fields[i].value ? fields[i].name : NULL;
    }
    if (impossible != NULL) {
        return shmrec_fail(task, SHMREC_BAD_GEOMETRY, 0, "impossible %s in the header", impossible);
    }
    header->layout_id = shmrec_u64_at(bytes, SHMREC_HEADER_LAYOUT_ID);
    header->schema_id = shmrec_u64_at(bytes, SHMREC_HEADER_SCHEMA_ID);
    header->description_checksum = shmrec_u64_at(bytes, SHMREC_HEADER_DESCRIPTION_CHECKSUM);
    header->created_unix_ns = shmrec_u64_at(bytes, SHMREC_HEADER_CREATED_UNIX_NS);
    header->guard.device = shmrec_u64_at(bytes, SHMREC_HEADER_GUARD_DEVICE);
    header->guard.inode = shmrec_u64_at(bytes, SHMREC_HEADER_GUARD_INODE);
    memcpy(header->generation, bytes + SHMREC_HEADER_GENERATION, sizeof header->generation);
    memcpy(header->boot_id, bytes + SHMREC_HEADER_BOOT_ID, sizeof header->boot_id);
    return SHMREC_OK;
}

// Whether the machine has booted since the segment was made, as far as both boots are known.
static inline bool shmrec_of_another_boot(const shmrec_header *header) {
    const unsigned char unknown[16] = {0};
    unsigned char now[16];
    shmrec_boot_id(now);
    return memcmp(header->boot_id, unknown, 16) != 0 && memcmp(now, unknown, 16) != 0 &&
           memcmp(header->boot_id, now, 16) != 0;
}

#endif
