//! A process may die behind each of its instructions: writes, take-overs, creation and removal, as compilers made them of
//! Rust and C, are stepped, and at every boundary between two instructions the table must be what it may be when its
//! process dies there. Relies on `tracer`, on the programs `step` (in `src/bin` and in `../syscalls/c`), and on x86-64.
//!
//! | module | what |
//! |---|---|
//! | `steps` | an operation of a program, stepped; the programs; how often |
//! | `fixture` | the table before the operation |
//! | `watch` | the table at a boundary: what readers see |
//! | `successor` | what the next writer makes of a copy |
//! | `writing` | writes, and take-overs of tables whose writer died in one |
//! | `turns` | turns of many writers, writes that wake, and a wait |
//! | `coming_and_going` | creation, removal and replacement |
//! | `order` | a writer whose stores come in a wrong order is found out |
//!
//! Who looks at a boundary finds nobody moving. What a reader sees that is itself in the middle of a read, other tests say.
//!
//! The programs in C are built with and without optimisation, that in Rust as the suite itself: `cargo test --release` steps
//! what a release has. Writes of 256 bytes are stepped by every kind of vectors that this processor has. `SHMRECORD_STEPS` is how often each write and each take-over is stepped, from another state each time;
//! from 2 on, creation, removal and replacement are with every kind of segment in every program, and there is more of joining.
#![cfg(target_arch = "x86_64")]

mod coming_and_going;
mod fixture;
mod order;
mod steps;
mod successor;
mod turns;
mod watch;
mod writing;

#[path = "../languages/tools.rs"]
#[expect(dead_code, reason = "compilers and a folder of them")]
mod tools;
