//! What the sides of a trial have in common beside what they measure: a start line, a flag that ends the trial, and a cache line
//! to throw to one another. Relies on `shared`.

use std::hint::spin_loop;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::shared::Shared;

/// A word that shares its cache line, and the one that is fetched beside it, with nothing.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Word(pub(crate) AtomicU64);

/// Throws of a probe.
const THROWS: u64 = 2_000;

pub(crate) struct Line {
    words: Shared<Word>,
    sides: u64,
}

impl Line {
    pub(crate) fn new(sides: usize) -> io::Result<Self> {
        Ok(Self { words: Shared::new(3, |_| Word::default())?, sides: sides as u64 })
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

    /// Nanoseconds that a cache line takes to the other core and back: virtual cores move about their host, and nothing that two
    /// of them do can be judged without it. Both sides call it, the first one with `true`.
    pub(crate) fn probe(&self, is_first: bool) -> f64 {
        let ball = &self.words[2].0;
        self.meet();
        let start = Instant::now();
        for throw in 0..THROWS {
            let (mine, theirs) = (2 * throw + u64::from(!is_first), 2 * throw + 1 + u64::from(!is_first));
            if !is_first {
                while ball.load(Ordering::Acquire) != mine {}
            }
            ball.store(theirs, Ordering::Release);
            if is_first {
                while ball.load(Ordering::Acquire) != theirs + 1 {}
            }
        }
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / THROWS as f64;
        self.meet();
        nanoseconds
    }
}
