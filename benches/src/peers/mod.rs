//! The contestants, each behind the same three traits, so that one trial measures all of them. A peer is shown at its best: as
//! its authors recommend for speed. Relies on `sample`; knows no trial.
//!
//! A new one: a file here with a type that is [`Peer`] for every [`Sample`] that it can carry, and a line in [`list`]. What it
//! does not offer is `Miss::limit("why")`, which the tables print. What goes wrong later is a panic: the trial is a process of
//! its own, whose words are its figure.

mod atomic_cell;
mod bare;
#[cfg(test)]
mod crossing;
mod descriptors;
mod futex;
mod iceoryx;
pub(crate) mod list;
mod locks;
mod messages;
mod mmap_sync;
pub(crate) mod ours;
mod ringfire;
mod seqlock;
mod staged;

use std::fs;

use crate::miss::Outcome;
use crate::sample::Sample;

/// A name that no other trial has, of this run or of another, for whatever a peer makes.
pub(crate) struct Place {
    name: String,
}

impl Place {
    /// Of the process that looks after one trial.
    pub(crate) fn of_this_process() -> Self {
        Self { name: format!("shmrecord-bench-{}", std::process::id()) }
    }

    /// Another one, for a trial that takes two.
    pub(crate) fn beside(&self, what: &str) -> Self {
        Self { name: format!("{}-{what}", self.name) }
    }

    /// Letters, digits and dashes.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where the bare calls have a file beside a contestant's.
    pub(crate) fn plain(&self) -> String {
        format!("/dev/shm/{}-plain", self.name)
    }

    /// Takes that away, if it is there.
    pub(crate) fn remove_plain(&self) {
        let _ = fs::remove_file(self.plain());
    }

    /// For what System V names by a number.
    pub(crate) fn key(&self) -> libc::key_t {
        let mix = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        // Not 0, which is no key.
        (self.name.bytes().fold(0x811c_9dc5, mix) | 1).cast_signed()
    }
}

/// A way for values of `T` to get from one process to others: a type that only names it.
///
/// What is made lives as long as the process that makes it, which ends with the trial: hence `'static`.
pub(crate) trait Peer<T: Sample> {
    /// How many writes go without a read between them: of a queue its room. `usize::MAX`: the latest value takes the place of
    /// the one before.
    const ROOM: usize = usize::MAX;

    /// What both sides must have before they part.
    type Common: 'static;
    type Writer: Write<T>;
    type Reader: Read<T>;

    /// Made in the parent of both, which then forks them: so no more than a name, descriptors, or memory that children inherit.
    /// For `records` values; `place` is this table's alone.
    fn prepare(place: &Place, records: usize) -> Outcome<Self::Common>;

    /// The writing end, in the process that writes, before any reading end.
    fn writer(common: &'static Self::Common) -> Outcome<Self::Writer>;

    /// A reading end, in any process, while the writing end lives; one of several, of those that allow it.
    fn reader(common: &'static Self::Common) -> Outcome<Self::Reader>;

    /// Takes away whatever the ends of this place left behind: always called, also after they were killed.
    fn remove(_place: &Place) {}
}

pub(crate) trait Write<T: Sample> {
    /// Publishes a value.
    fn write(&mut self, index: usize, value: &T);
}

pub(crate) trait Read<T: Sample> {
    /// The latest value, or of a queue the next one, into `out`. `false`: there was none to be had, and `out` may be anything.
    fn read(&mut self, index: usize, out: &mut T) -> bool;

    /// Waits until record 0 bears this tag: polls, unless the peer is one that sleeps. A tag that is waited for is written once,
    /// and the next one after this returns.
    fn await_tag(&mut self, tag: u64, out: &mut T) {
        while !(self.read(0, out) && out.tag() == tag) {}
    }

    /// The records from 0 on, by the fastest way there is.
    fn scan(&mut self, out: &mut [T]) {
        for (index, record) in out.iter_mut().enumerate() {
            assert!(self.read(index, record), "record {index} cannot be read");
        }
    }
}

/// Removes what lies in `/dev/shm` under names that begin so, for crates that let choose no more than the beginning.
fn remove_shared(prefix: &str) {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            // Who made it may be faster.
            let _ = fs::remove_file(entry.path());
        }
    }
}
