//! The models' door to atomics, in place of `src/sync.rs`: loom's, with two powers more. A thread's stores may end, as
//! those of a killed process do; and one place of the protocol's sources may be weakened, to see whether the models notice.
//! Places are known by their line in the source, so that the sources need no marks.
//!
//! loom runs the threads of a model on one thread of the system: what is thread-local to `std` is shared by the model.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::panic::Location;

pub(crate) use loom::sync::atomic::Ordering;

/// A way to weaken a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weakness {
    /// This fence is not there.
    NoFence,
    /// This release store is relaxed.
    Relaxed,
    /// This store is not made.
    NoStore,
    /// This load of a reader gives what its load of that word before gave: a check that finds nothing changed.
    NoCheck,
}

/// A weakened place of the sources.
pub(crate) type Mutant = (&'static Location<'static>, Weakness);

thread_local! {
    static MUTANT: Cell<Option<Mutant>> = const { Cell::new(None) };
    static POSSIBLE: RefCell<BTreeSet<Mutant>> = const { RefCell::new(BTreeSet::new()) };
    static STORES_LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

loom::thread_local! {
    /// What this thread loaded last from each word, if it is a reader.
    static LOADED: RefCell<Option<HashMap<usize, u64>>> = RefCell::new(None);
}

/// Weakens this place from now on, or none.
pub(crate) fn weaken(mutant: Option<Mutant>) {
    MUTANT.set(mutant);
}

/// Every place that was come by, with all that can be weakened there.
pub(crate) fn possible() -> BTreeSet<Mutant> {
    POSSIBLE.take()
}

/// The writer makes this many stores more, then it is dead and makes none.
pub(crate) fn live_for(stores: usize) {
    STORES_LEFT.set(stores);
}

/// Stores left of those.
pub(crate) fn stores_left() -> usize {
    STORES_LEFT.get()
}

/// This thread is a reader.
pub(crate) fn begin_reading() {
    LOADED.with(|loaded| *loaded.borrow_mut() = Some(HashMap::new()));
}

/// Whether this place is weakened in this way. Remembers that it could be.
fn is_weak(place: &'static Location<'static>, weakness: Weakness) -> bool {
    let mutant = (place, weakness);
    POSSIBLE.with_borrow_mut(|possible| possible.insert(mutant));
    MUTANT.get() == Some(mutant)
}

/// As of `std`.
#[derive(Debug)]
pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(loom::sync::atomic::AtomicU64::new(value))
    }

    #[track_caller]
    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let place = Location::caller();
        let now = self.0.load(order);
        LOADED.with(|loaded| {
            let mut loaded = loaded.borrow_mut();
            let Some(loaded) = loaded.as_mut() else { return now };
            let before = loaded.insert(std::ptr::from_ref(self).addr(), now);
            before.filter(|_| is_weak(place, Weakness::NoCheck)).unwrap_or(now)
        })
    }

    #[track_caller]
    pub(crate) fn store(&self, value: u64, order: Ordering) {
        let place = Location::caller();
        if is_weak(place, Weakness::NoStore) || STORES_LEFT.get() == 0 {
            return;
        }
        STORES_LEFT.set(STORES_LEFT.get() - 1);
        let relaxed = order == Ordering::Release && is_weak(place, Weakness::Relaxed);
        self.0.store(value, if relaxed { Ordering::Relaxed } else { order });
    }
}

/// As of `std`.
#[track_caller]
pub(crate) fn fence(order: Ordering) {
    if !is_weak(Location::caller(), Weakness::NoFence) {
        loom::sync::atomic::fence(order);
    }
}
