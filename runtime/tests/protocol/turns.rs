//! Writers that take turns, some of whom die in theirs, with a kernel that knows who lives. Relies on `sync` for the lock's
//! word and on the harness for threads; knows nothing of records.
//!
//! Each turn adds one to two words. Who has the turn finds them equal, unless it took it from a dead one, which may have
//! stored the first and not the second; then it makes them equal. In the end they count the turns.

use std::sync::Arc;

use crate::atomic::{Mutex, explore, spawn, yield_now};
use crate::guard::lock::{Kernel, Lock, Slept, Taken, Untaken};
use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// Slots that the kernel keeps.
const SLOTS: usize = 3;

/// When a writer dies in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Not at all.
    Never,
    /// With the lock, having stored neither word, the first, or both.
    With(u64),
    /// Behind the store that lets the lock go, before it wakes who sleeps.
    Behind,
}

/// What the writers share.
#[derive(Debug)]
struct Turns {
    word: AtomicU32,
    data: [AtomicU64; 2],
    /// Not 0: a turn was not whole.
    poison: AtomicU64,
    /// Not 0: the table is marked as removed.
    state: AtomicU64,
    /// Who lives, and whether somebody holds the guard's lock under which slots are given out.
    kernel: Mutex<([bool; SLOTS], bool)>,
}

/// The kernel, as one writer asks it.
struct Asked<'a>(&'a Turns);

impl Kernel for Asked<'_> {
    type Error = ();

    fn sleep(&mut self, _: &AtomicU32, _: u32) -> Slept {
        // Any sleep may end by itself, so that no wake is needed for the lock to be taken.
        yield_now();
        Slept::Quiet
    }

    fn is_held(&mut self, slot: u32) -> Result<bool, ()> {
        Ok(self.0.kernel.lock().unwrap().0[slot as usize])
    }

    fn begin_alone(&mut self) -> Result<(), ()> {
        while std::mem::replace(&mut self.0.kernel.lock().unwrap().1, true) {
            yield_now();
        }
        Ok(())
    }

    fn end_alone(&mut self) -> Result<(), ()> {
        self.0.kernel.lock().unwrap().1 = false;
        Ok(())
    }
}

/// The kernel, as one asks it who holds the guard's lock already.
struct Alone<'a>(&'a Turns);

impl Kernel for Alone<'_> {
    type Error = ();

    fn sleep(&mut self, word: &AtomicU32, seen: u32) -> Slept {
        Asked(self.0).sleep(word, seen)
    }

    fn is_held(&mut self, slot: u32) -> Result<bool, ()> {
        Asked(self.0).is_held(slot)
    }

    fn begin_alone(&mut self) -> Result<(), ()> {
        self.0.poison.store(1, Ordering::Relaxed);
        Ok(())
    }

    fn end_alone(&mut self) -> Result<(), ()> {
        Ok(())
    }
}

impl Turns {
    /// With these writers there already.
    fn with(present: [bool; SLOTS]) -> Self {
        Self {
            word: AtomicU32::new(0),
            data: [AtomicU64::new(0), AtomicU64::new(0)],
            poison: AtomicU64::new(0),
            state: AtomicU64::new(0),
            kernel: Mutex::new((present, false)),
        }
    }

    /// A turn of the writer with this slot, unless the table is replaced before.
    fn turn(&self, slot: u32, death: Death) {
        let lock = Lock::new(&self.word, slot);
        let taken = if lock.try_take() { Ok(Taken::Free) } else { lock.take(&mut Asked(self)) };
        if matches!(taken, Err(Untaken::Corrupt { .. })) {
            fence(Ordering::Acquire);
            assert_ne!(self.state.load(Ordering::Relaxed), 0, "a lock that is closed seems to be damaged");
            return;
        }
        if taken.unwrap() == Taken::FromDead {
            self.recover();
        }
        let [first, second] = self.data.each_ref().map(|word| word.load(Ordering::Relaxed));
        assert_eq!(first, second, "somebody else's turn is under way");
        for (stored, word) in (0..).zip(&self.data) {
            if death == Death::With(stored) {
                return self.die(slot);
            }
            word.store(first + 1, Ordering::Relaxed);
        }
        if death == Death::With(2) {
            return self.die(slot);
        }
        lock.give();
        if death == Death::Behind {
            self.die(slot);
        }
    }

    /// A writer joins, takes its first turn, and stays.
    fn join(&self) {
        let mut kernel = Asked(self);
        kernel.begin_alone().unwrap();
        let slot = {
            let mut state = self.kernel.lock().unwrap();
            let slot = state.0.iter().position(|held| !held).expect("there are slots enough");
            state.0[slot] = true;
            u32::try_from(slot).unwrap()
        };
        let lock = Lock::new(&self.word, slot);
        if lock.is_held_here() {
            self.recover();
            lock.give();
        }
        kernel.end_alone().unwrap();
        self.turn(slot, Death::Never);
    }

    /// A replacement ends the turns: what it finds from then on is of whole ones, or said to be of a dead one's. So does the next
    /// one, should this one be killed.
    fn close(&self) {
        let mut kernel = Asked(self);
        kernel.begin_alone().unwrap();
        self.state.store(1, Ordering::Relaxed);
        for _ in 0..2 {
            let taken = Lock::closing(&self.word).take(&mut Alone(self)).unwrap();
            let is_told = self.poison.load(Ordering::Relaxed) != 0;
            let found = [(); 2].map(|()| self.data.each_ref().map(|word| word.load(Ordering::Relaxed)));
            assert_eq!(found[0], found[1], "a turn is under way");
            assert!(is_told || taken == Taken::Free, "a death is not told");
            assert!(is_told || found[0][0] == found[0][1], "half of a turn counts as whole");
        }
        kernel.end_alone().unwrap();
    }

    fn recover(&self) {
        self.poison.store(1, Ordering::Relaxed);
        let first = self.data[0].load(Ordering::Relaxed);
        self.data[1].store(first, Ordering::Relaxed);
    }

    /// The kernel takes the slot back, after all that its writer stored.
    fn die(&self, slot: u32) {
        self.kernel.lock().unwrap().0[slot as usize] = false;
    }

    /// What was counted, by one who comes when all others are done: who died last may have left its turn to be finished.
    fn counted(&self) -> u64 {
        self.join();
        self.data[1].load(Ordering::Relaxed) - 1
    }
}

/// All of them by name, for `mutants`.
pub(crate) const MODELS: &[crate::mutants::Named] = &[
    ("two_writers_take_turns", two_writers_take_turns),
    ("a_turn_outlives_who_has_it", a_turn_outlives_who_has_it),
    ("a_slot_is_given_again_while_the_lock_names_it", a_slot_is_given_again_while_the_lock_names_it),
    ("a_replacement_ends_the_turns", a_replacement_ends_the_turns),
];

/// Two writers with one turn each.
pub(crate) fn two_writers_take_turns() {
    pair(Death::Never, 2);
}

/// One of two dies anywhere in its turn.
pub(crate) fn a_turn_outlives_who_has_it() {
    for (death, counted) in
        [(Death::With(0), 1), (Death::With(1), 2), (Death::With(2), 2), (Death::Behind, 2)]
    {
        pair(death, counted);
    }
}

fn pair(death: Death, counted: u64) {
    explore(move || {
        let turns = Arc::new(Turns::with([true, true, false]));
        let other = spawn({
            let turns = turns.clone();
            move || turns.turn(1, Death::Never)
        });
        turns.turn(0, death);
        other.join().unwrap();
        assert_eq!(turns.counted(), counted);
    });
}

/// A writer dies with the lock, another one joins and may get its slot, while a third one wants the lock.
pub(crate) fn a_slot_is_given_again_while_the_lock_names_it() {
    explore(|| {
        let turns = Arc::new(Turns::with([true, true, false]));
        turns.turn(0, Death::With(1));
        let other = spawn({
            let turns = turns.clone();
            move || turns.turn(1, Death::Never)
        });
        turns.join();
        other.join().unwrap();
        assert_eq!(turns.counted(), 3);
    });
}

/// A writer takes its turn, or dies in it and leaves it to another one, while the table is replaced.
pub(crate) fn a_replacement_ends_the_turns() {
    for death in [Death::Never, Death::With(0), Death::With(1), Death::With(2), Death::Behind] {
        explore(move || {
            let turns = Arc::new(Turns::with([true, true, false]));
            let other = spawn({
                let turns = turns.clone();
                move || {
                    turns.turn(0, death);
                    turns.turn(1, Death::Never);
                }
            });
            turns.close();
            other.join().unwrap();
        });
    }
}
