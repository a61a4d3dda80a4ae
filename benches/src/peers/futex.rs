//! A flag and a record in bare memory, and a futex by which a reader sleeps for the flag: a wake costs at least that. Nothing keeps a
//! reader from a record that is half-written: it is the limit, no contestant.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::{Aligned, Sample};
use crate::shared::Shared;

pub(crate) struct Slot<T> {
    flag: AtomicU32,
    is_waited_for: AtomicU32,
    value: Aligned<T>,
}

pub(crate) struct Futex;

pub(crate) struct End<T: 'static> {
    slots: &'static Shared<Slot<T>>,
    seen: u32,
}

impl<T: Sample> Peer<T> for Futex {
    type Common = Shared<Slot<T>>;
    type Writer = End<T>;
    type Reader = End<T>;

    fn prepare(_: &Place, records: usize) -> Outcome<Self::Common> {
        let slot = |_| Slot {
            flag: AtomicU32::new(0),
            is_waited_for: AtomicU32::new(0),
            value: Aligned(T::filled(0)),
        };
        Ok(Shared::new(records, slot)?)
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
    fn value(&self, index: usize) -> *mut Aligned<T> {
        assert!(index < self.slots.len());
        // SAFETY: within the mapping.
        let slot = unsafe { self.slots.as_ptr().add(index) };
        // SAFETY: as before; no reference is made.
        unsafe { &raw mut (*slot).value }
    }
}

impl<T: Sample> Write<T> for End<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        // SAFETY: an aligned place for one, in memory that outlives this. The reader takes it behind the flag, and has it before it
        // asks for the next.
        unsafe { self.value(index).write(Aligned(*value)) };
        let slot = &self.slots[index];
        slot.flag.fetch_add(1, Ordering::SeqCst);
        if slot.is_waited_for.load(Ordering::SeqCst) != 0 {
            slot.is_waited_for.store(0, Ordering::Relaxed);
            // SAFETY: the address is only a name to this call; three arguments are not used.
            unsafe { libc::syscall(libc::SYS_futex, slot.flag.as_ptr(), libc::FUTEX_WAKE, 1) };
        }
    }
}

impl<T: Sample> Read<T> for End<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.seen = self.slots[index].flag.load(Ordering::Acquire);
        // SAFETY: as for writing.
        *out = unsafe { self.value(index).read() }.0;
        true
    }

    fn await_tag(&mut self, tag: u64, out: &mut T) {
        let slot = &self.slots[0];
        while slot.flag.load(Ordering::Acquire) == self.seen {
            slot.is_waited_for.store(1, Ordering::SeqCst);
            let (word, seen) = (slot.flag.as_ptr(), self.seen);
            let forever = std::ptr::null::<libc::timespec>();
            // SAFETY: the kernel reads the word, which outlives this; two arguments are not used.
            unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, seen, forever) };
        }
        self.read(0, out);
        assert_eq!(out.tag(), tag, "somebody else writes");
    }
}
