//! T8: a record at random, of a table that fits in a cache and of one that does not: an update and a read, beside `memcpy` into
//! and out of a plain array of as many.

use std::fs;
use std::hint::black_box;

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::{Miss, Outcome};
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::report::number;
use crate::rounds::{median, per_call};
use crate::sample::{Aligned, Sample};
use crate::shared::Shared;
use crate::suites::Trial;
use crate::suites::prepared;

/// Numbers that no prefetcher guesses, none of which waits for the one before.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    #[inline]
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (((mixed >> 32) * end as u64) >> 32) as usize
    }
}

/// Nanoseconds of `memcpy` into the array, of an update, the ratio; of `memcpy` out of it, of a read, the ratio.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, records: usize, effort: &Effort) -> Outcome {
    let bytes = records as u64 * size_of::<T>() as u64;
    // The array, a table of four cells, and something for whatever else runs.
    if available_memory() < 8 * bytes {
        return Miss::limit(format!("{} MiB of memory are not there", 8 * (bytes >> 20)));
    }
    let common = prepared::<P, T>(place, records)?;
    pair::alone(effort.patience, || {
        let mut writer = P::writer(common)?;
        (0..records).for_each(|index| writer.write(index, &T::filled(1)));
        let mut reader = P::reader(common)?;
        let array = Shared::new(records, |_| T::filled(1))?;
        let plain = array.as_ptr();
        let (mut dice, mut target) = (Dice::new(), Aligned(T::filled(0)));
        // The first touch of a page is the kernel's time.
        (0..records).for_each(|index| assert!(reader.read(index, &mut target.0)));
        let mut figures: [Vec<f64>; 6] = Default::default();
        for slice in 0..effort.slices {
            let value = Aligned(T::filled(slice as u64));
            let into = per_call(effort.calls, |_| {
                // SAFETY: within the array, which this process alone has, and of which there is no reference here.
                unsafe { plain.add(dice.below(records)).write(black_box(&value).0) };
            });
            let update = per_call(effort.calls, |_| writer.write(dice.below(records), &black_box(&value).0));
            let out_of = per_call(effort.calls, |_| {
                // SAFETY: as before.
                target.0 = unsafe { plain.add(dice.below(records)).read() };
                black_box(&target);
            });
            let read = per_call(effort.calls, |_| {
                assert!(reader.read(dice.below(records), &mut target.0));
                black_box(&target);
            });
            let all = [into, update, update / into, out_of, read, read / out_of];
            figures.iter_mut().zip(all).for_each(|(figures, figure)| figures.push(figure));
        }
        Ok(figures.map(median).into())
    })
}

/// Bytes.
fn available_memory() -> u64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib << 10)
}

/// What the table of the largest number of records is called.
pub(crate) const MANY_TABLE: &str = "random-many";

pub(crate) fn suite(bench: &mut Bench) {
    let Effort { some, many, .. } = bench.effort;
    let all = [Kind::Ours, Kind::Latest, Kind::Variant, Kind::Memory];
    let rounds = bench.effort.rounds;
    // Making the largest tables takes longer than what is measured of them.
    let tables = [("random", some, rounds, &all[..]), (MANY_TABLE, many, rounds.div_ceil(2), &all[..2])];
    for (id, records, rounds, kinds) in tables {
        let name = format!("random, {} records", number(records as f64));
        let contest = bench.short_contest(rounds, &name, ALL, kinds, polled(Trial::Random(records), 64));
        let table = contest.table(
            id,
            format!("A record at random, of {} of 64 bytes, in one process", number(records as f64)),
            "Nanoseconds of `memcpy` into a plain array of as many and of an update; of `memcpy` out of it and of a read.",
            &[
                ("memcpy in ns", Column::Figure(0)),
                ("update ns", Column::Figure(1)),
                ("update x", Column::Times(2)),
                ("memcpy out ns", Column::Figure(3)),
                ("read ns", Column::Figure(4)),
                ("read x", Column::Times(5)),
            ],
        );
        bench.tables.push(table.charted("update ns"));
    }
}
