//! The only door to atomics and fences: what the model checkers replace. Relies on `std`.
//!
//! Words of a segment are `AtomicU64`, those that the kernel lets processes sleep on `AtomicU32`; only what another program laid
//! out has narrower ones. Readers use relaxed loads and acquire fences only: those are what `std` promises to work on memory
//! that is mapped read-only.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    compiler_fence, fence,
};

/// A barrier between the stores before it and the loads behind it, to the compiler. To the processor it is one whenever
/// another process makes `futex::barrier`, if this one has `futex::register`ed; otherwise its caller has a fence of its own.
#[inline(always)]
pub(crate) fn light_barrier() {
    compiler_fence(Ordering::SeqCst);
}

/// Whether vectors may move words beside atomics: the words are memory as the processor has it.
#[cfg(target_arch = "x86_64")]
pub(crate) const VECTORS: bool = cfg!(not(miri));

#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) use vectors::widest as widest_vector;
#[cfg(target_arch = "x86_64")]
pub(crate) use vectors::{bytes as vector_bytes, find as find_vectors};

#[cfg(target_arch = "x86_64")]
mod vectors;
