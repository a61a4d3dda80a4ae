//! A model: a program for the writer, one for the reader, and the judge. Relies on `memory` and loom.
//!
//! The writer alone goes from state to state; what the reader finds, look by look, must be states that follow one another
//! in time. The reader runs in a spawned thread: there loom lets it load older values than on the first thread.

use std::sync::Arc;
use std::sync::Mutex;

use crate::memory::{Found, Look, Memory, RECORDS, State, Step};
use crate::sync;

/// The writer makes all stores of this step.
pub(crate) const LIVES: usize = usize::MAX;

/// One writer beside one reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model<'a> {
    pub(crate) words: usize,
    pub(crate) cells: u32,
    /// What the writer did before the reader came.
    pub(crate) before: &'a [Step],
    /// What it does beside the reader, and the stores after which it is dead, up to the next step.
    pub(crate) writer: &'a [(Step, usize)],
    pub(crate) reader: &'a [Look],
    pub(crate) preemptions: usize,
}

/// What a look found; `None`: nothing, the reader would try again.
#[derive(Debug)]
enum Sight {
    Record(usize, Found),
    Version(usize, u64),
    All(State),
}

impl Model<'_> {
    /// Goes through every execution.
    ///
    /// # Panics
    /// When the reader of one finds what it must not.
    pub(crate) fn check(&self) {
        let states = self.states();
        let (words, cells) = (self.words, self.cells);
        let (before, writer, looks) = (self.before.to_vec(), self.writer.to_vec(), self.reader.to_vec());
        self.explore(move || {
            let memory = Arc::new(Memory::new(words, cells));
            prepare(&memory, &before);
            let reader = loom::thread::spawn({
                let (memory, looks, states) = (memory.clone(), looks.clone(), states.clone());
                move || {
                    sync::begin_reading();
                    let mut now = 0;
                    for look in &looks {
                        judge(&states, &mut now, see(&memory, *look));
                    }
                }
            });
            let mut number = before.len();
            // Another process takes over from a dead one: what that one's fences did, its do not.
            for process in writer.chunk_by(|_, (next, _)| !matches!(next, Step::Recover)) {
                let (memory, process, first) = (memory.clone(), process.to_vec(), number);
                number += process.len();
                let work = move || {
                    for (number, &(step, stores)) in (first..).zip(&process) {
                        make(&memory, step, stores, number);
                    }
                };
                if first == before.len() { work() } else { loom::thread::spawn(work).join().unwrap() }
            }
            reader.join().unwrap();
        });
    }

    /// Stores that the writer makes in its last step.
    pub(crate) fn stores_of_last_step(&self) -> usize {
        let stores = Arc::new(Mutex::new(0));
        let (words, cells) = (self.words, self.cells);
        let (before, writer) = (self.before.to_vec(), self.writer.to_vec());
        let counted = stores.clone();
        self.explore(move || {
            let memory = Memory::new(words, cells);
            prepare(&memory, &before);
            let many = 1000;
            for (number, &(step, stores)) in writer.iter().enumerate() {
                let is_last = number + 1 == writer.len();
                make(&memory, step, if is_last { many } else { stores }, before.len() + number);
            }
            *counted.lock().unwrap() = many - sync::stores_left();
        });
        *stores.lock().unwrap()
    }

    /// The states that the writer goes through: before its program and behind each step of it, dead or not. In each of them
    /// every record can be read at the first attempt, and its version told.
    ///
    /// # Panics
    /// When a step makes of a state what it must not.
    fn states(&self) -> Vec<State> {
        let states = Arc::new(Mutex::new(Vec::new()));
        let (words, cells) = (self.words, self.cells);
        let (before, writer) = (self.before.to_vec(), self.writer.to_vec());
        let kept = states.clone();
        self.explore(move || {
            let memory = Memory::new(words, cells);
            prepare(&memory, &before);
            let mut states = vec![rest(&memory)];
            let first = before.len() as u64 + 1;
            for (number, &(step, stores)) in writer.iter().enumerate() {
                make(&memory, step, stores, before.len() + number);
                let was = &states[number];
                let (is, whole) = (rest(&memory), memory.after(was, step, number as u64 + first));
                let is_dead = sync::stores_left() == 0;
                assert!(is == whole || is_dead && is == *was, "{step:?} makes {is:?} of {was:?}");
                states.push(is);
            }
            *kept.lock().unwrap() = states;
        });
        states.lock().unwrap().clone()
    }

    fn explore(&self, execution: impl Fn() + Send + Sync + 'static) {
        let mut loom = loom::model::Builder::new();
        loom.preemption_bound = Some(self.preemptions);
        loom.check(execution);
    }
}

fn prepare(memory: &Memory, steps: &[Step]) {
    for (number, step) in steps.iter().enumerate() {
        make(memory, *step, LIVES, number);
    }
}

fn make(memory: &Memory, step: Step, stores: usize, number: usize) {
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

fn see(memory: &Memory, look: Look) -> Option<Sight> {
    Some(match look {
        Look::Read(index) => Sight::Record(index, memory.read(index)?),
        Look::Version(index) => Sight::Version(index, memory.version(index)?),
        Look::Snapshot => Sight::All(memory.snapshot()?),
    })
}

/// A sight must be of the state that was seen last, or of a later one.
fn judge(states: &[State], now: &mut usize, sight: Option<Sight>) {
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
