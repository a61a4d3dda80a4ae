//! Checks that many suites make: an error that says everything, and the rule for skipping. Relies on the error's public
//! face only.

use std::env;

use shmrecord::{ErrorKind, RawReader, Reader, Result, ShmRecord, Writer};

/// The kind of this error, whose text must hold operation, place, hint and errno.
///
/// # Panics
/// When there is no error, or it keeps something to itself.
#[track_caller]
pub fn error_of<T>(result: Result<T>, address: &str) -> ErrorKind {
    let Err(error) = result else { panic!("{address}: this should have failed") };
    let text = error.to_string();
    let place = address.split_once(':').map_or(address, |(_, path)| path);
    assert!(error.subject().contains(place), "{} is not about {place}: {text}", error.subject());
    for part in [error.operation(), error.subject(), error.found(), error.hint(), &error.kind().to_string()] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    assert!(!error.operation().is_empty() && !error.hint().is_empty(), "{text}");
    if let Some(errno) = error.raw_os_error() {
        assert!(text.contains(&format!("(os error {errno})")), "{text}");
        assert!(!error.found().is_empty(), "no system call is named: {text}");
    }
    error.kind().clone()
}

/// Every way to open the table at this address as one of `T`, by name.
pub fn every_opening<T: ShmRecord>(address: &str, capacity: usize) -> [(&'static str, Result<()>); 4] {
    [
        ("Reader::open", Reader::<T>::open(address).map(drop)),
        ("RawReader::open", RawReader::open(address).map(drop)),
        ("Writer::open", Writer::<T>::open(address).map(drop)),
        ("Writer::create", Writer::<T>::create(address, capacity).map(drop)),
    ]
}

/// Every way to open fails with this kind.
///
/// # Panics
/// When one of them does not.
#[track_caller]
pub fn every_opening_fails<T: ShmRecord>(address: &str, capacity: usize, kind: &ErrorKind) {
    for (opening, result) in every_opening::<T>(address, capacity) {
        assert_eq!(&error_of(result, address), kind, "{opening}");
    }
}

/// Every way to open works.
///
/// # Panics
/// When one of them does not.
#[track_caller]
pub fn every_opening_works<T: ShmRecord>(address: &str, capacity: usize) {
    for (opening, result) in every_opening::<T>(address, capacity) {
        assert!(result.is_ok(), "{opening}: {result:?}");
    }
}

/// Says that a test is skipped because something is missing here. The caller returns.
///
/// # Panics
/// When `SHMRECORD_REQUIRE_TOOLS` is 1.
pub fn skip(why: &str) {
    assert!(
        env::var_os("SHMRECORD_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "must not be skipped: {why}"
    );
    println!("skipped: {why}");
}

/// Whether this process is root's.
#[must_use]
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|facts| facts.uid() == 0)
}
