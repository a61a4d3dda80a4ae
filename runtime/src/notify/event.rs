//! A descriptor that is readable from when it is set until it is reset. Relies on `eventfd(2)`; knows nobody who polls it.

#![expect(unsafe_code, reason = "eventfd, which std does not offer")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// An eventfd, closed on drop.
#[derive(Debug)]
pub(super) struct Event(File);

impl Event {
    /// `eventfd(EFD_CLOEXEC|EFD_NONBLOCK)`: one that is not set.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no memory is involved.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has just given it to this thread, and nobody else closes it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self(File::from(descriptor)))
    }

    /// `write(2)`: readable from now on, and news to who polls for edges. It can only fail when the count is full, and then it is
    /// readable.
    pub(super) fn set(&self) {
        while (&self.0).write(&1_u64.to_ne_bytes()).is_err_and(|error| is_signal(&error)) {}
    }

    /// `read(2)`: not readable any more.
    pub(super) fn reset(&self) -> io::Result<()> {
        loop {
            match (&self.0).read(&mut [0; size_of::<u64>()]) {
                Err(error) if is_signal(&error) => {}
                // Somebody else has read it.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                result => return result.map(drop),
            }
        }
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn is_signal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
