//! Whether a checker would notice: each fence taken away, each release made relaxed, each store left out, each check of a
//! reader blinded, one at a time, and every model run until one fails. Relies on `sync` for the places, which are found by
//! running the models once.

use std::panic::catch_unwind;

use crate::sync::{Mutant, Weakness, possible, weaken};

/// A model by name: it panics when it finds what must not be.
pub(crate) type Named = (&'static str, fn());

/// Weaknesses that change nothing: file, a part of the line or of the one above it, and why. They are not run.
const HARMLESS: &[(&str, &str, Weakness, &str)] = &[
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
    ("batch.rs", include_str!("../../src/guard/batch.rs")),
    ("copy.rs", include_str!("../../src/guard/copy.rs")),
    ("doorbell.rs", include_str!("../../src/guard/doorbell.rs")),
    ("lock.rs", include_str!("../../src/guard/lock.rs")),
    ("log.rs", include_str!("../../src/guard/log.rs")),
    ("record.rs", include_str!("../../src/guard/record.rs")),
];

/// The line of the sources at a place, and the one above it.
fn lines((place, _): Mutant) -> [&'static str; 2] {
    let source = SOURCES.iter().find(|(file, _)| place.file().ends_with(file));
    let (_, text) = source.unwrap_or_else(|| panic!("{place} is in none of the sources"));
    let number = place.line() as usize - 1;
    [number, number - 1].map(|number| text.lines().nth(number).expect("the place is in the source").trim())
}

/// Weakens one place after the other, and runs the models at most so many times.
///
/// # Panics
/// When none notices one that is not harmless.
pub(crate) fn every_weakness_is_noticed(models: &[Named], rounds: usize) {
    let harmless = |mutant: &Mutant| {
        HARMLESS.iter().find(|(file, part, weakness, _)| {
            mutant.0.file().ends_with(file)
                && mutant.1 == *weakness
                && lines(*mutant).iter().any(|line| line.contains(part))
        })
    };
    let mut missed = Vec::new();
    let is_ours = |(place, _): &Mutant| {
        SOURCES.iter().any(|(file, _)| place.file().ends_with(&format!("src/guard/{file}")))
    };
    for mutant in possible(|| models.iter().for_each(|(_, model)| model())).into_iter().filter(is_ours) {
        let (place, weakness) = mutant;
        let name = format!("{}:{} {weakness:?} `{}`", place.file(), place.line(), lines(mutant)[0]);
        if let Some((_, _, _, reason)) = harmless(&mutant) {
            println!("{name}: harmless: {reason}");
            continue;
        }
        if std::env::var("ONLY").is_ok_and(|o| !name.contains(&o)) {
            continue;
        }
        weaken(Some(mutant));
        let noticed = (0..rounds).find_map(|round| {
            let noticed = models.iter().find(|(_, model)| catch_unwind(model).is_err());
            noticed.map(|(model, _)| (model, round + 1))
        });
        weaken(None);
        match noticed {
            Some((model, round)) => println!("{name}: noticed by {model}, round {round}"),
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "no model notices {missed:#?}");
}
