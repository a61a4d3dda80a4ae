//! Whether the models would notice: each fence taken away, each release made relaxed, each store left out, each check of a
//! reader blinded, one at a time, and every model run until one fails. Relies on `sync` for the places, which are found by
//! running the models once.

use std::panic::catch_unwind;

use crate::protocol::MODELS;
use crate::sync::{Mutant, Weakness, possible, weaken};

/// Weaknesses that change nothing: the text of the line, and why.
const HARMLESS: &[(&str, Weakness, &str)] = &[];

/// The line of the sources at a place.
fn line((place, _): Mutant) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(place.file());
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().nth(place.line() as usize - 1).unwrap().trim().to_owned()
}

#[test]
fn every_weakness_is_noticed() {
    for (name, model) in MODELS {
        let start = std::time::Instant::now();
        model();
        println!("{name} {:?}", start.elapsed());
    }
    let mut missed = Vec::new();
    for mutant in possible() {
        weaken(Some(mutant));
        let start = std::time::Instant::now();
        let noticed = MODELS.iter().find(|(_, model)| catch_unwind(model).is_err());
        weaken(None);
        let (place, weakness) = mutant;
        let file = place.file().rsplit('/').next().unwrap();
        let by = noticed.map_or("NOBODY", |(name, _)| name);
        println!("{file}:{} {weakness:?} `{}`: {by} {:?}", place.line(), line(mutant), start.elapsed());
        let harmless =
            HARMLESS.iter().any(|(text, kind, _)| line(mutant).contains(text) && *kind == weakness);
        if noticed.is_some() == harmless {
            missed.push(mutant);
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}
