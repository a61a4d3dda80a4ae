//! Numbers of any scalar kind in 64 bits: what `null`, `min` and `max` of a field and the values of enums are. Relies on
//! `kind`; runs in const evaluation.

use core::fmt;

use crate::kind::Kind;

/// A number of some kind, in 64 bits: an integer in two's complement, extended by its sign; an `f32` or `f64` as the bits
/// of the `f64`. Which kind it is of, who has it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number(u64);

impl Number {
    /// The one NaN that stands for all of them.
    pub const NAN: Number = Number(0x7ff8 << 48);

    /// The number with these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// This integer as a number of this kind; `None` when the kind cannot hold it exactly, or holds no numbers.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "compared with the kind's range"
    )]
    #[expect(clippy::cast_precision_loss, reason = "compared with the integer that the float is")]
    pub const fn integer(kind: Kind, value: i128) -> Option<Self> {
        if kind.is_float() {
            let float = value as f64;
            let within = i64::MIN as i128 <= value && value <= u64::MAX as i128;
            let exact = within
                && float as i128 == value
                && (matches!(kind, Kind::F64) || float as f32 as f64 == float);
            return if exact { Some(Self(float.to_bits())) } else { None };
        }
        let number = Self(value as u64);
        let same = match kind.is_signed() {
            true => number.as_i64() as i128 == value,
            false => number.0 as i128 == value,
        };
        if same && number.is_of(kind) { Some(number) } else { None }
    }

    /// This float as a number of this kind, rounded to it; `None` for other kinds than floats, and for a finite number
    /// that an `f32` cannot come near.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
    pub const fn float(kind: Kind, value: f64) -> Option<Self> {
        let rounded = match kind {
            Kind::F64 => value,
            Kind::F32 => value as f32 as f64,
            _ => return None,
        };
        if value.is_nan() {
            return Some(Self::NAN);
        }
        if rounded.is_finite() == value.is_finite() { Some(Self(rounded.to_bits())) } else { None }
    }

    /// The least number of an integer kind.
    #[must_use]
    pub const fn least(kind: Kind) -> Option<Self> {
        match kind {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => Some(Self(0)),
            Kind::I8 => Self::integer(kind, i8::MIN as i128),
            Kind::I16 => Self::integer(kind, i16::MIN as i128),
            Kind::I32 => Self::integer(kind, i32::MIN as i128),
            Kind::I64 => Self::integer(kind, i64::MIN as i128),
            Kind::F32 | Kind::F64 | Kind::Bool | Kind::Record => None,
        }
    }

    /// The greatest number of an integer kind.
    #[must_use]
    pub const fn greatest(kind: Kind) -> Option<Self> {
        match Self::least(kind) {
            Some(Self(0)) => match kind.size() {
                Some(bytes) => Some(Self(u64::MAX >> (64 - 8 * bytes))),
                None => None,
            },
            // In two's complement the greatest is what the least is not.
            Some(Self(least)) => Some(Self(!least)),
            None => None,
        }
    }

    /// The number of this kind at the beginning of these bytes, little-endian; `None` when they are too few, or the kind
    /// holds no numbers.
    #[must_use]
    pub fn from_le_bytes(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let size = kind.size()? as usize;
        let mut eight = [0; 8];
        eight[..size].copy_from_slice(bytes.get(..size)?);
        let bits = u64::from_le_bytes(eight);
        match kind {
            Kind::Bool | Kind::Record => None,
            Kind::F32 => Self::float(kind, f32::from_bits(u32::try_from(bits).ok()?).into()),
            Kind::F64 => Self::float(kind, f64::from_bits(bits)),
            _ => {
                let above = 64 - 8 * size;
                let extended = (bits << above).cast_signed() >> above;
                Some(Self(if kind.is_signed() { extended.cast_unsigned() } else { bits }))
            }
        }
    }

    /// Stores it as a number of this kind at the beginning of these bytes, little-endian; nothing when they are too few, or the
    /// kind holds no numbers. What [`Number::from_le_bytes`] reads back.
    #[expect(clippy::cast_possible_truncation, reason = "a number of an f32 is one")]
    pub fn put_le_bytes(self, kind: Kind, bytes: &mut [u8]) {
        let bits = match kind {
            Kind::Bool | Kind::Record => return,
            Kind::F32 => (self.as_f64() as f32).to_bits().into(),
            _ => self.0,
        };
        let size = kind.size().map_or(0, |size| size as usize);
        if let Some(bytes) = bytes.get_mut(..size) {
            bytes.copy_from_slice(&bits.to_le_bytes()[..size]);
        }
    }

    /// As a signed integer.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// As a float.
    #[must_use]
    pub const fn as_f64(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// Whether it is less than another number of this kind; a NaN never is.
    #[must_use]
    pub const fn is_below(self, other: Number, kind: Kind) -> bool {
        match kind {
            Kind::F32 | Kind::F64 => self.as_f64() < other.as_f64(),
            _ if kind.is_signed() => self.as_i64() < other.as_i64(),
            _ => self.0 < other.0,
        }
    }

    /// Whether these limits allow it, so that it cannot mean "no value". Where one of the two is not said, the last number of
    /// that side is free; where neither is, every number is.
    #[must_use]
    pub const fn is_meant(self, kind: Kind, min: Option<Number>, max: Option<Number>) -> bool {
        let below = match (min, Self::least(kind)) {
            (Some(min), _) => self.is_below(min, kind),
            (None, Some(least)) => self.0 == least.0,
            (None, None) => self.as_f64() == f64::NEG_INFINITY,
        };
        let above = match (max, Self::greatest(kind)) {
            (Some(max), _) => max.is_below(self, kind),
            (None, Some(greatest)) => self.0 == greatest.0,
            (None, None) => self.as_f64() == f64::INFINITY,
        };
        let is_nan = kind.is_float() && self.as_f64().is_nan();
        (min.is_some() || max.is_some()) && !below && !above && !is_nan
    }

    /// Whether these bits are a number of this kind. Any bits are a float's.
    #[must_use]
    pub const fn is_of(self, kind: Kind) -> bool {
        match (kind, kind.size()) {
            (Kind::Bool | Kind::Record, _) | (_, None) => false,
            (Kind::F32 | Kind::F64, _) => true,
            (_, Some(bytes)) => {
                let above = 64 - 8 * bytes;
                let extended = match kind.is_signed() {
                    true => (self.as_i64() << above >> above).cast_unsigned(),
                    false => self.0 << above >> above,
                };
                extended == self.0
            }
        }
    }

    /// The number as one of this kind is written: `-1`, `127.5`, `NaN`.
    pub fn display(self, kind: Kind) -> impl fmt::Display {
        Shown { number: self, kind }
    }
}

struct Shown {
    number: Number,
    kind: Kind,
}

impl fmt::Display for Shown {
    #[expect(clippy::cast_possible_truncation, reason = "an f32 has fewer digits")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::F32 => (self.number.as_f64() as f32).fmt(f),
            Kind::F64 => self.number.as_f64().fmt(f),
            kind if kind.is_signed() => self.number.as_i64().fmt(f),
            _ => self.number.bits().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::Number;
    use crate::Kind;

    #[test]
    fn a_number_is_within_its_kind_or_none() {
        let text = |kind, value| Number::integer(kind, value).map(|number| number.display(kind).to_string());
        for (kind, least, greatest) in [
            (Kind::U8, 0, i128::from(u8::MAX)),
            (Kind::I8, i128::from(i8::MIN), i128::from(i8::MAX)),
            (Kind::I32, i128::from(i32::MIN), i128::from(i32::MAX)),
            (Kind::U64, 0, i128::from(u64::MAX)),
            (Kind::I64, i128::from(i64::MIN), i128::from(i64::MAX)),
        ] {
            assert_eq!(Number::integer(kind, least), Number::least(kind));
            assert_eq!(Number::integer(kind, greatest), Number::greatest(kind));
            assert_eq!(text(kind, least), Some(least.to_string()));
            assert_eq!(text(kind, greatest), Some(greatest.to_string()));
            assert_eq!((text(kind, least - 1), text(kind, greatest + 1)), (None, None));
        }
        assert_eq!((text(Kind::Bool, 0), text(Kind::Record, 0)), (None, None));
    }

    #[test]
    fn a_number_is_read_from_bytes() {
        let read = |kind, bytes: &[u8]| {
            Number::from_le_bytes(kind, bytes).map(|number| number.display(kind).to_string())
        };
        assert_eq!(read(Kind::I8, &[0x80, 1]).as_deref(), Some("-128"));
        assert_eq!(read(Kind::U16, &[0xff, 0xff]).as_deref(), Some("65535"));
        assert_eq!(read(Kind::I64, &[0xff; 8]).as_deref(), Some("-1"));
        assert_eq!(read(Kind::F32, &0.1_f32.to_le_bytes()).as_deref(), Some("0.1"));
        assert_eq!(read(Kind::F64, &(-f64::NAN).to_le_bytes()).as_deref(), Some("NaN"));
        assert_eq!((read(Kind::U32, &[0; 3]), read(Kind::Bool, &[1])), (None, None));
    }

    #[test]
    fn what_is_put_is_read_back() {
        for kind in Kind::ALL {
            let numbers = [Number::least(kind), Number::greatest(kind), Number::float(kind, 0.1)];
            let others = [Number::integer(kind, -2), Number::integer(kind, 7), Number::float(kind, f64::NAN)];
            for number in numbers.into_iter().chain(others).flatten() {
                let mut bytes = [0x5a; 9];
                number.put_le_bytes(kind, &mut bytes);
                assert_eq!(Number::from_le_bytes(kind, &bytes), Some(number), "{kind:?}");
                let size = kind.size().unwrap() as usize;
                assert!(bytes[size..].iter().all(|byte| *byte == 0x5a), "{kind:?}");
                let mut few = [0x5a; 8];
                number.put_le_bytes(kind, &mut few[..size - 1]);
                assert_eq!(few, [0x5a; 8]);
            }
        }
    }

    #[test]
    fn a_number_outside_of_the_limits_is_free() {
        let meant = |kind, number, min: Option<i128>, max: Option<i128>| {
            let limit = |limit: Option<i128>| limit.and_then(|limit| Number::integer(kind, limit));
            Number::integer(kind, number).unwrap().is_meant(kind, limit(min), limit(max))
        };
        for kind in [Kind::I8, Kind::I64, Kind::F32, Kind::F64] {
            assert!(meant(kind, -5, Some(-5), None) && meant(kind, -5, None, Some(-5)), "{kind:?}");
            assert!(!meant(kind, -5, Some(-4), None) && !meant(kind, -5, Some(-9), Some(-6)), "{kind:?}");
            assert!(!meant(kind, -5, None, None), "{kind:?}");
        }
        assert!(meant(Kind::U8, 200, Some(100), None) && !meant(Kind::U8, 255, Some(100), None));
        assert!(!meant(Kind::U8, 0, None, Some(9)) && meant(Kind::U8, 1, None, Some(9)));
        assert!(!Number::NAN.is_meant(Kind::F64, Number::integer(Kind::F64, 0), None));
        let infinite = Number::float(Kind::F64, f64::INFINITY).unwrap();
        assert!(!infinite.is_meant(Kind::F64, Number::integer(Kind::F64, 0), None));
        assert!(infinite.is_meant(Kind::F64, None, Some(infinite)));
    }

    #[test]
    fn a_float_holds_what_it_can() {
        assert_eq!(Number::integer(Kind::F64, -3).map(Number::as_f64), Some(-3.0));
        assert_eq!(Number::integer(Kind::F64, (1 << 53) + 1), None);
        assert_eq!(Number::integer(Kind::F32, (1 << 24) + 1), None);
        assert_eq!(Number::integer(Kind::F64, i128::MAX), None);
        assert_eq!(Number::float(Kind::F32, 0.1).unwrap().display(Kind::F32).to_string(), "0.1");
        assert_eq!(Number::float(Kind::F32, 1e300), None);
        assert_eq!(Number::float(Kind::F32, f64::INFINITY).map(Number::as_f64), Some(f64::INFINITY));
        assert_eq!(Number::float(Kind::F64, -f64::NAN), Some(Number::NAN));
        assert_eq!(Number::float(Kind::I64, 1.0), None);
    }
}
