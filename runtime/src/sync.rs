//! The only door to atomics and fences: what the model checkers replace. Relies on `std`.
//!
//! Words of a segment are `AtomicU64`. Readers use relaxed loads and acquire fences only: those are what `std` promises
//! to work on memory that is mapped read-only.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};
