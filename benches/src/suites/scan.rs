//! T7: all records of a table, at rest and beside a million updates a second, beside `memcpy` of as many bytes in the same
//! process.

use std::hint::black_box;
use std::time::Instant;

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::report::number;
use crate::rounds::median;
use crate::sample::Sample;
use crate::shared::Shared;
use crate::suites::Trial;
use crate::suites::paced::paced;
use crate::suites::prepared;
use crate::suites::random::Dice;

/// At rest: nanoseconds of `memcpy` and of a scan, how many times as fast as `memcpy` this is; the same beside updates; nanoseconds
/// of a cache line there and back.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let records = effort.some;
    let common = prepared::<P, T>(place, records)?;
    let (line, [_, mut figures]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(common)?;
            (0..records).for_each(|index| writer.write(index, &T::filled(1)));
            line.meet();
            line.meet();
            let mut dice = Dice::new();
            while !line.is_over() {
                paced(100, || writer.write(dice.below(records), &T::filled(2)));
            }
            line.meet();
            Ok(vec![])
        },
        |line| {
            // As a table lies, in pages of the kernel's for files.
            let plain = Shared::new(records, |_| T::filled(1))?;
            let mut out = vec![T::filled(0); records];
            line.meet();
            let mut reader = P::reader(common)?;
            let mut figures = beside(effort, &plain, &mut reader, &mut out);
            line.meet();
            figures.extend(beside(effort, &plain, &mut reader, &mut out));
            line.end();
            line.meet();
            Ok(figures)
        },
    )?;
    figures.push(line);
    Ok(figures)
}

fn beside<T: Sample>(effort: &Effort, plain: &[T], reader: &mut impl Read<T>, out: &mut [T]) -> Vec<f64> {
    let mut figures: [Vec<f64>; 3] = Default::default();
    for _ in effort.while_short() {
        let start = Instant::now();
        out.copy_from_slice(black_box(plain));
        black_box(&out);
        let copied = Instant::now();
        reader.scan(out);
        black_box(&out);
        let [memcpy, scan] = [copied - start, copied.elapsed()].map(|time| time.as_secs_f64() * 1e9);
        figures.iter_mut().zip([memcpy, scan, memcpy / scan]).for_each(|(all, figure)| all.push(figure));
    }
    figures.map(median).into()
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Ours, Kind::Variant, Kind::Latest, Kind::Memory];
    let contest = bench.contest("scan", ALL, &kinds, polled(Trial::Scan, 64));
    let bytes = (bench.effort.some * 64) as f64;
    let table = contest.table(
        "scan",
        format!("All of {} records of 64 bytes", number(bench.effort.some as f64)),
        "Gigabytes a second of `memcpy` of as many bytes and of a scan, at rest and beside a process that updates a million records a \
         second; how many times as fast as `memcpy` the scan is. Ours is one snapshot, and \"by value\" a fold over the records, one by one.",
        &[
            ("memcpy GB/s", Column::Rate(0, bytes)),
            ("scan GB/s", Column::Rate(1, bytes)),
            ("x", Column::Times(2)),
            ("busy memcpy GB/s", Column::Rate(3, bytes)),
            ("busy scan GB/s", Column::Rate(4, bytes)),
            ("busy x", Column::Times(5)),
            ("line ns", Column::Figure(6)),
        ],
    );
    bench.tables.push(table.charted("scan GB/s"));
}
