//! The record protocol under loom: every order of a writer's and a reader's steps up to a number of preemptions, with every
//! value that the memory model lets a load give. Relies on the protocol's sources, which it compiles anew on loom's
//! atomics; knows nothing else of the crate.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p shmrecord --release --test loom`
//!
//! | module | part |
//! |---|---|
//! | `sync` | atomics of loom, a writer's death, weakened places |
//! | `memory` | a table on them: a writer's steps, a reader's looks |
//! | `model` | one writer and one reader, and what the reader may find |
//! | `protocol` | the models |
//! | `mutants` | each fence, release, store and check, weakened, is missed by some model |

#![cfg(loom)]

#[path = "../../src/guard"]
mod guard {
    #[expect(dead_code, reason = "what the handle asks before it adds a record")]
    pub(crate) mod batch;
    pub(crate) mod copy;
    pub(crate) mod log;
    pub(crate) mod record;
}
mod memory;
mod model;
mod mutants;
mod protocol;
mod sync;
