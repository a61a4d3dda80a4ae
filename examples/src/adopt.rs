//! Adopts the table of a program that knows nothing of shmrecord, the feed handler `c/legacy.cpp`: prints it, and updates
//! it under the feed handler's own semaphore while that updates it too. What there is to know of the segment stands in
//! `schemas/legacy.toml`.

use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use shmrecord::{Adopt, AdoptedWriter, ErrorKind, ForeignGuard};

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
                .help("System V key of its segment and of its semaphore"),
        )
        .arg(
            Arg::new("updates")
                .long("updates")
                .value_name("M")
                .default_value("10000")
                .value_parser(value_parser!(usize))
                .help("update its records M times"),
        )
}

/// Compiles and starts the feed handler, adopts and updates its quotes, and lets it count all updates.
///
/// # Errors
/// What the compiler, the feed handler or the table refuses, in words; an update that was lost.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let key: &String = matches.get_one("key").expect("clap gives a default");
    let updates: usize = *matches.get_one("updates").expect("clap gives a default");
    // `QUOTES` as it is does for a table that is where its schema says.
    let address = format!("sysv:{key}");
    let quotes = QUOTES.at(&address).guard(ForeignGuard::Sysv { key, index: 0 });
    if !is_absent(&quotes.open()) {
        return Err(format!("{address} is no free key: choose another one with --key"));
    }

    let folder = Folder::new()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/legacy.cpp");
    let program = compile_cxx(&source, &folder.0)?.ok_or("no C++ compiler (c++) was found")?;
    let mut feed = Process::start("legacy", Program::new(program).arg(key))?;
    println!("Process {}, c/legacy.cpp, keeps quotes under System V key {key}.", feed.id());
    let updated = adopted(&quotes, &mut feed).and_then(|quotes| update(quotes, updates));
    // Whatever came of that: when it is asked to end, it removes its segment and semaphore.
    let report = feed.finish();
    updated?;
    let report = report?;
    println!("\nThe feed handler counts its own and all: {report}.");
    let (own, all) = numbers(&report).ok_or(format!("legacy: not understood: {report}"))?;
    if own + updates == all { Ok(()) } else { Err(format!("{updates} here: updates were lost")) }
}

/// The quotes, as soon as the feed handler has made them.
fn adopted(quotes: &Adopt<'_, Quote>, feed: &mut Process) -> Result<AdoptedWriter<Quote>> {
    loop {
        let opened = quotes.open_writer();
        if !is_absent(&opened) {
            return words(opened);
        }
        feed.check()?;
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_absent<T>(opened: &shmrecord::Result<T>) -> bool {
    opened.as_ref().is_err_and(|error| *error.kind() == ErrorKind::NotFound)
}

/// Prints the quotes before and after so many updates.
fn update(mut quotes: AdoptedWriter<Quote>, updates: usize) -> Result<()> {
    println!("\nschemas/legacy.toml says where: {} of them.\n", quotes.count());
    print(&quotes)?;
    let all = words(quotes.iter().collect::<shmrecord::Result<Vec<_>>>())?;
    let known = (0..all.len()).filter(|&index| is_known(&all[index]));
    for index in known.cycle().take(updates) {
        let traded = |quote: Quote| Quote { bid_size: quote.bid_size.wrapping_add(1), ..quote };
        words(quotes.update(index, traded))?;
    }
    println!("\nAfter {updates} updates here, beside those of the feed handler:\n");
    print(&quotes)
}

fn print(quotes: &AdoptedWriter<Quote>) -> Result<()> {
    println!("{:>8}  {:>8}  {:>8}  {:>8}", "symbol", "bid", "ask", "bid_size");
    for quote in quotes.iter() {
        let quote = words(quote)?;
        if is_known(&quote) {
            let symbol = String::from_utf8_lossy(&quote.symbol);
            let symbol = symbol.trim_end_matches('\0');
            println!("{symbol:>8}  {:>8.2}  {:>8.2}  {:>8}", quote.bid, quote.ask, quote.bid_size);
        }
    }
    Ok(())
}

/// Whether the feed handler has an instrument there.
fn is_known(quote: &Quote) -> bool {
    quote.symbol[0] != 0
}

/// The numbers in `17 updates of 42`.
fn numbers(report: &str) -> Option<(usize, usize)> {
    let (own, all) = report.split_once(" updates of ")?;
    Some((own.parse().ok()?, all.parse().ok()?))
}

/// A folder for the compiled program, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("shmrecord-adopt-{}", std::process::id()));
        std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing of it matters any more.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
