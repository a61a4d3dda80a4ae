//! A value that is set once and then only read, by any thread and any child. Relies on `sync`; does not know what it is.
//!
//! What `std` has for this makes who comes second wait while the first one sets it, even in `set`. A child that is forked at
//! that moment would wait for ever for a thread that it has not. Here nobody waits: of several who come first, one prevails.

#![expect(unsafe_code, reason = "a reference to what a pointer owns")]

use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use crate::sync::{AtomicPtr, Ordering};

/// Nothing yet, or a value for good.
#[derive(Debug)]
pub(crate) struct SetOnce<T> {
    /// Null, or a box that this owns.
    value: AtomicPtr<T>,
    /// It is given by one thread, and used and dropped by others: to be shared as what an `Arc` has is.
    _shared: PhantomData<Arc<T>>,
}

impl<T> SetOnce<T> {
    pub(crate) const fn new() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), _shared: PhantomData }
    }

    /// The value, if it is set. One load: a handler of signals may ask.
    pub(crate) fn get(&self) -> Option<&T> {
        // Acquire pairs with the exchange in `set`: the value is complete.
        let value = self.value.load(Ordering::Acquire);
        // SAFETY: null, or the box that was stored in `set`, which is not changed and lives as long as this.
        unsafe { value.as_ref() }
    }

    /// Sets it, unless it is set. What it is from now on.
    pub(crate) fn set(&self, value: T) -> &T {
        let own = Box::into_raw(Box::new(value));
        // Release: as said in `get`. Acquire: as there, of what somebody else has stored.
        match self.value.compare_exchange(ptr::null_mut(), own, Ordering::Release, Ordering::Acquire) {
            // SAFETY: it is stored now, and is not changed and lives as long as this.
            Ok(_) => unsafe { &*own },
            Err(other) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(own) });
                // SAFETY: not null, so it is what somebody else has stored, as in `get`.
                unsafe { &*other }
            }
        }
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        // Relaxed: who drops it has seen all that others did with it.
        let value = self.value.load(Ordering::Relaxed);
        if !value.is_null() {
            // SAFETY: made from a box in `set`, and nothing refers to it any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::SetOnce;

    #[test]
    fn one_of_those_who_come_first_prevails_and_the_others_are_dropped() {
        let values: Vec<_> = (0..4).map(Arc::new).collect();
        let place = SetOnce::new();
        assert!(place.get().is_none());
        thread::scope(|scope| {
            for value in &values {
                scope.spawn(|| {
                    let set = place.set(Arc::clone(value));
                    assert!(Arc::ptr_eq(set, place.get().unwrap()));
                });
            }
        });
        let prevailing = Arc::clone(place.get().unwrap());
        assert_eq!(values.iter().map(Arc::strong_count).max(), Some(3));
        drop(place);
        assert_eq!(Arc::strong_count(&prevailing), 2);
        assert_eq!(values.iter().map(Arc::strong_count).sum::<usize>(), 5);
    }
}
