//! One field of a record: the value that a read of all of it would have, whatever lies around it.

use std::thread;

use integration_tests::case::{CELLS, Case, every_case};
use integration_tests::check::error_of;
use integration_tests::image::Image;
use integration_tests::place::Backend;
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use shmrecord::{Arrangement, ErrorKind, Field, Follower, Options, Reader, ShmEnum, ShmRecord, field};

const CAPACITY: usize = 3;

#[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
#[repr(u16)]
enum Phase {
    Closed = 0,
    Open = 7,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Level {
    volume: u16,
    phase: Phase,
    is_firm: bool,
    price: f64,
}

/// Fields that begin within a word, that pass its end, that are aligned to a line; 1024 bytes and some.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Book {
    first: u8,
    name: [u8; 13],
    side: u16,
    levels: [Level; 40],
    best: Level,
    r#type: u32,
    last: [bool; 3],
}

fn level(number: u16) -> Level {
    Level { volume: number, phase: Phase::Open, is_firm: number % 2 == 1, price: f64::from(number) * 0.5 }
}

fn book(number: u16) -> Book {
    Book {
        first: number.to_le_bytes()[0],
        name: [number.to_le_bytes()[0]; 13],
        side: number,
        levels: [level(number); 40],
        best: level(number + 1),
        r#type: u32::from(number) << 16,
        last: [true, number % 2 == 1, false],
    }
}

const BEST_PRICE: Field<Book, f64> = field!(Book, best.price);

#[test]
fn every_field_is_what_a_read_of_the_record_has() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Book>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Book>::open(place.address()).unwrap();
        let mut follower = Follower::<Book>::open(place.address()).unwrap();
        for number in 0..=10 {
            let book = if number == 0 { reader.read(1).unwrap() } else { book(number) };
            assert_eq!(reader.read_field(1, field!(Book, first)).unwrap(), book.first);
            assert_eq!(reader.read_field(1, field!(Book, name)).unwrap(), book.name);
            assert_eq!(reader.read_field(1, field!(Book, side)).unwrap(), book.side);
            assert_eq!(reader.read_field(1, field!(Book, levels)).unwrap(), book.levels);
            assert_eq!(reader.read_field(1, field!(Book, best)).unwrap(), book.best);
            assert_eq!(reader.read_field(1, field!(Book, best.phase)).unwrap(), book.best.phase);
            assert_eq!(reader.read_field(1, field!(Book, best.is_firm)).unwrap(), book.best.is_firm);
            assert_eq!(reader.read_field(1, BEST_PRICE).unwrap(), book.best.price);
            assert_eq!(reader.read_field(1, field!(Book, r#type)).unwrap(), book.r#type);
            assert_eq!(follower.read_field(1, field!(Book, last)).unwrap(), book.last);
            writer.write(1, &self::book(number + 1)).unwrap();
        }
        let out_of_range = ErrorKind::IndexOutOfRange { index: 3, capacity: 3 };
        assert_eq!(error_of(reader.read_field(CAPACITY, BEST_PRICE), place.address()), out_of_range);
    });
}

#[test]
fn only_the_bytes_of_the_field_itself_must_be_a_value() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        case.options().create::<Book>(address, 1).unwrap().write(0, &book(1)).unwrap();
        let reader = Reader::<Book>::open(address).unwrap();
        let image = Image::of(&place);
        // Where the first write put it.
        let cell = image.cell_at(0, u64::from(case.cells > 1));
        let offset = |at: usize, inner: usize| {
            let field = &Book::LAYOUT.fields[at];
            cell + u64::from(field.offset) + u64::from(field.ty.nested.unwrap().fields[inner].offset)
        };
        image.put(offset(4, 1), &[9]);
        image.put(offset(3, 2) + 5 * size_of::<Level>() as u64, &[9]);
        let invalid = |field: &str| ErrorKind::InvalidBits { record: "Book", field: field.into() };
        assert_eq!(error_of(reader.read(0), address), invalid("levels[5].is_firm"));
        assert_eq!(
            error_of(reader.read_field(0, field!(Book, levels)), address),
            invalid("levels[5].is_firm")
        );
        assert_eq!(error_of(reader.read_field(0, field!(Book, best)), address), invalid("best.phase"));
        assert_eq!(error_of(reader.read_field(0, field!(Book, best.phase)), address), invalid("best.phase"));
        assert!(reader.read_field(0, field!(Book, best.is_firm)).is_ok_and(|it| it == book(1).best.is_firm));
        assert_eq!(reader.read_field(0, BEST_PRICE).unwrap(), 1.0);
        assert_eq!(reader.read_field(0, field!(Book, last)).unwrap(), book(1).last);
    });
}

#[test]
fn beside_a_writer_that_does_not_pause_a_field_is_whole() {
    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct Large {
        before: Pattern4096,
        middle: [u64; 5],
        after: u64,
    }
    for cells in CELLS {
        for arrangement in Arrangement::ALL {
            let case = Case { backend: Backend::Posix, cells, arrangement };
            let place = case.place();
            let mut writer = case.options().create::<Large>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Large>::open(place.address()).unwrap();
            let writing = thread::spawn(move || {
                for version in 1..=1000 {
                    let before = Pattern4096::of(1, version);
                    writer.write(1, &Large { before, middle: [version; 5], after: version }).unwrap();
                }
            });
            let mut seen = 0;
            loop {
                let is_last = writing.is_finished();
                let middle = reader.read_field(1, field!(Large, middle)).unwrap();
                assert_eq!(middle, [middle[0]; 5], "{case}: torn");
                let after = reader.read_field(1, field!(Large, after)).unwrap();
                assert!(seen <= middle[0] && middle[0] <= after, "{case}: {seen}, {}, {after}", middle[0]);
                seen = after;
                if is_last {
                    break;
                }
            }
            assert_eq!(seen, 1000, "{case}");
            writing.join().unwrap();
        }
    }
}

#[test]
fn a_field_of_a_small_record_too() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(2, &quote(5)).unwrap();
        let watched = Options::new().survive_truncation(true);
        for options in [Options::new(), watched] {
            let reader = options.open::<Quote>(place.address()).unwrap();
            assert_eq!(reader.read_field(2, field!(Quote, symbol)).unwrap(), quote(5).symbol);
            assert_eq!(reader.read_field(2, field!(Quote, price)).unwrap(), quote(5).price);
            assert_eq!(reader.read_field(2, field!(Quote, volume)).unwrap(), quote(5).volume);
        }
    });
}
