//! Words between a cell and private memory: relaxed atomic loads and stores of 8 bytes, in any order. Relies on `sync`.
//!
//! Nothing here makes a copy whole: the version word around it does, with the fences in `record` and `log`.

use std::mem::MaybeUninit;

use crate::sync::{AtomicU64, Ordering};

/// Copies a cell's words out. Both slices have the same length.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    debug_assert_eq!(from.len(), to.len());
    for (to, from) in to.iter_mut().zip(from) {
        to.write(from.load(Ordering::Relaxed));
    }
}

/// Copies private words into a cell. Both slices have the same length.
#[inline(always)]
pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    debug_assert_eq!(from.len(), to.len());
    for (from, to) in from.iter().zip(to) {
        to.store(*from, Ordering::Relaxed);
    }
}
