//! A process for tests to talk to and to kill. Relies on the runtime's public API and on the patterns; decides nothing.
//!
//! | role | what it does until its input ends |
//! |---|---|
//! | `hold` | answers commands: see [`hold`] |
//! | `twin`, `adopt` | answers commands as its twins in C: see [`twin`] |
//! | `write ADDRESS CAPACITY CELLS ARRANGEMENT BYTES` | takes the role, prints `ready EPOCH`, writes the pattern at full speed |
//! | `verify ADDRESS BYTES` | prints `ready`, reads everything all the time, prints at last `N reads, B bad` |
//! | `update WHERE TIMES` | adopts the table of a [`foreign`](integration_tests::foreign) program by the [`Said`] text, prints `ready`; `go`: adds 1 to record 0 so often, prints `done` |
//! | `take KEY` | takes the semaphore of a [`foreign`](integration_tests::foreign) program as that would, without undo; prints `taken` |
//! | `transfer ADDRESS CAPACITY` | takes the role, prints `ready EPOCH`, moves amounts between accounts in batches |
//! | `audit ADDRESS` | prints `ready`, adds up snapshots of all accounts all the time, prints at last `N snapshots, B bad` |
//! | `turns ADDRESS [KEY]` | joins a table's writers, who take turns by a semaphore if one is named, prints `ready EPOCH`, takes [`turns`] |
//! | `replace ADDRESS CAPACITY` | prints `ready`, replaces the table all the time, by one of one cell and one of four in turn, and publishes each record once |
//! | `displace ADDRESS [KEY]` | prints `ready`, replaces or joins a table of many writers all the time, and takes [`turns`] in each |
//! | `follow ADDRESS` | as `verify ADDRESS 64`, and goes on in the table that replaces the one it reads |
//! | `core ADDRESS CAPACITY BYTES` | takes the role, publishes record 0 once, prints `ready`, and aborts with so much memory when a line comes |
//! | `breed ADDRESS,..` | one thread has children all the time, which live on, another creates these tables; prints `ready` |
//! | `churn ADDRESS CAPACITY CELLS` | prints `ready`, creates and removes the table all the time |

use std::env;
use std::hint::black_box;
use std::io::{self, BufRead};
use std::mem;
use std::os::unix::process::CommandExt;
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use integration_tests::foreign::INDEX;
use integration_tests::program::{end_with_input, number, until_input_ends};
use integration_tests::records::{
    Pattern, Pattern64, Pattern256, Pattern4096, Quote, account, balance, quote,
};
use integration_tests::said::Said;
use integration_tests::{fork, sysv, turns, twin};
use shmrecord::handover::{self, Share};
use shmrecord::{Arrangement, ErrorKind, Follower, Options, Reader, Versioned, Writer};

/// How many children there are at most.
const CHILDREN: u64 = 300;
/// How long a hand-over may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["hold"] => hold(),
        ["twin"] => twin::hold_tables(),
        ["adopt"] => twin::hold_adopted(),
        ["write", address, capacity, cells, arrangement, bytes] => {
            let options = Options::new().cells(number(cells)).arrangement(named(arrangement));
            match *bytes {
                "64" => write::<Pattern64>(&options, address, number(capacity)),
                "256" => write::<Pattern256>(&options, address, number(capacity)),
                _ => write::<Pattern4096>(&options, address, number(capacity)),
            }
        }
        ["verify", address, "64"] => verify::<Pattern64>(address),
        ["verify", address, "256"] => verify::<Pattern256>(address),
        ["verify", address, _] => verify::<Pattern4096>(address),
        ["update", said, times] => update(said, number(times)),
        ["take", key] => take(number(key)),
        ["transfer", address, capacity] => transfer(address, number(capacity)),
        ["audit", address] => audit(address),
        ["turns", address, key @ ..] => {
            end_with_input();
            turns::go_round(&mut turns::join(address, key.first().copied().map(number)));
        }
        ["replace", address, capacity] => replace(address, number(capacity)),
        ["displace", address, key @ ..] => {
            end_with_input();
            turns::displace(address, key.first().map(|key| number(key)));
        }
        ["follow", address] => follow(address),
        ["core", address, capacity, bytes] => dump_core(address, number(capacity), number(bytes)),
        ["breed", addresses] => breed(addresses),
        ["churn", address, capacity, cells] => churn(address, number(capacity), number(cells)),
        _ => panic!("unknown role: {arguments:?}"),
    }
}

fn named(arrangement: &str) -> Arrangement {
    Arrangement::ALL.into_iter().find(|known| known.name() == arrangement).expect("a known arrangement")
}

/// Answers each line: `create ADDRESS CAPACITY` and `open ADDRESS` with `holds EPOCH`, `alive PID` or the error;
/// `replace ADDRESS CAPACITY` like them; `write INDEX NUMBER` with `written` or the error; `beat` with `beats`; `fork` with `forked`,
/// and a child goes on; `exec` with `becoming`, and it begins anew in the same process; `receive` with `receiving` and, when a memfd has come over the input, with `received
/// ADDRESS`; `send ADDRESS` with a memfd over the input, then `sent`; `read ADDRESS INDEX` with `VERSION VOLUME` or the error;
/// `leave` (the IPC namespace) with `left` or why not; `drop` with `dropped`.
fn hold() {
    let mut held: Option<Writer<Quote>> = None;
    for line in io::stdin().lock().lines() {
        let line = line.expect("the test sends text");
        let words: Vec<&str> = line.split(' ').collect();
        let opened = match words.as_slice() {
            ["create", address, capacity] => Writer::create(address, number(capacity)),
            ["open", address] => Writer::open(address),
            ["replace", address, capacity] => Writer::replace(address, number(capacity)),
            ["write", index, value] => {
                let writer = held.as_mut().expect("a writer is held");
                match writer.write(number(index), &quote(number(value))) {
                    Ok(()) => println!("written"),
                    Err(error) => println!("{error}"),
                }
                continue;
            }
            ["beat"] => {
                held.as_mut().expect("a writer is held").beat();
                println!("beats");
                continue;
            }
            ["leave"] => {
                println!(
                    "{}",
                    sysv::leave_namespace().map_or_else(|error| error.to_string(), |()| "left".into())
                );
                continue;
            }
            ["fork"] => {
                fork::leave_to_child();
                println!("forked");
                continue;
            }
            ["exec"] => {
                println!("becoming");
                let error = Command::new("/proc/self/exe").arg("hold").exec();
                panic!("exec: {error}");
            }
            ["receive"] => {
                println!("receiving");
                let address = handover::receive(&io::stdin(), PATIENCE).expect("a memfd comes");
                println!("received {address}");
                continue;
            }
            ["send", address] => {
                handover::send(&io::stdin(), address, Share::Writer).expect("a table of this process");
                println!("sent");
                continue;
            }
            ["read", address, index] => {
                match Reader::<Quote>::open(address).and_then(|reader| reader.read_versioned(number(index))) {
                    Ok(record) => println!("{} {}", record.version, record.value.volume),
                    Err(error) => println!("{error}"),
                }
                continue;
            }
            _ => {
                held = None;
                println!("dropped");
                continue;
            }
        };
        match opened {
            Ok(writer) => {
                println!("holds {}", writer.epoch());
                held = Some(writer);
            }
            Err(error) => match error.kind() {
                ErrorKind::WriterAlive { pid: Some(pid), .. } => println!("alive {pid}"),
                _ => println!("{error}"),
            },
        }
    }
}

fn write<P: Pattern>(options: &Options, address: &str, capacity: usize) {
    end_with_input();
    let mut writer = options.create::<P>(address, capacity).expect("the role is free");
    let mut versions: Vec<u64> =
        (0..capacity).map(|index| writer.read_versioned(index).expect("a whole record").version).collect();
    println!("ready {}", writer.epoch());
    loop {
        for (index, version) in versions.iter_mut().enumerate() {
            *version += 1;
            match writer.write(index, &P::of(index, *version)) {
                // Its table was removed: it is to be killed.
                Err(error) if *error.kind() == ErrorKind::Retired => thread::park(),
                result => result.expect("an index in range"),
            }
        }
    }
}

fn verify<P: Pattern>(address: &str) {
    let ended: JoinHandle<()> = thread::spawn(until_input_ends);
    let reader = Reader::<P>::open(address).expect("the table is there");
    let mut seen = vec![0; reader.capacity()];
    let (mut reads, mut bad) = (0_u64, 0_u64);
    println!("ready");
    while !ended.is_finished() {
        for (index, seen) in seen.iter_mut().enumerate() {
            reads += 1;
            match reader.read_versioned(index) {
                Ok(record) if record.value == P::of(index, record.version) && record.version >= *seen => {
                    *seen = record.version;
                }
                other => {
                    bad += 1;
                    eprintln!("record {index}, last seen in version {seen}: {other:?}");
                }
            }
        }
    }
    println!("{reads} reads, {bad} bad");
}

/// Fifty batches, then a pause, in which a snapshot of all accounts succeeds.
fn transfer(address: &str, capacity: usize) {
    end_with_input();
    let mut writer = Writer::<Pattern256>::create(address, capacity).expect("the role is free");
    println!("ready {}", writer.epoch());
    for number in 0.. {
        let from = number % capacity;
        let to = (from + 1 + number / capacity % (capacity - 1)) % capacity;
        writer
            .batch(|batch| {
                let [debit, credit] = [batch.get(from)?, batch.get(to)?].map(|account| account.words[0]);
                batch.set(from, &account(debit.wrapping_sub(number as u64)))?;
                batch.set(to, &account(credit.wrapping_add(number as u64)))
            })
            .expect("two accounts in range");
        if number % 50 == 0 {
            thread::sleep(Duration::from_micros(10));
        }
    }
}

fn audit(address: &str) {
    let ended: JoinHandle<()> = thread::spawn(until_input_ends);
    let reader = Reader::<Pattern256>::open(address).expect("the table is there");
    let (mut snapshots, mut bad) = (0_u64, 0_u64);
    println!("ready");
    while !ended.is_finished() {
        snapshots += 1;
        let balance = reader.snapshot(0..reader.capacity()).map(|accounts| balance(&accounts));
        if !matches!(balance, Ok(Some(0))) {
            bad += 1;
            eprintln!("snapshot {snapshots}: {balance:?}");
        }
    }
    println!("{snapshots} snapshots, {bad} bad");
}

fn churn(address: &str, capacity: usize, cells: u32) {
    end_with_input();
    let options = Options::new().cells(cells);
    println!("ready");
    loop {
        let mut writer = options.create::<Pattern64>(address, capacity).expect("a new or an orphaned table");
        writer.write(0, &Pattern64::of(0, 1)).expect("an index in range");
        drop(writer);
        shmrecord::remove(address).expect("an own table");
    }
}

fn replace(address: &str, capacity: usize) {
    end_with_input();
    println!("ready");
    for cells in [1, 4].into_iter().cycle() {
        let mut writer = Options::new().cells(cells).replace(address, capacity).expect("whatever is there");
        for index in 0..capacity {
            let version =
                writer.read_versioned(index).map_or(0, |record: Versioned<Pattern64>| record.version);
            writer.write(index, &Pattern64::of(index, version + 1)).expect("an index in range");
        }
    }
}

fn follow(address: &str) {
    let ended: JoinHandle<()> = thread::spawn(until_input_ends);
    let mut follower = Follower::<Pattern64>::open(address).expect("the table is there");
    let mut seen = vec![0; follower.reader().capacity()];
    let (mut reads, mut bad) = (0_u64, 0_u64);
    println!("ready");
    loop {
        let is_last = ended.is_finished();
        if is_last {
            // Longer than it does not look for a successor.
            thread::sleep(Duration::from_millis(30));
        }
        for (index, seen) in seen.iter_mut().enumerate() {
            reads += 1;
            match follower.read_versioned(index) {
                Ok(record)
                    if record.value == Pattern64::of(index, record.version) && record.version >= *seen =>
                {
                    *seen = record.version;
                }
                other => {
                    bad += 1;
                    eprintln!("record {index}, last seen in version {seen}: {other:?}");
                }
            }
        }
        if is_last {
            break;
        }
    }
    println!("{reads} reads, {bad} bad, up to version {}", seen.iter().min().expect("some records"));
}

fn dump_core(address: &str, capacity: usize, bytes: usize) {
    let mut writer = Writer::create(address, capacity).expect("the role is free");
    writer.write(0, &Pattern64::of(0, 1)).expect("an index in range");
    let memory = black_box(vec![0xa5_u8; bytes]);
    println!("ready");
    io::stdin().lock().read_line(&mut String::new()).expect("the test sends text");
    assert_eq!(memory.len(), bytes);
    process::abort();
}

/// Each role is taken and let go of before it is kept, so that many a guard is opened beside a fork.
fn breed(addresses: &str) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0..CHILDREN {
                // While one is on its way no guard is opened.
                thread::sleep(Duration::from_micros(at % 8 * 50));
                if done.load(Ordering::Relaxed) {
                    break;
                }
                match fork::split() {
                    // It ends with the test.
                    Some(child) => mem::forget(child),
                    None => {
                        until_input_ends();
                        fork::end(true);
                    }
                }
            }
        });
        let create = |address| Writer::<Quote>::create(address, 1).expect("nobody else's table");
        let writers: Vec<Writer<Quote>> = (addresses.split(','))
            .map(|address| {
                for _ in 0..20 {
                    drop(create(address));
                }
                create(address)
            })
            .collect();
        done.store(true, Ordering::Relaxed);
        mem::forget(writers);
    });
    println!("ready");
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

fn update(said: &str, times: u32) {
    let said: Vec<&str> = said.split(' ').collect();
    let mut writer = Said::parse(&said).adopt::<Quote>().open_writer().expect("the table is there");
    println!("ready");
    io::stdin().lock().read_line(&mut String::new()).expect("the test sends text");
    for _ in 0..times {
        let more = |quote: Quote| Quote { volume: quote.volume + 1, price: quote.price + 1.0, ..quote };
        writer.update(0, more).expect("the guard is free soon");
    }
    println!("done");
}

fn take(key: i32) {
    sysv::take(key, INDEX);
    println!("taken");
    until_input_ends();
}
