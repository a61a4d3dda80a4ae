//! What shmrecord costs, beside the bare thing and beside others, on this machine.

mod effort;
mod line;
mod miss;
mod pair;
mod peers;
mod pin;
mod rounds;
mod sample;
mod shared;
mod suites;

use effort::Effort;
use peers::list::ALL;
use suites::Trial;

fn main() {
    let effort = if std::env::args().any(|word| word == "--smoke") { Effort::SMOKE } else { Effort::QUICK };
    println!("| 64 bytes | memcpy ns | write ns | ratio | read ns | ratio | round trip ns | asleep ns |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let trials: Vec<(String, Box<dyn Fn() -> miss::Outcome>)> = ALL
        .iter()
        .flat_map(|contestant| {
            let trials: [Box<dyn Fn() -> miss::Outcome>; 3] = [
                Box::new(|| contestant.run(Trial::Hot, 64, &effort)),
                Box::new(|| contestant.run(Trial::Trip, 64, &effort)),
                Box::new(|| contestant.run_asleep(Trial::Trip, &effort)),
            ];
            trials.map(|trial| (contestant.name.to_owned(), trial))
        })
        .collect();
    let all = rounds::rounds(effort.rounds, &trials, |round, name| eprint!("\r\x1b[Kround {round}: {name}"));
    eprintln!();
    for (contestant, both) in ALL.iter().zip(all.chunks(3)) {
        let [hot, trip, asleep] = both else { continue };
        for miss in [hot, trip, asleep].into_iter().filter_map(|series| series.miss()) {
            println!("{}: {miss}", contestant.name);
        }
        let hot = [0, 1, 3, 2, 4].map(|figure| format!("{:.2}", hot.median(figure)));
        println!(
            "| {} | {} | {:.0} | {:.0} |",
            contestant.name,
            hot.join(" | "),
            trip.median(0),
            trip.median(1)
        );
    }
}
