//! See `examples::subscriber`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use examples::{program, subscriber};

fn main() -> ExitCode {
    program::main(subscriber::command(), std::env::args_os(), subscriber::run)
}
