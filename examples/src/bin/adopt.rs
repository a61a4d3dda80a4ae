//! See `examples::adopt`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use examples::{adopt, program};

fn main() -> ExitCode {
    program::main(adopt::command(), std::env::args_os(), adopt::run)
}
