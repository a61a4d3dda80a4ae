//! T1, T2: one record in the cache, one process: what a write and a read cost, each beside `memcpy` of the same size in the same
//! process. Of a queue as many as have room are written, then read.

use std::hint::black_box;

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

/// Which record of the table.
const AT: usize = 7;

/// Nanoseconds of `memcpy`, of a write and of a read; the ratios of these two to it.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 16)?;
    pair::alone(effort.patience, || {
        let mut writer = P::writer(common)?;
        let mut reader = P::reader(common)?;
        let source = Aligned(T::filled(1));
        let mut target = Aligned(T::filled(0));
        let mut figures: [Vec<f64>; 5] = Default::default();
        for slice in 0..effort.slices {
            let value = Aligned(T::filled(slice as u64 + 1));
            let memcpy = per_call(effort.calls, |_| {
                target.0 = black_box(&source).0;
                black_box(&target);
            });
            let (mut write, mut read, mut left) = (0.0, 0.0, effort.calls);
            while left > 0 {
                let calls = left.min(P::ROOM);
                let share = calls as f64 / effort.calls as f64;
                write += share * per_call(calls, |_| writer.write(black_box(AT), &black_box(&value).0));
                read += share
                    * per_call(calls, |_| {
                        assert!(reader.read(black_box(AT), &mut target.0));
                        black_box(&target);
                    });
                left -= calls;
            }
            assert_eq!(target.0.tag(), value.0.tag(), "what was written is read");
            let all = [memcpy, write, read, write / memcpy, read / memcpy];
            figures.iter_mut().zip(all).for_each(|(figures, figure)| figures.push(figure));
        }
        Ok(figures.map(median).into())
    })
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Logged, Kind::Ours, Kind::Variant, Kind::Latest, Kind::Memory];
    for bytes in SIZES {
        let contest = bench.contest(&format!("hot, {bytes} bytes"), ALL, &kinds, polled(Trial::Hot, bytes));
        let table = contest.table(
            format!("hot-{bytes}"),
            format!("One record of {bytes} bytes, in the cache, in one process"),
            "Nanoseconds of a write and of a read, and how many times those of `memcpy` of as many bytes they are.",
            &[
                ("memcpy ns", Column::Figure(0)),
                ("write ns", Column::Figure(1)),
                ("write x", Column::Times(3)),
                ("read ns", Column::Figure(2)),
                ("read x", Column::Times(4)),
            ],
        );
        bench.tables.push(table.charted("read ns"));
    }
}
