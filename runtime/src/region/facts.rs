//! What the kernel says of a segment: size, owner, mode, who uses it. Relies on what `fstat(2)` and `shmctl(2)` filled in;
//! does not know what the segment holds.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// What the kernel says of a segment at this moment. Nothing in the segment is asked, so nobody who writes it can lie here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Bytes of the segment.
    pub bytes: u64,
    /// Bytes that are backed by memory or disk; fewer where a file is sparse. `None` where the kernel does not tell: System V.
    pub allocated_bytes: Option<u64>,
    /// The user who owns it.
    pub uid: u32,
    /// The group that owns it.
    pub gid: u32,
    /// Permission bits: `0o600`.
    pub mode: u32,
    /// How often it is mapped, in all processes together. `None` where the kernel does not count: files.
    pub attachments: Option<u64>,
    /// The process that made it. `None` where the kernel does not keep it (files) or has no number for it here (another
    /// PID namespace). It may be gone, and its number another process's.
    pub creator_pid: Option<u32>,
    /// The process that last mapped it or let go of it. `None` as for [`Facts::creator_pid`], and before the first.
    pub last_pid: Option<u32>,
}

impl Facts {
    /// Of a file, from `fstat(2)`.
    pub(super) fn of_file(facts: &Metadata) -> Self {
        Self {
            bytes: facts.len(),
            // In units of 512, whatever the file system's blocks are (`stat(2)`).
            allocated_bytes: Some(facts.blocks() * 512),
            uid: facts.uid(),
            gid: facts.gid(),
            mode: facts.mode() & 0o7777,
            attachments: None,
            creator_pid: None,
            last_pid: None,
        }
    }

    /// Of a System V segment, from `shmctl(IPC_STAT)`.
    pub(super) fn of_shm(facts: &libc::shmid_ds) -> Self {
        let pid = |pid: libc::pid_t| u32::try_from(pid).ok().filter(|&pid| pid != 0);
        Self {
            bytes: facts.shm_segsz as u64,
            allocated_bytes: None,
            uid: facts.shm_perm.uid,
            gid: facts.shm_perm.gid,
            // The bits above say what the kernel will do with it (`SHM_DEST`, `SHM_LOCKED`).
            mode: u32::from(facts.shm_perm.mode) & 0o777,
            attachments: Some(facts.shm_nattch),
            creator_pid: pid(facts.shm_cpid),
            last_pid: pid(facts.shm_lpid),
        }
    }

    /// What is there, for the error that says whose it may be: `4096 bytes of user 0, made by process 123`.
    pub(crate) fn words(&self) -> String {
        let maker = self.creator_pid.map(|pid| format!(", made by process {pid}")).unwrap_or_default();
        format!("{} bytes of user {}{maker}", self.bytes, self.uid)
    }
}
