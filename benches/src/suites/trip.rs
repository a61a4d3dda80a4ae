//! T4: a value to another process and another one back, each waited for as the contestant waits: two processes on two cores.

use std::time::Instant;

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::{median, per_call};
use crate::sample::{Aligned, Sample};
use crate::suites::prepared;
use crate::suites::{SIZES, Trial};

/// Stretches of trips, of which the median counts.
const SLICES: usize = 20;

/// Nanoseconds there and back, and of a cache line in the same processes; how many times as long the first takes.
pub(crate) fn trial<P: Peer<T>, T: Sample>(places: &[Place; 2], effort: &Effort) -> Outcome {
    let there = prepared::<P, T>(&places[0], 1)?;
    let back = prepared::<P, T>(&places[1], 1)?;
    let trips = effort.trips as usize / SLICES + 1;
    let (line, [first, _]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(there)?;
            line.meet();
            let mut reader = P::reader(back)?;
            line.meet();
            let (mut value, mut tag) = (Aligned(T::filled(0)), 0);
            let (start, mut slices) = (Instant::now(), Vec::new());
            while !line.is_over() {
                slices.push(per_call(trips, |_| {
                    tag += 1;
                    writer.write(0, &T::filled(tag));
                    reader.await_tag(tag, &mut value.0);
                }));
                // Where the sides share their cores with others a stretch of locks may take a second.
                if slices.len() == SLICES || start.elapsed() > effort.stretch * 4 {
                    line.end();
                }
                line.meet();
            }
            Ok(vec![median(slices)])
        },
        |line| {
            let mut writer = P::writer(back)?;
            line.meet();
            let mut reader = P::reader(there)?;
            line.meet();
            let (mut value, mut tag) = (Aligned(T::filled(0)), 0);
            while !line.is_over() {
                for _ in 0..trips {
                    tag += 1;
                    reader.await_tag(tag, &mut value.0);
                    writer.write(0, &value.0);
                }
                line.meet();
            }
            Ok(vec![])
        },
    )?;
    Ok(vec![first[0], line, first[0] / line])
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Variant, Kind::Latest, Kind::Memory];
    for bytes in SIZES {
        let contest =
            bench.contest(&format!("round trip, {bytes} bytes"), ALL, &kinds, polled(Trial::Trip, bytes));
        let table = contest.table(
            format!("trip-{bytes}"),
            format!("{bytes} bytes to another process and back, polled, on two cores"),
            "Nanoseconds there and back; beside them, of a bare cache line between the same two processes just before, for cores \
             move about their host; how many times that, and how many times a flag and a plain move in bare memory.",
            &[
                ("ns", Column::Figure(0)),
                ("line ns", Column::Figure(1)),
                ("x line", Column::Times(2)),
                ("x bare", Column::TimesOf(0, "bare memory")),
            ],
        );
        bench.tables.push(table.charted("ns"));
    }
}
