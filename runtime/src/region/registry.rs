//! The memfds that this process holds, by name: a directory of its own, whose entries are open descriptors. Relies on
//! [`Lock`], and on [`inherited`] for what this process was started with; knows no segment.
//!
//! A table has two entries, `NAME` and `NAME.guard`; who may only read has the first.
//!
//! **A child goes on with its parent's entries.** The lock is free in it although a thread that it has not may be in the
//! midst of a change, so the list is whole at every moment: each change is a store of one pointer. An entry is complete
//! before it is listed, and taken from the list before it is closed and freed. What a child does not find of it is a
//! descriptor that it never uses. What is handed over comes by one store, segment and guard, in front of what had their
//! names, which then goes. They go segment first: a guard may be left alone, as a killed creator leaves it, a segment not.
//!
//! The kernel copies descriptors before memory, so an entry may be listed in a child that has no such descriptor, or another
//! one under its number. So each process first asks what is there, and forgets entries of something else; and it closes what
//! its parent was about to close behind a newer one of the name.

#![expect(unsafe_code, reason = "references to entries, and freeing them")]

use std::fs::File;
use std::iter;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::ptr;
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

/// A list with this first entry, or the rest of one, which nobody else goes through or changes meanwhile.
struct List<'a>(&'a AtomicPtr<Entry>);

/// The list of this process, and the lock.
struct Entries {
    list: List<'static>,
    _turn: MutexGuard<'static, bool>,
}

/// Opened at the first use, with what the parent process left for this one; each process gets ready for it.
fn entries(at: &At<'_>) -> Result<Entries> {
    let mut turn = TURN.lock().map_err(|(call, error)| named::no_space(at, call, 0, &error))?;
    let known = FIRST.get();
    let list = List(known.unwrap_or_else(|| FIRST.set(take_in())));
    if !*turn {
        let mut rest = List(list.0);
        // The number may be another file's, whose owner closes it.
        while let Some(entry) = rest.take_next(|entry| !is_there(entry, known.is_none())) {
            let _ = entry.file.into_raw_fd();
        }
        let mut rest = List(list.0);
        while rest.take_next(|entry| !list.is_newest(entry)).is_some() {}
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

/// Whether this process has the file of this entry, which ends at `exec` from now on. One that was just taken in may be
/// claimed by now: C in this process knows nothing of the lock here. It is C's then. Who asks right before the claim leaves
/// the two libraries no more than the time between two system calls to take in the same one.
fn is_there(entry: &Entry, is_new: bool) -> bool {
    Identity::of(&entry.file).is_ok_and(|found| found == entry.identity)
        && (!is_new || inherited::survives_exec(entry.file.as_raw_fd()))
        && inherited::claim(&entry.file).is_ok()
}

impl List<'_> {
    fn find(&self, name: &str) -> Option<&Entry> {
        // Relaxed, here and below: who goes through the list holds the lock, or made it.
        let entry = |link: &AtomicPtr<Entry>| {
            // SAFETY: null, or an entry that was leaked to be listed and is freed by who takes it out: nobody meanwhile.
            unsafe { link.load(Ordering::Relaxed).as_ref() }
        };
        iter::successors(entry(self.0), |it| entry(&it.next)).find(|entry| entry.name == name)
    }

    /// Whether `find` finds this one, not a newer one of its name.
    fn is_newest(&self, entry: &Entry) -> bool {
        self.find(&entry.name).is_some_and(|found| ptr::eq(found, entry))
    }

    /// Lists these in front, the first one first, all at once.
    fn add(&mut self, files: impl DoubleEndedIterator<Item = (String, (File, Identity))>) {
        let first = files.rev().fold(self.0.load(Ordering::Relaxed), |next, (name, (file, identity))| {
            Box::into_raw(Box::new(Entry { name, file, identity, next: AtomicPtr::new(next) }))
        });
        // Release: a child that finds them, finds them complete.
        self.0.store(first, Ordering::Release);
    }

    /// Takes out the first that is meant.
    fn take(&mut self, is_meant: impl Fn(&Entry) -> bool) -> Option<Box<Entry>> {
        List(self.0).take_next(is_meant)
    }

    /// As `take`; what is left here is the rest of the list behind it.
    fn take_next(&mut self, is_meant: impl Fn(&Entry) -> bool) -> Option<Box<Entry>> {
        loop {
            let found = self.0.load(Ordering::Relaxed);
            // SAFETY: as in `find`.
            let entry = unsafe { found.as_ref() }?;
            if is_meant(entry) {
                // Release: a child that finds the entry before it, finds what comes behind it.
                self.0.store(entry.next.load(Ordering::Relaxed), Ordering::Release);
                // SAFETY: leaked in `add`, and not listed any more; nobody refers to it but this function, whose last use
                // was above.
                return Some(unsafe { Box::from_raw(found) });
            }
            self.0 = &entry.next;
        }
    }

    fn remove(&mut self, name: &str) -> Option<Box<Entry>> {
        self.take(|entry| entry.name == name)
    }

    fn put(&mut self, name: &str, files: Vec<(File, Identity)>) {
        let names = [name.to_owned(), guard_name(name)];
        let has_guard = files.len() > 1;
        self.add(names.clone().into_iter().zip(files));
        let mut rest = List(self.0);
        while rest.take_next(|entry| names.contains(&entry.name) && !self.is_newest(entry)).is_some() {}
        if !has_guard {
            // A child may find it beside the new segment, whose header names another one or none.
            self.remove(&names[1]);
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
        entries.list.add(iter::once((name.into(), (file, identity))));
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
    let is_found = entries.list.remove(name).is_some();
    entries.list.remove(&guard_name(name));
    Ok(is_found)
}

/// Gives a segment that was handed over its name, and its guard, if there is one. What had the name until now goes.
pub(crate) fn replace(at: &At<'_>, name: &str, files: Vec<(File, Identity)>) -> Result<()> {
    entries(at)?.list.put(name, files);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, symlink_metadata};
    use std::os::fd::AsRawFd;

    use super::entries;
    use crate::error::At;
    use crate::fork::tests::in_child;
    use crate::region::Identity;

    #[test]
    fn a_child_closes_what_its_parent_was_about_to() {
        let at = &At { operation: "test", subject: &"memfds" };
        let open = |path| {
            let file = File::open(path).unwrap();
            let identity = Identity::of(&file).unwrap();
            (file, identity)
        };
        let mut parents = entries(at).unwrap();
        let names = || ["midst", "midst.guard"].map(String::from).into_iter();
        let older = [open("/dev/null"), open("/dev/null")];
        let descriptors = older.each_ref().map(|(file, _)| file.as_raw_fd());
        let newer = [open("/dev/zero"), open("/dev/zero")];
        let identity = newer[0].1;
        parents.list.add(names().zip(older));
        // As far as `put` is when it has published.
        parents.list.add(names().zip(newer));
        in_child(|| {
            let mut own = entries(at).unwrap();
            for name in names() {
                assert_eq!(own.list.remove(&name).unwrap().identity, identity);
                assert!(own.list.find(&name).is_none());
            }
            assert!(descriptors.iter().all(|it| symlink_metadata(format!("/proc/self/fd/{it}")).is_err()));
        });
        parents.list.put("midst", vec![open("/dev/null")]);
        assert!(names().map(|name| parents.list.remove(&name).is_some()).eq([true, false]));
    }
}
