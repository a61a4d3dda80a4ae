//! T11: how long it takes until who sleeps for a value has it: from before the write in one process to behind the wait in another,
//! which has slept for a while.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Column};
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::median;
use crate::sample::Sample;
use crate::suites::Trial;
use crate::suites::prepared;

/// After this long who waits has gone to sleep.
const ASLEEP: Duration = Duration::from_micros(100);

/// Microseconds; nanoseconds of a cache line there and back.
pub(crate) fn trial<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 1)?;
    let (line, [written, woken]) = pair::pair(
        effort.patience,
        |line| {
            let mut writer = P::writer(common)?;
            line.meet();
            let mut times = Vec::new();
            for wake in 1..=effort.wakes {
                line.meet();
                let met = Instant::now();
                while met.elapsed() < ASLEEP {
                    spin_loop();
                }
                times.push(now());
                writer.write(0, &T::filled(wake));
            }
            line.meet();
            Ok(times)
        },
        |line| {
            line.meet();
            let mut reader = P::reader(common)?;
            let mut value = T::filled(0);
            let mut times = Vec::new();
            for wake in 1..=effort.wakes {
                line.meet();
                reader.await_tag(wake, &mut value);
                times.push(now());
            }
            line.meet();
            Ok(times)
        },
    )?;
    let wakes = written.iter().zip(woken).map(|(written, woken)| woken - written);
    Ok(vec![median(wakes), line])
}

/// Microseconds of the clock that both processes see.
fn now() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it lives across the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Latest, Kind::Kernel];
    let wakes = bench.contest("wakes", ALL, &kinds, |it, effort| it.run_asleep(Trial::Wake, effort));
    let short = |effort: &Effort| Effort { trips: effort.trips / 10 + 1, ..*effort };
    let trips = bench
        .contest("round trip asleep", ALL, &kinds, |it, effort| it.run_asleep(Trial::Trip, &short(effort)));
    let table = wakes.table(
        "wake",
        "Who sleeps for 64 bytes, on two cores",
        "Microseconds from before a write to behind the wait of a process that has slept for a while, and how many times those of a \
         futex and a record in bare memory; to another process and back, each on its way to sleep when the other writes.",
        &[("wake µs", Column::Figure(0)), ("x bare", Column::TimesOf(0, "bare memory")), ("line ns", Column::Figure(1))],
    );
    let trips = trips.table(
        "",
        "",
        "",
        &[("there and back µs", Column::Scaled(0, 1e-3)), ("trip x bare", Column::TimesOf(0, "bare memory"))],
    );
    bench.tables.push(table.joined(trips).charted("wake µs"));
}
