//! Files with and without a name: opened without following links, made without a name, named when complete. Relies on
//! `error`; does not know what the files hold.

#![expect(unsafe_code, reason = "fallocate, getrlimit and linkat, which std does not offer")]

use std::ffi::CString;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use crate::error::{At, ErrorKind, Result};
use crate::region::map::Access;
use crate::region::{Identity, Rights, Trust};

/// Where POSIX shared memory is mounted on Linux (`shm_overview(7)`).
pub(crate) const POSIX_DIRECTORY: &str = "/dev/shm";

/// `open(O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC)` of whatever has the name. Never waits.
pub(crate) fn open_any(at: &At<'_>, path: &Path, access: Access) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(access == Access::Write)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| at.os("open", &error))
}

/// [`open_any`] of an existing file, if [`accept`] says so.
pub(crate) fn open(at: &At<'_>, path: &Path, access: Access, trust: &Trust) -> Result<(File, Identity, u64)> {
    let file = open_any(at, path, access)?;
    let (identity, size) = accept(at, &file, trust)?;
    Ok((file, identity, size))
}

/// `fstat(2)`: which file this is, and its size, if it is a regular file of a trusted owner.
pub(crate) fn accept(at: &At<'_>, file: &File, trust: &Trust) -> Result<(Identity, u64)> {
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
    trust.check(at, facts.uid(), facts.mode() & 0o7777)?;
    Ok((Identity { device: facts.dev(), inode: facts.ino() }, facts.len()))
}

/// `open(O_TMPFILE)` in this directory, then [`set_rights`]. The file vanishes with its last descriptor unless [`publish`]
/// names it. `bytes` is what it is to hold, for the error.
pub(crate) fn unnamed(at: &At<'_>, directory: &Path, rights: Rights, bytes: u64) -> Result<File> {
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
            Some(errno @ libc::ENOENT) => {
                at.error(ErrorKind::NotFound).detail("its directory does not exist").errno(errno)
            }
            _ => no_space(at, "open with O_TMPFILE in its directory", bytes, &error),
        })?;
    set_rights(at, &file, rights)?;
    Ok(file)
}

/// `fchown(2)` and `fchmod(2)`, where group or mode are not yet these; so the umask does not count.
pub(crate) fn set_rights(at: &At<'_>, file: &File, rights: Rights) -> Result<()> {
    let facts = file.metadata().map_err(|error| at.os("fstat", &error))?;
    if let Some(group) = rights.group.filter(|&group| group != facts.gid()) {
        fchown(file, None, Some(group)).map_err(|error| at.os("fchown", &error))?;
    }
    if facts.mode() & 0o7777 != rights.mode {
        let mode = Permissions::from_mode(rights.mode);
        file.set_permissions(mode).map_err(|error| at.os("fchmod", &error))?;
    }
    Ok(())
}

/// Space that is asked for in one call at least: little enough to be had between two signals.
const LEAST_PIECE: libc::off_t = 1 << 16;

/// `fallocate(2)`: the file is `bytes` bytes long, and the space of the first `present` of them is its own, or it is
/// refused now. A sparse one gets the rest of its length from `ftruncate(2)`.
pub(crate) fn reserve(at: &At<'_>, file: &File, bytes: u64, present: u64) -> Result<()> {
    let (Ok(_), Ok(length)) = (libc::off_t::try_from(bytes), libc::off_t::try_from(present)) else {
        return Err(at.error(ErrorKind::NoSpace { wanted: bytes }));
    };
    // Past this limit neither call fails, but ends the process with SIGXFSZ.
    if bytes > file_size_limit() {
        let kind = ErrorKind::NoSpace { wanted: bytes };
        return Err(at.error(kind).detail("RLIMIT_FSIZE, which `ulimit -f` sets").errno(libc::EFBIG));
    }
    // A signal takes back what a call has done so far. Beside a timer only pieces get done, the smaller the faster it is.
    let (mut done, mut piece) = (0, length);
    while done < length {
        piece = piece.min(length - done);
        // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
        let result = unsafe { libc::fallocate(file.as_raw_fd(), 0, done, piece) };
        if result == 0 {
            done += piece;
            continue;
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => piece = (piece / 2).max(LEAST_PIECE),
            Some(errno @ libc::EOPNOTSUPP) => {
                let kind = ErrorKind::Unsupported { what: "fallocate" };
                return Err(at.error(kind).detail("fallocate").errno(errno));
            }
            _ => return Err(no_space(at, "fallocate", present, &error)),
        }
    }
    if present < bytes {
        file.set_len(bytes).map_err(|error| no_space(at, "ftruncate", bytes, &error))?;
    }
    Ok(())
}

/// `getrlimit(RLIMIT_FSIZE)`: the largest file that this process may make.
fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the kernel writes one struct rlimit, which lives across the call; on failure it stays infinite.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) };
    limit.rlim_cur
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
        _ => Err(no_space(at, "linkat", file.metadata().map_or(0, |facts| facts.len()), &error)),
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

/// `lstat(2)`: whether the name leads to anything.
pub(crate) fn is_taken(at: &At<'_>, path: &Path) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at.os("lstat", &error)),
    }
}

/// The directory that a file of this path is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// `fstat(2)`: which file this is.
pub(crate) fn identity(at: &At<'_>, file: &File) -> Result<Identity> {
    Identity::of(file).map_err(|error| at.os("fstat", &error))
}

/// `unlink(2)` if the name leads to this file. Callers hold the lock under which names change.
pub(crate) fn unlink(at: &At<'_>, path: &Path, identity: Identity) -> Result<()> {
    if leads_to(at, path, identity)? {
        std::fs::remove_file(path).map_err(|error| at.os("unlink", &error))?;
    }
    Ok(())
}
