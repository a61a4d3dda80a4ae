//! The harness bites: a write with one store in a wrong place is found out, and one in the right order is not. Relies on the
//! program `misordered`, which makes the stores of `docs/FORMAT.md`.

use std::path::Path;

use crate::fixture::Shape;
use crate::steps::Steps;
use crate::watch::Watch;
use integration_tests::records::Pattern64;
use integration_tests::tracer::is_permitted;

/// The stores of a write of eight words to one cell, in their order: the log's odd sequence, the words, index, target, count,
/// batch id, the even sequence; the odd version, the words, the even version.
const LOG_EVEN: usize = 13;
const VERSION_ODD: usize = 14;
const LAST_WORD: usize = 22;
const VERSION_EVEN: usize = 23;

/// The same for K cells: the words, the version.
const VERSION: usize = 8;

#[test]
fn stores_in_a_wrong_order_are_found_out() {
    if !is_permitted() {
        return;
    }
    for (cells, store, place, trouble) in [
        // Overwritten before it says so.
        (1, VERSION_ODD, VERSION_ODD + 1, Some("record 0 is")),
        (1, VERSION_ODD, LAST_WORD, Some("record 0 is")),
        // In the log too late.
        (1, LOG_EVEN, VERSION_ODD, Some("record 0: read posix:")),
        (1, 1, VERSION_ODD, Some("record 0 is")),
        // Done before it is.
        (1, VERSION_EVEN, LAST_WORD, Some("record 0 is")),
        (2, VERSION, VERSION - 1, Some("record 0 is")),
        (4, VERSION, 0, Some("record 0 is")),
        // In order.
        (1, 0, 0, None),
        (2, 0, 0, None),
    ] {
        let found = follow(cells, store, place).err();
        println!("{cells} cells, store {store} at {place}: {found:?}");
        let is_as_expected = match (&found, trouble) {
            (Some(found), Some(trouble)) => found.starts_with(trouble),
            (found, trouble) => found.is_none() && trouble.is_none(),
        };
        assert!(is_as_expected, "{cells} cells, store {store} at {place}: {found:?}");
    }
}

/// Steps a write whose store of this number is made at that place.
fn follow(cells: u32, store: usize, place: usize) -> Result<(), String> {
    let shape = Shape { cells, version: 3, ..Shape::PLAIN };
    let table = shape.table::<Pattern64>();
    let path = table.path().to_str().expect("text");
    let mut watch = Watch::<Pattern64>::new(&table, shape);
    watch.expect_write();
    let program = Path::new(env!("CARGO_BIN_EXE_misordered"));
    let mut steps = Steps::start(program, &[path, &store.to_string(), &place.to_string()]);
    watch.follow(&mut steps, None)?;
    if watch.is_written() { Ok(()) } else { Err("the value is not there at the end".to_owned()) }
}
