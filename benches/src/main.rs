//! What shmrecord costs, beside the bare thing and beside others, on this machine: `docs/BENCHMARKS.md` says how it is measured.
//!
//! | module | room |
//! |---|---|
//! | `suites` | what is measured: the trials and their tables, by target |
//! | `peers` | who is measured |
//! | `targets` | what is aimed at |
//! | `bench`, `rounds`, `effort` | a run, its rounds and medians, how long it takes |
//! | `pair`, `line`, `shared`, `pin` | processes that measure, and what they share |
//! | `report`, `machine` | what is printed, drawn and written |
//! | `regress` | what got slower since the last figures |
//! | `sample`, `miss` | the records; why a figure is missing |

mod bench;
mod effort;
mod line;
mod machine;
mod miss;
mod pair;
mod peers;
mod pin;
mod regress;
mod report;
mod rounds;
mod sample;
mod shared;
mod suites;
mod targets;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::Bench;
use effort::Effort;
use machine::Machine;
use report::{Report, docs, json, markdown};
use suites::SUITES;

const USAGE: &str = "\
cargo run --release --manifest-path benches/Cargo.toml -- [options] [suites]

--quick         a third of the rounds: some minutes
--smoke         every trial once, which fails where one breaks; its figures mean nothing
--json FILE     the figures for programs
--charts DIR    charts, as SVG
--docs          the generated parts of docs/BENCHMARKS.md, and its charts
regress         whether ours got slower than benches/figures/last.json says; with --bless, writes that
";

/// What was asked for.
struct Asked {
    effort: Effort,
    name: &'static str,
    json: Option<PathBuf>,
    charts: Option<PathBuf>,
    is_docs: bool,
    is_regress: bool,
    is_bless: bool,
    suites: Vec<String>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| if asked.is_regress { regress::run(asked.is_bless) } else { run(&asked) })
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, Box<dyn Error>> {
    let mut asked = Asked {
        effort: Effort::FULL,
        name: "full",
        json: None,
        charts: None,
        is_docs: false,
        is_regress: false,
        is_bless: false,
        suites: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut path = || words.next().map(PathBuf::from).ok_or(format!("{word} wants a path"));
        match word.as_str() {
            "--quick" => (asked.effort, asked.name) = (Effort::QUICK, "quick"),
            "--smoke" => (asked.effort, asked.name) = (Effort::SMOKE, "smoke"),
            "--json" => asked.json = Some(path()?),
            "--charts" => asked.charts = Some(path()?),
            "--docs" => asked.is_docs = true,
            "regress" => asked.is_regress = true,
            "--bless" => asked.is_bless = true,
            name if SUITES.iter().any(|(suite, _)| *suite == name) => asked.suites.push(word),
            _ => {
                let suites: Vec<&str> = SUITES.iter().map(|(suite, _)| *suite).collect();
                return Err(format!("{word}: not known\n\n{USAGE}\nsuites: {}", suites.join(" ")).into());
            }
        }
    }
    Ok(asked)
}

fn run(asked: &Asked) -> Result<(), Box<dyn Error>> {
    let machine = Machine::look();
    let mut bench = Bench::new(asked.effort, true);
    if pin::two().is_none() {
        eprintln!("skipped: readers, trip, flat, paced, scan, wake: this process may use one core alone");
    }
    let is_wanted = |name: &str| asked.suites.is_empty() || asked.suites.iter().any(|it| it == name);
    SUITES.iter().filter(|(name, _)| is_wanted(name)).for_each(|(_, suite)| suite(&mut bench));
    let Bench { tables, failures, .. } = bench;
    let verdicts = targets::verdicts(&tables, asked.suites.is_empty());
    let rounds = asked.effort.rounds;
    let report = Report { machine, effort: format!("{}, {rounds} rounds", asked.name), tables, verdicts };
    print!("{}", markdown::report(&report));
    if let Some(path) = &asked.json {
        std::fs::write(path, format!("{:#}\n", json::report(&report)))?;
    }
    if let Some(directory) = &asked.charts {
        docs::charts(&report, directory)?;
    }
    if asked.is_docs {
        docs::write(&report, &repository())?;
    }
    if failures.is_empty() { Ok(()) } else { Err(format!("broken:\n{}", failures.join("\n")).into()) }
}

/// Where this was built from.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
