// agreement.h: whether the record in a segment is this program's, or one that it can read; the twin of agreement.rs.
// Relies on segment.h for the description and on view.h for the verdict; docs/FORMAT.md has it in words.

#ifndef SHMRECORD_AGREEMENT_H
#define SHMRECORD_AGREEMENT_H

#include "segment.h"
#include "view.h"

// Whether the segment is of a record with this layout and meaning.
static inline bool shmrec_is_of(const shmrec_header *header, const shmrec_layout *layout) {
    return header->schema_id == layout->schema_id && header->layout_id == layout->layout_id &&
           header->shape.record_bytes == layout->size && header->shape.record_align == layout->align;
}

// Whether the table's own record, as the description in the segment has it, is the one that the header is of.
static inline bool shmrec_is_described(const shmrec_header *header, const shmrec_description *segment) {
    const unsigned char *record = shmrec_root_record(segment);
    return shmrec_record_size(record) == header->shape.record_bytes &&
           shmrec_record_align(record) == header->shape.record_align &&
           shmrec_u64_at(record, 32) == header->layout_id && shmrec_u64_at(record, 40) == header->schema_id;
}

static inline int shmrec_fail_description(const shmrec_task *task, const char *fault) {
    return shmrec_fail(task, SHMREC_DESCRIPTION_CORRUPT, 0, "description corrupt: %s", fault);
}

// Gives the table a view of its records as ours, or the error that names the first difference that counts.
static inline int shmrec_look_through(shmrec_table *table, const shmrec_description *segment,
                                      const shmrec_description *here, const shmrec_task *task) {
    shmrec_text words;
    if (!shmrec_is_described(&table->header, segment)) {
        return shmrec_fail_description(task, "its record is not the header's");
    }
    shmrec_view *view = shmrec_view_new(here);
    if (view == NULL) {
        return shmrec_fail_space(task, "calloc", ENOMEM, sizeof *view);
    }
    if (!shmrec_common_fields(&words, view->has, segment, here)) {
        free(view);
        return shmrec_fail(task, SHMREC_LAYOUT_MISMATCH, 0, "layout mismatch: %s", words.bytes);
    }
    shmrec_view_measure(view, here, table->header.geometry.cell_bytes);
    table->view = view;
    table->header.geometry.quick = 0;
    return SHMREC_OK;
}

// What comes of a segment of another record, whose description is in `bytes`.
static inline int shmrec_compare_layout(shmrec_table *table, const shmrec_layout *layout, bool grown,
                                        const unsigned char *bytes, const shmrec_task *task) {
    const shmrec_header *header = &table->header;
    shmrec_description segment, here;
    const char *fault = "its checksum does not match";
    if (shmrec_fnv1a(bytes, header->geometry.description_bytes) == header->description_checksum) {
        fault = shmrec_description_open(&segment, bytes, header->geometry.description_bytes);
    }
    fault = fault != NULL ? fault : shmrec_description_open(&here, layout->description, layout->description_bytes);
    if (fault != NULL) {
        return shmrec_fail_description(task, fault);
    }
    if (grown) {
        return shmrec_look_through(table, &segment, &here, task);
    }
    shmrec_text words;
    if (!shmrec_first_difference(&words, &segment, &here)) {
        shmrec_append(&words, "schema %016llx in the segment, %016llx here",
                      SHMREC_CAST(unsigned long long, header->schema_id),
                      SHMREC_CAST(unsigned long long, layout->schema_id));
    }
    return shmrec_fail(task, SHMREC_LAYOUT_MISMATCH, 0, "layout mismatch: %s", words.bytes);
}

// The segment's record must be this program's, in layout and in meaning; or, where that is accepted, one of the two
// must have `grown` out of the other, and the table gets a view.
static inline int shmrec_check_layout(shmrec_table *table, const shmrec_layout *layout, bool grown,
                                      const shmrec_task *task) {
    const shmrec_header *header = &table->header;
    if (shmrec_is_of(header, layout)) {
        return SHMREC_OK;
    }
    const uint64_t length = header->geometry.description_bytes;
    unsigned char *bytes = SHMREC_CAST(unsigned char *, malloc(length + 1)); // never a length of 0
    if (bytes == NULL) {
        return shmrec_fail_space(task, "malloc", ENOMEM, length);
    }
    shmrec_table_copy_out(table, header->geometry.description_offset, bytes, length);
    const int code = shmrec_compare_layout(table, layout, grown, bytes, task);
    free(bytes);
    return code;
}

#endif
