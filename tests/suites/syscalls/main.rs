//! Every system call of every operation fails, and is the last of its process: in Rust and in C, for every kind of segment and
//! for semaphores. Relies on `tracer`, on the programs `step` (in `src/bin` and in `c/`), which do one operation each, and on
//! x86-64.
//!
//! | module | what |
//! |---|---|
//! | `calls` | system calls, what the errors call them, and the errno's of their man pages |
//! | `run` | one run of a program with one fault |
//! | `tables` | operations on tables: what is there before, what may be there afterwards |
//! | `turns` | many writers, and waiting |
//! | `waking` | what is refused all the time, and what the dead leave of waking and waiting |
//! | `handover` | memfds over sockets |
//! | `semaphores` | the same for semaphores |
//! | `notifying` | notifiers, which are in Rust alone |
//! | `replaced` | a replacement that begins at any of them |
//! | `untouched` | operations that leave a record alone |
//! | `sweep` | each operation with each fault |
//!
//! `SHMRECORD_ERRNOS=all` tries every errno of every call, and every kind of segment everywhere; otherwise two of each and `EINTR`,
//! and many writers with two kinds each.
#![cfg(target_arch = "x86_64")]

mod calls;
mod handover;
mod notifying;
mod replaced;
mod run;
mod semaphores;
mod sweep;
mod tables;
mod turns;
mod untouched;
mod waking;

#[path = "../languages/tools.rs"]
#[expect(dead_code, reason = "a compiler and a folder of it")]
mod tools;
