//! Files without a file system: sealed memfds (`memfd_create(2)`), under names that count in this process only. Relies on
//! [`registry`], this process's directory of them, and on `named` for what they share with other files;
//! does not know what they hold.
//!
//! A sealed memfd can be given to anybody: no peer can cut it under its readers.

#![expect(unsafe_code, reason = "memfd_create and fcntl for seals and flags, which std does not offer")]

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use shmrecord_layout::abi::GUARD_SUFFIX;

use crate::error::{At, Error, ErrorKind, Result};
use crate::region::map::Access;
use crate::region::{Identity, Rights, Trust, named, registry};

/// The longest label that the kernel takes for a memfd, in bytes.
const LABEL_MAX: usize = 249;

/// What must be sealed: without these, whoever holds the memfd can cut it and end its readers with SIGBUS.
const NEEDED: [(libc::c_int, &str); 3] = [
    (libc::F_SEAL_SHRINK, "F_SEAL_SHRINK"),
    (libc::F_SEAL_GROW, "F_SEAL_GROW"),
    (libc::F_SEAL_SEAL, "F_SEAL_SEAL"),
];

/// The name of the guard of the memfd with this name.
pub(crate) fn guard_name(name: &str) -> String {
    format!("{name}{GUARD_SUFFIX}")
}

/// `fcntl(F_DUPFD_CLOEXEC)` of the memfd that this process holds under this name, and whether it is accepted: its owner,
/// its mode, its seals. The duplicate shares its locks with all others: not for guards.
pub(crate) fn open(at: &At<'_>, name: &str, access: Access, trust: &Trust) -> Result<(File, Identity, u64)> {
    let file = held(at, name)?;
    let (identity, size) = named::accept(at, &file, trust)?;
    let seals = seals(&file).map_err(|error| at.os("fcntl(F_GET_SEALS)", &error))?;
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(seal, _)| seals & seal == 0).map(|&(_, name)| name).collect();
    if !missing.is_empty() && !trust.unsealed {
        return Err(at.error(ErrorKind::Unsealed { missing: missing.join(", ") }));
    }
    if access == Access::Write {
        let refuse = |why: &str| Err(at.error(ErrorKind::PermissionDenied).detail(why));
        if !is_writable(at, &file)? {
            return refuse("it was handed over for reading");
        }
        if seals & (libc::F_SEAL_WRITE | libc::F_SEAL_FUTURE_WRITE) != 0 {
            return refuse("it is sealed against writing: only the writer that created it could");
        }
    }
    Ok((file, identity, size))
}

/// As [`open`] for writing, then `open(2)` of `/proc/self/fd`: an open file of its own, whose locks nobody shares.
pub(crate) fn open_anew(at: &At<'_>, name: &str, trust: &Trust) -> Result<(File, Identity)> {
    let (file, identity, _) = open(at, name, Access::Write, trust)?;
    Ok((reopen(at, &file, Access::Write)?, identity))
}

/// A duplicate of what this process holds under this name, whatever it is.
pub(crate) fn held(at: &At<'_>, name: &str) -> Result<File> {
    registry::duplicate(at, name)?.ok_or_else(|| absent(at))
}

/// The error of a name that leads nowhere here.
#[cold]
pub(crate) fn absent(at: &At<'_>) -> Error {
    at.error(ErrorKind::NotFound).detail("this process holds no memfd of this name")
}

/// `open(2)` of `/proc/self/fd`: the same memfd as another open file. Its mode counts, as for any file.
pub(crate) fn reopen(at: &At<'_>, file: &File, access: Access) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(access == Access::Write)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .map_err(|error| match error.raw_os_error() {
            Some(errno @ libc::ENOENT) if !Path::new("/proc/self/fd").exists() => {
                let kind = ErrorKind::Unsupported { what: "opening a memfd again without /proc" };
                at.error(kind).detail("open").errno(errno)
            }
            _ => at.os("open", &error),
        })
}

/// `memfd_create(MFD_CLOEXEC|MFD_ALLOW_SEALING)`, not executable where the kernel knows that and the mode says so: a memfd
/// of these rights that no name leads to yet, which is to hold `bytes` bytes.
pub(crate) fn create(at: &At<'_>, name: &str, rights: Rights, bytes: u64) -> Result<File> {
    // What `/proc` shows of it. The end of a long name tells more than its beginning: guards have a suffix.
    let label = &name.as_bytes()[name.len().saturating_sub(LABEL_MAX)..];
    let Ok(label) = CString::new(label) else {
        return Err(at.error(ErrorKind::BadName).detail("a NUL inside the name"));
    };
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    let executable = if rights.mode & 0o111 == 0 { libc::MFD_NOEXEC_SEAL } else { libc::MFD_EXEC };
    let file = match memfd_create(&label, flags | executable) {
        // Linux before 6.3 does not know the last flag.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => memfd_create(&label, flags),
        result => result,
    };
    let file = file.map_err(|error| match error.raw_os_error() {
        // The latter is what a filter of system calls says.
        Some(errno @ (libc::ENOSYS | libc::EPERM)) => {
            at.error(ErrorKind::Unsupported { what: "memfd_create" }).detail("memfd_create").errno(errno)
        }
        _ => named::no_space(at, "memfd_create", bytes, &error),
    })?;
    named::set_rights(at, &file, rights)?;
    Ok(file)
}

fn memfd_create(label: &CString, flags: libc::c_uint) -> io::Result<File> {
    // SAFETY: the label ends in NUL and lives across the call, which does not keep it.
    let descriptor = unsafe { libc::memfd_create(label.as_ptr(), flags) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded: a new descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }.into())
}

/// `fcntl(F_ADD_SEALS)`: its size and its seals stay as they are; if exclusive, nobody but who has mapped it for writing
/// until now ever will.
pub(crate) fn seal(at: &At<'_>, file: &File, exclusive: bool) -> Result<()> {
    let more = if exclusive { libc::F_SEAL_FUTURE_WRITE } else { 0 };
    let seals = NEEDED.iter().fold(more, |seals, (seal, _)| seals | seal);
    // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Linux before 5.1.
        Some(errno @ libc::EINVAL) if exclusive => {
            let kind = ErrorKind::Unsupported { what: "F_SEAL_FUTURE_WRITE" };
            Err(at.error(kind).detail("fcntl(F_ADD_SEALS)").errno(errno))
        }
        _ => Err(at.os("fcntl(F_ADD_SEALS)", &error)),
    }
}

/// `fcntl(F_GET_SEALS)`; `EINVAL` for what is no memfd.
pub(crate) fn seals(file: &File) -> io::Result<libc::c_int> {
    // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    if seals < 0 { Err(io::Error::last_os_error()) } else { Ok(seals) }
}

/// `fcntl(F_GETFL)`: whether this descriptor was opened for writing.
pub(crate) fn is_writable(at: &At<'_>, file: &File) -> Result<bool> {
    // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    if flags < 0 {
        return Err(at.os("fcntl(F_GETFL)", &io::Error::last_os_error()));
    }
    Ok(flags & libc::O_ACCMODE == libc::O_RDWR)
}

/// Enters a memfd into this process's registry, which keeps a duplicate. `Ok(false)`: the name is taken.
pub(crate) fn publish(at: &At<'_>, file: &File, name: &str) -> Result<bool> {
    let kept = file.try_clone().map_err(|error| at.os("fcntl(F_DUPFD_CLOEXEC)", &error))?;
    registry::enter(at, name, kept, named::identity(at, file)?)
}
