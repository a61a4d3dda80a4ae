//! What the sides of a trial have in common beside what they measure: a start line, a flag that ends the trial, and a cache line
//! to throw to one another. Relies on `shared` and `rounds`.

use std::hint::spin_loop;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::rounds::{median, per_call};
use crate::shared::Shared;

/// A word that shares its cache line, and the one that is fetched beside it, with nothing.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Word(pub(crate) AtomicU64);

/// Throws of a probe, timed together, and how often, of which the median counts.
const THROWS: usize = 100;
const STRETCHES: usize = 21;

pub(crate) struct Line {
    words: Shared<Word>,
    sides: u64,
}

impl Line {
    pub(crate) fn new(sides: usize) -> io::Result<Self> {
        Ok(Self { words: Shared::new(4, |_| Word::default())?, sides: sides as u64 })
    }

    /// Waits until every side is here. One that died is missed by who started it, who then ends the others.
    pub(crate) fn meet(&self) {
        let met = &self.words[0].0;
        let all = (met.fetch_add(1, Ordering::AcqRel) / self.sides + 1) * self.sides;
        while met.load(Ordering::Acquire) < all {
            spin_loop();
        }
    }

    /// Tells the others that the trial is over.
    pub(crate) fn end(&self) {
        self.words[1].0.store(1, Ordering::Release);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.words[1].0.load(Ordering::Acquire) != 0
    }

    /// Says how far one has come, on a cache line that nobody looks at often.
    pub(crate) fn tell(&self, how_far: u64) {
        self.words[2].0.store(how_far, Ordering::Relaxed);
    }

    pub(crate) fn told(&self) -> u64 {
        self.words[2].0.load(Ordering::Relaxed)
    }

    /// Nanoseconds that a cache line takes to the other core and back: virtual cores move about their host, and nothing that two
    /// of them do can be judged without it. Both sides call it, the first one with `true`.
    pub(crate) fn probe(&self, is_first: bool) -> f64 {
        let ball = &self.words[3].0;
        self.meet();
        let mut seen = 0;
        let stretches = (0..STRETCHES).map(|_| {
            per_call(THROWS, |_| {
                // The first one throws odd numbers and waits for the next, which the second one throws back.
                if is_first {
                    ball.store(seen + 1, Ordering::Release);
                    while ball.load(Ordering::Acquire) != seen + 2 {}
                } else {
                    while ball.load(Ordering::Acquire) != seen + 1 {}
                    ball.store(seen + 2, Ordering::Release);
                }
                seen += 2;
            })
        });
        let nanoseconds = median(stretches);
        self.meet();
        nanoseconds
    }
}
