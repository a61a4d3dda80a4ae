//! The publisher: creates, takes over or replaces a table of MarketData and keeps writing to it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use shmrecord::{Arrangement, Options};

use crate::md::MarketData;
use crate::program::{self, Result, Stop, words};
use crate::{market_csv, pattern};

/// How long it is silent at most while it has nothing to publish.
const BEAT: Duration = Duration::from_millis(100);

/// The command line.
#[must_use]
pub fn command() -> Command {
    Command::new("publisher")
        .about("Writes a table of MarketData: a random walk of made-up prices unless told otherwise")
        .arg(program::segment())
        .arg(
            Arg::new("records")
                .long("records")
                .value_name("N")
                .required(true)
                .value_parser(value_parser!(usize)),
        )
        .arg(
            Arg::new("updates")
                .long("updates")
                .value_name("M")
                .value_parser(value_parser!(u64))
                .help("stop after M updates [default: run until a signal; a CSV file is published once]"),
        )
        .arg(
            Arg::new("rate")
                .long("rate")
                .value_name("HZ|max")
                .default_value("100")
                .value_parser(parse_rate)
                .help("updates a second, of all records together"),
        )
        .arg(
            Arg::new("cells")
                .long("cells")
                .value_name("K")
                .value_parser(value_parser!(u32))
                .help("1, 2, 4 or 8 [default: 1]"),
        )
        .arg(
            Arg::new("arrangement")
                .long("arrangement")
                .value_name("NAME")
                .value_parser(Arrangement::ALL.map(Arrangement::name)),
        )
        .arg(
            Arg::new("mode")
                .long("mode")
                .value_name("OCTAL")
                .value_parser(|text: &str| u32::from_str_radix(text, 8))
                .help("permission bits of a new segment [default: 600]"),
        )
        .arg(
            Arg::new("doorbell")
                .long("doorbell")
                .action(ArgAction::SetTrue)
                .help("a new table lets readers sleep until the kernel wakes them"),
        )
        .arg(
            Arg::new("stamps")
                .long("stamps")
                .action(ArgAction::SetTrue)
                .help("a new table has the time of the last write, so that readers can tell its age"),
        )
        .arg(
            Arg::new("replace").long("replace").action(ArgAction::SetTrue).help(
                "replace the table that is there, values kept, though its publisher lives: it may hang",
            ),
        )
        .arg(
            Arg::new("csv")
                .long("csv")
                .value_name("FILE")
                .conflicts_with("verify-pattern")
                .value_parser(value_parser!(PathBuf))
                .help("publish the rows of this file; row r goes to record r mod N"),
        )
        .arg(
            Arg::new("verify-pattern")
                .long("verify-pattern")
                .action(ArgAction::SetTrue)
                .help("write records whose fields determine one another"),
        )
}

/// Publishes until the updates are done or a signal comes.
///
/// # Errors
/// What the table or the CSV file refuses, in words.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let stop = Stop::on_signals()?;
    let capacity = *matches.get_one::<usize>("records").expect("clap requires it");
    let mut source = Source::new(matches)?;
    let mut options =
        Options::new().doorbell(matches.get_flag("doorbell")).stamps(matches.get_flag("stamps"));
    if let Some(&cells) = matches.get_one("cells") {
        options = options.cells(cells);
    }
    if let Some(&mode) = matches.get_one("mode") {
        options = options.mode(mode);
    }
    let wanted = matches.get_one::<String>("arrangement").map(String::as_str);
    if let Some(arrangement) = Arrangement::ALL.into_iter().find(|a| Some(a.name()) == wanted) {
        options = options.arrangement(arrangement);
    }
    let address = program::segment_of(matches);
    let writer = match matches.get_flag("replace") {
        true => options.replace::<MarketData>(address, capacity),
        false => options.create(address, capacity),
    };
    let mut writer = words(writer)?;
    eprintln!("publisher: epoch {}, {}", writer.epoch(), source.label());

    let updates = matches.get_one("updates").copied().or(source.length()).unwrap_or(u64::MAX);
    let mut pace = Pace::new(*matches.get_one("rate").expect("clap gives a default"));
    for update in 0..updates {
        if !pace.wait(&stop, || writer.beat()) {
            break;
        }
        let index = usize::try_from(update % capacity as u64).expect("below a usize");
        let record = match &mut source {
            Source::Pattern => pattern::record(update.cast_signed()),
            Source::Csv(rows) => rows[usize::try_from(update % rows.len() as u64).expect("below a usize")],
            Source::Walk(random) => {
                let last = words(writer.read_versioned(index))?;
                random.step(if last.version > 0 { last.value } else { first_quote(index) })
            }
        };
        words(writer.write(index, &record))?;
    }
    Ok(())
}

/// Updates a second, `None` for as many as possible.
type Rate = Option<f64>;

fn parse_rate(text: &str) -> Result<Rate> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(None),
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(Some(rate)),
        _ => Err("expected 0.001 to 1000000000, or max".into()),
    }
}

/// Where the records come from.
enum Source {
    Walk(RandomWalk),
    Csv(Vec<MarketData>),
    Pattern,
}

impl Source {
    fn new(matches: &ArgMatches) -> Result<Self> {
        if let Some(path) = matches.get_one::<PathBuf>("csv") {
            return Ok(Self::Csv(market_csv::read(path)?));
        }
        Ok(if matches.get_flag("verify-pattern") { Self::Pattern } else { Self::Walk(RandomWalk::new()) })
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Walk(_) => "a random walk of made-up prices",
            Self::Csv(_) => "rows of a CSV file",
            Self::Pattern => "the verification pattern",
        }
    }

    /// How many updates there are, if not endlessly many.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Csv(rows) => Some(rows.len() as u64),
            Self::Walk(_) | Self::Pattern => None,
        }
    }
}

/// `SYM00042` at 100: a made-up ticker that looks like one.
fn first_quote(index: usize) -> MarketData {
    let mut symbol = [0; 10];
    let text = format!("SYM{:05}", index % 10_000_000);
    symbol[..text.len()].copy_from_slice(text.as_bytes());
    MarketData { symbol, price: 100.0, volume: 0 }
}

/// Steps of up to half a unit, from xorshift64 (Marsaglia 2003): made-up prices need no better randomness.
struct RandomWalk(u64);

impl RandomWalk {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn step(&mut self, quote: MarketData) -> MarketData {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let cents = f64::from(i32::try_from(self.0 % 101).expect("below 101") - 50);
        let lots = i64::try_from(self.0 >> 58).expect("below 64");
        MarketData {
            price: ((quote.price * 100.0).round() + cents).max(1.0) / 100.0,
            volume: quote.volume.saturating_add(lots * 100),
            ..quote
        }
    }
}

/// Lets updates through at a rate.
struct Pace {
    next: Instant,
    period: Option<Duration>,
}

impl Pace {
    fn new(rate: Rate) -> Self {
        Self { next: Instant::now(), period: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)) }
    }

    /// Waits for the next update's moment, with a sign of life now and then. `false`: a signal came.
    fn wait(&mut self, stop: &Stop, mut beat: impl FnMut()) -> bool {
        if let Some(period) = self.period {
            while Instant::now() < self.next && !stop.is_set() {
                beat();
                stop.sleep_until(self.next.min(Instant::now() + BEAT));
            }
            self.next += period;
        }
        !stop.is_set()
    }
}
