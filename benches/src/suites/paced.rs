//! T6: a writer that writes every microsecond in one process, a reader that reads all the time in another: what that costs either
//! of them. First each alone.

use std::time::{Duration, Instant};

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::{during, median, per_call};
use crate::sample::{Aligned, Sample};
use crate::suites::Trial;
use crate::suites::prepared;

/// Writes of which the mean is one figure, and bytes of reads. These take longer than the pause between two writes, but not so long
/// that whoever is kept from its core in them counts much.
const WRITES: usize = 500;
const READ_BYTES: usize = 1 << 18;
const PAUSE: Duration = Duration::from_micros(1);

/// Nanoseconds: of a read at rest, of one beside the writer; of a write alone, the clock's own included, and what it takes longer
/// beside the reader; of a cache line there and back.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 1)?;
    let (line, [writes, mut figures]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(common)?;
            writer.write(0, &T::filled(0));
            let (value, mut written) = (Aligned(T::filled(1)), 0);
            let mut burst = || {
                paced(WRITES, || {
                    writer.write(0, &value.0);
                    written += 1;
                    line.tell(written);
                })
            };
            line.meet();
            line.meet();
            let alone = during(effort.stretch, &mut burst);
            line.meet();
            let mut beside = Vec::new();
            while !line.is_over() {
                beside.push(burst());
            }
            line.meet();
            Ok(vec![alone, median(beside)])
        },
        |line| {
            line.meet();
            let mut reader = P::reader(common)?;
            let mut value = Aligned(T::filled(0));
            let mut burst = || {
                per_call(READ_BYTES / size_of::<T>(), |_| {
                    reader.read(0, &mut value.0);
                    std::hint::black_box(&value);
                })
            };
            let at_rest = during(effort.stretch, &mut burst);
            line.meet();
            line.meet();
            // The writer may share its core: only what is read while it writes counts.
            let beside = during(effort.stretch, || {
                let told = line.told();
                let time = burst();
                if line.told() == told { f64::NAN } else { time }
            });
            line.end();
            line.meet();
            Ok(vec![at_rest, beside])
        },
    )?;
    figures.extend([writes[0], writes[1] - writes[0], line]);
    Ok(figures)
}

/// Nanoseconds of one of so many calls, one in each microsecond. The clock steps by more than a call takes, but the mean of many
/// differences is exact.
pub(crate) fn paced(calls: usize, mut call: impl FnMut()) -> f64 {
    let (mut next, mut sum) = (Instant::now(), Duration::ZERO);
    for _ in 0..calls {
        let mut start = Instant::now();
        while start < next {
            start = Instant::now();
        }
        call();
        sum += start.elapsed();
        // Who was kept from its turn does not make up for it.
        next = start + PAUSE;
    }
    sum.as_secs_f64() * 1e9 / calls as f64
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Latest, Kind::Memory];
    for bytes in [64, 4096] {
        let contest = bench.contest(
            &format!("a write each µs, {bytes} bytes"),
            ALL,
            &kinds,
            polled(Trial::Paced, bytes),
        );
        let table = contest.table(
            format!("paced-{bytes}"),
            format!("{bytes} bytes written every microsecond, a reader on another core"),
            "Nanoseconds of a read at rest and beside the writer, and how many times one of bare memory the latter is; what a write \
             takes longer while somebody reads.",
            &[
                ("at rest ns", Column::Figure(0)),
                ("beside ns", Column::Figure(1)),
                ("x bare", Column::TimesOf(1, "bare memory")),
                ("write +ns", Column::Figure(3)),
                ("line ns", Column::Figure(4)),
            ],
        );
        bench.tables.push(table.charted("beside ns"));
    }
}
