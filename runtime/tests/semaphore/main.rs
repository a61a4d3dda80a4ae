//! Named semaphores: values and deadlines, who creates what, other processes, what can go wrong, Python.
//!
//! Processes are the example program `semaphore`, or Python. Helpers are here, cases in the modules.

mod creation;
mod faults;
mod place;
mod processes;
mod python;
mod raw;
mod storm;
mod values;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use shmrecord::{ErrorKind, Result};

/// Long enough for anything that is to happen, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// The example program, which `cargo test` builds beside the tests.
fn program() -> Command {
    let deps = std::env::current_exe().expect("this program has a path");
    let target: PathBuf = deps.ancestors().nth(2).expect("it lies in a target directory").into();
    let program = target.join("examples/semaphore");
    assert!(
        program.exists(),
        "{} is missing: cargo build -p shmrecord --example semaphore",
        program.display()
    );
    Command::new(program)
}

/// The kind of this error, whose text must name the address, and the system call if one failed.
#[track_caller]
fn error_of<T: std::fmt::Debug>(result: Result<T>, address: &str) -> ErrorKind {
    let error = result.expect_err("this should have failed");
    assert_eq!(error.subject(), address);
    assert!(error.raw_os_error().is_none() || !error.found().is_empty(), "no system call is named: {error}");
    error.kind().clone()
}

/// Looks until it is so.
#[track_caller]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Says that a test is skipped because something is missing here. The caller returns.
fn skip(why: &str) {
    let required = std::env::var_os("SHMRECORD_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "must not be skipped: {why}");
    println!("skipped: {why}");
}
