//! Words between a cell and private memory: atomic loads and stores of 8 bytes each, in any order. Relies on `sync`.
//!
//! Nothing here makes a copy whole: the version word around it does, with the fences in `record` and `log`.
//!
//! On x86-64 two words move at a time, four times by one address where there are so many. A compiler never joins two
//! atomics, so the wide move is inline assembly, and this is why it counts as two relaxed 8-byte accesses: the assembly's
//! meaning to the compiler is "something these instructions may do", relaxed accesses of both words are such a thing, and
//! the processor does no less. An aligned quadword inside a vector move is not torn (the halves of a 16-byte move may be);
//! the words lie on multiples of 8 because every cell does. Loads are not reordered with loads nor stores with stores on
//! this architecture, and the assembly is not moved across the fences around it, because it is taken to read (or write) any
//! memory. Under Miri, in models of the protocol and on other machines: plain atomics.

#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "vector moves in inline assembly"))]

use std::mem::MaybeUninit;

#[cfg(target_arch = "x86_64")]
use crate::sync::IS_PLAIN_MEMORY;
use crate::sync::{AtomicU64, Ordering};

/// Copies a cell's words out. Both slices have the same length.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    let (from, to) = if IS_PLAIN_MEMORY { wide::load(from, to) } else { (from, to) };
    for (to, from) in to.iter_mut().zip(from) {
        to.write(from.load(Ordering::Relaxed));
    }
}

/// Copies private words into a cell. Both slices have the same length.
#[inline(always)]
pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    debug_assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    let (from, to) = if IS_PLAIN_MEMORY { wide::store(from, to) } else { (from, to) };
    for (from, to) in from.iter().zip(to) {
        to.store(*from, Ordering::Relaxed);
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::asm;
    use std::arch::x86_64::__m128i;
    use std::mem::MaybeUninit;

    use crate::sync::AtomicU64;

    /// Loads all words but an odd one at the end; what is left of both slices.
    #[inline(always)]
    pub(super) fn load<'a, 'b>(
        from: &'a [AtomicU64],
        to: &'b mut [MaybeUninit<u64>],
    ) -> (&'a [AtomicU64], &'b mut [MaybeUninit<u64>]) {
        let (from, to) = load_each(from, to, load_8);
        let (from, to) = load_each(from, to, load_4);
        load_each(from, to, load_2)
    }

    /// Stores all words but an odd one at the end; what is left of both slices.
    #[inline(always)]
    pub(super) fn store<'a, 'b>(from: &'a [u64], to: &'b [AtomicU64]) -> (&'a [u64], &'b [AtomicU64]) {
        let (from, to) = store_each(from, to, store_8);
        let (from, to) = store_each(from, to, store_4);
        store_each(from, to, store_2)
    }

    #[inline(always)]
    fn load_each<'a, 'b, const N: usize>(
        from: &'a [AtomicU64],
        to: &'b mut [MaybeUninit<u64>],
        load: impl Fn(&[AtomicU64; N]) -> [MaybeUninit<u64>; N],
    ) -> (&'a [AtomicU64], &'b mut [MaybeUninit<u64>]) {
        let (from, from_rest) = from.as_chunks();
        let (to, to_rest) = to.as_chunks_mut();
        for (to, from) in to.iter_mut().zip(from) {
            *to = load(from);
        }
        (from_rest, to_rest)
    }

    #[inline(always)]
    fn store_each<'a, 'b, const N: usize>(
        from: &'a [u64],
        to: &'b [AtomicU64],
        store: impl Fn(&[u64; N], &[AtomicU64; N]),
    ) -> (&'a [u64], &'b [AtomicU64]) {
        let (from, from_rest) = from.as_chunks();
        let (to, to_rest) = to.as_chunks();
        for (from, to) in from.iter().zip(to) {
            store(from, to);
        }
        (from_rest, to_rest)
    }

    /// Relaxed loads and stores of so many words, two in each register, by one address: large records cost as many
    /// instructions as they have, and small ones no arithmetic.
    macro_rules! moves {
        ($load:ident, $store:ident, $words:literal: $($pair:ident at $at:literal),+) => {
            #[inline(always)]
            fn $load(from: &[AtomicU64; $words]) -> [MaybeUninit<u64>; $words] {
                $(let $pair: __m128i;)+
                // SAFETY: reads the words that `from` borrows and nothing else; SSE2 is part of x86-64.
                unsafe {
                    asm!(
                        $(concat!("movups {", stringify!($pair), "}, [{from} + ", $at, "]"),)+
                        $($pair = out(xmm_reg) $pair,)+
                        from = in(reg) from,
                        options(readonly, nostack, preserves_flags)
                    );
                }
                // SAFETY: both are as many bytes, without padding, valid for any bits.
                unsafe { std::mem::transmute([$($pair),+]) }
            }

            #[inline(always)]
            fn $store(from: &[u64; $words], to: &[AtomicU64; $words]) {
                // SAFETY: both are as many bytes, without padding, valid for any bits.
                let [$($pair),+]: [__m128i; $words / 2] = unsafe { std::mem::transmute(*from) };
                // SAFETY: writes the words that `to` borrows, which interior mutability allows, and nothing else; SSE2 is
                // part of x86-64.
                unsafe {
                    asm!(
                        $(concat!("movups [{to} + ", $at, "], {", stringify!($pair), "}"),)+
                        $($pair = in(xmm_reg) $pair,)+
                        to = in(reg) to,
                        options(nostack, preserves_flags)
                    );
                }
            }
        };
    }

    moves!(load_2, store_2, 2: a at 0);
    moves!(load_4, store_4, 4: a at 0, b at 16);
    moves!(load_8, store_8, 8: a at 0, b at 16, c at 32, d at 48);
}
