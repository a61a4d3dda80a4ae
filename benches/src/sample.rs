//! What is written and read: records of 32, 64, 256 and 4096 bytes, made of words that all bear the same number, so that a torn
//! one shows; and the record of the examples. Knows who moves them in nothing but the derive of ours.

use shmrecord::ShmRecord;

/// A record, as every contestant moves it. Any bytes are one.
pub(crate) trait Sample: ShmRecord + Send + Sync {
    /// The same bytes as plain words, for crates that want types of their own.
    type Words: Copy + Send + Sync + AsRef<[u64]> + AsMut<[u64]> + 'static;

    fn filled(with: u64) -> Self;
    fn words(&self) -> &Self::Words;
    fn words_mut(&mut self) -> &mut Self::Words;

    /// The number that it was filled with.
    fn tag(&self) -> u64 {
        self.words().as_ref()[0]
    }

    /// Whether it is of two that were written.
    fn is_torn(&self) -> bool {
        let words = self.words().as_ref();
        // All of them, without a branch for each.
        words.iter().fold(0, |differing, word| differing | (word ^ words[0])) != 0
    }
}

macro_rules! sample {
    ($name:ident, $words:literal) => {
        #[derive(ShmRecord, Clone, Copy)]
        #[repr(C)]
        pub(crate) struct $name {
            words: [u64; $words],
        }

        impl Sample for $name {
            type Words = [u64; $words];

            fn filled(with: u64) -> Self {
                Self { words: [with; $words] }
            }

            fn words(&self) -> &Self::Words {
                &self.words
            }

            fn words_mut(&mut self) -> &mut Self::Words {
                &mut self.words
            }
        }
    };
}

sample!(Bytes32, 4);
sample!(Bytes64, 8);
sample!(Bytes256, 32);
sample!(Bytes4096, 512);

/// A record as people have them: text, and padding behind it.
#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
pub(crate) struct Quote {
    symbol: [u8; 10],
    price: f64,
    volume: u64,
}

impl Quote {
    pub(crate) fn filled(with: u64) -> Self {
        Self { symbol: *b"AAPL\0\0\0\0\0\0", price: 0.5, volume: with }
    }
}

/// On cache lines of its own, so that no figure depends on where the stack happens to be.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Aligned<T>(pub(crate) T);

/// The bytes of a sample.
pub(crate) fn bytes<T: Sample>(sample: &T) -> &[u8] {
    let words = sample.words().as_ref();
    // SAFETY: these words, of which any byte may be looked at.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// As [`bytes`], to be filled.
pub(crate) fn bytes_mut<T: Sample>(sample: &mut T) -> &mut [u8] {
    let words = sample.words_mut().as_mut();
    // SAFETY: these words, borrowed for as long; any bytes are words.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}
