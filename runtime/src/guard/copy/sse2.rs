//! Two words at a time, four times by one address where there are so many: large records cost as many instructions as they
//! have, and small ones no arithmetic. Every x86-64 processor has it. Why this is sound is in `copy`.

#![expect(unsafe_code, reason = "vector moves in inline assembly")]

use std::arch::asm;
use std::arch::x86_64::__m128i;
use std::mem::MaybeUninit;

use crate::sync::{AtomicU64, VECTORS};

/// Loads all words but an odd one at the end; what is left of both slices.
#[inline(always)]
pub(super) fn load<'a, 'b>(
    from: &'a [AtomicU64],
    to: &'b mut [MaybeUninit<u64>],
) -> (&'a [AtomicU64], &'b mut [MaybeUninit<u64>]) {
    if !VECTORS {
        return (from, to);
    }
    let (from, to) = load_each(from, to, load_8);
    let (from, to) = load_each(from, to, load_4);
    load_each(from, to, load_2)
}

/// Stores all words but an odd one at the end; what is left of both slices.
#[inline(always)]
pub(super) fn store<'a, 'b>(from: &'a [u64], to: &'b [AtomicU64]) -> (&'a [u64], &'b [AtomicU64]) {
    if !VECTORS {
        return (from, to);
    }
    let (from, to) = store_each(from, to, store_8);
    let (from, to) = store_each(from, to, store_4);
    store_each(from, to, store_2)
}

/// Asks for the line that the first of these words lies in, to be stored to: `prefetchw`, which does nothing on a processor that
/// does not know it.
#[inline(always)]
pub(super) fn ask_for(words: &[AtomicU64]) {
    if !VECTORS {
        return;
    }
    // SAFETY: changes no memory and no register, and touches none that a program could be told of: an address that nothing is at
    // is no fault.
    unsafe {
        asm!("prefetchw [{words}]", words = in(reg) words.as_ptr(), options(readonly, nostack, preserves_flags));
    }
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

/// A move of 16 bytes, in the manner of the program around it: processors are slow at changing between the two.
#[cfg(not(target_feature = "avx"))]
macro_rules! movups {
    () => {
        "movups"
    };
}
#[cfg(target_feature = "avx")]
macro_rules! movups {
    () => {
        "vmovups"
    };
}

/// Relaxed loads and stores of so many words, two in each register, by one address.
macro_rules! moves {
    ($load:ident, $store:ident, $words:literal: $($pair:ident at $at:literal),+) => {
        #[inline(always)]
        fn $load(from: &[AtomicU64; $words]) -> [MaybeUninit<u64>; $words] {
            $(
                let $pair: __m128i;
                // SAFETY: reads words that `from` borrows and nothing else; SSE2 is part of x86-64. Pure: what comes out depends on
                // these words only, so that it may be left out where nobody uses it.
                unsafe {
                    asm!(
                        concat!(movups!(), " {pair}, [{from} + ", $at, "]"),
                        pair = out(xmm_reg) $pair,
                        from = in(reg) from,
                        options(pure, readonly, nostack, preserves_flags)
                    );
                }
            )+
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
                    $(concat!(movups!(), " [{to} + ", $at, "], {", stringify!($pair), "}"),)+
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
