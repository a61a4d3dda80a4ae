//! Whether the models would notice: each fence taken away, each release made relaxed, each store left out, each check of a
//! reader blinded, one at a time, and every model run until one fails. Relies on `sync` for the places, which are found by
//! running the models once.

use std::panic::catch_unwind;

use crate::protocol::MODELS;
use crate::sync::{Mutant, Weakness, possible, weaken};

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
];

/// The line of the sources at a place, and the one above it.
fn lines((place, _): Mutant) -> [String; 2] {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(place.file());
    let text = std::fs::read_to_string(path).unwrap();
    let number = place.line() as usize - 1;
    [number, number - 1].map(|number| text.lines().nth(number).unwrap().trim().to_owned())
}

#[test]
fn every_weakness_is_noticed() {
    MODELS.iter().for_each(|(_, model)| model());
    let harmless = |mutant: &Mutant| {
        HARMLESS.iter().find(|(file, part, weakness, _)| {
            mutant.0.file().ends_with(file)
                && mutant.1 == *weakness
                && lines(*mutant).iter().any(|line| line.contains(part))
        })
    };
    let mut missed = Vec::new();
    for mutant in possible() {
        let (place, weakness) = mutant;
        let name = format!("{}:{} {weakness:?} `{}`", place.file(), place.line(), lines(mutant)[0]);
        if let Some((_, _, _, reason)) = harmless(&mutant) {
            println!("{name}: harmless: {reason}");
            continue;
        }
        weaken(Some(mutant));
        let noticed = MODELS.iter().find(|(_, model)| catch_unwind(model).is_err());
        weaken(None);
        match noticed {
            Some((model, _)) => println!("{name}: noticed by {model}"),
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "no model notices {missed:#?}");
}
