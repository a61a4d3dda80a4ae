//! The closed set of field kinds: size, alignment, stable tag. Relies on nothing.

/// What one element of a field is.
///
/// The discriminants are the tags that enter `layout_id` and stand in a segment's description: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Unsigned 8-bit integer; also each byte of a text field.
    U8 = 1,
    /// Unsigned 16-bit integer.
    U16 = 2,
    /// Unsigned 32-bit integer.
    U32 = 3,
    /// Unsigned 64-bit integer.
    U64 = 4,
    /// Signed 8-bit integer.
    I8 = 5,
    /// Signed 16-bit integer.
    I16 = 6,
    /// Signed 32-bit integer.
    I32 = 7,
    /// Signed 64-bit integer.
    I64 = 8,
    /// IEEE 754 binary32.
    F32 = 9,
    /// IEEE 754 binary64.
    F64 = 10,
    /// One byte, 0 or 1.
    Bool = 11,
    /// Another record, whose size and alignment its own layout gives.
    Record = 12,
}

impl Kind {
    /// Every kind, in the order of the tags.
    pub const ALL: [Kind; 12] = [
        Kind::U8,
        Kind::U16,
        Kind::U32,
        Kind::U64,
        Kind::I8,
        Kind::I16,
        Kind::I32,
        Kind::I64,
        Kind::F32,
        Kind::F64,
        Kind::Bool,
        Kind::Record,
    ];

    /// The stable tag: 1 to 12.
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The kind with this tag, or `None` for a tag that nothing has.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Kind> {
        if tag == 0 || tag as usize > Self::ALL.len() {
            return None;
        }
        Some(Self::ALL[tag as usize - 1])
    }

    /// Bytes of one element, which is also its alignment on every 64-bit target; `None` for [`Kind::Record`].
    #[must_use]
    pub const fn size(self) -> Option<u32> {
        match self {
            Kind::U8 | Kind::I8 | Kind::Bool => Some(1),
            Kind::U16 | Kind::I16 => Some(2),
            Kind::U32 | Kind::I32 | Kind::F32 => Some(4),
            Kind::U64 | Kind::I64 | Kind::F64 => Some(8),
            Kind::Record => None,
        }
    }

    /// Whether its values are whole numbers: `u8` to `u64`, `i8` to `i64`.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        self.is_signed() || matches!(self, Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64)
    }

    /// Whether its values are whole numbers with a sign: `i8` to `i64`.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64)
    }

    /// Whether its values are `f32` or `f64`.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Kind::F32 | Kind::F64)
    }

    /// The name in schemas and messages, which is Rust's: `u8`, `f64`, `bool`; `record` for [`Kind::Record`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::U8 => "u8",
            Kind::U16 => "u16",
            Kind::U32 => "u32",
            Kind::U64 => "u64",
            Kind::I8 => "i8",
            Kind::I16 => "i16",
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
            Kind::Bool => "bool",
            Kind::Record => "record",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn tags_are_stable_and_round_trip() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.tag()), index + 1);
            assert_eq!(Kind::from_tag(kind.tag()), Some(kind));
        }
        assert_eq!((Kind::U8.tag(), Kind::I64.tag(), Kind::F64.tag()), (1, 8, 10));
        assert_eq!(Kind::from_tag(0), None);
        assert_eq!(Kind::from_tag(13), None);
    }

    #[test]
    fn sizes_are_the_compilers() {
        assert_eq!(Kind::U16.size(), Some(2));
        assert_eq!(Kind::F32.size().map(|s| s as usize), Some(size_of::<f32>()));
        assert_eq!(Kind::F64.size().map(|s| s as usize), Some(align_of::<f64>()));
        assert_eq!(Kind::Bool.size().map(|s| s as usize), Some(size_of::<bool>()));
    }
}
