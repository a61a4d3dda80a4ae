//! How wide the vectors of this processor are, found once for the process: a move asks with one load.

use std::env;

use super::{AtomicUsize, Ordering, VECTORS};

/// The processor was not asked yet: pairs of words move, which every x86-64 processor can.
const UNASKED: usize = 8;

static BYTES: AtomicUsize = AtomicUsize::new(UNASKED);

/// Bytes of the widest vectors that are to be used, at most [`widest`].
#[inline(always)]
pub(crate) fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

/// Asks the processor, once. `SHMRECORD_VECTORS=16` or `32` in the environment keeps it from wider ones.
pub(crate) fn find() {
    // Two threads that come first find the same.
    if bytes() != UNASKED {
        return;
    }
    let most = match env::var("SHMRECORD_VECTORS").as_deref() {
        Ok("16") => 16,
        Ok("32") => 32,
        _ => 64,
    };
    BYTES.store(widest().min(most), Ordering::Relaxed);
}

/// Bytes of the widest vectors that the processor has: 64 with AVX-512, 32 with AVX2, 16.
pub(crate) fn widest() -> usize {
    match () {
        () if VECTORS && is_x86_feature_detected!("avx512f") => 64,
        () if VECTORS && is_x86_feature_detected!("avx2") => 32,
        () => 16,
    }
}
