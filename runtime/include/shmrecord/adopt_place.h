// adopt_place.h: what a program says of a segment that another program laid out: where its records are and how it guards
// them; and whether that can be. Relies on options.h; opens nothing.

#ifndef SHMRECORD_ADOPT_PLACE_H
#define SHMRECORD_ADOPT_PLACE_H

#include "options.h"

// As a count: as many records as fit.
#define SHMREC_REST UINT64_MAX

// How the other program keeps others out while it writes. Always said: no value stands for a default.
enum shmrec_guard_kind {
    SHMREC_GUARD_NONE = 1,    // not at all: torn records are possible, each aligned word of up to 8 bytes is whole
    SHMREC_GUARD_SYSV = 2,    // a semaphore of a System V set, 1 when free
    SHMREC_GUARD_POSIX = 3,   // a semaphore of sem_open(3), 1 when free
    SHMREC_GUARD_SEQCOUNT = 4 // a counter in the segment, odd while its writer writes
};

// A table in a segment of another program. Generated headers define one for each section `[segment.name]` of a schema,
// with every member given in this order.
typedef struct shmrec_foreign {
    const char *address;     // posix:/name, file:/path or sysv:key
    const char *guard_name;  // a key as behind `sysv:`, or the name given to sem_open, `/name`; NULL for other guards
    uint64_t offset;         // of record 0 from the start of the segment, in bytes
    uint64_t count;          // records, or SHMREC_REST
    uint64_t stride;         // from one record to the next, in bytes; the record's size when nothing is between them
    uint64_t counter_offset; // of a seqcount: from the start of the segment, or from that of each record
    uint64_t timeout_ns;     // how long each access may wait for the guard; 0: not at all
    uint32_t guard;          // an enum shmrec_guard_kind
    uint32_t guard_index;    // which semaphore of a System V set
    uint32_t counter_bits;   // of a seqcount: 32 or 64
    uint32_t mode;           // as in shmrec_options: with the others' write bit, what everybody may write is accepted
    uint32_t owner;          // a user id that is trusted beside this process's own and root, if `has_owner`
    bool has_owner;
    bool counter_per_record; // each record has a seqcount of its own
    uint8_t reserved[2];
} shmrec_foreign;

#endif
