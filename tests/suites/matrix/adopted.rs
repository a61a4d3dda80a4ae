//! Tables that a program without our library made: one process writes them, another reads, and takes over. That program is
//! this process, through [`foreign`](integration_tests::foreign).

use std::collections::BTreeSet;
use std::time::Duration;

use integration_tests::every::{Every, VALUES, every, line};
use integration_tests::foreign::{BYTES, Kind, Program};
use integration_tests::memfd;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::said::{COUNT, OFFSET, Said, counter, stride};
use integration_tests::twin;
use shmrecord::{ForeignGuard, Result, Versioned};

use crate::pair::{Language, Tables, pairs};

/// That program, and two others that have been told of its table.
struct Pair<'a> {
    program: &'a Program,
    writer: Actor,
    reader: Actor,
}

impl<'a> Pair<'a> {
    fn new(program: &'a Program, languages: [Language; 2]) -> Self {
        let [mut writer, mut reader] = languages.map(|language| language.start(Tables::Foreign));
        writer.give(program.place());
        reader.give(program.place());
        Self { program, writer, reader }
    }

    /// What is said of the table.
    fn said(&self) -> Said<'a> {
        let guard = match self.program.guard() {
            ForeignGuard::Seqcount { bits, per_record, .. } => {
                let offset = if per_record { OFFSET + stride::<Every>() - 8 } else { 8 };
                counter(offset, bits, per_record)
            }
            guard => guard,
        };
        let said = Said::new::<Every>(self.program.place().address(), guard);
        Said { timeout: Duration::from_millis(2), ..said }
    }

    fn open(&mut self) {
        let said = self.said().text();
        assert_eq!(self.writer.ask(&format!("open {said}")), format!("holds {COUNT}"));
        assert_eq!(self.reader.ask(&format!("attach {said}")), format!("sees {COUNT}"));
    }

    fn is_memfd(&self) -> bool {
        self.program.place().backend() == Backend::Memfd
    }
}

/// Runs this for every kind of segment, every guard and every pair of languages. What it gives back must be the same for
/// all of these.
fn every_pair<T: Ord>(case: impl Fn(Pair<'_>) -> T) {
    for backend in Backend::ALL {
        for kind in Kind::all() {
            let mut results = BTreeSet::new();
            for languages in pairs() {
                println!("{backend:?}, {kind:?}, {languages:?}"); // shown when it fails
                let program = Program::new(backend, kind);
                results.insert(case(Pair::new(&program, languages)));
            }
            assert!(results.len() == 1, "not the same in every pair of languages");
        }
    }
}

/// A record as it is read.
fn read(number: u64) -> String {
    line(Versioned { version: 0, value: every(number) }).split_off(1)
}

/// The error of the same call in this process, in words.
#[track_caller]
fn words<T>(result: Result<T>, part: &str) -> String {
    let words = twin::words(&result.err().expect("this should have failed"));
    assert!(words.contains(part), "`{part}` is missing in: {words}");
    words
}

#[test]
fn each_reads_what_the_other_wrote() {
    every_pair(|mut pair| {
        pair.open();
        assert_eq!(pair.reader.ask("read 0"), read(0), "that program's zeros");
        for (number, index) in (0..VALUES).zip((0..COUNT).cycle()) {
            let (change, done) = [("write", "written"), ("update", "updated")][usize::from(number % 2 == 1)];
            assert_eq!(pair.writer.ask(&format!("{change} {index} {number}")), done);
            assert_eq!(pair.reader.ask(&format!("read {index}")), read(number));
        }
        // The other way round, while the first still has it open.
        let said = pair.said().text();
        assert_eq!(pair.reader.ask(&format!("open {said}")), format!("holds {COUNT}"));
        assert_eq!(pair.writer.ask(&format!("attach {said}")), format!("sees {COUNT}"));
        assert_eq!(pair.reader.ask("update 1 7"), "updated");
        assert_eq!(pair.writer.ask("read 1"), read(7));
        pair.program.bytes()
    });
}

#[test]
fn a_writer_that_is_killed_leaves_what_its_guard_leaves() {
    every_pair(|mut pair| {
        pair.open();
        assert_eq!(pair.writer.ask("write 1 5"), "written");
        assert_eq!(pair.writer.ask("hang 1"), "inside");
        let said = pair.said();
        assert_eq!(pair.reader.ask(&format!("open {}", said.text())), format!("holds {COUNT}"));
        let (taken, pid) = (pair.reader.ask("write 1 6"), pair.writer.pid());
        let read_meanwhile = pair.reader.ask("read 1");
        pair.writer.kill();
        match said.guard {
            ForeignGuard::None => assert_eq!((taken, read_meanwhile), ("written".into(), read(6))),
            ForeignGuard::Sysv { .. } => {
                let holder = format!("{pid}");
                assert!(taken.starts_with("27 ") && taken.contains(&holder), "{taken}");
                assert_eq!(read_meanwhile.replace("read ", "write "), taken);
            }
            _ => {
                let code = if matches!(said.guard, ForeignGuard::Posix { .. }) { "27 " } else { "29 " };
                assert!(taken.starts_with("27 ") && read_meanwhile.starts_with(code), "{read_meanwhile}");
                let refused = pair.reader.ask("free 77");
                assert!(refused.contains("but nobody knows who holds"), "{refused}");
                assert_eq!(pair.reader.ask("free 0"), "freed 1");
                assert_eq!(pair.reader.ask("free 0"), "freed 0");
            }
        }
        assert_eq!(pair.reader.ask("write 1 7"), "written");
        assert_eq!(pair.reader.ask("read 1"), read(7));
        pair.program.bytes()
    });
}

#[test]
fn a_segment_that_its_program_removes_is_read_on_but_not_found() {
    every_pair(|mut pair| {
        pair.open();
        assert_eq!(pair.writer.ask("write 1 5"), "written");
        let said = pair.said();
        pair.program.place().remove(Part::Segment);
        assert_eq!(pair.reader.ask("read 1"), read(5));
        assert_eq!(pair.writer.ask("write 1 6"), "written");
        let absent = words(said.adopt::<Every>().open(), "not found");
        for actor in [&mut pair.writer, &mut pair.reader] {
            let again = actor.ask(&format!("attach {}", said.text()));
            // Each holds a memfd for itself.
            assert_eq!(again, if said.address.starts_with("memfd") { "sees 3" } else { &absent });
        }
    });
}

#[test]
fn what_cannot_be_adopted_is_refused_in_the_same_words() {
    every_pair(|mut pair| {
        let said = pair.said();
        let impossible = [
            (Said { count: 1000, ..said }, "offset 64 + 1000 records"),
            (Said { offset: 60, ..said }, "60 bytes, not a multiple of 8"),
            (Said { stride: 8, ..said }, "8 bytes for records of"),
            (Said { guard: ForeignGuard::Sysv { key: "0", index: 0 }, ..said }, "IPC_PRIVATE"),
            (Said { guard: ForeignGuard::Posix { name: "/a/b" }, ..said }, "a slash inside"),
            (Said { guard: counter(OFFSET, 32, false), ..said }, "lies in record 0"),
        ];
        let before = pair.program.bytes();
        for (said, part) in impossible {
            let reading = words(said.adopt::<Every>().open(), part);
            let writing = words(said.adopt::<Every>().open_writer(), part);
            for actor in [&mut pair.writer, &mut pair.reader] {
                assert_eq!(actor.ask(&format!("attach {}", said.text())), reading);
                assert_eq!(actor.ask(&format!("open {}", said.text())), writing);
            }
        }
        assert!(pair.program.bytes() == before, "nothing is stored");
    });
}

#[test]
fn what_everybody_may_write_is_asked_for_but_a_memfd() {
    every_pair(|mut pair| {
        let said = pair.said();
        let is_memfd = pair.is_memfd();
        pair.program.place().set_mode(Part::Segment, 0o666);
        for actor in [&mut pair.writer, &mut pair.reader] {
            let refused = actor.ask(&format!("attach {}", said.text()));
            if is_memfd {
                assert_eq!(refused, "sees 3");
            } else {
                assert_eq!(refused, words(said.adopt::<Every>().open(), "mode 0666 lets everybody write"));
            }
            let asked = Said { mode: 0o666, ..said };
            assert_eq!(actor.ask(&format!("attach {}", asked.text())), "sees 3");
        }
    });
}

#[test]
fn a_memfd_that_can_be_cut_is_asked_for() {
    for languages in pairs() {
        let place = Place::new(Backend::Memfd);
        memfd::enter(place.address(), &[&memfd::make(&[0; BYTES], 0)]);
        let said = Said::new::<Every>(place.address(), ForeignGuard::None);
        let refused =
            words(said.adopt::<Every>().open(), "not sealed: F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL");
        let [mut writer, mut reader] = languages.map(|language| language.start(Tables::Foreign));
        let asked = Said { accept_unsealed: true, ..said };
        for actor in [&mut writer, &mut reader] {
            actor.give(&place);
            assert_eq!(actor.ask(&format!("attach {}", said.text())), refused);
            assert_eq!(actor.ask(&format!("attach {}", asked.text())), "sees 3");
        }
        assert_eq!(writer.ask(&format!("open {}", asked.text())), "holds 3");
        assert_eq!(writer.ask("write 2 5"), "written");
        assert_eq!(reader.ask("read 2"), read(5));
    }
}
