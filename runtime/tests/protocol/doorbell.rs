//! Who publishes and who waits for it, with a kernel on which one sleeps for ever unless woken. Relies on `sync` for the words
//! and on the harness for threads; knows nothing of records.
//!
//! A lost wake is a sleep that never ends, which the harness finds: loom as a deadlock.

use std::sync::Arc;

use crate::atomic::{Condvar, Mutex, explore, spawn};
use crate::guard::doorbell::{Call, Doorbell, group_of};
use crate::sync::{AtomicU32, AtomicU64, Ordering, heavy_barrier};

/// A table of one record, whose version is its value.
#[derive(Debug)]
struct Table {
    version: AtomicU64,
    state: AtomicU64,
    rings: AtomicU32,
    waiting: AtomicU32,
    /// Who sleeps on `rings`: as the kernel does, under one lock both looked at and fallen asleep.
    sleepers: (Mutex<()>, Condvar),
}

const RETIRED: u64 = shmrecord_layout::abi::live::STATE_RETIRED;

impl Table {
    fn new() -> Self {
        Self {
            version: AtomicU64::new(0),
            state: AtomicU64::new(1),
            rings: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            sleepers: (Mutex::new(()), Condvar::new()),
        }
    }

    fn doorbell(&self) -> Doorbell<'_> {
        Doorbell { rings: &self.rings, waiting: &self.waiting, state: &self.state }
    }

    /// Publishes a version. `false`: the table was removed.
    fn publish(&self, version: u64) -> bool {
        self.version.store(version, Ordering::Release);
        if !Doorbell::is_wanted(&self.waiting, group_of(0)) {
            return true;
        }
        let call = self.doorbell().answer(group_of(0));
        if call == Call::Ring {
            self.wake();
        }
        call == Call::Ring
    }

    /// Removes the table, as `live` does.
    fn retire(&self) {
        self.state.store(RETIRED, Ordering::Release);
        self.doorbell().call_all();
        self.rings.fetch_add(1, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        let _awake = self.sleepers.0.lock().unwrap();
        self.sleepers.1.notify_all();
    }

    /// Waits until the version is another one, as `wait` does, or the table is removed.
    fn wait(&self, seen: u64) -> u64 {
        let look = || {
            let version = self.version.load(Ordering::Relaxed);
            (version != seen || self.state.load(Ordering::Relaxed) == RETIRED).then_some(version)
        };
        loop {
            if let Some(version) = look() {
                return version;
            }
            let rings = self.doorbell().wait_for(group_of(0));
            heavy_barrier();
            if let Some(version) = look() {
                return version;
            }
            let asleep = self.sleepers.0.lock().unwrap();
            if self.rings.load(Ordering::Relaxed) == rings {
                drop(self.sleepers.1.wait(asleep).unwrap());
            }
        }
    }
}

/// All of them by name, for `mutants`.
pub(crate) const MODELS: &[crate::mutants::Named] = &[
    ("a_wake_is_not_lost", a_wake_is_not_lost),
    ("two_who_wait_are_both_woken", two_who_wait_are_both_woken),
    ("removal_is_told_to_all", removal_is_told_to_all),
];

/// One waits for each of two versions.
pub(crate) fn a_wake_is_not_lost() {
    explore(|| {
        let table = Arc::new(Table::new());
        let waiter = spawn({
            let table = table.clone();
            move || {
                let mut seen = 0;
                while seen < 2 {
                    seen = table.wait(seen);
                }
            }
        });
        assert!(table.publish(1) && table.publish(2));
        waiter.join().unwrap();
    });
}

/// Two wait for one version: who publishes clears the bit of both.
pub(crate) fn two_who_wait_are_both_woken() {
    explore(|| {
        let table = Arc::new(Table::new());
        let waiters = [0, 1].map(|_| {
            let table = table.clone();
            spawn(move || assert_eq!(table.wait(0), 1))
        });
        assert!(table.publish(1));
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}

/// A remover beside a writer and one who waits: that one is woken, and the writer is told at last.
pub(crate) fn removal_is_told_to_all() {
    explore(|| {
        let table = Arc::new(Table::new());
        let waiter = spawn({
            let table = table.clone();
            move || table.wait(1)
        });
        let remover = spawn({
            let table = table.clone();
            move || table.retire()
        });
        table.publish(1);
        remover.join().unwrap();
        waiter.join().unwrap();
        assert!(!table.publish(1), "it was removed before");
    });
}
