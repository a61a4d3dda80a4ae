//! The record protocol under loom: every order of a writer's and a reader's steps up to a number of preemptions, with every
//! value that the memory model lets a load give. Relies on the protocol's sources, which it compiles anew on loom's
//! atomics; knows nothing else of the crate.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p shmrecord --release --test loom`
//!
//! | module | part |
//! |---|---|
//! | `atomic` | loom's atomics |
//! | `sync`, `memory`, `history`, `turns`, `doorbell`, `mutants` | what all checkers share: see `../protocol` |
//! | `model` | one writer and one reader, in every execution |
//! | `protocol` | the models |

#![cfg(loom)]

#[path = "../../src/guard"]
mod guard {
    #[expect(dead_code, reason = "what the handle asks before it adds a record")]
    pub(crate) mod batch;
    pub(crate) mod copy;
    pub(crate) mod doorbell;
    #[expect(dead_code, reason = "what an error says, and a lock that is had by a semaphore")]
    pub(crate) mod lock;
    pub(crate) mod log;
    pub(crate) mod record;
}
mod atomic {
    //! What is behind the door of `sync`.
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
    pub(crate) use loom::sync::{Condvar, Mutex};
    pub(crate) use loom::thread::yield_now;
    pub(crate) use loom::thread_local;

    /// Runs this in every execution up to a number of preemptions.
    pub(crate) fn explore(execution: impl Fn() + Send + Sync + 'static) {
        let mut loom = loom::model::Builder::new();
        loom.preemption_bound = Some(2);
        loom.check(execution);
    }

    pub(crate) use loom::thread::spawn;
}
#[path = "../protocol/doorbell.rs"]
mod doorbell;
#[path = "../protocol/history.rs"]
mod history;
#[path = "../protocol/memory.rs"]
mod memory;
mod model;
#[path = "../protocol/mutants.rs"]
mod mutants;
mod protocol;
#[path = "../protocol/sync.rs"]
mod sync;
#[path = "../protocol/turns.rs"]
mod turns;

#[test]
fn every_weakness_is_noticed() {
    mutants::every_weakness_is_noticed(protocol::MODELS, 1, &[]);
}

#[test]
fn every_weakness_of_turns_is_noticed() {
    mutants::every_weakness_is_noticed(turns::MODELS, 1, &[]);
}

#[test]
fn every_weakness_of_the_doorbell_is_noticed() {
    mutants::every_weakness_is_noticed(doorbell::MODELS, 1, &[]);
}

#[test]
fn writers_take_turns_whoever_dies() {
    turns::MODELS.iter().for_each(|(_, model)| model());
}

#[test]
fn who_waits_is_woken() {
    doorbell::MODELS.iter().for_each(|(_, model)| model());
}
