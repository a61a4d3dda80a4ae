//! A model: a writer beside a reader, in every execution that loom finds. Relies on `history` for what the reader may find.
//!
//! The reader runs in a spawned thread: there loom lets it load older values than on the first thread.

use std::sync::{Arc, Mutex};

use crate::history::{self, Story};
use crate::memory::{Look, Step};
use crate::sync;

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

impl Model<'_> {
    /// Goes through every execution.
    ///
    /// # Panics
    /// When the reader of one finds what it must not.
    pub(crate) fn check(&self) {
        let (story, looks) = (self.story(), self.reader.to_vec());
        let states = self.alone(Story::states);
        self.explore(move || {
            let memory = Arc::new(story.begin());
            let reader = loom::thread::spawn({
                let (memory, looks, states) = (memory.clone(), looks.clone(), states.clone());
                move || {
                    sync::begin_reading();
                    let mut now = 0;
                    for look in &looks {
                        history::look(&memory, *look, &states, &mut now);
                    }
                }
            });
            let mut is_first = true;
            story.go_on(&memory, |process| {
                if is_first {
                    process()
                } else {
                    loom::thread::spawn(process).join().unwrap()
                }
                is_first = false;
            });
            reader.join().unwrap();
        });
    }

    /// Stores that the writer makes in its last step.
    pub(crate) fn stores_of_last_step(&self) -> usize {
        self.alone(|story| {
            let memory = story.begin();
            let (many, last) = (1000, story.writer.len() - 1);
            for (number, &(step, stores)) in story.writer.iter().enumerate() {
                let stores = if number == last { many } else { stores };
                history::make(&memory, step, stores, story.before.len() + number);
            }
            many - sync::stores_left()
        })
    }

    fn story(&self) -> Story {
        let Self { words, cells, .. } = *self;
        Story { words, cells, before: self.before.to_vec(), writer: self.writer.to_vec() }
    }

    /// What comes of the story without a reader. loom's atomics are to be had inside an execution only.
    fn alone<T: Clone + Send + 'static>(&self, ask: impl Fn(&Story) -> T + Send + Sync + 'static) -> T {
        let answer = Arc::new(Mutex::new(None));
        let (story, kept) = (self.story(), answer.clone());
        self.explore(move || *kept.lock().unwrap() = Some(ask(&story)));
        answer.lock().unwrap().clone().expect("there is an execution")
    }

    fn explore(&self, execution: impl Fn() + Send + Sync + 'static) {
        let mut loom = loom::model::Builder::new();
        loom.preemption_bound = Some(self.preemptions);
        loom.check(execution);
    }
}
