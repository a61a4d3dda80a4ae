//! See `examples::netdev`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use examples::{netdev, program};

fn main() -> ExitCode {
    program::main(netdev::command(), std::env::args_os(), netdev::run)
}
