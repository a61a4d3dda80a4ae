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
    constants {}
    homonyms { T Option Vec Result Clone Copy Reserved String Some }
    long_form { Quote }
    market_data { MarketData }
    names { OrderBook Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr MDEntry }
    nesting { Inner Plain Outer Line Shared }
    order_book { Level Book }
    padding { Holes Pinned Line Room Exact RoomToBe }
    scalars { Every Arrays Byte }
    segments { Quote Option Byte Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr }
}

#[test]
fn derive_and_ipcgen_describe_the_same_records() {
    let golden = golden_cases();
    assert_eq!(golden.len(), CASES.len());
    for ((folder, model), (case, layouts)) in golden.iter().zip(CASES) {
        assert!(folder.ends_with(case), "{case}: the cases are not those in tests/golden");
        let names: Vec<_> = model.records.iter().map(|record| record.name.as_str()).collect();
        let derived: Vec<_> = layouts.iter().map(|layout| layout.name).collect();
        assert_eq!(names, derived);
        for (record, layout) in model.records.iter().zip(*layouts) {
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
