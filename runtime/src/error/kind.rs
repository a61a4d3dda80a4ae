//! What can go wrong: every kind with its stable number, its words and its hint. Relies on `std` only.

use std::fmt;

/// What went wrong, for programs to match on. [`Error`](crate::Error) adds the words for people.
///
/// Every kind has a stable number, which is its C twin's value in `enum shmrec_code`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The address is not `posix:/name`, `file:/path`, `sysv:key` or `memfd:name`.
    BadAddress,
    /// The name in the address breaks a rule of its kind.
    BadName,
    /// Nothing has this name.
    NotFound,
    /// Something that is not a regular file has this name.
    NotRegular {
        /// What it is: `"directory"`, `"symbolic link"`, `"FIFO"`, `"socket"`, `"device"`.
        kind: &'static str,
    },
    /// The segment belongs to a user that was not named as trusted.
    BadOwner {
        /// The user id that owns it.
        uid: u32,
    },
    /// The segment may be written by everybody.
    TooPermissive {
        /// Its permission bits.
        mode: u32,
    },
    /// The system refused access.
    PermissionDenied,
    /// Memory or disk space for the segment is not to be had.
    NoSpace {
        /// Bytes asked for; 0 where not bytes but objects are counted.
        wanted: u64,
    },
    /// The kernel or the file system lacks something that is needed.
    Unsupported {
        /// What is missing.
        what: &'static str,
    },
    /// A system call failed in a way that has no kind of its own; the error carries call and errno.
    Os,
    /// The segment exists, but its creator has not finished it.
    NotReady,
    /// The first word is not that of a segment of ours.
    BadMagic,
    /// The segment was written by a machine of the other byte order.
    WrongEndian,
    /// The segment has another format version.
    AbiMismatch {
        /// Version of the segment.
        found: u32,
        /// Version of this library.
        supported: u32,
    },
    /// The header's checksum does not match its bytes.
    HeaderCorrupt,
    /// A size, count or offset in the header is impossible.
    BadGeometry {
        /// Which one.
        field: &'static str,
    },
    /// Header and kernel disagree on the segment's size.
    SizeMismatch {
        /// Bytes according to the header, or the least a header needs.
        header: u64,
        /// Bytes according to the kernel.
        actual: u64,
    },
    /// The description does not match its checksum, or is malformed.
    DescriptionCorrupt,
    /// The segment holds another record than this program was compiled with.
    LayoutMismatch {
        /// `schema_id` of this program's record.
        expected: u64,
        /// `schema_id` in the segment.
        found: u64,
    },
    /// The segment was made before the machine last booted: nobody knows whether its values are whole.
    StaleBoot,
    /// The segment was removed or replaced: while it was being opened, or since.
    Retired,
    /// An argument is impossible: capacity 0, 3 cells, a table larger than the address space.
    BadArgument {
        /// Which one.
        argument: &'static str,
    },
    /// The segment exists with another shape than `create` asked for.
    ShapeMismatch {
        /// What differs: `"capacity"`, `"cells"`, `"arrangement"`.
        what: &'static str,
    },
    /// Another process holds the role of writer.
    WriterAlive {
        /// Its process id, where it is known; for people, nothing is decided by it.
        pid: Option<u32>,
        /// When it took the role: nanoseconds since 1970 (UTC), 0 where unknown.
        since_unix_ns: u64,
    },
    /// This process already holds the role of writer, through another handle.
    AlreadyHeldHere,
    /// The guard (a file, or a semaphore set) is gone, or is not the one that the segment was made with.
    GuardLost,
    /// A semaphore set under the segment's key is no guard of ours: it has another number of semaphores.
    GuardMismatch,
    /// A lock was not free before the deadline: the guard's, for creating and removing, or the one that a legacy program's
    /// table is under. The kernel lets go of the first when its holder dies; of the second it may not, and
    /// [`AdoptedWriter::free_guard`](crate::AdoptedWriter::free_guard) is the recovery.
    LockTimeout {
        /// The process that last took or released it, where the kernel tells; it may be gone.
        pid: Option<u32>,
    },
    /// The index is not below the capacity.
    IndexOutOfRange {
        /// The index.
        index: u64,
        /// The capacity.
        capacity: u64,
    },
    /// No consistent value could be read before the deadline.
    Contended {
        /// Attempts made.
        attempts: u64,
    },
    /// The bytes of a record are no value of its type.
    InvalidBits {
        /// The record.
        record: &'static str,
        /// The first field with impossible bytes, with its path: `levels[3].closed`.
        field: String,
    },
    /// A version went backwards: the writer breaks the protocol.
    VersionRegressed {
        /// The version that was already seen.
        seen: u64,
        /// The version found now.
        found: u64,
    },
    /// The System V key in the address is not one.
    BadKey,
    /// Something has this name or key already.
    AlreadyExists,
    /// The value of the semaphore, or what is to be undone at the end of this process, would pass what can be counted.
    Overflow {
        /// The largest value.
        limit: u32,
    },
    /// It was removed while it was in use.
    Removed,
    /// The memfd lacks seals that keep it from being cut under its readers.
    Unsealed {
        /// Which ones: `"F_SEAL_SHRINK, F_SEAL_SEAL"`.
        missing: String,
    },
    /// Huge pages were required and are not to be had.
    HugePagesUnavailable,
    /// The segment was to be locked in memory and cannot be.
    NotLocked {
        /// Bytes that this process may lock (`RLIMIT_MEMLOCK`).
        limit: u64,
    },
    /// The System V segment was made in another IPC namespace than this process's.
    NamespaceMismatch,
    /// This writer no longer holds the role: its guard was removed.
    RoleLost,
    /// The segment's file was cut while it was mapped.
    Truncated,
    /// What came over the socket hands over no memfd.
    BadMessage,
    /// This handle belongs to the process that this one was forked from.
    ForkedHandle,
    /// No writer has given a sign of life for longer than was accepted.
    Stale {
        /// How long ago the last one was, in nanoseconds; `u64::MAX` when nobody knows.
        age_ns: u64,
    },
    /// As many writers as a table may have are there already.
    NoSlot {
        /// How many that is.
        max: u32,
    },
    /// A writer died while it held the lock: what it had published under it may not be all that belongs together.
    AfterDeath,
    /// The lock word names no writer that there can be.
    LockCorrupt {
        /// The word.
        word: u32,
    },
}

impl ErrorKind {
    /// The stable number of this kind: the value of its twin in C's `enum shmrec_code`.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::BadAddress => 1,
            Self::BadName => 2,
            Self::NotFound => 3,
            Self::NotRegular { .. } => 4,
            Self::BadOwner { .. } => 5,
            Self::TooPermissive { .. } => 6,
            Self::PermissionDenied => 7,
            Self::NoSpace { .. } => 8,
            Self::Unsupported { .. } => 9,
            Self::Os => 10,
            Self::NotReady => 11,
            Self::BadMagic => 12,
            Self::WrongEndian => 13,
            Self::AbiMismatch { .. } => 14,
            Self::HeaderCorrupt => 15,
            Self::BadGeometry { .. } => 16,
            Self::SizeMismatch { .. } => 17,
            Self::DescriptionCorrupt => 18,
            Self::LayoutMismatch { .. } => 19,
            Self::StaleBoot => 20,
            Self::Retired => 21,
            Self::BadArgument { .. } => 22,
            Self::ShapeMismatch { .. } => 23,
            Self::WriterAlive { .. } => 24,
            Self::AlreadyHeldHere => 25,
            Self::GuardLost => 26,
            Self::LockTimeout { .. } => 27,
            Self::IndexOutOfRange { .. } => 28,
            Self::Contended { .. } => 29,
            Self::InvalidBits { .. } => 30,
            Self::VersionRegressed { .. } => 31,
            Self::BadKey => 32,
            Self::AlreadyExists => 33,
            Self::Overflow { .. } => 34,
            Self::Removed => 35,
            Self::GuardMismatch => 36,
            Self::Unsealed { .. } => 37,
            Self::HugePagesUnavailable => 38,
            Self::NotLocked { .. } => 39,
            Self::NamespaceMismatch => 40,
            Self::RoleLost => 41,
            Self::Truncated => 42,
            Self::BadMessage => 43,
            Self::ForkedHandle => 44,
            Self::Stale { .. } => 45,
            Self::NoSlot { .. } => 46,
            Self::AfterDeath => 47,
            Self::LockCorrupt { .. } => 48,
        }
    }

    /// What to do about it, in one line.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::BadAddress => "write posix:/name, file:/path, sysv:0x1234 or memfd:name",
            Self::BadName => "choose another name",
            Self::NotFound => "start the program that creates it, or check the address",
            Self::NotRegular { .. } => "something else has this name: remove it or choose another name",
            Self::BadOwner { .. } => "name the owner as trusted in the options if that is intended",
            Self::TooPermissive { .. } => {
                "create it with a narrower mode, or ask for that mode in the options"
            }
            Self::PermissionDenied => "check owner and mode, or run as a user who may",
            Self::NoSpace { .. } => "make the table smaller or free space there",
            Self::Unsupported { .. } => "use another file system, or a newer kernel",
            Self::Os => "see the errno",
            Self::NotReady => "try again; if it stays so, another program made it",
            Self::BadMagic => "another program made it: check the address",
            Self::WrongEndian => "read it on a machine of its own byte order",
            Self::AbiMismatch { .. } => "build both programs with the same version of shmrecord",
            Self::HeaderCorrupt | Self::BadGeometry { .. } | Self::DescriptionCorrupt => {
                "remove the segment and let its writer create it again"
            }
            Self::SizeMismatch { .. } => {
                "it was cut or extended: remove it and let its writer create it again"
            }
            Self::LayoutMismatch { .. } => "build both programs from the same schema",
            Self::StaleBoot => "remove it and let its writer create it again",
            Self::Retired => "open it again, once another one is there",
            Self::BadArgument { .. } => "choose a value in the range",
            Self::ShapeMismatch { .. } => "ask for what exists, or remove it first",
            Self::WriterAlive { .. } => "stop that process, or replace the table if it hangs",
            Self::AlreadyHeldHere => "share the one writer",
            Self::GuardLost => "remove the segment and create it again",
            Self::GuardMismatch => "another program uses this key: choose another",
            Self::LockTimeout { .. } => {
                "try again; its holder is stopped, or died with it, for which adopted tables have `free_guard`"
            }
            Self::IndexOutOfRange { .. } => "use an index below the capacity",
            Self::Contended { .. } => "try again, or give the table more cells",
            Self::InvalidBits { .. } => {
                "if it was never written, give its enum a value for 0; else the writer stored what is no value"
            }
            Self::VersionRegressed { .. } => "the writer breaks the protocol: do not trust this segment",
            Self::BadKey => "write sysv:0x1234, sysv:4660 or sysv:ftok(/path,7)",
            Self::AlreadyExists => "open it, or remove it first",
            Self::Overflow { .. } => "somebody posts more often than is waited for, or the reverse",
            Self::Removed => "close it and open it again, once somebody has created it again",
            Self::Unsealed { .. } => "let its creator seal it, or accept it unsealed in the options",
            Self::HugePagesUnavailable => {
                "let the kernel give huge pages to shared memory, or prefer them instead of requiring them"
            }
            Self::NotLocked { .. } => "raise the limit (`ulimit -l`), or prefer it instead of requiring it",
            Self::NamespaceMismatch => "run both in one IPC namespace, or use posix: or file:",
            Self::RoleLost => "close this writer, remove the segment and create it again",
            Self::Truncated => "remove it and let its writer create it again",
            Self::BadMessage => {
                "let the other side send with the hand-over of this library, and nothing between"
            }
            Self::ForkedHandle => "open the table anew in this process",
            Self::Stale { .. } => "see whether its writer lives and works",
            Self::NoSlot { .. } => "let one of them close the table",
            Self::AfterDeath => "look whether the records belong together, then say so",
            Self::LockCorrupt { .. } => {
                "a program stored where it must not: remove the table and create it again"
            }
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::BadAddress => "bad address",
            Self::BadName => "bad name",
            Self::NotFound => "not found",
            Self::NotRegular { kind } => return write!(f, "not a regular file but a {kind}"),
            Self::BadOwner { uid } => return write!(f, "owned by user {uid}, who is not trusted"),
            Self::TooPermissive { mode } => return write!(f, "mode {mode:04o} lets everybody write"),
            Self::PermissionDenied => "permission denied",
            Self::NoSpace { wanted: 0 } => "no space",
            Self::NoSpace { wanted } => return write!(f, "no space for {wanted} bytes"),
            Self::Unsupported { what } => return write!(f, "{what} is not supported here"),
            Self::Os => "system call failed",
            Self::NotReady => "its creator has not finished it",
            Self::BadMagic => "not a segment of shmrecord",
            Self::WrongEndian => "written by a machine of the other byte order",
            Self::AbiMismatch { found, supported } => {
                return write!(f, "format version {found}, this library reads {supported}");
            }
            Self::HeaderCorrupt => "header corrupt",
            Self::BadGeometry { field } => return write!(f, "impossible {field} in the header"),
            Self::SizeMismatch { header, actual } => {
                return write!(f, "{actual} bytes long, {header} expected");
            }
            Self::DescriptionCorrupt => "description corrupt",
            Self::LayoutMismatch { .. } => "layout mismatch",
            Self::StaleBoot => "made before the machine last booted",
            Self::Retired => "removed meanwhile",
            Self::BadArgument { argument } => return write!(f, "bad {argument}"),
            Self::ShapeMismatch { what } => return write!(f, "it exists with another {what}"),
            Self::WriterAlive { pid: Some(pid), .. } => {
                return write!(f, "process {pid} holds the role of writer");
            }
            Self::WriterAlive { pid: None, .. } => "another process holds the role of writer",
            Self::AlreadyHeldHere => "this process already holds the role of writer",
            Self::GuardLost => "guard lost",
            Self::GuardMismatch => "its semaphore set is no guard",
            Self::LockTimeout { pid: None } => "the lock is taken",
            Self::LockTimeout { pid: Some(pid) } => {
                return write!(f, "the lock is taken, last by process {pid}");
            }
            Self::IndexOutOfRange { index, capacity } => {
                return write!(f, "index {index} out of range, capacity {capacity}");
            }
            Self::Contended { attempts } => {
                return write!(f, "no consistent value in {attempts} attempts");
            }
            Self::InvalidBits { record, field } => {
                return write!(f, "{record}.{field}: bytes that are no value of its type");
            }
            Self::VersionRegressed { seen, found } => {
                return write!(f, "version went back from {seen} to {found}");
            }
            Self::BadKey => "bad key",
            Self::AlreadyExists => "it exists already",
            Self::Overflow { limit } => return write!(f, "more than {limit}, the largest value"),
            Self::Removed => "removed while in use",
            Self::Unsealed { missing } => return write!(f, "not sealed: {missing} missing"),
            Self::HugePagesUnavailable => "no huge pages to be had",
            Self::NotLocked { limit } => {
                return write!(f, "not locked in memory: RLIMIT_MEMLOCK is {limit} bytes");
            }
            Self::NamespaceMismatch => "made in another IPC namespace",
            Self::RoleLost => "the role of writer is lost",
            Self::Truncated => "cut while in use",
            Self::BadMessage => "bad message",
            Self::ForkedHandle => "made by the process that this one was forked from",
            Self::Stale { age_ns: u64::MAX } => "nobody knows when its writer last gave a sign of life",
            Self::Stale { age_ns } => {
                return write!(f, "no sign of life from its writer for {} ms", age_ns / 1_000_000);
            }
            Self::NoSlot { max } => return write!(f, "{max} writers are there already"),
            Self::AfterDeath => "a writer died while it held the lock",
            Self::LockCorrupt { word } => return write!(f, "lock word {word:#x} names no writer"),
        };
        f.write_str(words)
    }
}
