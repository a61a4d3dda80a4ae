//! T11, T12: what it costs a writer that others may write too, or may wait: a turn beside two bare atomic instructions, a write that
//! may wake or stamps beside one that does not, a take-over.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use shmrecord::{Options, SharedWriter, Turn, Writer};

use crate::bench::Bench;
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::Place;
use crate::report::{Cell, Row, Table};
use crate::rounds::{median, per_call};
use crate::sample::{Aligned, Bytes64, Sample};

const TABLES: [&str; 5] = ["plain", "doorbell", "stamps", "many", "takeover"];
/// Of the figures of a trial.
const NAMES: [&str; 6] = [
    "write",
    "write, with a doorbell",
    "write, with stamps",
    "write, one of many writers",
    "lock and unlock",
    "compare-exchange and exchange, bare",
];
const LOCK: usize = 4;
const BARE: usize = 5;
const TAKEOVER: usize = 6;

pub(crate) fn suite(bench: &mut Bench) {
    let series = bench.own("writers", trial, |place| {
        addresses(place).iter().for_each(|address| drop(shmrecord::remove(address)));
    });
    let row = |(at, name): (usize, &&str)| {
        // What each takes more than a write, within a round; the lock beside what it is made of.
        let more = if (1..LOCK).contains(&at) { series.median(TAKEOVER + at) } else { f64::NAN };
        let times = if at == LOCK { series.ratio(LOCK, &series, BARE) } else { f64::NAN };
        let cells = vec![Cell::Number(series.median(at)), Cell::Number(more), Cell::Times(times)];
        Row { name: (*name).to_owned(), cells }
    };
    let mut rows: Vec<Row> = NAMES.iter().enumerate().map(row).collect();
    let takeover = Cell::Number(series.median(TAKEOVER));
    rows.push(Row { name: "take-over".to_owned(), cells: vec![takeover, Cell::Missing, Cell::Missing] });
    bench.tables.push(Table {
        id: "writers".to_owned(),
        title: "A write of 64 bytes, a turn, a take-over, nobody else".to_owned(),
        about: "Nanoseconds; of what is a write, how many more than the plain one; of a turn, how many times the two bare \
                instructions. The take-over is of 1 MiB of records, from when the role is free.",
        columns: vec!["ns", "+ns", "x bare"],
        rows,
        notes: series.miss().iter().map(ToString::to_string).collect(),
        charted: None,
    });
}

fn addresses(place: &Place) -> [String; 5] {
    TABLES.map(|table| format!("posix:/{}", place.beside(table).name()))
}

/// The nanoseconds of [`NAMES`], of a take-over, and what each of the three writes takes more than the first.
fn trial(place: &Place, effort: &Effort) -> Outcome {
    let [plain, doorbell, stamps, many, takeover] = addresses(place);
    pair::alone(effort.patience, || {
        let mut writers = [
            Options::new().create::<Bytes64>(&plain, 16)?,
            Options::new().doorbell(true).create(&doorbell, 16)?,
            Options::new().stamps(true).create(&stamps, 16)?,
        ];
        let mut shared = SharedWriter::<Bytes64>::create(&many, 16)?;
        let word = AtomicU32::new(0);
        let mut figures: [Vec<f64>; 9] = Default::default();
        for slice in 0..effort.slices {
            let value = Aligned(Bytes64::filled(slice as u64));
            let times = writers.each_mut().map(|writer| {
                per_call(effort.calls, |_| {
                    writer.write(black_box(7), &black_box(&value).0).expect("in range")
                })
            });
            let one_of_many = per_call(effort.calls, |_| {
                shared.write(black_box(7), &black_box(&value).0).expect("in range");
            });
            let lock = per_call(effort.calls, |_| {
                drop(black_box(shared.lock().and_then(Turn::whole).expect("nobody else")));
            });
            let bare = per_call(effort.calls, |_| {
                let word = black_box(&word);
                let taken = word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
                assert!(taken.is_ok() && word.swap(0, Ordering::Release) == 1);
            });
            let [plain, doorbell, stamps] = times;
            let writes = [plain, doorbell, stamps, one_of_many, lock, bare];
            let more = [doorbell, stamps, one_of_many].map(|time| time - plain);
            let all = writes.into_iter().chain(more);
            figures.iter_mut().zip(all).for_each(|(figures, figure)| figures.push(figure));
        }
        let mut figures: Vec<f64> = figures.map(median).into();
        figures.insert(TAKEOVER, takeovers(&takeover, effort)?);
        Ok(figures)
    })
}

/// Nanoseconds from the end of a writer to the end of `open` of the next.
fn takeovers(address: &str, effort: &Effort) -> Outcome<f64> {
    drop(Writer::<Bytes64>::create(address, 1 << 14)?);
    let mut times = Vec::new();
    for _ in 0..effort.repeats {
        let start = Instant::now();
        let writer = Writer::<Bytes64>::open(address)?;
        times.push(start.elapsed().as_secs_f64() * 1e9);
        drop(writer);
    }
    Ok(median(times))
}
