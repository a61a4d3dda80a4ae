//! The record protocol under loom: every order of a writer's and a reader's steps up to a number of preemptions, with every
//! value that the memory model lets a load give. Relies on the protocol's sources, which it compiles anew on loom's
//! atomics; knows nothing else of the crate.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p shmrecord --release --test loom`
//!
//! | module | part |
//! |---|---|
//! | `atomic` | loom's atomics |
//! | `sync`, `memory`, `history`, `mutants` | what all checkers share: see `../protocol` |
//! | `model` | one writer and one reader, in every execution |
//! | `protocol` | the models |

#![cfg(loom)]

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
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
    pub(crate) use loom::thread_local;
}
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

#[test]
fn every_weakness_is_noticed() {
    mutants::every_weakness_is_noticed(protocol::MODELS, 1);
}
