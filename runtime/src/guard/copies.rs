//! Tests of `copy` by every vector that this processor has: what it copies, what it leaves, and that no word is ever torn.

#![expect(unsafe_code, reason = "vectors that not every processor has")]

use std::mem::MaybeUninit;
use std::thread;

use crate::guard::copy;
use crate::sync::{AtomicBool, AtomicU64, Ordering};

/// Words of the longest copy: records of more than a page, and what is left behind lines of any number.
const MOST: usize = 600;

/// Bytes of the vectors that are here; what is not is named.
fn vectors() -> Vec<usize> {
    #[cfg(target_arch = "x86_64")]
    let widest = crate::sync::widest_vector();
    #[cfg(not(target_arch = "x86_64"))]
    let widest = 8;
    let (here, lacking): (Vec<usize>, Vec<usize>) =
        [8, 16, 32, 64].into_iter().partition(|&bytes| bytes <= widest);
    if !lacking.is_empty() {
        println!("skipped: vectors of {lacking:?} bytes, which this processor does not have");
    }
    here
}

/// Copies out by vectors of so many bytes, which the processor has.
fn load(bytes: usize, from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    if bytes == 8 {
        for (from, to) in from.iter().zip(to) {
            to.write(from.load(Ordering::Relaxed));
        }
        return;
    }
    // SAFETY: the processor has them.
    #[cfg(target_arch = "x86_64")]
    let (from, to) = unsafe { copy::avx::load(bytes, from, to) };
    copy::load_values(from, to);
}

/// Copies in, as [`load`].
fn store(bytes: usize, from: &[u64], to: &[AtomicU64]) {
    if bytes == 8 {
        from.iter().zip(to).for_each(|(from, to)| to.store(*from, Ordering::Relaxed));
        return;
    }
    // SAFETY: the processor has them.
    #[cfg(target_arch = "x86_64")]
    let (from, to) = unsafe { copy::avx::store(bytes, from, to) };
    copy::store_values(from, to);
}

fn atomics(words: impl IntoIterator<Item = u64>) -> Vec<AtomicU64> {
    words.into_iter().map(AtomicU64::new).collect()
}

#[test]
fn every_length_at_every_alignment_is_copied_whole_and_nothing_beside_it() {
    const AROUND: u64 = 0x5555_5555_5555_5555;
    let value = |at: usize| (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let cell = atomics((0..MOST + 16).map(value));
    for bytes in vectors() {
        for length in (0..=136).chain([192, 200, 255, 256, 257, 511, 512, 513, MOST]) {
            // Eight places on a line for the cell; as many for the private side, in another order.
            for place in 0..8 {
                let (at, to) = (place, (place * 5 + 3) % 8);
                let mut out = vec![MaybeUninit::new(AROUND); MOST + 16];
                load(bytes, &cell[at..at + length], &mut out[to..to + length]);
                // SAFETY: all were initialised, and are still words.
                let out: Vec<u64> = out.iter().map(|word| unsafe { word.assume_init() }).collect();
                let mut wanted = vec![AROUND; MOST + 16];
                wanted[to..to + length].iter_mut().enumerate().for_each(|(word, to)| *to = value(at + word));
                assert_eq!(out, wanted, "{length} words loaded by {bytes} bytes, from {at} to {to}");

                let target = atomics(vec![AROUND; MOST + 16]);
                store(bytes, &out[to..to + length], &target[at..at + length]);
                let target: Vec<u64> = target.into_iter().map(AtomicU64::into_inner).collect();
                let mut wanted = vec![AROUND; MOST + 16];
                wanted[at..at + length].iter_mut().enumerate().for_each(|(word, to)| *to = value(at + word));
                assert_eq!(target, wanted, "{length} words stored by {bytes} bytes, from {to} to {at}");
            }
        }
    }
}

/// Who breaks the promise of equal lengths gets no more than the shorter one: memory behind it is not touched.
#[cfg(target_arch = "x86_64")]
#[test]
fn of_unequal_lengths_the_shorter_counts() {
    const AROUND: u64 = 0x5555_5555_5555_5555;
    let (long, short) = ([1; 64], 3);
    let cell = atomics(long);
    for bytes in vectors().into_iter().filter(|&bytes| bytes > 16) {
        let mut out = [MaybeUninit::new(AROUND); 64];
        let target = atomics([AROUND; 64]);
        // SAFETY: the processor has them.
        let _ = unsafe { copy::avx::load(bytes, &cell, &mut out[..short]) };
        // SAFETY: as before.
        let _ = unsafe { copy::avx::store(bytes, &long, &target[..short]) };
        // SAFETY: all were initialised, and are still words.
        assert!(out[short..].iter().all(|word| unsafe { word.assume_init() } == AROUND), "{bytes} bytes");
        assert!(target[short..].iter().all(|word| word.load(Ordering::Relaxed) == AROUND), "{bytes} bytes");
    }
}

/// What a cell never holds but whole: a word of eight equal bytes. Any halves of two of them are none.
#[test]
fn no_word_is_torn_whatever_stores_and_loads_it() {
    const PASSES: usize = if cfg!(debug_assertions) { 2_000 } else { 50_000 };
    // A cell with an odd place on its line, so that vectors lie across lines, too.
    let (words, place) = (67, 3);
    let cell = &atomics(vec![0; words + place])[place..];
    for (stores, loads) in
        vectors().into_iter().flat_map(|stores| vectors().into_iter().map(move |loads| (stores, loads)))
    {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut byte = 0_u8;
                while !is_over.load(Ordering::Relaxed) {
                    byte = byte.wrapping_add(1);
                    store(stores, &vec![u64::from_ne_bytes([byte; 8]); words], cell);
                }
            });
            let mut out = vec![MaybeUninit::new(0); words];
            let mut torn = None;
            // Beside a writer that has begun, and has stored something else before the last one.
            let (mut passes, mut first) = (0, None);
            while passes < PASSES || first == Some(cell[0].load(Ordering::Relaxed)) {
                load(loads, cell, &mut out);
                first = first.or_else(|| Some(cell[0].load(Ordering::Relaxed)));
                passes += 1;
                // SAFETY: all were initialised, and are still words.
                let mut values = out.iter().map(|word| unsafe { word.assume_init() }.to_ne_bytes());
                torn = torn.or(values.find(|bytes| bytes.iter().any(|byte| *byte != bytes[0])));
            }
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(torn, None, "stored by {stores} bytes, loaded by {loads}");
        });
    }
}
