//! The models of the protocol. Relies on `model`.

use crate::history::LIVES;
use crate::memory::{Look, Step};
use crate::model::Model;
use Look::{Read, Snapshot, Version};
use Step::{Batch, GiveUp, Recover, Write};

const BOTH: Step = Batch(&[0, 1]);

/// All of them by name, for `mutants`; the quickest first.
pub(crate) const MODELS: &[(&str, fn())] = &[
    ("a_batch_is_seen_at_one_instant", a_batch_is_seen_at_one_instant),
    ("a_writer_may_die_at_any_store", a_writer_may_die_at_any_store),
    ("a_record_of_two_cells_is_whole", a_record_of_two_cells_is_whole),
    ("a_writer_may_die_at_any_store_of_a_batch", a_writer_may_die_at_any_store_of_a_batch),
    ("a_batch_that_is_taken_back_leaves_what_was_there", a_batch_that_is_taken_back_leaves_what_was_there),
    ("a_writer_of_two_cells_may_die_at_any_store", a_writer_of_two_cells_may_die_at_any_store),
    ("records_become_new_in_the_writers_order", records_become_new_in_the_writers_order),
    ("a_dead_writer_is_followed", a_dead_writer_is_followed),
    ("a_recovery_may_die_at_any_store", a_recovery_may_die_at_any_store),
    ("batches_and_writes_follow_one_another", batches_and_writes_follow_one_another),
    ("a_record_is_whole", a_record_is_whole),
    ("a_dead_batch_is_followed", a_dead_batch_is_followed),
];

/// One cell of two words, and the log.
const LOGGED: Model<'static> =
    Model { words: 2, cells: 1, before: &[Write(0)], writer: &[], reader: &[], preemptions: 2 };
/// Two cells of two words.
const CELLS: Model<'static> = Model { cells: 2, ..LOGGED };
/// One cell of one word, for what is about two records.
const PAIR: Model<'static> = Model { words: 1, before: &[], preemptions: 1, ..LOGGED };

/// A step, behind those of the model, during which the writer dies after each number of stores.
fn every_death(model: Model<'_>, step: Step, after: &[(Step, usize)]) {
    let mut writer = model.writer.to_vec();
    writer.push((step, LIVES));
    let stores = Model { writer: &writer, ..model }.stores_of_last_step();
    assert!(stores > 0);
    for dead_after in 0..=stores {
        writer.truncate(model.writer.len());
        writer.push((step, dead_after));
        writer.extend(after);
        Model { writer: &writer, ..model }.check();
    }
}

#[test]
fn a_record_is_whole() {
    Model { writer: &[(Write(0), LIVES); 2], reader: &[Read(0), Read(0)], ..LOGGED }.check();
}

#[test]
fn records_become_new_in_the_writers_order() {
    let writer = [(Write(0), LIVES), (Write(1), LIVES), (Write(0), LIVES)];
    Model { writer: &writer, reader: &[Read(0), Read(1)], preemptions: 1, ..PAIR }.check();
    Model { writer: &writer, reader: &[Read(1), Read(0), Version(0)], preemptions: 1, ..PAIR }.check();
}

#[test]
fn a_record_of_two_cells_is_whole() {
    Model { writer: &[(Write(0), LIVES); 3], reader: &[Read(0), Read(0)], ..CELLS }.check();
}

#[test]
fn a_writer_of_two_cells_may_die_at_any_store() {
    let model = Model { reader: &[Read(0), Read(0)], ..CELLS };
    every_death(model, Write(0), &[(Recover, LIVES), (Write(0), LIVES), (Write(0), LIVES)]);
}

#[test]
fn a_writer_may_die_at_any_store() {
    every_death(Model { reader: &[Read(0), Read(0), Version(0)], ..LOGGED }, Write(0), &[]);
}

#[test]
fn a_dead_writer_is_followed() {
    let model = Model { reader: &[Read(0), Read(0)], preemptions: 1, ..LOGGED };
    every_death(model, Write(0), &[(Recover, LIVES), (Write(1), LIVES), (Write(0), LIVES)]);
}

#[test]
fn a_batch_is_seen_at_one_instant() {
    for reader in [&[Read(0), Read(1), Version(0)][..], &[Read(1), Read(0)], &[Snapshot]] {
        Model { writer: &[(BOTH, LIVES)], reader, ..PAIR }.check();
    }
}

#[test]
fn batches_and_writes_follow_one_another() {
    for reader in [&[Read(0), Read(1)][..], &[Read(1), Read(0)], &[Read(0), Version(0)], &[Snapshot]] {
        Model { writer: &[(BOTH, LIVES), (BOTH, LIVES)], reader, ..PAIR }.check();
        Model { writer: &[(BOTH, LIVES), (Write(0), LIVES)], reader, ..PAIR }.check();
        Model { writer: &[(Write(0), LIVES), (BOTH, LIVES)], reader, ..PAIR }.check();
        Model { writer: &[(GiveUp(&[0, 1]), LIVES), (Write(0), LIVES)], reader, ..PAIR }.check();
    }
}

#[test]
fn a_writer_may_die_at_any_store_of_a_batch() {
    for reader in [&[Read(0), Read(1)][..], &[Read(1), Read(0), Version(1)], &[Snapshot]] {
        every_death(Model { reader, ..PAIR }, BOTH, &[]);
    }
}

#[test]
fn a_dead_batch_is_followed() {
    for reader in [&[Read(0), Read(1)][..], &[Read(1), Read(0)], &[Snapshot]] {
        every_death(Model { reader, ..PAIR }, BOTH, &[(Recover, LIVES), (Write(0), LIVES)]);
        every_death(Model { reader, ..PAIR }, BOTH, &[(Recover, LIVES), (Batch(&[1]), LIVES)]);
    }
}

#[test]
fn a_batch_that_is_taken_back_leaves_what_was_there() {
    let model = Model { writer: &[(Write(0), LIVES)], reader: &[Read(0)], ..PAIR };
    every_death(model, Batch(&[0]), &[(Recover, LIVES)]);
}

#[test]
fn a_recovery_may_die_at_any_store() {
    for step in [Write(0), BOTH] {
        let stores = Model { writer: &[(step, LIVES)], ..PAIR }.stores_of_last_step();
        for dead_after in 0..=stores {
            let writer = [(step, dead_after), (Recover, LIVES)];
            let stores = Model { writer: &writer, ..PAIR }.stores_of_last_step();
            for again in 0..stores {
                let writer = [(step, dead_after), (Recover, again), (Recover, LIVES), (Write(0), LIVES)];
                Model { writer: &writer, reader: &[Read(0), Read(1)], ..PAIR }.check();
            }
        }
    }
}
