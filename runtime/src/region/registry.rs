//! The memfds that this process holds, by name: a directory of its own, whose entries are open descriptors. Relies on
//! [`Lock`], and on [`inherited`] for what this process was started with; knows no segment.
//!
//! A table has two entries, `NAME` and `NAME.guard`; who may only read has the first.
//!
//! **A child goes on with its parent's entries.** The lock is free in it although a thread that it has not may be in the midst of a
//! change, so the list is whole at every moment: each change is a store of one pointer. An entry is complete before it is
//! listed, and taken from the list before it is closed and freed. What a child does not find of it is a descriptor that it
//! never uses.
//!
//! The kernel copies descriptors before memory, so an entry may be listed in a child that has no such descriptor, or another
//! one under its number. So each process first asks what is there, and forgets entries of something else.

#![expect(unsafe_code, reason = "references to entries, and freeing them")]

use std::fs::File;
use std::os::fd::IntoRawFd;
use std::sync::MutexGuard;

use crate::error::{At, Result};
use crate::fork::lock::Lock;
use crate::once::SetOnce;
use crate::region::memfd::guard_name;
use crate::region::{Identity, inherited, named};
use crate::sync::{AtomicPtr, Ordering};

/// A memfd that has a name here.
#[derive(Debug)]
struct Entry {
    name: String,
    file: File,
    identity: Identity,
    /// The next of the list, or null.
    next: AtomicPtr<Entry>,
}

/// The first entry, or null. Set when what was inherited is listed, all at once.
static FIRST: SetOnce<AtomicPtr<Entry>> = SetOnce::new();

/// Who holds it may go through the list and change it.
static TURN: Lock = Lock::new();

/// A list with this first entry, which nobody else goes through or changes meanwhile.
struct List<'a>(&'a AtomicPtr<Entry>);

/// The list of this process, and the lock.
struct Entries {
    list: List<'static>,
    _turn: MutexGuard<'static, bool>,
}

/// Opened at the first use, with what the parent process left for this one; each process gets ready for it.
fn entries(at: &At<'_>) -> Result<Entries> {
    let mut turn = TURN.lock().map_err(|(call, error)| named::no_space(at, call, 0, &error))?;
    let mut list = List(FIRST.get().unwrap_or_else(|| FIRST.set(take_in())));
    if !*turn {
        // The number may be another file's, whose owner closes it.
        while let Some(entry) = list.take(|entry| !is_there(entry)) {
            let _ = entry.file.into_raw_fd();
        }
        *turn = true;
    }
    Ok(Entries { list, _turn: turn })
}

/// A list of what the parent process left for this one. A child that is forked meanwhile does this again, so nothing that
/// marks a descriptor as left is changed before it is listed.
fn take_in() -> AtomicPtr<Entry> {
    let first = AtomicPtr::default();
    let mut list = List(&first);
    for (name, files) in inherited::find() {
        // The newest, which comes first, counts; the others are closed.
        if list.find(&name).is_none() {
            list.put(&name, files);
        }
    }
    first
}

/// Whether this process has the file of this entry, which ends at `exec` from now on.
fn is_there(entry: &Entry) -> bool {
    Identity::of(&entry.file).is_ok_and(|found| found == entry.identity)
        && inherited::claim(&entry.file).is_ok()
}

impl List<'_> {
    fn find(&self, name: &str) -> Option<&Entry> {
        // Relaxed, here and below: who goes through the list holds the lock, or made it.
        let entry = |link: &AtomicPtr<Entry>| {
            // SAFETY: null, or an entry that was leaked to be listed and is freed by who takes it out: nobody meanwhile.
            unsafe { link.load(Ordering::Relaxed).as_ref() }
        };
        std::iter::successors(entry(self.0), |it| entry(&it.next)).find(|entry| entry.name == name)
    }

    fn add(&mut self, name: String, file: File, identity: Identity) {
        let next = AtomicPtr::new(self.0.load(Ordering::Relaxed));
        let entry = Box::into_raw(Box::new(Entry { name, file, identity, next }));
        // Release: a child that finds it, finds it complete.
        self.0.store(entry, Ordering::Release);
    }

    /// Takes out the first that is meant.
    fn take(&mut self, is_meant: impl Fn(&Entry) -> bool) -> Option<Box<Entry>> {
        let mut link = self.0;
        loop {
            let found = link.load(Ordering::Relaxed);
            // SAFETY: as in `find`.
            let entry = unsafe { found.as_ref() }?;
            if is_meant(entry) {
                // Release: a child that finds the entry before it, finds what comes behind it.
                link.store(entry.next.load(Ordering::Relaxed), Ordering::Release);
                // SAFETY: leaked in `add`, and not listed any more; nobody refers to it but this function, whose last use
                // was above.
                return Some(unsafe { Box::from_raw(found) });
            }
            link = &entry.next;
        }
    }

    fn remove(&mut self, name: &str) -> Option<Box<Entry>> {
        self.take(|entry| entry.name == name)
    }

    fn put(&mut self, name: &str, files: Vec<(File, Identity)>) {
        let names = [name.to_owned(), guard_name(name)];
        for name in &names {
            self.remove(name);
        }
        for (name, (file, identity)) in names.into_iter().zip(files) {
            self.add(name, file, identity);
        }
    }
}

/// Makes sure that this process has what is listed, before it is given more descriptors.
pub(crate) fn get_ready(at: &At<'_>) -> Result<()> {
    entries(at).map(drop)
}

/// `fcntl(F_DUPFD_CLOEXEC)` of what has this name, if anything.
pub(crate) fn duplicate(at: &At<'_>, name: &str) -> Result<Option<File>> {
    let file = entries(at)?.list.find(name).map(|entry| entry.file.try_clone()).transpose();
    file.map_err(|error| at.os("fcntl(F_DUPFD_CLOEXEC)", &error))
}

/// What has this name, if anything.
pub(crate) fn identity(at: &At<'_>, name: &str) -> Result<Option<Identity>> {
    Ok(entries(at)?.list.find(name).map(|entry| entry.identity))
}

/// Gives this file the name, unless the name is taken.
pub(crate) fn enter(at: &At<'_>, name: &str, file: File, identity: Identity) -> Result<bool> {
    let mut entries = entries(at)?;
    let is_free = entries.list.find(name).is_none();
    if is_free {
        entries.list.add(name.into(), file, identity);
    }
    Ok(is_free)
}

/// Takes the name away from this file.
pub(crate) fn take_out(at: &At<'_>, name: &str, identity: Identity) -> Result<()> {
    entries(at)?.list.take(|entry| entry.name == name && entry.identity == identity);
    Ok(())
}

/// Lets go of this segment and of its guard, if the name leads to it.
pub(crate) fn let_go(at: &At<'_>, name: &str, identity: Identity) -> Result<()> {
    let mut entries = entries(at)?;
    if entries.list.take(|entry| entry.name == name && entry.identity == identity).is_some() {
        entries.list.remove(&guard_name(name));
    }
    Ok(())
}

/// Lets go of whatever has this name, and of its guard. `false`: nothing has it.
pub(crate) fn forget(at: &At<'_>, name: &str) -> Result<bool> {
    let mut entries = entries(at)?;
    entries.list.remove(&guard_name(name));
    Ok(entries.list.remove(name).is_some())
}

/// Gives a segment that was handed over its name, and its guard, if there is one. What had the name until now goes.
pub(crate) fn replace(at: &At<'_>, name: &str, files: Vec<(File, Identity)>) -> Result<()> {
    entries(at)?.list.put(name, files);
    Ok(())
}
