//! The process that a handle was made in, which a child of it notices not to be. Relies on `madvise(MADV_WIPEONFORK)`; does
//! not know what a handle is.
//!
//! A process that writes has one page with a word that is not 0, and its handles refer to it. In a child the kernel makes
//! the page zeros, however the child was made; a child that writes itself maps another page, so that what it inherited never
//! looks like its own. A kernel that cannot (before 4.14) leaves it to the handler of `fork(3)`: then only a `clone(2)` by
//! hand goes unnoticed until the handle is dropped, which asks for the process id.

#![expect(unsafe_code, reason = "mmap and madvise of a page, and a reference into it")]

use std::io;
use std::ptr;

use crate::sync::{AtomicPtr, AtomicU64, Ordering};

/// Bytes to map: the kernel makes a page of them.
const BYTES: usize = size_of::<AtomicU64>();

/// The word of this process; in a child, its parent's, until it has one of its own.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());

/// The word of what any process may use.
static EVERYWHERE: AtomicU64 = AtomicU64::new(1);

/// The process in which something was made. Its word is the process's id, and 0 in every child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home(&'static AtomicU64);

impl Home {
    /// This process; the first time, `mmap(2)` of the page, `madvise(MADV_WIPEONFORK)` and `pthread_atfork(3)`.
    ///
    /// # Errors
    /// The call that failed, and how.
    pub(crate) fn here() -> Result<Self, (&'static str, io::Error)> {
        super::install().map_err(|error| ("pthread_atfork", error))?;
        // Acquire pairs with the exchange below: the word is stored.
        let known = WORD.load(Ordering::Acquire);
        // SAFETY: null, or a word that was published below and is never unmapped.
        if let Some(home) = unsafe { known.as_ref() }.map(Self)
            && home.is_here()
        {
            return Ok(home);
        }
        let made = map()?;
        // Release: as said above. Acquire: as there.
        match WORD.compare_exchange(
            known,
            ptr::from_ref(made).cast_mut(),
            Ordering::Release,
            Ordering::Acquire,
        ) {
            Ok(_) => Ok(Self(made)),
            Err(other) => {
                // SAFETY: mapped above, and nobody has seen it.
                unsafe { libc::munmap(ptr::from_ref(made).cast_mut().cast(), BYTES) };
                // SAFETY: another thread of this process has just published it, for this process.
                Ok(Self(unsafe { &*other }))
            }
        }
    }

    /// Where everything is at home that a child may use as its parent does.
    pub(crate) fn everywhere() -> Self {
        Self(&EVERYWHERE)
    }

    /// Whether this is a child of that process, which has the handle by inheritance. One load; it orders nothing, because the
    /// word only changes before the child runs.
    #[inline(always)]
    pub(crate) fn is_left(self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// `getpid(2)`: whether this is that process, also where the kernel did not clear the word.
    pub(crate) fn is_here(self) -> bool {
        self.0.load(Ordering::Relaxed) == u64::from(std::process::id())
    }
}

/// A page whose word is this process's id.
fn map() -> Result<&'static AtomicU64, (&'static str, io::Error)> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: new memory at an address of the kernel's choice.
    let page = unsafe { libc::mmap(ptr::null_mut(), BYTES, protection, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(("mmap", io::Error::last_os_error()));
    }
    loop {
        // SAFETY: the range is the mapping made above; the advice changes it in children only.
        if unsafe { libc::madvise(page, BYTES, libc::MADV_WIPEONFORK) } == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            // Linux before 4.14: the handler does it.
            Some(libc::EINVAL) => break,
            _ => {
                // SAFETY: mapped above, and nothing refers to it.
                unsafe { libc::munmap(page, BYTES) };
                return Err(("madvise(MADV_WIPEONFORK)", error));
            }
        }
    }
    // SAFETY: zeros, which are an AtomicU64, at the start of a page that stays mapped unless the caller, who alone has it,
    // unmaps it.
    let word = unsafe { &*page.cast::<AtomicU64>() };
    word.store(std::process::id().into(), Ordering::Relaxed);
    Ok(word)
}

/// In a child of `fork(3)`: clears the word, which the kernel has done unless it cannot.
pub(super) fn leave() {
    // Relaxed: the child has one thread.
    let word = WORD.load(Ordering::Relaxed);
    // SAFETY: null, or a word that was published and is never unmapped.
    if let Some(word) = unsafe { word.as_ref() } {
        word.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Home, WORD};
    use crate::fork::tests::in_child;
    use crate::sync::Ordering;

    #[test]
    fn every_generation_has_a_home_of_its_own() {
        let first = Home::here().unwrap();
        assert!(first.is_here() && !first.is_left());
        in_child(move || {
            assert!(first.is_left() && !first.is_here());
            let second = Home::here().unwrap();
            assert!(second.is_here() && !second.is_left() && first.is_left());
            in_child(move || {
                assert!(first.is_left() && second.is_left());
                let third = Home::here().unwrap();
                assert!(third.is_here() && first.is_left() && second.is_left());
            });
            assert!(second.is_here());
        });
        assert!(first.is_here() && Home::here().unwrap().is_here());
        assert!(!Home::everywhere().is_left());
    }

    #[test]
    fn the_kernel_clears_the_word_without_the_handler() {
        let home = Home::here().unwrap();
        // SAFETY: as fork(2) without libc, which the child does not notice: it only looks at a word and ends.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        if child == 0 {
            // SAFETY: ends this process, and runs nothing of the parent's on the way.
            unsafe { libc::_exit(i32::from(!home.is_left())) };
        }
        let mut status = 0;
        // SAFETY: the status is an int that lives across the call.
        unsafe { libc::waitpid(child.try_into().unwrap(), &raw mut status, 0) };
        assert_eq!(status, 0);
    }

    #[test]
    fn the_handler_does_what_an_old_kernel_cannot() {
        let home = Home::here().unwrap();
        in_child(move || {
            // As a kernel that has not cleared it leaves the child.
            let page = WORD.load(Ordering::Relaxed);
            // SAFETY: the page is mapped; its child's are to get what it holds.
            assert_eq!(unsafe { libc::madvise(page.cast(), BYTES, libc::MADV_KEEPONFORK) }, 0);
            home.0.store(std::process::id().into(), Ordering::Relaxed);
            assert!(home.is_here());
            in_child(move || assert!(home.is_left()));
        });
    }
}
