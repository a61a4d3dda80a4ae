//! Words of memory that record what is stored, in place of `src/sync.rs`. For one thread, so that orderings and fences mean
//! nothing: what they are for is shown by the tests `loom` and `threads`.

use std::cell::Cell;

pub(crate) use std::sync::atomic::Ordering;

/// Every word that moves is to be recorded.
#[cfg(target_arch = "x86_64")]
pub(crate) const VECTORS: bool = false;

#[cfg(target_arch = "x86_64")]
pub(crate) fn vector_bytes() -> usize {
    8
}

/// Stores that are recorded at most.
const MOST: usize = 128;

/// A store: the address, and what is there then.
pub(crate) type Store = (usize, u64);

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static STORES: [Cell<Store>; MOST] = const { [const { Cell::new((0, 0)) }; MOST] };
}

/// The stores that this makes, in their order.
///
/// # Panics
/// When they are too many.
pub(crate) fn stores_of(work: impl FnOnce()) -> Vec<Store> {
    COUNT.set(0);
    work();
    STORES.with(|stores| stores[..COUNT.get()].iter().map(Cell::get).collect())
}

/// As of `std`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct AtomicU64(Cell<u64>);

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self(Cell::new(value))
    }

    #[inline]
    pub(crate) fn load(&self, _: Ordering) -> u64 {
        self.0.get()
    }

    #[inline]
    pub(crate) fn store(&self, value: u64, _: Ordering) {
        self.0.set(value);
        record(std::ptr::from_ref(self).addr(), value);
    }
}

/// Remembers a store.
#[inline]
fn record(address: usize, value: u64) {
    let count = COUNT.get();
    STORES.with(|stores| {
        // What does not fit is counted, so that who asks is told.
        if let Some(store) = stores.get(count) {
            store.set((address, value));
        }
    });
    COUNT.set(count.wrapping_add(1));
}

/// As of `std`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct AtomicU32(Cell<u32>);

impl AtomicU32 {
    pub(crate) const fn new(value: u32) -> Self {
        Self(Cell::new(value))
    }

    pub(crate) fn load(&self, _: Ordering) -> u32 {
        self.0.get()
    }

    pub(crate) fn swap(&self, value: u32, _: Ordering) -> u32 {
        let before = self.0.replace(value);
        record(std::ptr::from_ref(self).addr(), u64::from(value));
        before
    }

    pub(crate) fn compare_exchange(&self, seen: u32, new: u32, _: Ordering, _: Ordering) -> Result<u32, u32> {
        let now = self.0.get();
        if now != seen {
            return Err(now);
        }
        self.swap(new, Ordering::Relaxed);
        Ok(now)
    }

    /// Makes a recorded store.
    pub(crate) fn put(&self, value: u64) {
        self.0.set(u32::try_from(value).expect("recorded of four bytes"));
    }
}

/// As of `std`.
#[inline]
pub(crate) fn fence(_: Ordering) {}
