//! System V segments: found, created and removed by key (`shmget(2)`, `shmctl(2)`). Relies on `error` and `key`; does not
//! know what the segments hold.

#![expect(unsafe_code, reason = "shmget and shmctl, which std does not offer")]

use std::io;
use std::os::unix::fs::MetadataExt;

use crate::error::{At, Error, ErrorKind, Result};
use crate::key::Key;
use crate::region::{Facts, Identity, NewSegment, Rights, Trust, named, page};

/// Commands of `shmctl(2)` that libc does not name.
const IPC_INFO: libc::c_int = 3;
const SHM_INFO: libc::c_int = 14;

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

/// `shmctl(IPC_STAT)` of the segment with this id and identity, be it removed, as long as it is mapped. In another IPC
/// namespace the id means another segment or none.
pub(crate) fn facts(at: &At<'_>, id: libc::c_int, identity: Identity) -> Result<Facts> {
    if !is_here(identity) {
        return Err(at.error(ErrorKind::NamespaceMismatch).detail("this process has entered another one"));
    }
    stat(at, id).map(|facts| Facts::of_shm(&facts))
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

/// `shmget(IPC_CREAT|IPC_EXCL)`: a new segment of zeros, `SHM_NORESERVE` if it is sparse. `None`: the key is taken.
pub(crate) fn create(at: &At<'_>, key: Key, new: &NewSegment) -> Result<Option<Unfinished>> {
    let bytes = new.bytes;
    let Ok(size) = usize::try_from(bytes) else {
        return Err(at.error(ErrorKind::NoSpace { wanted: bytes }));
    };
    let sparse = if new.is_sparse() { libc::SHM_NORESERVE } else { 0 };
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | sparse | first_mode(new.rights).cast_signed();
    // SAFETY: no memory is involved.
    let id = unsafe { libc::shmget(key.raw(), size, flags) };
    if id >= 0 {
        let unfinished = Unfinished(id);
        set_group(at, id, new.rights)?;
        return Ok(Some(unfinished));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EEXIST) => Ok(None),
        // For a new segment EINVAL means a size above SHMMAX.
        Some(libc::EINVAL) => Err(above_max(at, bytes)),
        _ => Err(named::no_space(at, "shmget", bytes, &error)),
    }
}

#[cold]
fn above_max(at: &At<'_>, bytes: u64) -> Error {
    at.error(ErrorKind::NoSpace { wanted: bytes }).detail("shmget: above SHMMAX").errno(libc::EINVAL)
}

/// `shmctl(IPC_INFO)` and `shmctl(SHM_INFO)`: whether one more segment keeps within SHMMAX, SHMALL and SHMMNI. Where the
/// kernel does not tell it is taken to be so.
pub(crate) fn check_limits(at: &At<'_>, bytes: u64) -> Result<()> {
    let (Some(limits), Some(used), Some(page)) =
        (info::<Limits>(IPC_INFO), info::<Used>(SHM_INFO), page::size())
    else {
        return Ok(());
    };
    if bytes > limits.max_bytes {
        return Err(above_max(at, bytes));
    }
    let pages = used.pages.saturating_add(bytes.div_ceil(page as u64));
    if u64::from(used.ids.cast_unsigned()) < limits.max_ids && pages <= limits.max_pages {
        return Ok(());
    }
    Err(named::no_space(at, "shmget", bytes, &io::Error::from_raw_os_error(libc::ENOSPC)))
}

/// What `shmctl` tells of all segments of this IPC namespace, whatever the id; `None`: nothing.
fn info<T: Default>(command: libc::c_int) -> Option<T> {
    let mut facts = T::default();
    // SAFETY: the commands of the two types write one of it, for which there is room; both hold integers only.
    let result = unsafe { libc::shmctl(0, command, (&raw mut facts).cast()) };
    (result >= 0).then_some(facts)
}

/// The kernel's `struct shminfo`.
#[derive(Debug, Default)]
#[repr(C)]
struct Limits {
    max_bytes: u64,
    min_bytes: u64,
    max_ids: u64,
    max_per_process: u64,
    max_pages: u64,
    unused: [u64; 4],
}

/// The kernel's `struct shm_info`.
#[derive(Debug, Default)]
#[repr(C)]
struct Used {
    ids: libc::c_int,
    pages: u64,
    present: u64,
    swapped: u64,
    unused: [u64; 2],
}

/// The mode that an object of these rights is made with: nothing for the group before it is the right one.
pub(crate) fn first_mode(rights: Rights) -> u32 {
    if rights.group.is_some() { rights.mode & !0o070 } else { rights.mode }
}

/// `shmctl(IPC_SET)`: the group that was asked for, and its permissions.
fn set_group(at: &At<'_>, id: libc::c_int, rights: Rights) -> Result<()> {
    let Some(group) = rights.group else {
        return Ok(());
    };
    let mut facts = stat(at, id)?;
    put_rights(&mut facts.shm_perm, group, rights.mode);
    // SAFETY: IPC_SET reads one shmid_ds, which lives across the call.
    let result = unsafe { libc::shmctl(id, libc::IPC_SET, &raw mut facts) };
    if result == -1 { Err(at.os("shmctl(IPC_SET)", &io::Error::last_os_error())) } else { Ok(()) }
}

/// Group and permission bits, as `IPC_SET` takes them.
pub(crate) fn put_rights(permissions: &mut libc::ipc_perm, group: u32, mode: u32) {
    permissions.gid = group;
    #[expect(clippy::cast_possible_truncation, reason = "permission bits have nine bits")]
    let mode = mode as libc::c_ushort;
    permissions.mode = mode;
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

/// The inode of this thread's IPC namespace, which its calls count in; 0 where it cannot be read.
fn namespace() -> u64 {
    std::fs::metadata("/proc/thread-self/ns/ipc").map_or(0, |facts| facts.ino())
}

/// The identity of the System V object with this id: an id counts within an IPC namespace, and is not used again before its
/// sequence number wraps.
pub(crate) fn identity_of(id: libc::c_int) -> Identity {
    Identity { device: namespace(), inode: u64::from(id.cast_unsigned()) }
}

/// Whether the id in this identity means the same object here, as far as both namespaces are known: keys and ids count within
/// an IPC namespace, and this thread may have entered another one.
pub(crate) fn is_here(identity: Identity) -> bool {
    let here = namespace();
    here == 0 || identity.device == 0 || here == identity.device
}
