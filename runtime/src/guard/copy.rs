//! Words between a cell and private memory: atomic loads and stores of 8 bytes each, in any order. Relies on `sync`.
//!
//! Nothing here makes a copy whole: the version word around it does, with the fences in `record` and `log`.
//!
//! On x86-64 two words move at a time. A compiler never joins two atomics, so the wide move is inline assembly, and this is
//! why it counts as two relaxed 8-byte accesses: the assembly's meaning to the compiler is "something these instructions
//! may do", relaxed accesses of both words are such a thing, and the processor does no less. An aligned quadword inside a
//! vector move is not torn (the halves of a 16-byte move may be); the words lie on multiples of 8 because every cell does.
//! Loads are not reordered with loads nor stores with stores on this architecture, and the assembly is not moved across the
//! fences around it, because it is taken to read (or write) any memory. Under Miri and loom, and elsewhere, plain atomics.

#![cfg_attr(
    all(target_arch = "x86_64", not(any(miri, loom))),
    expect(unsafe_code, reason = "vector moves in inline assembly")
)]

use std::mem::MaybeUninit;

use crate::sync::{AtomicU64, Ordering};

/// Copies a cell's words out. Both slices have the same length.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(all(target_arch = "x86_64", not(any(miri, loom))))]
    let (from, to) = {
        let (pairs, rest) = from.as_chunks::<2>();
        let (to_pairs, to_rest) = to.as_chunks_mut::<2>();
        for (to, from) in to_pairs.iter_mut().zip(pairs) {
            *to = wide::load(from);
        }
        (rest, to_rest)
    };
    for (to, from) in to.iter_mut().zip(from) {
        to.write(from.load(Ordering::Relaxed));
    }
}

/// Copies private words into a cell. Both slices have the same length.
#[inline(always)]
pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(all(target_arch = "x86_64", not(any(miri, loom))))]
    let (from, to) = {
        let (pairs, rest) = from.as_chunks::<2>();
        let (to_pairs, to_rest) = to.as_chunks::<2>();
        for (from, to) in pairs.iter().zip(to_pairs) {
            wide::store(from, to);
        }
        (rest, to_rest)
    };
    for (from, to) in from.iter().zip(to) {
        to.store(*from, Ordering::Relaxed);
    }
}

#[cfg(all(target_arch = "x86_64", not(any(miri, loom))))]
mod wide {
    use std::arch::asm;
    use std::arch::x86_64::__m128i;
    use std::mem::MaybeUninit;

    use crate::sync::AtomicU64;

    /// Two relaxed loads.
    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; 2]) -> [MaybeUninit<u64>; 2] {
        let pair: __m128i;
        // SAFETY: reads the 16 bytes that `from` borrows and nothing else; SSE2 is part of x86-64.
        unsafe {
            asm!(
                "movups {pair}, [{from}]",
                pair = out(xmm_reg) pair,
                from = in(reg) from,
                options(readonly, nostack, preserves_flags)
            );
        }
        // SAFETY: both are 16 bytes without padding, valid for any bits.
        unsafe { std::mem::transmute(pair) }
    }

    /// Two relaxed stores.
    #[inline(always)]
    pub(super) fn store(from: &[u64; 2], to: &[AtomicU64; 2]) {
        // SAFETY: both are 16 bytes without padding, valid for any bits.
        let pair: __m128i = unsafe { std::mem::transmute(*from) };
        // SAFETY: writes the 16 bytes that `to` borrows, which interior mutability allows, and nothing else; SSE2 is part
        // of x86-64.
        unsafe {
            asm!(
                "movups [{to}], {pair}",
                pair = in(xmm_reg) pair,
                to = in(reg) to,
                options(nostack, preserves_flags)
            );
        }
    }
}
