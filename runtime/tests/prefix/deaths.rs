//! Random operations on a table, with a death after each store of each, and after each store of the recovery from it. Relies
//! on `table` and on what `sync` records.

use crate::random::Random;
use crate::sync::{Store, stores_of};
use crate::table::{Operation, RECORDS, State, Table};

/// Operations one after another on one table.
const OPERATIONS: usize = 12;

/// Deaths that were gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deaths {
    /// Of writers.
    pub(crate) writers: u64,
    /// Of successors, in their recovery.
    pub(crate) recoveries: u64,
}

impl Deaths {
    pub(crate) fn total(self) -> u64 {
        self.writers + self.recoveries
    }
}

/// A random operation that a table of so many cells has.
pub(crate) fn operation(random: &mut Random, cells: u32) -> Operation {
    let words = [random.next() >> 1, random.next() >> 1];
    let count = 1 + random.below(RECORDS);
    match random.below(4) {
        0 if cells == 1 => Operation::Batch(count, words),
        1 if cells == 1 => Operation::Batch(RECORDS, words),
        2 if cells == 1 => Operation::GiveUp(count, words),
        _ => Operation::Write(count - 1, words),
    }
}

/// A table of so many cells, a program on it, and all deaths in it. Some of its operations end by one of them.
///
/// # Panics
/// When somebody could see a death.
pub(crate) fn program(random: &mut Random, cells: u32, deaths: &mut Deaths) {
    // Never written, in the middle, and close to where the number is at an end.
    let end = u64::MAX >> u32::from(cells == 1);
    let mut version = || match random.below(3) {
        0 => 0,
        1 => random.next() >> 2,
        _ => end - random.below(4) as u64,
    };
    let (versions, sequence) = ([version(), version(), version()], u64::MAX - random.below(40) as u64);
    let mut table = Table::new(cells, versions, sequence);
    for _ in 0..OPERATIONS {
        let operation = operation(random, cells);
        let old = table.state().expect("a table at rest can be read");
        let new = table.after(&old, operation);
        let done = table.clone();
        let stores = stores_on(&done, |table| table.make(operation));
        assert_eq!(done.state(), Some(new), "{operation:?} in {table:?}");
        let dead = every_death(&table, &stores, [old, new], operation, random, deaths);
        table = if random.below(3) == 0 { dead } else { done };
        assert!(table.is_at_rest());
    }
}

/// The stores that this makes in the table, by place.
fn stores_on(table: &Table, work: impl FnOnce(&Table)) -> Vec<Store> {
    let mut stores = stores_of(|| work(table));
    for (address, _) in &mut stores {
        *address -= std::ptr::from_ref(table).addr();
    }
    stores
}

/// Makes these stores one after another and lets the writer die behind each. Gives the table as one of these deaths and the
/// recovery from it leave it.
fn every_death(
    table: &Table,
    stores: &[Store],
    [old, new]: [State; 2],
    operation: Operation,
    random: &mut Random,
    deaths: &mut Deaths,
) -> Table {
    let table = table.clone();
    let chosen = random.below(stores.len() + 1);
    let mut kept = None;
    let mut now = old;
    for dead_after in 0..=stores.len() {
        if let Some(store) = dead_after.checked_sub(1) {
            table.repeat(stores[store]);
        }
        let found = table.state();
        if found != Some(now) {
            assert_eq!(found, Some(new), "{operation:?}, dead after {dead_after}: {old:?} is not this");
            now = new;
        }
        let recovered = recover(&table, &now, random, deaths);
        deaths.writers += 1;
        if dead_after == chosen {
            kept = Some(recovered);
        }
    }
    assert_eq!(now, new, "{operation:?} has happened in the end");
    kept.expect("one death is chosen")
}

/// Takes over from a dead writer, and lets that die after each of its stores.
fn recover(dead: &Table, now: &State, random: &mut Random, deaths: &mut Deaths) -> Table {
    let recovered = dead.clone();
    let stores = stores_on(&recovered, Table::recover);
    assert!(recovered.is_at_rest(), "of {dead:?} recovery makes {recovered:?}");
    assert_eq!(recovered.state().as_ref(), Some(now), "of {dead:?} recovery makes {recovered:?}");
    let half = dead.clone();
    for store in stores {
        half.repeat(store);
        assert_eq!(half.state().as_ref(), Some(now), "dead in the recovery of {dead:?}: {half:?}");
        let again = half.clone();
        again.recover();
        assert!(again == recovered, "of {half:?} recovery makes {again:?}, of {dead:?} {recovered:?}");
        deaths.recoveries += 1;
    }
    let next = operation(random, recovered.cells());
    let after = recovered.clone();
    after.make(next);
    assert_eq!(after.state(), Some(after.after(now, next)), "{next:?} after recovery, {recovered:?}");
    recovered
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// A way to make other stores of those of a write.
    type Way = (&'static str, fn(&mut Vec<Store>));

    /// Whether somebody could see a death when a write of one cell makes this of its stores.
    fn is_noticed(change: impl FnOnce(&mut Vec<Store>)) -> bool {
        let table = Table::new(1, [3, 4, 5], 8);
        let operation = Operation::Write(1, [7, 8]);
        let (done, old) = (table.clone(), table.state().expect("it is at rest"));
        let mut stores = stores_on(&done, |table| table.make(operation));
        change(&mut stores);
        let states = [old, table.after(&old, operation)];
        let (mut random, mut deaths) = (Random::new(1), Deaths::default());
        catch_unwind(AssertUnwindSafe(|| {
            every_death(&table, &stores, states, operation, &mut random, &mut deaths);
        }))
        .is_err()
    }

    #[test]
    fn a_store_that_is_made_too_early_or_not_is_noticed() {
        assert!(!is_noticed(|_| ()));
        // From the end: the even version, two words of the cell, the odd version, the log's even sequence.
        let ways: [Way; 4] = [
            ("a word before the odd version", |stores| {
                let end = stores.len();
                stores.swap(end - 4, end - 3);
            }),
            ("the even version before the last word", |stores| {
                let end = stores.len();
                stores.swap(end - 2, end - 1);
            }),
            ("the odd version before the log is whole", |stores| {
                let end = stores.len();
                stores.swap(end - 5, end - 4);
            }),
            ("no even sequence", |stores| {
                stores.remove(stores.len() - 5);
            }),
        ];
        for (way, change) in ways {
            assert!(is_noticed(change), "{way}");
        }
    }
}
