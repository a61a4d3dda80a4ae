//! The one error of the library: what happened ([`ErrorKind`]), during which operation, to which segment, what was
//! found, the errno, and what to do. Relies on `std` only; knows neither mappings nor the protocol.

use std::fmt;

mod kind;

pub use kind::ErrorKind;

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

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
