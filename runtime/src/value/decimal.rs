//! Scaled integers in decimal. Relies on nothing.

use std::fmt;

/// An integer that counts units of a power of ten: 127500000000 with exponent -9 is 127.500000000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// How many units.
    pub units: i128,
    /// The power of ten that a unit is.
    pub exp: i8,
}

impl fmt::Display for Decimal {
    /// Every digit that the unit gives, exactly: `-0.05`, `1200`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.units.unsigned_abs().to_string();
        let places = usize::from(self.exp.unsigned_abs());
        let text = if self.units == 0 && self.exp >= 0 {
            digits
        } else if self.exp >= 0 {
            digits + &"0".repeat(places)
        } else {
            // At least one digit stands in front of the point.
            let digits = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            format!("{whole}.{fraction}")
        };
        f.pad_integral(self.units >= 0, "", &text)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn every_digit_is_there() {
        let shown = |units, exp| Decimal { units, exp }.to_string();
        assert_eq!(shown(127_500_000_000, -9), "127.500000000");
        assert_eq!(shown(-5, -2), "-0.05");
        assert_eq!(shown(5, -1), "0.5");
        assert_eq!(shown(0, -2), "0.00");
        assert_eq!((shown(12, 2), shown(0, 2), shown(-7, 0)), ("1200".into(), "0".into(), "-7".into()));
        assert_eq!(shown(u64::MAX.into(), -20), "0.18446744073709551615");
        assert_eq!(shown(i64::MIN.into(), -18), "-9.223372036854775808");
        assert_eq!(shown(1, -128).len(), 130);
        assert_eq!(format!("{:>7}", Decimal { units: 15, exp: -1 }), "    1.5");
    }
}
