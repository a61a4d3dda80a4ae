//! The name of a guard that can be opened: a path, or a name in this process's registry of memfds. Relies on
//! `region::named` and `region::memfd`; knows nothing of locks.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use crate::error::{At, Result};
use crate::region::map::Access;
use crate::region::{Identity, Rights, Trust, memfd, named, registry};

/// Where a guard has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuardName {
    /// A path, beside the segment's.
    Path(PathBuf),
    /// A name in the registry, beside the segment's.
    Memfd(String),
}

impl GuardName {
    /// What has this name, opened anew, if it is accepted.
    pub(crate) fn open(&self, at: &At<'_>, trust: &Trust) -> Result<(File, Identity)> {
        match self {
            GuardName::Path(path) => {
                named::open(at, path, Access::Write, trust).map(|(file, identity, _)| (file, identity))
            }
            GuardName::Memfd(name) => memfd::open_anew(at, name, trust),
        }
    }

    /// Makes an empty guard with these rights and opens it. `None`: something has the name.
    pub(crate) fn create(&self, at: &At<'_>, rights: Rights) -> Result<Option<(File, Identity)>> {
        match self {
            GuardName::Path(path) => {
                let file = named::unnamed(at, named::directory(path), rights, 0)?;
                let identity = named::identity(at, &file)?;
                Ok(named::publish(at, &file, path)?.then_some((file, identity)))
            }
            GuardName::Memfd(name) => {
                let file = memfd::create(at, name, rights, 0)?;
                memfd::seal(at, &file, false)?;
                let identity = named::identity(at, &file)?;
                let anew = memfd::reopen(at, &file, Access::Write)?;
                Ok(memfd::publish(at, &file, name)?.then_some((anew, identity)))
            }
        }
    }

    /// What has this name, only to be asked: whatever it is.
    pub(crate) fn look(&self, at: &At<'_>) -> Result<File> {
        match self {
            GuardName::Path(path) => named::open_any(at, path, Access::Read),
            GuardName::Memfd(name) => memfd::held(at, name),
        }
    }

    /// Whether the name leads to this guard.
    pub(crate) fn leads_to(&self, at: &At<'_>, identity: Identity) -> Result<bool> {
        match self {
            GuardName::Path(path) => named::leads_to(at, path, identity),
            GuardName::Memfd(name) => registry::identity(at, name).map(|found| found == Some(identity)),
        }
    }

    /// Takes the name away from this guard.
    pub(crate) fn unlink(&self, at: &At<'_>, identity: Identity) -> Result<()> {
        match self {
            GuardName::Path(path) => named::unlink(at, path, identity),
            GuardName::Memfd(name) => registry::take_out(at, name, identity),
        }
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuardName::Path(path) => path.display().fmt(f),
            GuardName::Memfd(name) => write!(f, "memfd:{name}"),
        }
    }
}
