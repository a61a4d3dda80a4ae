//! Record types of the suites. Relies on the derive; knows no segment.

use std::fmt::Debug;

use shmrecord::ShmRecord;

/// The record of most tests.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Quote {
    /// Text of fixed length.
    #[shm(text)]
    pub symbol: [u8; 10],
    /// At 16, behind six bytes of padding.
    pub price: f64,
    /// At 24.
    pub volume: i64,
}

/// A quote that says its number in each of its fields.
#[must_use]
pub fn quote(number: i32) -> Quote {
    let mut symbol = [0; 10];
    let text = format!("S{number}");
    symbol[..text.len()].copy_from_slice(text.as_bytes());
    Quote { symbol, price: f64::from(number) * 0.5, volume: i64::from(number) }
}

/// No value at all: what a record reads as that was never written.
pub const NO_QUOTE: Quote = Quote { symbol: [0; 10], price: 0.0, volume: 0 };

/// A record whose every word follows from its index and version, so that a torn, misplaced or wrongly counted one shows.
pub trait Pattern: ShmRecord + Debug + PartialEq {
    /// The only right value of record `index` in this version; all zeros for version 0.
    fn of(index: usize, version: u64) -> Self;

    /// All of it.
    fn words(&self) -> &[u64];
}

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident: $words:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        pub struct $name {
            /// The pattern.
            pub words: [u64; $words],
        }

        impl Pattern for $name {
            fn of(index: usize, version: u64) -> Self {
                let mut words = [0; $words];
                let mut word = version.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index as u64;
                if version > 0 {
                    for place in &mut words {
                        word = word.rotate_left(7).wrapping_add(0x2545_f491_4f6c_dd1d);
                        *place = word;
                    }
                }
                Self { words }
            }

            fn words(&self) -> &[u64] {
                &self.words
            }
        }
    )+};
}

patterns! {
    /// 8 bytes.
    Pattern8: 1,
    /// 64 bytes.
    Pattern64: 8,
    /// 256 bytes.
    Pattern256: 32,
    /// 4096 bytes.
    Pattern4096: 512,
}

/// An account: every word is the amount.
#[must_use]
pub fn account(amount: u64) -> Pattern256 {
    Pattern256 { words: [amount; 32] }
}

/// What these accounts add up to, wrapping; `None` when one of them is torn.
#[must_use]
pub fn balance(accounts: &[Pattern256]) -> Option<u64> {
    let whole = accounts.iter().all(|it| it.words == [it.words[0]; 32]);
    whole.then(|| accounts.iter().fold(0, |sum: u64, it| sum.wrapping_add(it.words[0])))
}
