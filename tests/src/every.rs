//! The record with every kind of field, written by hand, and its values, which cover every class of bit patterns. The twin
//! of `suites/languages/c/every.h`; the schema is `c/twin.toml` there. Relies on the derive.

use std::convert::identity;
use std::fmt::Write;

use shmrecord::{ShmRecord, Versioned};

/// A nested record, with padding inside and behind.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
pub struct Leg {
    on: bool,
    ratio: f64,
    level: i16,
}

/// A record with every kind of field.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
pub struct Every {
    unsigned8: u8,
    unsigned16: u16,
    unsigned32: u32,
    #[shm(unit = "B")]
    unsigned64: u64,
    signed8: i8,
    signed16: i16,
    signed32: i32,
    signed64: i64,
    /// Degrees.
    #[shm(unit = "K")]
    single: f32,
    double_: f64,
    on: bool,
    /// Of fixed length.
    #[shm(text)]
    text: [u8; 10],
    flags: [bool; 3],
    grid: [[i16; 3]; 2],
    cube: [[[[f32; 2]; 1]; 2]; 2],
    leg: Leg,
    legs: [[Leg; 1]; 2],
    last: u8,
}

/// Goes through the scalars of a value: gives `visit` the width and the bits of each, and takes what it makes of them.
trait Elements {
    fn each(&mut self, visit: &mut dyn FnMut(u32, &mut u64));
}

macro_rules! scalars {
    ($($scalar:ty: $width:literal as $unsigned:ty, $to:expr, $from:expr;)+) => {$(
        impl Elements for $scalar {
            fn each(&mut self, visit: &mut dyn FnMut(u32, &mut u64)) {
                let mut bits = u64::from($to(*self));
                visit($width, &mut bits);
                *self = $from(<$unsigned>::try_from(bits).expect("bits of this width"));
            }
        }
    )+};
}

scalars! {
    u8: 8 as u8, identity, identity;
    u16: 16 as u16, identity, identity;
    u32: 32 as u32, identity, identity;
    u64: 64 as u64, identity::<u64>, identity;
    i8: 8 as u8, i8::cast_unsigned, u8::cast_signed;
    i16: 16 as u16, i16::cast_unsigned, u16::cast_signed;
    i32: 32 as u32, i32::cast_unsigned, u32::cast_signed;
    i64: 64 as u64, i64::cast_unsigned, u64::cast_signed;
    f32: 32 as u32, f32::to_bits, f32::from_bits;
    f64: 64 as u64, f64::to_bits, f64::from_bits;
    bool: 1 as u8, identity, |bits| bits == 1;
}

impl<T: Elements, const N: usize> Elements for [T; N] {
    fn each(&mut self, visit: &mut dyn FnMut(u32, &mut u64)) {
        self.iter_mut().for_each(|element| element.each(visit));
    }
}

macro_rules! records {
    ($($record:ident { $($field:ident),+ })+) => {$(
        impl Elements for $record {
            fn each(&mut self, visit: &mut dyn FnMut(u32, &mut u64)) {
                $(self.$field.each(visit);)+
            }
        }
    )+};
}

records! {
    Leg { on, ratio, level }
    Every {
        unsigned8, unsigned16, unsigned32, unsigned64, signed8, signed16, signed32, signed64, single, double_, on, text,
        flags, grid, cube, leg, legs, last
    }
}

/// Values that together have every class of bit patterns.
pub const VALUES: u64 = 16;

/// Value `number`.
#[must_use]
pub fn every(number: u64) -> Every {
    let leg = Leg { on: false, ratio: 0.0, level: 0 };
    let mut every = Every {
        unsigned8: 0,
        unsigned16: 0,
        unsigned32: 0,
        unsigned64: 0,
        signed8: 0,
        signed16: 0,
        signed32: 0,
        signed64: 0,
        single: 0.0,
        double_: 0.0,
        on: false,
        text: [0; 10],
        flags: [false; 3],
        grid: [[0; 3]; 2],
        cube: [[[[0.0; 2]; 1]; 2]; 2],
        leg,
        legs: [[leg]; 2],
        last: 0,
    };
    let mut at = 0;
    every.each(&mut |width, bits| {
        *bits = bits_of(number, at, width);
        at += 1;
    });
    every
}

/// Bits for element `at` of value `number`: every class of bit patterns that an element of this width has.
fn bits_of(number: u64, at: u64, width: u32) -> u64 {
    let (all, sign) = (u64::MAX >> (64 - width), 1 << (width - 1));
    let infinity = match width {
        64 => f64::INFINITY.to_bits(),
        32 => f32::INFINITY.to_bits().into(),
        _ => 0,
    };
    match number % 8 {
        0 => 0,
        1 => all,        // -1, the largest unsigned, a quiet NaN
        2 => sign,       // the smallest signed, -0.0
        3 => all ^ sign, // the largest signed
        4 => 1,          // the smallest positive, a subnormal
        5 => infinity,
        6 => (infinity | sign | (at + 1)) & all, // a signalling NaN with a payload
        _ => (number + at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - width),
    }
}

/// This value with one more in `unsigned64`.
#[must_use]
pub fn counted(every: Every) -> Every {
    Every { unsigned64: every.unsigned64.wrapping_add(1), ..every }
}

/// How often one was [`counted`] in a value that was none before.
#[must_use]
pub fn count(every: &Every) -> u64 {
    every.unsigned64
}

/// A record as the C actor prints it: its version and the bits of every element.
#[must_use]
pub fn line(mut record: Versioned<Every>) -> String {
    let mut line = record.version.to_string();
    record.value.each(&mut |_, bits| write!(line, " {bits:x}").expect("a string takes everything"));
    line
}
