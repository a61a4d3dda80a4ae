//! What is aimed at, in one place: the figure, by its table, row and column, the bound, and what the peers that were measured beside
//! it reach. A target that is not held is printed as such; no run fails by it.

use crate::machine;
use crate::report::{self, Table, number};
use crate::suites::random::MANY_TABLE;

/// `T1` and so on, with what it is about.
pub(crate) struct Target {
    pub(crate) number: &'static str,
    pub(crate) what: &'static str,
    table: &'static str,
    row: &'static str,
    column: &'static str,
    bound: Bound,
    pub(crate) unit: Unit,
}

enum Bound {
    Most(f64),
    Least(f64),
    /// At most the first with wide moves, the second without.
    MostWide(f64, f64),
}

/// What the figure counts.
pub(crate) enum Unit {
    /// A ratio to this.
    Of(&'static str),
    /// So many of these.
    Count(&'static str),
}

impl Unit {
    pub(crate) fn text(&self, value: f64) -> String {
        match self {
            Self::Of(_) => format!("{}x", number(value)),
            Self::Count(unit) => format!("{} {unit}", number(value)),
        }
    }
}

const MEMCPY: Unit = Unit::Of("memcpy");
const BARE: Unit = Unit::Of("bare memory");

const ONE: &str = "shmrecord";
const FOUR: &str = "shmrecord, 4 cells";
const LINE: &str = "shmrecord, line";

macro_rules! targets {
    ($($number:literal $what:literal: $table:expr, $row:expr, $column:literal, $bound:expr, $unit:expr;)+) => {
        &[$(Target { number: $number, what: $what, table: $table, row: $row, column: $column, bound: $bound, unit: $unit }),+]
    };
}

use Bound::{Least, Most, MostWide};

#[rustfmt::skip]
pub(crate) const TARGETS: &[Target] = targets! {
    "T1" "hot read, 64 B": "hot-64", ONE, "read x", MostWide(1.0, 1.4), MEMCPY;
    "T1" "hot read, 32 B": "hot-32", ONE, "read x", Most(1.5), MEMCPY;
    "T1" "hot read, 256 B": "hot-256", ONE, "read x", Most(1.0), MEMCPY;
    "T1" "hot read, 4 KiB": "hot-4096", ONE, "read x", Most(0.9), MEMCPY;
    "T2" "hot write, 64 B, with the log": "hot-64", ONE, "write x", Most(1.35), MEMCPY;
    "T2" "hot write, 64 B, several cells": "hot-64", FOUR, "write x", Most(1.0), MEMCPY;
    "T2" "hot write, 4 KiB, with the log": "hot-4096", ONE, "write x", Most(1.4), MEMCPY;
    "T2" "hot write, 4 KiB, several cells": "hot-4096", FOUR, "write x", Most(0.8), MEMCPY;
    "T3" "two readers of one record": "readers-64", ONE, "x", Most(1.05), Unit::Of("one reader");
    "T4" "round trip, 32 B": "trip-32", LINE, "x bare", Most(1.05), BARE;
    "T4" "round trip, 64 B": "trip-64", LINE, "x bare", Most(0.9), BARE;
    "T4" "round trip, 256 B": "trip-256", LINE, "x bare", Most(1.0), BARE;
    "T4" "round trip, 4 KiB": "trip-4096", LINE, "x bare", Most(0.95), BARE;
    "T4" "one way, record and version in one line": "trip-32", LINE, "x line", Most(1.2), Unit::Of("a cache line's");
    "T5" "new versions seen, 64 B, 4 cells": "flat-64", FOUR, "new x bare", Least(0.5), BARE;
    "T5" "new versions seen, 4 KiB, 4 cells": "flat-4096", FOUR, "new x bare", Least(1.48), BARE;
    "T5" "torn, 64 B": "flat-64", FOUR, "torn/s", Most(0.0), Unit::Count("/s");
    "T5" "torn, 64 B, one cell": "flat-64", ONE, "torn/s", Most(0.0), Unit::Count("/s");
    "T5" "torn, 4 KiB": "flat-4096", FOUR, "torn/s", Most(0.0), Unit::Count("/s");
    "T5" "torn, 4 KiB, one cell": "flat-4096", ONE, "torn/s", Most(0.0), Unit::Count("/s");
    "T6" "read beside a write each µs, 64 B": "paced-64", ONE, "x bare", Most(1.54), BARE;
    "T6" "read beside a write each µs, 4 KiB": "paced-4096", ONE, "x bare", Most(0.93), BARE;
    "T6" "more time for a write beside a reader": "paced-64", ONE, "write +ns", Most(1.0), Unit::Count("ns");
    "T7" "scan, at rest": "scan", ONE, "x", Least(0.8), MEMCPY;
    "T7" "scan beside 1 M updates/s": "scan", ONE, "busy x", Least(0.66), MEMCPY;
    "T8" "random update of 100,000": "random", ONE, "update x", Most(3.0), MEMCPY;
    "T8" "random read of 100,000": "random", ONE, "read x", Most(1.25), MEMCPY;
    "T8" "random update of 10 million": MANY_TABLE, ONE, "update x", Most(2.0), MEMCPY;
    "T8" "random read of 10 million": MANY_TABLE, ONE, "read x", Most(1.4), MEMCPY;
    "T9" "attach to first record": "cost", ONE, "attach x", Most(1.3), Unit::Of("open, mmap, load");
    "T9" "create 1 MiB": "cost", ONE, "create x", Most(1.3), Unit::Of("open, fallocate, mmap");
    "T10" "memory beside the payload, split": "cost", "shmrecord, split", "B beside a record", Most(8.05), Unit::Count("B");
    "T10" "memory beside the payload, packed": "cost", "shmrecord, packed", "B beside a record", Most(8.05), Unit::Count("B");
    "T11" "wake of a sleeper": "wake", ONE, "x bare", Most(1.05), Unit::Of("a bare futex");
    "T11" "write with a doorbell, nobody asleep": "writers", "write, with a doorbell", "+ns", Most(1.0), Unit::Count("ns");
    "T12" "lock and unlock": "writers", "lock and unlock", "x bare", Most(1.3), Unit::Of("compare-exchange, exchange");
};

impl Target {
    fn bound(&self) -> (&'static str, f64) {
        match self.bound {
            Bound::Most(most) => ("≤", most),
            Bound::Least(least) => ("≥", least),
            Bound::MostWide(wide, narrow) => ("≤", if machine::has_avx() { wide } else { narrow }),
        }
    }

    /// As it is printed.
    pub(crate) fn aim(&self) -> String {
        let (sign, bound) = self.bound();
        match self.unit {
            Unit::Of(what) => format!("{sign} {}x {what}", number(bound)),
            Unit::Count(_) => format!("{sign} {}", self.unit.text(bound)),
        }
    }
}

pub(crate) struct Verdict {
    pub(crate) target: &'static Target,
    pub(crate) measured: Option<f64>,
}

impl Verdict {
    /// `None`: it was not measured.
    pub(crate) fn is_held(&self) -> Option<bool> {
        let (sign, bound) = self.target.bound();
        // As it is printed: beyond that it says nothing.
        let value = self.measured.map(|value| (value * 100.0).round() / 100.0);
        value.map(|value| if sign == "≤" { value <= bound } else { value >= bound })
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.is_held() {
            Some(true) => "held",
            Some(false) => "NOT HELD",
            None => "not measured",
        }
    }
}

/// What came of the targets that these tables have figures for, and of all others where all were asked for.
pub(crate) fn verdicts(tables: &[Table], is_all: bool) -> Vec<Verdict> {
    let verdict = |target: &'static Target| Verdict {
        target,
        measured: report::find(tables, target.table, target.row, target.column),
    };
    TARGETS.iter().map(verdict).filter(|verdict| is_all || verdict.measured.is_some()).collect()
}
