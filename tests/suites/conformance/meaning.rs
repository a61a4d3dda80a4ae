//! What integers mean: enums, flags, exponents, times and nulls through a table, typed and by name.

use integration_tests::case::every_case;
use integration_tests::check::error_of;
use integration_tests::image::Image;
use shmrecord::{ErrorKind, RawReader, Reader, ShmEnum, ShmRecord, Value, flags, open_enum};

/// A closed enum, of several bytes.
#[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
#[repr(i16)]
enum Phase {
    Closed = 0,
    Auction = -300,
}

/// What it came from.
#[open_enum]
#[repr(u8)]
enum Side {
    BID = b'B',
    ASK = b'A',
}

#[flags]
#[repr(u16)]
enum State {
    STALE = 0,
    CROSSED = 15,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Level {
    phases: [Phase; 3],
    side: Side,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[shm(version = 2)]
struct Book {
    levels: [Level; 2],
    state: State,
    #[shm(exp = -4, unit = "USD", null = "min")]
    prices: [i64; 2],
    #[shm(time = "unix_ns", since = 2)]
    at: u64,
}

fn book() -> Book {
    let level = Level { phases: [Phase::Auction, Phase::Closed, Phase::Auction], side: Side(7) };
    Book {
        levels: [level, Level { side: Side::ASK, ..level }],
        state: State::CROSSED | State::from_bits(2),
        prices: [1_275_000, i64::MIN],
        at: 1_769_956_200_000_000_001,
    }
}

#[test]
fn values_come_back_and_are_printed_by_what_they_mean() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Book>(place.address(), 2).unwrap();
        writer.write(1, &book()).unwrap();
        let reader = Reader::<Book>::open(place.address()).unwrap();
        assert_eq!(reader.read(1).unwrap(), book());
        assert_eq!(reader.read(0).unwrap().levels[1].phases, [Phase::Closed; 3], "zeros are a value");

        let raw = RawReader::open(place.address()).unwrap();
        let record = raw.read(1).unwrap();
        let shown: Vec<String> =
            record.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let phases = "phases: [Auction, Closed, Auction]";
        let expected = [
            &format!("levels=[{{{phases}, side: 7}}, {{{phases}, side: ASK}}]"),
            "state=CROSSED|0x2",
            "prices=[127.5000, null]",
            "at=2026-02-01T14:30:00.000000001Z",
        ];
        assert_eq!(shown, expected);
        assert_eq!(record.fields[1].1, Value::Flags { names: vec!["CROSSED"], others: 2 });
        let root = raw.description().root();
        assert_eq!((root.version, root.fields[3].since), (2, Some(2)));
        let level = &raw.description().records[0];
        assert_eq!(raw.description().type_name(&level.fields[0]), "[Phase; 3]");
    });
}

#[test]
fn a_precision_leaves_a_number_without_a_name_what_it_is() {
    assert_eq!(format!("{:>5.1?}", Side(123)), "  123");
    assert_eq!(format!("{:>5.1?}", Side::BID), "    B", "of text it leaves the beginning");
}

#[test]
fn a_number_that_a_closed_enum_has_not_is_no_value_and_its_place_is_named() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Book>(place.address(), 1).unwrap();
        writer.write(0, &book()).unwrap();
        let image = Image::of(&place);
        // The high byte of the third phase in the second level, whichever cell is read.
        for cell in 0..case.cells.into() {
            image.put(image.cell_at(0, cell) + 8 + 5, &[0]);
        }
        let reader = Reader::<Book>::open(place.address()).unwrap();
        let expected = ErrorKind::InvalidBits { record: "Book", field: "levels[1].phases[2]".into() };
        assert_eq!(error_of(reader.read(0), place.address()), expected);
        let mut out = book();
        assert_eq!(error_of(reader.read_into(0, &mut out), place.address()), expected);
        let raw = RawReader::open(place.address()).unwrap();
        let shown = raw.read(0).unwrap().fields[0].1.to_string();
        assert!(shown.contains("invalid(0xd4)"), "{shown}");
    });
}
