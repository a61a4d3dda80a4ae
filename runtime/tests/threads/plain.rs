//! What `guard::copy` must not be: a copy by plain loads and stores, under `--cfg plain_copy`. Miri must call it a data race;
//! on a processor nobody would notice.

#![expect(unsafe_code, reason = "the very mistake")]

use std::mem::MaybeUninit;

use crate::sync::AtomicU64;

pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    for (to, from) in to.iter_mut().zip(from) {
        // SAFETY: none. The word is there, and others store to it meanwhile.
        to.write(unsafe { std::ptr::from_ref(from).cast::<u64>().read() });
    }
}

pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    for (from, to) in from.iter().zip(to) {
        // SAFETY: none. The word is there, its owner may change it, and others load it meanwhile.
        unsafe { std::ptr::from_ref(to).cast_mut().cast::<u64>().write(*from) };
    }
}
