//! The subscriber: prints any table by the names of its fields, or verifies the pattern of a publisher.

use std::io::{BufWriter, ErrorKind as IoErrorKind, StdoutLock};
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use shmrecord::{ErrorKind, Options, RawReader, Status};

use crate::md::MarketData;
use crate::pattern;
use crate::print::{Format, Printer};
use crate::program::{self, Result, Stop, words};

/// How long a follower of a table without a doorbell rests when nothing has changed.
const REST: Duration = Duration::from_millis(1);
/// How often a follower asks whether its table was replaced.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long nothing is published before it is said how the writer is.
const QUIET: Duration = Duration::from_secs(1);

/// The command line.
#[must_use]
pub fn command() -> Command {
    Command::new("subscriber")
        .about("Prints the records of any table by field name, as they change")
        .arg(program::segment())
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .conflicts_with("updates")
                .help("print every record that was ever written, and end"),
        )
        .arg(
            Arg::new("updates")
                .long("updates")
                .value_name("M")
                .value_parser(value_parser!(u64))
                .help("end after M records printed or verified [default: a signal]"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .default_value("table")
                .value_parser(Format::ALL.map(|(name, _)| name)),
        )
        .arg(
            Arg::new("owner")
                .long("owner")
                .value_name("UID")
                .value_parser(value_parser!(u32))
                .help("trust segments of this user, too"),
        )
        .arg(
            Arg::new("verify-pattern")
                .long("verify-pattern")
                .action(ArgAction::SetTrue)
                .conflicts_with("once")
                .help(
                    "check that the fields of each record match, as publisher --verify-pattern writes them",
                ),
        )
}

/// Prints or verifies until it is done or a signal comes.
///
/// # Errors
/// What the table refuses, in words, and torn records.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let stop = Stop::on_signals()?;
    let address = program::segment_of(matches);
    let mut options = Options::new();
    if let Some(&uid) = matches.get_one("owner") {
        options = options.owner(uid);
    }
    let updates = matches.get_one("updates").copied().unwrap_or(u64::MAX);
    if matches.get_flag("verify-pattern") {
        return verify(&options, address, updates, &stop);
    }
    let wanted = matches.get_one::<String>("format").expect("clap gives a default");
    let (_, format) = Format::ALL.into_iter().find(|(name, _)| name == wanted).expect("clap checks it");
    let out = Printer::new(BufWriter::new(std::io::stdout().lock()), format);
    let result = match matches.get_flag("once") {
        true => print_once(&options, address, out),
        false => follow(&options, address, updates, &stop, out),
    };
    result.or_else(Ended::result)
}

type Out<'a> = Printer<BufWriter<StdoutLock<'a>>>;

/// Why printing ended early.
enum Ended {
    Table(shmrecord::Error),
    Output(std::io::Error),
}

impl Ended {
    /// Nobody reads our output any more: that is no failure.
    fn result(self) -> Result<()> {
        match self {
            Ended::Output(error) if error.kind() == IoErrorKind::BrokenPipe => Ok(()),
            Ended::Output(error) => Err(format!("standard output: {error}")),
            Ended::Table(error) => Err(error.to_string()),
        }
    }
}

impl From<shmrecord::Error> for Ended {
    fn from(error: shmrecord::Error) -> Self {
        Self::Table(error)
    }
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints every record that was ever written.
fn print_once(options: &Options, address: &str, mut out: Out<'_>) -> std::result::Result<(), Ended> {
    let reader = options.open_raw(address)?;
    for index in 0..reader.capacity() {
        let record = reader.read(index)?;
        if record.version > 0 {
            out.record(index, &record)?;
        }
    }
    Ok(out.flush()?)
}

/// Prints records as they change, through deaths and replacements of their publisher.
fn follow(
    options: &Options,
    address: &str,
    updates: u64,
    stop: &Stop,
    mut out: Out<'_>,
) -> std::result::Result<(), Ended> {
    let mut reader = options.open_raw(address)?;
    let mut seen = vec![0; reader.capacity()];
    let mut printed = 0;
    let mut silence = Silence::new();
    let mut looked_up = Instant::now();
    loop {
        // Before the records are looked at, so that none is missed. `None`: the table has no doorbell.
        let changes = reader.changes().ok();
        let before = printed;
        for (index, seen) in seen.iter_mut().enumerate() {
            if printed == updates || stop.is_set() {
                return Ok(out.flush()?);
            }
            if reader.version(index)? != *seen {
                let record = reader.read(index)?;
                *seen = record.version;
                out.record(index, &record)?;
                printed += 1;
            }
        }
        if printed > before {
            silence.end();
        } else {
            out.flush()?;
            rest(&reader, changes, stop)?;
        }
        if looked_up.elapsed() >= LOOK_UP {
            looked_up = Instant::now();
            if reader.refresh()? {
                eprintln!("subscriber: another table has taken the place of this one");
                seen = vec![0; reader.capacity()];
                silence = Silence::new();
            }
            silence.look(&reader)?;
        }
    }
}

/// Sleeps until something is published in a table with a doorbell; in another one, or a removed one, for a moment.
fn rest(reader: &RawReader, changes: Option<u64>, stop: &Stop) -> shmrecord::Result<()> {
    match changes.map(|seen| reader.wait_table(seen, LOOK_UP)) {
        Some(Ok(_)) => return Ok(()),
        Some(Err(error)) if *error.kind() != ErrorKind::Retired => return Err(error),
        Some(Err(_)) | None => stop.sleep_until(Instant::now() + REST),
    }
    Ok(())
}

/// Says on standard error, while nothing is published, how the table and its writer are.
struct Silence {
    since: Instant,
    /// How long it must last until something is said again.
    limit: Duration,
    status: Status,
}

impl Silence {
    fn new() -> Self {
        Self { since: Instant::now(), limit: QUIET, status: Status::Alive }
    }

    /// Something was published.
    fn end(&mut self) {
        (self.since, self.limit) = (Instant::now(), QUIET);
    }

    /// Says it at each change of the status, and then ever more rarely.
    fn look(&mut self, reader: &RawReader) -> shmrecord::Result<()> {
        let (status, lasted) = (reader.status()?, self.since.elapsed());
        if status != self.status || lasted >= self.limit {
            let age = reader.age()?;
            eprintln!(
                "subscriber: nothing new for {lasted:.1?}, last sign of life {age:.1?} ago: {status:?}"
            );
            self.status = status;
            self.limit = lasted.max(QUIET) * 2;
        }
        Ok(())
    }
}

/// Reads without a pause and checks every record; the last line says how many were torn.
fn verify(options: &Options, address: &str, updates: u64, stop: &Stop) -> Result<()> {
    let mut reader = words(options.open::<MarketData>(address))?;
    let (mut reads, mut torn) = (0_u64, 0_u64);
    let mut looked_up = Instant::now();
    while reads < updates && !stop.is_set() {
        let before = reads;
        for index in 0..reader.capacity() {
            if reads == updates || stop.is_set() {
                break;
            }
            let record = words(reader.read_versioned(index))?;
            if record.version > 0 {
                reads += 1;
                torn += u64::from(!pattern::is_whole(&record.value));
            }
        }
        if reads == before {
            stop.sleep_until(Instant::now() + REST);
        }
        if looked_up.elapsed() >= LOOK_UP {
            looked_up = Instant::now();
            words(reader.refresh())?;
        }
    }
    println!("{reads} reads, {torn} torn");
    if torn == 0 { Ok(()) } else { Err(format!("{torn} of {reads} records were torn")) }
}
