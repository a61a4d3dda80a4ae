//! Record types of every size, alignment and kind of field go through a table unchanged.

use std::fmt::Debug;

use integration_tests::case::every_case;
use integration_tests::records::{Pattern, Pattern4096};
use shmrecord::{RawReader, Reader, ShmRecord, Writer};

const CAPACITY: usize = 3;

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Byte {
    value: u8,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Twelve {
    a: u32,
    b: i16,
    on: bool,
    c: f32,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct ThirtyTwo {
    a: i8,
    b: u16,
    c: f64,
    d: u64,
    e: u8,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
struct Lined {
    value: u64,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C, align(4096))]
struct Paged {
    value: u8,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Level {
    price: i64,
    quantity: u32,
    closed: bool,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Book {
    #[shm(text)]
    symbol: [u8; 3],
    levels: [[Level; 2]; 2],
    grid: [[[u16; 2]; 3]; 1],
    last: Level,
    flags: [bool; 5],
}

const fn level(price: i64, closed: bool) -> Level {
    Level { price, quantity: 7, closed }
}

#[test]
fn every_type_goes_through_a_table() {
    let book = Book {
        symbol: *b"ABC",
        levels: [[level(1, true), level(-2, false)], [level(3, true), level(i64::MIN, true)]],
        grid: [[[1, 2], [3, 4], [5, u16::MAX]]],
        last: level(9, false),
        flags: [true, false, true, true, false],
    };
    assert_eq!((size_of::<Twelve>(), size_of::<ThirtyTwo>(), size_of::<Pattern4096>()), (12, 32, 4096));
    passes(Byte { value: 0xff }, &["value=255"]);
    passes(
        Twelve { a: u32::MAX, b: i16::MIN, on: true, c: -0.5 },
        &["a=4294967295", "b=-32768", "on=true", "c=-0.5"],
    );
    let mixed = ThirtyTwo { a: -1, b: 2, c: f64::MAX, d: u64::MAX, e: 5 };
    passes(mixed, &["a=-1", "b=2", &format!("c={}", f64::MAX), "d=18446744073709551615", "e=5"]);
    passes(Lined { value: 1 << 63 }, &["value=9223372036854775808"]);
    passes(Paged { value: 1 }, &["value=1"]);
    passes(
        book,
        &[
            "symbol=ABC",
            "levels=[[{price: 1, quantity: 7, closed: true}, {price: -2, quantity: 7, closed: false}], \
             [{price: 3, quantity: 7, closed: true}, {price: -9223372036854775808, quantity: 7, closed: true}]]",
            "grid=[[[1, 2], [3, 4], [5, 65535]]]",
            "last={price: 9, quantity: 7, closed: false}",
            "flags=[true, false, true, true, false]",
        ],
    );
    let pattern = Pattern4096::of(0, 1);
    passes(pattern, &[&format!("words={:?}", pattern.words)]);
}

/// `value` is read back by type and by name, beside neighbours that stay zero.
fn passes<T: ShmRecord + Debug + PartialEq>(value: T, shown: &[&str]) {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<T>(place.address(), CAPACITY).unwrap();
        // Often enough to come round all cells.
        for version in 1..=10 {
            writer.write(1, &value).unwrap();
            assert_eq!(writer.read_versioned(1).unwrap().version, version);
        }
        drop(writer);
        let reader = Reader::<T>::open(place.address()).unwrap();
        assert_eq!(reader.read(1).unwrap(), value);
        let raw = RawReader::open(place.address()).unwrap();
        let record = raw.read(1).unwrap();
        let fields: Vec<String> =
            record.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(fields, shown);
        for neighbour in [0, 2] {
            let mut bytes = vec![0xff; size_of::<T>()];
            assert_eq!(raw.read_bytes(neighbour, &mut bytes).unwrap(), 0);
            assert!(bytes.iter().all(|&byte| byte == 0), "a neighbour was touched");
        }
        assert_eq!(Writer::<T>::open(place.address()).unwrap().epoch(), 2);
    });
}
