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
//! | `sync`, `memory`, `history`, `random`, `mutants` | what all checkers share: see `../protocol` |
//! | `model` | writers and readers in threads |
//! | `protocol` | the models |

#[path = "../../src/guard"]
mod guard {
    #[expect(dead_code, reason = "what the handle asks before it adds a record")]
    pub(crate) mod batch;
    pub(crate) mod copy;
    pub(crate) mod log;
    pub(crate) mod record;
}
mod atomic {
    //! What is behind the door of `sync`.
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};
    pub(crate) use std::thread_local;
}
#[path = "../protocol/history.rs"]
mod history;
#[path = "../protocol/memory.rs"]
mod memory;
mod model;
#[path = "../protocol/mutants.rs"]
mod mutants;
mod protocol;
#[path = "../protocol/random.rs"]
mod random;
#[path = "../protocol/sync.rs"]
mod sync;
