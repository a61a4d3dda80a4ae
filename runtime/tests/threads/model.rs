//! A story in threads: its writers one after another, its readers beside them, each until the last writer has ended. Relies
//! on `history` for what readers may find.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::atomic::spawn;
use crate::history::{self, Story};
use crate::memory::Look;
use crate::sync;

/// Runs it once, with a reader for each of these lists, which makes its looks in turn.
///
/// # Panics
/// When a reader finds what it must not, or a writer makes of a state what it must not.
pub(crate) fn run(story: &Story, readers: &[&'static [Look]]) {
    let states = Arc::new(story.states());
    let memory = Arc::new(story.begin());
    // Relaxed, so that it orders nothing for the readers.
    let ended = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = readers
        .iter()
        .map(|&looks| {
            let (memory, states, ended) = (memory.clone(), states.clone(), ended.clone());
            spawn(move || {
                sync::begin_reading();
                let mut now = 0;
                while !ended.load(Ordering::Relaxed) {
                    for look in looks {
                        history::look(&memory, *look, &states, &mut now);
                    }
                }
            })
        })
        .collect();
    let mut outcome = Ok(());
    story.go_on(&memory, |process| {
        if outcome.is_ok() {
            outcome = spawn(process).join();
        }
    });
    ended.store(true, Ordering::Relaxed);
    for reader in readers {
        outcome = outcome.and(reader.join());
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
