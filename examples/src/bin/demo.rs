//! One schema, one live table, several processes in Rust and C; then publishers are killed and stopped. The README's first
//! command.
//!
//! Started with `publisher`, `subscriber` or `counters` as its first word it is that program: so the demo finds its processes wherever
//! it was built.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use examples::md::MarketData;
use examples::print::{Format, Printer};
use examples::processes::{Process, compile_c, generate};
use examples::program::{self, Result, Stop, words};
use examples::{counters, pattern, publisher, subscriber};
use shmrecord::{Follower, Options, RawReader, Reader};

const RECORDS: &str = "5";
const MOMENT: Duration = Duration::from_millis(400);
/// How many wakes are timed.
const WAKES: u64 = 20;

fn main() -> ExitCode {
    let line = || std::env::args_os().skip(1);
    match line().next() {
        Some(word) if word == "publisher" => program::main(publisher::command(), line(), publisher::run),
        Some(word) if word == "counters" => program::main(counters::command(), line(), counters::run),
        Some(word) if word == "subscriber" => program::main(subscriber::command(), line(), subscriber::run),
        Some(word) => {
            eprintln!("demo: unexpected argument {}", word.display());
            ExitCode::from(2)
        }
        None => match Demo::new().and_then(|demo| demo.run()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("demo: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

/// What the demo makes, and takes away again when it is dropped.
struct Demo {
    directory: PathBuf,
    quotes: String,
    pattern: String,
    wakes: String,
    counters: String,
    stop: Stop,
}

/// The programs in C.
struct InC {
    publisher: PathBuf,
    subscriber: PathBuf,
}

impl Demo {
    fn new() -> Result<Self> {
        let stop = Stop::on_signals()?;
        let id = std::process::id();
        let directory = std::env::temp_dir().join(format!("shmrecord-demo-{id}"));
        std::fs::create_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let address = |name| format!("posix:/shmrecord-demo-{id}-{name}");
        Ok(Self {
            directory,
            quotes: address("quotes"),
            pattern: address("pattern"),
            wakes: address("wakes"),
            counters: address("counters"),
            stop,
        })
    }

    fn run(&self) -> Result<()> {
        println!("1. One schema, schemas/market_data.toml. ipcgen makes of it:");
        let c = self.generate()?;

        println!("\n2. One live table, {}: a publisher process writes it, this one prints it.", self.quotes);
        let mut walk = self.publisher_in_rust(&self.quotes, &["--rate", "200"])?;
        self.show(&mut walk)?;

        println!(
            "\n3. Records whose fields determine one another, written without a pause to {}.",
            self.pattern
        );
        self.verify(c.as_ref())?;

        println!(
            "\n5. kill -STOP {}: the publisher of quotes hangs, and keeps the role of writer.",
            walk.id()
        );
        self.replace(walk)?;

        println!("\n6. Readers sleep until something is published.");
        let woken = self.wake()?;
        let (median, longest) = (woken[woken.len() / 2], woken[woken.len() - 1]);
        println!("   from write to woken reader: {median:.1?}, the median of {WAKES}; longest {longest:.1?}");

        println!("\n7. Many writers of one table take turns.");
        let line = ["counters", "--segment", &self.counters];
        counters::run(&counters::command().get_matches_from(line))?;
        if c.is_none() {
            println!("\nC was left out: no C compiler (cc) was found");
        }
        Ok(())
    }

    /// Two publishers after one another, the first one killed, beside subscribers that check every record.
    fn verify(&self, c: Option<&InC>) -> Result<()> {
        let mut first = self.publisher_in_rust(&self.pattern, &["--rate", "max", "--verify-pattern"])?;
        let reader = opened(&self.pattern, &mut first, Reader::<MarketData>::open)?;
        let verifiers = self.verifiers(c)?;
        for (language, verifier) in &verifiers {
            println!("   process {}, in {language}, reads all of them and checks each", verifier.id());
        }
        self.moment()?;

        println!("\n4. kill -9 {}: the publisher dies in the middle of its writes.", first.id());
        first.kill()?;
        let last = words(reader.read_versioned(0))?;
        println!("   readers go on: record 0 is at version {}, whole: {}", last.version, check(&last.value));
        let (language, mut second) = match c {
            Some(c) => {
                ("C", Process::start("publisher", Command::new(&c.publisher).args([&self.pattern, RECORDS]))?)
            }
            None => ("Rust", self.publisher_in_rust(&self.pattern, &["--rate", "max", "--verify-pattern"])?),
        };
        while words(reader.version(0))? <= last.version {
            second.check()?;
            std::thread::sleep(Duration::from_millis(1));
        }
        println!(
            "   process {}, in {language}, took over: epoch {}, versions count on",
            second.id(),
            reader.epoch()
        );
        self.moment()?;
        for (language, verifier) in verifiers {
            println!("   subscriber in {language}: {}", verifier.finish()?);
        }
        let versions: u64 = (0..reader.capacity()).filter_map(|index| reader.version(index).ok()).sum();
        println!("   {versions} records published by two writers, one of them killed: none torn, none lost");
        Ok(())
    }

    /// Runs ipcgen, and compiles the programs in C if there is a compiler.
    fn generate(&self) -> Result<Option<InC>> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = generate(&package.join("../schemas/market_data.toml"), &self.directory)?;
        println!("   {} and the C runtime's headers", files.join(", "));
        let compile = |name| compile_c(&package.join("c").join(name), &self.directory, &self.directory);
        let (publisher, subscriber) = std::thread::scope(|scope| {
            let publisher = scope.spawn(|| compile("publisher.c"));
            let subscriber = compile("subscriber.c");
            (publisher.join(), subscriber)
        });
        let (publisher, subscriber) = (publisher.map_err(|_| "the compiling thread panicked")??, subscriber?);
        Ok(publisher.zip(subscriber).map(|(publisher, subscriber)| InC { publisher, subscriber }))
    }

    /// Prints the table a few times, by nothing but its own description.
    fn show(&self, publisher: &mut Process) -> Result<()> {
        let reader = opened(&self.quotes, publisher, RawReader::open)?;
        for _ in 0..3 {
            self.moment()?;
            println!();
            let mut printer = Printer::new(std::io::stdout(), Format::Table);
            for index in 0..reader.capacity() {
                words(printer.record(index, &words(reader.read(index))?))?;
            }
        }
        Ok(())
    }

    /// Stops a publisher, replaces its table, and lets it go on to see that.
    fn replace(&self, mut stopped: Process) -> Result<()> {
        stopped.signal("STOP")?;
        let mut follower = words(Follower::<MarketData>::open(&self.quotes))?;
        self.moment()?;
        let (status, age) = (words(follower.reader().status())?, words(follower.reader().age())?);
        println!(
            "   status {status:?}, last sign of life {age:.1?} ago: who would wait for its end waits for ever"
        );
        let before = words(follower.read_versioned(0))?.version;
        let mut next = self.publisher_in_rust(&self.quotes, &["--rate", "200", "--replace"])?;
        let version = loop {
            next.check()?;
            if let Some(version) = words(follower.wait(0, before, MOMENT))? {
                break version;
            }
        };
        println!(
            "   process {} replaces the table: who follows it reads on, from version {before} to {version}",
            next.id()
        );
        stopped.signal("CONT")?;
        let said = loop {
            if let Err(said) = stopped.check() {
                break said;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        println!("   kill -CONT {}: it ends with its next write:", stopped.id());
        println!("   {}", said.lines().last().unwrap_or_default());
        Ok(())
    }

    /// How long it takes from writing to waking, from the shortest to the longest.
    fn wake(&self) -> Result<Vec<Duration>> {
        let mut writer = words(Options::new().doorbell(true).create::<MarketData>(&self.wakes, 1))?;
        let reader = words(Reader::<MarketData>::open(&self.wakes))?;
        let writing = std::thread::spawn(move || {
            let write = |n: u64| {
                std::thread::sleep(Duration::from_millis(10));
                let now = Instant::now();
                words(writer.write(0, &pattern::record(n.cast_signed()))).map(|()| now)
            };
            (0..WAKES).map(write).collect::<Result<Vec<_>>>()
        });
        let wait = |seen| words(reader.wait(0, seen, MOMENT)).map(|_| Instant::now());
        let woken = (0..WAKES).map(wait).collect::<Result<Vec<_>>>()?;
        let written = writing.join().map_err(|_| "the writing thread panicked")??;
        let mut lasted: Vec<_> =
            woken.iter().zip(&written).map(|(woken, written)| *woken - *written).collect();
        lasted.sort();
        Ok(lasted)
    }

    /// Lets the processes work for a moment.
    fn moment(&self) -> Result<()> {
        self.stop.sleep_until(Instant::now() + MOMENT);
        if self.stop.is_set() { Err("interrupted".into()) } else { Ok(()) }
    }

    fn publisher_in_rust(&self, address: &str, more: &[&str]) -> Result<Process> {
        let line = [&["publisher", "--segment", address, "--records", RECORDS], more].concat();
        Process::start_self("publisher", &line)
    }

    /// A subscriber in Rust, and one in C if that was compiled.
    fn verifiers(&self, c: Option<&InC>) -> Result<Vec<(&'static str, Process)>> {
        let line = ["subscriber", "--segment", &self.pattern, "--verify-pattern"];
        let mut all = vec![("Rust", Process::start_self("subscriber in Rust", &line)?)];
        if let Some(c) = c {
            let mut command = Command::new(&c.subscriber);
            all.push(("C", Process::start("subscriber in C", command.args([&self.pattern, "verify"]))?));
        }
        Ok(all)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // What was never made cannot be removed; nothing of it matters any more.
        for address in [&self.quotes, &self.pattern, &self.wakes, &self.counters] {
            let _ = shmrecord::remove(address);
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Opens a table as soon as its publisher has created it.
fn opened<R>(
    address: &str,
    publisher: &mut Process,
    open: impl Fn(&str) -> shmrecord::Result<R>,
) -> Result<R> {
    loop {
        match open(address) {
            Ok(reader) => return Ok(reader),
            Err(error) if *error.kind() == shmrecord::ErrorKind::NotFound => publisher.check()?,
            Err(error) => return Err(error.to_string()),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn check(record: &MarketData) -> &'static str {
    if pattern::is_whole(record) { "yes" } else { "no" }
}
