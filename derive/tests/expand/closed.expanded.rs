#[allow(deprecated, reason = "a deprecated value stays a value")]
const _: () = {
    #[derive(
        ::core::clone::Clone,
        ::core::marker::Copy,
        ::shmrecord::__private::zerocopy::IntoBytes,
        ::shmrecord::__private::zerocopy::TryFromBytes,
        ::shmrecord::__private::zerocopy::Immutable,
        ::shmrecord::__private::zerocopy::KnownLayout,
    )]
    #[zerocopy(crate = "::shmrecord::__private::zerocopy")]
    #[repr(i16)]
    pub enum __PhaseWire {
        Closed = Phase::Closed as ::core::primitive::i16,
        InAuction = Phase::InAuction as ::core::primitive::i16,
    }
    const __LAYOUT: &::shmrecord::EnumLayout<'static> = &::shmrecord::EnumLayout::new(
        "TradingPhase",
        ::shmrecord::Form::Closed,
        <::core::primitive::i16 as ::shmrecord::ShmField>::TYPE.kind,
        const {
            &[
                ::shmrecord::__private::value(
                    <::core::primitive::i16 as ::shmrecord::ShmField>::TYPE.kind,
                    "Closed",
                    (Phase::Closed as ::core::primitive::i16) as ::core::primitive::i128,
                    "Nothing is traded.",
                ),
                ::shmrecord::__private::value(
                    <::core::primitive::i16 as ::shmrecord::ShmField>::TYPE.kind,
                    "Auction",
                    (Phase::InAuction as ::core::primitive::i16)
                        as ::core::primitive::i128,
                    "",
                ),
            ]
        },
        "Of the trading day.",
    );
    #[automatically_derived]
    impl ::shmrecord::ShmEnum for Phase
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static ::shmrecord::EnumLayout<'static> = __LAYOUT;
    }
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for Phase {
        const TYPE: ::shmrecord::FieldType<'static> = ::shmrecord::__private::named(
            __LAYOUT,
        );
        const ANY_BITS: ::core::primitive::bool = false;
        const PADDED: ::core::primitive::bool = false;
        type Wire = __PhaseWire;
        #[inline]
        fn to_wire(&self) -> __PhaseWire {
            match self {
                Self::Closed => __PhaseWire::Closed,
                Self::InAuction => __PhaseWire::InAuction,
            }
        }
        #[inline]
        fn from_wire(wire: __PhaseWire) -> Self {
            match wire {
                __PhaseWire::Closed => Self::Closed,
                __PhaseWire::InAuction => Self::InAuction,
            }
        }
    }
};
