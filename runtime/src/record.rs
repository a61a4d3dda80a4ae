//! The contract between a Rust type and its bytes in a segment: [`ShmRecord`], [`ShmField`], and their implementations
//! for scalars and arrays. Relies on the layout crate and on zerocopy's proof that a wire type has no hidden padding.
//! Knows no mapping and no protocol.
//!
//! A struct's padding is uninitialised memory, so its bytes must never be looked at. Every field type therefore has a
//! *wire* type of the same size, alignment and offsets whose every byte is initialised. The derive writes it with the
//! padding spelled out as zeros.

#![expect(unsafe_code, reason = "what is said of a type's bytes is relied upon")]

use shmrecord_layout::{FieldType, Kind, RecordLayout};
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// A type that can be a field of a record: scalars, `bool`, enums and flags, arrays of up to four dimensions, other records.
///
/// Implemented here for the scalars and arrays, by `#[derive(ShmRecord)]` for records, and for enums and flags by
/// [`derive(ShmEnum)`](macro@crate::ShmEnum), [`open_enum`](macro@crate::open_enum) and [`flags`](macro@crate::flags).
///
/// # Safety
/// `Wire` has the size, the alignment and, for each field, the offset and the wire type of `Self`. [`ShmField::ANY_BITS`] and
/// [`ShmField::PADDED`] say what is so: values are made of bytes, and bytes of values, on the strength of this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be placed in shared memory",
    label = "not a fixed-layout type",
    note = "fields are u8 to u64, i8 to i64, f32, f64, bool, enums and flags (ShmEnum, open_enum, flags), structs that derive ShmRecord, and arrays of these",
    note = "for text use `#[shm(text)] name: [u8; N]`; for an optional value a sentinel or a bool beside it"
)]
pub unsafe trait ShmField: Copy + 'static {
    /// Kind, element size and dimensions.
    const TYPE: FieldType<'static>;

    /// Whether any bytes are a value, the one that `from_wire` makes of them: there is no `bool`
    /// in it, no closed enum and no [`Reserved`].
    const ANY_BITS: bool;

    /// Whether there are bytes that belong to no field, and so perhaps uninitialised ones.
    const PADDED: bool;

    /// The same size, alignment and offsets as `Self`, with padding made explicit.
    type Wire: IntoBytes + TryFromBytes + Immutable + KnownLayout + Copy;

    /// The value with zeros for padding.
    fn to_wire(&self) -> Self::Wire;

    /// The value without its padding.
    fn from_wire(wire: Self::Wire) -> Self;
}

/// A fixed-layout record: what a table holds. Implement it with `#[derive(ShmRecord)]`.
///
/// Values are passed through the stack: reading or writing a record of many hundred KiB needs a stack of several times its
/// size, more without optimisation. `read_into` does without where it can, and so does writing a record without padding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "a table holds records",
    note = "add `#[derive(ShmRecord, Clone, Copy)]` and `#[repr(C)]` to the struct"
)]
pub trait ShmRecord: ShmField {
    /// Name, size, alignment, fields and ids.
    const LAYOUT: &'static RecordLayout<'static>;
}

macro_rules! scalar {
    ($($rust:ty => $kind:ident),+ $(,)?) => {$(
        // SAFETY: the wire type is the type itself; of all scalars only `bool` has bytes that are no value.
        unsafe impl ShmField for $rust {
            const TYPE: FieldType<'static> = match FieldType::scalar(Kind::$kind) {
                Some(ty) => ty,
                None => unreachable!(),
            };
            const ANY_BITS: bool = !matches!(Kind::$kind, Kind::Bool);
            const PADDED: bool = false;
            type Wire = $rust;

            #[inline]
            fn to_wire(&self) -> $rust {
                *self
            }

            #[inline]
            fn from_wire(wire: $rust) -> $rust {
                wire
            }
        }
    )+};
}

scalar! {
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    f32 => F32, f64 => F64, bool => Bool,
}

// SAFETY: an array consists of its elements, one behind the other, and so does the array of their wire types.
unsafe impl<T: ShmField, const N: usize> ShmField for [T; N] {
    const TYPE: FieldType<'static> = {
        assert!(N > 0, "an array in a record needs at least one element");
        assert!(N < 1 << 31, "an array in a record has fewer than 2^31 elements");
        #[expect(clippy::cast_possible_truncation, reason = "compared with 2^31 in the line above")]
        match T::TYPE.array_of(N as u32) {
            Some(ty) => ty,
            None => panic!("an array in a record has at most four dimensions"),
        }
    };
    const ANY_BITS: bool = T::ANY_BITS;
    const PADDED: bool = T::PADDED;
    type Wire = [T::Wire; N];

    #[inline]
    fn to_wire(&self) -> Self::Wire {
        core::array::from_fn(|i| self[i].to_wire())
    }

    #[inline]
    fn from_wire(wire: Self::Wire) -> Self {
        core::array::from_fn(|i| T::from_wire(wire[i]))
    }
}

/// Bytes of a record that no field uses: room for fields to come, or a hole that an offset leaves.
///
/// A field of this type is marked `#[shm(padding)]`. It is in no layout and always zero in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Reserved<const N: usize>([u8; N]);

impl<const N: usize> Reserved<N> {
    /// The only value.
    pub const ZERO: Self = Self([0; N]);
}

impl<const N: usize> Default for Reserved<N> {
    fn default() -> Self {
        Self::ZERO
    }
}
