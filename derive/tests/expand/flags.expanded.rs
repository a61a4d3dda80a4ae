#[derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::cmp::PartialOrd,
    ::core::cmp::Ord,
    ::core::hash::Hash,
)]
#[repr(transparent)]
pub(crate) struct State(pub(crate) ::core::primitive::u16);
#[allow(non_upper_case_globals, reason = "the names are the schema's")]
#[allow(dead_code, reason = "not every program uses every value")]
impl State {
    /// Too old.
    pub const STALE: Self = Self({
        const BIT: ::core::primitive::u32 = 1;
        ::core::assert!(
            BIT < ::core::primitive::u16::BITS,
            "no such bit: the lowest is 0, the highest one less than the integer has"
        );
        1 << BIT
    });
    #[deprecated]
    pub const CROSSED: Self = Self({
        const BIT: ::core::primitive::u32 = 15;
        ::core::assert!(
            BIT < ::core::primitive::u16::BITS,
            "no such bit: the lowest is 0, the highest one less than the integer has"
        );
        1 << BIT
    });
}
#[allow(deprecated, reason = "a deprecated value stays a value")]
const _: () = {
    #[allow(dead_code, reason = "not every program uses every operation")]
    impl State {
        /// No flag.
        #[must_use]
        #[inline]
        pub const fn empty() -> Self {
            Self(0)
        }
        /// Every flag that has a name.
        #[must_use]
        #[inline]
        pub const fn all() -> Self {
            Self(0 | Self::STALE.0 | Self::CROSSED.0)
        }
        /// The flags as an integer, with those that have no name.
        #[must_use]
        #[inline]
        pub const fn bits(self) -> ::core::primitive::u16 {
            self.0
        }
        /// The flags of this integer; those that have no name are kept.
        #[must_use]
        #[inline]
        pub const fn from_bits(bits: ::core::primitive::u16) -> Self {
            Self(bits)
        }
        /// Whether no flag is set, with a name or without.
        #[must_use]
        #[inline]
        pub const fn is_empty(self) -> ::core::primitive::bool {
            self.0 == 0
        }
        /// Whether all of these flags are set.
        #[must_use]
        #[inline]
        pub const fn contains(self, others: Self) -> ::core::primitive::bool {
            self.0 & others.0 == others.0
        }
        /// Whether any of these flags is set.
        #[must_use]
        #[inline]
        pub const fn intersects(self, others: Self) -> ::core::primitive::bool {
            self.0 & others.0 != 0
        }
        /// These flags and those: `|`, for constants.
        #[must_use]
        #[inline]
        pub const fn union(self, others: Self) -> Self {
            Self(self.0 | others.0)
        }
        /// Sets these flags.
        #[inline]
        pub const fn insert(&mut self, others: Self) {
            self.0 |= others.0;
        }
        /// Clears these flags.
        #[inline]
        pub const fn remove(&mut self, others: Self) {
            self.0 &= !others.0;
        }
    }
    #[automatically_derived]
    impl ::core::default::Default for State {
        #[inline]
        fn default() -> Self {
            Self::empty()
        }
    }
    #[automatically_derived]
    impl ::core::ops::BitOr for State {
        type Output = Self;
        #[inline]
        fn bitor(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
    }
    #[automatically_derived]
    impl ::core::ops::BitOrAssign for State {
        #[inline]
        fn bitor_assign(&mut self, other: Self) {
            *self = *self | other;
        }
    }
    #[automatically_derived]
    impl ::core::ops::BitAnd for State {
        type Output = Self;
        #[inline]
        fn bitand(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
    }
    #[automatically_derived]
    impl ::core::ops::BitAndAssign for State {
        #[inline]
        fn bitand_assign(&mut self, other: Self) {
            *self = *self & other;
        }
    }
    const __LAYOUT: &::shmrecord::EnumLayout<'static> = &::shmrecord::EnumLayout::new(
        "State",
        ::shmrecord::Form::Flags,
        <::core::primitive::u16 as ::shmrecord::ShmField>::TYPE.kind,
        const {
            &[
                ::shmrecord::__private::value(
                    <::core::primitive::u16 as ::shmrecord::ShmField>::TYPE.kind,
                    "STALE",
                    State::STALE.0.trailing_zeros() as ::core::primitive::i128,
                    "Too old.",
                ),
                ::shmrecord::__private::value(
                    <::core::primitive::u16 as ::shmrecord::ShmField>::TYPE.kind,
                    "CROSSED",
                    State::CROSSED.0.trailing_zeros() as ::core::primitive::i128,
                    "",
                ),
            ]
        },
        "",
    );
    #[automatically_derived]
    impl ::shmrecord::ShmEnum for State
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static ::shmrecord::EnumLayout<'static> = __LAYOUT;
    }
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for State {
        const TYPE: ::shmrecord::FieldType<'static> = ::shmrecord::__private::named(
            __LAYOUT,
        );
        const ANY_BITS: ::core::primitive::bool = true;
        const PADDED: ::core::primitive::bool = false;
        type Wire = ::core::primitive::u16;
        #[inline]
        fn to_wire(&self) -> ::core::primitive::u16 {
            self.0
        }
        #[inline]
        fn from_wire(wire: ::core::primitive::u16) -> Self {
            Self(wire)
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for State {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrecord::__private::debug::<Self>(f, self.0 as ::core::primitive::i128)
        }
    }
};
