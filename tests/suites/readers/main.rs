//! The readers that ipcgen writes for Python and Go, on tables that Rust makes: what they read, and what they say when they
//! refuse, is what Rust reads and says.
//!
//! | module | what |
//! |---|---|
//! | `reading` | values, versions, snapshots, of every kind of segment; after each store of a killed write or batch |
//! | `beside` | beside writers at full speed, and behind killed ones |
//! | `descriptions` | first differences of descriptions, and of bytes that are none |
//! | `readme` | the programs in README.md |
//! | `refusal` | other layouts, damaged headers, cut files, removed tables, bad addresses, bytes that are no value |
//!
//! `served` starts the programs in `python/` and `go/` and talks to them; `records` are those of `fixture.toml` in Rust.

mod beside;
mod descriptions;
mod reading;
mod readme;
mod records;
mod refusal;
mod served;
