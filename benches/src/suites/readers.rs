//! T3: what a read costs when another process reads the same record on another core, beside what it costs alone.

use std::hint::black_box;

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::{during, per_call};
use crate::sample::{Aligned, Sample};
use crate::suites::Trial;
use crate::suites::prepared;

/// Reads timed together.
const CALLS: usize = 1_000;

/// Nanoseconds of a read alone, of one beside another reader; the ratio; of a cache line there and back. The readers are there when it is written: not every
/// contestant has something for who comes later.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 1)?;
    let read = |reader: &mut P::Reader| {
        let mut value = Aligned(T::filled(0));
        // Microseconds, so that few of these stretches are those in which this side is kept from its core.
        per_call(CALLS, |_| {
            assert!(reader.read(0, &mut value.0));
            black_box(&value);
        })
    };
    let (line, [mut figures, _]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(common)?;
            line.meet();
            let mut reader = P::reader(common)?;
            line.meet();
            writer.write(0, &T::filled(1));
            let alone = during(effort.stretch, || read(&mut reader));
            line.meet();
            // The other one may share its core: only what is read while it reads counts.
            let beside = during(effort.stretch, || {
                let told = line.told();
                let time = read(&mut reader);
                if line.told() == told { f64::NAN } else { time }
            });
            line.end();
            line.meet();
            Ok(vec![alone, beside, beside / alone])
        },
        |line| {
            line.meet();
            let mut reader = P::reader(common)?;
            let mut value = Aligned(T::filled(0));
            line.meet();
            line.meet();
            for round in 1.. {
                for _ in 0..64 {
                    assert!(reader.read(0, &mut value.0));
                    black_box(&value);
                }
                line.tell(round);
                if line.is_over() {
                    break;
                }
            }
            line.meet();
            Ok(vec![])
        },
    )?;
    figures.push(line);
    Ok(figures)
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Latest, Kind::Memory];
    let contest = bench.contest("readers", ALL, &kinds, polled(Trial::Readers, 64));
    let table = contest.table(
        "readers-64",
        "Two readers of one record of 64 bytes, on two cores",
        "Nanoseconds of a read while nobody else reads, and while another process reads the same record.",
        &[
            ("alone ns", Column::Figure(0)),
            ("beside another ns", Column::Figure(1)),
            ("x", Column::Times(2)),
            ("line ns", Column::Figure(3)),
        ],
    );
    bench.tables.push(table.charted("beside another ns"));
}
