//! See `examples::counters`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use examples::{counters, program};

fn main() -> ExitCode {
    // It starts itself with its name as first word, as the demo does.
    let is_started = std::env::args_os().nth(1).is_some_and(|word| word == "counters");
    program::main(counters::command(), std::env::args_os().skip(usize::from(is_started)), counters::run)
}
