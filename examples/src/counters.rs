//! Many writers of one table: processes that count hits, one of them killed in the midst of that, and one in the midst of
//! two writes that belong together. What every hit is counted in comes to the same sum, whoever dies.

use std::os::unix::process::parent_id;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use shmrecord::{Locked, Options, Reader, SharedWriter, ShmRecord, Turn};

use crate::processes::Process;
use crate::program::{self, Result, Stop, words};

/// What each record counts: first routes, then what each process has counted.
const NAMES: [&str; 6] = ["/", "/login", "/search", "process 0", "process 1", "process 2"];
/// Where the latter begin.
const ROUTES: usize = 3;
const MOMENT: Duration = Duration::from_millis(500);
/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

/// Counts hits: on a route, or by a process.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
pub struct Counter {
    /// The route, or the process.
    #[shm(text)]
    pub name: [u8; 16],
    /// How many hits.
    pub hits: u64,
}

/// The command line, with what only the processes that it starts are told.
#[must_use]
pub fn command() -> Command {
    Command::new("counters")
        .about("Starts processes that all write to one table, and kills two of them: no count is lost")
        .arg(program::segment())
        .arg(Arg::new("process").long("process").hide(true).value_parser(value_parser!(usize)))
        .arg(Arg::new("halfway").long("halfway").hide(true).action(ArgAction::SetTrue))
}

/// Runs all of it, or one of its processes.
///
/// # Errors
/// What the table refuses, in words; sums that differ.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let stop = Stop::on_signals()?;
    let address = program::segment_of(matches);
    let options = Options::new().doorbell(true).timeout(LIMIT);
    let mut writer = words(options.create_shared(address, NAMES.len()))?;
    match matches.get_one("process") {
        Some(&process) => count(&mut writer, process, &stop),
        None if matches.get_flag("halfway") => stay_halfway(&mut writer),
        None => show(&mut writer, address, &stop),
    }
}

/// One more hit.
fn hit(counter: Counter) -> Counter {
    Counter { hits: counter.hits + 1, ..counter }
}

/// Counts each hit on its route and for this process at one instant, until a signal comes or nobody is there to send one.
fn count(writer: &mut SharedWriter<Counter>, process: usize, stop: &Stop) -> Result<()> {
    let parent = parent_id();
    for route in (0..ROUTES).cycle() {
        if stop.is_set() || parent_id() != parent {
            break;
        }
        let counted = writer.batch(|batch| {
            batch.set(route, &hit(batch.get(route)?))?;
            batch.set(ROUTES + process, &hit(batch.get(ROUTES + process)?))
        });
        words(counted)?;
    }
    Ok(())
}

/// Counts a hit by two writes under the lock, and rests between them as long as somebody is there to kill it.
fn stay_halfway(writer: &mut SharedWriter<Counter>) -> Result<()> {
    let parent = parent_id();
    let mut turn = lock(writer)?;
    words(turn.update(0, hit))?;
    while parent_id() == parent {
        std::thread::sleep(Duration::from_millis(10));
    }
    words(turn.update(ROUTES, hit)).map(drop)
}

/// Starts the processes, kills two, and compares the sums.
fn show(writer: &mut SharedWriter<Counter>, address: &str, stop: &Stop) -> Result<()> {
    let reader = words(Options::new().timeout(LIMIT).open::<Counter>(address))?;
    name(lock(writer)?)?;
    let start = |more: &[&str]| {
        Process::start_self("counters", &[&["counters", "--segment", address], more].concat())
    };
    let count = |process: usize| start(&["--process", &process.to_string()]);
    let mut all = (0..NAMES.len() - ROUTES).map(count).collect::<Result<Vec<_>>>()?;
    println!("   {} processes count hits, each at one instant on its route and for itself", all.len());
    stop.sleep_until(Instant::now() + MOMENT);
    println!("   {}", sums(&reader)?);
    let mut killed = all.remove(0);
    killed.kill()?;
    println!("   kill -9 {}: the others go on", killed.id());
    stop.sleep_until(Instant::now() + MOMENT);
    println!("   {}", sums(&reader)?);
    for process in all {
        process.finish()?;
    }

    let seen = words(reader.version(0))?;
    let mut halfway = start(&["--halfway"])?;
    while words(reader.wait(0, seen, MOMENT))?.is_none() {
        halfway.check()?;
    }
    halfway.kill()?;
    println!("   kill -9 {}: under the lock, between two writes that belong together", halfway.id());
    let since = Instant::now();
    match words(writer.lock())? {
        Turn::Whole(_) => return Err("nobody was told of the death".into()),
        Turn::AfterDeath(mut turn) => {
            let (waited, missing) = (since.elapsed(), repair(&mut turn)?);
            println!(
                "   the next one has the lock after {waited:.1?}, is told of the death, counts {missing} more"
            );
        }
    }
    println!("   {}", sums(&reader)?);
    Ok(())
}

/// Names the records.
fn name(mut turn: Locked<'_, Counter>) -> Result<()> {
    for (index, text) in NAMES.iter().enumerate() {
        let mut name = [0; 16];
        name[..text.len()].copy_from_slice(text.as_bytes());
        words(turn.update(index, |counter| Counter { name, ..counter }))?;
    }
    Ok(())
}

/// The lock, and what somebody left who died with it put right: not all who do leave something.
fn lock(writer: &mut SharedWriter<Counter>) -> Result<Locked<'_, Counter>> {
    match words(writer.lock())? {
        Turn::Whole(turn) => Ok(turn),
        Turn::AfterDeath(mut turn) => repair(&mut turn).map(|_| turn),
    }
}

/// Counts by a process what is counted only on routes, and says that all is well.
fn repair(turn: &mut Locked<'_, Counter>) -> Result<u64> {
    let all = (0..NAMES.len()).map(|index| Ok(words(turn.read_versioned(index))?.value));
    let (on_routes, by_processes) = totals(&all.collect::<Result<Vec<_>>>()?);
    let missing = on_routes - by_processes;
    words(turn.update(ROUTES, |counter| Counter { hits: counter.hits + missing, ..counter }))?;
    turn.clear_death();
    Ok(missing)
}

fn totals(all: &[Counter]) -> (u64, u64) {
    let sum = |counters: &[Counter]| counters.iter().map(|counter| counter.hits).sum();
    (sum(&all[..ROUTES]), sum(&all[ROUTES..]))
}

/// Both sums at one instant, in words; an error when they differ.
fn sums(reader: &Reader<Counter>) -> Result<String> {
    let (on_routes, by_processes) = totals(&words(reader.snapshot(0..reader.capacity()))?);
    let text = format!("{on_routes} hits on routes, {by_processes} by processes");
    if on_routes == by_processes { Ok(text) } else { Err(text) }
}
