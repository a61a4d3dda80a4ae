//! A flag and a record in bare memory: what moving it costs at least. Nothing keeps a reader from a record that is half-written:
//! it is the limit, no contestant.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::Sample;
use crate::shared::Shared;

/// The flag behind its record, in the same cache line where both fit.
#[repr(C, align(64))]
pub(crate) struct Slot<T> {
    value: T,
    flag: AtomicU64,
}

pub(crate) struct Bare;

pub(crate) struct End<T: 'static> {
    slots: &'static Shared<Slot<T>>,
    seen: u64,
}

impl<T: Sample> Peer<T> for Bare {
    type Common = Shared<Slot<T>>;
    type Writer = End<T>;
    type Reader = End<T>;

    fn prepare(_: &Place, records: usize) -> Outcome<Shared<Slot<T>>> {
        Ok(Shared::new(records, |_| Slot { value: T::filled(0), flag: AtomicU64::new(0) })?)
    }

    fn writer(slots: &'static Shared<Slot<T>>) -> Outcome<End<T>> {
        Ok(End { slots, seen: 0 })
    }

    fn reader(slots: &'static Shared<Slot<T>>) -> Outcome<End<T>> {
        Ok(End { slots, seen: 0 })
    }
}

impl<T> End<T> {
    /// Where the record lies.
    #[inline]
    fn value(&self, index: usize) -> *mut T {
        assert!(index < self.slots.len());
        // SAFETY: within the mapping.
        let slot = unsafe { self.slots.as_ptr().add(index) };
        // SAFETY: as before; no reference is made.
        unsafe { &raw mut (*slot).value }
    }

    /// The word behind it.
    #[inline]
    pub(super) fn flag(&self, index: usize) -> &'static AtomicU64 {
        &self.slots[index].flag
    }

    /// Stores it, and tells nobody.
    #[inline]
    pub(super) fn put(&self, index: usize, value: &T)
    where
        T: Copy,
    {
        // SAFETY: an aligned place for one, in memory that outlives this. Without turns it races with whoever reads, which is what
        // a program does that has nothing but memory: the bytes of one are any bytes, and what is torn is counted.
        unsafe { self.value(index).write(*value) };
    }
}

impl<T: Sample> Write<T> for End<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self.put(index, value);
        let flag = self.flag(index);
        flag.store(flag.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

impl<T: Sample> Read<T> for End<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.seen = self.slots[index].flag.load(Ordering::Acquire);
        // SAFETY: as for writing.
        *out = unsafe { self.value(index).read() };
        true
    }

    #[inline]
    fn await_tag(&mut self, tag: u64, out: &mut T) {
        let seen = self.seen;
        while self.slots[0].flag.load(Ordering::Acquire) == seen {}
        self.read(0, out);
        assert_eq!(out.tag(), tag, "somebody else writes");
    }
}
