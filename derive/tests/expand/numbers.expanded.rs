#[allow(deprecated, reason = "a deprecated field keeps its bytes")]
const _: () = {
    use ::shmrecord::__private::layout as __layout;
    type __Type0 = <[i64; {
        let _ = <i64 as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type1 = <[u64; {
        let _ = <u64 as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type2 = <[[f32; 2]; {
        let _ = <[f32; 2] as ::shmrecord::ShmField>::TYPE;
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
    pub struct __LastWire {
        _pad0: [::core::primitive::u8; __LastWire::_pad0],
        field_price: <__Type0 as ::shmrecord::ShmField>::Wire,
        _pad1: [::core::primitive::u8; __LastWire::_pad1],
        field_at: <__Type1 as ::shmrecord::ShmField>::Wire,
        _pad2: [::core::primitive::u8; __LastWire::_pad2],
        field_ratio: <__Type2 as ::shmrecord::ShmField>::Wire,
        _pad3: [::core::primitive::u8; __LastWire::_pad3],
    }
    impl __LastWire {
        const _pad0: usize = ::core::mem::offset_of!(Last, price) - 0;
        const _pad1: usize = ::core::mem::offset_of!(Last, at)
            - (::core::mem::offset_of!(Last, price) + ::core::mem::size_of::<__Type0>());
        const _pad2: usize = ::core::mem::offset_of!(Last, ratio)
            - (::core::mem::offset_of!(Last, at) + ::core::mem::size_of::<__Type1>());
        const _pad3: usize = ::core::mem::size_of::<Last>()
            - (::core::mem::offset_of!(Last, ratio) + ::core::mem::size_of::<__Type2>());
    }
    const __LAYOUT: &__layout::RecordLayout<'static> = &__layout::RecordLayout::new(
            "Last",
            ::core::mem::size_of::<Last>() as ::core::primitive::u32,
            ::core::mem::align_of::<Last>() as ::core::primitive::u32,
            const {
                &[
                    __layout::FieldLayout {
                        text: false,
                        unit: ::core::option::Option::Some("USD"),
                        exp: -9i8,
                        null: __layout::Number::greatest(
                            <__Type0 as ::shmrecord::ShmField>::TYPE.kind,
                        ),
                        min: __layout::Number::integer(
                            <__Type0 as ::shmrecord::ShmField>::TYPE.kind,
                            -1,
                        ),
                        max: __layout::Number::integer(
                            <__Type0 as ::shmrecord::ShmField>::TYPE.kind,
                            1000000,
                        ),
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "price",
                            <__Type0 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Last, price)
                                as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        time: ::core::option::Option::Some(__layout::Time::UnixNs),
                        since: ::core::option::Option::Some(2),
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "at",
                            <__Type1 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Last, at) as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        null: __layout::Number::float(
                            <__Type2 as ::shmrecord::ShmField>::TYPE.kind,
                            ::core::primitive::f64::NAN,
                        ),
                        max: __layout::Number::float(
                            <__Type2 as ::shmrecord::ShmField>::TYPE.kind,
                            0.5,
                        ),
                        since: ::core::option::Option::Some(2),
                        deprecated: ::core::option::Option::Some(3),
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "ratio",
                            <__Type2 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Last, ratio)
                                as ::core::primitive::u32,
                        )
                    },
                ]
            },
            "The last price.",
        )
        .of_version(3)
        .nested_within_limit();
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for Last {
        const TYPE: __layout::FieldType<'static> = __layout::FieldType::record(__LAYOUT);
        const ANY_BITS: ::core::primitive::bool = <__Type0 as ::shmrecord::ShmField>::ANY_BITS
            && <__Type1 as ::shmrecord::ShmField>::ANY_BITS
            && <__Type2 as ::shmrecord::ShmField>::ANY_BITS;
        const PADDED: ::core::primitive::bool = __LastWire::_pad0 > 0
            || __LastWire::_pad1 > 0 || __LastWire::_pad2 > 0 || __LastWire::_pad3 > 0
            || <__Type0 as ::shmrecord::ShmField>::PADDED
            || <__Type1 as ::shmrecord::ShmField>::PADDED
            || <__Type2 as ::shmrecord::ShmField>::PADDED;
        type Wire = __LastWire;
        #[inline]
        fn to_wire(&self) -> __LastWire {
            __LastWire {
                field_price: <__Type0 as ::shmrecord::ShmField>::to_wire(&self.price),
                field_at: <__Type1 as ::shmrecord::ShmField>::to_wire(&self.at),
                field_ratio: <__Type2 as ::shmrecord::ShmField>::to_wire(&self.ratio),
                _pad0: [0; __LastWire::_pad0],
                _pad1: [0; __LastWire::_pad1],
                _pad2: [0; __LastWire::_pad2],
                _pad3: [0; __LastWire::_pad3],
            }
        }
        #[inline]
        fn from_wire(wire: __LastWire) -> Self {
            Self {
                price: <__Type0 as ::shmrecord::ShmField>::from_wire(wire.field_price),
                at: <__Type1 as ::shmrecord::ShmField>::from_wire(wire.field_at),
                ratio: <__Type2 as ::shmrecord::ShmField>::from_wire(wire.field_ratio),
            }
        }
    }
    #[automatically_derived]
    impl ::shmrecord::ShmRecord for Last
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static __layout::RecordLayout<'static> = __LAYOUT;
    }
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < Last > () as ::core::primitive::u64 <=
        __layout::place::MAX_RECORD_BYTES, "a record has at most 2^31 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::align_of:: < Last > () as ::core::primitive::u64 <=
        __layout::place::MAX_ALIGN as ::core::primitive::u64,
        "a record is aligned to at most 4096 bytes"
    );
    const _: () = ::core::assert!(
        < __Type0 as ::shmrecord::ShmField > ::TYPE.counts(),
        "`exp` is for integers: they count units of ten to this power"
    );
    const _: () = ::core::assert!(
        __layout::Number::greatest(< __Type0 as ::shmrecord::ShmField > ::TYPE.kind)
        .is_some(),
        "`null` does not fit: it is a number that the field's type holds, \"min\" or \"max\" of an integer, or \"nan\" for a float"
    );
    const _: () = ::core::assert!(
        < __Type0 as ::shmrecord::ShmField > ::TYPE.named.is_none() &&
        __layout::Number::integer(< __Type0 as ::shmrecord::ShmField > ::TYPE.kind, - 1)
        .is_some(), "`min` does not fit: it is a number that the field's type holds"
    );
    const _: () = ::core::assert!(
        < __Type0 as ::shmrecord::ShmField > ::TYPE.named.is_none() &&
        __layout::Number::integer(< __Type0 as ::shmrecord::ShmField > ::TYPE.kind,
        1000000).is_some(),
        "`max` does not fit: it is a number that the field's type holds"
    );
    const _: () = match (
        __layout::Number::greatest(<__Type0 as ::shmrecord::ShmField>::TYPE.kind),
        <__Type0 as ::shmrecord::ShmField>::TYPE.named,
    ) {
        (
            ::core::option::Option::Some(null),
            _,
        ) if <__Type0 as ::shmrecord::ShmField>::TYPE
            .has_free(
                null,
                __layout::Number::integer(
                    <__Type0 as ::shmrecord::ShmField>::TYPE.kind,
                    -1,
                ),
                __layout::Number::integer(
                    <__Type0 as ::shmrecord::ShmField>::TYPE.kind,
                    1000000,
                ),
            ) => {}
        (::core::option::Option::None, _) => {}
        (_, ::core::option::Option::None) => {
            ::core::panic!("`null` is a value as well: it is between `min` and `max`")
        }
        (_, ::core::option::Option::Some(named)) => {
            match named.form {
                __layout::Form::Closed => {
                    ::core::panic!(
                        "a closed enum has no other values than its own: give one of them the meaning, or make it an `open_enum`"
                    )
                }
                _ => {
                    ::core::panic!(
                        "`null` is a value as well: the enum or flags have it"
                    )
                }
            }
        }
    };
    const _: () = ::core::assert!(
        < __Type1 as ::shmrecord::ShmField > ::TYPE.counts() && __layout::Time::UnixNs
        .fits(< __Type1 as ::shmrecord::ShmField > ::TYPE.kind),
        "`time` is for integers of 64 bits; `unix_s` of 32, too"
    );
    const _: () = ::core::assert!(
        < __Type1 as ::shmrecord::ShmField > ::TYPE.takes_zeros(),
        "a field that came later is zeros in what older programs wrote, and 0 is no value of its closed enum: give one the number 0, or make it an `open_enum`"
    );
    const _: () = ::core::assert!(
        __layout::Number::float(< __Type2 as ::shmrecord::ShmField > ::TYPE.kind,
        ::core::primitive::f64::NAN).is_some(),
        "`null` does not fit: it is a number that the field's type holds, \"min\" or \"max\" of an integer, or \"nan\" for a float"
    );
    const _: () = ::core::assert!(
        < __Type2 as ::shmrecord::ShmField > ::TYPE.named.is_none() &&
        __layout::Number::float(< __Type2 as ::shmrecord::ShmField > ::TYPE.kind, 0.5)
        .is_some(), "`max` does not fit: it is a number that the field's type holds"
    );
    const _: () = match (
        __layout::Number::float(
            <__Type2 as ::shmrecord::ShmField>::TYPE.kind,
            ::core::primitive::f64::NAN,
        ),
        <__Type2 as ::shmrecord::ShmField>::TYPE.named,
    ) {
        (
            ::core::option::Option::Some(null),
            _,
        ) if <__Type2 as ::shmrecord::ShmField>::TYPE
            .has_free(
                null,
                ::core::option::Option::None,
                __layout::Number::float(
                    <__Type2 as ::shmrecord::ShmField>::TYPE.kind,
                    0.5,
                ),
            ) => {}
        (::core::option::Option::None, _) => {}
        (_, ::core::option::Option::None) => {
            ::core::panic!("`null` is a value as well: it is between `min` and `max`")
        }
        (_, ::core::option::Option::Some(named)) => {
            match named.form {
                __layout::Form::Closed => {
                    ::core::panic!(
                        "a closed enum has no other values than its own: give one of them the meaning, or make it an `open_enum`"
                    )
                }
                _ => {
                    ::core::panic!(
                        "`null` is a value as well: the enum or flags have it"
                    )
                }
            }
        }
    };
    const _: () = ::core::assert!(
        < __Type2 as ::shmrecord::ShmField > ::TYPE.takes_zeros(),
        "a field that came later is zeros in what older programs wrote, and 0 is no value of its closed enum: give one the number 0, or make it an `open_enum`"
    );
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < __LastWire > () == ::core::mem::size_of:: < Last > () &&
        ::core::mem::align_of:: < __LastWire > () == ::core::mem::align_of:: < Last > ()
        && ::core::mem::offset_of!(__LastWire, field_price) ==
        ::core::mem::offset_of!(Last, price) && ::core::mem::offset_of!(__LastWire,
        field_at) == ::core::mem::offset_of!(Last, at) &&
        ::core::mem::offset_of!(__LastWire, field_ratio) == ::core::mem::offset_of!(Last,
        ratio),
        "the wire twin differs from the struct: this is a mistake in shmrecord, please report it",
    );
};
