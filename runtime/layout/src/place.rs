//! `repr(C)` placement, for tools that have no compiler to ask. Relies on nothing; runs in const evaluation.
//!
//! The rule is C's on every 64-bit target: a field starts at the next multiple of its alignment, the record's alignment
//! is the largest of its fields', its size the next multiple of that.

/// The largest record, and the largest product of an array type, in bytes: 2^31.
pub const MAX_RECORD_BYTES: u64 = 1 << 31;
/// The largest alignment of a record, in bytes: a page, because a segment starts on one.
pub const MAX_ALIGN: u32 = 4096;

/// Where a field went, and the padding in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Padding bytes between the previous field and this one.
    pub padding: u32,
}

/// Size and alignment of a finished record, and the padding behind its last field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Bytes, a multiple of `align`.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Padding bytes behind the last field.
    pub padding: u32,
}

/// Why a field or a record cannot be placed as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// The asked offset is not a multiple of the field's alignment.
    Misaligned {
        /// The alignment, in bytes.
        align: u32,
    },
    /// The asked offset lies before the end of the previous field.
    Overlap {
        /// Where the previous field ends, in bytes.
        end: u32,
    },
    /// The record would pass [`MAX_RECORD_BYTES`].
    TooLarge,
    /// The asked size is smaller than the fields need.
    SizeTooSmall {
        /// The bytes needed.
        needed: u32,
    },
    /// The asked size is not a multiple of the alignment.
    SizeMisaligned {
        /// The alignment, in bytes.
        align: u32,
    },
    /// The asked alignment is no power of two, or above [`MAX_ALIGN`].
    AlignInvalid,
    /// The asked alignment is below that of a field.
    AlignTooSmall {
        /// The alignment needed, in bytes.
        needed: u32,
    },
}

/// A record whose fields are being placed, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    end: u32,
    align: u32,
}

impl Placement {
    /// No field yet.
    pub const EMPTY: Placement = Placement { end: 0, align: 1 };

    /// Where the last placed field ends.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.end
    }

    /// Places a field of `size` bytes and alignment `align` (a power of two), at `pinned` when given.
    ///
    /// # Errors
    /// [`PlaceError::Misaligned`] and [`PlaceError::Overlap`] for a pinned offset, [`PlaceError::TooLarge`].
    pub const fn place(
        self,
        size: u64,
        align: u32,
        pinned: Option<u32>,
    ) -> Result<(Self, Placed), PlaceError> {
        let natural = (self.end as u64).next_multiple_of(align as u64);
        let offset = match pinned {
            Some(offset) if offset < self.end => return Err(PlaceError::Overlap { end: self.end }),
            Some(offset) if !offset.is_multiple_of(align) => return Err(PlaceError::Misaligned { align }),
            Some(offset) => offset as u64,
            None => natural,
        };
        let end = match offset.checked_add(size) {
            Some(end) if end <= MAX_RECORD_BYTES => end,
            _ => return Err(PlaceError::TooLarge),
        };
        let align = if align > self.align { align } else { self.align };
        let offset = narrow(offset);
        Ok((Placement { end: narrow(end), align }, Placed { offset, padding: offset - self.end }))
    }

    /// Closes the record, with the alignment and the size asked for, or what the fields need.
    ///
    /// # Errors
    /// Every variant of [`PlaceError`] about size and alignment.
    pub const fn finish(self, align: Option<u32>, size: Option<u32>) -> Result<Finished, PlaceError> {
        let align = match align {
            Some(align) if !align.is_power_of_two() || align > MAX_ALIGN => {
                return Err(PlaceError::AlignInvalid);
            }
            Some(align) if align < self.align => {
                return Err(PlaceError::AlignTooSmall { needed: self.align });
            }
            Some(align) => align,
            None => self.align,
        };
        let needed = (self.end as u64).next_multiple_of(align as u64);
        if needed > MAX_RECORD_BYTES {
            return Err(PlaceError::TooLarge);
        }
        let needed = narrow(needed);
        let size = match size {
            Some(size) if size < self.end => return Err(PlaceError::SizeTooSmall { needed }),
            Some(size) if !size.is_multiple_of(align) => return Err(PlaceError::SizeMisaligned { align }),
            Some(size) if size as u64 > MAX_RECORD_BYTES => return Err(PlaceError::TooLarge),
            Some(size) => size,
            None => needed,
        };
        Ok(Finished { size, align, padding: size - self.end })
    }
}

/// The value as u32. Callers have compared it with [`MAX_RECORD_BYTES`].
#[expect(clippy::cast_possible_truncation, reason = "at most 2^31, which the callers check")]
const fn narrow(value: u64) -> u32 {
    value as u32
}

#[cfg(test)]
mod tests {
    use super::{Finished, PlaceError, Placed, Placement};

    #[test]
    fn market_data_is_placed_as_the_compiler_does() {
        let (p, symbol) = Placement::EMPTY.place(10, 1, None).unwrap();
        let (p, price) = p.place(8, 8, None).unwrap();
        let (p, volume) = p.place(8, 8, None).unwrap();
        assert_eq!(symbol, Placed { offset: 0, padding: 0 });
        assert_eq!(price, Placed { offset: 16, padding: 6 });
        assert_eq!(volume, Placed { offset: 24, padding: 0 });
        assert_eq!(p.finish(None, None), Ok(Finished { size: 32, align: 8, padding: 0 }));
        assert_eq!(p.finish(Some(64), None), Ok(Finished { size: 64, align: 64, padding: 32 }));
        assert_eq!(p.finish(None, Some(40)), Ok(Finished { size: 40, align: 8, padding: 8 }));
    }

    #[test]
    fn what_cannot_be_placed_says_why() {
        let (p, _) = Placement::EMPTY.place(10, 4, None).unwrap();
        assert_eq!(p.place(4, 4, Some(8)), Err(PlaceError::Overlap { end: 10 }));
        assert_eq!(p.place(4, 4, Some(14)), Err(PlaceError::Misaligned { align: 4 }));
        assert_eq!(p.place(4, 4, Some(12)).unwrap().1, Placed { offset: 12, padding: 2 });
        assert_eq!(p.place(1 << 31, 4, None), Err(PlaceError::TooLarge));
        assert_eq!(p.place(u64::MAX, 4, None), Err(PlaceError::TooLarge));
        assert_eq!(p.finish(None, Some(8)), Err(PlaceError::SizeTooSmall { needed: 12 }));
        assert_eq!(p.finish(None, Some(14)), Err(PlaceError::SizeMisaligned { align: 4 }));
        assert_eq!(p.finish(Some(2), None), Err(PlaceError::AlignTooSmall { needed: 4 }));
        assert_eq!(p.finish(Some(24), None), Err(PlaceError::AlignInvalid));
        assert_eq!(p.finish(Some(0), None), Err(PlaceError::AlignInvalid));
        assert_eq!(p.finish(Some(8192), None), Err(PlaceError::AlignInvalid));
    }
}
