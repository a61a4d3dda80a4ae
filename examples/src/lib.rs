//! What the example programs share. Each program is a few lines around one of these modules, so that `demo` can start
//! them as processes of their own without being told where they were built.
//!
//! | module | what it does |
//! |---|---|
//! | [`publisher`] | writes a table: a random walk, a CSV file, or the verification pattern |
//! | [`subscriber`] | prints any table by field name, or verifies the pattern |
//! | [`counters`] | writes a table from several processes, and kills some |
//! | [`adopt`] | reads and updates the table of a legacy C++ program |
//! | [`netdev`] | publishes the machine's network counters |
//! | [`market_csv`], [`pattern`], [`print`](mod@print) | input, check and output of the above |
//! | [`processes`] | what `demo` starts |
//! | [`program`] | arguments, signals and exit codes, the same for all |
//! | [`md`], [`telemetry`], [`legacy`] | what `ipcgen` made of `schemas/` |
#![forbid(unsafe_code)]

pub mod adopt;
pub mod counters;
pub mod market_csv;
pub mod netdev;
pub mod pattern;
pub mod print;
pub mod processes;
pub mod program;
pub mod publisher;
pub mod subscriber;

#[expect(missing_docs, reason = "generated: the schema documents what needs it")]
#[path = "../generated/legacy.rs"]
pub mod legacy;
#[expect(missing_docs, reason = "generated: the schema documents what needs it")]
#[path = "../generated/md.rs"]
pub mod md;
#[expect(missing_docs, reason = "generated: the schema documents what needs it")]
#[path = "../generated/telemetry.rs"]
pub mod telemetry;
