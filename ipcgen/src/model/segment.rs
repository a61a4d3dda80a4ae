//! Segments of other programs, in the model. Relies on nothing; records are known by their index.

/// A table in a segment that another program made and laid out.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The name in the schema.
    pub name: String,
    /// The constant's name in Rust.
    pub rust_name: String,
    /// What its names begin with in C.
    pub c_name: String,
    /// What it is, for people; perhaps empty.
    pub doc: String,
    /// Where the segment is, as the runtime takes it: `sysv:0x1234`.
    pub address: String,
    /// What the table holds, by its index in [`Model::records`](super::Model::records).
    pub record: usize,
    /// Bytes from the start of the segment to record 0.
    pub offset: u64,
    /// Number of records; `None` for as many as fit.
    pub count: Option<u64>,
    /// Bytes from record to record.
    pub stride: u64,
    /// How the other program guards the records.
    pub guard: Guard,
    /// Permission bits, when the schema says them.
    pub mode: Option<u32>,
    /// A user id that is trusted, when the schema says one.
    pub owner: Option<u32>,
    /// Whether a memfd is accepted whose size is not sealed.
    pub accept_unsealed: bool,
    /// Milliseconds that an access may wait, when the schema says so.
    pub timeout_ms: Option<u32>,
}

/// How another program guards its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Not at all.
    None,
    /// By a semaphore of a System V set.
    Sysv {
        /// The set's key, as behind `sysv:`.
        key: String,
        /// The semaphore's number in the set.
        index: u16,
    },
    /// By a POSIX semaphore.
    Posix {
        /// Its name, with the slash.
        name: String,
    },
    /// By counters that are odd while their writer writes.
    Seqcount {
        /// Bytes from the start of the segment to the counter, or to that of record 0.
        offset: u64,
        /// 32 or 64.
        bits: u32,
        /// Whether each record has a counter of its own, a stride behind that of the record before.
        per_record: bool,
    },
}
