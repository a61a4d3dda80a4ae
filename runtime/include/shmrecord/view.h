// view.h: how a record is read as one that has grown out of it, or that it has grown out of; the twin of view.rs. Relies on
// compat_growth.h for the verdict; knows no segment.

#ifndef SHMRECORD_VIEW_H
#define SHMRECORD_VIEW_H

#include "compat_growth.h"

// The reader's record seen through what the segment's has of it. Its offsets are the reader's own. What the segment holds
// beside the fields that both have never shows: the writer's may be a field in a hole, or in what is reserved here.
typedef struct shmrec_view {
    uint64_t words; // to be copied: as many as both records have
    uint64_t gap_count;
    shmrec_span *gaps;  // bytes of the reader's record that belong to none of those fields in those words
    unsigned char *lacking; // what the reader's record has in its gaps
    unsigned char *has;     // of each of the reader's fields: 1 when the segment's record has it, too
} shmrec_view;

// A view of this program's record, whose description is `here`, without a field yet; NULL: no memory. One `free` is its end.
static inline shmrec_view *shmrec_view_new(const shmrec_description *here) {
    const size_t fields = shmrec_record_fields(shmrec_root_record(here));
    const size_t has_at = sizeof(shmrec_view) + (fields + 1) * sizeof(shmrec_span); // the end is a span, too
    void *room = calloc(1, has_at + fields + shmrec_record_size(shmrec_root_record(here)));
    if (room == NULL) {
        return NULL;
    }
    shmrec_view *view = SHMREC_CAST(shmrec_view *, room);
    void *behind = view + 1;
    view->gaps = SHMREC_CAST(shmrec_span *, behind);
    view->has = SHMREC_CAST(unsigned char *, room) + has_at;
    view->lacking = view->has + fields;
    return view;
}

// Stores the number that stands for "no value" in each element of a field that has one, in the bytes of its record; also in
// those of records inside it, which are nested so deep at most as a description that was checked says.
static inline void shmrec_put_null(const shmrec_description *here, const unsigned char *field, unsigned char *record) {
    const uint32_t kind = shmrec_field_kind(field), size = shmrec_field_elem_size(field);
    const bool is_record = kind == SHMREC_KIND_RECORD, has_null = shmrec_field_has(field, SHMREC_FIELD_NULL);
    unsigned char *element = record + shmrec_field_offset(field), *end = element + shmrec_field_bytes(field);
    for (; (is_record || has_null) && element < end; element += size) {
        if (has_null) {
            shmrec_put_number(kind, shmrec_u64_at(field, 88), element);
        }
        if (is_record) {
            const unsigned char *nested = shmrec_record_entry(here, shmrec_field_index(field));
            for (uint32_t i = 0; i < shmrec_record_fields(nested); i++) {
                shmrec_put_null(here, shmrec_field_entry(here, nested, i), element);
            }
        }
    }
}

// Finds the gaps around the fields that it `has`, in cells of so many bytes, and what is in them then.
static inline void shmrec_view_measure(shmrec_view *view, const shmrec_description *here, uint64_t cell_bytes) {
    const unsigned char *record = shmrec_root_record(here);
    const uint64_t size = shmrec_record_size(record), all = (size + 7) / 8;
    view->words = cell_bytes / 8 < all ? cell_bytes / 8 : all;
    // What lies behind the words is in a gap, whatever the fields: nobody else gives it a value.
    const uint64_t copied = size < 8 * view->words ? size : 8 * view->words;
    uint64_t spans = 0, end = 0;
    for (uint32_t i = 0; i < shmrec_record_fields(record); i++) {
        const unsigned char *field = shmrec_field_entry(here, record, i);
        if (view->has[i] == 0) {
            shmrec_put_null(here, field, view->lacking);
        } else {
            const uint64_t first = shmrec_field_offset(field), last = first + shmrec_field_bytes(field);
            view->gaps[spans].start = first < copied ? first : copied;
            view->gaps[spans].end = last < copied ? last : copied;
            spans++;
        }
    }
    qsort(view->gaps, spans, sizeof *view->gaps, shmrec_compare_spans);
    view->gaps[spans].start = view->gaps[spans].end = size;
    // Each span of a field gives way to the gap in front of it, if there is one.
    for (uint64_t i = 0; i <= spans; i++) {
        const shmrec_span span = view->gaps[i];
        if (end < span.start) {
            view->gaps[view->gap_count].start = end;
            view->gaps[view->gap_count].end = span.start;
            view->gap_count++;
        }
        end = span.end;
    }
}

// Completes the reader's record, whose words were copied: a field that the segment's lacks is its null, or zeros, and so is
// what belongs to no field.
static inline void shmrec_view_complete(const shmrec_view *view, unsigned char *record) {
    for (uint64_t i = 0; i < view->gap_count; i++) {
        const shmrec_span gap = view->gaps[i];
        memcpy(record + gap.start, view->lacking + gap.start, gap.end - gap.start);
    }
}

#endif
