//! Whether ours got slower: the ratios that matter beside those that were measured last and are committed. A ratio holds on other
//! machines only by and by; these are for the machine that the figures name. What seems slower is measured again before it
//! counts. Relies on the suites; judges nothing but what they measure.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::bench::Bench;
use crate::effort::Effort;
use crate::machine::Machine;
use crate::report::{self, Table, number};
use crate::suites::SUITES;

/// A ratio is worse when it is worse by more than this.
const SLACK: f64 = 1.2;
/// Measurements of what seems slower, the first one counted.
const ATTEMPTS: usize = 4;

/// What is guarded: a suite, and of its tables a row and a column.
struct Guarded {
    suite: &'static str,
    table: &'static str,
    row: &'static str,
    column: &'static str,
    /// More is better.
    is_speed: bool,
}

const fn cost(suite: &'static str, table: &'static str, row: &'static str, column: &'static str) -> Guarded {
    Guarded { suite, table, row, column, is_speed: false }
}

const fn speed(suite: &'static str, table: &'static str, row: &'static str, column: &'static str) -> Guarded {
    Guarded { suite, table, row, column, is_speed: true }
}

const GUARDED: &[Guarded] = &[
    cost("hot", "hot-32", "shmrecord", "read x"),
    cost("hot", "hot-64", "shmrecord", "read x"),
    cost("hot", "hot-64", "shmrecord, by value", "read x"),
    cost("hot", "hot-64", "shmrecord", "write x"),
    cost("hot", "hot-64", "shmrecord, 4 cells", "read x"),
    cost("hot", "hot-64", "shmrecord, 4 cells", "write x"),
    cost("hot", "hot-256", "shmrecord", "read x"),
    cost("hot", "hot-256", "shmrecord", "write x"),
    cost("hot", "hot-4096", "shmrecord", "read x"),
    cost("hot", "hot-4096", "shmrecord", "write x"),
    cost("trip", "trip-64", "shmrecord", "x bare"),
    cost("trip", "trip-64", "shmrecord, line", "x bare"),
    cost("trip", "trip-4096", "shmrecord", "x bare"),
    speed("scan", "scan", "shmrecord", "x"),
    speed("scan", "scan", "shmrecord", "busy x"),
    cost("writers", "writers", "lock and unlock", "x bare"),
    cost("wake", "wake", "shmrecord", "x bare"),
];

impl Guarded {
    fn name(&self) -> String {
        format!("{} / {} / {}", self.table, self.row, self.column)
    }

    fn find(&self, tables: &[Table]) -> Option<f64> {
        report::find(tables, self.table, self.row, self.column)
    }

    fn better(&self, one: f64, other: f64) -> f64 {
        if self.is_speed { one.max(other) } else { one.min(other) }
    }

    fn is_worse(&self, now: f64, last: f64) -> bool {
        if self.is_speed { now * SLACK < last } else { now > last * SLACK }
    }
}

fn path() -> PathBuf {
    crate::repository().join("benches/figures/last.json")
}

/// Compares, or with `bless` writes what is compared from now on.
pub(crate) fn run(bless: bool) -> Result<(), Box<dyn Error>> {
    let last = fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()));
    let last: Value = if bless { Value::Null } else { serde_json::from_str(&last?)? };
    let mut now = vec![None; GUARDED.len()];
    measure(&mut now)?;
    if bless {
        return write(&now);
    }
    let last_of = |guarded: &Guarded| last["ratios"][guarded.name()].as_f64();
    let is_worse = |guarded: &Guarded, now: Option<f64>| match (now, last_of(guarded)) {
        (Some(now), Some(last)) => guarded.is_worse(now, last),
        // What is not measured any more, or was not, is nothing to pass by.
        _ => true,
    };
    let worse = |now: &[Option<f64>]| -> Vec<&Guarded> {
        let both = GUARDED.iter().zip(now);
        both.filter(|(guarded, now)| is_worse(guarded, **now)).map(|(guarded, _)| guarded).collect()
    };
    for _ in 1..ATTEMPTS {
        let again = worse(&now);
        if again.is_empty() {
            break;
        }
        measure_some(&mut now, |guarded| again.iter().any(|it| it.suite == guarded.suite))?;
    }
    println!("| ratio | last | now | |\n|---|---:|---:|---|");
    for (guarded, now) in GUARDED.iter().zip(&now) {
        let [last_text, now_text] = [last_of(guarded), *now].map(|it| it.map_or("-".to_owned(), number));
        let word = if is_worse(guarded, *now) { "SLOWER" } else { "" };
        println!("| {} | {last_text} | {now_text} | {word} |", guarded.name());
    }
    let slower: Vec<String> = worse(&now).iter().map(|guarded| guarded.name()).collect();
    if slower.is_empty() {
        return Ok(());
    }
    Err(format!("slower by more than {:.0} %, or not measured: {}", (SLACK - 1.0) * 100.0, slower.join("; "))
        .into())
}

fn measure(now: &mut [Option<f64>]) -> Result<(), Box<dyn Error>> {
    measure_some(now, |_| true)
}

/// Measures the suites of these again, and keeps the better of what was found.
fn measure_some(now: &mut [Option<f64>], is_asked: impl Fn(&Guarded) -> bool) -> Result<(), Box<dyn Error>> {
    // Seconds: ours alone take little.
    let mut bench = Bench::new(Effort { rounds: 11, ..Effort::QUICK }, false);
    for (name, suite) in SUITES {
        if GUARDED.iter().any(|guarded| guarded.suite == *name && is_asked(guarded)) {
            suite(&mut bench);
        }
    }
    if !bench.failures.is_empty() {
        return Err(bench.failures.join("\n").into());
    }
    for (guarded, now) in GUARDED.iter().zip(now) {
        let found = guarded.find(&bench.tables);
        *now = match (*now, found) {
            (Some(now), Some(found)) => Some(guarded.better(now, found)),
            (now, found) => now.or(found),
        };
    }
    Ok(())
}

fn write(now: &[Option<f64>]) -> Result<(), Box<dyn Error>> {
    let ratios: Map<String, Value> =
        GUARDED.iter().zip(now).map(|(guarded, now)| (guarded.name(), json!(now))).collect();
    let machine = Machine::look();
    let facts: Map<String, Value> =
        machine.facts().iter().map(|(name, fact)| ((*name).to_owned(), json!(fact))).collect();
    fs::create_dir_all(path().parent().unwrap_or(&path()))?;
    fs::write(path(), format!("{:#}\n", json!({ "machine": facts, "ratios": ratios })))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_is_more_of_a_cost_and_less_of_a_speed_by_more_than_the_slack() {
        let (cost, speed) = (cost("", "", "", ""), speed("", "", "", ""));
        assert!(cost.is_worse(1.21, 1.0) && !cost.is_worse(1.19, 1.0) && !cost.is_worse(0.1, 1.0));
        assert!(speed.is_worse(0.82, 1.0) && !speed.is_worse(0.84, 1.0) && !speed.is_worse(9.0, 1.0));
        assert_eq!((cost.better(1.0, 2.0), speed.better(1.0, 2.0)), (1.0, 2.0));
    }

    #[test]
    fn what_is_guarded_is_of_a_suite_that_there_is() {
        assert!(GUARDED.iter().all(|guarded| SUITES.iter().any(|(suite, _)| *suite == guarded.suite)));
    }
}
