//! Whose segments and guards are accepted, and who may use new ones. Relies on `host` for who this process is.

use crate::error::{At, ErrorKind, Result};

/// Whose segments and guards are accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust {
    /// A user beside this process's own and root.
    pub(crate) owner: Option<u32>,
    /// Whether what everybody may write is accepted.
    pub(crate) world_writable: bool,
    /// Whether memfds that could be cut are accepted.
    pub(crate) unsealed: bool,
}

impl Trust {
    /// Accepts an object of this owner and these permission bits, or says why not.
    pub(crate) fn check(&self, at: &At<'_>, uid: u32, mode: u32) -> Result<()> {
        if uid != 0 && uid != crate::host::effective_uid() && Some(uid) != self.owner {
            return Err(at.error(ErrorKind::BadOwner { uid }));
        }
        if mode & 0o002 != 0 && !self.world_writable {
            return Err(at.error(ErrorKind::TooPermissive { mode }));
        }
        Ok(())
    }

    /// As [`Trust::check`], of a System V object: its owner and its creator may both change and remove it.
    pub(crate) fn check_ipc(&self, at: &At<'_>, facts: &libc::ipc_perm) -> Result<()> {
        let mode = u32::from(facts.mode) & 0o777;
        self.check(at, facts.uid, mode)?;
        self.check(at, facts.cuid, mode)
    }
}

/// Who may use a new segment or guard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// Permission bits, whatever the umask.
    pub(crate) mode: u32,
    /// The group they are for, if not the one that the kernel chooses.
    pub(crate) group: Option<u32>,
}

impl Rights {
    /// For its owner only.
    pub(crate) const PRIVATE: Self = Self { mode: 0o600, group: None };
}
