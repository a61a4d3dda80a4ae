//! C and Rust are twins: the same numbers, ids, bytes, words and roles. Relies on the compilers that are there, on ipcgen as
//! a library, and on real processes: the C programs in `c/`, those of `tests/c`, and the Rust actor.
//!
//! | module | what is equal |
//! |---|---|
//! | `numbers` | constants, error codes, words and hints, in the sources' text |
//! | `ids` | the golden ids, from every place that computes or carries them |
//! | `programs` | (the C runtime's own tests, under every compiler) |
//! | `bytes` | segments, and the values that are read from them |
//! | `prefix` | what a dead writer leaves, and what becomes of it |
//! | `roles` | who may write, and who takes over from the killed |
//! | `errors`, `sysv`, `changes` | what is said of every fault, and of every changed byte |
//! | `status` | whether a writer of the other language lives, and what the kernel says of its segment |
//! | `many`, `waiting`, `refused` | writers that take turns, who waits for them, and what is refused to either |
//! | `life` | how long writers are silent, and who replaces and follows whom |
//! | `adoption` | other programs' tables: what is read and written, under which guards, and what is said |
//! | `handover` | memfds that go from one to the other, and what is said when they do not |
//! | `machines` | (which the headers refuse) |
//! | `memory` | sparse tables, huge and locked memory, syncing |
//! | `mismatch` | what is said of two records that differ |
//! | `versions` | what is said of two versions of a record, and what is read of one as the other |
//! | `edits` | (a schema's check and the readers of its versions) |
//! | `readme` | the README's program and the one that is compiled here |
//! | `random` | records that nobody thought of |
//!
//! `tools` compiles. What C and Rust say of the same table is also in the suite `matrix`.

mod adoption;
mod bytes;
mod changes;
mod edits;
mod errors;
mod fork;
mod handover;
mod ids;
mod life;
mod machines;
mod many;
mod memory;
mod mismatch;
mod numbers;
mod prefix;
mod programs;
mod random;
mod readme;
mod refused;
mod roles;
mod status;
mod sysv;
mod tools;
mod versions;
mod waiting;

use integration_tests::every;
