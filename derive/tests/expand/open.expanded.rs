/// Who wanted it.
#[derive(Default)]
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
pub struct Side(pub ::core::primitive::u8);
#[allow(non_upper_case_globals, reason = "the names are the schema's")]
#[allow(dead_code, reason = "not every program uses every value")]
impl Side {
    /// Buyers.
    pub const BID: Self = Self(b'B');
    pub const ASK: Self = Self(b'A');
}
#[allow(deprecated, reason = "a deprecated value stays a value")]
const _: () = {
    #[allow(dead_code, reason = "not every program asks")]
    impl Side {
        /// The name of this value; `None` for one that this version does not know.
        #[must_use]
        pub const fn name(
            self,
        ) -> ::core::option::Option<&'static ::core::primitive::str> {
            if self.0 == Self::BID.0 {
                return ::core::option::Option::Some("BID");
            }
            if self.0 == Self::ASK.0 {
                return ::core::option::Option::Some("Ask");
            }
            ::core::option::Option::None
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<::core::primitive::u8> for Side {
        #[inline]
        fn from(value: ::core::primitive::u8) -> Self {
            Self(value)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<Side> for ::core::primitive::u8 {
        #[inline]
        fn from(value: Side) -> Self {
            value.0
        }
    }
    const __LAYOUT: &::shmrecord::EnumLayout<'static> = &::shmrecord::EnumLayout::new(
        "Side",
        ::shmrecord::Form::Open,
        <::core::primitive::u8 as ::shmrecord::ShmField>::TYPE.kind,
        const {
            &[
                ::shmrecord::__private::value(
                    <::core::primitive::u8 as ::shmrecord::ShmField>::TYPE.kind,
                    "BID",
                    Side::BID.0 as ::core::primitive::i128,
                    "Buyers.",
                ),
                ::shmrecord::__private::value(
                    <::core::primitive::u8 as ::shmrecord::ShmField>::TYPE.kind,
                    "Ask",
                    Side::ASK.0 as ::core::primitive::i128,
                    "",
                ),
            ]
        },
        "Who wanted it.",
    );
    #[automatically_derived]
    impl ::shmrecord::ShmEnum for Side
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static ::shmrecord::EnumLayout<'static> = __LAYOUT;
    }
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for Side {
        const TYPE: ::shmrecord::FieldType<'static> = ::shmrecord::__private::named(
            __LAYOUT,
        );
        const ANY_BITS: ::core::primitive::bool = true;
        const PADDED: ::core::primitive::bool = false;
        type Wire = ::core::primitive::u8;
        #[inline]
        fn to_wire(&self) -> ::core::primitive::u8 {
            self.0
        }
        #[inline]
        fn from_wire(wire: ::core::primitive::u8) -> Self {
            Self(wire)
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for Side {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrecord::__private::debug::<Self>(f, self.0 as ::core::primitive::i128)
        }
    }
};
