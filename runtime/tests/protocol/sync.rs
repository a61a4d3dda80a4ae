//! A checker's door to atomics, in place of `src/sync.rs`: those of `crate::atomic`, with two powers more. A thread's stores
//! may end, as those of a killed process do; and one place of the protocol's sources may be weakened, to see whether the
//! checker notices. Places are known by their line in the source, so that the sources need no marks.
//!
//! A thread inherits neither: who starts one hands it what it is to have. loom runs the threads of a model on one thread
//! of the system, so that there all of them share what is thread-local to `std`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::{Arc, Mutex};

use crate::atomic;
pub(crate) use crate::atomic::Ordering;

/// A checker is to see every word that moves.
#[cfg(target_arch = "x86_64")]
pub(crate) const VECTORS: bool = false;

#[cfg(target_arch = "x86_64")]
pub(crate) fn vector_bytes() -> usize {
    8
}

/// A way to weaken a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weakness {
    /// This fence is not there.
    NoFence,
    /// This release store is relaxed.
    Relaxed,
    /// This operation that loads and stores does not acquire.
    NoAcquire,
    /// This store is not made.
    NoStore,
    /// This load of a reader gives what its load of that word before gave: a check that finds nothing changed.
    NoCheck,
}

/// A weakened place of the sources.
pub(crate) type Mutant = (&'static Location<'static>, Weakness);

/// What a thread does at places that can be weakened.
#[derive(Clone, Debug)]
pub(crate) struct Attitude {
    mutant: Option<Mutant>,
    /// All that it came by; `None`: nobody asks.
    possible: Option<Arc<Mutex<BTreeSet<Mutant>>>>,
}

thread_local! {
    static ATTITUDE: RefCell<Attitude> = const { RefCell::new(Attitude { mutant: None, possible: None }) };
    /// Whether checks of readers can be blinded: what they load must be remembered then.
    static REMEMBERS: Cell<bool> = const { Cell::new(false) };
    /// The line of the weakened place: 0 for none, `ASKED` while all places are asked for. Nearly every place is passed
    /// with a look at this.
    static LINE: Cell<u32> = const { Cell::new(0) };
    static NEWS: News = const { News([const { Cell::new(0) }; 256]) };
    static STORES_LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

const ASKED: u32 = u32::MAX;

/// What a thread has told already, nearly all of it: a place comes by thousands of times, and Miri is slow.
struct News([Cell<usize>; 256]);

impl News {
    fn is_new(&self, place: &'static Location<'static>, weakness: Weakness) -> bool {
        let told = std::ptr::from_ref(place).addr() + weakness as usize;
        let slot = &self.0[(told ^ (told / 256)) % 256];
        slot.replace(told) != told
    }
}

atomic::thread_local! {
    /// What this thread loaded last from each word, if it is a reader.
    static LOADED: RefCell<Option<BTreeMap<usize, u64>>> = RefCell::default();
}

/// Weakens this place from now on, or none.
pub(crate) fn weaken(mutant: Option<Mutant>) {
    Attitude { mutant, possible: None }.take();
}

/// Every place that this comes by, with all that can be weakened there.
pub(crate) fn possible(work: impl FnOnce()) -> BTreeSet<Mutant> {
    let possible = Arc::new(Mutex::new(BTreeSet::new()));
    Attitude { mutant: None, possible: Some(possible.clone()) }.take();
    work();
    weaken(None);
    std::mem::take(&mut possible.lock().expect("nobody panicked"))
}

impl Attitude {
    /// That of this thread, for one that it starts.
    #[cfg(not(loom))]
    pub(crate) fn current() -> Self {
        ATTITUDE.with_borrow(Self::clone)
    }

    /// Makes it that of this thread.
    pub(crate) fn take(self) {
        let asked = self.possible.as_ref().map(|_| ASKED);
        LINE.set(asked.or(self.mutant.map(|(place, _)| place.line())).unwrap_or(0));
        let blinds = self.mutant.is_some_and(|(_, weakness)| weakness == Weakness::NoCheck);
        REMEMBERS.set(asked.is_some() || blinds);
        NEWS.with(|News(told)| told.iter().for_each(|told| told.set(0)));
        ATTITUDE.set(self);
    }

    /// Whether this place is weakened in this way. Remembers that it could be.
    fn weakens(&self, place: &'static Location<'static>, weakness: Weakness) -> bool {
        if let Some(possible) = &self.possible
            && NEWS.with(|news| news.is_new(place, weakness))
        {
            possible.lock().expect("nobody panicked").insert((place, weakness));
        }
        self.mutant == Some((place, weakness))
    }
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
    LOADED.with(|loaded| *loaded.borrow_mut() = Some(BTreeMap::new()));
}

fn is_weak(place: &'static Location<'static>, weakness: Weakness) -> bool {
    let line = LINE.get();
    (line == ASKED || line == place.line())
        && ATTITUDE.with_borrow(|attitude| attitude.weakens(place, weakness))
}

/// As of `std`.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct AtomicU64(atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }

    #[track_caller]
    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let place = Location::caller();
        let now = self.0.load(order);
        if !REMEMBERS.get() {
            return now;
        }
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

/// As of `std`, for words on which one sleeps.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct AtomicU32(atomic::AtomicU32);

impl AtomicU32 {
    pub(crate) fn new(value: u32) -> Self {
        Self(atomic::AtomicU32::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    #[track_caller]
    pub(crate) fn swap(&self, value: u32, order: Ordering) -> u32 {
        if is_weak(Location::caller(), Weakness::NoStore) {
            return self.0.load(Ordering::Relaxed);
        }
        self.0.swap(value, weakened(order))
    }

    #[track_caller]
    pub(crate) fn fetch_or(&self, bits: u32, order: Ordering) -> u32 {
        if is_weak(Location::caller(), Weakness::NoStore) {
            return self.0.load(Ordering::Relaxed);
        }
        self.0.fetch_or(bits, weakened(order))
    }

    #[track_caller]
    pub(crate) fn fetch_and(&self, bits: u32, order: Ordering) -> u32 {
        if is_weak(Location::caller(), Weakness::NoStore) {
            return self.0.load(Ordering::Relaxed);
        }
        self.0.fetch_and(bits, weakened(order))
    }

    #[track_caller]
    pub(crate) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        if is_weak(Location::caller(), Weakness::NoStore) {
            return self.0.load(Ordering::Relaxed);
        }
        self.0.fetch_add(value, weakened(order))
    }

    #[track_caller]
    pub(crate) fn compare_exchange(
        &self,
        seen: u32,
        new: u32,
        order: Ordering,
        failed: Ordering,
    ) -> Result<u32, u32> {
        if is_weak(Location::caller(), Weakness::NoStore) {
            let now = self.0.load(Ordering::Relaxed);
            return if now == seen { Ok(now) } else { Err(now) };
        }
        self.0.compare_exchange(seen, new, weakened(order), failed)
    }
}

/// The order at this place, without what is taken from it.
#[track_caller]
fn weakened(order: Ordering) -> Ordering {
    let place = Location::caller();
    let releases =
        matches!(order, Ordering::Release | Ordering::AcqRel) && !is_weak(place, Weakness::Relaxed);
    let acquires =
        matches!(order, Ordering::Acquire | Ordering::AcqRel) && !is_weak(place, Weakness::NoAcquire);
    match (releases, acquires) {
        (true, true) => Ordering::AcqRel,
        (true, false) => Ordering::Release,
        (false, true) => Ordering::Acquire,
        (false, false) => Ordering::Relaxed,
    }
}

/// The publisher's half of the barrier between it and who waits; here each side makes its own.
#[track_caller]
pub(crate) fn light_barrier() {
    fence(Ordering::SeqCst);
}

/// The other half, as `futex::barrier` makes it.
pub(crate) fn heavy_barrier() {
    atomic::fence(Ordering::SeqCst);
}

/// As of `std`.
#[track_caller]
pub(crate) fn fence(order: Ordering) {
    if !is_weak(Location::caller(), Weakness::NoFence) {
        atomic::fence(order);
    }
}
