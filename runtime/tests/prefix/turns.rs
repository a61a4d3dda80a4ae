//! Turns of many writers with a death after each store of one, after each store of who takes the lock from the dead, and of who
//! gets the dead one's slot. Relies on `table`, and on the lock's sources for its word.

use crate::deaths::{Deaths, operation};
use crate::guard::lock::{Kernel, Lock, Slept, Taken};
use crate::random::Random;
use crate::sync::{AtomicU32, AtomicU64, Ordering, Store, stores_of};
use crate::table::{Operation, State, Table};

/// A table with the words by which writers take turns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shared {
    table: Table,
    lock: AtomicU32,
    poison: AtomicU64,
}

/// A kernel that knows of nobody who lives but the one who asks.
struct Alone;

impl Kernel for Alone {
    type Error = ();

    fn sleep(&mut self, _: &AtomicU32, _: u32) -> Slept {
        Slept::Quiet
    }

    fn is_held(&mut self, _: u32) -> Result<bool, ()> {
        Ok(false)
    }

    fn begin_alone(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn end_alone(&mut self) -> Result<(), ()> {
        Ok(())
    }
}

/// How a writer comes to its turn.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// By the lock, from whoever has it.
    Takes,
    /// It has just got its slot, whose last holder may have died with the lock; then it takes it.
    Joins,
}

impl Shared {
    /// A turn of the writer with this slot. Whether it came behind a dead one.
    fn turn(&self, slot: u32, way: Way, operation: Operation) -> bool {
        let lock = Lock::new(&self.lock, slot);
        let mut behind_a_death = false;
        if matches!(way, Way::Joins) && lock.is_held_here() {
            behind_a_death = true;
            self.recover();
            lock.give();
        }
        if !lock.try_take() && matches!(lock.take(&mut Alone), Ok(Taken::FromDead)) {
            behind_a_death = true;
            self.recover();
        }
        self.table.make(operation);
        lock.give();
        behind_a_death
    }

    fn recover(&self) {
        self.poison.store(1, Ordering::Relaxed);
        self.table.recover();
    }

    fn stores(&self, work: impl FnOnce(&Self)) -> Vec<Store> {
        let mut stores = stores_of(|| work(self));
        for (address, _) in &mut stores {
            *address -= std::ptr::from_ref(self).addr();
        }
        stores
    }

    fn repeat(&self, (offset, value): Store) {
        if offset == std::mem::offset_of!(Self, lock) {
            self.lock.put(value);
        } else if offset == std::mem::offset_of!(Self, poison) {
            self.poison.store(value, Ordering::Relaxed);
        } else {
            self.table.repeat((offset - std::mem::offset_of!(Self, table), value));
        }
    }

    fn is_free(&self) -> bool {
        self.lock.load(Ordering::Relaxed) == 0 && self.table.is_at_rest()
    }
}

/// A turn, all deaths in it, and all deaths in the turns of those who come behind one.
///
/// # Panics
/// When somebody could see a death, or is not told of one.
pub(crate) fn turn(random: &mut Random, cells: u32, deaths: &mut Deaths) {
    let table = Table::new(cells, [random.next() >> 2, 0, 7], random.next());
    let shared = Shared { table, lock: AtomicU32::new(0), poison: AtomicU64::new(0) };
    let first = operation(random, cells);
    let old = shared.table.state().expect("a table at rest can be read");
    let new = shared.table.after(&old, first);
    let done = shared.clone();
    let stores = done.stores(|shared| assert!(!shared.turn(0, Way::Takes, first), "nobody died"));
    assert!(done.is_free() && done.table.state() == Some(new), "{first:?} in {shared:?}");
    let mut now = old;
    for dead_after in 0..=stores.len() {
        if let Some(store) = dead_after.checked_sub(1) {
            shared.repeat(stores[store]);
        }
        let found = shared.table.state();
        if found != Some(now) {
            assert_eq!(found, Some(new), "{first:?}, dead after {dead_after}");
            now = new;
        }
        // The first store takes the lock, the last one lets it go.
        let held = (1..stores.len()).contains(&dead_after);
        for (slot, way) in [(1, Way::Takes), (0, Way::Joins)] {
            let next = operation(random, cells);
            behind(&shared, &now, held, slot, way, next, random, deaths);
        }
        deaths.writers += 1;
    }
}

/// A turn behind a death, with or without the lock, and a death after each of its stores.
#[expect(clippy::too_many_arguments, reason = "a case has as many sides")]
fn behind(
    dead: &Shared,
    now: &State,
    held: bool,
    slot: u32,
    way: Way,
    next: Operation,
    random: &mut Random,
    deaths: &mut Deaths,
) {
    let done = dead.clone();
    let mut told = false;
    let stores = done.stores(|shared| told = shared.turn(slot, way, next));
    let after = dead.table.after(now, next);
    assert_eq!((told, done.poison.load(Ordering::Relaxed) == 1), (held, held), "{way:?} behind {dead:?}");
    assert!(done.is_free() && done.table.state() == Some(after), "{way:?} behind {dead:?}: {done:?}");
    let half = dead.clone();
    let mut seen = *now;
    for store in stores {
        half.repeat(store);
        let found = half.table.state();
        if found != Some(seen) {
            assert_eq!(found, Some(after), "{next:?} behind {dead:?}");
            seen = after;
        }
        let last = half.clone();
        let operation = operation(random, half.table.cells());
        let told = last.turn(2, Way::Takes, operation);
        let expected = half.table.after(&seen, operation);
        assert!(last.is_free() && last.table.state() == Some(expected), "behind {half:?}: {last:?}");
        // Whoever died with the lock is told of for ever, whatever became of who was told.
        assert_eq!(last.poison.load(Ordering::Relaxed) == 1, held || told, "behind {half:?}");
        deaths.recoveries += 1;
    }
}
