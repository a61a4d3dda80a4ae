//! Every kind of segment x every guard x {Rust, C} x {Rust, C}: the same cases for all, each written once. Two processes, one in
//! each language, have the table between them; this one looks on. Relies on the actors in both languages, which answer the
//! same lines, and on the compilers that are there.
//!
//! | module | whose tables | guards | who with whom |
//! |---|---|---|---|
//! | `tables` | ours | 1, 2, 4 and 8 cells under one writer | creator, opener |
//! | `many` | ours | a lock word and a semaphore, for many writers; and who waits | creator, joiner or waiter |
//! | `adopted` | another program's | none, semaphores, counters | writer, reader |
//!
//! `pair` starts the processes.

mod adopted;
mod many;
mod pair;
mod tables;

#[path = "../languages/tools.rs"]
#[expect(dead_code, reason = "the actor, a compiler and a folder of it")]
mod tools;
