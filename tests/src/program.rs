//! What the programs share that tests start: numbers in what they are told, and an end with their input. Knows no segment.

use std::io::{self, Read};
use std::process;
use std::str::FromStr;
use std::thread;

/// The number that this text is.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn number<N: FromStr>(text: &str) -> N {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// Returns when the input of this process has ended, that is the test.
pub fn until_input_ends() {
    // Whatever comes, the end is what counts.
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
}

/// Ends this process with its input, whatever it does meanwhile.
pub fn end_with_input() {
    thread::spawn(|| {
        until_input_ends();
        process::exit(0);
    });
}
