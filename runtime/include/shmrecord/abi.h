// abi.h: the numbers of a segment, each named once. Relies on nothing; docs/FORMAT.md is its prose.
// `header::LAYOUT_ID` of abi.rs is SHMREC_HEADER_LAYOUT_ID here, and so on for `live`, `log` and the root.

#ifndef SHMRECORD_ABI_H
#define SHMRECORD_ABI_H

#include <stdint.h>

// The bytes `SHMRECRD`, first word of every segment.
#define SHMREC_MAGIC UINT64_C(0x44524345524d4853)
#define SHMREC_ABI_VERSION 1u
#define SHMREC_HEADER_BYTES 256u

// Offsets in the immutable header.
#define SHMREC_HEADER_MAGIC 0u
#define SHMREC_HEADER_ABI_VERSION 8u
#define SHMREC_HEADER_HEADER_BYTES 12u
#define SHMREC_HEADER_LAYOUT_ID 16u
#define SHMREC_HEADER_SCHEMA_ID 24u
#define SHMREC_HEADER_SEGMENT_BYTES 32u
#define SHMREC_HEADER_RECORD_BYTES 40u
#define SHMREC_HEADER_RECORD_ALIGN 44u
#define SHMREC_HEADER_CAPACITY 48u
#define SHMREC_HEADER_CELLS 56u
#define SHMREC_HEADER_ARRANGEMENT 60u
#define SHMREC_HEADER_VERSIONS_OFFSET 64u
#define SHMREC_HEADER_VERSIONS_STRIDE 72u
#define SHMREC_HEADER_CELLS_OFFSET 80u
#define SHMREC_HEADER_RECORD_STRIDE 88u
#define SHMREC_HEADER_CELL_STRIDE 96u
#define SHMREC_HEADER_LOG_OFFSET 104u
#define SHMREC_HEADER_LOG_ENTRIES 112u
#define SHMREC_HEADER_LOG_ENTRY_BYTES 116u
#define SHMREC_HEADER_DESCRIPTION_OFFSET 120u
#define SHMREC_HEADER_DESCRIPTION_BYTES 128u
#define SHMREC_HEADER_DESCRIPTION_CHECKSUM 136u
#define SHMREC_HEADER_GUARD_KIND 144u
#define SHMREC_HEADER_WAKE_POLICY 148u
#define SHMREC_HEADER_GENERATION 152u
#define SHMREC_HEADER_BOOT_ID 168u
#define SHMREC_HEADER_GUARD_DEVICE 184u
#define SHMREC_HEADER_GUARD_INODE 192u
#define SHMREC_HEADER_CREATED_UNIX_NS 200u
#define SHMREC_HEADER_STAMPS 208u
#define SHMREC_HEADER_SEMAPHORE_KEY 212u
#define SHMREC_HEADER_SEMAPHORE_INDEX 216u
#define SHMREC_HEADER_RESERVED 220u
#define SHMREC_HEADER_CHECKSUM 248u

// Offsets of the words that change while the segment lives.
#define SHMREC_LIVE_STATE 256u
#define SHMREC_LIVE_EPOCH 264u
#define SHMREC_LIVE_OWNER_PID 272u
#define SHMREC_LIVE_OWNER_START 280u
#define SHMREC_LIVE_OWNER_SINCE_UNIX_NS 288u
#define SHMREC_LIVE_COMMIT_SEQ 296u
#define SHMREC_LIVE_STAMP 320u
#define SHMREC_LIVE_CHANGES 328u
#define SHMREC_LIVE_DOORBELL 384u
#define SHMREC_LIVE_ATTENTION 448u
#define SHMREC_LIVE_LOCK 512u
#define SHMREC_LIVE_POISON_EPOCH 520u
#define SHMREC_LIVE_END 640u
#define SHMREC_LIVE_PARTICIPANTS 640u
#define SHMREC_LIVE_PARTICIPANTS_END 1664u
#define SHMREC_LIVE_WAITING 4096u
#define SHMREC_LIVE_WAITING_END 8192u
#define SHMREC_LIVE_STATE_LIVE 1u
#define SHMREC_LIVE_STATE_RETIRED 2u
#define SHMREC_LIVE_LOCK_WAITERS 0x80000000u
#define SHMREC_LIVE_LOCK_CLOSED 63u

// Offsets in the write-ahead log, from its start. An entry is the record's words, then index u64, then target u64.
#define SHMREC_LOG_SEQ 0u
#define SHMREC_LOG_COUNT 8u
#define SHMREC_LOG_BATCH_ID 16u
#define SHMREC_LOG_ENTRIES 64u

#define SHMREC_DEFAULT_LOG_ENTRIES 64u
#define SHMREC_DEFAULT_LOG_BYTES 1048576u
#define SHMREC_MAX_LOG_ENTRIES 65536u
#define SHMREC_MAX_DESCRIPTION_BYTES 16777216u
// Tags of guards: one writer; many, who take turns by the lock word, or by a System V semaphore. Tags of the policies that
// wake nobody, and who waits for records.
#define SHMREC_GUARD_ONE 0u
#define SHMREC_GUARD_LOCK 1u
#define SHMREC_GUARD_SEMAPHORE 2u
#define SHMREC_WAKE_NONE 0u
#define SHMREC_WAKE_DOORBELL 1u
// The most writers that a table of many may have at a time; groups of records that are waited for apart.
#define SHMREC_PARTICIPANTS 62u
#define SHMREC_WAKE_GROUPS 32u

// What a guard file's name adds to the name of its segment.
#define SHMREC_GUARD_SUFFIX ".guard"
// Bytes of the guard file that are locked, or semaphores of the guard's set: to create, replace or remove the segment;
// by the writer while it lives, or by many together; by the writer with slot 0 of many, the others follow.
#define SHMREC_LOCK_BYTE_CREATE 0
#define SHMREC_LOCK_BYTE_WRITER 1
#define SHMREC_LOCK_BYTE_PARTICIPANT 2

#endif
