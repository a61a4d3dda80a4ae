//! Arguments that no table can have: refused before anything exists.

use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::records::{Pattern4096, Quote};
use shmrecord::{Arrangement, ErrorKind, Options, ShmRecord};

#[test]
fn impossible_arguments_create_nothing() {
    every_backend(|place| {
        let address = place.address();
        let bad = |options: &Options, capacity, argument| {
            refused::<Quote>(address, options, capacity, argument);
            assert!(place.names().is_empty(), "{argument}: {:?}", place.names());
        };
        let plain = Options::new();
        bad(&plain, 0, "capacity");
        bad(&plain, usize::MAX, "capacity");
        bad(&plain, usize::MAX / 32, "capacity");
        bad(&plain, (1 << 48) + 1, "capacity");
        for cells in [0, 3, 5, 6, 7, 9, 16, u32::MAX] {
            bad(&plain.clone().cells(cells), 10, "cells");
        }
        for entries in [0, 65_537, u32::MAX] {
            bad(&plain.clone().log_entries(entries), 10, "log entries");
        }
        for mode in [0o1777, 0o4644, 0o7777, 0o10_0644, 0, 0o400, 0o200, 0o444, u32::MAX] {
            bad(&plain.clone().mode(mode), 10, "mode");
        }
        // 2^48 records of 8 cells of 4096 bytes are more than 64 bits can count.
        for arrangement in Arrangement::ALL {
            let options = Options::new().cells(8).arrangement(arrangement);
            refused::<Pattern4096>(address, &options, 1 << 48, "capacity");
        }
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

fn refused<T: ShmRecord>(address: &str, options: &Options, capacity: usize, argument: &'static str) {
    let result = options.create::<T>(address, capacity).map(drop);
    let error = result.as_ref().unwrap_err();
    assert!(!error.found().is_empty(), "what was found is missing: {error}");
    assert_eq!(error_of(result, address), ErrorKind::BadArgument { argument });
}

#[test]
fn a_table_larger_than_the_machine_creates_nothing() {
    every_backend(|place| {
        let address = place.address();
        let options = Options::new().timeout(Duration::from_millis(1));
        let kind = error_of(options.create::<Pattern4096>(address, 1 << 48), address);
        assert!(matches!(kind, ErrorKind::NoSpace { wanted } if wanted > 1 << 60), "{kind:?}");
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}
