//! Whether a checker would notice: each fence taken away, each release made relaxed, each store left out, each check of a
//! reader blinded, one at a time, and every model run until one fails. Relies on `sync` for the places, which are found by
//! running the models once.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use crate::sync::{Mutant, Weakness, possible, weaken};

/// A model by name: it panics when it finds what must not be.
pub(crate) type Named = (&'static str, fn());

/// A weakness that is not run: file, a part of the line or of the one above it, and why.
pub(crate) type Excused = (&'static str, &'static str, Weakness, &'static str);

/// Weaknesses that change nothing.
const HARMLESS: &[Excused] = &[
    (
        "record.rs",
        "let seen = version.load",
        Weakness::NoCheck,
        "an attempt that begins with an old word ends at its check, which sees the present one",
    ),
    (
        "record.rs",
        "sequence or a later one",
        Weakness::NoFence,
        "an older log is looked at in vain, for the fences behind it show that it moved; this one saves the attempt",
    ),
    (
        "doorbell.rs",
        "self.waiting.fetch_and",
        Weakness::NoStore,
        "bits that nobody clears call for attention without need",
    ),
];

/// The sources whose places are weakened.
const SOURCES: &[(&str, &str)] = &[
    ("guard/batch.rs", include_str!("../../src/guard/batch.rs")),
    ("guard/copy.rs", include_str!("../../src/guard/copy.rs")),
    ("guard/doorbell.rs", include_str!("../../src/guard/doorbell.rs")),
    ("guard/lock.rs", include_str!("../../src/guard/lock.rs")),
    // What a reader does there is what `table` does.
    ("protocol/memory.rs", include_str!("memory.rs")),
    ("guard/log.rs", include_str!("../../src/guard/log.rs")),
    ("guard/record.rs", include_str!("../../src/guard/record.rs")),
];

/// The line of the sources at a place, and the one above it.
fn lines((place, _): Mutant) -> [&'static str; 2] {
    let source = SOURCES.iter().find(|(file, _)| place.file().ends_with(file));
    let (_, text) = source.unwrap_or_else(|| panic!("{place} is in none of the sources"));
    let number = place.line() as usize - 1;
    [number, number - 1].map(|number| text.lines().nth(number).expect("the place is in the source").trim())
}

/// Weakens one place after the other in every way, and runs the models at most so many times.
///
/// # Panics
/// When none notices one that is neither harmless nor among these, which another checker is for.
pub(crate) fn every_weakness_is_noticed(models: &[Named], rounds: usize, left_out: &[Excused]) {
    let excused = |mutant: &Mutant| {
        HARMLESS.iter().chain(left_out).find(|(file, part, weakness, _)| {
            mutant.0.file().ends_with(file)
                && mutant.1 == *weakness
                && lines(*mutant).iter().any(|line| line.contains(part))
        })
    };
    // Where a model does not come by it shows nothing. Random ones take several ways.
    let asked = models.iter().map(|(_, model)| possible(|| (0..rounds.min(2)).for_each(|_| model())));
    let reached: Vec<BTreeSet<Mutant>> = asked.collect();
    let mut missed = Vec::new();
    let is_ours = |(place, _): &&Mutant| SOURCES.iter().any(|(file, _)| place.file().ends_with(file));
    let mutants: BTreeSet<_> = reached.iter().flatten().filter(is_ours).collect();
    for mutant in mutants {
        let (place, weakness) = mutant;
        let name = format!("{}:{} {weakness:?} `{}`", place.file(), place.line(), lines(*mutant)[0]);
        if let Some((_, _, _, reason)) = excused(mutant) {
            println!("{name}: not run: {reason}");
            continue;
        }
        let models = || models.iter().zip(&reached).filter(|(_, reached)| reached.contains(mutant));
        weaken(Some(*mutant));
        let noticed = (0..rounds).find_map(|round| {
            let noticed = models().find(|((_, model), _)| catch_unwind(model).is_err());
            noticed.map(|((model, _), _)| (model, round + 1))
        });
        weaken(None);
        match noticed {
            Some((model, round)) => println!("{name}: noticed by {model}, round {round}"),
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "no model notices {missed:#?}");
}
