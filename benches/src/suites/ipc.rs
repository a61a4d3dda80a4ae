//! Every way from one process to another at 64 bytes, in one table: what a write and a read cost while nobody else does anything, a
//! round trip while both poll, and one while both sleep. Relies on the trials of the other suites.

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::peers::list::{ALL, Kind};
use crate::suites::Trial;

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Limit, Kind::Ours, Kind::Latest, Kind::Memory, Kind::Kernel];
    // Calls of the kernel are a hundred times as long as what the calls of a stretch are counted for.
    let short =
        |effort: &Effort| Effort { calls: effort.calls / 10, trips: effort.trips / 10 + 1, ..*effort };
    let hot = bench.contest("all ways", ALL, &kinds, |it, effort| polled(Trial::Hot, 64)(it, &short(effort)));
    let trip = bench.contest("all ways, there and back", ALL, &kinds, |it, effort| {
        it.run(Trial::Trip, 64, &short(effort))
    });
    let asleep = bench.contest("all ways, asleep", ALL, &kinds, |it, effort| {
        it.run_asleep(Trial::Trip, &Effort { trips: effort.trips / 10 + 1, ..*effort })
    });
    let table = hot.table(
        "ipc",
        "Every way to another process, 64 bytes",
        "Nanoseconds of a write and of a read, in one process; microseconds there and back between two, while who waits polls, and \
         while it sleeps. Queues hand over each value once, all others the latest one.",
        &[("write ns", Column::Figure(1)), ("read ns", Column::Figure(2))],
    );
    let trip = trip.table("", "", "", &[("there and back µs", Column::Scaled(0, 1e-3))]);
    let mut asleep = asleep.table("", "", "", &[("asleep µs", Column::Scaled(0, 1e-3))]);
    // That most of them have nothing to sleep by shows in the dash.
    asleep.notes.retain(|note| note.contains("failed"));
    bench.tables.push(table.joined(trip).joined(asleep).charted("there and back µs"));
}
