//! The one error of the library: what happened ([`ErrorKind`]), during which operation, to which segment, what was
//! found, the errno, and what to do. Relies on `std` only; knows neither mappings nor the protocol.

use std::fmt;

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, for programs to match on. [`Error`] adds the words for people.
///
/// Every kind has a stable number, which is its C twin's value in `enum shmrec_code`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The address is not `posix:/name` or `file:/path`.
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
        /// Bytes asked for.
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
    /// The segment was removed while it was being opened, again and again until the deadline.
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
    /// The guard file is gone, or is not the one that the segment was made with.
    GuardLost,
    /// The lock for creating and removing was not free before the deadline.
    LockTimeout,
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
            Self::LockTimeout => 27,
            Self::IndexOutOfRange { .. } => 28,
            Self::Contended { .. } => 29,
            Self::InvalidBits { .. } => 30,
            Self::VersionRegressed { .. } => 31,
        }
    }

    /// What to do about it, in one line.
    fn hint(&self) -> &'static str {
        match self {
            Self::BadAddress => "write posix:/name or file:/path",
            Self::BadName => "choose another name",
            Self::NotFound => "start the program that creates it, or check the address",
            Self::NotRegular { .. } => "something else has this name: remove it or choose another name",
            Self::BadOwner { .. } => "name the owner as trusted if that is intended",
            Self::TooPermissive { .. } => "create it with a narrower mode, or accept the mode by option",
            Self::PermissionDenied => "check owner and mode, or run as a user who may",
            Self::NoSpace { .. } => "make the table smaller or free space there",
            Self::Unsupported { .. } => "use another file system, or a newer kernel",
            Self::Os => "see the errno",
            Self::NotReady => "try again; if it stays so, remove the segment",
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
            Self::Retired => "try again",
            Self::BadArgument { .. } => "choose a value in the range",
            Self::ShapeMismatch { .. } => "ask for what exists, or remove it first",
            Self::WriterAlive { .. } => "stop that process, or write to another segment",
            Self::AlreadyHeldHere => "share the one Writer",
            Self::GuardLost => "remove the segment and create it again",
            Self::LockTimeout => "try again; a process that holds it is stopped",
            Self::IndexOutOfRange { .. } => "use an index below the capacity",
            Self::Contended { .. } => "try again, or give the table more cells",
            Self::InvalidBits { .. } => "the writer stored bytes that are no value of this type",
            Self::VersionRegressed { .. } => "the writer breaks the protocol: do not trust this segment",
        }
    }
}

/// An error: its kind, the operation, the segment or file, what was found, the errno.
///
/// One pointer wide, so that `Result<T>` costs nothing on the way of success.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    subject: String,
    detail: String,
    errno: Option<i32>,
}

impl Error {
    /// An error of this kind during `operation` ("open for reading") on `subject` (an address or a path).
    #[cold]
    pub(crate) fn new(kind: ErrorKind, operation: &'static str, subject: impl fmt::Display) -> Self {
        let subject = subject.to_string();
        Self(Box::new(Inner { kind, operation, subject, detail: String::new(), errno: None }))
    }

    /// Adds what was expected and what was found.
    #[cold]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds the errno of the system call that failed.
    #[cold]
    pub(crate) fn errno(mut self, errno: i32) -> Self {
        self.0.errno = Some(errno);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The operation that failed: `"create"`, `"open for reading"`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The segment or file it happened to.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// What was expected and what was found, in words; may be empty.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.0.detail
    }

    /// The errno of the failed system call, if one failed.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.0.errno
    }

    /// What to do about it, in one line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.0.kind.hint()
    }
}

impl fmt::Display for Error {
    /// `open for reading posix:/quotes: layout mismatch: price: f64 at 16 in the segment, i64 at 16 here; build …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, operation, subject, detail, errno } = &*self.0;
        write!(f, "{operation} {subject}: {kind}")?;
        if !detail.is_empty() {
            write!(f, ": {detail}")?;
        }
        if let Some(errno) = errno {
            write!(f, ": {}", std::io::Error::from_raw_os_error(*errno))?;
        }
        write!(f, "; {}", kind.hint())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({self})", self.0.kind)
    }
}

impl std::error::Error for Error {}

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
            Self::GuardLost => "guard file lost",
            Self::LockTimeout => "the lock for creating and removing is taken",
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
        };
        f.write_str(words)
    }
}

/// Which operation is under way on which segment or file: what every error needs to say.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) operation: &'static str,
    pub(crate) subject: &'a dyn fmt::Display,
}

impl At<'_> {
    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, self.subject)
    }

    /// The error of a failed system call: errno's that have a kind of their own get it, all others are
    /// [`ErrorKind::Os`].
    #[cold]
    pub(crate) fn os(&self, call: &str, error: &std::io::Error) -> Error {
        let errno = error.raw_os_error().unwrap_or(0);
        let kind = match errno {
            libc::ENOENT => ErrorKind::NotFound,
            libc::EACCES | libc::EPERM | libc::EROFS => ErrorKind::PermissionDenied,
            libc::ELOOP => ErrorKind::NotRegular { kind: "symbolic link" },
            libc::EISDIR => ErrorKind::NotRegular { kind: "directory" },
            libc::ENXIO => ErrorKind::NotRegular { kind: "socket or device" },
            _ => ErrorKind::Os,
        };
        self.error(kind).detail(call).errno(errno)
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};

    #[test]
    fn an_error_says_what_where_why_and_what_to_do() {
        let error = Error::new(ErrorKind::NoSpace { wanted: 4096 }, "create", "posix:/quotes")
            .detail("fallocate")
            .errno(libc::ENOSPC);
        let text = error.to_string();
        assert_eq!(
            text,
            "create posix:/quotes: no space for 4096 bytes: fallocate: No space left on device (os error 28); \
             make the table smaller or free space there"
        );
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
        assert_eq!(
            (error.operation(), error.subject(), error.found()),
            ("create", "posix:/quotes", "fallocate")
        );
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }
}
