//! Records that grow: a quote whose reserved bytes come into use and whose size then no longer suffices, and the eight sizes
//! that Linux has published of `struct perf_event_attr`. Relies on the derive; knows no segment.

use std::fmt::Debug;

use shmrecord::{RecordLayout, ShmRecord};

/// One version of a record, whose every field follows from a number, so that a torn or misplaced one shows.
pub trait Version: ShmRecord + Debug + PartialEq + Send {
    /// The value of this number as a program sees it that was written with the first `fields` fields; zeros for 0.
    fn of(number: u64, fields: usize) -> Self;

    /// The same, written with all fields of this version.
    #[must_use]
    fn whole(number: u64) -> Self {
        Self::of(number, Self::LAYOUT.fields.len())
    }

    /// What this version shows of the value of this number that a writer of `W` published.
    #[must_use]
    fn of_writer<W: Version>(number: u64) -> Self {
        Self::of(number, W::LAYOUT.fields.len())
    }
}

/// The bytes of field number `at` of the value of this number, if it was written with so many fields. Not zeros then.
fn bytes_in<const N: usize>(number: u64, at: usize, fields: usize) -> [u8; N] {
    let mut word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..at).for_each(|_| word = word.rotate_left(9) | 1);
    let bytes = if at < fields && number > 0 { word.to_le_bytes() } else { [0; 8] };
    std::array::from_fn(|at| bytes[at])
}

/// Versions of a record, each with the fields of the one before, fields of its own and, at the end, reserved bytes.
macro_rules! versions {
    ($record:ident [$($had:ident: $had_as:ty,)*]) => {};
    ($record:ident [$($had:ident: $had_as:ty,)*]
        $(#[$doc:meta])* $module:ident { $($field:ident: $ty:ty,)+ } $(reserve $room:literal)?; $($rest:tt)*) => {
        $(#[$doc])*
        pub mod $module {
            use shmrecord::ShmRecord;

            #[doc = concat!("The record in the version `", stringify!($module), "`.")]
            #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
            #[repr(C)]
            #[expect(missing_docs, reason = "a field's name is all that is to be known of it")]
            pub struct $record {
                $(pub $had: $had_as,)*
                $(pub $field: $ty,)+
                $(
                    #[shm(padding)]
                    #[doc(hidden)]
                    pub room: shmrecord::Reserved<$room>,
                )?
            }

            impl super::Version for $record {
                fn of(number: u64, fields: usize) -> Self {
                    let mut places = 0..;
                    let mut at = || places.next().expect("a place");
                    Self {
                        $($had: <$had_as>::from_le_bytes(super::bytes_in(number, at(), fields)),)*
                        $($field: <$ty>::from_le_bytes(super::bytes_in(number, at(), fields)),)+
                        $(room: shmrecord::Reserved::<$room>::ZERO,)?
                    }
                }
            }
        }

        versions!($record [$($had: $had_as,)* $($field: $ty,)+] $($rest)*);
    };
}

versions! { Quote []
    /// 32 bytes, half of them reserved.
    one { seq: u64, price: i64, } reserve 16;
    /// 32 bytes, none reserved.
    two { volume: u64, side: u32, venue: i16, };
    /// 56 bytes.
    three { last: u64, best: i64, worst: i64, };
}

versions! { PerfEventAttr []
    /// 64 bytes: `PERF_ATTR_SIZE_VER0`.
    ver0 {
        kind: u32, size: u32, config: u64, sample_period: u64, sample_type: u64, read_format: u64, flags: u64,
        wakeup_events: u32, bp_type: u32, config1: u64,
    };
    /// 72 bytes.
    ver1 { config2: u64, };
    /// 80 bytes.
    ver2 { branch_sample_type: u64, };
    /// 96 bytes.
    ver3 { sample_regs_user: u64, sample_stack_user: u32, clockid: i32, };
    /// 104 bytes.
    ver4 { sample_regs_intr: u64, };
    /// 112 bytes.
    ver5 { aux_watermark: u32, sample_max_stack: u16, reserved_2: u16, };
    /// 120 bytes.
    ver6 { aux_sample_size: u32, aux_action: u32, };
    /// 128 bytes.
    ver7 { sig_data: u64, };
}

/// The eight sizes of `PerfEventAttr`, in the order in which they were published.
#[must_use]
pub fn perf_layouts() -> [&'static RecordLayout<'static>; 8] {
    [
        ver0::PerfEventAttr::LAYOUT,
        ver1::PerfEventAttr::LAYOUT,
        ver2::PerfEventAttr::LAYOUT,
        ver3::PerfEventAttr::LAYOUT,
        ver4::PerfEventAttr::LAYOUT,
        ver5::PerfEventAttr::LAYOUT,
        ver6::PerfEventAttr::LAYOUT,
        ver7::PerfEventAttr::LAYOUT,
    ]
}
