//! System V segments: found, created and removed by key (`shmget(2)`, `shmctl(2)`). Relies on `error` and `key`; does not
//! know what the segments hold.

#![expect(unsafe_code, reason = "shmget and shmctl, which std does not offer")]

use std::io;
use std::os::unix::fs::MetadataExt;

use crate::error::{At, ErrorKind, Result};
use crate::key::Key;
use crate::region::{Identity, Trust, named};

/// `shmget(2)` without `IPC_CREAT`, and `IPC_STAT`: the segment under this key, if its owner and mode are accepted.
pub(crate) fn find(at: &At<'_>, key: Key, trust: &Trust) -> Result<(libc::c_int, Identity, u64)> {
    let Some(id) = get(at, key)? else {
        return Err(at.error(ErrorKind::NotFound).detail("shmget").errno(libc::ENOENT));
    };
    let facts = stat(at, id)?;
    trust.check_ipc(at, &facts.shm_perm)?;
    Ok((id, identity_of(id), facts.shm_segsz as u64))
}

/// The identity of the segment under this key; `None` when there is none.
pub(crate) fn identity(at: &At<'_>, key: Key) -> Result<Option<Identity>> {
    Ok(get(at, key)?.map(identity_of))
}

/// `shmctl(IPC_RMID)` if the key leads to this segment: the key is free at once, the memory when the last process lets go.
pub(crate) fn unlink(at: &At<'_>, key: Key, identity: Identity) -> Result<()> {
    match get(at, key)? {
        Some(id) if identity_of(id).is_same(identity) => {
            remove(id).map_err(|error| at.os("shmctl(IPC_RMID)", &error))
        }
        _ => Ok(()),
    }
}

/// A segment that has its key but not its contents: removed on drop unless it was finished.
#[derive(Debug)]
pub(crate) struct Unfinished(libc::c_int);

impl Unfinished {
    pub(crate) fn id(&self) -> libc::c_int {
        self.0
    }

    pub(crate) fn identity(&self) -> Identity {
        identity_of(self.0)
    }

    /// Its magic is stored: it stays.
    pub(crate) fn finish(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The error that led here is the one to report.
        let _ = remove(self.0);
    }
}

/// `shmget(IPC_CREAT|IPC_EXCL)`: a new segment of zeros. `None`: the key is taken.
pub(crate) fn create(at: &At<'_>, key: Key, bytes: u64, mode: u32) -> Result<Option<Unfinished>> {
    let Ok(size) = usize::try_from(bytes) else {
        return Err(at.error(ErrorKind::NoSpace { wanted: bytes }));
    };
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | mode.cast_signed();
    // SAFETY: no memory is involved.
    let id = unsafe { libc::shmget(key.raw(), size, flags) };
    if id >= 0 {
        return Ok(Some(Unfinished(id)));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EEXIST) => Ok(None),
        // For a new segment EINVAL means a size above SHMMAX.
        Some(errno @ libc::EINVAL) => {
            Err(at.error(ErrorKind::NoSpace { wanted: bytes }).detail("shmget: above SHMMAX").errno(errno))
        }
        _ => Err(named::no_space(at, "shmget", bytes, &error)),
    }
}

/// The id under this key.
fn get(at: &At<'_>, key: Key) -> Result<Option<libc::c_int>> {
    // SAFETY: no memory is involved.
    let id = unsafe { libc::shmget(key.raw(), 0, 0) };
    if id >= 0 {
        return Ok(Some(id));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOENT) => Ok(None),
        _ => Err(at.os("shmget", &error)),
    }
}

fn stat(at: &At<'_>, id: libc::c_int) -> Result<libc::shmid_ds> {
    let mut facts = std::mem::MaybeUninit::<libc::shmid_ds>::uninit();
    // SAFETY: the kernel writes one shmid_ds, for which there is room.
    let result = unsafe { libc::shmctl(id, libc::IPC_STAT, facts.as_mut_ptr()) };
    if result == -1 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            // Removed between shmget and now.
            Some(errno @ (libc::EIDRM | libc::EINVAL)) => {
                Err(at.error(ErrorKind::NotFound).detail("shmctl(IPC_STAT)").errno(errno))
            }
            _ => Err(at.os("shmctl(IPC_STAT)", &error)),
        };
    }
    // SAFETY: the call succeeded, so the kernel has filled it.
    Ok(unsafe { facts.assume_init() })
}

fn remove(id: libc::c_int) -> io::Result<()> {
    // SAFETY: IPC_RMID takes no buffer.
    let result = unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// An id counts within an IPC namespace; ids are not used again before their sequence number wraps.
fn identity_of(id: libc::c_int) -> Identity {
    Identity { device: namespace(), inode: u64::from(id.cast_unsigned()) }
}

/// The inode of this process's IPC namespace; 0 without `/proc`.
pub(crate) fn namespace() -> u64 {
    std::fs::metadata("/proc/self/ns/ipc").map_or(0, |facts| facts.ino())
}
