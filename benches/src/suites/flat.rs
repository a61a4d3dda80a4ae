//! T5: a writer that never pauses in one process, a reader in another: how many new versions it sees in a second, and how many
//! values that are of two versions.

use std::time::{Duration, Instant};

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::median;
use crate::sample::{Aligned, Sample};
use crate::suites::Trial;
use crate::suites::prepared;

/// Calls between two looks at the clock, or at the line.
const BURST: u64 = 32;
/// Versions are counted in windows of this length, of which the median counts: of those in which the writer ran, for it may
/// share its core with others.
const WINDOW: Duration = Duration::from_micros(250);

/// Of each second: new versions, torn values, reads that gave nothing, writes. Nanoseconds of a cache line there and back.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 1)?;
    let (line, [mut writes, reads]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(common)?;
            writer.write(0, &T::filled(0));
            line.meet();
            line.meet();
            let (start, mut tag) = (Instant::now(), 0);
            while !line.is_over() {
                for _ in 0..BURST {
                    tag += 1;
                    writer.write(0, &Aligned(T::filled(tag)).0);
                }
                line.tell(tag);
            }
            let seconds = start.elapsed().as_secs_f64();
            line.meet();
            Ok(vec![tag as f64 / seconds])
        },
        |line| {
            line.meet();
            let mut reader = P::reader(common)?;
            let mut value = Aligned(T::filled(0));
            line.meet();
            let (start, mut seen) = (Instant::now(), 0);
            let (mut windows, mut torn, mut none) = (Vec::new(), 0_u64, 0_u64);
            while start.elapsed() < effort.stretch {
                let (told, window, mut new) = (line.told(), Instant::now(), 0_u64);
                while window.elapsed() < WINDOW {
                    for _ in 0..BURST {
                        if !reader.read(0, &mut value.0) {
                            none += 1;
                        } else if value.0.tag() != seen {
                            seen = value.0.tag();
                            new += 1;
                            torn += u64::from(value.0.is_torn());
                        }
                    }
                }
                if line.told() != told {
                    windows.push(new as f64 / window.elapsed().as_secs_f64());
                }
            }
            let seconds = start.elapsed().as_secs_f64();
            line.end();
            line.meet();
            let [torn, none] = [torn, none].map(|count| count as f64 / seconds);
            Ok(vec![median(windows), torn, none])
        },
    )?;
    let mut figures = reads;
    figures.append(&mut writes);
    figures.push(line);
    Ok(figures)
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Latest, Kind::Memory];
    for bytes in [64, 4096] {
        let contest =
            bench.contest(&format!("flat out, {bytes} bytes"), ALL, &kinds, polled(Trial::Flat, bytes));
        let table = contest.table(
            format!("flat-{bytes}"),
            format!("A writer of {bytes} bytes that never pauses, a reader on another core"),
            "In each second: versions that the reader saw and had not seen before, in millions, and how many times those of bare \
             memory; values of two versions at once; reads that gave nothing; writes, in millions.",
            &[
                ("new M/s", Column::Scaled(0, 1e-6)),
                ("new x bare", Column::TimesOf(0, "bare memory")),
                ("torn/s", Column::Figure(1)),
                ("nothing/s", Column::Figure(2)),
                ("writes M/s", Column::Scaled(3, 1e-6)),
                ("line ns", Column::Figure(4)),
            ],
        );
        bench.tables.push(table.charted("new M/s"));
    }
}
