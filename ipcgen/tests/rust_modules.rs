//! What rustc makes of the Rust output: every golden module is compiled here, with its assertions on sizes, offsets and
//! ids; and the description that the derive builds from the struct is the one that ipcgen builds from the schema.
#![allow(missing_docs, unreachable_pub, reason = "generated modules")]
#![allow(dead_code, clippy::unreadable_literal, reason = "generated modules")]

mod support;

use shmrecord::{RecordLayout, ShmRecord};
use shmrecord_layout::describe;
use support::golden_cases;

macro_rules! cases {
    ($($case:ident { $($record:ident)* })+) => {
        $(mod $case {
            include!(concat!("golden/", stringify!($case), "/expected.rs"));
        })+

        const CASES: &[(&str, &[&RecordLayout<'static>])] =
            &[$((stringify!($case), &[$(<$case::$record as ShmRecord>::LAYOUT),*])),+];
    };
}

// Folders by name, records in the order of the output.
cases! {
    common { Level }
    constants {}
    enums { All Arrays }
    facts { Everything }
    homonyms { T Option Vec Result Clone Copy Reserved String Some Enums }
    imports { Book }
    long_form { Quote }
    market_data { MarketData }
    names { OrderBook Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr MDEntry }
    nesting { Inner Plain Outer Line Shared }
    order_book { Level Book }
    padding { Holes Pinned Line Room Exact RoomToBe }
    renames { LegacyQuote }
    scalars { Every Arrays Byte }
    segments { Quote Option Byte Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr }
}

#[test]
fn derive_and_ipcgen_describe_the_same_records() {
    let golden = golden_cases();
    assert_eq!(golden.len(), CASES.len());
    for ((folder, model), (case, layouts)) in golden.iter().zip(CASES) {
        assert!(folder.ends_with(case), "{case}: the cases are not those in tests/golden");
        let names: Vec<_> = model.own_records().map(|record| record.name.as_str()).collect();
        let derived: Vec<_> = layouts.iter().map(|layout| layout.name).collect();
        assert_eq!(names, derived);
        for (record, layout) in model.own_records().zip(*layouts) {
            let name = layout.name;
            assert_eq!(
                (record.layout_id, record.schema_id),
                (layout.layout_id, layout.schema_id),
                "{case} {name}"
            );
            let (ours, theirs) =
                (describe::decode(&record.description), describe::decode(&describe::encode(layout)));
            assert_eq!(ours.unwrap(), theirs.unwrap(), "{case} {name}");
            assert_eq!(record.description, describe::encode(layout), "{case} {name}");
        }
    }
}

#[test]
fn what_is_said_of_fields_is_of_use() {
    use order_book::{Book, BookFlags, Level, Phase, Side};
    assert_eq!((Side::BID.0, Side(7).name(), Phase::Auction as u8), (b'B', None, 1));
    let level = Level { px: 1_250_000_000, qty: 1, orders: 1 };
    assert_eq!((level.px(), level.px_value()), (Some(1_250_000_000), Some(1.25)));
    let empty = Level { px: i64::MAX, ..level };
    assert_eq!((empty.px(), empty.px_value()), (None, None));
    let book = Book {
        symbol: *b"ES\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ts: 0,
        seq: 0,
        last_side: Side::ASK,
        phase: Phase::Closed,
        flags: BookFlags::STALE,
        depth: 0,
        bids: [level; 10],
        asks: [empty; 10],
        halt_ts: 0,
        venue_qty: [[0; 4]; 2],
        _reserved: shmrecord::Reserved::ZERO,
    };
    assert_eq!((book.symbol_text(), book.symbol_str(), book.halt_ts()), (&b"ES"[..], Ok("ES"), None));
    assert!(book.flags.contains(BookFlags::STALE) && !book.flags.contains(BookFlags::CROSSED));

    use facts::Everything;
    assert_eq!((Everything::grid_value(-5), Everything::grid(i16::MIN)), (Some(-0.5), None));
    assert_eq!(enums::Errno::WOULD_BLOCK, enums::Errno::AGAIN);
    assert_eq!(enums::Arrays::sides(enums::Side(255)), None);
    assert_eq!(renames::LEVELS, 2);
    let quote = renames::LegacyQuote { kind: 1, int: [0; 2], side: renames::BookSide::Own, class: true };
    assert_eq!((quote.kind, renames::LegacyQuote::int(0)), (1, None));
}
