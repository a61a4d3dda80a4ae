//! What every example program needs around its work: errors as text, signals, exit codes. Relies on clap and signal-hook.

use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command};

/// Anything that ends a program, already in words.
pub type Result<T> = std::result::Result<T, String>;

/// Turns any error into its words.
///
/// # Errors
/// Never by itself; it hands on what it is given.
pub fn words<T>(result: std::result::Result<T, impl Display>) -> Result<T> {
    result.map_err(|error| error.to_string())
}

/// Parses the command line (its first word the program's name), runs the program, and prints its error: exit code 0, 1
/// for an error, 2 for a wrong command line.
pub fn main(
    command: Command,
    line: impl Iterator<Item = OsString>,
    run: impl FnOnce(&ArgMatches) -> Result<()>,
) -> ExitCode {
    let name = command.get_name().to_owned();
    match run(&command.get_matches_from(line)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The argument that every program has.
#[must_use]
pub fn segment() -> Arg {
    Arg::new("segment")
        .long("segment")
        .value_name("ADDR")
        .required(true)
        .help("where the table is: posix:/name, file:/path or sysv:0x1234")
}

/// The value of [`segment`].
#[must_use]
pub fn segment_of(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("segment").expect("clap requires it")
}

/// Set by SIGINT and SIGTERM: finish what you do and end.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Catches both signals from now on.
    ///
    /// # Errors
    /// When the kernel refuses the handlers.
    pub fn on_signals() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            words(signal_hook::flag::register(signal, Arc::clone(&flag)))?;
        }
        Ok(Self(flag))
    }

    /// Whether a signal has come.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sleeps until then, or until a signal comes.
    pub fn sleep_until(&self, then: Instant) {
        const NAP: Duration = Duration::from_millis(20);
        while !self.is_set() {
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}
