//! Files with and without a name: opened without following links, made without a name, named when complete. Relies on
//! `error`; does not know what the files hold.

#![expect(unsafe_code, reason = "fallocate and linkat, which std does not offer")]

use std::ffi::CString;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::{At, ErrorKind, Result};
use crate::region::map::Access;

/// What tells one file from every other on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// Whose files are accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust {
    /// A user beside this process's own and root.
    pub(crate) owner: Option<u32>,
    /// Whether files that everybody may write are accepted.
    pub(crate) world_writable: bool,
}

/// `open(O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC)` of an existing file, and `fstat`: a regular file of a trusted owner. Never
/// waits, whatever has the name.
pub(crate) fn open(at: &At<'_>, path: &Path, access: Access, trust: &Trust) -> Result<(File, Identity, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(access == Access::Write)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| at.os("open", &error))?;
    let facts = file.metadata().map_err(|error| at.os("fstat", &error))?;
    let kind = facts.file_type();
    if !kind.is_file() {
        let kind = match () {
            () if kind.is_dir() => "directory",
            () if kind.is_fifo() => "FIFO",
            () if kind.is_socket() => "socket",
            () => "device",
        };
        return Err(at.error(ErrorKind::NotRegular { kind }));
    }
    let uid = facts.uid();
    if uid != 0 && uid != effective_uid() && Some(uid) != trust.owner {
        return Err(at.error(ErrorKind::BadOwner { uid }));
    }
    let mode = facts.mode() & 0o7777;
    if mode & 0o002 != 0 && !trust.world_writable {
        return Err(at.error(ErrorKind::TooPermissive { mode }));
    }
    Ok((file, Identity { device: facts.dev(), inode: facts.ino() }, facts.len()))
}

/// `geteuid(2)`
fn effective_uid() -> u32 {
    // SAFETY: geteuid has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// `open(O_TMPFILE)` in this directory, then `fchmod`, so that the umask does not count. The file vanishes with its last
/// descriptor unless [`publish`] names it.
pub(crate) fn unnamed(at: &At<'_>, directory: &Path, mode: u32) -> Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC)
        .open(directory)
        .map_err(|error| match error.raw_os_error() {
            // EISDIR is what kernels before 3.11 answer.
            Some(errno @ (libc::EOPNOTSUPP | libc::EISDIR)) => {
                at.error(ErrorKind::Unsupported { what: "O_TMPFILE" }).detail("open").errno(errno)
            }
            _ => at.os("open with O_TMPFILE in its directory", &error),
        })?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(|error| at.os("fchmod", &error))?;
    Ok(file)
}

/// `fallocate(2)`: the file is `bytes` long, and the space is its own, or it is refused now.
pub(crate) fn reserve(at: &At<'_>, file: &File, bytes: u64) -> Result<()> {
    let Ok(length) = libc::off_t::try_from(bytes) else {
        return Err(at.error(ErrorKind::NoSpace { wanted: bytes }));
    };
    loop {
        // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
        let result = unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) };
        if result == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(errno @ libc::EOPNOTSUPP) => {
                let kind = ErrorKind::Unsupported { what: "fallocate" };
                return Err(at.error(kind).detail("fallocate").errno(errno));
            }
            _ => return Err(no_space(at, "fallocate", bytes, &error)),
        }
    }
}

/// The error of a call that reserves memory or disk: [`ErrorKind::NoSpace`] where the errno means that.
#[cold]
pub(crate) fn no_space(
    at: &At<'_>,
    call: &'static str,
    bytes: u64,
    error: &io::Error,
) -> crate::error::Error {
    match error.raw_os_error() {
        Some(errno @ (libc::ENOSPC | libc::ENOMEM | libc::EDQUOT | libc::EFBIG | libc::EFAULT)) => {
            at.error(ErrorKind::NoSpace { wanted: bytes }).detail(call).errno(errno)
        }
        _ => at.os(call, error),
    }
}

/// `linkat(2)` from `/proc/self/fd`: gives an unnamed file its name, at once and whole. `Ok(false)`: the name is taken.
pub(crate) fn publish(at: &At<'_>, file: &File, path: &Path) -> Result<bool> {
    let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("digits hold no NUL");
    let Ok(to) = CString::new(path.as_os_str().as_bytes()) else {
        return Err(at.error(ErrorKind::BadName).detail("a NUL inside the name"));
    };
    // SAFETY: both strings end in NUL and live across the call, which does not keep them.
    let result = unsafe {
        libc::linkat(libc::AT_FDCWD, from.as_ptr(), libc::AT_FDCWD, to.as_ptr(), libc::AT_SYMLINK_FOLLOW)
    };
    if result == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EEXIST) => Ok(false),
        Some(errno @ libc::ENOENT) if !Path::new("/proc/self/fd").exists() => {
            let kind = ErrorKind::Unsupported { what: "naming a file without /proc" };
            Err(at.error(kind).detail("linkat").errno(errno))
        }
        _ => Err(at.os("linkat", &error)),
    }
}

/// `lstat(2)`: whether the name leads to this file.
pub(crate) fn leads_to(at: &At<'_>, path: &Path, identity: Identity) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(facts) => Ok(Identity { device: facts.dev(), inode: facts.ino() } == identity),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at.os("lstat", &error)),
    }
}

/// `fstat(2)`: which file this is.
pub(crate) fn identity(at: &At<'_>, file: &File) -> Result<Identity> {
    let facts = file.metadata().map_err(|error| at.os("fstat", &error))?;
    Ok(Identity { device: facts.dev(), inode: facts.ino() })
}

/// `unlink(2)` if the name leads to this file. Callers hold the lock under which names change.
pub(crate) fn unlink(at: &At<'_>, path: &Path, identity: Identity) -> Result<()> {
    if leads_to(at, path, identity)? {
        std::fs::remove_file(path).map_err(|error| at.os("unlink", &error))?;
    }
    Ok(())
}
