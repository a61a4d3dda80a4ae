//! The memfds that this process holds, by name: a directory of its own, whose entries are open descriptors. Relies on `std`
//! and, for what this process was started with, on [`inherited`]; knows no segment.
//!
//! A table has two entries, `NAME` and `NAME.guard`; who may only read has the first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::region::memfd::guard_name;
use crate::region::{Identity, inherited};

/// A memfd that has a name here.
#[derive(Debug)]
struct Entry {
    file: File,
    identity: Identity,
}

type Entries = BTreeMap<String, Entry>;

/// Opened at the first use, with what the parent process left for this one.
fn entries() -> MutexGuard<'static, Entries> {
    static ENTRIES: LazyLock<Mutex<Entries>> = LazyLock::new(|| {
        let mut entries = Entries::new();
        for (name, files) in inherited::take_in() {
            // The newest, which comes first, counts; the others are closed.
            if !entries.contains_key(&name) {
                put(&mut entries, &name, files);
            }
        }
        Mutex::new(entries)
    });
    // Whoever panicked did so between two whole states: every change below is one call.
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `fcntl(F_DUPFD_CLOEXEC)` of what has this name, if anything.
pub(crate) fn duplicate(name: &str) -> io::Result<Option<File>> {
    entries().get(name).map(|entry| entry.file.try_clone()).transpose()
}

/// What has this name, if anything.
pub(crate) fn identity(name: &str) -> Option<Identity> {
    entries().get(name).map(|entry| entry.identity)
}

/// Gives this file the name, unless the name is taken.
pub(crate) fn enter(name: &str, file: File, identity: Identity) -> bool {
    let mut entries = entries();
    let is_free = !entries.contains_key(name);
    if is_free {
        entries.insert(name.into(), Entry { file, identity });
    }
    is_free
}

/// Takes the name away from this file.
pub(crate) fn take_out(name: &str, identity: Identity) {
    let mut entries = entries();
    if entries.get(name).is_some_and(|entry| entry.identity == identity) {
        entries.remove(name);
    }
}

/// Lets go of this segment and of its guard, if the name leads to it.
pub(crate) fn let_go(name: &str, identity: Identity) {
    let mut entries = entries();
    if entries.get(name).is_some_and(|entry| entry.identity == identity) {
        entries.remove(name);
        entries.remove(&guard_name(name));
    }
}

/// Lets go of whatever has this name, and of its guard. `false`: nothing has it.
pub(crate) fn forget(name: &str) -> bool {
    let mut entries = entries();
    entries.remove(&guard_name(name));
    entries.remove(name).is_some()
}

/// Gives a segment that was handed over its name, and its guard, if there is one. What had the name until now goes.
pub(crate) fn replace(name: &str, files: Vec<(File, Identity)>) {
    put(&mut entries(), name, files);
}

fn put(entries: &mut Entries, name: &str, files: Vec<(File, Identity)>) {
    let names = [name.to_owned(), guard_name(name)];
    for name in &names {
        entries.remove(name);
    }
    for (name, (file, identity)) in names.into_iter().zip(files) {
        entries.insert(name, Entry { file, identity });
    }
}
