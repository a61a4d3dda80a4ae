//! What `guard::copy` must not be, under `--cfg miscopy`: a copy by plain loads and stores, by volatile ones, by atomics of another
//! size. Miri must call each undefined, one test in a process; on a processor nobody would notice.

#![expect(unsafe_code, reason = "the very mistakes")]

use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{self, AtomicU32, Ordering};

use crate::protocol::MODELS;
use crate::sync::AtomicU64;

/// How words are moved.
#[derive(Debug)]
enum Kind {
    Plain,
    Volatile,
    /// Loads of halves beside stores of whole words.
    Halves,
}

static KIND: OnceLock<Kind> = OnceLock::new();

fn kind() -> &'static Kind {
    KIND.get_or_init(|| Kind::Plain)
}

pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    for (to, from) in to.iter_mut().zip(from) {
        let from = std::ptr::from_ref(from).cast::<u64>();
        // SAFETY: none. The word is there, and others store to it meanwhile.
        to.write(unsafe {
            match kind() {
                Kind::Plain => from.read(),
                Kind::Volatile => from.read_volatile(),
                Kind::Halves => {
                    let halves = &*from.cast::<[AtomicU32; 2]>();
                    let [low, high] = halves.each_ref().map(|half| u64::from(half.load(Ordering::Relaxed)));
                    high << 32 | low
                }
            }
        });
    }
}

/// As in `guard::copy`: says something to a processor, which Miri is none.
pub(crate) fn will_store(_: &[AtomicU64]) {}

pub(crate) fn store(from: &[u64], to: &[AtomicU64]) {
    for (&from, to) in from.iter().zip(to) {
        let to = std::ptr::from_ref(to).cast_mut().cast::<u64>();
        // SAFETY: none. The word is there, its owner may change it, and others load it meanwhile.
        unsafe {
            match kind() {
                Kind::Plain => to.write(from),
                Kind::Volatile => to.write_volatile(from),
                Kind::Halves => (*to.cast::<atomic::AtomicU64>()).store(from, Ordering::Relaxed),
            }
        }
    }
}

fn copies(kind: Kind) {
    KIND.set(kind).expect("one test in a process");
    let (_, writes) = MODELS[0];
    writes();
}

#[test]
fn plain() {
    copies(Kind::Plain);
}

#[test]
fn volatile() {
    copies(Kind::Volatile);
}

#[test]
fn halves() {
    copies(Kind::Halves);
}
