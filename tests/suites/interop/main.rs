//! Programs of other people, run against ours: none of them knows a header of ours, all of them are run. Relies on the
//! tools that the machine has, and on the public API.
//!
//! | module | who is at the other end |
//! |---|---|
//! | `go` | a reader in Go, without cgo, of tables at keys and names |
//! | `python` | Python's `sysv_ipc` and `posix_ipc` |
//! | `ipcs` | `ipcs` and `ipcrm` |
//! | `tutorials` | C as tutorials of shared memory show it |
//! | `turns` | a C program that takes turns by a semaphore, as many writers of ours do |
//! | `legacy` | a C program with records and a guard of its own, adopted |
//!
//! `tools` compiles. The programs are in `c/`, `go/` and `python/`.

mod go;
mod ipcs;
mod legacy;
mod python;
mod tools;
mod turns;
mod tutorials;
