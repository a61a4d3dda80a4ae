//! The only door to atomics and fences: what the model checkers replace. Relies on `std`.
//!
//! Words of a segment are `AtomicU64`; only what another program laid out has narrower ones. Readers use relaxed loads and acquire fences only: those are what `std` promises
//! to work on memory that is mapped read-only.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence,
};
