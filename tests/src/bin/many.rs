//! One of many writers, or one who waits, for tests to talk to and to kill. Relies on the runtime's public API; decides nothing.
//!
//! | role | what it does until its input ends |
//! |---|---|
//! | `share` | answers commands: see [`share`] |
//! | `publish ADDRESS` | joins, prints `ready`, stores the [time](integration_tests::clock) in records 0 and 1 every few milliseconds |
//! | `await ADDRESS` | prints `ready`, waits for record 0 all the time |
//! | `echo ADDRESS OTHER` | creates a table at the other address, prints `ready`, publishes record 0 there whenever it is published here |

use std::env;
use std::io::{self, BufRead, Write};
use std::thread;
use std::time::Duration;

use integration_tests::clock::{self, Clock};
use integration_tests::program::{end_with_input, number};
use integration_tests::records::{Pattern64, Quote, quote};
use shmrecord::{ErrorKind, Options, Reader, Result, SharedWriter, Turn};

/// Longer than any wait that goes well takes.
const LONG: Duration = Duration::from_secs(60);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["share"] => share(),
        ["publish", address] => publish(address),
        ["await", address] => wait(address),
        ["echo", address, other] => echo(address, other),
        _ => panic!("unknown role: {arguments:?}"),
    }
}

fn say(word: &str) {
    println!("{word}");
    io::stdout().flush().expect("the test reads");
}

/// Answers each line: `open ADDRESS MILLISECONDS` (the timeout) with `slot N`; `lock` with `whole` or `after death`, and has the
/// turn then until `unlock`, which is answered with `unlocked`, as `clear` is with `cleared`; `write INDEX NUMBER`, in a turn or
/// not, with `written`; `read INDEX` with the number; each with the error instead, that of a timeout as `held by PID`.
fn share() {
    let mut lines = io::stdin().lock().lines().map(|line| line.expect("the test sends text"));
    let mut writer: Option<SharedWriter<Quote>> = None;
    while let Some(line) = lines.next() {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match (words.as_slice(), &mut writer) {
            (["open", address, milliseconds], held) => {
                let timeout = Duration::from_millis(number(milliseconds));
                let opened = Options::new().timeout(timeout).open_shared(address);
                opened.map(|new| format!("slot {}", held.insert(new).slot()))
            }
            (["lock"], Some(writer)) => match writer.lock() {
                Ok(turn) => {
                    say(if matches!(turn, Turn::Whole(_)) { "whole" } else { "after death" });
                    let mut turn = turn.any();
                    for line in lines.by_ref() {
                        let words: Vec<&str> = line.split(' ').collect();
                        match words.as_slice() {
                            ["write", index, value] => {
                                turn.write(number(index), &quote(number(value))).expect("an index in range");
                                say("written");
                            }
                            ["clear"] => {
                                turn.clear_death();
                                say("cleared");
                            }
                            _ => break,
                        }
                    }
                    Ok("unlocked".to_owned())
                }
                Err(error) => Err(error),
            },
            (["write", index, value], Some(writer)) => {
                writer.write(number(index), &quote(number(value))).map(|()| "written".to_owned())
            }
            (["read", index], Some(writer)) => {
                writer.read_versioned(number(index)).map(|record| record.value.volume.to_string())
            }
            _ => panic!("unknown command: {line}"),
        };
        say(&answer.unwrap_or_else(|error| match error.kind() {
            ErrorKind::LockTimeout { pid } => format!("held by {}", pid.unwrap_or(0)),
            _ => error.to_string(),
        }));
    }
}

fn publish(address: &str) {
    end_with_input();
    let mut writer = SharedWriter::<Clock>::open(address).expect("a table of many writers");
    say("ready");
    for turn in 0_u64.. {
        let result = match turn % 3 {
            0 => writer.batch(|batch| {
                let [one, other] = [batch.get(0)?, batch.get(1)?];
                batch.set(0, &one.next()).and_then(|()| batch.set(1, &other.next()))
            }),
            1 => writer.update(0, Clock::next).map(drop),
            _ => both(&mut writer),
        };
        result.expect("turns come");
        thread::sleep(Duration::from_micros(clock::now() % 3000));
    }
}

/// Record 0 and then record 1, in one turn.
fn both(writer: &mut SharedWriter<Clock>) -> Result<()> {
    let mut turn = writer.lock()?.any();
    turn.clear_death();
    turn.update(0, Clock::next)?;
    turn.update(1, Clock::next).map(drop)
}

fn wait(address: &str) {
    end_with_input();
    let reader = Reader::<Clock>::open(address).expect("the table is there");
    say("ready");
    let mut seen = 0;
    loop {
        if let Some(version) = reader.wait(0, seen, LONG).expect("it stays") {
            seen = version;
        }
    }
}

fn echo(address: &str, other: &str) {
    end_with_input();
    let options = Options::new().doorbell(true);
    let mut writer = options.create::<Pattern64>(other, 1).expect("a table of one writer");
    let reader = Reader::<Pattern64>::open(address).expect("the table is there");
    say("ready");
    let mut seen = 0;
    loop {
        if let Some(version) = reader.wait(0, seen, LONG).expect("it stays") {
            let value = reader.read(0).expect("an index in range");
            writer.write(0, &value).expect("an index in range");
            seen = version;
        }
    }
}
