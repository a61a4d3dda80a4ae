//! Open files that a process keeps for itself: a child of `fork(3)` closes its copies before it does anything else. Relies on
//! `sync`; does not know what the files are.
//!
//! Locks of an open file last until the last copy of its descriptor is closed. A child that goes on without `exec` would
//! keep its parent's locks alive beyond the parent's death, so the handler in the child closes what is listed here.
//!
//! **A file is open before it is listed.** A child that is made in between has a copy that it does not know of. So who opens
//! a file looks whether a fork was under way: [`Opening::begin`] before, [`Opening::keep`] after; if so, the file is closed,
//! unlocked yet, and opened again. No fork ever waits for that. Why nothing is missed:
//!
//! - Let no fork be under way at `begin`, as it finds when as many have ended as begun, the ended counted first. Whatever
//!   fork takes a copy of the file then begins later, or had begun without being seen yet.
//! - That fork counts itself, then a fence, then the kernel copies memory. The opener lists the file, then a fence, then
//!   counts again. Of two such fences one is first: either the copy of the memory has the list with the file, or the opener
//!   sees the count.
//! - The kernel copies descriptors before memory, so a listed number may be one that the child does not have, or that was
//!   another file's when the descriptors were copied. That one was closed before the number was used again: in the child
//!   as in its memory nobody uses it.
//! - A file is taken from the list before it is closed, so a listed number is never somebody else's. A child that is made in
//!   between keeps a copy whose locks were let go by name.

#![expect(unsafe_code, reason = "references to list entries, which are never freed; close in a child")]

use std::fs::File;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

use crate::sync::{AtomicI32, AtomicPtr, AtomicU64, Ordering, fence};

/// No descriptor: the next file may have this place.
const FREE: RawFd = -1;
/// The handler of this child has closed it; the place is its owner's until that is dropped.
const CLOSED: RawFd = -2;

/// A place in the list. Places are added in front, never taken out, and used again: so a handler may walk the list at any
/// moment.
#[derive(Debug)]
struct Place {
    descriptor: AtomicI32,
    /// Does not change once the place is in the list.
    next: AtomicPtr<Place>,
}

static FIRST: AtomicPtr<Place> = AtomicPtr::new(ptr::null_mut());

/// Forks that have begun, and those of them that have ended, in this process.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

/// Between the opening of a file and its being listed.
#[derive(Debug)]
pub(crate) struct Opening {
    begun: u64,
}

/// An open file that no child of this process has.
#[derive(Debug)]
pub(crate) struct KeptFile {
    /// In a child that has closed it, a number that must not be used.
    file: ManuallyDrop<File>,
    place: &'static Place,
}

impl Opening {
    /// Before a file is opened. `None`: a fork is under way.
    pub(crate) fn begin() -> Option<Self> {
        // Acquire pairs with the release in `fork_ends`: the forks that have ended are seen to have begun.
        let ended = ENDED.load(Ordering::Acquire);
        let begun = BEGUN.load(Ordering::Relaxed);
        (begun == ended).then_some(Self { begun })
    }

    /// Lists the file that was opened since. `None`: a child may have a copy, and the file is closed.
    pub(crate) fn keep(self, file: File) -> Option<KeptFile> {
        let kept = KeptFile { place: Place::of(file.as_raw_fd()), file: ManuallyDrop::new(file) };
        // Pairs with the fence in `fork_begins`: the head of this file.
        fence(Ordering::SeqCst);
        (BEGUN.load(Ordering::Relaxed) == self.begun).then_some(kept)
    }
}

impl Place {
    /// A place that has this descriptor: one that is free, or a new one.
    fn of(descriptor: RawFd) -> &'static Self {
        for place in all() {
            // Relaxed, as all of it in one process: descriptors are passed on by open and close, which are not reordered with
            // it for who gets the number next, and a child has one thread.
            let free =
                place.descriptor.compare_exchange(FREE, descriptor, Ordering::Relaxed, Ordering::Relaxed);
            if free.is_ok() {
                return place;
            }
        }
        let place: &'static Self = Box::leak(Box::new(Self {
            descriptor: AtomicI32::new(descriptor),
            next: AtomicPtr::new(FIRST.load(Ordering::Relaxed)),
        }));
        // Release pairs with the acquire in `all`: a place in the list is complete.
        while let Err(first) = FIRST.compare_exchange(
            place.next.load(Ordering::Relaxed),
            ptr::from_ref(place).cast_mut(),
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            place.next.store(first, Ordering::Relaxed);
        }
        place
    }
}

/// Every place of the list.
fn all() -> impl Iterator<Item = &'static Place> {
    let place = |from: &AtomicPtr<Place>| {
        // SAFETY: null, or a place that was leaked and is complete, which the acquire sees.
        unsafe { from.load(Ordering::Acquire).as_ref() }
    };
    std::iter::successors(place(&FIRST), move |it| place(&it.next))
}

impl Deref for KeptFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        // Before it is closed: the number may be another file's at once. Release keeps it there.
        if self.place.descriptor.swap(FREE, Ordering::Release) != CLOSED {
            // SAFETY: not used again; the descriptor is open, for only the handler closes it otherwise.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}

/// Before a fork.
pub(super) fn fork_begins() {
    BEGUN.fetch_add(1, Ordering::Relaxed);
    // Pairs with the fence in `Opening::keep`: the head of this file.
    fence(Ordering::SeqCst);
}

/// After it, in the parent.
pub(super) fn fork_ends() {
    // Pairs with the acquire in `Opening::begin`: the child's memory is copied.
    ENDED.fetch_add(1, Ordering::Release);
}

/// In the child: closes its copies. Calls nothing but `close(2)`.
pub(super) fn close_all() {
    // Forks of threads that the child does not have never end in it.
    ENDED.store(BEGUN.load(Ordering::Relaxed), Ordering::Relaxed);
    for place in all() {
        let descriptor = place.descriptor.load(Ordering::Relaxed);
        if descriptor >= 0 {
            // SAFETY: the descriptor is its `KeptFile`'s, which does not use or close it once this is said here.
            unsafe { libc::close(descriptor) };
            place.descriptor.store(CLOSED, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::sync::{Mutex, PoisonError};

    use super::{KeptFile, Opening, fork_begins, fork_ends};
    use crate::fork::home::Home;
    use crate::fork::tests::in_child;

    /// Forks of one test are not to be seen by another.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn open() -> File {
        File::open("/proc/self/exe").unwrap()
    }

    fn is_open(descriptor: i32) -> bool {
        // SAFETY: asks about a number, no memory is involved.
        unsafe { libc::fcntl(descriptor, libc::F_GETFD) >= 0 }
    }

    /// Other tests of this process may fork at any moment.
    fn keep() -> KeptFile {
        loop {
            if let Some(kept) = Opening::begin().and_then(|opening| opening.keep(open())) {
                return kept;
            }
        }
    }

    #[test]
    fn a_child_has_no_copy_and_closes_nobody_elses() {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Home::here().unwrap();
        let kept = keep();
        let descriptor = kept.as_raw_fd();
        in_child(move || {
            assert!(!is_open(descriptor));
            // The least free number is the one that was closed, or below it.
            let others: Vec<File> = std::iter::repeat_with(open).take(3).collect();
            drop(kept);
            assert!(others.iter().all(|file| is_open(file.as_raw_fd())));
            let own = keep();
            let descriptor = own.as_raw_fd();
            in_child(move || {
                assert!(!is_open(descriptor));
                drop(own);
            });
        });
        assert!(is_open(descriptor));
    }

    #[test]
    fn what_is_opened_during_a_fork_is_not_kept() {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // Forks of other tests only make for more `None`s.
        fork_begins();
        assert!(Opening::begin().is_none());
        fork_ends();
        let opening = loop {
            if let Some(opening) = Opening::begin() {
                break opening;
            }
        };
        fork_begins();
        fork_ends();
        assert!(opening.keep(open()).is_none());
    }

    #[test]
    fn places_are_used_again() {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, second) = (keep(), keep());
        assert!(!std::ptr::eq(first.place, second.place));
        let known = super::all().count();
        drop(first);
        let third = keep();
        assert_eq!(super::all().count(), known);
        drop((second, third));
    }
}
