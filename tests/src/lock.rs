//! The locks of a guard, taken by somebody who is not the library. Relies on `docs/FORMAT.md` for what bytes and semaphores
//! mean, on `fcntl(2)` and on `sysv`.

#![expect(unsafe_code, reason = "fcntl with a struct flock, which std does not offer")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;

use crate::place::{Backend, Part, Place};
use crate::{memfd, sysv};

/// Held while a segment is created, replaced or removed.
pub const CREATE: u16 = 0;
/// Held by the writer.
pub const WRITER: u16 = 1;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub enum Held {
    /// On this byte of a guard file.
    Byte(File, u16),
    /// This semaphore of the set under a key.
    Semaphore(i32, u16),
}

/// Takes this lock of the place's guard.
///
/// # Errors
/// What `open(2)`, `fcntl(2)` and `semop(2)` say.
pub fn take(place: &Place, lock: u16) -> io::Result<Held> {
    if place.backend() == Backend::Sysv {
        sysv::operate(place.key(), lock, &[0, 1])?;
        return Ok(Held::Semaphore(place.key(), lock));
    }
    let file = match place.backend() {
        Backend::Memfd => memfd::open(place.address(), Part::Guard).ok_or(io::ErrorKind::NotFound)?,
        _ => OpenOptions::new().read(true).write(true).open(place.guard())?,
    };
    set(&file, lock, libc::F_WRLCK)?;
    Ok(Held::Byte(file, lock))
}

impl Drop for Held {
    fn drop(&mut self) {
        let result = match self {
            // Closing would not do: a child that another test is about to start has the same open file until it executes.
            Self::Byte(file, byte) => set(file, *byte, libc::F_UNLCK),
            Self::Semaphore(key, semaphore) => sysv::operate(*key, *semaphore, &[-1]),
        };
        result.expect("an own lock is let go");
    }
}

fn set(file: &File, byte: u16, kind: libc::c_int) -> io::Result<()> {
    #[expect(clippy::cast_possible_truncation, reason = "F_*LCK and SEEK_SET are 0 to 2")]
    let range = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte.into(),
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: `range` is a struct flock that lives across the call; the descriptor is open for as long as `file`.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const range) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
