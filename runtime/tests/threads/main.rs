//! The record protocol in real threads on the atomics of `std`: writers, some of which die after any of their stores, beside
//! readers that look again and again. Relies on the protocol's sources, which it compiles anew; knows nothing else of the
//! crate. Miri is what it is for: it moves from thread to thread anywhere, lets loads give every value that the memory model
//! allows, and finds undefined behaviour.
//!
//! `MIRIFLAGS="-Zmiri-many-seeds=0..64" cargo +nightly miri test -p shmrecord --test threads`, and with `-- --ignored` at the
//! end, and without the seeds, whether it would notice a weakness.
//!
//! | module | part |
//! |---|---|
//! | `atomic` | the atomics of `std` |
//! | `sync`, `memory`, `history`, `turns`, `doorbell`, `random`, `mutants` | what all checkers share: see `../protocol` |
//! | `model` | writers and readers in threads |
//! | `protocol` | the models |
//! | `miscopy` | under `--cfg miscopy`, copies that Miri must not let pass |

#[path = "../../src/guard"]
mod guard {
    #[expect(dead_code, reason = "what the handle asks before it adds a record")]
    pub(crate) mod batch;
    #[cfg(not(miscopy))]
    pub(crate) mod copy;
    pub(crate) mod doorbell;
    #[expect(dead_code, reason = "what an error says, and a lock that is had by a semaphore")]
    pub(crate) mod lock;
    pub(crate) mod log;
    pub(crate) mod record;

    #[cfg(miscopy)]
    pub(crate) use crate::miscopy as copy;
}
mod atomic {
    //! What is behind the door of `sync`.
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
    pub(crate) use std::sync::{Condvar, Mutex};
    pub(crate) use std::thread::yield_now;
    pub(crate) use std::thread_local;

    /// Runs this: often, where threads seldom meet; once under Miri, which comes with many seeds.
    pub(crate) fn explore(execution: impl Fn()) {
        for _ in 0..if cfg!(miri) { 1 } else { 50 } {
            execution();
        }
    }

    /// Starts a thread that does at weak places what this one does.
    pub(crate) fn spawn<R: Send + 'static>(
        work: impl FnOnce() -> R + Send + 'static,
    ) -> std::thread::JoinHandle<R> {
        let attitude = crate::sync::Attitude::current();
        std::thread::spawn(move || {
            attitude.take();
            work()
        })
    }
}
#[path = "../protocol/doorbell.rs"]
mod doorbell;
#[path = "../protocol/history.rs"]
mod history;
#[path = "../protocol/memory.rs"]
mod memory;
#[cfg(miscopy)]
mod miscopy;
mod model;
#[path = "../protocol/mutants.rs"]
mod mutants;
mod protocol;
#[path = "../protocol/random.rs"]
mod random;
#[path = "../protocol/sync.rs"]
mod sync;
#[path = "../protocol/turns.rs"]
mod turns;

#[test]
fn writers_take_turns_whoever_dies() {
    turns::MODELS.iter().for_each(|(_, model)| model());
}

#[test]
fn who_waits_is_woken() {
    doorbell::MODELS.iter().for_each(|(_, model)| model());
}
