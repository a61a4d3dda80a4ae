//! Lines of 64 bytes from memory to memory, by the vectors that the processor is said to have. Why this is sound is in `copy`.
//!
//! AVX-512 takes a register that only it has: nothing is to be cleared behind it. AVX2 has to clear the upper halves of all its
//! registers, or what the compiler made of older instructions is slow afterwards; so it is said to change all of them.

#![expect(unsafe_code, reason = "vector moves in inline assembly")]

use std::arch::asm;
use std::mem::MaybeUninit;

use crate::sync::{AtomicU64, VECTORS};

/// Words of a line.
const LINE: usize = 8;
/// Words from which on a load is worth the question what the processor has.
pub(super) const LOAD: usize = LINE;
/// Words from which on a store is: below, what is stored often lies in registers yet, in pieces that a wide load would have to
/// wait for.
pub(super) const STORE: usize = 4 * LINE;

/// Loads all whole lines by vectors of so many bytes; what is left of both slices.
///
/// # Safety
/// The processor has them.
#[inline(always)]
pub(in crate::guard) unsafe fn load<'a, 'b>(
    bytes: usize,
    from: &'a [AtomicU64],
    to: &'b mut [MaybeUninit<u64>],
) -> (&'a [AtomicU64], &'b mut [MaybeUninit<u64>]) {
    let lines = from.len().min(to.len()) / LINE;
    if !VECTORS || lines == 0 {
        return (from, to);
    }
    // SAFETY: the caller's promise; `from` borrows as many lines, to be loaded by atomics, and `to` as many, to be overwritten.
    if !unsafe { copy(bytes, from.as_ptr().cast(), to.as_mut_ptr().cast(), lines) } {
        return (from, to);
    }
    (&from[lines * LINE..], &mut to[lines * LINE..])
}

/// As [`load`], stores.
///
/// # Safety
/// As [`load`].
#[inline(always)]
pub(in crate::guard) unsafe fn store<'a, 'b>(
    bytes: usize,
    from: &'a [u64],
    to: &'b [AtomicU64],
) -> (&'a [u64], &'b [AtomicU64]) {
    let lines = from.len().min(to.len()) / LINE;
    if !VECTORS || lines == 0 {
        return (from, to);
    }
    // SAFETY: the caller's promise; `from` borrows as many lines, and `to` as many, which interior mutability allows to be stored
    // to by atomics.
    if !unsafe { copy(bytes, from.as_ptr(), to.as_ptr().cast_mut().cast(), lines) } {
        return (from, to);
    }
    (&from[lines * LINE..], &to[lines * LINE..])
}

/// Copies so many lines. `false`: not by vectors of so few bytes.
///
/// # Safety
/// The processor has them. As many lines may be read at `from` and written at `to`, by relaxed accesses of words where others
/// access them, too. There is one at least.
#[inline(always)]
unsafe fn copy(bytes: usize, from: *const u64, to: *mut u64, lines: usize) -> bool {
    match bytes {
        // SAFETY: the caller's promise.
        64 => unsafe { avx512(from, to, lines) },
        // SAFETY: as before.
        32 => unsafe { avx2(from, to, lines) },
        _ => return false,
    }
    true
}

/// # Safety
/// As [`copy`], and the processor has AVX-512F.
#[inline(always)]
unsafe fn avx512(from: *const u64, to: *mut u64, lines: usize) {
    if lines == 1 {
        // SAFETY: reads the line at `from` and writes that at `to`, as the caller allows.
        unsafe {
            asm!(
                "vmovdqu64 zmm16, [{from}]",
                "vmovdqu64 [{to}], zmm16",
                from = in(reg) from,
                to = in(reg) to,
                out("xmm16") _,
                options(nostack, preserves_flags)
            );
        }
        return;
    }
    // SAFETY: reads so many lines from `from` on and writes as many from `to` on, as the caller allows; `lines` is not 0.
    unsafe {
        asm!(
            "2:",
            "vmovdqu64 zmm16, [{from}]",
            "vmovdqu64 [{to}], zmm16",
            "add {from}, 64",
            "add {to}, 64",
            "dec {lines}",
            "jnz 2b",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            lines = inout(reg) lines => _,
            out("xmm16") _,
            options(nostack)
        );
    }
}

/// # Safety
/// As [`copy`], and the processor has AVX2.
#[inline(always)]
unsafe fn avx2(from: *const u64, to: *mut u64, lines: usize) {
    // SAFETY: reads so many lines from `from` on and writes as many from `to` on, as the caller allows; `lines` is not 0.
    unsafe {
        asm!(
            "2:",
            "vmovdqu ymm0, [{from}]",
            "vmovdqu ymm1, [{from} + 32]",
            "vmovdqu [{to}], ymm0",
            "vmovdqu [{to} + 32], ymm1",
            "add {from}, 64",
            "add {to}, 64",
            "dec {lines}",
            "jnz 2b",
            "vzeroupper",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            lines = inout(reg) lines => _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _,
            out("ymm4") _, out("ymm5") _, out("ymm6") _, out("ymm7") _,
            out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _,
            out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
            options(nostack)
        );
    }
}
