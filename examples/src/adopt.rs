//! Adopts the table of a program that knows nothing of shmrecord, the feed handler `c/legacy.cpp`: prints it, and updates
//! it under the feed handler's own semaphore while that goes on updating it.

use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use shmrecord::{Adopt, ErrorKind, ForeignGuard};

use crate::legacy::{QUOTES, Quote};
use crate::processes::{Process, compile_cxx};
use crate::program::{Result, words};

/// The command line.
#[must_use]
pub fn command() -> Command {
    Command::new("adopt")
        .about("Starts a legacy C++ program, and reads and updates the table that it keeps in a segment of its own")
        .arg(
            Arg::new("key")
                .long("key")
                .value_name("KEY")
                .default_value("0x1234")
                .help("System V key of the program's segment and semaphore"),
        )
        .arg(
            Arg::new("updates")
                .long("updates")
                .value_name("M")
                .default_value("10000")
                .value_parser(value_parser!(u32))
                .help("updates to make beside the program's own"),
        )
}

/// Compiles the feed handler, starts it, adopts its table, updates it, and lets the feed handler count.
///
/// # Errors
/// What the compiler, the feed handler or the table refuses, in words; an update that was lost.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let key: &String = matches.get_one("key").expect("clap gives a default");
    let updates: u32 = *matches.get_one("updates").expect("clap gives a default");
    let folder = Folder::new()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/legacy.cpp");
    let program = compile_cxx(&source, &folder.0)?.ok_or("no C++ compiler (c++) was found")?;
    let mut feed = Process::start("legacy", Program::new(program).arg(key))?;

    // All that schemas/legacy.toml says of the segment, at the key that was asked for.
    let address = format!("sysv:{key}");
    let quotes = QUOTES.at(&address).guard(ForeignGuard::Sysv { key, index: 0 });
    let count = adopt(&quotes, &mut feed, updates)?;
    let report = feed.finish()?;
    println!("\nThe feed handler says: {report}; {count} were made here.");
    let total = report.split(' ').map_while(|word| word.parse::<u64>().ok());
    drop(total);
    Ok(())
}
