#[allow(deprecated, reason = "a deprecated field keeps its bytes")]
const _: () = {
    use ::facade::shm::__private::layout as __layout;
    type __Type0 = <[Level; {
        let _ = <Level as ::facade::shm::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type1 = <[u16; {
        let _ = <u16 as ::facade::shm::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type2 = <[[[Level; 2]; OrderBook::DEPTH]; {
        let _ = <[[Level; 2]; OrderBook::DEPTH] as ::facade::shm::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    #[derive(
        ::core::clone::Clone,
        ::core::marker::Copy,
        ::facade::shm::__private::zerocopy::IntoBytes,
        ::facade::shm::__private::zerocopy::TryFromBytes,
        ::facade::shm::__private::zerocopy::Immutable,
        ::facade::shm::__private::zerocopy::KnownLayout,
    )]
    #[zerocopy(crate = "::facade::shm::__private::zerocopy")]
    #[repr(C)]
    pub struct __OrderBookWire {
        _pad0: [::core::primitive::u8; __OrderBookWire::_pad0],
        field_best: <__Type0 as ::facade::shm::ShmField>::Wire,
        _pad1: [::core::primitive::u8; __OrderBookWire::_pad1],
        field_type: <__Type1 as ::facade::shm::ShmField>::Wire,
        _pad2: [::core::primitive::u8; __OrderBookWire::_pad2],
        field_levels: <__Type2 as ::facade::shm::ShmField>::Wire,
        _pad3: [::core::primitive::u8; __OrderBookWire::_pad3],
    }
    impl __OrderBookWire {
        const _pad0: usize = ::core::mem::offset_of!(OrderBook, best) - 0;
        const _pad1: usize = ::core::mem::offset_of!(OrderBook, r#type)
            - (::core::mem::offset_of!(OrderBook, best)
                + ::core::mem::size_of::<__Type0>());
        const _pad2: usize = ::core::mem::offset_of!(OrderBook, levels)
            - (::core::mem::offset_of!(OrderBook, r#type)
                + ::core::mem::size_of::<__Type1>());
        const _pad3: usize = ::core::mem::size_of::<OrderBook>()
            - (::core::mem::offset_of!(OrderBook, levels)
                + ::core::mem::size_of::<__Type2>());
    }
    const __LAYOUT: &__layout::RecordLayout<'static> = &__layout::RecordLayout::new(
            "Book",
            ::core::mem::size_of::<OrderBook>() as ::core::primitive::u32,
            ::core::mem::align_of::<OrderBook>() as ::core::primitive::u32,
            const {
                &[
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "best",
                            <__Type0 as ::facade::shm::ShmField>::TYPE,
                            ::core::mem::offset_of!(OrderBook, best)
                                as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "type",
                            <__Type1 as ::facade::shm::ShmField>::TYPE,
                            ::core::mem::offset_of!(OrderBook, r#type)
                                as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "levels",
                            <__Type2 as ::facade::shm::ShmField>::TYPE,
                            ::core::mem::offset_of!(OrderBook, levels)
                                as ::core::primitive::u32,
                        )
                    },
                ]
            },
            "",
        )
        .nested_within_limit();
    #[automatically_derived]
    unsafe impl ::facade::shm::ShmField for OrderBook {
        const TYPE: __layout::FieldType<'static> = __layout::FieldType::record(__LAYOUT);
        const ANY_BITS: ::core::primitive::bool = <__Type0 as ::facade::shm::ShmField>::ANY_BITS
            && <__Type1 as ::facade::shm::ShmField>::ANY_BITS
            && <__Type2 as ::facade::shm::ShmField>::ANY_BITS;
        const PADDED: ::core::primitive::bool = __OrderBookWire::_pad0 > 0
            || __OrderBookWire::_pad1 > 0 || __OrderBookWire::_pad2 > 0
            || __OrderBookWire::_pad3 > 0 || <__Type0 as ::facade::shm::ShmField>::PADDED
            || <__Type1 as ::facade::shm::ShmField>::PADDED
            || <__Type2 as ::facade::shm::ShmField>::PADDED;
        type Wire = __OrderBookWire;
        #[inline]
        fn to_wire(&self) -> __OrderBookWire {
            __OrderBookWire {
                field_best: <__Type0 as ::facade::shm::ShmField>::to_wire(&self.best),
                field_type: <__Type1 as ::facade::shm::ShmField>::to_wire(&self.r#type),
                field_levels: <__Type2 as ::facade::shm::ShmField>::to_wire(
                    &self.levels,
                ),
                _pad0: [0; __OrderBookWire::_pad0],
                _pad1: [0; __OrderBookWire::_pad1],
                _pad2: [0; __OrderBookWire::_pad2],
                _pad3: [0; __OrderBookWire::_pad3],
            }
        }
        #[inline]
        fn from_wire(wire: __OrderBookWire) -> Self {
            Self {
                best: <__Type0 as ::facade::shm::ShmField>::from_wire(wire.field_best),
                r#type: <__Type1 as ::facade::shm::ShmField>::from_wire(wire.field_type),
                levels: <__Type2 as ::facade::shm::ShmField>::from_wire(
                    wire.field_levels,
                ),
            }
        }
    }
    #[automatically_derived]
    impl ::facade::shm::ShmRecord for OrderBook
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static __layout::RecordLayout<'static> = __LAYOUT;
    }
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < OrderBook > () as ::core::primitive::u64 <=
        __layout::place::MAX_RECORD_BYTES, "a record has at most 2^31 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::align_of:: < OrderBook > () as ::core::primitive::u64 <=
        __layout::place::MAX_ALIGN as ::core::primitive::u64,
        "a record is aligned to at most 4096 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < __OrderBookWire > () == ::core::mem::size_of:: <
        OrderBook > () && ::core::mem::align_of:: < __OrderBookWire > () ==
        ::core::mem::align_of:: < OrderBook > () &&
        ::core::mem::offset_of!(__OrderBookWire, field_best) ==
        ::core::mem::offset_of!(OrderBook, best) &&
        ::core::mem::offset_of!(__OrderBookWire, field_type) ==
        ::core::mem::offset_of!(OrderBook, r#type) &&
        ::core::mem::offset_of!(__OrderBookWire, field_levels) ==
        ::core::mem::offset_of!(OrderBook, levels),
        "the wire twin differs from the struct: this is a mistake in shmrecord, please report it",
    );
};
