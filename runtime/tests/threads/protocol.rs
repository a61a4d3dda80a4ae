//! The models of the protocol. Relies on `model`.

use crate::history::{LIVES, Story};
use crate::memory::{Look, Step};
use crate::model::run;
use crate::random::{Random, seed};
use crate::sync::Weakness;
use Look::{Read, Snapshot, Version};
use Step::{Batch, GiveUp, Recover, Write};

/// All of them by name, for `mutants`.
pub(crate) const MODELS: &[crate::mutants::Named] = &[
    ("writes", || writes(&mut Random::new(seed()))),
    ("cells", || cells(&mut Random::new(seed()))),
    ("batches", || batches(&mut Random::new(seed()))),
    ("deaths", || deaths(&mut Random::new(seed()))),
];

/// Weaknesses that loom alone is to notice.
const LOOMS: &[crate::mutants::Excused] = &[
    ("batch.rs", "", Weakness::NoCheck, LONG),
    ("copy.rs", "", Weakness::NoCheck, LONG),
    ("log.rs", "", Weakness::NoCheck, LONG),
    (
        "record.rs",
        "version.load(Ordering::Relaxed) == odd",
        Weakness::NoCheck,
        "a read by the log that a write overtakes is too seldom for random orders",
    ),
    (
        "batch.rs",
        "version.store(target.wrapping_sub(2)",
        Weakness::Relaxed,
        "a death between two stores, and a reader who saw nothing of the record before, are too seldom together",
    ),
];
const LONG: &str = "who sees only old words tries again for very long, where every step is one of Miri's";

/// Steps of a story: enough for readers to meet.
const STEPS: usize = 6;

/// One of these.
fn any<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len())]
}

/// Runs a model: often, where threads seldom meet; once under Miri, which comes with many seeds.
fn rounds(model: fn(&mut Random)) {
    let seed = seed();
    println!("SHMRECORD_SEED={seed}");
    let mut random = Random::new(seed);
    for _ in 0..if cfg!(miri) { 1 } else { 50 } {
        model(&mut random);
    }
}

#[test]
fn records_are_whole_and_become_new_in_order() {
    rounds(writes);
}

#[test]
fn records_of_several_cells_are_whole() {
    rounds(cells);
}

#[test]
fn batches_are_seen_at_one_instant() {
    rounds(batches);
}

#[test]
fn writers_and_their_successors_may_die_at_any_store() {
    rounds(deaths);
}

#[test]
#[ignore = "minutes, under Miri alone: a processor's own memory model is too strong. CONTRIBUTING.md has the command"]
fn every_weakness_is_noticed() {
    crate::mutants::every_weakness_is_noticed(MODELS, 64, LOOMS);
}

fn writes(random: &mut Random) {
    let writer = (0..STEPS).map(|_| (Write(any(random, &[0, 0, 1])), LIVES)).collect();
    let story = Story { words: 3, cells: 1, before: vec![Write(0)], writer };
    run(&story, &[&[Read(0)], &[Read(1), Read(0), Version(1)]]);
}

fn cells(random: &mut Random) {
    let writer = (0..STEPS).map(|_| (Write(0), LIVES)).collect();
    let story = Story { words: 3, cells: any(random, &[2, 4]), before: vec![Write(0)], writer };
    run(&story, &[&[Read(0)], &[Read(0), Version(0)]]);
}

fn batches(random: &mut Random) {
    let step =
        |_| (any(random, &[Batch(&[0, 1]), Batch(&[1, 0]), Batch(&[1]), Write(0), GiveUp(&[0, 1])]), LIVES);
    let story = Story { words: 1, cells: 1, before: vec![], writer: (0..STEPS).map(step).collect() };
    run(&story, &[&[Read(0), Read(1), Version(0)], &[Snapshot]]);
}

fn deaths(random: &mut Random) {
    // A single write is in a snapshot or not: with writes to the record that is read first each is of one state.
    let (other, readers): (_, [&[Look]; 2]) = match random.below(2) {
        0 => (Write(1), [&[Read(0), Read(1)], &[Read(1), Version(1)]]),
        _ => (Write(0), [&[Read(0), Read(1)], &[Snapshot, Version(0)]]),
    };
    let mut writer = Vec::new();
    while writer.len() < STEPS {
        let step = any(random, &[Batch(&[0, 1]), Write(0), other, GiveUp(&[1])]);
        writer.push((step, random.below(20)));
        if random.below(2) == 0 {
            writer.push((Recover, random.below(10)));
        }
        writer.push((Recover, LIVES));
    }
    let story = Story { words: 2, cells: 1, before: vec![Write(0)], writer };
    run(&story, &readers);
}
