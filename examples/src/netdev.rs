//! Publishes the counters of the machine's network interfaces, as `/proc/net/dev` has them (`proc_net_dev(5)`).

use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, value_parser};
use shmrecord::Writer;

use crate::program::{self, Result, Stop, words};
use crate::telemetry::{Interface, Traffic};

const SOURCE: &str = "/proc/net/dev";

/// The command line.
#[must_use]
pub fn command() -> Command {
    Command::new("netdev")
        .about("Writes a table of network interfaces and their counters, one record each")
        .arg(program::segment())
        .arg(
            Arg::new("records")
                .long("records")
                .value_name("N")
                .default_value("64")
                .value_parser(value_parser!(usize))
                .help("room for N interfaces"),
        )
        .arg(
            Arg::new("updates")
                .long("updates")
                .value_name("M")
                .value_parser(value_parser!(u64))
                .help("read the counters M times [default: until a signal]"),
        )
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("MS")
                .default_value("1000")
                .value_parser(value_parser!(u64))
                .help("milliseconds between two readings"),
        )
}

/// Publishes until the updates are done or a signal comes.
///
/// # Errors
/// What the table or `/proc/net/dev` refuses, in words.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let stop = Stop::on_signals()?;
    let capacity = *matches.get_one("records").expect("clap gives a default");
    let interval = Duration::from_millis(*matches.get_one("interval").expect("clap gives a default"));
    let updates = matches.get_one("updates").copied().unwrap_or(u64::MAX);
    let mut writer = words(Writer::<Interface>::create(program::segment_of(matches), capacity))?;
    // The record of an interface is the one that has its name, from this run or the one before.
    let mut known = Vec::new();
    for index in 0..capacity {
        let record = words(writer.read_versioned(index))?;
        known.extend((record.version > 0).then_some(record.value.name));
    }
    for update in 0..updates {
        if update > 0 {
            stop.sleep_until(Instant::now() + interval);
        }
        if stop.is_set() {
            break;
        }
        let text = std::fs::read_to_string(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
        for interface in parse(&text)? {
            let index = known.iter().position(|name| *name == interface.name).unwrap_or_else(|| {
                known.push(interface.name);
                known.len() - 1
            });
            words(writer.write(index, &interface))?;
        }
        // All of it is up to date, of no interface too: `Reader::read_fresh` counts on that.
        writer.beat();
    }
    Ok(())
}

/// The interfaces in the text of `/proc/net/dev`: two lines of headings, then `name: 8 counters received 8 sent`.
fn parse(text: &str) -> Result<Vec<Interface>> {
    let lines = text.lines().enumerate().skip(2);
    lines
        .map(|(at, line)| {
            interface(line).ok_or_else(|| format!("{SOURCE}:{}: not understood: {line}", at + 1))
        })
        .collect()
}

fn interface(line: &str) -> Option<Interface> {
    let (name, counters) = line.rsplit_once(':')?;
    let name = name.trim().as_bytes();
    let mut padded = [0; 16];
    padded.get_mut(..name.len())?.copy_from_slice(name);
    let counters =
        counters.split_ascii_whitespace().map(|text| text.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let traffic = |from: usize| {
        let [bytes, packets, errors, dropped] = *counters.get(from..from + 4)?.first_chunk()?;
        Some(Traffic { bytes, packets, errors, dropped })
    };
    Some(Interface { name: padded, received: traffic(0)?, sent: traffic(8)? })
}

#[cfg(test)]
mod tests {
    use super::parse;

    const TEXT: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
eth0:1:21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36
";

    #[test]
    fn counters_are_found_by_column() {
        let interfaces = parse(TEXT).unwrap();
        assert_eq!(&interfaces[1].name[..7], b"eth0:1\0");
        assert_eq!((interfaces[0].received.bytes, interfaces[0].received.dropped), (1, 4));
        assert_eq!((interfaces[1].sent.bytes, interfaces[1].sent.errors), (29, 31));
        assert!(parse(&TEXT.replace(" 16", "")).is_ok());
        let error = parse(&TEXT.replace("1 2 3", "1 x 3")).unwrap_err();
        assert!(error.starts_with("/proc/net/dev:3: not understood:     lo:"), "{error}");
        assert!(parse("a\nb\nlo: 1 2 3").is_err());
    }
}
