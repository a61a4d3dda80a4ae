//! See `examples::publisher`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use examples::{program, publisher};

fn main() -> ExitCode {
    program::main(publisher::command(), std::env::args_os(), publisher::run)
}
