//! The verification pattern: records whose fields determine one another, so that a torn one shows. `c/pattern.h` is the
//! same in C.

use crate::md::MarketData;

/// The record of update `n`: ten decimal digits of it, half of it, and the number itself.
#[must_use]
pub fn record(n: i64) -> MarketData {
    let mut symbol = [0; 10];
    let mut rest = n.unsigned_abs();
    for digit in symbol.iter_mut().rev() {
        *digit = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
    }
    MarketData { symbol, price: half(n), volume: n }
}

/// Exact up to 2^52, so that equal numbers mean equal halves.
#[expect(clippy::cast_precision_loss, reason = "the mask keeps 52 bits, which f64 holds exactly")]
fn half(n: i64) -> f64 {
    (n & 0xf_ffff_ffff_ffff) as f64 / 2.0
}

/// Whether every field is what the volume says.
#[must_use]
pub fn is_whole(found: &MarketData) -> bool {
    *found == record(found.volume)
}

#[cfg(test)]
mod tests {
    use super::{is_whole, record};

    #[test]
    fn a_record_of_two_updates_is_recognised() {
        let (old, new) = (record(41), record(1_000_042));
        assert_eq!(&old.symbol, b"0000000041");
        assert!(is_whole(&old) && is_whole(&new));
        for torn in [
            crate::md::MarketData { volume: new.volume, ..old },
            crate::md::MarketData { price: new.price, ..old },
            crate::md::MarketData { symbol: new.symbol, ..old },
        ] {
            assert!(!is_whole(&torn));
        }
    }
}
