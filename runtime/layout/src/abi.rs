//! The numbers of the segment header, each named once. Relies on nothing; `docs/FORMAT.md` is its prose, and
//! `include/shmrecord/header.h` its C twin.
//!
//! All fields are little-endian. Offsets are bytes from the start of the segment.

/// First word of every segment: the bytes `SHMRECRD`. Stored last, with release.
pub const MAGIC: u64 = u64::from_le_bytes(*b"SHMRECRD");
/// Version of everything in `docs/FORMAT.md`. A change of any byte's place or meaning changes it.
pub const ABI_VERSION: u32 = 1;

/// Offsets in the immutable header, bytes 0 to 255. It is written before the segment has a name and never again.
pub mod header {
    /// u64: [`super::MAGIC`].
    pub const MAGIC: usize = 0;
    /// u32: [`super::ABI_VERSION`].
    pub const ABI_VERSION: usize = 8;
    /// u32: [`super::HEADER_BYTES`].
    pub const HEADER_BYTES: usize = 12;
    /// u64: `layout_id` of the table's record.
    pub const LAYOUT_ID: usize = 16;
    /// u64: `schema_id` of the table's record.
    pub const SCHEMA_ID: usize = 24;
    /// u64: bytes of the whole segment.
    pub const SEGMENT_BYTES: usize = 32;
    /// u32: size of the record.
    pub const RECORD_BYTES: usize = 40;
    /// u32: alignment of the record.
    pub const RECORD_ALIGN: usize = 44;
    /// u64: number of records.
    pub const CAPACITY: usize = 48;
    /// u32: cells in a slot: 1, 2, 4 or 8.
    pub const CELLS: usize = 56;
    /// u32: tag of the arrangement: 0 line, 1 packed, 2 split.
    pub const ARRANGEMENT: usize = 60;
    /// u64: where version 0 lies.
    pub const VERSIONS_OFFSET: usize = 64;
    /// u64: from one version to the next.
    pub const VERSIONS_STRIDE: usize = 72;
    /// u64: where cell 0 of record 0 lies.
    pub const CELLS_OFFSET: usize = 80;
    /// u64: from one record's first cell to the next record's.
    pub const RECORD_STRIDE: usize = 88;
    /// u64: from one cell of a slot to the next.
    pub const CELL_STRIDE: usize = 96;
    /// u64: where the write-ahead log lies; 0 without one (two cells and more).
    pub const LOG_OFFSET: usize = 104;
    /// u32: entries of the log; 0 without one.
    pub const LOG_ENTRIES: usize = 112;
    /// u32: from one entry to the next; 0 without a log.
    pub const LOG_ENTRY_BYTES: usize = 116;
    /// u64: where the description lies.
    pub const DESCRIPTION_OFFSET: usize = 120;
    /// u64: bytes of the description.
    pub const DESCRIPTION_BYTES: usize = 128;
    /// u64: FNV-1a 64 of the description.
    pub const DESCRIPTION_CHECKSUM: usize = 136;
    /// u32: who may write: [`super::GUARD_ONE`], [`super::GUARD_LOCK`] or [`super::GUARD_SEMAPHORE`].
    pub const GUARD_KIND: usize = 144;
    /// u32: how sleepers are woken: [`super::WAKE_NONE`] or [`super::WAKE_DOORBELL`].
    pub const WAKE_POLICY: usize = 148;
    /// 16 random bytes: tells this segment from every other that has had its name.
    pub const GENERATION: usize = 152;
    /// 16 bytes: the kernel's boot id at creation, zeros where it is unknown.
    pub const BOOT_ID: usize = 168;
    /// u64: device of the guard file.
    pub const GUARD_DEVICE: usize = 184;
    /// u64: inode of the guard file.
    pub const GUARD_INODE: usize = 192;
    /// u64: creation time, nanoseconds since 1970 (UTC); for people.
    pub const CREATED_UNIX_NS: usize = 200;
    /// u32: 1 when every write stores the time, else 0.
    pub const STAMPS: usize = 208;
    /// u32: key of the System V semaphore set that writers take turns by; 0 unless the guard kind says so.
    pub const SEMAPHORE_KEY: usize = 212;
    /// u32: which semaphore of that set.
    pub const SEMAPHORE_INDEX: usize = 216;
    /// From here to [`CHECKSUM`] reserved, zeros.
    pub const RESERVED: usize = 220;
    /// u64: FNV-1a 64 of bytes 0 to 247, with the magic in place.
    pub const CHECKSUM: usize = 248;
}

/// Bytes of the immutable header.
pub const HEADER_BYTES: u32 = 256;

/// Offsets of the words that change while the segment lives, each group on lines of its own.
pub mod live {
    /// u64: [`STATE_LIVE`] or [`STATE_RETIRED`].
    pub const STATE: usize = 256;
    /// u64: how often the role of writer was taken; 1 for the creator.
    pub const EPOCH: usize = 264;
    /// u64: process id of the writer; diagnosis only, nothing is decided by it.
    pub const OWNER_PID: usize = 272;
    /// u64: start time of that process in clock ticks since boot (field 22 of `/proc/PID/stat`), 0 where unknown.
    pub const OWNER_START: usize = 280;
    /// u64: when the role was taken, nanoseconds since 1970 (UTC).
    pub const OWNER_SINCE_UNIX_NS: usize = 288;
    /// u64: number of the last committed batch; 0: none yet.
    pub const COMMIT_SEQ: usize = 296;
    /// u64: when a writer last gave a sign of life: nanoseconds of the machine's monotonic clock, in its coarse steps.
    pub const STAMP: usize = 320;
    /// u64: how often anything was published; counted in tables with a doorbell only.
    pub const CHANGES: usize = 328;
    /// u32: doorbell, counted up when it rings: what sleepers sleep on.
    pub const DOORBELL: usize = 384;
    /// u32: what calls for a writer's attention, in a table without a doorbell: all ones once it is removed.
    pub const ATTENTION: usize = 448;
    /// u32: lock word of many writers: 0 free, [`LOCK_CLOSED`], else the holder's slot + 1, and [`LOCK_WAITERS`].
    pub const LOCK: usize = 512;
    /// u64: the epoch in which a holder of the lock was found dead; 0: none, or it was cleared.
    pub const POISON_EPOCH: usize = 520;
    /// End of the live words of every table, start of the participants, the log or what follows.
    pub const END: usize = 640;
    /// Tables of many writers: [`super::PARTICIPANTS`] pairs of process id u64 and start time u64, by slot.
    pub const PARTICIPANTS: usize = 640;
    /// End of the participants.
    pub const PARTICIPANTS_END: usize = 1664;
    /// u32: what calls for a writer's attention, in a table with a doorbell: a bit for each group of records that
    /// somebody waits for. The only word that readers store, alone on its page.
    pub const WAITING: usize = 4096;
    /// End of that page.
    pub const WAITING_END: usize = 8192;

    /// The table is in use.
    pub const STATE_LIVE: u64 = 1;
    /// The table was removed; a new one may stand under its name.
    pub const STATE_RETIRED: u64 = 2;
    /// Bit of the lock word: somebody sleeps until it is free.
    pub const LOCK_WAITERS: u32 = 1 << 31;
    /// The lock word of a table that was replaced, one more than any slot has: nobody gets a turn any more.
    pub const LOCK_CLOSED: u32 = 63;
}

/// Offsets in the write-ahead log, from its start.
pub mod log {
    /// u64: odd while the writer fills the log.
    pub const SEQ: usize = 0;
    /// u64: entries in use.
    pub const COUNT: usize = 8;
    /// u64: number of the batch that the entries are; 0 for a single write.
    pub const BATCH_ID: usize = 16;
    /// Entry 0. An entry is the record's words, then `index` u64, then `target` u64.
    pub const ENTRIES: usize = 64;
}

/// Entries of the log unless asked otherwise; fewer where they would take more than [`DEFAULT_LOG_BYTES`].
pub const DEFAULT_LOG_ENTRIES: u32 = 64;
/// Bytes that the entries of a log take at most unless asked otherwise, but for the first.
pub const DEFAULT_LOG_BYTES: u32 = 1 << 20;
/// The most entries that a log may have.
pub const MAX_LOG_ENTRIES: u32 = 1 << 16;
/// The largest description, in bytes.
pub const MAX_DESCRIPTION_BYTES: u64 = 1 << 24;
/// The cells that a slot may have.
pub const CELL_COUNTS: [u32; 4] = [1, 2, 4, 8];
/// Tag of the guard with one writer.
pub const GUARD_ONE: u32 = 0;
/// Tag of the guard with many writers, who take turns by the lock word.
pub const GUARD_LOCK: u32 = 1;
/// Tag of the guard with many writers, who take turns by a System V semaphore.
pub const GUARD_SEMAPHORE: u32 = 2;
/// Tag of the policy that wakes nobody.
pub const WAKE_NONE: u32 = 0;
/// Tag of the policy that wakes who waits for records.
pub const WAKE_DOORBELL: u32 = 1;
/// The most writers that a table of many may have at a time.
pub const PARTICIPANTS: u32 = 62;
/// Groups of records that are waited for apart: record `i` is in group `i` modulo this.
pub const WAKE_GROUPS: u32 = 32;
/// What a guard file's name adds to the name of its segment.
pub const GUARD_SUFFIX: &str = ".guard";
/// Byte of the guard file that is locked to create, replace or remove the segment.
pub const LOCK_BYTE_CREATE: i64 = 0;
/// Byte of the guard file that is locked by the writer for as long as it may write; by many writers together.
pub const LOCK_BYTE_WRITER: i64 = 1;
/// Byte of the guard file that is locked by the writer with slot 0 of many, for as long as it may write; others follow.
pub const LOCK_BYTE_PARTICIPANT: i64 = 2;
