//! Words between a cell and private memory: atomic loads and stores of 8 bytes each, in any order. Relies on `sync`.
//!
//! Nothing here makes a copy whole: the version word around it does, with the fences in `record` and `log`.
//!
//! On x86-64 several words move at a time. A compiler never joins two atomics, so the wide move is inline assembly, and this is
//! why it counts as relaxed 8-byte accesses of all its words: the assembly's meaning to the compiler is "something these
//! instructions may do", relaxed accesses of the words in any order are such a thing, and the processor does no less. The words
//! lie on multiples of 8 because every cell does. That such a word of a wider move is not torn is promised for moves of 8 bytes,
//! and for aligned ones of 16 where there is AVX; of all others no processor is known to tear one, and the tests in `copies` look
//! for it. Loads are not reordered with loads nor stores with stores on this architecture, and the assembly is not moved across
//! the fences around it, because it is taken to read (or write) any memory, and a fence to write it. Loads that nobody needs are
//! left out, and those in a loop without a fence may be made once, in front of it: who has none around his copy puts one of the
//! compiler's there. Under Miri, in models of the protocol and on other machines: plain atomics.
//!
//! | module | moves |
//! |---|---|
//! | [`sse2`] | 16 bytes, through registers that the compiler sees: what goes on from there, and what is left |
//! | [`avx`] | lines of 64 bytes, from memory to memory, where the processor has AVX-512 or AVX2 |

#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "vectors that not every processor has"))]

use std::mem::MaybeUninit;

#[cfg(target_arch = "x86_64")]
use crate::sync::vector_bytes;
use crate::sync::{AtomicU64, Ordering};

#[cfg(target_arch = "x86_64")]
pub(super) mod avx;
#[cfg(target_arch = "x86_64")]
mod sse2;

/// Copies a cell's words out, to where they are to stay. Both slices have the same length.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    #[cfg(target_arch = "x86_64")]
    let (from, to) = match from.len() {
        // SAFETY: the processor was asked.
        avx::LOAD.. => unsafe { avx::load(vector_bytes(), from, to) },
        _ => (from, to),
    };
    load_values(from, to);
}

/// As [`load`], of few words that go on from there: the compiler keeps them in registers, and does not load those that nobody
/// uses.
#[inline(always)]
pub(crate) fn load_values(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    let (from, to) = sse2::load(from, to);
    for (to, from) in to.iter_mut().zip(from) {
        to.write(from.load(Ordering::Relaxed));
    }
}

/// Copies private words into a cell. Both slices have the same length.
#[inline(always)]
pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    #[cfg(target_arch = "x86_64")]
    let (from, to) = match from.len() {
        // SAFETY: the processor was asked.
        avx::STORE.. => unsafe { avx::store(vector_bytes(), from, to) },
        _ => (from, to),
    };
    store_values(from, to);
}

/// Says that [`store`] comes to these words after others: the processor fetches them meanwhile, and not only when those others have
/// gone from its queue of stores, which few writes fill.
#[inline(always)]
pub(super) fn will_store(to: &[AtomicU64]) {
    #[cfg(target_arch = "x86_64")]
    sse2::ask_for(to);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = to;
}

/// As [`store`], of few words that come from registers.
#[inline(always)]
pub(super) fn store_values(from: &[u64], to: &[AtomicU64]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    let (from, to) = sse2::store(from, to);
    for (from, to) in from.iter().zip(to) {
        to.store(*from, Ordering::Relaxed);
    }
}
