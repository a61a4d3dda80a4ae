//! Versions of a record that differ by a field in a hole, or in the values of their enums.

use integration_tests::case::{every_backend, every_case};
use integration_tests::check::error_of;
use integration_tests::place::Place;
use shmrecord::{ErrorKind, Options, Reader, ShmRecord, Writer};

fn open<T: ShmRecord>(place: &Place) -> shmrecord::Result<Reader<T>> {
    Options::new().compatible(true).open(place.address())
}

/// A table of one record, which is this value.
fn table<T: ShmRecord>(place: &Place, value: &T) {
    Writer::<T>::replace(place.address(), 1).unwrap().write(0, value).unwrap();
}

/// The words for what keeps a reader of `T` from this table.
#[track_caller]
fn obstacle<T: ShmRecord>(place: &Place) -> String {
    let error = open::<T>(place).expect_err("no version of it");
    let words = error.to_string();
    assert!(matches!(error.kind(), ErrorKind::LayoutMismatch { .. }), "{words}");
    let (_, words) = words.split_once("layout mismatch: ").unwrap();
    words.split_once("; build").unwrap().0.to_owned()
}

mod before {
    use shmrecord::{ShmEnum, ShmRecord, flags, open_enum};

    #[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
    #[repr(u8)]
    pub(super) enum Phase {
        Closed = 0,
        Auction = 1,
    }

    #[open_enum]
    #[repr(u8)]
    pub(super) enum Side {
        BID = 1,
        ASK = 2,
    }

    #[flags]
    #[repr(u16)]
    pub(super) enum State {
        STALE = 0,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    #[shm(version = 1)]
    pub(super) struct Quote {
        pub(super) seq: u32,
        pub(super) price: f64,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Order {
        pub(super) side: Side,
        pub(super) state: State,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Book {
        pub(super) phases: [Phase; 2],
    }
}

mod after {
    use shmrecord::{ShmEnum, ShmRecord, flags, open_enum};

    #[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
    #[repr(u8)]
    pub(super) enum Phase {
        Closed = 0,
        Auction = 1,
        Continuous = 2,
    }

    #[open_enum]
    #[repr(u8)]
    pub(super) enum Side {
        NONE = 0,
        BID = 1,
        ASK = 2,
    }

    #[flags]
    #[repr(u16)]
    pub(super) enum State {
        STALE = 0,
        CROSSED = 15,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    #[shm(version = 2)]
    pub(super) struct Quote {
        pub(super) seq: u32,
        #[shm(since = 2)]
        pub(super) venue: u16,
        pub(super) price: f64,
        #[shm(since = 2)]
        pub(super) phase: Phase,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Order {
        pub(super) side: Side,
        pub(super) state: State,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Book {
        pub(super) phases: [Phase; 2],
    }
}

#[test]
fn a_field_in_a_hole_is_read_by_who_knows_it() {
    every_case(|case| {
        let place = case.place();
        let old = before::Quote { seq: 7, price: 2.5 };
        let phase = after::Phase::Continuous;
        let new = after::Quote { seq: 8, venue: u16::MAX, price: 3.5, phase };
        case.options().create(place.address(), 1).unwrap().write(0, &old).unwrap();
        let reader = open::<after::Quote>(&place).unwrap();
        let known = after::Quote { seq: 7, venue: 0, price: 2.5, phase: after::Phase::Closed };
        assert_eq!(reader.read(0).unwrap(), known);
        let has = ["seq", "venue", "price", "phase"].map(|field| reader.has(field));
        assert_eq!(has, [true, false, true, false]);
        let mut writer = case.options().replace::<after::Quote>(place.address(), 1).unwrap();
        writer.write(0, &new).unwrap();
        let reader = open::<before::Quote>(&place).unwrap();
        assert_eq!(reader.read(0).unwrap(), before::Quote { seq: 8, price: 3.5 });
        assert!(reader.has("price") && !reader.has("venue"), "it is none of its own");
    });
}

/// As the first version, from which somebody has taken a field that was always there.
mod without {
    use shmrecord::ShmRecord;

    #[derive(ShmRecord, Clone, Copy, Debug)]
    #[repr(C)]
    #[shm(version = 3)]
    pub(super) struct Quote {
        pub(super) seq: u32,
        pub(super) price: f64,
        #[shm(since = 2)]
        pub(super) phase: super::after::Phase,
    }
}

#[test]
fn a_field_that_was_taken_away_is_missed() {
    every_backend(|place| {
        let phase = after::Phase::Closed;
        table(place, &without::Quote { seq: 7, price: 2.5, phase });
        let words = "field 1: `price` (f64 at 8) in the segment, `venue` (u16 at 4) here";
        assert_eq!(obstacle::<after::Quote>(place), words);
        open::<before::Quote>(place).unwrap();
    });
}

#[test]
fn open_enums_and_flags_grow_on_either_side() {
    every_backend(|place| {
        table(place, &after::Order { side: after::Side::NONE, state: after::State::CROSSED });
        let order = open::<before::Order>(place).unwrap().read(0).unwrap();
        assert_eq!((order.side, order.state.bits()), (before::Side(0), 1 << 15), "unknown values are kept");
        table(place, &before::Order { side: before::Side::ASK, state: before::State::STALE });
        let reader = open::<after::Order>(place).unwrap();
        let order = after::Order { side: after::Side::ASK, state: after::State::STALE };
        assert_eq!(reader.read(0).unwrap(), order);
        assert!(reader.has("side") && reader.has("state"));
        let exact = error_of(Reader::<after::Order>::open(place.address()), place.address());
        assert!(matches!(exact, ErrorKind::LayoutMismatch { .. }), "{exact:?}");
    });
}

#[test]
fn closed_enums_grow_where_they_are_read() {
    every_backend(|place| {
        table(place, &before::Book { phases: [before::Phase::Auction, before::Phase::Closed] });
        let book = open::<after::Book>(place).unwrap().read(0).unwrap();
        assert_eq!(book.phases, [after::Phase::Auction, after::Phase::Closed]);
        table(place, &after::Book { phases: [after::Phase::Closed; 2] });
        let words = "phases: 2 is `Continuous` in the segment, no value here";
        assert_eq!(obstacle::<before::Book>(place), words);
    });
}
