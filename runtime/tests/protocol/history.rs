//! What readers may find: the states that a writer alone goes from one to the next. What a reader finds, look by look, must
//! be states that follow one another in time. Relies on `memory`; knows no threads.

use std::sync::Arc;

use crate::memory::{Found, Look, Memory, RECORDS, State, Step};
use crate::sync;

/// The writer makes all stores of this step.
pub(crate) const LIVES: usize = usize::MAX;

/// A table and its writers.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) words: usize,
    pub(crate) cells: u32,
    /// What a writer did before readers came.
    pub(crate) before: Vec<Step>,
    /// What is done beside them, and the stores after which the writer is dead, up to the next step.
    pub(crate) writer: Vec<(Step, usize)>,
}

/// What one process does.
pub(crate) type Process = Box<dyn FnOnce() + Send>;

/// What a look found; `None`: nothing, the reader would try again.
#[derive(Debug)]
enum Sight {
    Record(usize, Found),
    Version(usize, u64),
    All(State),
}

impl Story {
    /// The table as readers first see it.
    pub(crate) fn begin(&self) -> Memory {
        let memory = Memory::new(self.words, self.cells);
        for (number, step) in self.before.iter().enumerate() {
            make(&memory, *step, LIVES, number);
        }
        memory
    }

    /// Makes all steps. `process` runs what one process does; another one takes over from a dead one, whose fences have
    /// done nothing for it.
    pub(crate) fn go_on(&self, memory: &Arc<Memory>, mut process: impl FnMut(Process)) {
        let mut number = self.before.len();
        for steps in self.writer.chunk_by(|_, (next, _)| !matches!(next, Step::Recover)) {
            let (memory, steps, first) = (memory.clone(), steps.to_vec(), number);
            number += steps.len();
            process(Box::new(move || {
                for (number, (step, stores)) in (first..).zip(steps) {
                    make(&memory, step, stores, number);
                }
            }));
        }
    }

    /// The states: before the steps and behind each of them, dead or not. In each of them every record can be read at the
    /// first attempt, and its version told.
    ///
    /// # Panics
    /// When a step makes of a state what it must not.
    pub(crate) fn states(&self) -> Vec<State> {
        let memory = self.begin();
        let mut states = vec![rest(&memory)];
        for (number, &(step, stores)) in self.writer.iter().enumerate() {
            let was = &states[number];
            let number = self.before.len() + number;
            make(&memory, step, stores, number);
            let (is, whole) = (rest(&memory), memory.after(was, step, number as u64 + 1));
            let is_dead = sync::stores_left() == 0;
            assert!(is == whole || is_dead && is == *was, "{step:?} makes {is:?} of {was:?}");
            states.push(is);
        }
        states
    }
}

/// Makes a step, the one of this number, of which the writer makes so many stores.
pub(crate) fn make(memory: &Memory, step: Step, stores: usize, number: usize) {
    sync::live_for(stores);
    memory.make(step, number as u64 + 1);
}

/// The state of a memory on which nobody works.
fn rest(memory: &Memory) -> State {
    let found: Option<State> = (0..RECORDS).map(|index| memory.read(index)).collect();
    let found = found.expect("a record can be read whatever its writer left");
    for (index, (version, _)) in found.iter().enumerate() {
        assert_eq!(memory.version(index), Some(*version), "the version of what is read");
    }
    assert_eq!(memory.snapshot().as_ref(), Some(&found));
    found
}

/// Looks at the memory. What is found must be of the state that was seen last, the one of number `now`, or of a later one.
///
/// # Panics
/// When it is not.
pub(crate) fn look(memory: &Memory, look: Look, states: &[State], now: &mut usize) {
    let sight = match look {
        Look::Read(index) => memory.read(index).map(|found| Sight::Record(index, found)),
        Look::Version(index) => memory.version(index).map(|version| Sight::Version(index, version)),
        Look::Snapshot => memory.snapshot().map(Sight::All),
    };
    let Some(sight) = sight else { return };
    let fits = |state: &State| match &sight {
        Sight::Record(index, found) => state[*index] == *found,
        Sight::Version(index, version) => state[*index].0 == *version,
        Sight::All(found) => state == found,
    };
    let behind = states[*now..].iter().position(fits);
    let behind = behind.unwrap_or_else(|| panic!("{sight:?} is none of {:?}", &states[*now..]));
    // A version orders nothing: what is seen after it may be older.
    if !matches!(sight, Sight::Version(..)) {
        *now += behind;
    }
}
