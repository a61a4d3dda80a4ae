//! Tables of ours: one process creates, another opens. A memfd goes through the hands of this one, which keeps it.

use integration_tests::case::CELLS;
use integration_tests::every::{Every, VALUES, every, line};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::Pattern256;
use integration_tests::twin;
use shmrecord::{Reader, Result, Status, Versioned, Writer};

use crate::pair::{Language, Tables, pairs};

const CAPACITY: usize = 3;

/// A table that `creator` holds and has written to, for `opener` to find.
struct Pair {
    place: Place,
    creator: Actor,
    opener: Actor,
    /// In which language the creator is written.
    language: Language,
}

impl Pair {
    fn new(backend: Backend, cells: u32, languages: [Language; 2]) -> Self {
        let place = Place::new(backend);
        let [mut creator, mut opener] = languages.map(|language| language.start(Tables::Ours));
        let create = format!("create {} {CAPACITY} {cells} any", place.address());
        assert_eq!(creator.ask(&create), "holds 1");
        assert_eq!(creator.ask("write 1 5"), "written");
        creator.take(&place);
        opener.give(&place);
        Self { place, creator, opener, language: languages[0] }
    }

    /// A command about this table.
    fn says(&self, command: &str) -> String {
        let capacity = if command == "create" { format!(" {CAPACITY}") } else { String::new() };
        format!("{command} {}{capacity}", self.place.address())
    }
}

/// Runs this for every kind of segment, every number of cells and every pair of languages.
fn every_pair(case: impl Fn(Pair)) {
    for backend in Backend::ALL {
        for cells in CELLS {
            for languages in pairs() {
                println!("{backend:?}, {cells} cells, {languages:?}"); // shown when it fails
                case(Pair::new(backend, cells, languages));
            }
        }
    }
}

/// The error of the same call in this process, in words.
#[track_caller]
fn words<T>(result: Result<T>, part: &str) -> String {
    let words = twin::words(&result.err().expect("this should have failed"));
    assert!(words.contains(part), "`{part}` is missing in: {words}");
    words
}

fn told(status: Status) -> String {
    (status as u32).to_string()
}

fn sees() -> String {
    format!("sees {CAPACITY}")
}

#[test]
fn each_reads_what_the_other_wrote() {
    every_pair(|mut pair| {
        let (attach, open) = (pair.says("attach"), pair.says("open"));
        let never = line(Versioned { version: 0, value: every(0) });
        assert_eq!(pair.opener.ask(&attach), sees());
        assert_eq!(pair.opener.ask("read 0"), never);
        assert_eq!(pair.opener.ask("read 1"), line(Versioned { version: 1, value: every(5) }));
        for (version, number) in (1..).zip(0..VALUES) {
            assert_eq!(pair.creator.ask(&format!("write 0 {number}")), "written");
            assert_eq!(pair.opener.ask("read 0"), line(Versioned { version, value: every(number) }));
        }
        // The other way round, in the same table.
        assert_eq!(pair.creator.ask("drop"), "dropped");
        assert_eq!(pair.creator.ask(&attach), sees());
        assert_eq!(pair.opener.ask(&open), "holds 2");
        for (version, number) in (VALUES + 1..).zip(0..VALUES) {
            assert_eq!(pair.opener.ask(&format!("write 0 {number}")), "written");
            assert_eq!(pair.creator.ask("read 0"), line(Versioned { version, value: every(number) }));
        }
        assert_eq!(pair.creator.ask("read 2"), never);
    });
}

#[test]
fn a_second_writer_is_refused_and_told_the_pid() {
    every_pair(|mut pair| {
        let (open, create) = (pair.says("open"), pair.says("create"));
        let address = pair.place.address();
        let alive = format!("process {} holds the role of writer", pair.creator.pid());
        let refusals = [
            (&open, words(Writer::<Every>::open(address), &alive)),
            (&create, words(Writer::<Every>::create(address, CAPACITY), &alive)),
        ];
        for (request, expected) in &refusals {
            assert_eq!(&pair.opener.ask(request), expected);
        }
        // Nobody lost anything by that.
        assert_eq!(pair.creator.ask("write 0 1"), "written");
        assert_eq!(pair.creator.ask("own status"), told(Status::Alive));
        let again = pair.creator.ask(&open);
        assert!(again.contains("this process already holds the role of writer"), "{again}");
    });
}

#[test]
fn a_killed_writer_is_followed_with_its_values_kept() {
    every_pair(|pair| {
        let (attach, open, create) = (pair.says("attach"), pair.says("open"), pair.says("create"));
        let Pair { place, creator, mut opener, language } = pair;
        creator.kill();
        assert_eq!(opener.ask(&open), "holds 2");
        assert_eq!(opener.ask(&attach), sees());
        assert_eq!(opener.ask("read 1"), line(Versioned { version: 1, value: every(5) }));
        assert_eq!(opener.ask("write 1 6"), "written");
        opener.kill();
        let mut next = language.start(Tables::Ours);
        next.give(&place);
        assert_eq!(next.ask(&create), "holds 3");
        assert_eq!(next.ask(&attach), sees());
        assert_eq!(next.ask("read 1"), line(Versioned { version: 2, value: every(6) }));
    });
}

#[test]
fn the_life_of_a_writer_is_seen_by_the_other() {
    every_pair(|pair| {
        let (attach, open) = (pair.says("attach"), pair.says("open"));
        let Pair { place, mut creator, mut opener, language } = pair;
        assert_eq!(opener.ask(&attach), sees());
        let sees = |opener: &mut Actor, status| assert_eq!(opener.ask("status"), told(status));
        sees(&mut opener, Status::Alive);
        creator.stop();
        sees(&mut opener, Status::Alive);
        creator.go_on();
        assert_eq!(creator.ask("drop"), "dropped");
        sees(&mut opener, Status::Dead);
        assert_eq!(creator.ask(&open), "holds 2");
        sees(&mut opener, Status::Alive);
        creator.kill();
        sees(&mut opener, Status::Dead);
        let mut next = language.start(Tables::Ours);
        next.give(&place);
        assert_eq!(next.ask(&open), "holds 3");
        assert_eq!(next.ask("own status"), told(Status::Alive));
        sees(&mut opener, Status::Alive);
    });
}

#[test]
fn what_the_other_removes_is_retired() {
    every_pair(|mut pair| {
        let (attach, create) = (pair.says("attach"), pair.says("create"));
        assert_eq!(pair.creator.ask(&attach), sees());
        let remove = pair.says("remove");
        assert_eq!(pair.opener.ask(&remove), "removed");
        for question in ["status", "own status"] {
            assert_eq!(pair.creator.ask(question), told(Status::Retired));
        }
        // What was read can be read on.
        assert_eq!(pair.creator.ask("read 1"), line(Versioned { version: 1, value: every(5) }));
        if pair.place.backend() == Backend::Memfd {
            // Who holds a memfd learns of its removal by looking, and lets go of it.
            let retired = words(Reader::<Every>::open(pair.place.address()), "removed meanwhile");
            assert_eq!(pair.creator.ask(&attach), retired);
        }
        let absent = words(Reader::<Every>::open(pair.place.address()), "not found");
        assert_eq!(pair.creator.ask(&attach), absent);
        assert_eq!(pair.opener.ask(&attach), absent);
        assert_eq!(pair.opener.ask(&create), "holds 1");
        assert_eq!(pair.creator.ask("own status"), told(Status::Retired));
    });
}

#[test]
fn what_the_other_replaces_is_followed_with_its_values_kept() {
    every_pair(|pair| {
        let attach = pair.says("attach");
        let Pair { place, mut creator, mut opener, .. } = pair;
        assert_eq!(creator.ask("write 1 6"), "written");
        let mut reader = Language::Rust.start(Tables::Ours);
        for (version, cells) in [(2, 4), (3, 1), (4, 8)] {
            reader.give(&place);
            assert_eq!(reader.ask(&attach), sees());
            assert_eq!(creator.ask(&attach), sees());
            creator.stop();
            let replace = format!("replace {} {CAPACITY} {cells} any", place.address());
            assert_eq!(opener.ask(&replace), format!("holds {version}"));
            opener.take(&place);
            creator.go_on();
            assert_eq!(creator.ask("own status"), told(Status::Retired));
            for actor in [&mut creator, &mut reader] {
                assert_eq!(actor.ask("status"), told(Status::Retired));
                if place.backend() == Backend::Memfd {
                    // Nobody has handed the new one over.
                    assert_eq!(actor.ask("refresh"), "stays");
                    actor.give(&place);
                }
                assert_eq!(actor.ask("refresh"), "moved");
                assert_eq!(actor.ask("refresh"), "stays");
                let value = every(if version == 2 { 6 } else { 7 });
                assert_eq!(actor.ask("read 1"), line(Versioned { version, value }));
                assert_eq!(actor.ask("read 0"), line(Versioned { version: 0, value: every(0) }));
            }
            assert_eq!(opener.ask("write 1 7"), "written");
            assert_eq!(reader.ask("read 1"), line(Versioned { version: version + 1, value: every(7) }));
            // The other one's turn.
            (creator, opener) = (opener, creator);
        }
    });
}

#[test]
fn another_record_is_refused() {
    every_pair(|mut pair| {
        let address = pair.place.address();
        let expected = words(Reader::<Pattern256>::open(address), "layout mismatch");
        let mistake = pair.says("mistake");
        assert_eq!(pair.opener.ask(&mistake), expected);
        assert_eq!(pair.creator.ask(&mistake), expected);
    });
}
