#[allow(deprecated, reason = "a deprecated field keeps its bytes")]
const _: () = {
    use ::shmrecord::__private::layout as __layout;
    type __Type0 = <[[u8; 10]; {
        let _ = <[u8; 10] as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type1 = <[f64; {
        let _ = <f64 as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    #[derive(
        ::core::clone::Clone,
        ::core::marker::Copy,
        ::shmrecord::__private::zerocopy::IntoBytes,
        ::shmrecord::__private::zerocopy::TryFromBytes,
        ::shmrecord::__private::zerocopy::Immutable,
        ::shmrecord::__private::zerocopy::KnownLayout,
    )]
    #[zerocopy(crate = "::shmrecord::__private::zerocopy")]
    #[repr(C)]
    pub struct __MarketDataWire {
        _pad0: [::core::primitive::u8; __MarketDataWire::_pad0],
        field_symbol: <__Type0 as ::shmrecord::ShmField>::Wire,
        _pad1: [::core::primitive::u8; __MarketDataWire::_pad1],
        field_price: <__Type1 as ::shmrecord::ShmField>::Wire,
        _pad2: [::core::primitive::u8; __MarketDataWire::_pad2],
    }
    impl __MarketDataWire {
        const _pad0: usize = ::core::mem::offset_of!(MarketData, symbol) - 0;
        const _pad1: usize = ::core::mem::offset_of!(MarketData, price)
            - (::core::mem::offset_of!(MarketData, symbol)
                + ::core::mem::size_of::<__Type0>());
        const _pad2: usize = ::core::mem::size_of::<MarketData>()
            - (::core::mem::offset_of!(MarketData, price)
                + ::core::mem::size_of::<__Type1>());
    }
    const __LAYOUT: &__layout::RecordLayout<'static> = &__layout::RecordLayout::new(
            "MarketData",
            ::core::mem::size_of::<MarketData>() as ::core::primitive::u32,
            ::core::mem::align_of::<MarketData>() as ::core::primitive::u32,
            const {
                &[
                    __layout::FieldLayout {
                        text: true,
                        doc: "NUL-padded ticker",
                        ..__layout::FieldLayout::new(
                            "symbol",
                            <__Type0 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(MarketData, symbol)
                                as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        unit: ::core::option::Option::Some("USD"),
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "price",
                            <__Type1 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(MarketData, price)
                                as ::core::primitive::u32,
                        )
                    },
                ]
            },
            "Last trade of one instrument.",
        )
        .nested_within_limit();
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for MarketData {
        const TYPE: __layout::FieldType<'static> = __layout::FieldType::record(__LAYOUT);
        const ANY_BITS: ::core::primitive::bool = <__Type0 as ::shmrecord::ShmField>::ANY_BITS
            && <__Type1 as ::shmrecord::ShmField>::ANY_BITS;
        const PADDED: ::core::primitive::bool = __MarketDataWire::_pad0 > 0
            || __MarketDataWire::_pad1 > 0 || __MarketDataWire::_pad2 > 0
            || <__Type0 as ::shmrecord::ShmField>::PADDED
            || <__Type1 as ::shmrecord::ShmField>::PADDED;
        type Wire = __MarketDataWire;
        #[inline]
        fn to_wire(&self) -> __MarketDataWire {
            __MarketDataWire {
                field_symbol: <__Type0 as ::shmrecord::ShmField>::to_wire(&self.symbol),
                field_price: <__Type1 as ::shmrecord::ShmField>::to_wire(&self.price),
                _pad0: [0; __MarketDataWire::_pad0],
                _pad1: [0; __MarketDataWire::_pad1],
                _pad2: [0; __MarketDataWire::_pad2],
            }
        }
        #[inline]
        fn from_wire(wire: __MarketDataWire) -> Self {
            Self {
                symbol: <__Type0 as ::shmrecord::ShmField>::from_wire(wire.field_symbol),
                price: <__Type1 as ::shmrecord::ShmField>::from_wire(wire.field_price),
            }
        }
    }
    #[automatically_derived]
    impl ::shmrecord::ShmRecord for MarketData
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static __layout::RecordLayout<'static> = __LAYOUT;
    }
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < MarketData > () as ::core::primitive::u64 <=
        __layout::place::MAX_RECORD_BYTES, "a record has at most 2^31 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::align_of:: < MarketData > () as ::core::primitive::u64 <=
        __layout::place::MAX_ALIGN as ::core::primitive::u64,
        "a record is aligned to at most 4096 bytes"
    );
    const _: () = ::core::assert!(
        ::core::matches!(< __Type0 as ::shmrecord::ShmField > ::TYPE, __layout::FieldType
        { kind : __layout::Kind::U8, rank : 1, named : ::core::option::Option::None, ..
        }), "`#[shm(text)]` is for `[u8; N]`: text is N bytes, padded with NUL",
    );
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < __MarketDataWire > () == ::core::mem::size_of:: <
        MarketData > () && ::core::mem::align_of:: < __MarketDataWire > () ==
        ::core::mem::align_of:: < MarketData > () &&
        ::core::mem::offset_of!(__MarketDataWire, field_symbol) ==
        ::core::mem::offset_of!(MarketData, symbol) &&
        ::core::mem::offset_of!(__MarketDataWire, field_price) ==
        ::core::mem::offset_of!(MarketData, price),
        "the wire twin differs from the struct: this is a mistake in shmrecord, please report it",
    );
};
