//! A table that exists must have what is asked for: shape and layout.

use integration_tests::case::{CELLS, every_case, every_public_backend};
use integration_tests::check::{error_of, every_opening};
use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use integration_tests::records::{Pattern64, Quote, quote};
use shmrecord::{Arrangement, ErrorKind, Options, Reader, ShmRecord, Writer};

const CAPACITY: usize = 10;

#[test]
fn another_shape_is_refused_and_named() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        drop(writer);
        let refused = |options: Options, capacity, what| {
            let result = options.create::<Quote>(address, capacity);
            assert_eq!(error_of(result, address), ErrorKind::ShapeMismatch { what });
        };
        refused(case.options(), CAPACITY - 1, "capacity");
        refused(case.options(), CAPACITY + 1, "capacity");
        for cells in CELLS.into_iter().filter(|&cells| cells != case.cells) {
            refused(case.options().cells(cells), CAPACITY, "number of cells");
        }
        for arrangement in Arrangement::ALL.into_iter().filter(|&other| other != case.arrangement) {
            refused(case.options().arrangement(arrangement), CAPACITY, "arrangement");
        }
        let error = case.options().create::<Quote>(address, 11).unwrap_err();
        assert_eq!(error.found(), "10 found, 11 asked for");

        let reader = Reader::<Quote>::open(address).unwrap();
        assert_eq!(
            (reader.epoch(), reader.read(0).unwrap()),
            (1, quote(1)),
            "who was refused changed nothing"
        );
    });
}

#[test]
fn what_is_not_asked_for_may_be_anything() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        drop(case.options().create::<Quote>(address, CAPACITY).unwrap());
        let options = [
            Options::new(),
            Options::new().cells(case.cells),
            Options::new().arrangement(case.arrangement),
            Options::new().log_entries(7),
        ];
        for (taken, options) in (2_u64..).zip(options) {
            let writer = options.create::<Quote>(address, CAPACITY).unwrap();
            assert_eq!(writer.epoch(), taken);
        }
        assert_eq!(Writer::<Quote>::open(address).unwrap().capacity(), CAPACITY);
    });
}

/// With its version a line of 64 bytes.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct NearlyALine {
    words: [u64; 7],
}

#[test]
fn a_new_table_is_line_where_nothing_was_asked_and_the_record_fills_one() {
    fn arrangement_of<T: ShmRecord>(place: &Place, options: &Options) -> u32 {
        drop(options.create::<T>(place.address(), CAPACITY).unwrap());
        let found = Image::of(place).half(at::ARRANGEMENT);
        options.remove(place.address()).unwrap();
        found
    }
    every_public_backend(|place| {
        let (line, split) = (Arrangement::Line as u32, Arrangement::Split as u32);
        let new = Options::new();
        assert_eq!(arrangement_of::<NearlyALine>(place, &new), line);
        assert_eq!(arrangement_of::<NearlyALine>(place, &new.clone().cells(2)), split);
        assert_eq!(arrangement_of::<Pattern64>(place, &new), split);
        let asked = new.arrangement(Arrangement::Split);
        assert_eq!(arrangement_of::<NearlyALine>(place, &asked), split);
    });
}

/// Records that are nearly a `Quote`.
mod nearly {
    use shmrecord::ShmRecord;

    macro_rules! nearly {
        ($($module:ident: $name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty),+ }),+ $(,)?) => {$(
            pub(crate) mod $module {
                #[derive(shmrecord::ShmRecord, Clone, Copy)]
                #[repr(C)]
                pub(crate) struct $name { $($(#[$attribute])* pub(crate) $field: $ty),+ }
            }
        )+};
    }

    nearly! {
        kind: Quote { #[shm(text)] symbol: [u8; 10], price: i64, volume: i64 },
        length: Quote { #[shm(text)] symbol: [u8; 12], price: f64, volume: i64 },
        field: Quote { #[shm(text)] symbol: [u8; 10], bid: f64, volume: i64 },
        fewer: Quote { #[shm(text)] symbol: [u8; 10], price: f64 },
        more: Quote { #[shm(text)] symbol: [u8; 10], price: f64, volume: i64, flags: u8 },
        unit: Quote { #[shm(text)] symbol: [u8; 10], #[shm(unit = "USD")] price: f64, volume: i64 },
        name: Trade { #[shm(text)] symbol: [u8; 10], price: f64, volume: i64 },
    }

    #[derive(ShmRecord, Clone, Copy)]
    #[repr(C, align(64))]
    #[shm(name = "Quote")]
    pub(crate) struct Wide {
        #[shm(text)]
        pub(crate) symbol: [u8; 10],
        pub(crate) price: f64,
        pub(crate) volume: i64,
    }
}

#[test]
fn another_layout_is_refused_and_the_first_difference_named() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        drop(case.options().create::<Quote>(address, CAPACITY).unwrap());
        let price = "price: f64 at 16 in the segment, i64 at 16 here";
        differs::<nearly::kind::Quote>(address, price);
        let symbol = "symbol: [char; 10] at 0 in the segment, [char; 12] at 0 here";
        differs::<nearly::length::Quote>(address, symbol);
        let names = "field 1: `price` (f64 at 16) in the segment, `bid` (f64 at 16) here";
        differs::<nearly::field::Quote>(address, names);
        differs::<nearly::fewer::Quote>(address, "volume: i64 at 24 in the segment, absent here");
        differs::<nearly::more::Quote>(address, "flags: absent in the segment, u8 at 32 here");
        differs::<nearly::unit::Quote>(address, "price: no unit in the segment, unit `USD` here");
        differs::<nearly::name::Trade>(address, "record: name `Quote` in the segment, `Trade` here");
        differs::<nearly::Wide>(address, "record: size 32 in the segment, 64 here");
        differs::<Pattern64>(
            address,
            "field 0: `symbol` ([char; 10] at 0) in the segment, `words` ([u64; 8] at 0) here",
        );
        assert_eq!(Reader::<Quote>::open(address).unwrap().epoch(), 1, "who was refused changed nothing");
    });
}

/// Every opening but the raw one is refused with these words.
fn differs<T: ShmRecord>(address: &str, words: &str) {
    let found = Quote::LAYOUT.schema_id;
    for (opening, result) in every_opening::<T>(address, CAPACITY) {
        if opening == "RawReader::open" {
            assert!(result.is_ok());
            continue;
        }
        let text = result.as_ref().unwrap_err().to_string();
        assert!(text.contains(words), "{opening}: {text}");
        let expected = ErrorKind::LayoutMismatch { expected: T::LAYOUT.schema_id, found };
        assert_eq!(error_of(result, address), expected, "{opening}");
    }
}
