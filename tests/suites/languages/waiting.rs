//! Who waits in one language for what is published, recovered or removed in the other: with a doorbell and without. Each case
//! with C and with Rust as the one who waits.

use std::thread;
use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::every::{Every, every};
use integration_tests::image::{Image, at};
use integration_tests::place::Place;
use integration_tests::process::Actor;
use integration_tests::waiting::let_wait;
use shmrecord::{Reader, SharedWriter, Writer, remove};

use crate::errors::{CAPACITY, attach, words};
use crate::many::{By, Language, every_pair};

/// Longer than any wait that goes well takes, in milliseconds.
const LONG: u64 = 60_000;

/// A table of many writers that `writer` has created, and a reader of it in the other language.
struct Pair<'a> {
    place: &'a Place,
    image: Image,
    writer: Actor,
    waiter: Actor,
    has_doorbell: bool,
    /// That of the writer.
    language: Language,
}

/// Runs this for each C actor with Rust, each kind of segment, with a doorbell and without.
fn every_table(test: impl Fn(Pair<'_>)) {
    every_pair(|first, second| {
        for has_doorbell in [true, false] {
            every_backend(|place| {
                let (mut writer, mut waiter) = (first.start(), second.start());
                let letters = if has_doorbell { "d" } else { "-" };
                assert_eq!(writer.ask(&By::Word.share(place, letters)), "holds 1");
                writer.take(place);
                waiter.give(place);
                attach(&mut waiter, place.address());
                test(Pair { place, image: Image::of(place), writer, waiter, has_doorbell, language: first });
            });
        }
    });
}

impl Pair<'_> {
    #[track_caller]
    fn wait(&mut self, request: &str, groups: u32) {
        let_wait(&mut self.waiter, request, self.has_doorbell.then_some(&self.image), groups);
    }

    /// The writer is asked for this, and what is said then of how often it rang.
    fn publish(&mut self, request: &str, answer: &str) {
        let rings = self.image.half(at::DOORBELL);
        assert_eq!(self.writer.ask(request), answer);
        if self.has_doorbell {
            assert!(self.image.half(at::DOORBELL) > rings, "{request}: nobody rang");
        }
    }
}

#[test]
fn a_record_or_any_of_two() {
    every_table(|mut pair| {
        pair.wait(&format!("wait 3 0 {LONG}"), 1 << 3);
        pair.publish("write 3 5", "written");
        assert_eq!(pair.waiter.line(), "version 1");
        pair.wait(&format!("wait 3 1 {LONG}"), 1 << 3);
        // Not for others.
        assert_eq!(pair.writer.ask("write 1 5"), "written");
        assert_eq!(pair.writer.ask("update 2 1"), "updated");
        pair.publish("update 3 1", "updated");
        assert_eq!(pair.waiter.line(), "version 2");
        for (request, answer) in [("write 4 5", "written"), ("batch 0 4", "published")] {
            let [three, four] = [3, 4].map(|index| {
                let found = pair.waiter.ask(&format!("wait {index} 9 {LONG}"));
                found.strip_prefix("version ").unwrap().to_owned()
            });
            pair.wait(&format!("wait any {LONG} 3 {three} 4 {four}"), 1 << 3 | 1 << 4);
            pair.publish(request, answer);
            assert_eq!(pair.waiter.line(), "which 1");
        }
        // In a turn, each write by itself.
        assert_eq!(pair.writer.ask("lock"), "locked");
        pair.wait(&format!("wait 0 1 {LONG}"), 1);
        pair.publish("write 0 5", "written");
        assert_eq!(pair.waiter.line(), "version 2");
        assert_eq!(pair.writer.ask("unlock"), "unlocked");
        // What has happened is not waited for, and what does not happen is not found.
        assert_eq!(pair.waiter.ask(&format!("wait 0 1 {LONG}")), "version 2");
        assert_eq!(pair.waiter.ask("wait 0 2 30"), "version 2");
        assert_eq!(pair.waiter.ask("wait any 30 0 2 3 2"), "which 2");
    });
}

#[test]
fn the_whole_table() {
    every_table(|mut pair| {
        if !pair.has_doorbell {
            return;
        }
        let reader = Reader::<Every>::open(pair.place.address()).unwrap();
        let writes = [("write 2 5", "written"), ("update 3 1", "updated"), ("batch 0 1 4", "published")];
        for (seen, (request, answer)) in (0..).zip(writes) {
            assert_eq!(pair.waiter.ask("changes"), format!("changes {seen}"));
            pair.wait(&format!("wait all {seen} {LONG}"), u32::MAX);
            pair.publish(request, answer);
            assert_eq!(pair.waiter.line(), format!("changes {}", seen + 1));
            assert_eq!(reader.changes().unwrap(), seen + 1);
        }
        // Nothing is published by who comes; by who recovers, whatever he finds.
        let mut next = pair.language.join(pair.place, "-", 2);
        assert_eq!(pair.waiter.ask("wait all 3 30"), "changes 3");
        pair.wait(&format!("wait all 3 {LONG}"), u32::MAX);
        assert_eq!(next.ask("lock"), "locked");
        next.kill();
        assert!(pair.writer.ask("lock").starts_with("47 lock "));
        assert_eq!(pair.waiter.line(), "changes 4");
    });
}

#[test]
fn a_writer_of_one_is_waited_for_likewise() {
    every_pair(|first, second| {
        every_backend(|place| {
            let (mut writer, mut waiter) = (first.start(), second.start());
            let lone = format!("lone {} {CAPACITY} d 0 0", place.address());
            assert_eq!(writer.ask(&lone), "holds 1");
            writer.take(place);
            waiter.give(place);
            attach(&mut waiter, place.address());
            let image = Image::of(place);
            let_wait(&mut waiter, &format!("wait 3 0 {LONG}"), Some(&image), 1 << 3);
            assert_eq!(writer.ask("write 3 5"), "written");
            assert_eq!(waiter.line(), "version 1");
            // A take-over may have finished something.
            let_wait(&mut waiter, &format!("wait all 1 {LONG}"), Some(&image), u32::MAX);
            writer.kill();
            let next = Writer::<Every>::open(place.address()).unwrap();
            assert_eq!((waiter.line().as_str(), next.epoch()), ("changes 2", 2));
        });
    });
}

#[test]
fn removal_is_told_to_all_in_the_same_words() {
    every_table(|mut pair| {
        let place = pair.place;
        let mut own = SharedWriter::<Every>::open(place.address()).unwrap();
        let reader = Reader::<Every>::open(place.address()).unwrap();
        let rust = thread::scope(|scope| {
            let here = scope.spawn(|| words(&reader.wait(1, 0, Duration::from_millis(LONG))));
            pair.wait(&format!("wait 2 0 {LONG}"), if pair.has_doorbell { 1 << 1 | 1 << 2 } else { 0 });
            remove(place.address()).unwrap();
            here.join().unwrap()
        });
        assert!(rust.contains("removed meanwhile"), "{rust}");
        assert_eq!(pair.waiter.line(), rust);
        // Who writes is told with each write, which reaches those who have it open.
        let told = words(&own.write(2, &every(1)));
        assert!(told.contains("removed meanwhile"), "{told}");
        assert_eq!(pair.writer.ask("write 2 1"), told);
        assert_eq!(pair.writer.ask("update 2 1"), words(&own.update(2, |value| value)));
        assert_eq!(pair.writer.ask("batch 2"), words(&own.batch(|batch| batch.set(2, &every(1)))));
        assert_eq!(pair.waiter.ask("wait 2 0 30"), "version 6");
        assert_eq!(pair.writer.ask("own status"), pair.waiter.ask("status"));
    });
}
