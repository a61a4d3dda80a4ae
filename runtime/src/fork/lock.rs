//! A lock among the threads of a process: a child has another one, free, whoever holds it in its parent. Relies on [`home`];
//! does not know what it keeps from whom.
//!
//! No fork waits for it. To hold a lock over a fork, as `pthread_atfork(3)` allows, would be no way: while a fork has it, it
//! waits in the handlers of others for their locks, and who holds one of those may want this one.
//!
//! So what is changed under the lock must be whole at every moment, for a child may begin with it at any: its memory is that
//! of its parent at one moment, for no thread gets to write to a page that the kernel has copied before it has copied all.
//!
//! [`home`]: super::home

#![expect(unsafe_code, reason = "a reference to what is never freed")]

use std::io;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::home::Home;
use crate::sync::{AtomicPtr, Ordering};

/// For a static: what it has in a process is never freed.
#[derive(Debug)]
pub(crate) struct Lock {
    /// That of this process; null or, in a child, its parent's, until there is one.
    own: AtomicPtr<Own>,
}

#[derive(Debug)]
struct Own {
    home: Home,
    is_ready: Mutex<bool>,
}

impl Lock {
    pub(crate) const fn new() -> Self {
        Self { own: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Waits until no other thread of this process has it. With it goes a word of each process: whether what a process has
    /// to do first is done, which is for its holder to say.
    ///
    /// # Errors
    /// As [`Home::here`].
    pub(crate) fn lock(&self) -> Result<MutexGuard<'static, bool>, (&'static str, io::Error)> {
        // Who panics with it does so between two whole states, as a child finds it between them.
        Ok(self.own()?.is_ready.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn own(&self) -> Result<&'static Own, (&'static str, io::Error)> {
        // Acquire pairs with the exchange below: it is complete.
        let known = self.own.load(Ordering::Acquire);
        // SAFETY: null, or what was published below and is never freed.
        if let Some(own) = unsafe { known.as_ref() }
            && own.home.is_here()
        {
            return Ok(own);
        }
        let made = Box::into_raw(Box::new(Own { home: Home::here()?, is_ready: Mutex::new(false) }));
        // Release: as said above. Acquire: as there.
        match self.own.compare_exchange(known, made, Ordering::Release, Ordering::Acquire) {
            // SAFETY: it is published, and never freed from now on.
            Ok(_) => Ok(unsafe { &*made }),
            Err(other) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: another thread of this process has just published it, for this process.
                Ok(unsafe { &*other })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use crate::fork::tests::in_child;

    #[test]
    fn what_a_parent_holds_is_free_in_every_child() {
        static LOCK: Lock = Lock::new();
        let mut is_ready = LOCK.lock().unwrap();
        assert!(!*is_ready);
        *is_ready = true;
        in_child(|| {
            let mut is_ready = LOCK.lock().unwrap();
            assert!(!*is_ready);
            *is_ready = true;
            in_child(|| assert!(!*LOCK.lock().unwrap()));
            drop(is_ready);
            assert!(*LOCK.lock().unwrap());
        });
        drop(is_ready);
        assert!(*LOCK.lock().unwrap());
    }
}
