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
    /// u32: who may write: 0 one writer (seqlock).
    pub const GUARD_KIND: usize = 144;
    /// u32: how sleepers are woken: 0 not at all.
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
    /// From here to [`CHECKSUM`] reserved, zeros.
    pub const RESERVED: usize = 208;
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
    /// u32: doorbell. Reserved: 0 until waking exists.
    pub const DOORBELL: usize = 384;
    /// u32: lock word, u64 poison epoch at +8. Reserved: 0 until the semaphore guard exists.
    pub const LOCK: usize = 512;
    /// End of the live words, start of the log or of what follows.
    pub const END: usize = 640;

    /// The table is in use.
    pub const STATE_LIVE: u64 = 1;
    /// The table was removed; a new one may stand under its name.
    pub const STATE_RETIRED: u64 = 2;
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
pub const GUARD_SEQLOCK: u32 = 0;
/// Tag of the policy that wakes nobody.
pub const WAKE_NONE: u32 = 0;
/// What a guard file's name adds to the name of its segment.
pub const GUARD_SUFFIX: &str = ".guard";
/// Byte of the guard file that is locked to create, replace or remove the segment.
pub const LOCK_BYTE_CREATE: i64 = 0;
/// Byte of the guard file that is locked by the writer for as long as it may write.
pub const LOCK_BYTE_WRITER: i64 = 1;
