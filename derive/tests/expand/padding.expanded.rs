#[allow(deprecated, reason = "a deprecated field keeps its bytes")]
const _: () = {
    use ::shmrecord::__private::layout as __layout;
    type __Type0 = <[u8; {
        let _ = <u8 as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type1 = <[f64; {
        let _ = <f64 as ::shmrecord::ShmField>::TYPE;
        1
    }] as ::core::iter::IntoIterator>::Item;
    type __Type2 = <[bool; {
        let _ = <bool as ::shmrecord::ShmField>::TYPE;
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
    #[repr(C, align(16))]
    pub struct __SensorWire {
        _pad0: [::core::primitive::u8; __SensorWire::_pad0],
        field_id: <__Type0 as ::shmrecord::ShmField>::Wire,
        _pad1: [::core::primitive::u8; __SensorWire::_pad1],
        field_value: <__Type1 as ::shmrecord::ShmField>::Wire,
        _pad2: [::core::primitive::u8; __SensorWire::_pad2],
        field_valid: <__Type2 as ::shmrecord::ShmField>::Wire,
        _pad3: [::core::primitive::u8; __SensorWire::_pad3],
    }
    impl __SensorWire {
        const _pad0: usize = ::core::mem::offset_of!(Sensor, id) - 0;
        const _pad1: usize = ::core::mem::offset_of!(Sensor, value)
            - (::core::mem::offset_of!(Sensor, id) + ::core::mem::size_of::<__Type0>());
        const _pad2: usize = ::core::mem::offset_of!(Sensor, valid)
            - (::core::mem::offset_of!(Sensor, value)
                + ::core::mem::size_of::<__Type1>());
        const _pad3: usize = ::core::mem::size_of::<Sensor>()
            - (::core::mem::offset_of!(Sensor, valid)
                + ::core::mem::size_of::<__Type2>());
    }
    const __LAYOUT: &__layout::RecordLayout<'static> = &__layout::RecordLayout::new(
            "Sensor",
            ::core::mem::size_of::<Sensor>() as ::core::primitive::u32,
            ::core::mem::align_of::<Sensor>() as ::core::primitive::u32,
            const {
                &[
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "id",
                            <__Type0 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Sensor, id) as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "value",
                            <__Type1 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Sensor, value)
                                as ::core::primitive::u32,
                        )
                    },
                    __layout::FieldLayout {
                        text: false,
                        doc: "",
                        ..__layout::FieldLayout::new(
                            "valid",
                            <__Type2 as ::shmrecord::ShmField>::TYPE,
                            ::core::mem::offset_of!(Sensor, valid)
                                as ::core::primitive::u32,
                        )
                    },
                ]
            },
            "Padding before, between and behind, some of it named.",
        )
        .nested_within_limit();
    #[automatically_derived]
    unsafe impl ::shmrecord::ShmField for Sensor {
        const TYPE: __layout::FieldType<'static> = __layout::FieldType::record(__LAYOUT);
        const ANY_BITS: ::core::primitive::bool = false;
        const PADDED: ::core::primitive::bool = __SensorWire::_pad0 > 0
            || __SensorWire::_pad1 > 0 || __SensorWire::_pad2 > 0
            || __SensorWire::_pad3 > 0 || <__Type0 as ::shmrecord::ShmField>::PADDED
            || <__Type1 as ::shmrecord::ShmField>::PADDED
            || <__Type2 as ::shmrecord::ShmField>::PADDED;
        type Wire = __SensorWire;
        #[inline]
        fn to_wire(&self) -> __SensorWire {
            __SensorWire {
                field_id: <__Type0 as ::shmrecord::ShmField>::to_wire(&self.id),
                field_value: <__Type1 as ::shmrecord::ShmField>::to_wire(&self.value),
                field_valid: <__Type2 as ::shmrecord::ShmField>::to_wire(&self.valid),
                _pad0: [0; __SensorWire::_pad0],
                _pad1: [0; __SensorWire::_pad1],
                _pad2: [0; __SensorWire::_pad2],
                _pad3: [0; __SensorWire::_pad3],
            }
        }
        #[inline]
        fn from_wire(wire: __SensorWire) -> Self {
            Self {
                id: <__Type0 as ::shmrecord::ShmField>::from_wire(wire.field_id),
                value: <__Type1 as ::shmrecord::ShmField>::from_wire(wire.field_value),
                valid: <__Type2 as ::shmrecord::ShmField>::from_wire(wire.field_valid),
                before: ::shmrecord::Reserved::ZERO,
            }
        }
    }
    #[automatically_derived]
    impl ::shmrecord::ShmRecord for Sensor
    where
        for<'__shm> Self: ::core::marker::Copy,
    {
        const LAYOUT: &'static __layout::RecordLayout<'static> = __LAYOUT;
    }
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < Sensor > () as ::core::primitive::u64 <=
        __layout::place::MAX_RECORD_BYTES, "a record has at most 2^31 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::align_of:: < Sensor > () as ::core::primitive::u64 <=
        __layout::place::MAX_ALIGN as ::core::primitive::u64,
        "a record is aligned to at most 4096 bytes"
    );
    const _: () = ::core::assert!(
        ::core::mem::size_of:: < __SensorWire > () == ::core::mem::size_of:: < Sensor >
        () && ::core::mem::align_of:: < __SensorWire > () == ::core::mem::align_of:: <
        Sensor > () && ::core::mem::offset_of!(__SensorWire, field_id) ==
        ::core::mem::offset_of!(Sensor, id) && ::core::mem::offset_of!(__SensorWire,
        field_value) == ::core::mem::offset_of!(Sensor, value) &&
        ::core::mem::offset_of!(__SensorWire, field_valid) ==
        ::core::mem::offset_of!(Sensor, valid),
        "the wire twin differs from the struct: this is a mistake in shmrecord, please report it",
    );
};
